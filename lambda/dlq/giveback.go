package dlq

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

// giveBackTime is how long giving back may take: 115,000 messages are 11,500
// calls of a few milliseconds each, several at a time.
const giveBackTime = 3 * time.Minute

// givers is how many calls give back at a time.
const givers = 8

// giveBack makes all that is held visible again, and returns how many messages
// stay hidden until their time is over.
func (g *reading) giveBack(ctx context.Context) (hidden int) {
	var failed atomic.Int64
	var calls errgroup.Group
	calls.SetLimit(givers)
	receipts := make([]string, 0, batchEntries)
	flush := func() {
		batch := receipts
		receipts = make([]string, 0, batchEntries)
		calls.Go(func() error {
			failed.Add(int64(g.Queue.show(ctx, batch)))
			return nil
		})
	}
	for _, receipt := range g.held {
		if receipts = append(receipts, receipt); len(receipts) == batchEntries {
			flush()
		}
	}
	if len(receipts) > 0 {
		flush()
	}
	_ = calls.Wait() // nobody returns an error
	return int(failed.Load())
}

// show makes messages visible, and returns for how many that failed twice.
func (q *Queue) show(ctx context.Context, receipts []string) int {
	for range 2 {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(receipts))
		for i := range receipts {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(receipts[i]), VisibilityTimeout: 0,
			}
		}
		out, err := q.API.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(q.URL), Entries: entries})
		if err != nil {
			continue
		}
		var left []string
		for _, f := range out.Failed {
			// The sender's fault: it is visible already, or gone.
			if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i < len(receipts) && !f.SenderFault {
				left = append(left, receipts[i])
			}
		}
		if receipts = left; len(receipts) == 0 {
			return 0
		}
	}
	return len(receipts)
}
