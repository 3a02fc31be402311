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

// makeVisible makes messages visible and returns for how many that failed twice, with
// the error of the second call. Only what the response lists as successful, or as already
// visible or deleted, has been made visible.
func (q *Queue) makeVisible(ctx context.Context, receipts []string) (left int, failed error) {
	for range 2 {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(receipts))
		for i := range receipts {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(receipts[i]), VisibilityTimeout: 0,
			}
		}
		out, err := q.API.ChangeMessageVisibilityBatch(ctx,
			&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: aws.String(q.URL), Entries: entries})
		if failed = nil; err != nil {
			failed = ProblemOf("ChangeMessageVisibilityBatch", err)
			continue
		}
		done := make([]bool, len(receipts))
		for _, s := range out.Successful {
			if i, ok := index(s.Id, len(receipts)); ok {
				done[i] = true
			}
		}
		for _, f := range out.Failed {
			// The sender's fault: it is visible already, or deleted.
			if i, ok := index(f.Id, len(receipts)); ok && f.SenderFault {
				done[i] = true
			}
		}
		var left []string
		for i, receipt := range receipts {
			if !done[i] {
				left = append(left, receipt)
			}
		}
		if receipts = left; len(receipts) == 0 {
			return 0, nil
		}
	}
	return len(receipts), failed
}

// index is the position that the id of a batch entry stands for, out of n; false
// where it stands for none.
func index(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}
