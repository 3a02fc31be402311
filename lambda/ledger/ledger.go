// Package ledger counts what became of every record.
//
// Its equation is the product's promise, and holds for every invocation and
// every run that ended:
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
	// Received is every record that came in, whatever it turned out to be.
	Received int64 `json:"received"`
	// Delivered has the destination's own yes; AcceptedByEventBridge has EventBridge's,
	// which is not yet Datadog's.
	Delivered             int64 `json:"delivered"`
	AcceptedByEventBridge int64 `json:"accepted_by_eventbridge"`
	// Duplicate is a second copy, byte for byte, within one batch.
	Duplicate int64 `json:"duplicate"`
	Filtered  int64 `json:"filtered"`
	// Returned goes back to the queue; Exhausted goes back at its last receive.
	Returned  int64 `json:"returned"`
	Exhausted int64 `json:"exhausted"`
	// Dead waits for a person, with its reason.
	Dead int64 `json:"dead"`

	// What follows are notes, no terms of the equation.

	// UnknownType is an event type that Okta had not published (see catalogue).
	UnknownType int64 `json:"unknown_type"`
	// Conflict is a uuid that came again within a batch with other bytes.
	Conflict int64 `json:"conflict"`
	// Restamped records carry the time of delivery, because the destination
	// would have dropped them for their age.
	Restamped int64 `json:"restamped"`
	// DeadLetterFailed is poison whose copy could not be made; it went back.
	DeadLetterFailed int64 `json:"dead_letter_failed"`
	// FallbackRaw records were too long normalised and went as the event's own bytes.
	FallbackRaw int64 `json:"fallback_raw"`
	BytesIn     int64 `json:"bytes_in"`
	BytesOut    int64 `json:"bytes_out"`
	Batches     int64 `json:"batches"`
}

// Unbalanced is what is said of a ledger whose equation does not hold.
const Unbalanced = "the ledger does not balance: this is a fault of oktastream, please report it"

// Balanced reports whether the equation holds. Where it does not, that is a
// fault of ours.
func (l Ledger) Balanced() bool {
	return l.Received == l.Delivered+l.AcceptedByEventBridge+l.Duplicate+l.Filtered+l.Returned+l.Exhausted+l.Dead
}

// Add adds other to l.
func (l *Ledger) Add(other Ledger) {
	l.Received += other.Received
	l.Delivered += other.Delivered
	l.AcceptedByEventBridge += other.AcceptedByEventBridge
	l.Duplicate += other.Duplicate
	l.Filtered += other.Filtered
	l.Returned += other.Returned
	l.Exhausted += other.Exhausted
	l.Dead += other.Dead
	l.UnknownType += other.UnknownType
	l.Conflict += other.Conflict
	l.Restamped += other.Restamped
	l.DeadLetterFailed += other.DeadLetterFailed
	l.FallbackRaw += other.FallbackRaw
	l.BytesIn += other.BytesIn
	l.BytesOut += other.BytesOut
	l.Batches += other.Batches
}

// Lines says it to a person: the equation with its terms that are not zero, then
// the notes that are not zero.
func (l Ledger) Lines() []string {
	var terms, notes []string
	for _, t := range []struct {
		name string
		n    int64
	}{
		{"delivered", l.Delivered}, {"accepted_by_eventbridge", l.AcceptedByEventBridge}, {"duplicate", l.Duplicate}, {"filtered", l.Filtered},
		{"returned", l.Returned}, {"exhausted", l.Exhausted}, {"dead", l.Dead},
	} {
		if t.n != 0 {
			terms = append(terms, fmt.Sprintf("%d %s", t.n, t.name))
		}
	}
	if len(terms) == 0 {
		terms = []string{"0"}
	}
	for _, t := range []struct {
		name string
		n    int64
	}{
		{"unknown_type", l.UnknownType}, {"conflict", l.Conflict}, {"restamped", l.Restamped},
		{"dead_letter_failed", l.DeadLetterFailed}, {"fallback_raw", l.FallbackRaw},
	} {
		if t.n != 0 {
			notes = append(notes, fmt.Sprintf("%d %s", t.n, t.name))
		}
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

// JSON is the ledger as one JSON object; its keys are the words of the metrics.
func (l Ledger) JSON() []byte {
	text, err := json.Marshal(l)
	if err != nil {
		panic("a struct of integers cannot be written as JSON: " + err.Error())
	}
	return text
}
