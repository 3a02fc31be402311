package awsfake

import (
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"
)

// moveTask is a redrive out of a dead-letter queue.
type moveTask struct {
	id          string
	source      *queue
	destination *queue // nil: each message back to where it came from
	rate        int    // messages a second; 0: as fast as can be, which is at once
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

// startMessageMoveTask: API reference, sqs SDK 1.52.10. The texts of its errors
// are recorded from AWS (localstack's snapshots, 2024-01).
func (c *Cloud) startMessageMoveTask(r *request) (any, error) {
	in, err := decode[struct {
		SourceARN      string `json:"SourceArn"`
		DestinationARN string `json:"DestinationArn"`
		Rate           *int   `json:"MaxNumberOfMessagesPerSecond"`
	}](r)
	if err != nil {
		return nil, err
	}
	c.advanceMoves(r.now)
	t := &moveTask{id: c.newID(), started: r.now, status: moveRunning}
	if in.Rate != nil {
		if t.rate = *in.Rate; t.rate < 1 || t.rate > sqsMoveRateMax {
			return nil, sqsInvalid(
				"Value %d for parameter MaxNumberOfMessagesPerSecond is invalid. "+
					"Reason: You must enter a positive integer value less than or equal to %d.",
				t.rate,
				sqsMoveRateMax,
			)
		}
	}
	if t.source = c.queueByARN(in.SourceARN); t.source == nil {
		return nil, sqsError(
			"ResourceNotFoundException",
			"The resource that you specified for the SourceArn parameter doesn't exist.",
		)
	}
	if !t.source.isDead.Load() {
		return nil, sqsInvalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationARN != "" {
		if t.destination = c.queueByARN(in.DestinationARN); t.destination == nil {
			return nil, sqsError(
				"ResourceNotFoundException",
				"The resource that you specified for the DestinationArn parameter doesn't exist.",
			)
		}
	}

	c.sqs.moveMu.Lock()
	for _, other := range c.sqs.tasks {
		if other.source == t.source && other.status == moveRunning {
			c.sqs.moveMu.Unlock()
			return nil, sqsInvalid(
				"There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
			)
		}
	}
	t.source.mu.Lock()
	t.source.settle(r.now)
	for _, m := range t.source.byID {
		if m.state == visible && !t.source.expired(m, r.now) {
			t.toMove++
		}
	}
	t.source.mu.Unlock()
	c.sqs.tasks = append(c.sqs.tasks, t)
	c.sqs.moving.Add(1)
	c.sqs.moveMu.Unlock()
	c.advanceMoves(r.now)

	return struct{ TaskHandle string }{t.handle()}, nil
}

// advanceMoves moves what the tasks that run may have moved by now. It is asked
// at each call, so that tasks go by the test's clock without a goroutine.
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
		t.source.mu.Lock()
		t.source.settle(now)
		m := t.source.next(now)
		to := t.destination
		if m != nil && to == nil {
			to = c.queueByARN(m.deadFrom)
		}
		switch {
		case m == nil:
			t.source.mu.Unlock()
			t.status = moveCompleted
			return false
		case to == nil:
			// The message was sent here by something else than a redrive policy: developer
			// guide, "Troubleshooting DLQ redrive".
			t.source.putBack(m)
			t.source.mu.Unlock()
			t.status, t.reason = moveFailed, "CouldNotDetermineMessageSource"
			return false
		}
		t.source.remove(m)
		t.source.mu.Unlock()

		// "All redriven messages are considered new messages with a new messageID and
		// enqueueTime": developer guide, "Configure a dead-letter queue redrive".
		to.add(&message{
			id: c.newID(), body: m.body, bodyMD5: m.bodyMD5, attributes: m.attributes, sent: now,
		})
		t.moved++
	}
	return true
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

func (c *Cloud) listMessageMoveTasks(r *request) (any, error) {
	in, err := decode[struct {
		SourceARN  string `json:"SourceArn"`
		MaxResults *int
	}](r)
	if err != nil {
		return nil, err
	}
	if err := inRange("MaxResults", in.MaxResults, 1, 10); err != nil {
		return nil, err
	}
	limit := 1
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	q := c.queueByARN(in.SourceARN)
	if q == nil {
		return nil, sqsError(
			"ResourceNotFoundException",
			"The resource that you specified for the SourceArn parameter doesn't exist.",
		)
	}
	c.advanceMoves(r.now)
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	var out struct{ Results []listedTask }
	out.Results = []listedTask{}
	for i := len(c.sqs.tasks) - 1; i >= 0 && len(out.Results) < limit; i-- { // the latest first
		t := c.sqs.tasks[i]
		if t.source != q {
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
	return out, nil
}

func (c *Cloud) cancelMessageMoveTask(r *request) (any, error) {
	in, err := decode[struct{ TaskHandle string }](r)
	if err != nil {
		return nil, err
	}
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil {
		return nil, sqsInvalid("Value for parameter TaskHandle is invalid.")
	}
	if c.queueByARN(h.SourceARN) == nil {
		return nil, sqsError(
			"ResourceNotFoundException",
			"The resource that you specified for the SourceArn parameter doesn't exist.",
		)
	}
	c.advanceMoves(r.now)
	c.sqs.moveMu.Lock()
	defer c.sqs.moveMu.Unlock()
	for _, t := range c.sqs.tasks {
		if t.id != h.TaskID {
			continue
		}
		if t.status != moveRunning {
			return nil, sqsInvalid("Only active tasks can be cancelled.")
		}
		t.status = moveCancelled
		c.sqs.moving.Add(-1)
		return struct {
			Moved int `json:"ApproximateNumberOfMessagesMoved"`
		}{t.moved}, nil
	}
	return nil, sqsError("ResourceNotFoundException", "Task does not exist.")
}
