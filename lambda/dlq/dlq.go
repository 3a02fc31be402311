// Package dlq reads the dead-letter queues of a pipeline, tells what is in them
// and why, and brings it back.
//
// # What holds
//
// A message is deleted only after it has itself been taken by where it belongs,
// and after the audit has a line on it. Whatever ends the process at whatever
// point, each message is in its queue, or in its destination, or in both; what is
// sent twice has the same body, and so the same uuid. A message that nobody knows
// the form of is shown, and neither sent nor deleted.
//
// # How a queue is read
//
// SQS cannot be read without receiving. So each message is received once, hidden
// from others meanwhile, and given back at the end. At most 120,000 messages of a
// queue can be hidden at a time: reading stops short of that and says so. What
// SQS counts is approximate, and so is what is told of a queue that somebody else
// reads, fills or empties at the same time.
//
// Nothing that this package writes to an audit or an error holds content of an
// event: message ids, uuids, event types and codes only.
package dlq

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// API is what this package needs of SQS.
type API interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error)
	ListMessageMoveTasks(context.Context, *sqs.ListMessageMoveTasksInput, ...func(*sqs.Options)) (*sqs.ListMessageMoveTasksOutput, error)
	CancelMessageMoveTask(context.Context, *sqs.CancelMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.CancelMessageMoveTaskOutput, error)
}

// Queue is a dead-letter queue.
type Queue struct {
	API  API
	URL  string
	Name string // redrive, dead, or its own name where nobody knows which it is
	ARN  string

	Retention time.Duration
	// As SQS counted them when the queue was opened, which is approximate.
	Visible, InFlight int

	Now func() time.Time
	// FirstWait is the first wait before another try; 200 ms where it is 0.
	FirstWait time.Duration
}

// Open asks a queue for its attributes.
func Open(ctx context.Context, api API, url, name string, now func() time.Time) (*Queue, error) {
	out, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url),
		AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameQueueArn, types.QueueAttributeNameMessageRetentionPeriod,
			types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open queue %s: %w", url, ProblemOf("GetQueueAttributes", err))
	}
	number := func(name types.QueueAttributeName) int {
		n, _ := strconv.Atoi(out.Attributes[string(name)])
		return n
	}
	if name == "" {
		name = url[strings.LastIndexByte(url, '/')+1:]
	}
	return &Queue{
		API: api, URL: url, Name: name, Now: now,
		ARN:       out.Attributes[string(types.QueueAttributeNameQueueArn)],
		Retention: time.Duration(number(types.QueueAttributeNameMessageRetentionPeriod)) * time.Second,
		Visible:   number(types.QueueAttributeNameApproximateNumberOfMessages),
		InFlight:  number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
	}, nil
}

// Problem is a call of AWS that failed. Its text names the call and AWS's code;
// AWS's own words are left out where they can quote a message.
type Problem struct {
	Call, Code string
	// Permanent: to try again would fail in the same way.
	Permanent bool
	text      string
	cause     error
}

func (p *Problem) Error() string { return p.text }
func (p *Problem) Unwrap() error { return p.cause }

// Denied reports whether it is a matter of permissions or credentials.
func (p *Problem) Denied() bool {
	return strings.Contains(p.Code, "AccessDenied") || strings.Contains(p.Code, "Token") || strings.Contains(p.Code, "Signature") || p.Code == "credentials"
}

// busy are codes of 4xx answers that say: later.
func busy(code string) bool {
	return strings.Contains(code, "Throttl") || strings.Contains(code, "TooMany") ||
		slices.Contains([]string{"RequestTimeout", "RequestTimeoutException", "OverLimit", "SlowDown", "RequestLimitExceeded"}, code)
}

// ProblemOf is what a failed call of AWS amounts to.
func ProblemOf(call string, err error) *Problem {
	p := &Problem{Call: call, cause: err}
	var api smithy.APIError
	var response *awshttp.ResponseError
	switch {
	case errors.As(err, &api):
		p.Code = api.ErrorCode()
		p.text = call + ": " + p.Code
		if p.Denied() {
			// It says who may not do what on what.
			p.text += ": " + api.ErrorMessage()
		}
		status := http.StatusBadRequest
		if errors.As(err, &response) {
			status = response.HTTPStatusCode()
		}
		p.Permanent = status < 500 && status != http.StatusTooManyRequests && !busy(p.Code)
	case errors.Is(err, context.Canceled):
		p.Code, p.text = "interrupted", call+": interrupted"
	case strings.Contains(err.Error(), "credentials"):
		// The SDK has no type for it. There is nothing of a message in these.
		p.Code, p.Permanent, p.text = "credentials", true, call+": "+err.Error()
	default:
		p.Code, p.text = "no_answer", call+": no answer"
	}
	return p
}
