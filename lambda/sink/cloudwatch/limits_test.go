package cloudwatch

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

var _ sink.Sink = (*Sink)(nil)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a group at noon and a sink that delivers to it.
type world struct {
	*group
	t    *testing.T
	sink *Sink
}

// both runs a test twice: with the group as the API, and through the real SDK.
func both(t *testing.T, c Config, test func(t *testing.T, w *world)) {
	t.Helper()
	c.LogGroup = "okta"
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	for _, name := range []string{"api", "sdk"} {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, c.Now)
			var api API = g
			if name == "sdk" {
				api = client(t, g)
			}
			test(t, &world{group: g, t: t, sink: New(api, c)})
		})
	}
}

func (w *world) deliver(records ...sink.Record) ([]sink.Answer, error) {
	answers := make([]sink.Answer, len(records))
	err := w.sink.Deliver(context.Background(), records, answers)
	return answers, err
}

// delivered delivers and wants no error.
func (w *world) delivered(records ...sink.Record) []sink.Answer {
	w.t.Helper()
	answers, err := w.deliver(records...)
	if err != nil {
		w.t.Fatal(err)
	}
	return answers
}

// sizes of the puts that succeeded.
func (w *world) sizes() []int {
	var sizes []int
	for _, p := range w.puts {
		sizes = append(sizes, len(p.sent))
	}
	return sizes
}

func (w *world) wantSizes(want ...int) {
	w.t.Helper()
	if got := w.sizes(); !slices.Equal(got, want) {
		w.t.Errorf("puts of %v records, want %v", got, want)
	}
}

// wantSent wants each record stored once, for its answer.
func (w *world) wantSent(records []sink.Record, answers []sink.Answer) {
	w.t.Helper()
	for i, a := range answers {
		want := sink.Answer{State: sink.Accepted, Restamped: a.Restamped, Bytes: len(records[i].Line)}
		if a != want {
			w.t.Fatalf("record %d: %+v, want %+v", i, a, want)
		}
		if n := w.messages[string(records[i].Line)]; n != 1 {
			w.t.Fatalf("record %d was stored %d times", i, n)
		}
	}
}

// at is a record of a time, counted from noon.
func at(d time.Duration, text string) sink.Record {
	return sink.Record{Line: []byte(text), TimeMS: noon.Add(d).UnixMilli()}
}

// sized is a record of a length.
func sized(n int, text string) sink.Record {
	return sink.Record{Line: append(bytes.Repeat([]byte("x"), n-len(text)), text...), TimeMS: noon.UnixMilli()}
}

func sent(p put) string {
	var list []string
	for _, e := range p.sent {
		list = append(list, *e.Message)
	}
	return strings.Join(list, " ")
}

func TestSortsByTimeAndAnswersInTheOrderOfTheInput(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		records := []sink.Record{
			at(-time.Minute, "c"), at(-time.Hour, "aa"), at(-time.Minute, "ddd"), {}, at(-2*time.Minute, "bbbb"),
		}
		answers := w.delivered(records...)
		w.wantSizes(4)
		if got := sent(w.puts[0]); got != "aa bbbb c ddd" {
			t.Errorf("sent %s", got)
		}
		for i, bytes := range []int{1, 2, 3, 0, 4} {
			if answers[i].Bytes != bytes || (answers[i].State == sink.Accepted) != (bytes > 0) {
				t.Errorf("record %d: %+v", i, answers[i])
			}
		}
	})
}

func TestSplitsAt24Hours(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.delivered(at(0, "d"), at(-24*time.Hour, "b"), at(-24*time.Hour-time.Millisecond, "a"), at(-time.Hour, "c"))
		w.wantSizes(3, 1)
		if got := sent(w.puts[0]) + "; " + sent(w.puts[1]); got != "a b c; d" {
			t.Errorf("sent %s", got)
		}
		w.delivered(at(0, "f"), at(-24*time.Hour, "e")) // exactly
		w.wantSizes(3, 1, 2)
	})
}

// The 24 hours are those of the times that are sent: a record that gets the time
// of delivery is not where it was.
func TestSplitsAt24HoursAfterRestamping(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		answers := w.delivered(at(-20*24*time.Hour, "old"), at(-13*24*time.Hour, "young"), at(0, "now"))
		w.wantSizes(1, 2)
		if got := sent(w.puts[1]); got != "old now" {
			t.Errorf("sent %s", got)
		}
		if !answers[0].Restamped || answers[1].Restamped || answers[2].Restamped {
			t.Errorf("answers %+v", answers)
		}
	})
}

