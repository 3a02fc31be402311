package awsfake_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// queue is a fake with queue q, which has dead for its dead-letter queue.
type queue struct {
	*awsfake.Cloud
	*clock
	client *sqs.Client
	url    string
}

func newQueue(t testing.TB, o awsfake.QueueOptions) queue {
	clk := newClock()
	c := awsfake.New(t, awsfake.Options{Now: clk.Now})
	c.AddQueue("dead", awsfake.QueueOptions{Retention: 14 * day})
	return queue{c, clk, sqsClient(c), c.AddQueue("q", o)}
}

type attributes = map[string]types.MessageAttributeValue

func stringAttribute(v string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &v}
}

func (q queue) send(body string, a attributes) (*sqs.SendMessageOutput, error) {
	return q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body, MessageAttributes: a})
}

func (q queue) sendBatch(e ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
	return q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: e})
}

func batchEntry(id, body string, a attributes) types.SendMessageBatchRequestEntry {
	return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body, MessageAttributes: a}
}

// Limits: API references of SendMessage and SendMessageBatch, sqs SDK 1.52.10.
// What counts: developer guide, "Amazon SQS message metadata": name, type and
// value of each attribute belong to the size.
func TestMessageSize(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	const limit = 1_048_576
	for name, tt := range map[string]struct {
		a    attributes
		over int
	}{
		"body alone":      {nil, 0},
		"with attributes": {attributes{"oktastream": stringAttribute(text(90))}, 10 + 6 + 90},
		"not ASCII":       {attributes{"b": stringAttribute("ü")}, 1 + 6 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := q.send(text(limit-tt.over), tt.a)
			check(t, err)
			_, err = q.send(text(limit-tt.over+1), tt.a)
			isCode(t, err, "InvalidParameterValue")
			_, err = q.sendBatch(batchEntry("1", text(limit-tt.over-1000), tt.a), batchEntry("2", text(1000), nil))
			check(t, err)
			_, err = q.sendBatch(batchEntry("1", text(limit-tt.over-1000), tt.a), batchEntry("2", text(1001), nil))
			is[*types.BatchRequestTooLong](t, err)
		})
	}
	_, err := q.send(strings.Repeat("é", limit/2), nil)
	check(t, err)
	_, err = q.send(strings.Repeat("é", limit/2)+"x", nil)
	isCode(t, err, "InvalidParameterValue")
	_, err = q.send("", nil)
	isCode(t, err, "MissingParameter")
}

// Characters: API reference of SendMessage, sqs SDK 1.52.10: "Amazon SQS rejects
// the message and returns an InvalidMessageContents error".
func TestMessageCharacters(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	good := "\t\n\r \u007f\u0085\ud7ff\ue000\ufffd\ufeff\ufffc\U00010000\U0001ffff\U0010ffff"
	sent, err := q.send(good, nil)
	check(t, err)
	equal(t, "body", q.Messages("q")[0].Body, good)
	equal(t, "id", q.Messages("q")[0].ID, *sent.MessageId)
	for _, bad := range []string{"\x00", "a\x01", "\x1f", "\v", "\ufffe", "\uffff"} {
		_, err := q.send(bad, nil)
		is[*types.InvalidMessageContents](t, err)
		_, err = q.send("x", attributes{"a": stringAttribute(bad)})
		is[*types.InvalidMessageContents](t, err)
		out, err := q.sendBatch(batchEntry("1", "x", nil), batchEntry("2", bad, nil))
		check(t, err)
		equal(t, "sent", len(out.Successful), 1)
		equal(t, "failed", *out.Failed[0].Id+" "+*out.Failed[0].Code, "2 InvalidMessageContents")
		equal(t, "SenderFault", out.Failed[0].SenderFault, true)
	}
}

