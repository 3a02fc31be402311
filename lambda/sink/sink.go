// Package sink is where records go.
//
// A sink gets a batch and answers for each record of it: the ledger counts records,
// not batches. One conformance test runs on all sinks.
package sink

import (
	"context"
	"errors"
	"time"

	"github.com/oktastream/oktastream/events"
)

// Record is one normalised event.
type Record struct {
	Line   []byte // one line of JSON, without its end
	UUID   string // the event's, for messages about it
	TimeMS int64  // when Okta published it, in milliseconds since 1970
	Org    string // the Okta org that it is from; "" where nothing says
	// Raw is the event's own bytes, one line, to fall back on where Line is too
	// long for the destination. It may be nil: there is nothing to fall back on.
	Raw []byte
	// Replays is how often what brought the record has been replayed.
	Replays int
}

// IsObject reports whether Line looks like a JSON object, by its first and its last byte.
// A line that is none would spoil the request around it.
func (r *Record) IsObject() bool {
	return len(r.Line) >= 2 && r.Line[0] == '{' && r.Line[len(r.Line)-1] == '}'
}

// State is what has become of a record.
type State int

// The states. The zero value is Retry: a record without an answer has not
// arrived.
const (
	Retry    State = iota // not accepted now; may be sent again
	Accepted              // the destination has confirmed it
	Dead                  // will never be accepted; Reason and Detail say why
)

// Answer is what became of one record.
type Answer struct {
	State  State
	Reason events.Reason // of Dead: TooLarge or Refused
	Detail string        // of Dead: in words; holds no content of the record

	Restamped   bool // the record carries the time of delivery instead of its own
	FallbackRaw bool // the event's own bytes were sent, because the record was too long
	// AlreadyThere: the destination held the record before, from a call whose answer
	// was lost or from another copy of the event.
	AlreadyThere bool
	Bytes        int // what was sent for it
}

// Age is which records a destination takes with their own time. What is older or
// further ahead gets the time of delivery instead. The zero value takes any time.
type Age struct {
	Past, Ahead time.Duration
}

// Keeps reports whether a record of timeMS, in milliseconds since 1970, keeps its time
// when it is sent at now.
func (a Age) Keeps(timeMS int64, now time.Time) bool {
	if a == (Age{}) {
		return true
	}
	age := now.Sub(time.UnixMilli(timeMS))
	return age <= a.Past && age >= -a.Ahead
}

// Sink sends records. Deliver writes the answer for records[i] to answers[i], which
// has the same length and is zero before, and sends each batch once: the caller
// tries again. An error says why records stay at Retry; it is an *Error where more
// is known.
type Sink interface {
	Deliver(ctx context.Context, records []Record, answers []Answer) error
}

// BatchSink is a Sink whose destination takes so much in one call and no more.
type BatchSink interface {
	Sink
	// Cut returns the indexes of records in batches, each for one Deliver, which
	// then makes one call for it. A part of a batch is a batch.
	Cut(records []Record) [][]int
}

// CallTimeout is how long one call of a destination may take, from the connection to the
// last byte of the response. A batch of 1 MB takes well under a second.
const CallTimeout = 10 * time.Second

// Kind says what an error means for another try.
type Kind int

// The kinds.
const (
	// Transient: throttled, 5xx, network, timeout. The same batch may go through
	// in a moment.
	Transient Kind = iota
	// Blocked: no permission, no such log group, a key that cannot be used. No
	// batch will go through until a person has fixed it, and no record is at
	// fault.
	Blocked
	// Content: the destination refuses the batch for what is in it.
	Content
	// Unknown: the destination refuses the batch and does not say why in any way
	// that is known. The batch may be split to find out what it is about; a
	// record that is refused alone goes back.
	Unknown
)

// Error is an error of a destination.
type Error struct {
	Kind Kind
	// RetryAfter is how long the destination asks to be left alone; 0 where it
	// does not say.
	RetryAfter time.Duration
	Err        error // names the call and the error's code, never the content
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error; one without a kind is Transient.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Transient
}
