package dlq

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

// maxTries is how often a batch, or what is left of it, is sent or deleted.
const maxTries = 4

// batchCall calls SQS once for the entries with these numbers, which are their ids too. It
// returns the ids of those that the response confirms.
type batchCall func(ctx context.Context, entries []int) (
	done []*string, failed []types.BatchResultErrorEntry, err error)

// inBatch makes call for the entries 0 to n-1, at most 10 of them, and up to tries times
// for those that neither succeed nor are refused; wait comes before the second time and
// doubles. For each entry it returns nil or why it failed: a Refusal where the entry itself
// is the reason. The error is a call that would fail in the same way for all other entries.
func inBatch(
	ctx context.Context, operation string, n, tries int, wait time.Duration, call batchCall,
) (why []error, err error) {
	why = make([]error, n)
	var left []int
	for i := range n {
		left = append(left, i)
	}
	for try := 1; ; try++ {
		for _, i := range left {
			why[i] = errNoAnswer // until there is one
		}
		done, failed, err := call(ctx, left)
		if err != nil {
			p := ProblemOf(operation, err)
			for _, i := range left {
				why[i] = p
			}
			if p.Permanent {
				return why, p
			}
		}
		for _, id := range done {
			if i, ok := index(id, n); ok {
				why[i] = nil
			}
		}
		for _, f := range failed {
			if i, ok := index(f.Id, n); ok {
				code := operation + ": " + safeWord(aws.ToString(f.Code))
				if why[i] = errors.New(code); f.SenderFault {
					why[i] = Refusal(code)
				}
			}
		}
		left = slices.DeleteFunc(left, func(i int) bool { return why[i] == nil || Refused(why[i]) })
		if len(left) == 0 || try == tries || !sink.Sleep(ctx, wait) {
			return why, nil
		}
		wait *= 2
	}
}

// index is the number that the id of a batch's entry stands for, out of n; false where it
// stands for none.
func index(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}
