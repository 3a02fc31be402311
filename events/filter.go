package events

import (
	"errors"
	"fmt"
	"strings"
)

// Match reports whether an event type matches pattern, in which * stands for
// any run of characters, dots too. Upper and lower case differ, as they do in
// EventBridge's wildcard.
func Match(pattern, eventType string) bool {
	star, mark := -1, 0
	p, s := 0, 0
	for s < len(eventType) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, s
			p++
		case p < len(pattern) && pattern[p] == eventType[s]:
			p++
			s++
		case star >= 0:
			mark++
			p, s = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// LogStreamEvents matches the event types that report a change of a log stream.
// They are never filtered, and an alarm counts them: somebody may have switched
// this stream off.
const LogStreamEvents = "system.log_stream.*"

// Filter chooses events by their type. The zero value lets everything through.
type Filter struct {
	include, exclude []string
}

// NewFilter makes a filter of patterns as Match reads them. With no include
// everything is included; exclude beats include. A pattern that no event type
// can match is an error; all of them are reported at once.
func NewFilter(include, exclude []string) (Filter, error) {
	var faults []error
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"include", include}, {"exclude", exclude}} {
		for _, pattern := range list.patterns {
			if err := checkPattern(pattern); err != nil {
				faults = append(faults, fmt.Errorf("%s pattern %q: %w", list.name, pattern, err))
			}
		}
	}
	return Filter{include, exclude}, errors.Join(faults...)
}

func checkPattern(pattern string) error {
	if pattern == "" {
		return errors.New("it is empty; to match everything write *")
	}
	if i := strings.IndexFunc(pattern, func(r rune) bool {
		return r != '*' && r != '.' && r != '_' && r != '-' &&
			(r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}); i >= 0 {
		return errors.New("an event type holds letters, digits, dots, hyphens and underscores; * stands for any of them")
	}
	return nil
}

// Keeps reports whether events of this type go through.
func (f Filter) Keeps(eventType string) bool {
	if len(f.include)+len(f.exclude) == 0 || Match(LogStreamEvents, eventType) {
		return true
	}
	for _, pattern := range f.exclude {
		if Match(pattern, eventType) {
			return false
		}
	}
	for _, pattern := range f.include {
		if Match(pattern, eventType) {
			return true
		}
	}
	return len(f.include) == 0
}
