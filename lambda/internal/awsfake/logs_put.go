package awsfake

import (
	"cmp"
	"slices"
	"time"
)

// Limits of PutLogEvents: its API reference, read from cloudwatchlogs SDK 1.92.0
// of 2026-11-05.
const (
	logBatchBytes  = 1_048_576 // messages in UTF-8 plus logEventBytes for each
	logEventBytes  = 26
	logBatchEvents = 10_000
	logBatchSpan   = 24 * time.Hour      // between the first and last event that are not rejected singly
	logTooNew      = 2 * time.Hour       // further ahead is rejected singly
	logTooOld      = 14 * 24 * time.Hour // older is rejected singly
)

type rejectedInfo struct {
	TooNewStart *int `json:"tooNewLogEventStartIndex,omitempty"` // inclusive: this event and all after it
	TooOldEnd   *int `json:"tooOldLogEventEndIndex,omitempty"`   // exclusive: all events before this one
	ExpiredEnd  *int `json:"expiredLogEventEndIndex,omitempty"`  // exclusive, too
}

// putLogEvents stores a batch. The sequence token is ignored, and puts to one
// stream may run in parallel, as the API reference says.
func (c *Cloud) putLogEvents(r *request, in struct {
	LogGroupName  string          `json:"logGroupName"`
	LogStreamName string          `json:"logStreamName"`
	LogEvents     []inputLogEvent `json:"logEvents"`
}) any {
	events := in.LogEvents
	checkLogEvents(events)
	g := c.existingGroup(in.LogGroupName)
	s := g.stream(in.LogStreamName)
	if s == nil {
		fail(400, "ResourceNotFoundException", "The specified log stream does not exist.")
	}

	// The events are in order of time, so the rejected ones are at the beginning and at the end.
	// Each index is computed separately: an event may be both too old and expired, and the
	// reference does not say that only one index is set then.
	now := millis(r.now)
	count := func(before int64) (n int) {
		for n < len(events) && events[n].Timestamp < before {
			n++
		}
		return n
	}
	var info rejectedInfo
	first, last := 0, len(events)
	if n := count(now - logTooOld.Milliseconds()); n > 0 {
		info.TooOldEnd, first = &n, n
	}
	if days := int64(g.retention.Load()); days > 0 {
		if n := count(now - days*24*time.Hour.Milliseconds()); n > 0 {
			info.ExpiredEnd, first = &n, max(first, n)
		}
	}
	if n := count(now + logTooNew.Milliseconds() + 1); n < len(events) {
		info.TooNewStart, last = &n, n
	}
	if first < last && events[last-1].Timestamp-events[first].Timestamp > logBatchSpan.Milliseconds() {
		logsInvalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}

	if first < last {
		stored := make([]LogEvent, 0, last-first)
		for _, e := range events[first:last] {
			stored = append(stored, LogEvent{s.name, e.Timestamp, string(e.Message), now})
		}
		if !c.opt.Discard {
			s.mu.Lock()
			s.events = append(s.events, stored...)
			s.mu.Unlock()
		}
		if hook := g.hook.Load(); hook != nil {
			(*hook)(stored)
		}
	}
	var out struct {
		NextSequenceToken string        `json:"nextSequenceToken"`
		Rejected          *rejectedInfo `json:"rejectedLogEventsInfo,omitempty"`
	}
	out.NextSequenceToken = "ignored"
	if info != (rejectedInfo{}) {
		out.Rejected = &info
	}
	return out
}

type inputLogEvent struct {
	Message   text  `json:"message"`
	Timestamp int64 `json:"timestamp"`
}

// checkLogEvents refuses a batch that is refused at any time and by any log group.
func checkLogEvents(events []inputLogEvent) {
	if n := len(events); n < 1 || n > logBatchEvents {
		logsInvalid("Value at 'logEvents' failed to satisfy constraint: Member must have length between 1 and %d, not %d",
			logBatchEvents, n)
	}
	size := 0
	for i := range events {
		e := &events[i]
		n := len(e.Message) + logEventBytes
		size += n
		switch {
		case e.Message == "":
			logsInvalid("Value '' at 'logEvents.%d.member.message' failed to satisfy constraint: "+
				"Member must have length greater than or equal to 1", i+1)
		case e.Timestamp < 0:
			logsInvalid("Value '%d' at 'logEvents.%d.member.timestamp' failed to satisfy constraint: "+
				"Member must have value greater than or equal to 0", e.Timestamp, i+1)
		case n > logBatchBytes:
			logsInvalid("Log event too large: %d bytes exceeds limit of %d", n, logBatchBytes)
		}
	}
	if size > logBatchBytes {
		logsInvalid("Upload too large: %d bytes exceeds limit of %d", size, logBatchBytes)
	}
	if !slices.IsSortedFunc(events, func(a, b inputLogEvent) int { return cmp.Compare(a.Timestamp, b.Timestamp) }) {
		logsInvalid("Log events in a single PutLogEvents request must be in chronological order.")
	}
}
