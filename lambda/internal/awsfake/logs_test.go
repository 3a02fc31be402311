package awsfake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// logs is a fake with group g and stream s, in which each test puts events.
type logs struct {
	*awsfake.Cloud
	*clock
	client *cloudwatchlogs.Client
}

func newLogs(t testing.TB, retention int) logs {
	clk := newClock()
	c := awsfake.New(t, awsfake.Options{Now: clk.Now})
	l := logs{c, clk, logsClient(c)}
	c.AddLogGroup("g", retention)
	_, err := l.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	check(t, err)
	return l
}

func (l logs) put(events []types.InputLogEvent) (*cloudwatchlogs.PutLogEventsOutput, error) {
	return l.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: events,
	})
}

// at makes events of one byte at these offsets from now.
func (l logs) at(offsets ...time.Duration) (events []types.InputLogEvent) {
	for _, d := range offsets {
		events = append(events, l.event("x", d))
	}
	return events
}

func (l logs) event(message string, offset time.Duration) types.InputLogEvent {
	return types.InputLogEvent{Message: aws.String(message), Timestamp: aws.Int64(l.clock.Now().Add(offset).UnixMilli())}
}

const day = 24 * time.Hour

// Source of all limits here: API reference of PutLogEvents, as in cloudwatchlogs
// SDK 1.92.0 of 2026-11-05.
func TestPutLogEventsLimits(t *testing.T) {
	l := newLogs(t, 0)
	many := func(n int) []types.InputLogEvent { return l.at(make([]time.Duration, n)...) }
	sized := func(sizes ...int) (events []types.InputLogEvent) {
		for _, n := range sizes {
			events = append(events, l.event(text(n), 0))
		}
		return events
	}
	for name, tt := range map[string]struct {
		good, bad []types.InputLogEvent
	}{
		"1,048,576 bytes, with 26 for each event": {
			good: sized(500_000, 1_048_576-500_000-2*26),
			bad:  sized(500_000, 1_048_576-500_000-2*26+1),
		},
		"bytes are those of UTF-8": {
			good: []types.InputLogEvent{l.event(strings.Repeat("é", (1_048_576-26)/2), 0)},
			bad:  []types.InputLogEvent{l.event(strings.Repeat("é", (1_048_576-26)/2)+"x", 0)},
		},
		// The SDK sends U+FFFD for each byte that is not UTF-8: one byte counts as three.
		"invalid UTF-8 grows on the way": {
			good: []types.InputLogEvent{l.event("\xff"+text(1_048_550-3), 0)},
			bad:  []types.InputLogEvent{l.event("\xff"+text(1_048_550-2), 0)},
		},
		"one event of 1 MB":      {good: sized(1_048_550), bad: sized(1_048_551)},
		"10,000 events":          {good: many(10_000), bad: many(10_001)},
		"at least one event":     {good: many(1), bad: []types.InputLogEvent{}},
		"at least one character": {good: sized(1), bad: sized(1, 0)},
		"ascending time": {
			good: l.at(-time.Second, 0, 0, time.Second), // equal times are in order
			bad:  l.at(-time.Second, 0, -time.Millisecond),
		},
		"24 hours between first and last": {
			good: l.at(-day, 0),
			bad:  l.at(-day-time.Millisecond, 0),
		},
		"24 hours count only what is not rejected by itself": {
			good: l.at(-15*day, -day+2*time.Hour, 2*time.Hour, 3*time.Hour),
			bad:  l.at(-15*day, -day+2*time.Hour-time.Millisecond, 2*time.Hour, 3*time.Hour),
		},
		"no time before 1970": {good: l.at(0), bad: []types.InputLogEvent{{Message: aws.String("x"), Timestamp: aws.Int64(-1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.put(tt.good)
			check(t, err)
			before := len(l.Events("g"))
			_, err = l.put(tt.bad)
			is[*types.InvalidParameterException](t, err)
			equal(t, "events stored by a call that failed", len(l.Events("g"))-before, 0)
		})
	}
}

func index(p *int32) int {
	if p == nil {
		return -1
	}
	return int(*p)
}

// A call is answered 200 though it rejects events: cloudwatchlogs SDK 1.92.0,
// RejectedLogEventsInfo. The numbers are indexes, not counts.
func TestPutLogEventsRejectsSingly(t *testing.T) {
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		retention                          int
		offsets                            []time.Duration
		wantOld, wantExpired, wantNew      int // -1 is absent
		wantFirstStored, wantNumberOfSaved int
	}{
		"all good":                      {0, []time.Duration{-13 * day, -13*day + 1}, -1, -1, -1, 0, 2},
		"at the edge of both":           {0, []time.Duration{-14 * day}, -1, -1, -1, 0, 1},
		"a millisecond too old":         {0, []time.Duration{-14*day - ms, -14 * day}, 1, -1, -1, 1, 1},
		"two hours ahead":               {0, []time.Duration{2 * time.Hour}, -1, -1, -1, 0, 1},
		"a millisecond too new":         {0, []time.Duration{2 * time.Hour, 2*time.Hour + ms}, -1, -1, 1, 0, 1},
		"head and tail":                 {0, []time.Duration{-20 * day, -15 * day, 0, 3 * time.Hour, 4 * time.Hour}, 2, -1, 3, 2, 1},
		"all too old":                   {0, []time.Duration{-20 * day, -15 * day}, 2, -1, -1, 0, 0},
		"all too new":                   {0, []time.Duration{3 * time.Hour}, -1, -1, 0, 0, 0},
		"nothing between":               {0, []time.Duration{-15 * day, 3 * time.Hour}, 1, -1, 1, 0, 0},
		"at the edge of retention":      {7, []time.Duration{-7 * day}, -1, -1, -1, 0, 1},
		"expired":                       {7, []time.Duration{-7*day - ms, -7 * day}, -1, 1, -1, 1, 1},
		"expired, some too old as well": {7, []time.Duration{-15 * day, -8 * day, 0}, 1, 2, -1, 2, 1},
		"long retention":                {400, []time.Duration{-15 * day, 0}, 1, -1, -1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogs(t, tt.retention)
			in := l.at(tt.offsets...)
			out, err := l.put(in)
			check(t, err)
			info := out.RejectedLogEventsInfo
			if info == nil {
				info = &types.RejectedLogEventsInfo{}
			} else if tt.wantOld+tt.wantExpired+tt.wantNew == -3 {
				t.Error("rejectedLogEventsInfo is there though nothing was rejected")
			}
			equal(t, "tooOldLogEventEndIndex", index(info.TooOldLogEventEndIndex), tt.wantOld)
			equal(t, "expiredLogEventEndIndex", index(info.ExpiredLogEventEndIndex), tt.wantExpired)
			equal(t, "tooNewLogEventStartIndex", index(info.TooNewLogEventStartIndex), tt.wantNew)
			got := l.Events("g")
			equal(t, "stored", len(got), tt.wantNumberOfSaved)
			if len(got) > 0 {
				equal(t, "first stored", got[0].TimestampMS, *in[tt.wantFirstStored].Timestamp)
			}
		})
	}
}