// Ten attributes: developer guide, "Amazon SQS message quotas". Names, types and
// values: "Amazon SQS message metadata".
func TestMessageAttributes(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	ten := attributes{}
	for i := range 10 {
		ten["a"+string(rune('0'+i))] = stringAttribute("x")
	}
	_, err := q.send("x", ten)
	check(t, err)
	ten["one_more"] = stringAttribute("x")
	_, err = q.send("x", ten)
	isCode(t, err, "InvalidParameterValue")

	typed := func(kind, value string, b []byte) attributes {
		a := types.MessageAttributeValue{DataType: &kind, BinaryValue: b}
		if value != "" {
			a.StringValue = &value
		}
		return attributes{"a": a}
	}
	for name, a := range map[string]attributes{
		"long name": {text(256): stringAttribute("x")}, "punctuation": {"a-b_c.d": stringAttribute("x")},
		"custom type": typed("String.mine", "x", nil), "number": typed("Number", "-1.5e3", nil),
	} {
		if _, err := q.send("x", a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, a := range map[string]attributes{
		"longer name": {text(257): stringAttribute("x")}, "blank": {"a b": stringAttribute("x")},
		"reserved": {"AWS.x": stringAttribute("x")}, "reserved, too": {"amazon.x": stringAttribute("x")},
		"dot first": {".a": stringAttribute("x")}, "dot last": {"a.": stringAttribute("x")}, "dots": {"a..b": stringAttribute("x")},
		"no such type": typed("Text", "x", nil), "no number": typed("Number", "x", nil),
		"empty": typed("String", "", nil), "binary": typed("Binary", "", []byte{0}),
	} {
		_, err := q.send("x", a)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		isCode(t, err, "InvalidParameterValue")
	}
}

// Entries, ids: API reference of SendMessageBatch and developer guide, "Amazon SQS
// message quotas". DeleteMessageBatch and ChangeMessageVisibilityBatch are alike.
func TestBatchRules(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	type call = func(ids ...string) error
	for name, do := range map[string]call{
		"SendMessageBatch": func(ids ...string) error {
			e := []types.SendMessageBatchRequestEntry{}
			for _, id := range ids {
				e = append(e, batchEntry(id, "x", nil))
			}
			_, err := q.sendBatch(e...)
			return err
		},
		"DeleteMessageBatch": func(ids ...string) error {
			e := []types.DeleteMessageBatchRequestEntry{}
			for _, id := range ids {
				e = append(e, types.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: aws.String("h")})
			}
			_, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: e})
			return err
		},
		"ChangeMessageVisibilityBatch": func(ids ...string) error {
			e := []types.ChangeMessageVisibilityBatchRequestEntry{}
			for _, id := range ids {
				e = append(e, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(id), ReceiptHandle: aws.String("h")})
			}
			_, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: e})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ten := strings.Fields("1 2 3 4 5 6 7 8 9 a-Z_0")
			check(t, do(ten...))
			is[*types.TooManyEntriesInBatchRequest](t, do(append(ten, "11")...))
			is[*types.EmptyBatchRequest](t, do([]string{}...))
			is[*types.BatchEntryIdsNotDistinct](t, do("1", "2", "1"))
			check(t, do(text(80)))
			for _, bad := range []string{text(81), "a:b", "é", ""} {
				is[*types.InvalidBatchEntryId](t, do(bad))
			}
		})
	}
}

func TestQueueDoesNotExist(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	url := q.url + "x"
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
	is[*types.QueueDoesNotExist](t, err)
	isCode(t, err, "AWS.SimpleQueueService.NonExistentQueue") // not the type's name
	_, err = q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url})
	is[*types.QueueDoesNotExist](t, err)
}

// The digests are recorded from AWS: localstack's tests/aws/services/sqs/
// test_sqs.snapshot.json, 2022-05 to 2023-07.
func TestMD5(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	for want, a := range map[string]attributes{
		"ae7155c6026991b6d54b11589678bf9c": {"Foo": stringAttribute("Bar")},
		"4c360f3fdafd970e05fae2f149d997f5": {"Hello": stringAttribute("There"), "General": stringAttribute("Kenobi"), "Help.Me": stringAttribute("Me")},
		"":                                 nil,
	} {
		out, err := q.send("msg", a) // the SDK itself checks the body's digest
		check(t, err)
		equal(t, "MD5OfMessageBody", *out.MD5OfMessageBody, "6e2baaf3b97dbeef01c0043275f9a0e7")
		equal(t, "MD5OfMessageAttributes", aws.ToString(out.MD5OfMessageAttributes), want)
	}
}
