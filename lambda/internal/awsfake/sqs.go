package awsfake

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of SQS. Sizes and counts: API references of SendMessage and
// SendMessageBatch, read from sqs SDK 1.52.10; the developer guide's "Amazon SQS
// message quotas" and "Amazon SQS standard queue quotas" say the same.
const (
	sqsMessageBytes  = 1_048_576 // body and attribute names, types and values; also of a batch in all
	sqsBatchEntries  = 10
	sqsAttributes    = 10
	sqsReceiveMax    = 10
	sqsInFlight      = 120_000
	sqsVisibilityMax = 12 * time.Hour // since the receive, however often it is changed
	sqsWaitMax       = 20 * time.Second
	sqsMoveRateMax   = 500

	sqsRetentionMin = time.Minute
	sqsRetentionMax = 14 * 24 * time.Hour
)

// longPoll is the longest time of a long poll in the fake, so that a test that finds a queue empty
// does not wait twenty seconds.
const longPoll = 200 * time.Millisecond

// QueueOptions are the attributes of a queue. A zero value means SQS's default.
type QueueOptions struct {
	VisibilityTimeout time.Duration // default 30 s
	Retention         time.Duration // default 4 days

	// The redrive policy: both, or neither. DeadLetter is the name of an existing queue.
	MaxReceiveCount int
	DeadLetter      string

	Policy string // JSON; "" is none
}

// Attribute is a message attribute of the type String or Number. The fake does not know Binary.
type Attribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
}

// Message is a message in a queue.
type Message struct {
	ID           string
	Body         string
	Attributes   map[string]Attribute
	Sent         time.Time // when it entered its first queue
	ReceiveCount int       // over all queues
	InFlight     bool      // received, and neither deleted nor visible again
	VisibleAt    time.Time // of one that is in flight
	DeadFrom     string    // ARN of the queue whose redrive policy moved it here
}

type sqsService struct {
	mu     sync.RWMutex
	queues map[string]*queue

	moveMu sync.Mutex // of tasks, and of moving
	tasks  []*moveTask
	moving atomic.Int32 // running tasks: calls check for tasks to advance only if there are any
}

var queueName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// AddQueue creates a standard queue and returns its URL.
func (c *Cloud) AddQueue(name string, o QueueOptions) (url string) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(fmt.Sprintf("awsfake: queue "+name+": "+format, args...))
		}
	}
	o.VisibilityTimeout = cmp.Or(o.VisibilityTimeout, 30*time.Second)
	o.Retention = cmp.Or(o.Retention, 4*24*time.Hour)
	must(queueName.MatchString(name), "not a name")
	must(o.VisibilityTimeout <= sqsVisibilityMax, "visibility timeout of %v", o.VisibilityTimeout)
	must(sqsRetentionMin <= o.Retention && o.Retention <= sqsRetentionMax, "retention of %v", o.Retention)
	must((o.MaxReceiveCount > 0) == (o.DeadLetter != ""), "a redrive policy has a dead-letter queue and a count")
	must(o.MaxReceiveCount <= 1000, "MaxReceiveCount of %d", o.MaxReceiveCount)

	q := &queue{
		name: name, opt: o,
		arn:  c.arn("sqs", name),
		url:  c.server.URL + "/" + c.opt.Account + "/" + name,
		byID: map[string]*message{},
	}
	c.sqs.mu.Lock()
	defer c.sqs.mu.Unlock()
	must(c.sqs.queues[name] == nil, "exists already")
	if o.DeadLetter != "" {
		q.dead = c.sqs.queues[o.DeadLetter]
		must(q.dead != nil, "dead-letter queue %s does not exist", o.DeadLetter)
		q.dead.isDead.Store(true)
	}
	q.number = len(c.sqs.queues)
	c.sqs.queues[name] = q
	return q.url
}

// SetQueuePolicy sets a queue's policy, which is only described, not evaluated.
func (c *Cloud) SetQueuePolicy(queue, policy string) {
	q := c.mustQueue(queue)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opt.Policy = policy
}

