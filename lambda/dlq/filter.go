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

// Chooses reports whether the filter chooses a message at the given time.
func (f *Filter) Chooses(d *Dead, now time.Time) bool {
	age := now.Sub(d.Since)
	switch {
	case f.OlderThan > 0 && age < f.OlderThan, f.NewerThan > 0 && age > f.NewerThan:
		return false
	case len(f.Reasons) > 0 && !matchesAny(f.Reasons, d.Reason) && (d.Code == None || !matchesAny(f.Reasons, d.Code)):
		return false
	case len(f.Types) > 0 && !f.choosesType(d):
		return false
	case len(f.UUIDs) > 0 && !f.choosesID(d):
		return false
	}
	return true
}

func (f *Filter) choosesType(d *Dead) bool {
	if len(d.Events) == 0 {
		return matchesAny(f.Types, None)
	}
	return slices.ContainsFunc(d.Events, func(e Ref) bool { return matchesAny(f.Types, e.Type) })
}

func (f *Filter) choosesID(d *Dead) bool {
	return matchesAny(f.UUIDs, d.MessageID) ||
		slices.ContainsFunc(d.Events, func(e Ref) bool { return e.UUID != None && matchesAny(f.UUIDs, e.UUID) })
}

func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return events.Match(p, text) })
}
