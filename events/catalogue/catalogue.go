// Package catalogue knows the names of the event types that Okta has published.
//
// The list decides nothing: an event whose type is not in it is normalised and
// delivered like any other. It only lets the ledger count such events, so that
// somebody notices when Okta has moved on.
package catalogue

import (
	_ "embed"
	"strings"
)

// names holds one event type a line, sorted: the 1,274 types of Okta's
// event-types.json (okta/okta-developer-docs, release 2026.08.1) and the 108
// that earlier releases had and that archives still hold.
//
//go:embed event-types.txt
var names string

// Known reports whether eventType is one that Okta has published. It compares
// as Okta spells: case-sensitively.
func Known(eventType string) bool {
	if eventType == "" {
		return false
	}
	low, high := 0, len(names)
	for low < high {
		start := low + (high-low)/2
		start = strings.LastIndexByte(names[:start], '\n') + 1
		end := start + strings.IndexByte(names[start:], '\n')
		switch name := names[start:end]; {
		case name == eventType:
			return true
		case name < eventType:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}

// All lists the published event types in order.
func All() []string { return strings.Split(strings.TrimSuffix(names, "\n"), "\n") }
