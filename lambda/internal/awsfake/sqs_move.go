package awsfake

import (
	"encoding/base64"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// moveTask is a redrive out of a dead-letter queue.
type moveTask struct {
	id          string
	source      *queue
	destination *queue // nil: each message goes to the queue it came from
	rate        int    // messages a second; 0: all of them immediately
	started     time.Time
	toMove      int
	moved       int
	status      string
	reason      string
}

const (
	moveRunning   = "RUNNING"
	moveCompleted = "COMPLETED"
	moveCancelled = "CANCELLED"
	moveFailed    = "FAILED"
)

// existingQueue finds a queue by its ARN in a parameter of a call.
func (c *Cloud) existingQueue(parameter, arn string) *queue {
	q := c.queueByARN(arn)
	if q == nil {
		sqsFail("ResourceNotFoundException",
			"The resource that you specified for the %s parameter doesn't exist.", parameter)
	}
	return q
}

// startMessageMoveTask: API reference, sqs SDK 1.52.10. The texts of its errors
// are recorded from AWS (localstack's snapshots, 2024-01).
func (c *Cloud) startMessageMoveTask(r *request, in struct {
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn"`
	Rate           *int   `json:"MaxNumberOfMessagesPerSecond"`
}) any {
	c.advanceMoves(r.now)
	t := &moveTask{id: c.newID(), started: r.now, status: moveRunning, rate: orDefault(in.Rate, 0)}
	if in.Rate != nil && (t.rate < 1 || t.rate > sqsMoveRateMax) {
		sqsInvalid("Value %d for parameter MaxNumberOfMessagesPerSecond is invalid. "+
			"Reason: You must enter a positive integer value less than or equal to %d.", t.rate, sqsMoveRateMax)
	}
	t.source = c.existingQueue("SourceArn", in.SourceARN)
	if !t.source.isDead.Load() {
		sqsInvalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationARN != "" {
		t.destination = c.existingQueue("DestinationArn", in.DestinationARN)
	}
	t.toMove = t.source.counts(r.now)[visible]
	c.begin(t)
	c.advanceMoves(r.now)
	return map[string]string{"TaskHandle": t.handle()}
}

func (c *Cloud) begin(t *moveTask) {
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	for _, other := range c.sqs.tasks {
		if other.source == t.source && other.status == moveRunning {
			sqsInvalid("There is already a task running. " +
				"Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	c.sqs.tasks = append(c.sqs.tasks, t)
	c.sqs.moving.Add(1)
}

// advanceMoves moves the messages that running tasks have moved by now. Each call does this, so
// that tasks follow the test's clock without a goroutine.
func (c *Cloud) advanceMoves(now time.Time) {
	if c.sqs.moving.Load() == 0 {
		return
	}
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	for _, t := range c.sqs.tasks {
		if t.status == moveRunning && !c.moveSome(t, now) {
			c.sqs.moving.Add(-1)
		}
	}
}

// moveSome updates a task to the current time and reports whether it still runs.
func (c *Cloud) moveSome(t *moveTask, now time.Time) bool {
	allowed := int(now.Sub(t.started).Seconds() * float64(t.rate))
	for t.rate == 0 || t.moved < allowed {
		m, to := c.nextMove(t, now)
		switch {
		case m == nil:
			t.status = moveCompleted
			return false
		case to == nil:
			// The message was sent here by something else than a redrive policy: developer
			// guide, "Troubleshooting DLQ redrive".
			t.status, t.reason = moveFailed, "CouldNotDetermineMessageSource"
			return false
		}
		// "All redriven messages are considered new messages with a new messageID and
		// enqueueTime": developer guide, "Configure a dead-letter queue redrive".
		to.add(&message{body: m.body, bodyMD5: m.bodyMD5, attributes: m.attributes}, c.newID(), now)
		t.moved++
	}
	return true
}

// nextMove takes the next message of a task from its queue, and finds its destination. A message
// without a destination stays.
func (c *Cloud) nextMove(t *moveTask, now time.Time) (m *message, to *queue) {
	q := t.source
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(now)
	if m = q.next(now); m == nil {
		return nil, nil
	}
	if to = t.destination; to == nil {
		to = c.queueByARN(m.deadFrom)
	}
	if to == nil {
		q.putBack(m)
	} else {
		q.remove(m)
	}
	return m, to
}

type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (t *moveTask) handle() string {
	b, _ := json.Marshal(taskHandle{t.id, t.source.arn})
	return base64.StdEncoding.EncodeToString(b)
}

type listedTask struct {
	TaskHandle     string `json:",omitempty"` // only of one that runs
	Status         string
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn,omitempty"`
	Rate           int    `json:"MaxNumberOfMessagesPerSecond,omitzero"`
	Moved          int    `json:"ApproximateNumberOfMessagesMoved"`
	ToMove         int    `json:"ApproximateNumberOfMessagesToMove"`
	FailureReason  string `json:",omitempty"`
	Started        int64  `json:"StartedTimestamp"`
}

func (c *Cloud) listMessageMoveTasks(r *request, in struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int
}) any {
	limit := inRange("MaxResults", in.MaxResults, 1, 10, 1)
	q := c.existingQueue("SourceArn", in.SourceARN)
	c.advanceMoves(r.now)
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	out := struct{ Results []listedTask }{[]listedTask{}}
	for _, t := range slices.Backward(c.sqs.tasks) { // the latest first
		if t.source != q || len(out.Results) == limit {
			continue
		}
		l := listedTask{
			Status: t.status, SourceARN: q.arn, Rate: t.rate, Moved: t.moved, ToMove: t.toMove,
			FailureReason: t.reason, Started: millis(t.started),
		}
		if t.status == moveRunning {
			l.TaskHandle = t.handle()
		}
		if t.destination != nil {
			l.DestinationARN = t.destination.arn
		}
		out.Results = append(out.Results, l)
	}
	return out
}

func (c *Cloud) cancelMessageMoveTask(r *request, in struct{ TaskHandle string }) any {
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil {
		sqsInvalid("Value for parameter TaskHandle is invalid.")
	}
	c.existingQueue("SourceArn", h.SourceARN)
	c.advanceMoves(r.now)
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	i := slices.IndexFunc(c.sqs.tasks, func(t *moveTask) bool { return t.id == h.TaskID })
	switch {
	case i < 0:
		sqsFail("ResourceNotFoundException", "Task does not exist.")
	case c.sqs.tasks[i].status != moveRunning:
		sqsInvalid("Only active tasks can be cancelled.")
	}
	c.sqs.tasks[i].status = moveCancelled
	c.sqs.moving.Add(-1)
	return map[string]int{"ApproximateNumberOfMessagesMoved": c.sqs.tasks[i].moved}
}
