package cloudwatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

const days = 24 * time.Hour

// What CloudWatch Logs would refuse is sent with the time of delivery, and what is
// close to it as well: the edge moves while a call is under way.
func TestRestampsWhatWouldBeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		retentionDays int
		age           time.Duration
		restamped     bool
	}{
		"young":                        {0, time.Hour, false},
		"14 days, before the margin":   {0, 14*days - 5*time.Minute, false},
		"14 days, in the margin":       {0, 14*days - 5*time.Minute + time.Millisecond, true},
		"14 days":                      {0, 14 * days, true},
		"20 days":                      {0, 20 * days, true},
		"20 days, longer retention":    {400, 20 * days, true},
		"13 days, longer retention":    {400, 13 * days, false},
		"3 days of retention, before":  {3, 3*days - 5*time.Minute, false},
		"3 days of retention, margin":  {3, 3*days - 4*time.Minute, true},
		"3 days of retention":          {3, 4 * days, true},
		"1 day of retention":           {1, 25 * time.Hour, true},
		"1 day of retention, young":    {1, 23 * time.Hour, false},
		"retention of 14 days":         {14, 13*days + 23*time.Hour, false},
		"2 hours ahead, before":        {0, -2*time.Hour + 5*time.Minute, false},
		"2 hours ahead, in the margin": {0, -2*time.Hour + 5*time.Minute - time.Millisecond, true},
		"2 hours ahead":                {0, -2 * time.Hour, true},
		"a year ahead":                 {0, -365 * days, true},
		"before 1970":                  {0, 60 * 365 * days, true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, Config{RetentionDays: c.retentionDays}, func(t *testing.T, w *world) {
				w.retention = time.Duration(c.retentionDays) * days
				r := at(-c.age, "record")
				answers := w.delivered(r, at(0, "neighbour"))
				if answers[0].State != sink.Accepted || answers[0].Restamped != c.restamped || answers[1].Restamped {
					t.Errorf("answers %+v", answers)
				}
				if w.count("PutLogEvents") > 2 {
					t.Error("it was refused before it was stamped")
				}
				want := r.TimeMS
				if c.restamped {
					want = noon.UnixMilli()
				}
				for _, p := range w.puts {
					for _, e := range p.stored {
						if *e.Message == "record" && *e.Timestamp != want {
							t.Errorf("sent with %d, want %d", *e.Timestamp, want)
						}
					}
				}
			})
		})
	}
}

// The three numbers of rejectedLogEventsInfo are indexes into what was sent, which
// is sorted. (Four senders of others take them for counts.)
func TestRefusedTimesAreIndexes(t *testing.T) {
	i := func(n int32) *int32 { return &n }
	for name, c := range map[string]struct {
		info    types.RejectedLogEventsInfo
		refused string // the records, by their place in time
	}{
		"too new, from the start":       {types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(7)}, "789"},
		"too new, the last":             {types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(9)}, "9"},
		"too new, all":                  {types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(0)}, "0123456789"},
		"too new, beyond the end":       {types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(10)}, ""},
		"too old, to the end":           {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(3)}, "012"},
		"too old, the first":            {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(1)}, "0"},
		"too old, none":                 {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(0)}, ""},
		"too old, all":                  {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(10)}, "0123456789"},
		"expired":                       {types.RejectedLogEventsInfo{ExpiredLogEventEndIndex: i(4)}, "01234"},
		"expired, beyond the end":       {types.RejectedLogEventsInfo{ExpiredLogEventEndIndex: i(99)}, "0123456789"},
		"all at once":                   {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(1), ExpiredLogEventEndIndex: i(3), TooNewLogEventStartIndex: i(8)}, "012389"},
		"all at once, the other way":    {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(3), ExpiredLogEventEndIndex: i(1), TooNewLogEventStartIndex: i(8)}, "01289"},
		"all at once, one in the other": {types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(6), TooNewLogEventStartIndex: i(4)}, "0123456789"},
		"nothing":                       {types.RejectedLogEventsInfo{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.refuse = func(n, events int) *types.RejectedLogEventsInfo {
					if n == 1 {
						return &c.info
					}
					return nil
				}
				// The order of the input is not that in time.
				records, places := make([]sink.Record, 10), make([]string, 10)
				for i := range records {
					places[i] = fmt.Sprint(i * 7 % 10)
					records[i] = at(time.Duration(i*7%10)*time.Minute, places[i])
				}
				answers := w.delivered(records...)
				w.wantSent(records, answers)
				want := slices.Repeat([]bool{false}, 10)
				for i, place := range places {
					want[i] = slices.Contains([]byte(c.refused), place[0])
					if answers[i].Restamped != want[i] {
						t.Errorf("record %s: %+v", place, answers[i])
					}
				}
				if c.refused == "" {
					w.wantSizes(10)
					return
				}
				w.wantSizes(10, len(c.refused))
				for _, e := range w.puts[1].sent {
					if *e.Timestamp != noon.UnixMilli() {
						t.Errorf("%s was sent again with %d", *e.Message, *e.Timestamp)
					}
				}
			})
		})
	}
}

