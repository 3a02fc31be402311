package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// remote is a destination that answers as a test wants: answer gets the uuid of each
// record and how many calls there were before.
type remote struct {
	answer func(uuid string, call int) (sink.Answer, error)
	took   time.Duration // of a call

	calls    int
	accepted []string // lines
}

func (r *remote) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), sink.Limits{Records: 100}, func(i int) (int, int64) {
		return len(records[i].Line), records[i].TimeMS
	})
}

func (r *remote) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) (err error) {
	call := r.calls
	r.calls++
	if r.took > 0 {
		ctx, cancel := context.WithTimeout(ctx, r.took)
		defer cancel()
		<-ctx.Done()
	}
	for i := range records {
		a, failed := r.answer(records[i].UUID, call)
		if answers[i] = a; a.State == sink.Accepted {
			answers[i].Bytes = len(records[i].Line)
			r.accepted = append(r.accepted, string(records[i].Line))
		}
		if failed != nil {
			err = failed
		}
	}
	return err
}

var (
	accepted = sink.Answer{State: sink.Accepted}
	errDown  = &sink.Error{Kind: sink.Transient, Err: errors.New("connection refused")}
	errToken = &sink.Error{Kind: sink.Blocked, Err: errors.New("401 of secret")}
)

// through sends the inputs to r and returns what was kept as not sent.
func through(ctx context.Context, r *remote, repeatable bool, inputs ...Input) (*testRun, []string) {
	var unsent []string
	b := &testRun{remote: &Remote{
		Deliverer: &sink.Loop{Sink: r}, GiveUpAfter: time.Minute, Repeatable: repeatable,
		Unsent: func(carrier []byte) error {
			unsent = append(unsent, string(carrier))
			return nil
		},
	}}
	b.run(ctx, inputs...)
	return b, unsent
}

func TestARecordThatTheDestinationRefusesIsADeadLetter(t *testing.T) {
	r := &remote{answer: func(uuid string, _ int) (sink.Answer, error) {
		if uuid == "u-2" {
			return sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "code 6"}, nil
		}
		return accepted, nil
	}}
	b, unsent := through(t.Context(), r, true, text("in", lines(signIn(1), envelope(signIn(2)), signIn(3))))
	if b.err != nil || !slices.Equal(r.accepted, []string{signIn(1), signIn(3)}) || len(unsent) > 0 {
		t.Errorf("%v, accepted %q, unsent %q", b.err, r.accepted, unsent)
	}
	if b.ledger.Delivered != 2 || b.ledger.Dead != 1 || !b.ledger.Balanced() ||
		b.ledger.BytesOut != int64(2*len(signIn(1))) {
		t.Errorf("ledger %s", b.ledger.JSON())
	}
	if len(b.letters) != 1 || b.letters[0].Stage != "deliver" || b.letters[0].Reason != "refused" ||
		*b.letters[0].Body != envelope(signIn(2)) || b.letters[0].Line != 2 {
		t.Errorf("%+v", b.letters)
	}
}

// Where nothing was sent and the inputs can be read again, the run ends.
func TestARunThatSentNothingEnds(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		r := &remote{answer: func(string, int) (sink.Answer, error) { return sink.Answer{}, errToken }}
		b, unsent := through(t.Context(), r, repeatable, text("in", lines(signIn(1), signIn(2))))
		if !errors.Is(b.ledger.GaveUp, errToken) || b.ledger.Returned != 2 || !b.ledger.Balanced() || r.calls != 1 {
			t.Errorf("%v, ledger %s, %d calls", b.ledger.GaveUp, b.ledger.JSON(), r.calls)
		}
		if repeatable && (!errors.Is(b.err, errToken) || len(unsent) > 0) {
			t.Errorf("repeatable: %v, unsent %q", b.err, unsent)
		}
		if !repeatable && (b.err != nil || !slices.Equal(unsent, []string{signIn(1), signIn(2)})) {
			t.Errorf("not repeatable: %v, unsent %q", b.err, unsent)
		}
	}
}

// Whatever fails at any time: each record is delivered, dead or kept, and a run over the kept ones
// delivers the rest.
func TestNothingIsLostWhenTheDestinationFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(rt, "events")
		works := rapid.IntRange(1, 20).Draw(rt, "calls that work")
		var all, content []string
		for i := range n {
			all = append(all, signIn(i))
			content = append(content, signIn(i))
			if i%7 == 0 {
				content[i] = envelope(signIn(i))
			}
		}
		r := &remote{answer: func(uuid string, call int) (sink.Answer, error) {
			if call >= works {
				return sink.Answer{}, errToken
			}
			return accepted, nil
		}}
		b, unsent := through(context.Background(), r, true, text("in", lines(content...)))
		if b.err != nil || !b.ledger.Balanced() || b.ledger.Received != int64(n) ||
			b.ledger.Delivered != int64(len(r.accepted)) || b.ledger.Returned != int64(len(unsent)) {
			rt.Fatalf("%v, ledger %s, %d accepted, %d unsent", b.err, b.ledger.JSON(), len(r.accepted), len(unsent))
		}
		if (b.ledger.GaveUp != nil) != (len(unsent) > 0) {
			rt.Fatalf("gave up: %v, %d unsent", b.ledger.GaveUp, len(unsent))
		}
		works = r.calls + n
		if len(unsent) > 0 {
			b, unsent = through(context.Background(), r, true, text("unsent", lines(unsent...)))
			if b.err != nil || len(unsent) > 0 {
				rt.Fatalf("the second run: %v, %d unsent", b.err, len(unsent))
			}
		}
		slices.Sort(all)
		if slices.Sort(r.accepted); !slices.Equal(r.accepted, all) {
			rt.Fatalf("%d of %d arrived once", len(r.accepted), n)
		}
	})
}

func TestADestinationThatIsDownIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &remote{answer: func(string, int) (sink.Answer, error) { return sink.Answer{}, errDown }}
		started := time.Now()
		b, _ := through(t.Context(), r, false, text("in", lines(signIn(1))))
		if took := time.Since(started); took > time.Minute || took < 40*time.Second {
			t.Errorf("gave up after %v, want a minute at most and not much less", took)
		}
		if !errors.Is(b.ledger.GaveUp, errDown) || r.calls < 5 {
			t.Errorf("%v after %d calls", b.ledger.GaveUp, r.calls)
		}
	})
}

// The run does not give up a destination that is slow, or that accepts only some records.
func TestADestinationThatGoesOnAcceptingIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &remote{took: 8 * time.Second, answer: func(_ string, call int) (sink.Answer, error) {
			if call%3 < 2 {
				return sink.Answer{}, errDown
			}
			return accepted, nil
		}}
		var all []string
		for i := range 1000 {
			all = append(all, signIn(i))
		}
		b, unsent := through(t.Context(), r, false, text("in", lines(all...)))
		if b.err != nil || b.ledger.GaveUp != nil || b.ledger.Delivered != 1000 || len(unsent) > 0 {
			t.Errorf("%v, %v, ledger %s", b.err, b.ledger.GaveUp, b.ledger.JSON())
		}
	})
}

// After Ctrl-C the calls in flight end, and records that were read but not sent are kept.
func TestAnInterruptionKeepsWhatWasNotSent(t *testing.T) {
	for name, took := range map[string]time.Duration{"quick": time.Second, "hanging": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				r := &remote{took: took}
				r.answer = func(string, int) (sink.Answer, error) {
					if name == "hanging" {
						return sink.Answer{}, errDown
					}
					return accepted, nil
				}
				time.AfterFunc(500*time.Millisecond, cancel)
				started := time.Now()
				var all []string
				for i := range 150 { // two batches
					all = append(all, signIn(i))
				}
				b, unsent := through(ctx, r, false, text("in", lines(all...)))
				if took := time.Since(started); took > 500*time.Millisecond+endTime {
					t.Errorf("ended after %v", took)
				}
				if !errors.Is(b.err, context.Canceled) || !b.ledger.Interrupted || !b.ledger.Balanced() ||
					b.ledger.Returned != int64(len(unsent)) || len(r.accepted)+len(unsent) != len(all) {
					t.Errorf("%v, ledger %s, %d accepted, %d unsent", b.err, b.ledger.JSON(), len(r.accepted), len(unsent))
				}
				if name == "quick" && len(r.accepted) < 100 {
					t.Errorf("%d accepted: the call under way was broken off", len(r.accepted))
				}
			})
		})
	}
}

// The event's own bytes are kept for the fallback, though many chunks are sent together.
func TestRecordsHaveTheirOwnBytes(t *testing.T) {
	var all []string
	for i := range 4000 {
		all = append(all, event(fmt.Sprintf("u-%d", i), "user.session.start"))
	}
	var faults []string
	r := &remote{answer: func(string, int) (sink.Answer, error) { return accepted, nil }}
	b := &testRun{Config: pipeline.Config{Format: pipeline.OCSF, KeepRaw: 1}, workers: 3, remote: &Remote{
		Deliverer: checking{r, func(records []sink.Record) {
			for _, rec := range records {
				if !strings.Contains(string(rec.Line), `"`+rec.UUID+`"`) ||
					string(rec.Raw) != event(rec.UUID, "user.session.start") {
					faults = append(faults, rec.UUID)
				}
			}
		}},
		GiveUpAfter: time.Minute,
	}}
	b.run(t.Context(), text("in", lines(all...)))
	if b.err != nil || b.ledger.Delivered != 4000 || len(faults) > 0 {
		t.Errorf("%v, ledger %s, faults %q", b.err, b.ledger.JSON(), faults)
	}
}

type checking struct {
	*remote
	check func([]sink.Record)
}

func (c checking) Deliver(ctx context.Context, records []sink.Record) sink.Outcome {
	c.check(records)
	return (&sink.Loop{Sink: c.remote}).Deliver(ctx, records)
}
