// Package sink is where records go.
//
// A sink takes a batch and answers for each record of it: the ledger knows of no
// "batch failed". What the sinks of this package have in common with those that
// speak to AWS is proved by one conformance test.
package sink

import "context"

// Record is one normalised event.
type Record struct {
	Line   []byte // one line of JSON, without its end
	UUID   string // the event's, for messages about it
	TimeMS int64  // when Okta published it, in milliseconds since 1970
}

// State is what has become of a record.
type State int

// The states. The zero value is Retry: a record that nobody has answered for
// has not arrived.
const (
	Retry    State = iota // not taken now; may be offered again
	Accepted              // the destination has said yes
	Dead                  // will never be taken; Reason says why
)

// Answer is a sink's word on one record.
type Answer struct {
	State  State
	Reason string // of Dead
}

// Sink takes records. Deliver writes its word on records[i] to answers[i], which
// is as long and comes zeroed. An error says what went wrong with those that
// were not accepted; it is not needed to understand the answers.
type Sink interface {
	Deliver(ctx context.Context, records []Record, answers []Answer) error
}