func TestLogEventsAreKept(t *testing.T) {
	l := newLogs(t, 0)
	var hooked []awsfake.LogEvent
	l.OnLogEvents("g", func(e []awsfake.LogEvent) { hooked = append(hooked, e...) })
	message := "{\"a\":\"\u2028 <&> é 𝄞 \\u0000\"}\t\x01"
	_, err := l.put([]types.InputLogEvent{l.event(message, -time.Hour)})
	check(t, err)
	now := l.clock.Now()
	want := awsfake.LogEvent{Stream: "s", Message: message, TimestampMS: now.Add(-time.Hour).UnixMilli(), IngestionMS: now.UnixMilli()}
	if got := l.Events("g"); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(hooked) != 1 || hooked[0] != want {
		t.Errorf("the hook got %+v, want %+v", hooked, want)
	}
}

func TestDiscardKeepsNoEvents(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{Discard: true})
	l := logs{c, newClock(), logsClient(c)}
	l.clock.t = time.Now()
	c.AddLogGroup("g", 0)
	_, err := l.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	check(t, err)
	hooked := 0
	c.OnLogEvents("g", func(e []awsfake.LogEvent) { hooked += len(e) })
	_, err = l.put(l.at(0, 0))
	check(t, err)
	equal(t, "kept", len(c.Events("g")), 0)
	equal(t, "hooked", hooked, 2)
}

// "The sequence token is now ignored … You can use parallel PutLogEvents actions
// on the same log stream": cloudwatchlogs SDK 1.92.0.
func TestParallelPutsWithAnyToken(t *testing.T) {
	l := newLogs(t, 0)
	errs := make(chan error)
	for range 8 {
		go func() {
			for range 10 {
				_, err := l.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
					LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
					LogEvents: l.at(0, 0, 0), SequenceToken: aws.String("whatever"),
				})
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 8 {
		check(t, <-errs)
	}
	equal(t, "stored", len(l.Events("g")), 8*10*3)
	equal(t, "calls", l.Calls(awsfake.Logs, "PutLogEvents"), 80)
}