// RemoveQueue removes a queue. No queue may be added afterwards.
func (c *Cloud) RemoveQueue(name string) {
	c.mustQueue(name)
	c.sqs.mu.Lock()
	defer c.sqs.mu.Unlock()
	delete(c.sqs.queues, name)
}

// Send puts a message into a queue without a call, as an AWS service does for a queue that is its
// target. It panics if SendMessage would refuse the message.
func (c *Cloud) Send(queue, body string, attributes map[string]Attribute) (messageID string) {
	return c.mustQueue(queue).add(newMessage(body, attributes), c.newID(), c.opt.Now()).id
}

// Messages returns the messages in a queue, in order of arrival: visible and in flight.
func (c *Cloud) Messages(queue string) []Message {
	q := c.mustQueue(queue)
	now := c.opt.Now()
	c.advanceMoves(now)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(now)
	var held []*message
	for _, m := range q.byID {
		if !q.expired(m, now) {
			held = append(held, m)
		}
	}
	slices.SortFunc(held, func(a, b *message) int { return cmp.Compare(a.arrived, b.arrived) })
	out := make([]Message, 0, len(held))
	for _, m := range held {
		v := Message{
			ID: m.id, Body: m.body, Attributes: m.attributes, Sent: m.sent,
			ReceiveCount: m.received, InFlight: m.state == inFlight, DeadFrom: m.deadFrom,
		}
		if m.state != visible {
			v.VisibleAt = m.visibleAt
		}
		out = append(out, v)
	}
	return out
}

// queue finds a queue by its name or URL.
func (c *Cloud) queue(name string) *queue {
	name = name[strings.LastIndexByte(name, '/')+1:]
	c.sqs.mu.RLock()
	defer c.sqs.mu.RUnlock()
	return c.sqs.queues[name]
}

func (c *Cloud) queueByARN(arn string) *queue {
	q := c.queue(arn[strings.LastIndexByte(arn, ':')+1:])
	if q == nil || q.arn != arn {
		return nil
	}
	return q
}

func (c *Cloud) mustQueue(name string) *queue {
	q := c.queue(name)
	if q == nil {
		panic("awsfake: no queue " + name)
	}
	return q
}

// open finds the queue of a call and updates its state to the current time.
func (c *Cloud) open(r *request, url string) *queue {
	q := c.queue(url)
	if q == nil {
		sqsFail("QueueDoesNotExist", "The specified queue does not exist.")
	}
	c.advanceMoves(r.now)
	return q
}

// sqsError makes one of the errors that SQS models. SQS uses JSON now but also sends the code of
// its older query protocol, which the SDK then returns as the error's code, for every Go type.
func sqsError(shape, format string, args ...any) *apiError {
	e := &apiError{status: 400, code: "com.amazonaws.sqs#" + shape, query: shape, message: fmt.Sprintf(format, args...)}
	switch shape {
	case "QueueDoesNotExist":
		e.query = "AWS.SimpleQueueService.NonExistentQueue"
	case "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId",
		"MessageNotInflight", "TooManyEntriesInBatchRequest", "UnsupportedOperation":
		e.query = "AWS.SimpleQueueService." + shape
	case "MissingRequiredParameterException":
		e.query = "MissingParameter"
	case "ResourceNotFoundException":
		e.status = 404
	}
	return e
}

func sqsFail(shape, format string, args ...any) { panic(sqsError(shape, format, args...)) }

// sqsInvalid fails for a wrong parameter, which SQS does not model.
func sqsInvalid(format string, args ...any) {
	panic(&apiError{
		status: 400, code: "com.amazon.coral.service#InvalidParameterValueException",
		query: "InvalidParameterValue", message: fmt.Sprintf(format, args...),
	})
}

// inRange is the value of a parameter that may be absent.
func inRange(name string, v *int, low, high, absent int) int {
	if v != nil && (*v < low || *v > high) {
		sqsInvalid("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.",
			*v, name, low, high)
	}
	return orDefault(v, absent)
}
