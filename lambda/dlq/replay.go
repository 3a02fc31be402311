package dlq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// Replay replays the messages of a queue.
type Replay struct {
	Queue  *Queue
	Target Target
	To     string // what the audit calls the target
	Filter Filter
	Limit  int  // of messages that are replayed; 0: all
	DryRun bool // report what would be done, and do nothing
	Force  bool // also what has been replayed MaxReplays times and more
	// Check, where it is not nil, is a target that keeps nothing: what it does not
	// accept is not sent.
	Check Target
	// Rate is how many messages are sent a second; 0: no limit.
	Rate       int
	Audit      *Audit
	Recogniser func() *Recogniser // one for each worker's batch
	Progress   func(messages int)
	Workers    int
	Wait       int32 // see Reader
}

// MaxReplays is the number of replays from which on a message is not sent without
// Force: what is dead-lettered again and again needs a person.
const MaxReplays = 3

// Report is what a replay did.
type Report struct {
	Read     Read
	Outcomes map[Outcome]int
	// Seen are all messages that were read, Chosen those that the filter chose, and
	// Going those of them that are sent, or would be.
	Seen, Chosen, Going *Groups
	// Sample are the events of one of the messages in Going.
	Sample []Ref
	// Taken is how many messages count towards Limit.
	Taken int
	// Why counts why messages were not accepted.
	Why map[string]int
}

// Left is how many chosen messages are still in the dead-letter queue.
func (r *Report) Left() int {
	return r.Outcomes[Failed] + r.Outcomes[TooOften] + r.Outcomes[CheckFailed] +
		r.Outcomes[UnknownForm] + r.Outcomes[TooLong] + r.Outcomes[NotTheBuffer]
}

// Deleted is how many messages were deleted from the dead-letter queue.
func (r *Report) Deleted() int {
	return r.Outcomes[Replayed] - r.Outcomes[NotDeleted] + r.Outcomes[AlreadySent]
}

// replay is one run.
type replay struct {
	*Replay
	limiter *rate.Limiter
	chunk   int // messages that are sent at a time

	mu       sync.Mutex
	report   Report
	taken    int // of Limit
	failures int // of sending, one after the other
}

// minHidden is for how long a message must still be hidden to be sent: another reader
// could receive it otherwise.
const minHidden = 2 * time.Minute

// sendTime is how long sending, writing the audit and deleting may take once they
// have begun. They are not interrupted.
const sendTime = time.Minute

// Run replays. The report holds also with an error.
func (r *Replay) Run(ctx context.Context) (Report, error) {
	run := &replay{Replay: r, chunk: batchEntries}
	run.report = Report{
		Outcomes: map[Outcome]int{}, Why: map[string]int{},
		Seen: &Groups{Unmatched: r.Filter.Patterns()}, Chosen: &Groups{}, Going: &Groups{},
	}
	run.limiter = rate.NewLimiter(rate.Inf, batchEntries)
	if r.Rate > 0 {
		// As much at a time as a tenth of a second allows, so that a low rate is kept.
		run.chunk = min(max(r.Rate/10, 1), batchEntries)
		run.limiter = rate.NewLimiter(rate.Limit(r.Rate), run.chunk)
	}
	reader := &Reader{Queue: r.Queue, Visit: run.visit, Workers: r.Workers, Wait: r.Wait}
	read, err := reader.Run(ctx)
	run.report.Read, run.report.Taken = read, run.taken
	return run.report, err
}

// choice is what is to be done with the messages of a batch.
type choice struct {
	going  []*Item // to be sent
	done   []*Item // sent before, to be deleted
	lines  []Line  // about those that are left
	enough bool    // the limit is reached
}

// choose decides for each message of a batch.
func (r *replay) choose(messages []*Message) (c choice) {
	recogniser := r.Recogniser()
	now := r.Queue.Now()
	for _, m := range messages {
		p := &Item{Message: m, Dead: recogniser.Recognise(r.Queue, m)}
		r.report.Seen.Add(p.Dead, now)
		if r.Audit.Sent(r.Queue.URL, m.ID) {
			c.done = append(c.done, p)
			continue
		}
		if !r.Filter.Chooses(p.Dead, now) {
			continue
		}
		switch {
		case p.Dead.Form == Unknown:
			c.lines = append(c.lines, r.line(p, UnknownForm, ""))
		case p.Dead.Reason == notFromBuffer && !r.Force:
			c.lines = append(c.lines, r.line(p, NotTheBuffer, ""))
		case p.Dead.Replays >= MaxReplays && !r.Force:
			c.lines = append(c.lines, r.line(p, TooOften, ""))
		case r.take():
			c.going = append(c.going, p)
		default:
			c.enough = true
			continue
		}
		r.report.Chosen.Add(p.Dead, now)
	}
	return c
}

