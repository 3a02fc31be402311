package pattern

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

type kind int

const (
	exact kind = iota
	prefix
	suffix
	wildcard
)

// String returns the operator's name in an event pattern.
func (k kind) String() string { return [...]string{"exact", "prefix", "suffix", "wildcard"}[k] }

func kindOf(glob string) kind {
	star := strings.IndexByte(glob, '*')
	switch {
	case star < 0:
		return exact
	case strings.Count(glob, "*") > 1 || glob == "*":
		return wildcard
	case star == len(glob)-1:
		return prefix
	case star == 0:
		return suffix
	}
	return wildcard
}

// escape converts a glob to a wildcard of EventBridge, in which a backslash is the only other
// special character.
func escape(glob string) string { return strings.ReplaceAll(glob, `\`, `\\`) }

// covers reports whether a matches every text that b matches. It matches a against b as a text:
// only a star of a matches a star of b, and then it matches everything that b's star does.
func covers(a, b string) bool { return events.Match(a, b) }

// reduce removes globs that another one covers, and merges "consecutive wildcard characters", which
// EventBridge refuses.
func reduce(globs []string) []string {
	single := make([]string, len(globs))
	for i, glob := range globs {
		for strings.Contains(glob, "**") {
			glob = strings.ReplaceAll(glob, "**", "*")
		}
		single[i] = glob
	}
	var kept []string
	for i, glob := range single {
		if !slices.ContainsFunc(single[:i], func(other string) bool { return covers(other, glob) }) &&
			!slices.ContainsFunc(single[i+1:], func(other string) bool { return covers(other, glob) && !covers(glob, other) }) {
			kept = append(kept, glob)
		}
	}
	return kept
}

// effective returns the exclude patterns that have an effect: log stream events are
// never excluded.
func effective(exclude []string) []string {
	return slices.DeleteFunc(reduce(exclude), func(glob string) bool { return covers(logStreamPrefix+"*", glob) })
}

// hitsLogStream reports whether a glob of effective matches a log stream event.
func hitsLogStream(glob string) bool {
	literal, _, starred := strings.Cut(glob, "*")
	return starred && strings.HasPrefix(logStreamPrefix, literal)
}

// Empty returns in one sentence why a filter matches only system.log_stream.*, or "" if it matches
// more: exclude covers everything, or each include pattern is covered by an exclude pattern. For an
// include of only such events, which is intended, it returns "".
//
// It compares the patterns, not Okta's event types: a filter for which it returns "" may still
// match none of them.
func Empty(include, exclude []string) string {
	exclude = effective(exclude)
	if slices.Contains(exclude, "*") {
		return "exclude covers every event type"
	}
	var covered []string
	for _, glob := range effective(include) {
		i := slices.IndexFunc(exclude, func(other string) bool { return covers(other, glob) })
		if i < 0 {
			return ""
		}
		covered = append(covered, fmt.Sprintf("%s is within exclude's %s", glob, exclude[i]))
	}
	if covered == nil {
		return ""
	}
	return "exclude covers every include pattern: " + strings.Join(covered, ", ")
}
