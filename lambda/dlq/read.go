package dlq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Limits of standard queues ("Amazon SQS message quotas" and "standard queue
// quotas", developer guide, 2026-11).
const (
	batchEntries = 10
	maxInFlight  = 120_000
)

// spare is how many messages short of SQS's limit of messages in flight reading
// stops: SQS counts approximately, and others may read as well.
const spare = 5_000

// Hidden is how long a message stays hidden that is being looked at, should the
// process die before it gives it back. Should reading take longer than that,
// messages come again, and are known by their ids.
const Hidden = 15 * time.Minute

// Message is a message as it was received.
type Message struct {
	ID, Body   string
	Attributes map[string]types.MessageAttributeValue
	Sent       time.Time // when SQS took it in; a redrive policy leaves that as it is
	Receives   int       // this one included, over all queues; approximate
	DeadFrom   string    // ARN of the queue whose redrive policy moved it here

	received time.Time
	receipt  string
	gone     bool // deleted
	again    bool // to be met as new, should it come again
}

// Reader gives each message of a queue once to Visit, and gives back all that
// Visit does not delete.
type Reader struct {
	Queue *Queue
	// Visit is called by Workers goroutines. An error ends the reading; ErrEnough
	// ends it without being one.
	Visit   func(context.Context, []*Message) error
	Workers int // 1 where it is 0
	// Wait is for how many seconds SQS shall look for messages before it says that
	// there are none. 0 asks a part of its servers only, and is for tests.
	Wait int32
	// Hold is how many messages may be held at once; where it is 0, what SQS allows.
	Hold int
}

// ErrEnough is for a Visit that has what it wants.
var ErrEnough = errors.New("enough")

// Read is what became of a reading.
type Read struct {
	Messages int
	// Full: it stopped short of SQS's limit of messages in flight. There may be
	// more.
	Full bool
	// Hidden is how many messages could not be given back. They come back by
	// themselves.
	Hidden int
}

type reading struct {
	*Reader
	mu       sync.Mutex
	held     map[string]string // receipts, by message id
	pending  int               // messages being received and visited, at most
	messages int
	failures int // of calls, one after the other
	full     bool
	stop     error
}

// Run reads to the end of the queue, to Visit's end, or to the limit.
func (r *Reader) Run(ctx context.Context) (Read, error) {
	g := &reading{Reader: r, held: map[string]string{}}
	if g.Hold == 0 {
		g.Hold = max(maxInFlight-spare-r.Queue.InFlight, 0)
	}
	var workers sync.WaitGroup
	for range max(r.Workers, 1) {
		workers.Go(func() { g.work(ctx) })
	}
	workers.Wait()
	read := Read{Messages: g.messages, Full: g.full}
	// Also when it was interrupted, and then above all.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	read.Hidden = g.giveBack(after)
	switch {
	case g.stop != nil && !errors.Is(g.stop, ErrEnough):
		return read, g.stop
	case ctx.Err() != nil:
		return read, ctx.Err()
	}
	return read, nil
}

// ends is how many times in a row a queue has to be empty to be so.
const ends = 2

func (g *reading) work(ctx context.Context) {
	for empty := 0; empty < ends && ctx.Err() == nil && g.reserve(); {
		messages, answered, err := g.receive(ctx)
		switch {
		case len(messages) > 0:
			err = g.visit(ctx, messages)
			empty = 0
		case answered:
			empty++
		}
		g.release(err)
	}
}

// reserve makes room for a batch, or reports that nothing is to be read any more.
func (g *reading) reserve() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop != nil {
		return false
	}
	if len(g.held)+g.pending+batchEntries > g.Hold {
		g.full = true
		return false
	}
	g.pending += batchEntries
	return true
}

func (g *reading) release(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending -= batchEntries
	if err != nil && g.stop == nil {
		g.stop = err
	}
}

// receiveTime is how long a receive may take, its long poll included.
const receiveTime = 15 * time.Second

// tries is how many calls in a row may fail, after the SDK's own tries.
const tries = 5

// receive receives a batch. A call that failed once is no reason to end, and does
// not say that the queue is empty either.
//
// It is not interrupted: what SQS has handed out and nobody has heard of would stay
// hidden.
func (g *reading) receive(ctx context.Context) (messages []types.Message, answered bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiveTime)
	defer cancel()
	out, err := g.Queue.API.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:            aws.String(g.Queue.URL),
		MaxNumberOfMessages: batchEntries,
		WaitTimeSeconds:     g.Wait,
		// Never 0: the SDK does not send that, and the queue's own would hold.
		VisibilityTimeout:           int32(Hidden.Seconds()),
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.failures = 0
		return out.Messages, true, nil
	}
	p := ProblemOf("ReceiveMessage", err)
	if p.Code == "OverLimit" {
		g.full = true
		return nil, false, ErrEnough
	}
	if g.failures++; p.Permanent || g.failures >= tries {
		return nil, false, fmt.Errorf("read queue %s: %w", g.Queue.Name, p)
	}
	return nil, false, nil
}

// visit has the messages visited that are new, and holds on to those that stay.
func (g *reading) visit(ctx context.Context, received []types.Message) error {
	now := g.Queue.Now()
	messages := make([]*Message, 0, len(received))
	g.mu.Lock()
	for i := range received {
		m := newMessage(&received[i], now)
		if _, known := g.held[m.ID]; known {
			g.held[m.ID] = m.receipt // the older one has lost its force
			continue
		}
		g.messages++
		messages = append(messages, m)
	}
	g.mu.Unlock()
	if len(messages) == 0 {
		return nil
	}
	var err error
	if ctx.Err() == nil {
		err = g.Visit(ctx, messages)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range messages {
		if m.again {
			g.messages--
		}
		if !m.gone && !m.again {
			g.held[m.ID] = m.receipt
		}
	}
	return err
}

func newMessage(m *types.Message, now time.Time) *Message {
	stamp := func(name types.MessageSystemAttributeName) time.Time {
		ms, err := strconv.ParseInt(m.Attributes[string(name)], 10, 64)
		if err != nil {
			return time.Time{}
		}
		return time.UnixMilli(ms).UTC()
	}
	receives, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	return &Message{
		// Copies: what is held on to must not hold on to the whole answer.
		ID: strings.Clone(aws.ToString(m.MessageId)), Body: aws.ToString(m.Body), Attributes: m.MessageAttributes,
		Sent:     stamp(types.MessageSystemAttributeNameSentTimestamp),
		Receives: receives,
		DeadFrom: m.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)],
		received: now, receipt: strings.Clone(aws.ToString(m.ReceiptHandle)),
	}
}
