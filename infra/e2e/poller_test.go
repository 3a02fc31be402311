//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// mapping is a deployed event source mapping.
type mapping struct {
	UUID                           string
	BatchSize                      int
	EventSourceArn                 string
	FunctionArn                    string
	MaximumBatchingWindowInSeconds int
	FunctionResponseTypes          []string
	State                          string
}

// poller is Lambda's poller of one queue: batches of the deployed size within the
// deployed window, and what the function does not give back is deleted. What it
// gives back comes again after the queue's visibility timeout; SQS moves it to the
// queue's own DLQ after maxReceiveCount.
type poller struct {
	mapping
	queue string // URL
	api   *sqs.Client
	to    *function
	stop  context.CancelFunc
	ended sync.WaitGroup

	mu       sync.Mutex
	batches  int
	messages int
	largest  int
	returned int
	failed   []string // calls that failed as a whole
}

func (c *cloud) poll(t *testing.T, m mapping, f *function) *poller {
	ctx, stop := context.WithCancel(context.Background())
	p := &poller{mapping: m, queue: c.queueURL(m.EventSourceArn), api: c.sqs, to: f, stop: stop}
	if m.State != "Enabled" || !slices.Equal(m.FunctionResponseTypes, []string{"ReportBatchItemFailures"}) {
		t.Errorf("the mapping of %s: state %s, response types %v", m.FunctionArn, m.State, m.FunctionResponseTypes)
	}
	for range most {
		p.ended.Go(func() { p.run(ctx) })
	}
	return p
}

func (p *poller) end() {
	p.stop()
	p.ended.Wait()
}

func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		if batch := p.collect(ctx); len(batch) > 0 {
			p.deliver(batch)
		}
	}
}

// collect receives until the batch is full or its window is over.
func (p *poller) collect(ctx context.Context) []types.Message {
	var batch []types.Message
	var until time.Time
	for len(batch) < p.BatchSize && (until.IsZero() || time.Now().Before(until)) {
		out, err := p.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &p.queue, MaxNumberOfMessages: int32(min(10, p.BatchSize-len(batch))), WaitTimeSeconds: 1,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			break
		}
		if until.IsZero() && len(out.Messages) > 0 {
			until = time.Now().Add(time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second)
		}
		if until.IsZero() && ctx.Err() != nil {
			break
		}
		batch = append(batch, out.Messages...)
	}
	return batch
}

// deliver calls the function and does with the messages what it says. It goes to its
// end whatever else is stopped: Lambda does not take a call back.
func (p *poller) deliver(batch []types.Message) {
	answer, err := p.to.invoke(context.Background(), payload(batch, p.EventSourceArn))
	back, err := failures(answer, err)
	p.mu.Lock()
	p.batches++
	p.messages += len(batch)
	p.largest = max(p.largest, len(batch))
	if err != nil {
		p.failed = append(p.failed, err.Error())
	}
	p.mu.Unlock()
	if err != nil {
		return // nothing is deleted
	}
	var gone []types.DeleteMessageBatchRequestEntry
	for i, m := range batch {
		if back[*m.MessageId] {
			continue
		}
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)),
			ReceiptHandle: m.ReceiptHandle})
	}
	p.mu.Lock()
	p.returned += len(batch) - len(gone)
	p.mu.Unlock()
	for part := range slices.Chunk(gone, 10) {
		// What cannot be deleted comes again, as in AWS.
		_, _ = p.api.DeleteMessageBatch(context.Background(), &sqs.DeleteMessageBatchInput{QueueUrl: &p.queue, Entries: part})
	}
}

// failures are the messages that a function gives back. As in Lambda, an answer that
// is none gives all of them back.
func failures(answer []byte, err error) (map[string]bool, error) {
	if err != nil {
		return nil, err
	}
	var said struct {
		BatchItemFailures []struct{ ItemIdentifier string } `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return nil, fmt.Errorf("the function's answer is not of Lambda's form: %.200s", answer)
	}
	back := map[string]bool{}
	for _, failure := range said.BatchItemFailures {
		if failure.ItemIdentifier == "" {
			return nil, fmt.Errorf("the function gives back a message without a name: %.200s", answer)
		}
		back[failure.ItemIdentifier] = true
	}
	return back, nil
}

// payload is a batch as Lambda writes it ("Using Lambda with Amazon SQS", Lambda
// developer guide, read 2026-11).
func payload(batch []types.Message, arn string) []byte {
	var records []map[string]any
	for _, m := range batch {
		attributes := map[string]any{}
		for name, a := range m.MessageAttributes {
			attributes[name] = map[string]any{"stringValue": a.StringValue, "dataType": a.DataType,
				"stringListValues": []string{}, "binaryListValues": []string{}}
		}
		records = append(records, map[string]any{
			"messageId": m.MessageId, "receiptHandle": m.ReceiptHandle, "body": m.Body, "attributes": m.Attributes,
			"messageAttributes": attributes, "md5OfBody": m.MD5OfBody, "eventSource": "aws:sqs", "eventSourceARN": arn,
			"awsRegion": region,
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		panic("a batch that is no JSON: " + err.Error()) // strings alone
	}
	return text
}

// queueURL is the URL of the queue with an ARN, on the emulator.
func (c *cloud) queueURL(arn string) string {
	parts := strings.Split(arn, ":")
	return c.endpoint + "/" + parts[4] + "/" + parts[5]
}
