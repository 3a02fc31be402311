package bulk

import (
	"context"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Deliverer delivers records to a destination and retries until ctx ends, as a [sink.Loop] does.
type Deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// Remote is a destination over the network. It can refuse single records, and it can be
// unreachable.
type Remote struct {
	Deliverer
	// GiveUpAfter is how long the destination may accept nothing before the run gives up. It gives
	// up at once if the destination says that it will accept no record until somebody changes a
	// setting ([sink.Blocked]).
	GiveUpAfter time.Duration
	// Unsent receives the carrier of each record that is not sent: those of the batch at which the
	// run gave up, and all that are read after it. They are counted as returned. Its error ends the
	// run.
	Unsent func(text []byte) error
	// Repeatable: the inputs can be read again. If the run gives up before anything was delivered,
	// it then ends without calling Unsent.
	Repeatable bool
}

// remoteChunks is the maximum number of chunks that are sent together: 2,560 records or 10 MiB,
// which the limits of a destination split into several calls.
const remoteChunks = 10

// endTime is how long calls in flight may take after an interruption. If such a call is cancelled,
// the destination may still have accepted its records, and they would be sent again.
const endTime = 2 * time.Second

// send sends the records to Job.Remote, and counts all of them in the ledger.
func (w *writer) send(ctx context.Context) error {
	left := make([]int, len(w.records))
	for i := range left {
		left[i] = i
	}
	for w.gaveUp == nil && len(left) > 0 {
		var err error
		if left, err = w.try(ctx, left); err != nil {
			return err
		}
	}
	w.ledger.Received += int64(len(left))
	w.ledger.Returned += int64(len(left))
	if len(left) > 0 && w.job.Remote.Repeatable && w.ledger.Delivered == 0 {
		return w.gaveUp
	}
	for _, i := range left {
		from := w.origins[i]
		if err := w.job.Remote.Unsent(from.chunk.kept[from.result.keptStart:from.result.keptEnd]); err != nil {
			return err
		}
	}
	return nil
}

// try sends the records with these indexes for at most GiveUpAfter and returns those that must be
// sent again. If none was accepted, it gives up.
func (w *writer) try(outer context.Context, indexes []int) (left []int, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(outer), w.job.Remote.GiveUpAfter)
	defer cancel()
	defer context.AfterFunc(outer, func() {
		defer cancel()
		timer := time.NewTimer(endTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})()
	records := make([]sink.Record, len(indexes))
	for n, i := range indexes {
		records[n] = w.records[i]
	}
	out := w.job.Remote.Deliver(ctx, records)
	var cause error
	for n, i := range indexes {
		answer := &out.Answers[n]
		if answer.State != sink.Retry {
			if err := w.enter(w.origins[i], answer); err != nil {
				return nil, err
			}
			continue
		}
		left = append(left, i)
		if c := out.Causes[n]; c >= 0 && (cause == nil || sink.KindOf(out.Errors[c]) == sink.Blocked) {
			cause = out.Errors[c]
		}
	}
	switch {
	case len(left) == 0:
	case outer.Err() != nil:
		w.gaveUp = context.Cause(outer)
	case cause == nil && len(left) == len(indexes):
		w.gaveUp = fmt.Errorf("the destination did not accept a record within %v", w.job.Remote.GiveUpAfter)
	case len(left) == len(indexes) || cause != nil && sink.KindOf(cause) == sink.Blocked:
		w.gaveUp = cause
	}
	return left, nil
}

// enter counts a record that was accepted, or is dead, in the ledger.
func (w *writer) enter(from origin, answer *sink.Answer) error {
	if answer.State == sink.Dead {
		at, r := &from.chunk.items[from.result.item], from.result
		letter := w.newLetter(at, "deliver", answer.Reason, answer.Detail, r.UUID)
		letter.SetBody(from.chunk.kept[r.keptStart:r.keptEnd])
		if err := w.job.Bad(letter); err != nil {
			return err
		}
		w.ledger.Received++
		w.ledger.Dead++
		return nil
	}
	w.ledger.Received++
	w.ledger.Delivered++
	w.ledger.BytesOut += int64(answer.Bytes)
	if answer.Restamped {
		w.ledger.Restamped++
	}
	if answer.FallbackRaw {
		w.ledger.FallbackRaw++
	}
	if answer.AlreadyThere {
		w.ledger.AlreadyThere++
	}
	return nil
}