func TestCounts26BytesARecordAnd1MiBExactly(t *testing.T) {
	const half = 1_048_576/2 - 26
	for name, c := range map[string]struct {
		lengths []int
		want    []int
	}{
		"exactly":       {[]int{half, half}, []int{2}},
		"a byte more":   {[]int{half, half + 1}, []int{1, 1}},
		"one alone":     {[]int{1_048_550}, []int{1}},
		"one and one":   {[]int{1_048_550, 1}, []int{1, 1}},
		"the 26 of all": {slices.Repeat([]int{1_048_576/64 - 26}, 65), []int{64, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				var records []sink.Record
				for i, n := range c.lengths {
					records = append(records, sized(n, fmt.Sprint(i%10)))
				}
				for _, a := range w.delivered(records...) {
					if a.State != sink.Accepted {
						t.Errorf("%+v", a)
					}
				}
				w.wantSizes(c.want...)
			})
		})
	}
}

// It is bytes of UTF-8 that are counted, not characters and not what JSON makes of
// them, and every one arrives as it was.
func TestTextArrivesAsItIs(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		odd := sized(200, "{\"a\":\"<&>\\\"\u00e9\u2028\u2029\U0001F511\x7f\\u0000\\ud800\"}\t")
		wide := sink.Record{Line: bytes.Repeat([]byte("\u00e9"), 1_048_550/2), TimeMS: odd.TimeMS}
		quotes := sink.Record{Line: bytes.Repeat([]byte("\""), 1_048_550), TimeMS: odd.TimeMS}
		records := []sink.Record{odd, wide, quotes}
		w.wantSent(records, w.delivered(records...))
		w.wantSizes(1, 1, 1)
	})
}

func TestSends10000RecordsACall(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		records := make([]sink.Record, 20_001)
		for i := range records {
			records[i] = at(0, fmt.Sprint(i))
		}
		w.wantSent(records, w.delivered(records...))
		w.wantSizes(10_000, 10_000, 1)
	})
}

func TestOverLongRecordFallsBackToTheEvent(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		r := sized(1_048_551, "")
		r.Raw = sized(1_048_550, "raw").Line
		answers := w.delivered(at(0, "before"), r, at(0, "after"))
		if want := (sink.Answer{State: sink.Accepted, FallbackRaw: true, Bytes: 1_048_550}); answers[1] != want {
			t.Errorf("answer %+v, want %+v", answers[1], want)
		}
		if w.messages[string(r.Raw)] != 1 || w.messages["before"] != 1 || w.messages["after"] != 1 {
			t.Error("not everything was sent")
		}
	})
}

func TestOverLongEventIsDead(t *testing.T) {
	long := sized(1_048_551, "secret").Line
	for name, c := range map[string]struct {
		raw    []byte
		detail string
	}{
		"no event":      {nil, "the record has 1048551 bytes, CloudWatch Logs takes 1048550"},
		"too long":      {long, "the record has 1048551 bytes and the event itself 1048551, CloudWatch Logs takes 1048550"},
		"even longer":   {append(long, long...), "the record has 1048551 bytes and the event itself 2097102, CloudWatch Logs takes 1048550"},
		"an empty text": {[]byte{}, "the record has 1048551 bytes, CloudWatch Logs takes 1048550"},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				answers := w.delivered(sink.Record{Line: long, Raw: c.raw}, at(0, "neighbour"))
				if want := (sink.Answer{State: sink.Dead, Reason: "too_large", Detail: c.detail}); answers[0] != want {
					t.Errorf("answer %+v, want %+v", answers[0], want)
				}
				if answers[1].State != sink.Accepted {
					t.Errorf("neighbour: %+v", answers[1])
				}
				w.wantSizes(1)
			})
		})
	}
}

func TestEmptyRecordIsDeadAndNothingIsSent(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		if w.delivered(); w.count("PutLogEvents") != 0 {
			t.Error("no record makes no call")
		}
		answers := w.delivered(sink.Record{UUID: "u", TimeMS: noon.UnixMilli()})
		if a := answers[0]; a.State != sink.Dead || a.Reason != "refused" || a.Detail == "" {
			t.Errorf("answer %+v", a)
		}
		if w.count("PutLogEvents") != 0 {
			t.Error("a dead record was sent")
		}
	})
}
