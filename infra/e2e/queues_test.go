//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/tidwall/gjson"
)

// messages reads a queue and gives every message back.
func (c *cloud) messages(t *testing.T, url string) []types.Message {
	t.Helper()
	var all []types.Message
	for {
		out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 600,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			t.Fatalf("read queue %s: %v", url, err)
		}
		if len(out.Messages) == 0 {
			break
		}
		all = append(all, out.Messages...)
		var back []types.ChangeMessageVisibilityBatchRequestEntry
		for i, m := range out.Messages {
			back = append(back, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(fmt.Sprint(i)),
				ReceiptHandle: m.ReceiptHandle})
		}
		defer func() {
			_, err := c.sqs.ChangeMessageVisibilityBatch(t.Context(),
				&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: back})
			if err != nil {
				t.Fatalf("give the messages of %s back: %v", url, err)
			}
		}()
	}
	return all
}

// reason is what stands on a dead message: ours, EventBridge's, Lambda's, or that it
// is where SQS puts what was tried too often.
func reason(queue string, m types.Message) string {
	if queue == "redrive" && m.Attributes["DeadLetterQueueSourceArn"] != "" {
		return "exhausted"
	}
	if note, ok := m.MessageAttributes["oktastream"]; ok {
		return gjson.Get(aws.ToString(note.StringValue), "reason").String()
	}
	if code, ok := m.MessageAttributes["ERROR_CODE"]; ok {
		return aws.ToString(code.StringValue)
	}
	return gjson.Get(aws.ToString(m.Body), "requestContext.condition").String()
}

// hasten shortens the buffer queue's visibility timeout, in the emulator alone. A
// message that comes back waits for it, and the deployed one, six times the
// function's timeout, would make minutes of every failure here.
func (c *cloud) hasten(t *testing.T, p pipeline, visibility time.Duration) {
	t.Helper()
	_, err := c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &p.Buffer, Attributes: map[string]string{"VisibilityTimeout": fmt.Sprint(int(visibility.Seconds()))},
	})
	if err != nil {
		t.Fatalf("set the visibility timeout of %s: %v", p.Buffer, err)
	}
}

// receives sets how often a message of the buffer queue may be received, in the
// emulator alone. With a visibility timeout of seconds the deployed number is spent in
// less time than a deployment may take, which the real one gives hours.
func (c *cloud) receives(t *testing.T, p pipeline, n int) {
	t.Helper()
	redrive := p.Redrive[strings.LastIndexByte(p.Redrive, '/')+1:]
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s","maxReceiveCount":%d}`, region, account,
		redrive, n)
	_, err := c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &p.Buffer,
		Attributes: map[string]string{"RedrivePolicy": policy}})
	if err != nil {
		t.Fatalf("set the redrive policy of %s: %v", p.Buffer, err)
	}
}

// drop puts a message straight into a queue, as EventBridge never would.
func (c *cloud) drop(t *testing.T, url, body string) {
	t.Helper()
	if _, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
		t.Fatalf("send to %s: %v", url, err)
	}
}
