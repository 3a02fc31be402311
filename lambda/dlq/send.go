package dlq

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// sendAPI is what sending needs of SQS.
type sendAPI interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (
		*sqs.SendMessageBatchOutput, error)
}

// Outgoing is a message that is sent to a queue.
type Outgoing struct {
	Body      string
	Attribute string // value of the attribute deadletter.Attribute
	// SentAs is the message id in the queue it was sent to.
	SentAs string
	// Err says why the queue did not accept it; nil: it did. It is a Refusal or
	// deadletter.ErrTooLong where the message itself is the reason.
	Err error
}

// SendMessages sends messages in batches of at most 10 messages and 1 MiB, and writes
// the result to each. Those that fail are sent again without the others, up to maxTries
// times in all; firstWait is the first wait before that, 200 ms where it is 0. An error
// says that the queue will accept no message until a person has fixed the cause.
func SendMessages(ctx context.Context, api sendAPI, url string, list []*Outgoing, firstWait time.Duration) error {
	for _, m := range list {
		m.Err = errNoAnswer // until there is one, also for what is not offered
	}
	var batch []*Outgoing
	size := 0
	for _, m := range list {
		n := deadletter.MessageSize(len(m.Body), m.Attribute)
		if n > deadletter.MaxMessage {
			m.Err = deadletter.ErrTooLong
			continue
		}
		if len(batch) == batchEntries || size+n > deadletter.MaxMessage {
			if err := sendBatch(ctx, api, url, batch, firstWait); err != nil {
				return err
			}
			batch, size = nil, 0
		}
		batch, size = append(batch, m), size+n
	}
	if len(batch) == 0 {
		return nil
	}
	return sendBatch(ctx, api, url, batch, firstWait)
}

// sendBatch sends a batch, and writes the result to each message.
func sendBatch(ctx context.Context, api sendAPI, url string, batch []*Outgoing, firstWait time.Duration) error {
	call := func(ctx context.Context, left []int) (done []*string, failed []types.BatchResultErrorEntry, err error) {
		entries := make([]types.SendMessageBatchRequestEntry, len(left))
		for n, i := range left {
			m := batch[i]
			entries[n] = types.SendMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(m.Body),
				MessageAttributes: map[string]types.MessageAttributeValue{
					deadletter.Attribute: {DataType: aws.String(deadletter.AttributeType), StringValue: aws.String(m.Attribute)},
				},
			}
		}
		out, err := api.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(url), Entries: entries})
		if err != nil {
			return nil, nil, err
		}
		// A message was sent only with a message id and the MD5 digest of its body.
		for _, s := range out.Successful {
			i, ok := index(s.Id, len(batch))
			if ok && aws.ToString(s.MessageId) != "" && aws.ToString(s.MD5OfMessageBody) == md5Of(batch[i].Body) {
				batch[i].SentAs = aws.ToString(s.MessageId)
				done = append(done, s.Id)
			}
		}
		return done, out.Failed, nil
	}
	wait := cmp.Or(firstWait, 200*time.Millisecond)
	why, err := inBatch(ctx, "SendMessageBatch", len(batch), maxTries, wait, call)
	for i, m := range batch {
		m.Err = why[i]
	}
	if err != nil {
		return fmt.Errorf("send to queue %s: %w", url, err)
	}
	return nil
}

// md5Of is the digest with which SQS confirms a body (SendMessageBatchResultEntry,
// API reference, 2026-11).
func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}
