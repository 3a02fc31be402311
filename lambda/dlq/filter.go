package dlq

import (
	"slices"
	"strings"
	"time"
)

// Filter chooses messages. What is empty chooses all; a message has to be chosen
// by each of the others.
type Filter struct {
	Reasons []string // * stands for any characters
	Types   []string // * too; a message with many events is chosen by any of them
	UUIDs   []string // of an event in it, or the message's own id
	// OlderThan and NewerThan go by when SQS took the message in.
	OlderThan, NewerThan time.Duration
}

// Empty reports whether the filter chooses all.
func (f *Filter) Empty() bool {
	return len(f.Reasons)+len(f.Types)+len(f.UUIDs) == 0 && f.OlderThan == 0 && f.NewerThan == 0
}

// Chooses reports whether a message is chosen.
func (f *Filter) Chooses(d *Dead, now time.Time) bool {
	age := now.Sub(d.Since)
	switch {
	case f.OlderThan > 0 && age < f.OlderThan, f.NewerThan > 0 && age > f.NewerThan:
		return false
	case len(f.Reasons) > 0 && !slices.ContainsFunc(f.Reasons, func(p string) bool { return like(p, d.Reason) }):
		return false
	case len(f.Types) > 0 && !f.choosesType(d):
		return false
	case len(f.UUIDs) > 0 && !f.choosesID(d):
		return false
	}
	return true
}

func (f *Filter) choosesType(d *Dead) bool {
	return slices.ContainsFunc(f.Types, func(p string) bool {
		if len(d.Events) == 0 {
			return like(p, None)
		}
		return slices.ContainsFunc(d.Events, func(e Ref) bool { return like(p, e.Type) })
	})
}

func (f *Filter) choosesID(d *Dead) bool {
	return slices.Contains(f.UUIDs, d.MessageID) ||
		slices.ContainsFunc(d.Events, func(e Ref) bool { return e.UUID != None && slices.Contains(f.UUIDs, e.UUID) })
}

// like reports whether text is as pattern says, in which * stands for any
// characters.
func like(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, head)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		// The first place is as good as any: what is left is only longer for it.
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
