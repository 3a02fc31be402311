package dlq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// exhausted is a world with n messages in redrive.
func exhausted(t *testing.T, n int) (*world, *dlq.Move) {
	w := newWorld(t)
	for i := range n {
		w.Send("buffer", envelope(okta(uuid(i), "a.b")), nil)
	}
	w.exhaust(t)
	return w, &dlq.Move{
		Queue: w.open(t, w.redrive, "redrive"),
		ToARN: "arn:aws:sqs:us-east-1:111122223333:buffer",
		Every: time.Millisecond,
	}
}

func TestSQSMovesRedrive(t *testing.T) {
	w, m := exhausted(t, 12)
	moved, err := m.Run(t.Context())
	if err != nil || moved.Status != "COMPLETED" || moved.Messages != 12 || moved.Joined ||
		len(w.Messages("buffer")) != 12 ||
		len(w.Messages("redrive")) != 0 {
		t.Errorf("%+v, %v", moved, err)
	}
	// A second one is not taken for the first.
	w.exhaust(t)
	if moved, err = m.Run(t.Context()); err != nil || moved.Status != "COMPLETED" || len(w.Messages("buffer")) != 12 {
		t.Errorf("%+v, %v", moved, err)
	}
}

// A move is followed to its end, through calls that fail, and by a run that comes
// when it is under way.
func TestAMoveIsFollowed(t *testing.T) {
	w, m := exhausted(t, 20)
	m.Rate = 10
	steps := 0
	m.Progress = func(_, of int64) {
		if steps++; of != 20 {
			t.Errorf("of %d", of)
		}
		w.clock.add(400 * time.Millisecond)
	}
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{Throttle: call.Operation == "ListMessageMoveTasks" && call.N%3 == 0}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	moved, err := m.Run(ctx)
	if err != nil || moved.Status != "COMPLETED" || steps < 4 || len(w.Messages("buffer")) != 20 {
		t.Errorf("%+v, %v, %d steps", moved, err, steps)
	}
}

func TestAMoveThatRunsIsJoined(t *testing.T) {
	w, m := exhausted(t, 20)
	first := *m
	first.Rate = 1
	ctx, cancel := context.WithCancelCause(t.Context())
	first.Progress = func(int64, int64) { cancel(nil) }
	// Killed: it cannot cancel what it has started.
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{Throttle: call.Operation == "CancelMessageMoveTask"}
	})
	if _, err := first.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.SetFaults(nil)
	m.Progress = func(int64, int64) { w.clock.add(5 * time.Second) }
	moved, err := m.Run(t.Context())
	if err != nil || !moved.Joined || moved.Status != "COMPLETED" || len(w.Messages("buffer")) != 20 {
		t.Errorf("%+v, %v", moved, err)
	}
	if n := w.Calls(awsfake.SQS, "StartMessageMoveTask"); n != 1 {
		t.Errorf("%d moves were started", n)
	}
}

// Ctrl-C cancels a move; what was not moved is where it was.
func TestAMoveIsCancelled(t *testing.T) {
	w, m := exhausted(t, 20)
	m.Rate = 10
	ctx, cancel := context.WithCancel(t.Context())
	m.Progress = func(moved, _ int64) {
		if moved > 0 {
			cancel()
			return
		}
		w.clock.add(time.Second)
	}
	moved, err := m.Run(ctx)
	back, left := len(w.Messages("buffer")), len(w.Messages("redrive"))
	if !errors.Is(err, context.Canceled) || moved.Status != "CANCELLED" || back+left != 20 || back == 0 || left == 0 {
		t.Errorf("%+v, %v: %d moved, %d left", moved, err, back, left)
	}
	w.clock.add(time.Minute)
	if n := len(w.Messages("buffer")); n != back {
		t.Errorf("it goes on: %d, then %d", back, n)
	}
}

func TestAMoveThatFailsIsAnError(t *testing.T) {
	w, m := exhausted(t, 1)
	m.Queue = w.open(t, w.dead, "dead")
	_, err := m.Run(t.Context())
	var p *dlq.Problem
	if !errors.As(err, &p) || p.Call != "StartMessageMoveTask" || p.Code != "InvalidParameterValue" {
		t.Errorf("%v", err)
	}
}

// late is an API whose list of moves does not know the newest one at first.
type late struct {
	dlq.API
	old   types.ListMessageMoveTasksResultEntry
	calls int
}

func (l *late) ListMessageMoveTasks(
	ctx context.Context,
	in *sqs.ListMessageMoveTasksInput,
	o ...func(*sqs.Options),
) (*sqs.ListMessageMoveTasksOutput, error) {
	if l.calls++; l.calls <= 3 {
		return &sqs.ListMessageMoveTasksOutput{Results: []types.ListMessageMoveTasksResultEntry{l.old}}, nil
	}
	return l.API.ListMessageMoveTasks(ctx, in, o...)
}

// The end of an older move is not that of this one.
func TestAnOlderMoveIsNotTakenForThisOne(t *testing.T) {
	w, m := exhausted(t, 5)
	m.Queue.API = &late{API: w.api, old: types.ListMessageMoveTasksResultEntry{
		Status: aws.String(
			"FAILED",
		),
		StartedTimestamp:                 w.clock.now().Add(-time.Hour).UnixMilli(),
		ApproximateNumberOfMessagesMoved: 1,
	}}
	if moved, err := m.Run(t.Context()); err != nil || moved.Status != "COMPLETED" || moved.Messages != 5 {
		t.Errorf("%+v, %v", moved, err)
	}
}
