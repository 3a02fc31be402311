package awsfake

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a page of FilterLogEvents: "up to 1 MB of log events or up to 10,000 log
// events" (its API reference, read from cloudwatchlogs SDK 1.92.2, 2026-11). The reference
// does not say what else counts towards the 1 MB: here, as in PutLogEvents, 26 bytes for
// each event.
const (
	filterPageBytes  = 1_048_576
	filterPageEvents = 10_000
)

// filterSpan is the longest time that a page covers. In a longer time without events a page is
// empty and has a token. The reference says that pages may be empty, but not when.
const filterSpan = 12 * time.Hour

type filteredEvent struct {
	EventID       string `json:"eventId"`
	IngestionTime int64  `json:"ingestionTime"`
	LogStreamName string `json:"logStreamName"`
	Message       string `json:"message"`
	Timestamp     int64  `json:"timestamp"`
}

type filterInput struct {
	LogGroupName       string   `json:"logGroupName"`
	LogGroupIdentifier string   `json:"logGroupIdentifier"`
	StartTime          *int64   `json:"startTime"`
	EndTime            *int64   `json:"endTime"`
	Limit              *int     `json:"limit"`
	NextToken          string   `json:"nextToken"`
	FilterPattern      string   `json:"filterPattern"`
	LogStreamNames     []string `json:"logStreamNames"`
	LogStreamPrefix    string   `json:"logStreamNamePrefix"`
	StartFromHead      *bool    `json:"startFromHead"`
}

// filterLogEvents returns the events of a group between two times, both included, over all streams,
// the latest first if startFromHead is false. It knows no filter pattern and no list of streams: a
// call with one fails, although AWS would accept it.
func (c *Cloud) filterLogEvents(r *request, in filterInput) any {
	switch {
	case in.LogGroupName == "" || in.LogGroupIdentifier != "":
		logsInvalid("awsfake knows a log group by logGroupName only")
	case in.FilterPattern != "" || len(in.LogStreamNames) > 0 || in.LogStreamPrefix != "":
		logsInvalid("awsfake knows no filterPattern and no log streams")
	}
	limit := logsLimit(in.Limit, filterPageEvents)
	g := c.existingGroup(in.LogGroupName)
	if g.infrequent {
		// As quoted in aws/karpenter-provider-aws, pull request 9567, 2026-09.
		fail(400, "InvalidOperationException", "The log group %s is of log-group-class INFREQUENT_ACCESS. "+
			"FilterLogEvents is not supported for this log class.", g.name)
	}
	now := millis(r.now)
	start, end := orDefault(in.StartTime, 0), orDefault(in.EndTime, now)
	if start < 0 || end < 0 || start > end {
		logsInvalid("End time should not be less than start time.")
	}
	if days := int64(g.retention.Load()); days > 0 {
		start = max(start, now-days*24*time.Hour.Milliseconds())
	}
	if !orDefault(in.StartFromHead, true) {
		return g.latest(&in, start, end, limit)
	}
	return g.filterPage(&in, start, end, limit)
}

// filterPage returns the page that the token asks for, or the first one.
func (g *logGroup) filterPage(in *filterInput, start, end int64, limit int) any {
	at, skip := in.position(start) // the page starts at this time, after so many events of this time
	stop := min(end, at+filterSpan.Milliseconds()-1)
	events, size, passed := []filteredEvent{}, 0, 0
	for _, e := range g.between(at, stop) {
		if e.TimestampMS == at && passed < skip {
			passed++
			continue
		}
		size += len(e.Message) + logEventBytes
		if len(events) > 0 && (size > filterPageBytes || len(events) == limit) {
			last, same := events[len(events)-1].Timestamp, 0
			for i := len(events) - 1; i >= 0 && events[i].Timestamp == last; i-- {
				same++
			}
			if last == at {
				same += skip
			}
			return filtered(events, in.token(last, same))
		}
		events = append(events, e.filtered())
	}
	if stop < end {
		return filtered(events, in.token(stop+1, 0))
	}
	return filtered(events, "")
}

// filtered is a page; searchedLogStreams is always empty since 2019.
func filtered(events []filteredEvent, next string) any {
	return withToken(map[string]any{"events": events, "searchedLogStreams": []struct{}{}}, next)
}

// latest returns the events between two times with the latest first; filterPage does the same with
// the earliest first. "Setting startFromHead to false is supported only when startTime is on or
// after Jan 1, 2024" (FilterLogEvents, model of cloudwatchlogs v1.92.2, 2026-11).
func (g *logGroup) latest(in *filterInput, start, end int64, limit int) any {
	if orDefault(in.StartTime, 0) < time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
		logsInvalid("startFromHead false needs a startTime on or after January 1, 2024")
	}
	at, _ := in.position(end)
	from := max(start, at-filterSpan.Milliseconds()+1)
	found := g.between(from, at)
	slices.Reverse(found)
	events := []filteredEvent{}
	for _, e := range found[:min(limit, len(found))] {
		events = append(events, e.filtered())
	}
	switch {
	case len(found) > limit:
		// The next page begins at the next event. Further events of the same time are left out,
		// which a caller that reads more pages would notice.
		return filtered(events, in.token(found[limit].TimestampMS, 0))
	case from > start:
		return filtered(events, in.token(from-1, 0))
	}
	return filtered(events, "")
}

// identifiedEvent is a stored event with an id, which is made from its position in its stream.
type identifiedEvent struct {
	LogEvent
	place int
}

func (e *identifiedEvent) filtered() filteredEvent {
	return filteredEvent{
		EventID:       fmt.Sprintf("%020d%s%08d", e.TimestampMS, strings.ReplaceAll(e.Stream, "/", ""), e.place),
		IngestionTime: e.IngestionMS, LogStreamName: e.Stream, Message: e.Message, Timestamp: e.TimestampMS,
	}
}

// between returns a group's events between two times, both included, in order of time, then
// of arrival.
func (g *logGroup) between(from, to int64) []identifiedEvent {
	g.mu.RLock()
	streams := make([]*logStream, 0, len(g.streams))
	for _, s := range g.streams {
		streams = append(streams, s)
	}
	g.mu.RUnlock()
	slices.SortFunc(streams, func(a, b *logStream) int { return strings.Compare(a.name, b.name) })
	var out []identifiedEvent
	for _, s := range streams {
		s.mu.Lock()
		for i, e := range s.events {
			if e.TimestampMS >= from && e.TimestampMS <= to {
				out = append(out, identifiedEvent{e, i})
			}
		}
		s.mu.Unlock()
	}
	slices.SortStableFunc(out, func(a, b identifiedEvent) int {
		return cmp.Or(cmp.Compare(a.TimestampMS, b.TimestampMS), cmp.Compare(a.IngestionMS, b.IngestionMS))
	})
	return out
}

// token is the position of the next page, for a call with the same members.
func (in *filterInput) token(at int64, skip int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s|%d|%d", in.same(), at, skip))
}

// position reads the token; without one the position is first.
func (in *filterInput) position(first int64) (at int64, skip int) {
	if in.NextToken == "" {
		return first, 0
	}
	text, _ := base64.RawURLEncoding.DecodeString(in.NextToken)
	_, _ = fmt.Sscanf(strings.TrimPrefix(string(text), in.same()), "|%d|%d", &at, &skip)
	if in.NextToken != in.token(at, skip) {
		logsInvalid("The specified nextToken is invalid.")
	}
	return at, skip
}

// same has the members that must be the same from page to page.
func (in *filterInput) same() string {
	return fmt.Sprint(in.LogGroupName, "|", orDefault(in.StartTime, -1), "|", orDefault(in.EndTime, -1))
}
