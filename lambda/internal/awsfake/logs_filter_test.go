package awsfake_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
)

// filter reads all pages of a range from now.
func (l logs) filter(t *testing.T, from, to time.Duration, limit *int32) (messages []string, pages int) {
	t.Helper()
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("g"), Limit: limit,
		StartTime: aws.Int64(l.clock.Now().Add(from).UnixMilli()),
		EndTime:   aws.Int64(l.clock.Now().Add(to).UnixMilli()),
	}
	for pages = 1; pages < 1000; pages++ {
		out, err := l.client.FilterLogEvents(ctx, in)
		check(t, err)
		if out.Events == nil {
			t.Fatal("a response without events")
		}
		for _, e := range out.Events {
			messages = append(messages, aws.ToString(e.Message))
		}
		if out.NextToken == nil {
			return messages, pages
		}
		in.NextToken = out.NextToken
	}
	t.Fatal("FilterLogEvents does not end")
	return nil, 0
}

// Both ends of the range are included, and all streams are read in order of time.
func TestFilterLogEventsReadsARange(t *testing.T) {
	l := newLogs(t, 400)
	_, err := l.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("other"),
	})
	check(t, err)
	_, err = l.put([]types.InputLogEvent{
		l.event("a", -3*time.Hour), l.event("c", -time.Hour), l.event("e", 0), l.event("f", time.Millisecond),
	})
	check(t, err)
	_, err = l.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("other"),
		LogEvents: []types.InputLogEvent{l.event("b", -2*time.Hour), l.event("d", -time.Hour)},
	})
	check(t, err)
	got, pages := l.filter(t, -3*time.Hour, 0, nil)
	slices.Sort(got[2:4]) // of one time
	if !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) || pages != 1 {
		t.Errorf("got %q in %d pages", got, pages)
	}
}

// However many events have the same time: each is on one page.
func TestFilterLogEventsPages(t *testing.T) {
	l := newLogs(t, 400)
	var want []string
	for batch := range 3 {
		var events []types.InputLogEvent
		for n := range 20 {
			events = append(events, l.event(strconv.Itoa(batch*20+n), time.Duration(n/15)*time.Second))
			want = append(want, strconv.Itoa(batch*20+n))
		}
		_, err := l.put(events)
		check(t, err)
	}
	slices.Sort(want)
	for _, limit := range []int32{1, 7, 44, 45, 46, 60, 10_000} {
		got, pages := l.filter(t, 0, time.Hour, aws.Int32(limit))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("limit %d: %d events in %d pages", limit, len(got), pages)
		}
		if least := (len(want) + int(limit) - 1) / int(limit); pages < least {
			t.Errorf("limit %d: %d pages", limit, pages)
		}
	}
}

// A page has at most 1 MiB, and one behind a long stretch without events is empty.
func TestFilterLogEventsPagesAreShort(t *testing.T) {
	l := newLogs(t, 400)
	for range 3 {
		_, err := l.put([]types.InputLogEvent{l.event(text(600_000), 0)})
		check(t, err)
	}
	if got, pages := l.filter(t, -time.Hour, 0, nil); len(got) != 3 || pages != 3 {
		t.Errorf("%d events in %d pages, want 3 in 3", len(got), pages)
	}
	if got, pages := l.filter(t, -10*day, 0, nil); len(got) != 3 || pages < 20 {
		t.Errorf("%d events in %d pages, want 3 in 20 and more", len(got), pages)
	}
	l.clock.Add(401 * day)
	if got, _ := l.filter(t, -402*day, 0, nil); len(got) != 0 {
		t.Errorf("%d events outlived the retention", len(got))
	}
}

func TestFilterLogEventsRefuses(t *testing.T) {
	l := newLogs(t, 400)
	_, err := l.put(l.at(0, 0))
	check(t, err)
	good := func() *cloudwatchlogs.FilterLogEventsInput {
		return &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: aws.String("g"), Limit: aws.Int32(1), StartTime: aws.Int64(0),
		}
	}
	first, err := l.client.FilterLogEvents(ctx, func() *cloudwatchlogs.FilterLogEventsInput {
		in := good()
		in.StartTime = aws.Int64(l.clock.Now().UnixMilli())
		return in
	}())
	check(t, err)
	if first.NextToken == nil {
		t.Fatal("no token")
	}
	for name, change := range map[string]func(*cloudwatchlogs.FilterLogEventsInput){
		"end before start": func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.StartTime, in.EndTime = aws.Int64(2), aws.Int64(1)
		},
		"limit 0":               func(in *cloudwatchlogs.FilterLogEventsInput) { in.Limit = aws.Int32(0) },
		"limit 10001":           func(in *cloudwatchlogs.FilterLogEventsInput) { in.Limit = aws.Int32(10_001) },
		"a made-up token":       func(in *cloudwatchlogs.FilterLogEventsInput) { in.NextToken = aws.String("x") },
		"another range's token": func(in *cloudwatchlogs.FilterLogEventsInput) { in.NextToken = first.NextToken },
		"a pattern":             func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String("x") },
		"streams":               func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogStreamNames = []string{"s"} },
		"the newest event first, since 2023": func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.StartFromHead, in.StartTime = aws.Bool(false), aws.Int64(1_700_000_000_000)
		},
	} {
		in := good()
		change(in)
		if _, err := l.client.FilterLogEvents(ctx, in); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			is[*types.InvalidParameterException](t, err)
		}
	}
	in := good()
	in.LogGroupName = aws.String("none")
	_, err = l.client.FilterLogEvents(ctx, in)
	is[*types.ResourceNotFoundException](t, err)
}

// A group of the class Infrequent Access takes records, and FilterLogEvents refuses it.
func TestFilterLogEventsRefusesInfrequentAccess(t *testing.T) {
	l := newLogs(t, 400)
	create := func(name string, class types.LogGroupClass) error {
		_, err := l.client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, LogGroupClass: class})
		return err
	}
	if err := create("x", "CHEAP"); err == nil {
		t.Error("the class CHEAP is accepted")
	}
	for class, want := range map[types.LogGroupClass]string{
		"":                                  "",
		types.LogGroupClassStandard:         "",
		types.LogGroupClassInfrequentAccess: "InvalidOperationException",
	} {
		name := "class-" + string(class)
		check(t, create(name, class))
		_, err := l.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
			LogGroupName: &name, LogStreamName: &name,
		})
		check(t, err)
		_, err = l.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &name, LogStreamName: &name, LogEvents: []types.InputLogEvent{l.event("a", 0)},
		})
		check(t, err)
		_, err = l.client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &name})
		var refusal smithy.APIError
		if want == "" && err != nil || want != "" && (!errors.As(err, &refusal) || refusal.ErrorCode() != want) {
			t.Errorf("class %q: %v, want %q", class, err, want)
		}
	}
}
