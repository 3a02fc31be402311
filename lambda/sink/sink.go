// Package sink is what every destination of records has in common: the contract Sink, the
// loop that tries again, and the cutting and packing of batches.
//
// A sink answers for each record of a batch, because the ledger counts records. One
// conformance test runs on all sinks.
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
	// Replays is how often the message that the record came in has been replayed.
	Replays int
}

// IsObject reports whether Line looks like a JSON object, by its first and its last byte.
// Any other line would make the whole request invalid.
func (r *Record) IsObject() bool {
	return len(r.Line) >= 2 && r.Line[0] == '{' && r.Line[len(r.Line)-1] == '}'
}

// State is what has become of a record.
type State int

// The states. The zero value is Retry: a record without an answer was not accepted.
const (
	Retry    State = iota // not accepted now; may be sent again
	Accepted              // the destination has confirmed it
	Dead                  // will never be accepted; Reason and Detail say why
)

// Answer is what became of one record.
type Answer struct {
	State  State
	Reason events.Reason // of Dead: TooLarge or Refused
	Detail string        // of Dead: text for a person; holds no content of the record

	Restamped   bool // the record carries the time of delivery instead of its own
	FallbackRaw bool // the event's own bytes were sent, because the record was too long
	// AlreadyThere: the destination held the record before, from a call whose answer
	// was lost or from another copy of the event.
	AlreadyThere bool
	Bytes        int // how many were sent for it
}

// Age is how old, and how far ahead, a record may be to keep its own time at a destination.
// Any other gets the time of delivery instead. The zero value accepts any time.
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

// BatchSink is a Sink whose destination has limits for one call.
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
	// Transient: throttled, 5xx, network, timeout. The same batch may be accepted in a
	// moment.
	Transient Kind = iota
	// Blocked: no permission, no such log group, a key that cannot be used. No batch
	// will be accepted until a person has fixed it, and no record is at fault.
	Blocked
	// Content: the destination refuses the batch for what is in it.
	Content
	// Unknown: the destination refuses the batch for a reason that is not known. The
	// batch may be split to find the record that it is about; a record that is refused
	// alone goes back to the queue.
	Unknown
)

// Error is an error of a destination.
type Error struct {
	Kind Kind
	// RetryAfter is how long the destination asks to wait before another call; 0 where
	// it does not say.
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
