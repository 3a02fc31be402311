package awsfake

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
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

// filterSpan is how much time a page covers at most: behind a longer stretch without events
// the page is empty and has a token. The reference says that pages may be empty, and not
// when.
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

// filterLogEvents returns the events of a group between two times, both included, over all
// streams, the latest first where startFromHead is false. It knows no filter pattern and no
// choice of streams: a call that asks for one fails, where AWS would obey.
func (c *Cloud) filterLogEvents(r *request) (any, error) {
	in, err := decode[filterInput](r)
	if err != nil {
		return nil, err
	}
	switch {
	case in.LogGroupName == "" || in.LogGroupIdentifier != "":
		return nil, logsInvalid("awsfake knows a log group by logGroupName only")
	case in.FilterPattern != "" || len(in.LogStreamNames) > 0 || in.LogStreamPrefix != "":
		return nil, logsInvalid("awsfake knows no filterPattern and no log streams")
	case in.Limit != nil && (*in.Limit < 1 || *in.Limit > filterPageEvents):
		return nil, logsInvalid("Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d",
			*in.Limit, filterPageEvents)
	}
	limit := filterPageEvents
	if in.Limit != nil {
		limit = *in.Limit
	}
	g := c.group(in.LogGroupName)
	if g == nil {
		return nil, logsMissing("group")
	}
	if g.infrequent {
		// As quoted in aws/karpenter-provider-aws, pull request 9567, 2026-09.
		return nil, &apiError{
			status: 400,
			code:   "InvalidOperationException",
			message: "The log group " + g.name + " is of log-group-class INFREQUENT_ACCESS. " +
				"FilterLogEvents is not supported for this log class.",
		}
	}
	now := millis(r.now)
	start, end := int64(0), now
	if in.StartTime != nil {
		start = *in.StartTime
	}
	if in.EndTime != nil {
		end = *in.EndTime
	}
	if start < 0 || end < 0 || start > end {
		return nil, logsInvalid("End time should not be less than start time.")
	}
	if days := int64(g.retention.Load()); days > 0 {
		start = max(start, now-days*24*time.Hour.Milliseconds())
	}
	if in.StartFromHead != nil && !*in.StartFromHead {
		return g.latest(&in, start, end, limit)
	}
	return g.filterPage(&in, start, end, limit)
}

// filterPage returns the page that the token asks for, or the first one.
func (g *logGroup) filterPage(in *filterInput, start, end int64, limit int) (any, error) {
	at, skip := start, 0 // the page starts at this time, after so many events of this time
	if in.NextToken != "" {
		var ok bool
		if at, skip, ok = in.position(); !ok {
			return nil, logsInvalid("The specified nextToken is invalid.")
		}
	}
	var out struct {
		Events   []filteredEvent `json:"events"`
		Searched []struct{}      `json:"searchedLogStreams"` // always empty since 2019
		Next     string          `json:"nextToken,omitempty"`
	}
	out.Events, out.Searched = []filteredEvent{}, []struct{}{}
	stop := min(end, at+filterSpan.Milliseconds()-1)
	size, passed := 0, 0
	for _, e := range g.between(at, stop) {
		if e.TimestampMS == at && passed < skip {
			passed++
			continue
		}
		size += len(e.Message) + logEventBytes
		if len(out.Events) > 0 && (size > filterPageBytes || len(out.Events) == limit) {
			last := out.Events[len(out.Events)-1].Timestamp
			same := 0
			for i := len(out.Events) - 1; i >= 0 && out.Events[i].Timestamp == last; i-- {
				same++
			}
			if last == at {
				same += skip
			}
			out.Next = in.token(last, same)
			return out, nil
		}
		out.Events = append(out.Events, e.filtered())
	}
	if stop < end {
		out.Next = in.token(stop+1, 0)
	}
	return out, nil
}

// identifiedEvent is a stored event with an id: that of its place in its stream.
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

func (in *filterInput) position() (at int64, skip int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	rest, ours := strings.CutPrefix(string(text), in.same()+"|")
	first, second, both := strings.Cut(rest, "|")
	at, errAt := strconv.ParseInt(first, 10, 64)
	skip, errSkip := strconv.Atoi(second)
	return at, skip, err == nil && ours && both && errAt == nil && errSkip == nil
}

// same are the members that have to be the same from page to page.
func (in *filterInput) same() string {
	text := func(p *int64) string {
		if p == nil {
			return ""
		}
		return strconv.FormatInt(*p, 10)
	}
	return in.LogGroupName + "|" + text(in.StartTime) + "|" + text(in.EndTime)
}
