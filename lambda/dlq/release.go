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

// releaseTime is how long making messages visible again may take: 115,000 messages
// are 11,500 calls of a few milliseconds each, several at a time.
const releaseTime = 3 * time.Minute

// releaseWorkers is how many calls make messages visible at a time.
const releaseWorkers = 8

// releaseAll makes all messages that are held visible again, and returns how many
// stay hidden until their visibility timeout ends, and a call that failed, if one did.
func (g *reading) releaseAll(ctx context.Context) (hidden int, err error) {
	var failed atomic.Int64
	var calls errgroup.Group // without a context: one that fails ends no other
	calls.SetLimit(releaseWorkers)
	receipts := make([]string, 0, batchEntries)
	flush := func() {
		batch := receipts
		receipts = make([]string, 0, batchEntries)
		calls.Go(func() error {
			n, err := g.Queue.makeVisible(ctx, batch)
			failed.Add(int64(n))
			return err
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
	err = calls.Wait()
	return int(failed.Load()), err
}

// makeVisible makes messages visible, at most 10, and returns for how many that failed
// twice, with the call that failed, if one did. A message that SQS refuses to make visible
// is visible already, or deleted.
func (q *Queue) makeVisible(ctx context.Context, receipts []string) (hidden int, failed error) {
	call := func(ctx context.Context, left []int) (done []*string, failed []types.BatchResultErrorEntry, err error) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(left))
		for n, i := range left {
			entries[n] = types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(receipts[i]), VisibilityTimeout: 0,
			}
		}
		out, err := q.API.ChangeMessageVisibilityBatch(ctx,
			&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(q.URL), Entries: entries})
		if err != nil {
			return nil, nil, err
		}
		for _, s := range out.Successful {
			done = append(done, s.Id)
		}
		return done, out.Failed, nil
	}
	why, _ := inBatch(ctx, "ChangeMessageVisibilityBatch", len(receipts), 2, 0, call)
	for _, err := range why {
		if err != nil && !Refused(err) {
			hidden, failed = hidden+1, err
		}
	}
	return hidden, failed
}
