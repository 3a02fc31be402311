package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// deleteSent deletes messages that have been sent and counts each as outcome, or
// not at all where that is empty. What cannot be deleted is counted as NotDeleted:
// it will be sent a second time, with the same uuid, unless by a run with the same
// audit. The error says that no message can be deleted: nothing more may be sent then.
func (r *replay) deleteSent(ctx context.Context, items []*Item, outcome Outcome) error {
	if len(items) == 0 {
		return nil
	}
	why, denied := r.Queue.delete(ctx, items)
	var lines []Line
	for i, p := range items {
		switch {
		case why[i] != "":
			lines = append(lines, r.line(p, NotDeleted, why[i]))
		default:
			p.Message.deleted = true
			if outcome != "" {
				lines = append(lines, r.line(p, outcome, ""))
			}
		}
	}
	return errors.Join(r.record(lines), denied)
}

// line is the audit's line about a message.
func (r *replay) line(p *Item, outcome Outcome, why string) Line {
	l := Line{
		Time: r.Queue.Now().UTC(), Outcome: outcome, Why: why, QueueURL: r.Queue.URL, MessageID: p.Message.ID,
		Form: p.Dead.Form, Reason: p.Dead.Reason, Code: p.Dead.Code, Pipeline: p.Dead.Pipeline,
		Replays: p.Dead.Replays, Events: p.Dead.Events,
	}
	if outcome == Replayed {
		l.To, l.SentAs, l.Replays = r.To, p.SentAs, p.Dead.Replays+1
	}
	return l
}

// record writes lines to the audit and counts them.
func (r *replay) record(lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	if err := r.Audit.Write(lines...); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range lines {
		r.report.Outcomes[l.Outcome]++
		if l.Why != "" {
			r.report.Why[l.Why]++
		}
	}
	return nil
}

// delete deletes messages and returns for each why it could not, "" where it could.
// Entries that fail are tried again without the others. The error is a call that would
// fail in the same way for every message.
func (q *Queue) delete(ctx context.Context, items []*Item) (why []string, err error) {
	why = make([]string, len(items))
	left := make([]int, len(items))
	for i := range left {
		left[i], why[i] = i, "DeleteMessageBatch: no_answer"
	}
	wait := cmp.Or(q.FirstWait, 200*time.Millisecond)
	for try := 1; len(left) > 0; try++ {
		var again []int
		for len(left) > 0 {
			n := min(batchEntries, len(left))
			failed, err := q.deleteBatch(ctx, items, left[:n], why)
			if err != nil {
				return why, err
			}
			again, left = append(again, failed...), left[n:]
		}
		if len(again) == 0 || try == maxSends || !sleep(ctx, wait) {
			return why, nil
		}
		left, wait = again, 2*wait
	}
	return why, nil
}

// deleteBatch deletes the messages of one call, writes to why what the response
// says about each, and returns those that may be tried again.
func (q *Queue) deleteBatch(ctx context.Context, items []*Item, batch []int, why []string) (again []int, err error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
	for n, i := range batch {
		entries[n] = types.DeleteMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(items[i].Message.receipt),
		}
	}
	out, err := q.API.DeleteMessageBatch(ctx,
		&sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.URL), Entries: entries})
	if err != nil {
		p := ProblemOf("DeleteMessageBatch", err)
		for _, i := range batch {
			why[i] = "DeleteMessageBatch: " + p.Code
		}
		if p.Permanent {
			return nil, fmt.Errorf("delete from queue %s: %w", q.Name, p)
		}
		return batch, nil
	}
	for _, s := range out.Successful {
		if i, ok := index(s.Id, len(why)); ok {
			why[i] = ""
		}
	}
	senderFault := map[int]bool{}
	for _, f := range out.Failed {
		if i, ok := index(f.Id, len(why)); ok {
			why[i], senderFault[i] = "DeleteMessageBatch: "+safeWord(aws.ToString(f.Code)), f.SenderFault
		}
	}
	for _, i := range batch {
		if why[i] != "" && !senderFault[i] {
			again = append(again, i)
		}
	}
	return again, nil
}
