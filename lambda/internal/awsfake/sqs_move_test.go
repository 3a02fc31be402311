package awsfake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

const (
	arnQ    = "arn:aws:sqs:us-east-1:111122223333:q"
	arnDead = "arn:aws:sqs:us-east-1:111122223333:dead"
)

// withDead is a fake whose queue q gives each message two receives.
func withDead(t testing.TB) queue {
	return newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute, Retention: 10 * day, MaxReceiveCount: 2, DeadLetter: "dead"})
}

// kill has n messages of q moved to dead by the redrive policy.
func (q queue) kill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		q.Send("q", fmt.Sprint(i), map[string]awsfake.Attribute{"a": {DataType: "String", StringValue: "v"}})
	}
	for range 3 {
		for len(q.receive(t, 10)) > 0 {
		}
		q.clock.Add(time.Minute)
	}
	equal(t, "dead", len(q.Messages("dead")), n)
}

// Redrive policy: developer guide, "Using dead-letter queues in Amazon SQS"; that
// id and time of sending stay: "Setting-up dead-letter queue retention in Amazon
// SQS"; that receives are counted "across all queues": API reference of
// ReceiveMessage.
func TestRedrivePolicy(t *testing.T) {
	q := withDead(t)
	start := q.clock.Now()
	sent, err := q.send("x", attributes{"a": stringAttribute("v")})
	check(t, err)
	for i := range 2 {
		equal(t, fmt.Sprintf("receive %d", i+1), len(q.receive(t, 10)), 1)
		equal(t, "dead", len(q.Messages("dead")), 0)
		q.clock.Add(time.Minute)
	}
	equal(t, "before the next receive it is still in its queue", q.count(t, "ApproximateNumberOfMessages"), "1")
	equal(t, "receive 3", len(q.receive(t, 10)), 0)
	equal(t, "left", len(q.Messages("q")), 0)

	m := q.receiveFrom(t, strings.TrimSuffix(q.url, "/q")+"/dead", 10)[0]
	equal(t, "id", *m.MessageId, *sent.MessageId)
	equal(t, "body", *m.Body, "x")
	equal(t, "attribute", *m.MessageAttributes["a"].StringValue, "v")
	equal(t, "SentTimestamp", m.Attributes["SentTimestamp"], fmt.Sprint(start.UnixMilli()))
	equal(t, "ApproximateReceiveCount", m.Attributes["ApproximateReceiveCount"], "3")
	equal(t, "DeadLetterQueueSourceArn", m.Attributes["DeadLetterQueueSourceArn"], arnQ)
	// Retention counts from the sending, not from the move.
	q.clock.Add(14*day - 2*time.Minute)
	equal(t, "expired", len(q.Messages("dead")), 0)
}

func (q queue) move(source, destination string, rate int32) (handle string, err error) {
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &source}
	if destination != "" {
		in.DestinationArn = &destination
	}
	if rate != 0 {
		in.MaxNumberOfMessagesPerSecond = &rate
	}
	out, err := q.client.StartMessageMoveTask(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.TaskHandle, nil
}

func (q queue) tasks(t testing.TB) []types.ListMessageMoveTasksResultEntry {
	t.Helper()
	out, err := q.client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(arnDead), MaxResults: aws.Int32(10)})
	check(t, err)
	return out.Results
}

// Rules: API reference of StartMessageMoveTask, sqs SDK 1.52.10. The answers to
// breaches are recorded from AWS (localstack's test_sqs_move_task.snapshot.json,
// 2024-01).
func TestStartMessageMoveTaskRules(t *testing.T) {
	q := withDead(t)
	q.kill(t, 1)
	q.AddQueue("plain", awsfake.QueueOptions{})
	_, err := q.move("arn:aws:sqs:us-east-1:111122223333:plain", "", 0)
	isCode(t, err, "InvalidParameterValue") // not the dead-letter queue of any queue
	_, err = q.move("arn:aws:sqs:us-east-1:111122223333:absent", "", 0)
	is[*types.ResourceNotFoundException](t, err)
	_, err = q.move(arnDead, "arn:aws:sqs:us-east-1:111122223333:absent", 0)
	is[*types.ResourceNotFoundException](t, err)
	for _, bad := range []int32{501, -1} {
		_, err = q.move(arnDead, "", bad)
		isCode(t, err, "InvalidParameterValue")
	}
	_, err = q.move(arnDead, "", 500)
	check(t, err)
	_, err = q.move(arnDead, "", 500)
	isCode(t, err, "InvalidParameterValue") // one at a time
}

