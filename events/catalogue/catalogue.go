// Package catalogue lists the event types that Okta has published.
//
// An event with a type that is not in the list is normalised and delivered like any other. The
// ledger counts such events (unknown_type), which shows that Okta has new types.
package catalogue

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// names holds one event type a line, sorted: the 1,274 types of Okta's
// event-types.json (okta/okta-developer-docs, release 2026.08.1) and the 108
// that earlier releases had and that archives still hold.
//
//go:embed event-types.txt
var names string

// All returns the published event types in order. Callers must not change the result.
func All() []string { return list() }

var list = sync.OnceValue(func() []string { return strings.Split(strings.TrimSuffix(names, "\n"), "\n") })

// Known reports whether Okta has published eventType. Case matters.
func Known(eventType string) bool {
	_, found := slices.BinarySearch(list(), eventType)
	return found
}
