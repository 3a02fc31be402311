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

// String is the operator's name in an event pattern.
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

// escape makes a glob a wildcard of EventBridge, in which a backslash is the only other special character.
func escape(glob string) string { return strings.ReplaceAll(glob, `\`, `\\`) }

// covers reports whether a matches every text that b matches. It matches a against
// b as a text: only a star of a matches a star of b, and it then matches whatever
// b's star does.
func covers(a, b string) bool { return events.Match(a, b) }

// reduce returns the globs without those that another one covers and with
// "consecutive wildcard characters", which EventBridge refuses, made one.
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

// Empty says in one sentence why a filter lets nothing through but
// system.log_stream.*, or "" if it lets something through: exclude covers
// everything, or each include pattern is covered by an exclude pattern. An include of only such events is intended: "".
//
// It compares the patterns, not Okta's event types: a filter for which it returns "" may still match none of them.
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
