package awsfake_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

func (q queue) receiveFrom(t testing.TB, url string, n int32) []types.Message {
	t.Helper()
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: n,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"},
	})
	check(t, err)
	return out.Messages
}

func (q queue) receive(t testing.TB, n int32) []types.Message {
	t.Helper()
	return q.receiveFrom(t, q.url, n)
}

func (q queue) count(t testing.TB, name types.QueueAttributeName) string {
	t.Helper()
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name}})
	check(t, err)
	return out.Attributes[string(name)]
}

func (q queue) delete(handle *string) error {
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: handle})
	return err
}

func (q queue) hide(handle *string, seconds int32) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}

// Ranges: API reference of ReceiveMessage, sqs SDK 1.52.10.
func TestReceiveRanges(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	for name, tt := range map[string]struct{ good, bad sqs.ReceiveMessageInput }{
		"messages":   {sqs.ReceiveMessageInput{MaxNumberOfMessages: 10}, sqs.ReceiveMessageInput{MaxNumberOfMessages: 11}},
		"visibility": {sqs.ReceiveMessageInput{VisibilityTimeout: 43200}, sqs.ReceiveMessageInput{VisibilityTimeout: 43201}},
		"wait":       {sqs.ReceiveMessageInput{WaitTimeSeconds: 20}, sqs.ReceiveMessageInput{WaitTimeSeconds: 21}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.good.QueueUrl, tt.bad.QueueUrl = &q.url, &q.url
			_, err := q.client.ReceiveMessage(ctx, &tt.good)
			check(t, err)
			_, err = q.client.ReceiveMessage(ctx, &tt.bad)
			isCode(t, err, "InvalidParameterValue")
		})
	}
	for range 12 {
		q.Send("q", "x", nil)
	}
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url})
	check(t, err)
	equal(t, "one is the default", len(out.Messages), 1)
	equal(t, "ten at most", len(q.receive(t, 10)), 10)
}

// Message states: API reference of ChangeMessageVisibility; the attributes:
// that of ReceiveMessage.
func TestVisibilityTimeout(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	start := q.clock.Now()
	q.Send("q", "x", nil)
	q.clock.Add(time.Second)
	first := q.receive(t, 10)[0]
	equal(t, "hidden", len(q.receive(t, 10)), 0)
	equal(t, "in flight", q.count(t, "ApproximateNumberOfMessagesNotVisible"), "1")
	q.clock.Add(time.Minute - time.Millisecond)
	equal(t, "still hidden", len(q.receive(t, 10)), 0)
	q.clock.Add(time.Millisecond)
	equal(t, "visible", q.count(t, "ApproximateNumberOfMessages"), "1")
	second := q.receive(t, 10)[0]
	equal(t, "id", *second.MessageId, *first.MessageId)
	equal(t, "handles differ", *second.ReceiptHandle != *first.ReceiptHandle, true)
	want := map[string]string{
		"ApproximateReceiveCount":          "2",
		"SentTimestamp":                    fmt.Sprint(start.UnixMilli()),
		"ApproximateFirstReceiveTimestamp": fmt.Sprint(start.Add(time.Second).UnixMilli()),
		"SenderId":                         first.Attributes["SenderId"],
	}
	if !maps.Equal(second.Attributes, want) {
		t.Errorf("attributes %v, want %v", second.Attributes, want)
	}
	q.clock.Add(time.Minute)
	third := q.receive(t, 10)[0].Attributes
	equal(t, "first receive, told at the third", third["ApproximateFirstReceiveTimestamp"], want["ApproximateFirstReceiveTimestamp"])
	if m := q.Messages("q")[0]; !m.InFlight || m.ReceiveCount != 3 || !m.VisibleAt.Equal(q.clock.Now().Add(time.Minute)) {
		t.Errorf("message %+v", m)
	}
}

// The Go SDK leaves a VisibilityTimeout of 0 out of the request, so the queue's own
// holds: who wants to look without hiding says so with ChangeMessageVisibility.
func TestReceiveWithVisibilityZeroIsNotSent(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	q.Send("q", "x", nil)
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, VisibilityTimeout: 0})
	check(t, err)
	equal(t, "hidden all the same", len(q.receive(t, 1)), 0)
	check(t, q.hide(out.Messages[0].ReceiptHandle, 0))
	equal(t, "visible", len(q.receive(t, 1)), 1)
}