// What two batches have refused goes in one more call.
func TestRefusedOfManyBatchesGoTogether(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.refuse = func(n, events int) *types.RejectedLogEventsInfo {
			if n <= 2 {
				return &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: new(int32(1))}
			}
			return nil
		}
		records := []sink.Record{at(0, "d"), at(-30*time.Hour, "b"), at(-time.Minute, "c"), at(-31*time.Hour, "a")}
		answers := w.delivered(records...)
		w.wantSent(records, answers)
		w.wantSizes(2, 2, 2)
		if got := sent(w.puts[2]); got != "a c" {
			t.Errorf("sent again: %s", got)
		}
		if answers[0].Restamped || answers[1].Restamped || !answers[2].Restamped || !answers[3].Restamped {
			t.Errorf("answers %+v", answers)
		}
	})
}

// The group's retention is shorter than we know. Nobody told us, CloudWatch Logs
// does.
func TestRetentionThatWeDoNotKnow(t *testing.T) {
	both(t, Config{RetentionDays: 30}, func(t *testing.T, w *world) {
		w.retention = 1 * days
		records := []sink.Record{at(-5*days, "old"), at(-time.Hour, "young"), at(-40*days, "ancient")}
		answers := w.delivered(records...)
		w.wantSent(records, answers)
		if !answers[0].Restamped || answers[1].Restamped || !answers[2].Restamped {
			t.Errorf("answers %+v", answers)
		}
	})
}

func TestRefusedTwiceStaysAtRetry(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.refuse = func(n, events int) *types.RejectedLogEventsInfo {
			return &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: new(int32(1))}
		}
		answers, err := w.deliver(at(0, "c"), at(-2*time.Minute, "a"), at(-time.Minute, "b"))
		if want := (sink.Answer{}); answers[1] != want {
			t.Errorf("answer %+v, want none", answers[1])
		}
		if answers[0].State != sink.Accepted || answers[2].State != sink.Accepted {
			t.Errorf("answers %+v", answers)
		}
		w.wantSizes(3, 1)
		if err == nil || sink.KindOf(err) != sink.Transient ||
			err.Error() != "PutLogEvents: refused the time of delivery of 1 of 1 records" {
			t.Errorf("error %v", err)
		}
	})
}

func TestStreamIsThatOfTheUTCDay(t *testing.T) {
	east := time.FixedZone("UTC+14", 14*60*60)
	for want, now := range map[string]time.Time{
		"oktastream/2026/11/22": time.Date(2026, 11, 22, 23, 59, 59, 999_999_999, time.UTC),
		"oktastream/2026/11/23": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		"oktastream/2027/01/01": time.Date(2027, 1, 1, 13, 0, 0, 0, time.UTC),
		"oktastream/2028/02/29": time.Date(2028, 3, 1, 13, 59, 0, 0, east),
	} {
		if got := stream(now); got != want {
			t.Errorf("stream(%v) = %s, want %s", now, got, want)
		}
	}
}

// The day ends between two calls of one delivery: what is sent from then on goes to
// the next day's stream, which nobody has made yet.
func TestMidnightUTC(t *testing.T) {
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	now := midnight.Add(-time.Millisecond)
	both(t, Config{Now: func() time.Time { return now }}, func(t *testing.T, w *world) {
		now = midnight.Add(-time.Millisecond)
		w.refuse = func(n, _ int) *types.RejectedLogEventsInfo {
			if n == 1 {
				now = midnight
			}
			return nil
		}
		records := []sink.Record{sized(1_000_000, "a"), sized(1_000_000, "b"), sized(1_000_000, "c")}
		w.wantSent(records, w.delivered(records...))
		var streams []string
		for _, p := range w.puts {
			streams = append(streams, p.stream)
		}
		if want := []string{
			"oktastream/2026/11/22",
			"oktastream/2026/11/23",
			"oktastream/2026/11/23",
		}; !slices.Equal(
			streams,
			want,
		) {
			t.Errorf("streams %v, want %v", streams, want)
		}
		if got := w.count("CreateLogStream"); got != 1 {
			t.Errorf("%d streams were made, want 1", got)
		}
	})
}
