// Package dlq reads the dead-letter queues of a pipeline, recognises what is in them
// and why, and replays it.
//
// # Guarantees
//
// A message is deleted only after its own send was accepted, and after the audit has
// a line about it. Wherever the process ends, each message is in its dead-letter
// queue, or at its target, or at both; a message that is sent twice has the same
// body, and so the same uuid. A message of unknown form is shown, and neither sent
// nor deleted.
//
// # How a queue is read
//
// SQS cannot be read without receiving. So each message is received once, is hidden
// from other readers meanwhile, and is made visible again at the end. At most 120,000
// messages of a queue can be hidden at a time: reading stops short of that and says
// so. SQS's counts are approximate, and so is what is known of a queue that others
// read, fill or empty at the same time.
//
// Nothing that this package writes to an audit or an error holds content of an
// event: message ids, uuids, event types and codes only.
package dlq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// API is what this package needs of SQS.
type API interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (
		*sqs.ReceiveMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (
		*sqs.SendMessageBatchOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (
		*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (
		*sqs.ChangeMessageVisibilityBatchOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (
		*sqs.GetQueueAttributesOutput, error)
	StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (
		*sqs.StartMessageMoveTaskOutput, error)
	ListMessageMoveTasks(context.Context, *sqs.ListMessageMoveTasksInput, ...func(*sqs.Options)) (
		*sqs.ListMessageMoveTasksOutput, error)
	CancelMessageMoveTask(context.Context, *sqs.CancelMessageMoveTaskInput, ...func(*sqs.Options)) (
		*sqs.CancelMessageMoveTaskOutput, error)
}

// The names of a pipeline's dead-letter queues.
const (
	RedriveQueue = "redrive"
	DeadQueue    = "dead"
)

// Queue is a dead-letter queue.
type Queue struct {
	API  API
	URL  string
	Name string // RedriveQueue or DeadQueue, or the last part of the URL where that is not known
	ARN  string

	Retention time.Duration
	// As SQS counted them when the queue was opened, which is approximate.
	Visible, InFlight, Delayed int

	Now func() time.Time
	// FirstWait is the first wait before another try; 200 ms where it is 0.
	FirstWait time.Duration
}

// Open asks SQS for the attributes of the queue at url. name is RedriveQueue or
// DeadQueue, or "" for the last part of the URL.
func Open(ctx context.Context, api API, url, name string, now func() time.Time) (*Queue, error) {
	if name == "" {
		name = url[strings.LastIndexByte(url, '/')+1:]
	}
	q := &Queue{API: api, URL: url, Name: name, Now: now}
	if err := q.read(ctx); err != nil {
		return nil, fmt.Errorf("open queue %s: %w", url, err)
	}
	return q, nil
}

// About is how many messages the queue held when they were counted.
func (q *Queue) About() int { return q.Visible + q.InFlight + q.Delayed }

// Count counts the messages again.
func (q *Queue) Count(ctx context.Context) error {
	if err := q.read(ctx); err != nil {
		return fmt.Errorf("count the messages of queue %s: %w", q.Name, err)
	}
	return nil
}

// read reads the attributes. A response without one of them is an error: an attribute
// that is missing is not 0.
func (q *Queue) read(ctx context.Context) error {
	out, err := q.API.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(q.URL),
		AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameQueueArn, types.QueueAttributeNameMessageRetentionPeriod,
			types.QueueAttributeNameApproximateNumberOfMessages,
			types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
			types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
		},
	})
	if err != nil {
		return ProblemOf("GetQueueAttributes", err)
	}
	var missing error
	number := func(name types.QueueAttributeName) int {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			missing = fmt.Errorf("GetQueueAttributes: the response has no %s", name)
		}
		return n
	}
	retention := number(types.QueueAttributeNameMessageRetentionPeriod)
	visible := number(types.QueueAttributeNameApproximateNumberOfMessages)
	inFlight := number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	delayed := number(types.QueueAttributeNameApproximateNumberOfMessagesDelayed)
	arn := out.Attributes[string(types.QueueAttributeNameQueueArn)]
	if arn == "" {
		missing = errors.New("GetQueueAttributes: the response has no QueueArn")
	}
	if missing != nil {
		return missing
	}
	q.ARN, q.Retention = arn, time.Duration(retention)*time.Second
	q.Visible, q.InFlight, q.Delayed = visible, inFlight, delayed
	return nil
}

// Problem is a call of AWS that failed. Its text names the call and AWS's code.
// AWS's own message is part of it only where it is about permissions: elsewhere it
// can quote what was sent.
type Problem struct {
	// Call is the operation. Code is AWS's code, or one of the Code constants.
	Call, Code string
	// Permanent: another try would fail in the same way.
	Permanent bool
	text      string
	cause     error
}

// Codes of calls that AWS did not answer. With CodeNotAWS something else answered, such as
// a proxy.
const (
	CodeNotAWS        = "not_aws"
	CodeInterrupted   = "interrupted"
	CodeNoCredentials = "credentials"
	CodeNoAnswer      = "no_answer"
)

func (p *Problem) Error() string { return p.text }
func (p *Problem) Unwrap() error { return p.cause }

// Denied reports whether permissions or credentials are the cause.
func (p *Problem) Denied() bool {
	return strings.Contains(p.Code, "AccessDenied") || strings.Contains(p.Code, "Token") ||
		strings.Contains(p.Code, "Signature") || p.Code == CodeNoCredentials
}

// OfResource reports whether the call failed because of its resource, for which another
// resource may do: it does not exist, or permissions do not cover it.
func (p *Problem) OfResource() bool {
	return strings.Contains(p.Code, "NonExistent") || strings.Contains(p.Code, "DoesNotExist") ||
		strings.Contains(p.Code, "AccessDenied")
}

// ProblemOf is what the error of a call of AWS means, as awserror judges it.
func ProblemOf(call string, err error) *Problem {
	judged := awserror.New(call, err, time.Time{})
	p := &Problem{
		Call: call, text: judged.Error(), cause: err,
		Permanent: judged.Kind == sink.Blocked || judged.Kind == sink.Content,
	}
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	answered := errors.As(err, &response) && response.HTTPStatusCode() > 0
	switch {
	case errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError":
		p.Code = awserror.Code(api.ErrorCode())
		if p.Denied() {
			// It names the principal, the action and the resource.
			p.text += ": " + api.ErrorMessage()
		}
	case errors.Is(err, context.Canceled):
		p.Code, p.text = CodeInterrupted, call+": interrupted"
	case strings.Contains(err.Error(), "credentials"):
		// The SDK has no type for it.
		p.Code, p.Permanent, p.text = CodeNoCredentials, true, call+": no valid AWS credentials were found"
	case answered && response.HTTPStatusCode() < 500:
		p.Code = CodeNotAWS
	default:
		p.Code = CodeNoAnswer
	}
	return p
}