// "If you use an old ReceiptHandle, the request will succeed, but the message
// might not be deleted": API reference of DeleteMessage, sqs SDK 1.52.10.
func TestDeleteByReceiptHandle(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	q.Send("q", "x", nil)
	first := q.receive(t, 1)[0].ReceiptHandle
	q.clock.Add(time.Minute)
	second := q.receive(t, 1)[0].ReceiptHandle
	check(t, q.delete(first))
	equal(t, "messages after a delete by the old handle", len(q.Messages("q")), 1)
	q.clock.Add(time.Minute)
	check(t, q.delete(second)) // visible again, but not received again
	equal(t, "messages after a delete by the latest handle", len(q.Messages("q")), 0)
	equal(t, "received", len(q.receive(t, 1)), 0)
	check(t, q.delete(second)) // deleting twice succeeds

	for _, bad := range []string{"nonsense", strings.Replace(*second, "AQEB0001", "AQEB0000", 1)} { // the latter is of the other queue
		is[*types.ReceiptHandleIsInvalid](t, q.delete(&bad))
		is[*types.ReceiptHandleIsInvalid](t, q.hide(&bad, 1))
	}
	out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("1"), ReceiptHandle: second}, {Id: aws.String("2"), ReceiptHandle: aws.String("nonsense")},
	}})
	check(t, err)
	equal(t, "done", *out.Successful[0].Id, "1")
	equal(t, "failed", *out.Failed[0].Id+" "+*out.Failed[0].Code, "2 ReceiptHandleIsInvalid")
}

// API reference of ChangeMessageVisibility, sqs SDK 1.52.10: 0 to 43,200 seconds,
// twelve hours in all since the receive.
func TestChangeMessageVisibility(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	q.Send("q", "x", nil)
	h := q.receive(t, 1)[0].ReceiptHandle
	check(t, q.hide(h, 43_200))
	isCode(t, q.hide(h, 43_201), "InvalidParameterValue")
	q.clock.Add(time.Hour)
	equal(t, "hidden", len(q.receive(t, 1)), 0)
	check(t, q.hide(h, 11*3600))
	isCode(t, q.hide(h, 11*3600+1), "InvalidParameterValue")
	check(t, q.hide(h, 10))
	q.clock.Add(10 * time.Second)
	is[*types.MessageNotInflight](t, q.hide(h, 10))
	again := q.receive(t, 1)[0].ReceiptHandle
	is[*types.MessageNotInflight](t, q.hide(h, 10)) // the handle is old
	check(t, q.hide(again, 0))
	q.receive(t, 1)
	q.clock.Add(time.Minute) // "reverts to the original timeout value … the next time"
	last := q.receive(t, 1)[0].ReceiptHandle
	check(t, q.delete(last))
	isCode(t, q.hide(last, 10), "InvalidParameterValue")

	// Several in flight, of which a later one becomes visible first.
	for _, body := range []string{"a", "b", "c"} {
		q.Send("q", body, nil)
	}
	three := q.receive(t, 3)
	check(t, q.hide(three[0].ReceiptHandle, 30))
	check(t, q.hide(three[2].ReceiptHandle, 5))
	for _, want := range []string{"c", "a", "b"} {
		q.clock.Add(map[string]time.Duration{"c": 5, "a": 25, "b": 30}[want] * time.Second)
		got := q.receive(t, 10)
		if len(got) != 1 || *got[0].Body != want {
			t.Fatalf("got %d messages, want %s alone", len(got), want)
		}
		check(t, q.delete(got[0].ReceiptHandle))
	}

	q.Send("q", "y", nil)
	y := q.receive(t, 1)[0].ReceiptHandle
	out, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("1"), ReceiptHandle: y, VisibilityTimeout: 0}, {Id: aws.String("2"), ReceiptHandle: y, VisibilityTimeout: 43_201},
	}})
	check(t, err)
	equal(t, "done", *out.Successful[0].Id, "1")
	equal(t, "failed", *out.Failed[0].Id, "2")
	equal(t, "visible", len(q.receive(t, 1)), 1)
}

