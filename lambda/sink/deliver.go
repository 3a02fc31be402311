package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/oktastream/oktastream/events"
)

// Loop delivers records to Sink, and is the only place that tries again.
type Loop struct {
	Sink BatchSink
	// Concurrency is how many batches are sent at the same time; 1 where it is 0.
	Concurrency int
	// FirstCeiling bounds the first wait between two tries; 200 ms where it is 0.
	FirstCeiling time.Duration
}

// The waits between tries: full jitter, uniform from 0 to a ceiling that doubles
// from 200 ms to 10 s (Marc Brooker, "Exponential Backoff And Jitter", AWS
// Architecture Blog).
const (
	firstCeiling = 200 * time.Millisecond
	lastCeiling  = 10 * time.Second
)

// Outcome is what became of a delivery.
type Outcome struct {
	// Answers has one answer for each record. A record at Retry has to be delivered again
	// later.
	Answers []Answer
	// Causes has, for each record at Retry, the index in Errors of the error that left it
	// there, or -1 where only the time ended.
	Causes []int
	Errors []error
	// Batches counts the calls of the sink.
	Batches int
}

// Deliver delivers records until each has an answer or ctx ends. It does not wait
// for another try that ctx leaves no time for.
func (l *Loop) Deliver(ctx context.Context, records []Record) Outcome {
	out := Outcome{Answers: make([]Answer, len(records)), Causes: make([]int, len(records))}
	for i := range out.Causes {
		out.Causes[i] = -1
	}
	jobs := l.Sink.Cut(records)
	done := make([]*job, len(jobs))
	var group errgroup.Group
	group.SetLimit(max(l.Concurrency, 1))
	for n, indexes := range jobs {
		j := &job{loop: l, records: records, answers: out.Answers, causes: out.Causes}
		done[n] = j
		group.Go(func() error {
			j.run(ctx, indexes)
			return nil
		})
	}
	_ = group.Wait() // no job returns an error; each record has its own
	for _, j := range done {
		for _, i := range j.failed {
			out.Causes[i] += len(out.Errors)
		}
		out.Errors = append(out.Errors, j.errors...)
		out.Batches += j.calls
	}
	out.retryIfAllRefused()
	return out
}

// retryIfAllRefused makes the refused records Retry where the destination has refused
// several and accepted none: then the records are not at fault, whatever the error code
// says. A record at Retry counts as refused only where the reason is unknown.
func (o *Outcome) retryIfAllRefused() {
	var refused []int
	for i, a := range o.Answers {
		switch {
		case a.State == Dead && a.Reason == events.Refused:
			refused = append(refused, i)
		case a.State == Retry && o.Causes[i] >= 0 && KindOf(o.Errors[o.Causes[i]]) == Unknown:
		default:
			return
		}
	}
	if len(refused) < 2 {
		return
	}
	o.Errors = append(o.Errors, &Error{
		Kind: Blocked, Err: errors.New("every record is refused: " + o.Answers[refused[0]].Detail),
	})
	for _, i := range refused {
		o.Answers[i], o.Causes[i] = Answer{}, len(o.Errors)-1
	}
}

// job is one batch and the parts into which it is split. Jobs share the slices of the
// delivery, but no element of them.
type job struct {
	loop    *Loop
	records []Record
	answers []Answer
	causes  []int
	failed  []int // records whose cause is an index into errors
	errors  []error
	calls   int
}

// maxUnknown is how many calls a batch may take while the destination refuses
// it for a reason that is not known. It is enough to find a handful of records
// among 10,000, and bounds the calls where the reason is not about records.
const maxUnknown = 100

func (j *job) run(ctx context.Context, pending []int) {
	if len(pending) == 0 {
		return
	}
	wait := &backoff.ExponentialBackOff{
		InitialInterval:     cmp.Or(j.loop.FirstCeiling, firstCeiling) / 2,
		RandomizationFactor: 1, Multiplier: 2, MaxInterval: lastCeiling / 2,
	}
	wait.Reset()
	for {
		left, split, err := j.try(ctx, pending)
		if pending = left; len(pending) == 0 {
			return
		}
		switch kind := KindOf(err); {
		case err == nil && split >= 0 && j.calls >= maxUnknown:
			j.giveUp(pending, &Error{Kind: Unknown, Err: fmt.Errorf("one record was refused in each of %d calls", j.calls)})
			return
		case err == nil && split >= 0:
			// The destination named a record that it refuses. The records before it
			// and those after it are sent again separately, so that none is sent more
			// than twice because others are refused.
			j.run(ctx, pending[:split:split])
			j.run(ctx, pending[split:])
			return
		case err != nil && kind == Blocked:
			j.giveUp(pending, err)
			return
		case err != nil && kind == Content && len(pending) == 1:
			j.answers[pending[0]] = Answer{State: Dead, Reason: events.Refused, Detail: err.Error()}
			return
		case err != nil && kind == Unknown && (len(pending) == 1 || j.calls >= maxUnknown):
			j.giveUp(pending, err)
			return
		case err != nil && (kind == Content || kind == Unknown):
			// Halve it until the record that is refused is alone.
			half := len(pending) / 2
			j.run(ctx, pending[:half:half])
			j.run(ctx, pending[half:])
			return
		}
		if !Sleep(ctx, max(wait.NextBackOff(), retryAfter(err))) {
			j.giveUp(pending, err)
			return
		}
	}
}

// try delivers records once and returns those that are still at Retry. split is how many
// of these came before the first record that is Dead, -1 where none is.
func (j *job) try(ctx context.Context, pending []int) (left []int, split int, err error) {
	records := make([]Record, len(pending))
	answers := make([]Answer, len(pending))
	for n, i := range pending {
		records[n] = j.records[i]
	}
	j.calls++
	err = j.loop.Sink.Deliver(ctx, records, answers)
	split = -1
	for n, i := range pending {
		j.answers[i] = answers[n]
		switch {
		case answers[n].State == Retry:
			left = append(left, i)
		case answers[n].State == Dead && split < 0:
			split = len(left)
		}
	}
	return left, split, err
}

// giveUp leaves records at Retry with err as the cause.
func (j *job) giveUp(pending []int, err error) {
	if err == nil {
		return
	}
	for _, i := range pending {
		j.causes[i] = len(j.errors)
		j.failed = append(j.failed, i)
	}
	j.errors = append(j.errors, err)
}

func retryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// Sleep waits for d and reports true, unless ctx would end before: then it reports
// false at once.
func Sleep(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
