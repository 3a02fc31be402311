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
		case why[i] != nil:
			lines = append(lines, r.line(p, NotDeleted, deleteCode(why[i])))
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

// delete deletes messages, at most 10, and returns for each nil or why it could not. The
// error is a call that would fail in the same way for every message.
func (q *Queue) delete(ctx context.Context, items []*Item) (why []error, err error) {
	call := func(ctx context.Context, left []int) (done []*string, failed []types.BatchResultErrorEntry, err error) {
		entries := make([]types.DeleteMessageBatchRequestEntry, len(left))
		for n, i := range left {
			entries[n] = types.DeleteMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(items[i].Message.receipt),
			}
		}
		out, err := q.API.DeleteMessageBatch(ctx,
			&sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.URL), Entries: entries})
		if err != nil {
			return nil, nil, err
		}
		for _, s := range out.Successful {
			done = append(done, s.Id)
		}
		return done, out.Failed, nil
	}
	wait := cmp.Or(q.FirstWait, 200*time.Millisecond)
	if why, err = inBatch(ctx, deleteBatch, len(items), maxTries, wait, call); err != nil {
		err = fmt.Errorf("delete from queue %s: %w", q.Name, err)
	}
	return why, err
}

const deleteBatch = "DeleteMessageBatch"

// deleteCode is why a message was not deleted: the call and a code.
func deleteCode(err error) string {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p.Call + ": " + p.Code
	case err == errNoAnswer:
		return deleteBatch + ": " + err.Error()
	}
	return err.Error()
}
