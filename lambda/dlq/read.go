package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// inFlightReserve is how many messages short of SQS's limit of messages in flight
// reading stops: SQS counts approximately, and others may read as well.
const inFlightReserve = 5_000

// Hidden is the visibility timeout of a message that is being read: how long it stays
// hidden if the process is killed before it makes the message visible again. If
// reading takes longer, messages are received again and are known by their ids.
const Hidden = 15 * time.Minute

// Message is a message as it was received.
type Message struct {
	ID, Body   string
	Attributes map[string]types.MessageAttributeValue
	Sent       time.Time // when SQS took it in; a redrive policy leaves that as it is
	Receives   int       // this one included, over all queues; approximate
	DeadFrom   string    // ARN of the queue whose redrive policy moved it here

	received  time.Time
	receipt   string
	deleted   bool
	postponed bool // to be treated as new when it is received again
}

// Reader gives each message of a queue once to Visit, and makes visible again all
// that Visit does not delete.
type Reader struct {
	Queue *Queue
	// Visit is called by Workers goroutines. An error ends the reading; ErrEnough
	// ends it without being one.
	Visit   func(context.Context, []*Message) error
	Workers int // 1 where it is 0
	// Wait is the long polling time in seconds. 0 asks a subset of SQS's servers only
	// ("short polling") and is for tests.
	Wait int32
	// Hold is how many messages may be held at once; where it is 0, what SQS allows.
	Hold int
}

// ErrEnough is what Visit returns to end the reading without an error.
var ErrEnough = errors.New("enough")

// Read is the result of a reading.
type Read struct {
	Messages int
	// Full: it stopped short of SQS's limit of messages in flight. There may be
	// more.
	Full bool
	// Stopped: Visit ended the reading with ErrEnough.
	Stopped bool
	// Hidden is how many messages could not be made visible again, and HiddenBy the call
	// that failed, if one did. They become visible when their visibility timeout ends.
	Hidden   int
	HiddenBy error
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

// Run reads until the queue is empty, Visit returns an error, or the limit is reached.
func (r *Reader) Run(ctx context.Context) (Read, error) {
	g := &reading{Reader: r, held: map[string]string{}}
	if g.Hold == 0 {
		g.Hold = max(maxInFlight-inFlightReserve-r.Queue.InFlight, 0)
	}
	var workers sync.WaitGroup
	for range max(r.Workers, 1) {
		workers.Go(func() { g.work(ctx) })
	}
	workers.Wait()
	read := Read{Messages: g.messages, Full: g.full}
	// Also when it was interrupted.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	read.Hidden, read.HiddenBy = g.releaseAll(after)
	read.Stopped = errors.Is(g.stop, ErrEnough) && !g.full
	switch {
	case g.stop != nil && !errors.Is(g.stop, ErrEnough):
		return read, g.stop
	case ctx.Err() != nil:
		return read, ctx.Err()
	}
	return read, nil
}

// Each gives the messages of the queue to visit, some at a time, with what recogniser, which is called for
// each batch, finds in them. It calls visit from one goroutine at a time. The error of visit ends the
// reading, as that of Visit, which is not used.
func (r Reader) Each(ctx context.Context, recogniser func() *Recogniser, visit func([]*Item) error) (Read, error) {
	var mu sync.Mutex
	r.Visit = func(_ context.Context, messages []*Message) error {
		own, items := recogniser(), make([]*Item, len(messages))
		for i, m := range messages {
			items[i] = &Item{Message: m, Dead: own.Recognise(r.Queue, m)}
		}
		mu.Lock()
		defer mu.Unlock()
		return visit(items)
	}
	return r.Run(ctx)
}

// emptyReceives is how many receives in a row have to be empty to end the reading.
const emptyReceives = 2

func (g *reading) work(ctx context.Context) {
	for empty := 0; empty < emptyReceives && ctx.Err() == nil && g.reserve(); {
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

// reserve reserves room for a batch, or reports that nothing more is to be read.
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

// maxFailedCalls is how many calls in a row may fail, after the SDK's own tries.
const maxFailedCalls = 5

// receive receives a batch. One call that fails neither ends the reading nor says
// that the queue is empty.
//
// It is not interrupted: messages in a response that is lost would stay hidden.
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
	if err == nil && !slices.ContainsFunc(out.Messages, unreadable) {
		g.failures = 0
		return out.Messages, true, nil
	}
	if err == nil {
		err = errors.New("a message without an id, a receipt or a body")
	}
	p := ProblemOf("ReceiveMessage", err)
	if p.Code == "OverLimit" {
		g.full = true
		return nil, false, ErrEnough
	}
	if g.failures++; p.Permanent || g.failures >= maxFailedCalls {
		return nil, false, fmt.Errorf("read queue %s: %w", g.Queue.Name, p)
	}
	return nil, false, nil
}

// unreadable reports whether a response lacks what each message has.
func unreadable(m types.Message) bool {
	return aws.ToString(m.MessageId) == "" || aws.ToString(m.ReceiptHandle) == "" || m.Body == nil
}

// visit gives new messages to Visit, and holds those that stay in the queue.
func (g *reading) visit(ctx context.Context, received []types.Message) error {
	now := g.Queue.Now()
	messages := make([]*Message, 0, len(received))
	g.mu.Lock()
	for i := range received {
		m := newMessage(&received[i], now)
		if _, known := g.held[m.ID]; known {
			g.held[m.ID] = m.receipt // the older one is no longer valid
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
		if m.postponed {
			g.messages--
		}
		if !m.deleted && !m.postponed {
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
		// Copies: an id that is held must not keep the whole response in memory.
		ID: strings.Clone(aws.ToString(m.MessageId)), Body: aws.ToString(m.Body), Attributes: m.MessageAttributes,
		Sent:     stamp(types.MessageSystemAttributeNameSentTimestamp),
		Receives: receives,
		DeadFrom: m.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)],
		received: now, receipt: strings.Clone(aws.ToString(m.ReceiptHandle)),
	}
}
