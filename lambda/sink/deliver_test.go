package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oktastream/oktastream/events"
	"pgregory.net/rapid"
)

// scripted is a sink that does what a test says, and remembers what it was given.
type scripted struct {
	mu       sync.Mutex
	calls    [][]string
	accepted map[string]int
	limits   Limits
	do       func(call int, records []Record, answers []Answer) error
}

func (s *scripted) Deliver(_ context.Context, records []Record, answers []Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var uuids []string
	for _, r := range records {
		uuids = append(uuids, r.UUID)
	}
	s.calls = append(s.calls, uuids)
	err := s.do(len(s.calls), records, answers)
	for i, a := range answers {
		if a.State == Accepted {
			s.accepted[records[i].UUID]++
		}
	}
	return err
}

func (s *scripted) Cut(records []Record) [][]int {
	return Cut(len(records), s.limits, func(i int) (int, int64) { return len(records[i].Line), records[i].TimeMS })
}

func script(do func(call int, records []Record, answers []Answer) error) *scripted {
	return &scripted{accepted: map[string]int{}, do: do}
}

func acceptAll(records []Record, answers []Answer) {
	for i := range answers {
		answers[i].State = Accepted
	}
}

func some(n int) []Record {
	list := make([]Record, n)
	for i := range list {
		list[i] = Record{Line: []byte("{}"), UUID: fmt.Sprint(i)}
	}
	return list
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func states(out Outcome) string {
	var b strings.Builder
	for _, a := range out.Answers {
		b.WriteByte("rad"[a.State])
	}
	return b.String()
}

func TestOnlyWhatHasNotArrivedIsOfferedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(call int, records []Record, answers []Answer) error {
			for i, r := range records {
				if call > 1 || r.UUID != "3" && r.UUID != "7" {
					answers[i].State = Accepted
				}
			}
			return nil
		})
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(10))
		if states(out) != "aaaaaaaaaa" || out.Batches != 2 {
			t.Errorf("%s in %d calls", states(out), out.Batches)
		}
		if got := fmt.Sprint(s.calls[1]); got != "[3 7]" {
			t.Errorf("second call offers %s, want what the sink refused", got)
		}
	})
}

func TestThrottlingWaitsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(call int, records []Record, answers []Answer) error {
			if call < 4 {
				return &Error{Kind: Transient, Err: errors.New("PutLogEvents: ThrottlingException")}
			}
			acceptAll(records, answers)
			return nil
		})
		begin := time.Now()
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(2))
		if states(out) != "aa" || out.Batches != 4 || len(out.Errors) != 0 {
			t.Errorf("%s in %d calls, errors %v", states(out), out.Batches, out.Errors)
		}
		if took := time.Since(begin); took > firstCeiling*7 {
			t.Errorf("three waits took %v, more than their ceilings together", took)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(call int, records []Record, answers []Answer) error {
			if call == 1 {
				return &Error{Kind: Transient, RetryAfter: 7 * time.Second, Err: errors.New("throttled")}
			}
			acceptAll(records, answers)
			return nil
		})
		begin := time.Now()
		(&Loop{Sink: s}).Deliver(within(t, time.Minute), some(1))
		if took := time.Since(begin); took < 7*time.Second || took > 8*time.Second {
			t.Errorf("waited %v, want the 7 s that were asked for", took)
		}
	})
}

func TestWhatThereIsNoTimeForIsLeftWithItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(int, []Record, []Answer) error {
			return &Error{Kind: Transient, RetryAfter: time.Hour, Err: errors.New("PutEvents: ThrottlingException")}
		})
		begin := time.Now()
		out := (&Loop{Sink: s}).Deliver(within(t, 30*time.Second), some(3))
		if states(out) != "rrr" || time.Since(begin) != 0 {
			t.Errorf(
				"%s after %v: a wait of an hour does not fit into 30 s and should not begin",
				states(out),
				time.Since(begin),
			)
		}
		for i, c := range out.Causes {
			if c < 0 || out.Errors[c].Error() != "PutEvents: ThrottlingException" {
				t.Errorf("record %d has no cause", i)
			}
		}
	})
}

func TestTheDeadlineEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(int, []Record, []Answer) error { return errors.New("connection reset") })
		begin := time.Now()
		out := (&Loop{Sink: s}).Deliver(within(t, 20*time.Second), some(1))
		if took := time.Since(begin); states(out) != "r" || took > 20*time.Second {
			t.Errorf("%s after %v", states(out), took)
		}
		if out.Batches < 4 {
			t.Errorf("%d tries in 20 s", out.Batches)
		}
	})
}

func TestABlockedDestinationIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(int, []Record, []Answer) error {
			return &Error{Kind: Blocked, Err: errors.New("PutLogEvents: AccessDeniedException")}
		})
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(4))
		if states(out) != "rrrr" || out.Batches != 1 {
			t.Errorf("%s in %d calls: no record is at fault, none may die, and no try helps", states(out), out.Batches)
		}
	})
}

// TestABadRecordIsFoundByHalving: a batch that fails with anything but throttle,
// 5xx, network or timeout is halved until the bad record stands alone.
func TestABadRecordIsFoundByHalving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(_ int, records []Record, answers []Answer) error {
			for _, r := range records {
				if r.UUID == "5" || r.UUID == "6" || r.UUID == "77" {
					return &Error{Kind: Content, Err: errors.New("PutLogEvents: InvalidParameterException")}
				}
			}
			acceptAll(records, answers)
			return nil
		})
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(100))
		for i, a := range out.Answers {
			bad := i == 5 || i == 6 || i == 77
			if bad && (a.State != Dead || a.Reason != "refused" || a.Detail != "PutLogEvents: InvalidParameterException") ||
				!bad && a.State != Accepted {
				t.Errorf("record %d: %+v", i, a)
			}
			if !bad && s.accepted[fmt.Sprint(i)] != 1 {
				t.Errorf("record %d arrived %d times", i, s.accepted[fmt.Sprint(i)])
			}
		}
		if out.Batches > 50 {
			t.Errorf("%d calls to find 3 in 100", out.Batches)
		}
	})
}

// A group whose name is malformed is refused with the same code as a record.
func TestNothingIsDeadIfAllIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(func(int, []Record, []Answer) error {
			return &Error{Kind: Content, Err: errors.New("PutLogEvents: InvalidParameterException")}
		})
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(8))
		if states(out) != "rrrrrrrr" || !strings.Contains(out.Errors[out.Causes[3]].Error(), "InvalidParameterException") {
			t.Errorf("%s, %v", states(out), out.Errors)
		}
		if out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(1)); states(out) != "d" {
			t.Errorf("a record that is refused alone: %s", states(out))
		}
	})
}

func TestBatchesGoAtOnceWithABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		slow := sinkFunc(func(_ context.Context, records []Record, answers []Answer) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			acceptAll(records, answers)
			return nil
		})
		begin := time.Now()
		out := (&Loop{Sink: inTens{slow}, Concurrency: 4}).Deliver(within(t, time.Minute), some(120))
		if most != 4 || out.Batches != 12 || time.Since(begin) != 3*time.Second {
			t.Errorf("%d at once, %d batches, %v", most, out.Batches, time.Since(begin))
		}
	})
}

type sinkFunc func(context.Context, []Record, []Answer) error

func (f sinkFunc) Deliver(ctx context.Context, records []Record, answers []Answer) error {
	return f(ctx, records, answers)
}

// Whatever a sink does, every record has an answer that is the sink's, none is
// accepted twice, and what is left has a cause if there was an error.
func TestAnySink(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(rt, "n")
		faults := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 30).Draw(rt, "faults")
		refuse := rapid.SliceOfN(rapid.IntRange(0, 39), 0, 5).Draw(rt, "refuse")
		per := rapid.IntRange(1, 50).Draw(rt, "per")
		synctest.Test(t, func(t *testing.T) {
			s := script(func(call int, records []Record, answers []Answer) error {
				fault := 0
				if call <= len(faults) {
					fault = faults[call-1]
				}
				switch fault {
				case 1:
					return errors.New("reset")
				case 2:
					return &Error{Kind: Blocked, Err: errors.New("denied")}
				case 3:
					return &Error{Kind: Content, Err: errors.New("invalid")}
				}
				acceptAll(records, answers)
				for i, r := range records {
					for _, x := range refuse {
						if fault == 4 && r.UUID == fmt.Sprint(x) {
							answers[i].State = Retry
						}
						if fault == 5 && r.UUID == fmt.Sprint(x) {
							answers[i] = Answer{State: Dead, Reason: "too_large"}
						}
					}
				}
				return nil
			})
			s.limits = Limits{Records: per}
			out := (&Loop{Sink: s, Concurrency: 3}).Deliver(within(t, 30*time.Second), some(n))
			for i, a := range out.Answers {
				times := s.accepted[fmt.Sprint(i)]
				if times > 1 || (times == 1) != (a.State == Accepted) {
					rt.Fatalf("record %d arrived %d times and its answer is %+v", i, times, a)
				}
				if c := out.Causes[i]; c >= len(out.Errors) || c >= 0 && a.State != Retry {
					rt.Fatalf("record %d: answer %+v, cause %d of %d", i, a, c, len(out.Errors))
				}
			}
		})
	})
}

