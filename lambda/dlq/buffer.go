package dlq

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

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

// entry is a message as it is sent, with its size in bytes.
type entry struct {
	*Item
	attribute string
	size      int
}

// Send sends bodies unchanged, each with one attribute: the number of replays, and
// what EventBridge or Lambda wrote on the message.
func (b *Buffer) Send(ctx context.Context, items []*Item) error {
	for _, p := range items {
		p.Err = errNoAnswer // until there is one, also for what is not offered
	}
	var batch []entry
	size := 0
	for _, p := range items {
		e, err := b.entry(p)
		if err != nil {
			p.Err = err
			continue
		}
		if len(batch) == batchEntries || size+e.size > deadletter.MaxMessage {
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

func (b *Buffer) entry(p *Item) (entry, error) {
	value, err := deadletter.Encode(b.note(p))
	if err != nil {
		return entry{}, err
	}
	e := entry{p, value, deadletter.MessageSize(len(p.Message.Body), value)}
	if e.size > deadletter.MaxMessage {
		return e, deadletter.ErrTooLong
	}
	return e, nil
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

// maxSends is how often a batch, or what is left of it, is offered.
const maxSends = 4

// send sends a batch. Entries that fail are sent again without the others.
func (b *Buffer) send(ctx context.Context, batch []entry) error {
	wait := cmp.Or(b.FirstWait, 200*time.Millisecond)
	for try := 1; ; try++ {
		left, err := b.offer(ctx, batch)
		var p *Problem
		if errors.As(err, &p) && p.Permanent {
			return fmt.Errorf("send to queue %s: %w", b.URL, err)
		}
		if len(left) == 0 || try == maxSends || !sleep(ctx, wait) {
			return nil
		}
		batch, wait = left, 2*wait
	}
}

// offer offers a batch once and returns the entries that may be offered again.
func (b *Buffer) offer(ctx context.Context, batch []entry) (left []entry, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(batch))
	for i, e := range batch {
		entries[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(e.Message.Body),
			MessageAttributes: map[string]types.MessageAttributeValue{
				deadletter.Attribute: {DataType: aws.String(deadletter.AttributeType), StringValue: aws.String(e.attribute)},
			},
		}
		e.Err = errNoAnswer
	}
	out, err := b.API.SendMessageBatch(ctx,
		&sqs.SendMessageBatchInput{QueueUrl: aws.String(b.URL), Entries: entries})
	if err != nil {
		p := ProblemOf("SendMessageBatch", err)
		for _, e := range batch {
			e.Err = p
		}
		return batch, p
	}
	readSent(out, batch)
	for _, e := range batch {
		if e.Err != nil && !refused(e.Err) {
			left = append(left, e)
		}
	}
	return left, nil
}

// readSent writes to each entry what a response says about it. An entry is sent
// only with a message id and the MD5 digest of the body that was sent; the digest of
// the attributes is SQS's business.
func readSent(out *sqs.SendMessageBatchOutput, batch []entry) {
	for _, s := range out.Successful {
		i, ok := index(s.Id, len(batch))
		if !ok || aws.ToString(s.MessageId) == "" || aws.ToString(s.MD5OfMessageBody) != md5Of(batch[i].Message.Body) {
			continue
		}
		batch[i].Err, batch[i].SentAs = nil, aws.ToString(s.MessageId)
	}
	for _, f := range out.Failed {
		i, ok := index(f.Id, len(batch))
		if !ok {
			continue
		}
		code := "SendMessageBatch: " + safeWord(aws.ToString(f.Code))
		batch[i].Err = errors.New(code)
		if f.SenderFault {
			batch[i].Err = Refusal(code)
		}
	}
}

// md5Of is the digest with which SQS confirms a body (SendMessageBatchResultEntry,
// API reference, 2026-11).
func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// sleep waits for d, and reports false when ctx ends first.
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
