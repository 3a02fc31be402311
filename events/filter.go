package events

import (
	"errors"
	"fmt"
	"strings"
)

// Match reports whether pattern matches all of name. In a pattern, * stands for
// any number of any characters, none and dots included; every other character
// stands for itself. Upper and lower case differ, as in EventBridge's wildcard.
func Match(pattern, name string) bool {
	prefix, pattern, starred := strings.Cut(pattern, "*")
	name, found := strings.CutPrefix(name, prefix)
	if !starred {
		return found && name == ""
	}
	for found {
		part, rest, more := strings.Cut(pattern, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		_, name, found = strings.Cut(name, part)
		pattern = rest
	}
	return false
}

// pipeEvents are never filtered: they tell that somebody switched the stream
// itself off, which no alarm behind a stream can learn otherwise.
const pipeEvents = "system.log_stream.*"

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
	if len(f.include)+len(f.exclude) == 0 || Match(pipeEvents, eventType) {
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
