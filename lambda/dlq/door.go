package dlq

import (
	"context"
	"errors"
)

// Parcel is a message on its way back.
type Parcel struct {
	Message *Message
	Dead    *Dead
	// SentAs is the id that it has in the queue it has been sent to.
	SentAs string
	// Err says why it has not been taken; nil: it has.
	Err error
}

// Door is where messages go back in.
type Door interface {
	// Send offers parcels once and writes to each what became of it. An error says
	// that no other parcel will be taken either until a person has mended it.
	Send(ctx context.Context, parcels []*Parcel) error
}

// Refusal is why a message is not taken for what it is: a word, without content.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// ErrTooLong: with what is to be told of it, the message is longer than SQS takes.
const ErrTooLong = Refusal(TooLong)

var errNoWord = errors.New("no_answer")