// A reason that nobody knows is found where it is, and the record goes back.
func TestUnknownReasonIsNeverARecordsFault(t *testing.T) {
	for name, c := range map[string]struct {
		bad      func(uuid string) bool
		want     string
		maxCalls int
	}{
		"one of eight": {func(uuid string) bool { return uuid == "5" }, "aaaaaraa", 7},
		"all of eight": {func(uuid string) bool { return uuid < "8" }, "rrrrrrrr", 2*8 - 1},
	} {
		s := script(func(_ int, records []Record, answers []Answer) error {
			for _, r := range records {
				if c.bad(r.UUID) {
					return &Error{Kind: Unknown, Err: errors.New("PutEvents: SomethingNewException")}
				}
			}
			acceptAll(records, answers)
			return nil
		})
		out := (&Loop{Sink: s}).Deliver(t.Context(), some(8))
		if states(out) != c.want || out.Batches > c.maxCalls {
			t.Errorf("%s: %s in %d calls", name, states(out), out.Batches)
		}
	}
}

func TestUnknownReasonCostsABoundedNumberOfCalls(t *testing.T) {
	s := script(func(int, []Record, []Answer) error {
		return &Error{Kind: Unknown, Err: errors.New("PutEvents: SomethingNewException")}
	})
	out := (&Loop{Sink: s}).Deliver(t.Context(), some(10_000))
	if out.Batches > maxUnknown+20 || strings.Contains(states(out), "d") {
		t.Errorf("%d calls for a reason that is no record's", out.Batches)
	}
}

// inTens takes ten records a call.
type inTens struct{ Sink }

func (inTens) Cut(records []Record) [][]int {
	return Cut(len(records), Limits{Records: 10}, func(int) (int, int64) { return 0, 0 })
}

// naming is a destination that takes the records before the first bad one, names that
// one, and takes no other.
func naming(taken map[string]int, bad func(uuid string) bool) *scripted {
	return script(func(_ int, records []Record, answers []Answer) error {
		for i, r := range records {
			if bad(r.UUID) {
				answers[i] = Answer{State: Dead, Reason: events.Refused, Detail: "code 6"}
				return nil
			}
			taken[r.UUID]++
		}
		acceptAll(records, answers)
		return nil
	})
}

// A record that the destination names dies alone, and those around it are sent again.
func TestARecordThatIsNamedDiesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := map[string]int{}
		s := naming(taken, func(uuid string) bool { return uuid == "0" || uuid == "7" || uuid == "8" || uuid == "19" })
		begin := time.Now()
		out := (&Loop{Sink: s}).Deliver(within(t, time.Minute), some(20))
		if got := states(out); got != "daaaaaaddaaaaaaaaaad" || time.Since(begin) != 0 {
			t.Errorf("%s after %v", got, time.Since(begin))
		}
		for i, a := range out.Answers {
			if n := taken[fmt.Sprint(i)]; a.State == Accepted && (n < 1 || n > 2) {
				t.Errorf("record %d arrived %d times", i, n)
			}
		}
	})
}

func TestNoRecordDiesWhereEachIsNamed(t *testing.T) {
	for _, n := range []int{2, 30, 500} {
		out := (&Loop{Sink: naming(map[string]int{}, func(string) bool { return true })}).Deliver(t.Context(), some(n))
		if states(out) != strings.Repeat("r", n) || out.Batches > maxUnknown+1 {
			t.Errorf("%d records: %s in %d calls", n, states(out), out.Batches)
		}
		if err := out.Errors[out.Causes[0]]; KindOf(err) != Blocked {
			t.Errorf("%d records: %v", n, err)
		}
	}
}