// visit replays the messages of a batch that are to be replayed.
func (r *replay) visit(ctx context.Context, messages []*Message) error {
	c := r.choose(messages)
	going, failed, err := r.check(ctx, c.going)
	if err != nil {
		return err
	}
	c.lines = append(c.lines, failed...)
	for _, p := range going {
		r.report.Going.Add(p.Dead, r.Queue.Now())
		r.sample(p.Dead.Events)
		if r.DryRun {
			c.lines = append(c.lines, r.line(p, WouldReplay, ""))
		}
	}
	if r.DryRun {
		going, c.done = nil, nil
	}
	if err := r.record(c.lines); err != nil {
		return err
	}
	if err := r.deleteSent(ctx, c.done, AlreadySent); err != nil {
		return err
	}
	r.progress(len(messages) - len(going))
	for len(going) > 0 {
		n := min(r.chunk, len(going))
		if err := r.send(ctx, going[:n]); err != nil {
			return err
		}
		r.progress(n)
		going = going[n:]
	}
	if c.enough {
		return ErrEnough
	}
	return nil
}

func (r *replay) sample(events []Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report.Sample == nil {
		r.report.Sample = events
	}
}

func (r *replay) progress(messages int) {
	if r.Progress != nil {
		r.Progress(messages)
	}
}

// take counts a message towards the limit, and reports false where that is
// reached.
func (r *replay) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Limit > 0 && r.taken == r.Limit {
		return false
	}
	r.taken++
	return true
}

// check tells apart what the pipeline would accept and what it would not.
func (r *replay) check(ctx context.Context, items []*Item) (passed []*Item, failed []Line, err error) {
	if r.Check == nil || len(items) == 0 {
		return items, nil, nil
	}
	if err := r.Check.Send(ctx, items); err != nil {
		return nil, nil, fmt.Errorf("check messages: %w", err)
	}
	for _, p := range items {
		if p.Err != nil {
			failed = append(failed, r.line(p, CheckFailed, p.Err.Error()))
			continue
		}
		passed = append(passed, p)
	}
	return passed, failed, nil
}

// send sends items, records in the audit that they were sent, and deletes them.
func (r *replay) send(ctx context.Context, items []*Item) error {
	if err := r.limiter.WaitN(ctx, len(items)); err != nil {
		// Interrupted before anything was sent.
		return context.Cause(ctx)
	}
	now := r.Queue.Now()
	var fit []*Item
	for _, p := range items {
		if now.Sub(p.Message.received) > Hidden-minHidden {
			r.postpone(p)
			continue
		}
		fit = append(fit, p)
	}
	if len(fit) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	blocked := r.Target.Send(ctx, fit)
	var taken []*Item
	var lines []Line
	for _, p := range fit {
		switch {
		case p.Err == nil:
			taken = append(taken, p)
		case errors.Is(p.Err, deadletter.ErrTooLong):
			lines = append(lines, r.line(p, TooLong, ""))
		default:
			lines = append(lines, r.line(p, Failed, p.Err.Error()))
		}
	}
	// Before anything is deleted: the audit knows every message that left the queue.
	for _, p := range taken {
		lines = append(lines, r.line(p, Replayed, ""))
	}
	if err := r.record(lines); err != nil {
		return err
	}
	if err := r.deleteSent(ctx, taken, ""); err != nil || blocked != nil {
		return errors.Join(err, blocked)
	}
	return r.stopAfterFailures(fit)
}

// postpone puts back a message that was held for too long to be sent safely.
func (r *replay) postpone(p *Item) {
	p.Message.postponed = true
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken--
}

// maxFailedSends is how many sends in a row may be accepted for no message.
const maxFailedSends = 5

// stopAfterFailures ends a replay of which nothing is accepted: a target that is
// down is not called any more, and the messages stay where they are. A message that
// is refused for its content says nothing about the target.
func (r *replay) stopAfterFailures(items []*Item) error {
	var last error
	for _, p := range items {
		if p.Err == nil || Refused(p.Err) {
			last = nil
			break
		}
		last = p.Err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last == nil {
		r.failures = 0
		return nil
	}
	if r.failures++; r.failures < maxFailedSends {
		return nil
	}
	return fmt.Errorf("replay queue %s: none of the last %d sends was accepted: %w", r.Queue.Name, maxFailedSends, last)
}
