package dlq

import (
	"context"
	"time"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// Buffer is the target of a pipeline with a buffer queue: the function accepts a
// replayed message of any form from there.
type Buffer struct {
	API     API
	URL     string
	Version string // of oktastream
	// FirstWait is the first wait before another try; 200 ms where it is 0.
	FirstWait time.Duration
}

// Send sends bodies unchanged, each with one attribute: the number of replays, and
// what EventBridge or Lambda wrote on the message.
func (b *Buffer) Send(ctx context.Context, items []*Item) error {
	list := make([]*Outgoing, 0, len(items))
	sent := make([]*Item, 0, len(items))
	for _, p := range items {
		value, err := deadletter.Encode(b.note(p))
		if p.Err = err; err == nil {
			list, sent = append(list, &Outgoing{Body: p.Message.Body, Attribute: value}), append(sent, p)
		}
	}
	err := SendMessages(ctx, b.API, b.URL, list, b.FirstWait)
	for i, p := range sent {
		p.SentAs, p.Err = list[i].SentAs, list[i].Err
	}
	return err
}

// note is the reason and the history of a message. Every replay carries it on.
func (b *Buffer) note(p *Item) deadletter.Note {
	n := deadletter.Note{}
	if p.Dead.Note != nil {
		n = *p.Dead.Note
	}
	n.Version = b.Version
	n.Replays = p.Dead.Replays + 1
	n.Receives = max(n.Receives, p.Dead.Attempts)
	if n.FirstSeen.IsZero() {
		n.FirstSeen = firstKnown(p.Dead.FirstFailure, p.Dead.LastFailure, p.Dead.Since)
	}
	eb := map[string]string{}
	for key, value := range n.EventBridge {
		eb[key] = value
	}
	for key := range p.Message.Attributes {
		if value := attribute(p.Message, key); key != deadletter.Attribute && value != "" {
			eb[key] = value
		}
	}
	n.EventBridge = eb
	return n
}

func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
