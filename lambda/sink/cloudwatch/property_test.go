package cloudwatch

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// drawn draws records of all sorts: of any age, out of order, long ones, too long
// ones with and without something to fall back on, empty ones.
func drawn(t *rapid.T) []sink.Record {
	ages := rapid.OneOf(
		rapid.Int64Range(-int64(3*time.Hour), int64(3*time.Hour)),
		rapid.Int64Range(0, int64(16*days)),
		rapid.Just(int64(14*days)),
		rapid.Just(int64(time.Hour)),
	)
	short := rapid.IntRange(20, 3000)
	sizes := rapid.OneOf(short, short, short,
		rapid.SampledFrom([]int{400_000, 1_048_550, 1_048_551}),
	)
	records := make([]sink.Record, rapid.IntRange(0, 25).Draw(t, "records"))
	for i := range records {
		r := &records[i]
		r.TimeMS = noon.Add(-time.Duration(ages.Draw(t, "age"))).UnixMilli()
		if rapid.IntRange(0, 15).Draw(t, "empty") == 0 {
			continue
		}
		size := sizes.Draw(t, "size")
		r.Line = append(fmt.Appendf(nil, "%05d", i), bytes.Repeat([]byte("l"), size-5)...)
		if rapid.Bool().Draw(t, "raw") {
			r.Raw = append(fmt.Appendf(nil, "%05d", i), bytes.Repeat([]byte("r"), size-6)...)
		}
	}
	return records
}

// For any records, and a CloudWatch Logs that refuses times and fails as it likes:
// what is accepted has been stored once, with its own time or, where that is
// marked, with that of delivery; what is dead could not have been sent; what is to
// be tried again has not been stored. And trying again brings everything home.
func TestEveryRecordIsAnsweredRight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := newGroup(t, func() time.Time { return noon })
		config := Config{
			LogGroup:      "okta",
			Now:           g.now,
			RetentionDays: rapid.SampledFrom([]int{0, 1, 13, 400}).Draw(rt, "retention days"),
		}
		// Ours need not be the group's.
		g.retention = time.Duration(rapid.SampledFrom([]int{0, 1, 13, 400}).Draw(rt, "the group's")) * days
		if rapid.Bool().Draw(rt, "no stream") {
			clear(g.streams)
		}
		hostile := true
		faults := rapid.SampledFrom(
			[]string{"", "", "", "", "ThrottlingException", "ServiceUnavailableException", "InvalidParameterException"},
		)
		g.before = func(context.Context, string, int) error {
			if code := faults.Draw(rt, "fault"); hostile && code != "" {
				return apiError(code)
			}
			return nil
		}
		g.refuse = func(_, events int) *types.RejectedLogEventsInfo {
			if !hostile || rapid.IntRange(0, 2).Draw(rt, "refuses") > 0 {
				return nil
			}
			index := func(name string) *int32 {
				if rapid.Bool().Draw(rt, name) {
					return new(int32(rapid.IntRange(0, events).Draw(rt, name)))
				}
				return nil
			}
			return &types.RejectedLogEventsInfo{
				TooOldLogEventEndIndex: index(
					"too old",
				),
				ExpiredLogEventEndIndex:  index("expired"),
				TooNewLogEventStartIndex: index("too new"),
			}
		}
		s := New(g, config)
		records := drawn(rt)
		answers := make([]sink.Answer, len(records))
		pending := make([]int, len(records))
		for i := range pending {
			pending[i] = i
		}
		for try := 0; len(pending) > 0; try++ {
			if try == 3 {
				hostile = false // and then everything must go
			}
			if try == 4 {
				rt.Fatalf("records %v are left", pending)
			}
			offered, got := make([]sink.Record, len(pending)), make([]sink.Answer, len(pending))
			for n, i := range pending {
				offered[n] = records[i]
			}
			err := s.Deliver(context.Background(), offered, got)
			var left []int
			for n, i := range pending {
				answers[i] = got[n]
				if got[n].State == sink.Retry {
					left = append(left, i)
				}
			}
			if (err != nil) != (len(left) > 0) {
				rt.Fatalf("error %v, and %d records to try again", err, len(left))
			}
			check(rt, g, config, records, answers)
			pending = left
		}
	})
}

func check(t *rapid.T, g *group, c Config, records []sink.Record, answers []sink.Answer) {
	times := map[string]int64{}
	for _, p := range g.puts {
		for _, e := range p.stored {
			times[*e.Message] = *e.Timestamp
		}
	}
	keeps := 14 * days
	if c.RetentionDays > 0 {
		keeps = min(keeps, time.Duration(c.RetentionDays)*days)
	}
	for i, r := range records {
		a, line, raw := answers[i], g.messages[string(r.Line)], g.messages[string(r.Raw)]
		text := r.Line
		if a.FallbackRaw {
			text = r.Raw
		}
		switch a.State {
		case sink.Retry:
			if a != (sink.Answer{}) || line+raw > 0 {
				t.Fatalf("record %d: %+v, but it was stored %d times", i, a, line+raw)
			}
		case sink.Dead:
			fits := func(text []byte) bool { return len(text) > 0 && len(text) <= 1_048_550 }
			if line+raw > 0 || fits(r.Line) || len(r.Line) > 0 && fits(r.Raw) {
				t.Fatalf("record %d: %+v, but it could go", i, a)
			}
			if want := map[bool]events.Reason{true: events.Refused, false: events.TooLarge}[len(r.Line) == 0]; a.Reason != want {
				t.Fatalf("record %d: %+v, want the reason %s", i, a, want)
			}
		case sink.Accepted:
			if line+raw != 1 || g.messages[string(text)] != 1 || a.Bytes != len(text) ||
				a.FallbackRaw != (len(r.Line) > 1_048_550) {
				t.Fatalf("record %d: %+v, stored %d and %d times", i, a, line, raw)
			}
			want := r.TimeMS
			if a.Restamped {
				want = noon.UnixMilli()
			}
			if times[string(text)] != want {
				t.Fatalf("record %d: %+v, stored with the time %d", i, a, times[string(text)])
			}
			age := noon.Sub(time.UnixMilli(r.TimeMS))
			if !a.Restamped && (age > keeps || age < -2*time.Hour) {
				t.Fatalf("record %d: %+v, but it is %v old", i, a, age)
			}
		}
	}
}