// Which attributes come: API reference of ReceiveMessage; the digests of parts of
// them are recorded from AWS (localstack's snapshot of 2023-07).
func TestReceiveChoosesAttributes(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	_, err := q.send("msg", attributes{"Hello": stringAttribute("There"), "General": stringAttribute("Kenobi"), "Help.Me": stringAttribute("Me")})
	check(t, err)
	for name, tt := range map[string]struct {
		ask  []string
		want string
		md5  string
	}{
		"none":          {nil, "", ""},
		"All":           {[]string{"All"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		"two":           {[]string{"Hello", "General"}, "General Hello", "fca026605781cb4126a1e9044df24232"},
		"one of two":    {[]string{"Hello", "Foo"}, "Hello", "a311262e065454b75da111d535b8dacd"},
		"none of these": {[]string{"Foo", "hello"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MessageAttributeNames: tt.ask,
				MessageSystemAttributeNames: []types.MessageSystemAttributeName{"SenderId", "SentTimestamp"}})
			check(t, err)
			m := out.Messages[0]
			equal(t, "attributes", strings.Join(slices.Sorted(maps.Keys(m.MessageAttributes)), " "), tt.want)
			equal(t, "digest", aws.ToString(m.MD5OfMessageAttributes), tt.md5)
			equal(t, "system attributes", strings.Join(slices.Sorted(maps.Keys(m.Attributes)), " "), "SenderId SentTimestamp")
			check(t, q.hide(m.ReceiptHandle, 0))
		})
	}
}

func TestLongPollWaitsForAMessage(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	wait := func(ctx context.Context) int {
		out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: 20})
		if err != nil {
			return -1
		}
		return len(out.Messages)
	}
	start := time.Now()
	equal(t, "of an empty queue", wait(ctx), 0)
	if took := time.Since(start); took < 150*time.Millisecond || took > 5*time.Second {
		t.Errorf("took %v: a long poll is cut short here, but waits", took)
	}
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"sent meanwhile", func() { q.Send("q", "x", nil) }},
		{"visible meanwhile", func() { q.clock.Add(time.Minute) }},
	} {
		time.AfterFunc(20*time.Millisecond, event.do)
		n := 0
		for range 100 { // on a busy machine the event may miss a poll or two
			if n = wait(ctx); n > 0 {
				break
			}
		}
		equal(t, event.name, n, 1)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if n := wait(short); n > 0 {
		t.Error("a message for a client that gave up")
	}
}

// In flight: developer guide, "Amazon SQS standard queue quotas": approximately
// 120,000; OverLimit on short polling, nothing on long polling.
func TestInFlightLimit(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	for range 120_001 {
		q.Send("q", "x", nil)
	}
	taken := 0
	for taken < 120_000-5 {
		taken += len(q.LambdaBatch("q", min(10_000, 120_000-5-taken)).IDs)
	}
	got := q.receive(t, 10)
	equal(t, "up to the limit", len(got), 5)
	_, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url})
	is[*types.OverLimit](t, err)
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, WaitTimeSeconds: 1})
	check(t, err)
	equal(t, "by long polling", len(out.Messages), 0)
	if q.LambdaBatch("q", 10) != nil {
		t.Error("the mapping got a message above the limit")
	}
	check(t, q.delete(got[0].ReceiptHandle))
	equal(t, "after one is deleted", len(q.receive(t, 10)), 1)
}

// Retention: developer guide, "Amazon SQS message quotas": 4 days by default.
func TestRetention(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	q.Send("q", "old", nil)
	q.clock.Add(4*day - time.Minute)
	q.Send("q", "new", nil)
	equal(t, "held", len(q.Messages("q")), 2)
	q.clock.Add(time.Minute)
	equal(t, "counted", q.count(t, "ApproximateNumberOfMessages"), "1")
	got := q.receive(t, 10)
	equal(t, "received", len(got), 1)
	equal(t, "which", *got[0].Body, "new")
	q.clock.Add(4 * day)
	equal(t, "received later", len(q.receive(t, 10)), 0)
	equal(t, "held later", len(q.Messages("q")), 0)
}

func TestGetQueueAttributes(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: 365 * time.Second, Retention: 14 * day, MaxReceiveCount: 59, DeadLetter: "dead"})
	q.Send("q", "x", nil)
	q.Send("q", "y", nil)
	q.receive(t, 1)
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("z"), DelaySeconds: 60})
	check(t, err)
	for name, want := range map[types.QueueAttributeName]string{
		"QueueArn":                              "arn:aws:sqs:us-east-1:111122223333:q",
		"ApproximateNumberOfMessages":           "1",
		"ApproximateNumberOfMessagesNotVisible": "1",
		"ApproximateNumberOfMessagesDelayed":    "1",
		"VisibilityTimeout":                     "365",
		"MessageRetentionPeriod":                "1209600",
		"RedrivePolicy":                         `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:dead","maxReceiveCount":59}`,
	} {
		equal(t, string(name), q.count(t, name), want)
	}
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{"All"}})
	check(t, err)
	equal(t, "all", len(out.Attributes), 8)
	q.clock.Add(time.Minute)
	equal(t, "after the delay", q.count(t, "ApproximateNumberOfMessages"), "2")
	_, err = q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{"Nonsense"}})
	is[*types.InvalidAttributeName](t, err)
}
