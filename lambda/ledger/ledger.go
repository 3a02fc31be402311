// Package ledger counts the outcome of every record.
//
// This equation is true for every invocation and every run that ended:
//
//	received = delivered + accepted_by_eventbridge + duplicate + filtered + returned + exhausted + dead
package ledger

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Ledger counts records, bytes and batches. The zero value is an empty ledger.
type Ledger struct {
	// Received is every record that came in, valid or not.
	Received int64 `json:"received"`
	// Delivered was accepted by the destination itself; AcceptedByEventBridge by EventBridge, which
	// posts it to Datadog later.
	Delivered             int64 `json:"delivered"`
	AcceptedByEventBridge int64 `json:"accepted_by_eventbridge"`
	// Duplicate is a second copy, byte for byte, within one batch.
	Duplicate int64 `json:"duplicate"`
	Filtered  int64 `json:"filtered"`
	// Returned goes back to the queue; Exhausted goes back at its last receive.
	Returned  int64 `json:"returned"`
	Exhausted int64 `json:"exhausted"`
	// Dead is in the queue `dead`, with its reason.
	Dead int64 `json:"dead"`

	// The following are notes and not terms of the equation.

	// UnknownType is an event type that Okta had not published (see catalogue).
	UnknownType int64 `json:"unknown_type"`
	// Conflict is an event with a uuid that came before within the batch, with other bytes.
	Conflict int64 `json:"conflict"`
	// Restamped records have the time of delivery, because the destination would have dropped them
	// for their age.
	Restamped int64 `json:"restamped"`
	// DeadLetterFailed is a record that could not be copied to the queue `dead`; it
	// went back.
	DeadLetterFailed int64 `json:"dead_letter_failed"`
	// FallbackRaw records were too long after normalising and were sent as the
	// event's own bytes.
	FallbackRaw int64 `json:"fallback_raw"`
	// StreamChanged is an event system.log_stream.*: a log stream in Okta was changed.
	StreamChanged int64 `json:"stream_changed"`
	// AlreadyThere records were at the destination before, from a call with a lost response or from
	// another copy of the event.
	AlreadyThere int64 `json:"already_there"`
	// RefusedByDestination records went back because the destination refuses all requests, because
	// of a setting or for an unknown reason.
	RefusedByDestination int64 `json:"refused_by_destination"`
	BytesIn              int64 `json:"bytes_in"`
	BytesOut             int64 `json:"bytes_out"`
	Batches              int64 `json:"batches"`
}

// Unbalanced is the text for a ledger with an equation that is not true.
const Unbalanced = "the ledger does not balance: this is a fault of oktastream, please report it"

// Balanced reports whether the equation is true. If it is not, oktastream has a fault.
func (l Ledger) Balanced() bool {
	sum := int64(0)
	for _, w := range words {
		if w.kind == term {
			sum += *w.of(&l)
		}
	}
	return l.Received == sum
}

// Add adds other to l.
func (l *Ledger) Add(other Ledger) {
	for _, w := range words {
		*w.of(l) += *w.of(&other)
	}
}

// Lines returns the ledger for a person: the equation with its terms that are not zero, the notes
// that are not zero, the bytes, and Unbalanced if it is.
func (l Ledger) Lines() []string {
	list := func(k kind) (texts []string) {
		for _, w := range words {
			if n := *w.of(&l); w.kind == k && n != 0 {
				texts = append(texts, fmt.Sprintf("%d %s", n, w.name))
			}
		}
		return texts
	}
	terms, notes := list(term), list(note)
	if len(terms) == 0 {
		terms = []string{"0"}
	}
	lines := []string{fmt.Sprintf("%d received = %s", l.Received, strings.Join(terms, " + "))}
	if len(notes) > 0 {
		lines = append(lines, "of these: "+strings.Join(notes, ", "))
	}
	lines = append(lines, fmt.Sprintf("%d bytes in, %d bytes out", l.BytesIn, l.BytesOut))
	if !l.Balanced() {
		lines = append(lines, Unbalanced)
	}
	return lines
}

// JSON returns the ledger as one JSON object; its keys are the names of the metrics.
func (l Ledger) JSON() []byte {
	text, err := json.Marshal(l)
	if err != nil {
		panic("a struct of integers cannot be written as JSON: " + err.Error())
	}
	return text
}
