package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// maxMessage is the size in bytes of the longest message and of the longest batch,
// with names, types and values of attributes (Amazon SQS, "Message quotas",
// 2026-11).
const maxMessage = 1 << 20

// Buffer is the door of a pipeline with a buffer queue: the function takes what
// comes back there in whatever form.
type Buffer struct {
	API     API
	URL     string
	Version string // of oktastream
	// FirstWait is the first wait before another try; 200 ms where it is 0.
	FirstWait time.Duration
}

// entry is a message as it is sent.
type entry struct {
	*Parcel
	attribute string
	size      int
}

// Send sends bodies as they are, each with the one attribute that tells of the
// replay and holds what EventBridge or Lambda wrote on the message.
func (b *Buffer) Send(ctx context.Context, parcels []*Parcel) error {
	for _, p := range parcels {
		p.Err = errNoWord // until there is one, also where we do not get to it
	}
	var batch []entry
	size := 0
	for _, p := range parcels {
		e, err := b.entry(p)
		if err != nil {
			p.Err = err
			continue
		}
		if len(batch) == batchEntries || size+e.size > maxMessage {
			if err := b.send(ctx, batch); err != nil {
				return err
			}
			batch, size = nil, 0
		}
		batch, size = append(batch, e), size+e.size
	}
	if len(batch) == 0 {
		return nil
	}
	return b.send(ctx, batch)
}

func (b *Buffer) entry(p *Parcel) (entry, error) {
	value, err := deadletter.Encode(b.note(p))
	if err != nil {
		return entry{}, err
	}
	e := entry{p, value, len(p.Message.Body) + len(deadletter.Attribute) + len(attributeType) + len(value)}
	if e.size > maxMessage {
		return e, ErrTooLong
	}
	return e, nil
}

const attributeType = "String"

// note is what is told of a message from its first death on: it goes with it
// through every replay.
func (b *Buffer) note(p *Parcel) deadletter.Note {
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

// sends is how often a batch, or what is left of it, is offered.
const sends = 4

// send sends a batch. What fails by itself is sent again by itself.
func (b *Buffer) send(ctx context.Context, batch []entry) error {
	wait := cmp.Or(b.FirstWait, 200*time.Millisecond)
	for try := 1; ; try++ {
		left, err := b.offer(ctx, batch)
		var p *Problem
		if errors.As(err, &p) && p.Permanent {
			return fmt.Errorf("send to queue %s: %w", b.URL, err)
		}
		if len(left) == 0 || try == sends || !sleep(ctx, wait) {
			return nil
		}
		batch, wait = left, 2*wait
	}
}

// offer offers a batch once and returns those that may be offered again.
func (b *Buffer) offer(ctx context.Context, batch []entry) (left []entry, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(batch))
	for i, e := range batch {
		entries[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(e.Message.Body),
			MessageAttributes: map[string]types.MessageAttributeValue{
				deadletter.Attribute: {DataType: aws.String(attributeType), StringValue: aws.String(e.attribute)},
			},
		}
		e.Err = errNoWord
	}
	out, err := b.API.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(b.URL), Entries: entries})
	if err != nil {
		p := ProblemOf("SendMessageBatch", err)
		for _, e := range batch {
			e.Err = p
		}
		return batch, p
	}
	at := func(id *string) *Parcel {
		i, err := strconv.Atoi(aws.ToString(id))
		if err != nil || i < 0 || i >= len(batch) {
			return nil
		}
		return batch[i].Parcel
	}
	for _, s := range out.Successful {
		if p := at(s.Id); p != nil {
			p.Err, p.SentAs = nil, aws.ToString(s.MessageId)
		}
	}
	for _, f := range out.Failed {
		if p := at(f.Id); p != nil {
			code := "SendMessageBatch: " + word(aws.ToString(f.Code))
			p.Err = errors.New(code)
			if f.SenderFault {
				p.Err = Refusal(code)
			}
		}
	}
	for _, e := range batch {
		var refusal Refusal
		if e.Err != nil && !errors.As(e.Err, &refusal) {
			left = append(left, e)
		}
	}
	return left, nil
}

// sleep waits, and reports false where there is no time for it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
