package dlq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

// MaxMoveRate is the most messages a second that SQS moves (StartMessageMoveTask,
// API reference, 2026-11).
const MaxMoveRate = 500

// Move is SQS's own redrive of a queue: what the console's "Start DLQ redrive" does.
type Move struct {
	Queue *Queue
	ToARN string // "": each message to the queue that it came from
	Rate  int    // messages a second; 0: SQS decides
	Every time.Duration
	// Progress is told how many messages have been moved of how many, both
	// approximate.
	Progress func(moved, of int64)
}

// Moved is how a move ended.
type Moved struct {
	Status   string // SQS's word: COMPLETED, FAILED or CANCELLED
	Reason   string // of FAILED
	Messages int64  // approximate
	Joined   bool   // it was running already, started elsewhere or by a run that was killed
}

// errNoTask is for a task that SQS does not list.
var errNoTask = errors.New("SQS does not list the task that it has just started")

// Run starts a move, or joins the one that runs, and follows it to its end. When
// ctx ends it cancels the move: what has been moved stays in the target queue, the
// rest in the dead-letter queue.
func (m *Move) Run(ctx context.Context) (Moved, error) {
	last, err := m.task(ctx)
	if err != nil {
		return Moved{}, err
	}
	joined := last != nil && aws.ToString(last.Status) == running
	started := time.Time{}
	if !joined {
		if last != nil {
			started = time.UnixMilli(last.StartedTimestamp)
		}
		in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(m.Queue.ARN)}
		if m.ToARN != "" {
			in.DestinationArn = aws.String(m.ToARN)
		}
		if m.Rate > 0 {
			in.MaxNumberOfMessagesPerSecond = aws.Int32(int32(m.Rate))
		}
		out, err := m.Queue.API.StartMessageMoveTask(ctx, in)
		if err != nil {
			return Moved{}, fmt.Errorf("redrive queue %s: %w", m.Queue.Name, ProblemOf("StartMessageMoveTask", err))
		}
		if aws.ToString(out.TaskHandle) == "" {
			return Moved{}, fmt.Errorf("redrive queue %s: StartMessageMoveTask: the response has no task", m.Queue.Name)
		}
	}
	moved, err := m.follow(ctx, joined, started)
	moved.Joined = joined
	return moved, err
}

const running = "RUNNING"

// follow follows the newest task. One that began at before is an older one.
func (m *Move) follow(ctx context.Context, joined bool, before time.Time) (Moved, error) {
	failures := 0
	for {
		task, err := m.task(ctx)
		switch {
		case ctx.Err() != nil:
			return m.cancel(context.WithoutCancel(ctx))
		case err == nil && task == nil:
			err = errNoTask
		}
		if err != nil {
			// The task goes on, whether its status can be read or not.
			if failures++; failures >= maxFailedCalls {
				return Moved{}, fmt.Errorf("%w; the redrive itself goes on", err)
			}
		} else {
			failures = 0
			now := Moved{
				Status: aws.ToString(task.Status), Reason: aws.ToString(task.FailureReason),
				Messages: task.ApproximateNumberOfMessagesMoved,
			}
			if m.Progress != nil {
				m.Progress(now.Messages, aws.ToInt64(task.ApproximateNumberOfMessagesToMove))
			}
			stale := !joined && !before.IsZero() && !time.UnixMilli(task.StartedTimestamp).After(before)
			if now.Status != running && now.Status != "CANCELLING" && !stale {
				return now, nil
			}
		}
		if !sink.Sleep(ctx, m.Every) {
			return m.cancel(context.WithoutCancel(ctx))
		}
	}
}

// task is the newest move of the queue, nil where there has been none.
func (m *Move) task(ctx context.Context) (*types.ListMessageMoveTasksResultEntry, error) {
	out, err := m.Queue.API.ListMessageMoveTasks(ctx,
		&sqs.ListMessageMoveTasksInput{SourceArn: aws.String(m.Queue.ARN), MaxResults: aws.Int32(1)})
	if err != nil {
		return nil, fmt.Errorf("look at the redrives of queue %s: %w", m.Queue.Name, ProblemOf("ListMessageMoveTasks", err))
	}
	if len(out.Results) == 0 {
		return nil, nil
	}
	return &out.Results[0], nil
}

// cancel ends the move.
func (m *Move) cancel(ctx context.Context) (Moved, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	task, err := m.task(ctx)
	if err != nil || task == nil || task.TaskHandle == nil {
		return Moved{}, errors.Join(context.Canceled, err)
	}
	out, err := m.Queue.API.CancelMessageMoveTask(ctx,
		&sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
	if err != nil {
		return Moved{}, errors.Join(context.Canceled, fmt.Errorf("cancel the redrive of queue %s, which goes on: %w",
			m.Queue.Name, ProblemOf("CancelMessageMoveTask", err)))
	}
	return Moved{Status: "CANCELLED", Messages: out.ApproximateNumberOfMessagesMoved}, context.Canceled
}
