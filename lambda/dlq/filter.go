package dlq

import (
	"slices"
	"time"

	"github.com/oktastream/oktastream/events"
)

// Filter chooses messages. An empty field chooses all; a message has to be chosen
// by every field that is not empty. Patterns are as events.Match reads them.
type Filter struct {
	Reasons []string // of the reason, or of EventBridge's or Lambda's code
	Types   []string // of an event type; a message with many events is chosen by any of them
	UUIDs   []string // of the uuid of an event in it, or of the message's id
	// OlderThan and NewerThan compare with the time at which SQS accepted the message.
	OlderThan, NewerThan time.Duration
}

// Empty reports whether the filter chooses all messages.
func (f *Filter) Empty() bool {
	return len(f.Reasons)+len(f.Types)+len(f.UUIDs) == 0 && f.OlderThan == 0 && f.NewerThan == 0
}

// patternList is one of a filter's lists of patterns, and how messages match it.
type patternList struct {
	patterns *[]string
	matches  func(patterns []string, d *Dead) bool
}

func (f *Filter) lists() [3]patternList {
	return [...]patternList{{&f.Reasons, matchReason}, {&f.Types, matchType}, {&f.UUIDs, matchID}}
}

// Patterns returns a copy of the filter without its ages.
func (f *Filter) Patterns() (p Filter) {
	from, to := f.lists(), p.lists()
	for i := range from {
		*to[i].patterns = slices.Clone(*from[i].patterns)
	}
	return p
}

// Chooses reports whether the filter chooses a message at the given time.
func (f *Filter) Chooses(d *Dead, now time.Time) bool {
	age := now.Sub(d.Since)
	if f.OlderThan > 0 && age < f.OlderThan || f.NewerThan > 0 && age > f.NewerThan {
		return false
	}
	for _, l := range f.lists() {
		if len(*l.patterns) > 0 && !l.matches(*l.patterns, d) {
			return false
		}
	}
	return true
}

func matchReason(patterns []string, d *Dead) bool {
	return matchesAny(patterns, d.Reason) || d.Code != None && matchesAny(patterns, d.Code)
}

func matchType(patterns []string, d *Dead) bool {
	if len(d.Events) == 0 {
		return matchesAny(patterns, None)
	}
	return slices.ContainsFunc(d.Events, func(e Ref) bool { return matchesAny(patterns, e.Type) })
}

func matchID(patterns []string, d *Dead) bool {
	return matchesAny(patterns, d.MessageID) ||
		slices.ContainsFunc(d.Events, func(e Ref) bool { return e.UUID != None && matchesAny(patterns, e.UUID) })
}

func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return events.Match(p, text) })
}
