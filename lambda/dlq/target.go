package dlq

import (
	"context"
	"errors"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// Item is a message that is being replayed.
type Item struct {
	Message *Message
	Dead    *Dead
	// SentAs is the message id in the queue it was sent to.
	SentAs string
	// Err says why the target did not accept it; nil: it did.
	Err error
}

// Target is where messages are replayed to.
type Target interface {
	// Send offers items once and writes the result to each. An error says that the
	// target will accept no other item either until a person has fixed the cause.
	Send(ctx context.Context, items []*Item) error
}

// Refusal is why a message is not accepted because of its content: one word.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// Refused reports whether err is about the message itself, and not about the target.
func Refused(err error) bool {
	var r Refusal
	return errors.As(err, &r) || errors.Is(err, deadletter.ErrTooLong)
}

var errNoAnswer = errors.New("no_answer")