// "All redriven messages are considered new messages with a new messageID and
// enqueueTime": developer guide, "Configure a dead-letter queue redrive".
func TestMoveTaskMakesNewMessages(t *testing.T) {
	q := withDead(t)
	q.kill(t, 3)
	before := q.Messages("dead")
	q.clock.Add(time.Hour)
	_, err := q.move(arnDead, "", 0)
	check(t, err)
	equal(t, "dead", len(q.Messages("dead")), 0)
	for i, m := range q.Messages("q") {
		equal(t, "body", m.Body, before[i].Body)
		equal(t, "attribute", m.Attributes["a"].StringValue, "v")
		equal(t, "new id", m.ID != before[i].ID, true)
		equal(t, "new time", m.Sent, q.clock.Now())
		equal(t, "receives", m.ReceiveCount, 0)
		equal(t, "dead from", m.DeadFrom, "")
	}
	task := q.tasks(t)[0]
	equal(t, "status", *task.Status, "COMPLETED")
	equal(t, "moved", task.ApproximateNumberOfMessagesMoved, 3)
	equal(t, "to move", *task.ApproximateNumberOfMessagesToMove, 3)
	equal(t, "has a handle", task.TaskHandle != nil, false) // "only populated for tasks that are in RUNNING status"
	equal(t, "destination", task.DestinationArn == nil, true)
	equal(t, "started", task.StartedTimestamp, q.clock.Now().UnixMilli())
	equal(t, "received afresh", q.receive(t, 1)[0].Attributes["ApproximateReceiveCount"], "1")
}

func TestMoveTaskToAnotherQueueAtARate(t *testing.T) {
	q := withDead(t)
	q.kill(t, 10)
	other := q.AddQueue("other", awsfake.QueueOptions{})
	_, err := q.move(arnDead, "arn:aws:sqs:us-east-1:111122223333:other", 2)
	check(t, err)
	q.clock.Add(1500 * time.Millisecond)
	task := q.tasks(t)[0]
	equal(t, "status", *task.Status, "RUNNING")
	equal(t, "moved", task.ApproximateNumberOfMessagesMoved, 3)
	equal(t, "rate", *task.MaxNumberOfMessagesPerSecond, 2)
	equal(t, "destination", *task.DestinationArn, "arn:aws:sqs:us-east-1:111122223333:other")
	equal(t, "arrived", len(q.receiveFrom(t, other, 10)), 3)

	cancel := func(handle string) error {
		out, err := q.client.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		if err == nil {
			equal(t, "moved when cancelled", out.ApproximateNumberOfMessagesMoved, 4)
		}
		return err
	}
	q.clock.Add(500 * time.Millisecond)
	check(t, cancel(*task.TaskHandle))
	q.clock.Add(time.Hour)
	equal(t, "status", *q.tasks(t)[0].Status, "CANCELLED")
	equal(t, "left", len(q.Messages("dead")), 6)
	isCode(t, cancel(*task.TaskHandle), "InvalidParameterValue") // it does not run
	isCode(t, cancel("nonsense"), "InvalidParameterValue")
	is[*types.ResourceNotFoundException](t, cancel("eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6dXMtZWFzdC0xOjExMTEyMjIyMzMzMzpkZWFkIn0="))

	_, err = q.move(arnDead, "", 500)
	check(t, err)
	q.clock.Add(time.Second)
	tasks := q.tasks(t)
	equal(t, "tasks", len(tasks), 2)
	equal(t, "the latest is first", *tasks[0].Status, "COMPLETED")
	equal(t, "moved", tasks[0].ApproximateNumberOfMessagesMoved, 6)
}

// "CouldNotDetermineMessageSource … an Amazon SQS message sent directly to the
// DLQ": developer guide, "Troubleshooting DLQ redrive".
func TestMoveTaskFailsOnMessageSentDirectly(t *testing.T) {
	q := withDead(t)
	q.kill(t, 1)
	q.Send("dead", "direct", nil)
	q.Send("dead", "in flight", nil)
	_, err := q.move(arnDead, "", 0)
	check(t, err)
	task := q.tasks(t)[0]
	equal(t, "status", *task.Status, "FAILED")
	equal(t, "reason", *task.FailureReason, "CouldNotDetermineMessageSource")
	equal(t, "moved", task.ApproximateNumberOfMessagesMoved, 1)
	equal(t, "left", len(q.Messages("dead")), 2)

	equal(t, "order is kept", q.LambdaBatch("dead", 1) != nil, true)
	_, err = q.move(arnDead, arnQ, 0)
	check(t, err)
	equal(t, "status", *q.tasks(t)[0].Status, "COMPLETED")
	left := q.Messages("dead")
	equal(t, "what is in flight stays", len(left), 1)
	equal(t, "it is", left[0].Body, "direct")
}

func TestListMessageMoveTasksRules(t *testing.T) {
	q := withDead(t)
	for _, n := range []int32{0, 11} {
		_, err := q.client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(arnDead), MaxResults: &n})
		isCode(t, err, "InvalidParameterValue")
	}
	_, err := q.client.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String("absent")})
	is[*types.ResourceNotFoundException](t, err)
	equal(t, "tasks", len(q.tasks(t)), 0)
}
