package awsfake

import (
	"container/heap"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type state int8

const (
	visible  state = iota // waits to be received
	inFlight              // has been received
	delayed               // sent with DelaySeconds, which have not passed
	gone                  // deleted, moved or expired
)

type message struct {
	id, body   string
	bodyMD5    string
	attributes map[string]Attribute

	sent      time.Time // kept by a move to the dead-letter queue
	firstSeen time.Time // when it was first received
	received  int       // over all queues
	deadFrom  string

	// In its present queue:
	arrived    uint64 // order of arrival
	here       int    // number of receives in it
	state      state
	receivedAt time.Time
	visibleAt  time.Time
	index      int // in later
}

// queue is one standard queue. The fake preserves order; SQS does so only on a best-effort basis.
type queue struct {
	name, arn, url string
	number         int
	opt            QueueOptions
	dead           *queue
	isDead         atomic.Bool  // is another queue's dead-letter queue
	payload        atomic.Int64 // size of the last batch for Lambda

	mu       sync.Mutex
	byID     map[string]*message
	ready    []*message // visible from head on, and some that are gone
	head     int
	later    laterHeap // in flight; the top is the first to become visible
	inFlight int
	arrivals uint64
}

// add puts a message that has just been sent into the queue, visible at once.
func (q *queue) add(m *message, id string, sent time.Time) *message {
	return q.addAt(m, id, sent, time.Time{})
}

// addAt adds a message that is visible from a time on; the zero time is now.
func (q *queue) addAt(m *message, id string, sent, visibleAt time.Time) *message {
	m.id, m.sent = id, sent
	q.arrive(m, visibleAt)
	return m
}

func (q *queue) arrive(m *message, visibleAt time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.arrivals++
	m.arrived, m.here, m.receivedAt = q.arrivals, 0, time.Time{}
	q.byID[m.id] = m
	if !visibleAt.IsZero() {
		m.state, m.visibleAt = delayed, visibleAt
		heap.Push(&q.later, m)
		return
	}
	m.state = visible
	q.ready = append(q.ready, m)
}

// counts are the numbers of messages that are visible and in flight.
func (q *queue) counts(now time.Time) (n [gone]int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(now)
	for _, m := range q.byID {
		if !q.expired(m, now) {
			n[m.state]++
		}
	}
	return n
}

// next removes and returns the first visible message, or nil.
func (q *queue) next(now time.Time) *message {
	for q.head < len(q.ready) {
		m := q.ready[q.head]
		q.ready[q.head] = nil
		q.head++
		if q.head > 1024 && q.head > len(q.ready)/2 { // free the memory of the messages before head
			q.ready = append([]*message(nil), q.ready[q.head:]...)
			q.head = 0
		}
		if m.state != visible {
			continue
		}
		if q.expired(m, now) {
			q.remove(m)
			continue
		}
		return m
	}
	q.ready, q.head = q.ready[:0], 0
	return nil
}

// putBack undoes next.
func (q *queue) putBack(m *message) {
	if q.head > 0 {
		q.head--
		q.ready[q.head] = m
		return
	}
	q.ready = append([]*message{m}, q.ready...)
}

// settle makes messages visible that have become due.
func (q *queue) settle(now time.Time) {
	for len(q.later) > 0 && !q.later[0].visibleAt.After(now) {
		m := heap.Pop(&q.later).(*message)
		if m.state == inFlight {
			q.inFlight--
		}
		m.state = visible
		q.ready = append(q.ready, m)
	}
}

// expired: retention counts from when the message was first sent, also in a
// dead-letter queue (developer guide, "Setting-up dead-letter queue retention").
func (q *queue) expired(m *message, now time.Time) bool {
	return now.Sub(m.sent) >= q.opt.Retention
}

// remove removes a message from the queue, in any state. A visible one stays in ready as gone, and
// is skipped later.
func (q *queue) remove(m *message) {
	if m.state == inFlight || m.state == delayed {
		heap.Remove(&q.later, m.index)
	}
	if m.state == inFlight {
		q.inFlight--
	}
	m.state = gone
	delete(q.byID, m.id)
}

// receipt is one receive of a message.
type receipt struct {
	*message  // only what does not change while it is in flight
	handle    string
	received  int
	firstSeen time.Time
	deadFrom  string
	sent      time.Time
}

// receive receives up to max messages, makes them invisible for the visibility timeout, and moves
// those that were received too often to the dead-letter queue. It stops before a message for which
// fits, if not nil, returns false. full reports that the queue has reached its limit of messages in
// flight.
func (q *queue) receive(
	now time.Time, max int, visibility time.Duration, fits func(*receipt) bool,
) (out []receipt, full bool) {
	var dead []*message
	q.mu.Lock()
	q.settle(now)
	for len(out) < max {
		m := q.next(now)
		if m == nil {
			break
		}
		if q.dead != nil && m.here >= q.opt.MaxReceiveCount {
			q.remove(m)
			dead = append(dead, m)
			continue
		}
		if full = q.inFlight >= sqsInFlight; full {
			q.putBack(m)
			break
		}
		r := receipt{
			message: m, handle: q.handle(m.id, m.here+1), received: m.received + 1,
			firstSeen: m.firstSeen, sent: m.sent, deadFrom: m.deadFrom,
		}
		if r.firstSeen.IsZero() {
			r.firstSeen = now
		}
		if fits != nil && !fits(&r) {
			q.putBack(m)
			break
		}
		m.here++
		m.received, m.firstSeen = r.received, r.firstSeen
		m.state, m.receivedAt, m.visibleAt = inFlight, now, now.Add(visibility)
		q.inFlight++
		heap.Push(&q.later, m)
		out = append(out, r)
	}
	q.mu.Unlock()

	// Moved only now, without holding the queue's lock: queues may be each other's dead-letter
	// queues, which would deadlock. The message keeps its id and its time of sending (developer
	// guide, "Setting-up dead-letter queue retention") and its count of receives "across all
	// queues".
	for _, m := range dead {
		m.deadFrom = q.arn
		q.dead.arrive(m, time.Time{})
	}
	return out, full
}

// A receipt handle names the queue, the message and the receive, in fixed columns.
const handleForm = "AQEB%04x%s%08x"

func (q *queue) handle(id string, receive int) string {
	return fmt.Sprintf(handleForm, q.number, id, receive)
}

func (q *queue) parseHandle(h string) (id string, receive int) {
	if len(h) == len("AQEB")+4+36+8 {
		n, err := strconv.ParseUint(h[44:], 16, 32)
		if id = h[8:44]; err == nil && h == q.handle(id, int(n)) {
			return id, int(n)
		}
	}
	sqsFail("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", h)
	return "", 0
}

// delete deletes a message by the handle of its latest receive, whether it is in
// flight still or visible again. With an older handle "the request will succeed,
// but the message might not be deleted" (API reference, DeleteMessage): here it
// never is.
func (q *queue) delete(handle string) (deleted bool) {
	id, receive := q.parseHandle(handle)
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.byID[id]
	if m == nil || m.here != receive {
		return false
	}
	q.remove(m)
	return true
}

// changeVisibility sets how long, from now, a message in flight stays invisible.
func (q *queue) changeVisibility(now time.Time, handle string, d time.Duration) {
	id, receive := q.parseHandle(handle)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(now)
	m := q.byID[id]
	switch {
	case m == nil:
		sqsInvalid("Value %s for parameter ReceiptHandle is invalid. "+
			"Reason: Message does not exist or is not available for visibility timeout change.", handle)
	case m.here != receive || m.state != inFlight:
		sqsFail("MessageNotInflight", "The specified message isn't in flight.")
	case now.Add(d).Sub(m.receivedAt) > sqsVisibilityMax:
		sqsInvalid("Value %d for parameter VisibilityTimeout is invalid. "+
			"Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]", int(d.Seconds()))
	}
	m.visibleAt = now.Add(d)
	heap.Fix(&q.later, m.index)
}

// laterHeap is a heap of messages by the time at which they become visible.
type laterHeap []*message

func (h laterHeap) Len() int { return len(h) }
func (h laterHeap) Less(i, j int) bool {
	if !h[i].visibleAt.Equal(h[j].visibleAt) {
		return h[i].visibleAt.Before(h[j].visibleAt)
	}
	return h[i].arrived < h[j].arrived // so that a batch comes back in its order
}
func (h laterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *laterHeap) Push(x any) {
	m := x.(*message)
	m.index = len(*h)
	*h = append(*h, m)
}
func (h *laterHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return m
}
