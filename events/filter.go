package events

import (
	"errors"
	"fmt"
	"strings"
)

// Match reports whether pattern matches all of name. In a pattern, * matches any number of any
// characters, also none, and also dots; every other character matches itself. Case matters, as in
// EventBridge's wildcard.
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

// LogStreamEvents matches the event types that report a change of a log stream. They are never
// filtered, and an alarm counts them: somebody may have deactivated this stream.
const LogStreamEvents = "system.log_stream.*"

// Filter selects events by their type. The zero value keeps all events.
type Filter struct {
	include, exclude []string
}

// NewFilter returns a filter of patterns as Match reads them. Without include patterns all types
// are included; exclude takes precedence. A pattern that no event type can match is an error; the
// error names all such patterns.
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
		return errors.New("it is empty; to match all event types write *")
	}
	if i := strings.IndexFunc(pattern, func(r rune) bool {
		return r != '*' && r != '.' && r != '_' && r != '-' &&
			(r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}); i >= 0 {
		return errors.New("an event type has letters, digits, dots, hyphens and underscores; * matches any of them")
	}
	return nil
}

// Keeps reports whether the filter keeps events of this type.
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
