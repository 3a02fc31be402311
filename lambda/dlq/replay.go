package dlq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Replay brings the messages of a queue back.
type Replay struct {
	Queue  *Queue
	Door   Door
	To     string // what the audit calls the door
	Filter Filter
	Limit  int  // of messages that are brought back; 0: all
	DryRun bool // tell what would be done, and do nothing
	Force  bool // also what has been replayed three times and more
	// Check, where it is not nil, is a door to nowhere: what it does not take is
	// not sent.
	Check Door
	// Rate is how many messages a second; 0: as fast as can be.
	Rate       int
	Audit      *Audit
	Recogniser func() *Recogniser // one for each worker's batch
	Progress   func(messages int)
	Workers    int
	Wait       int32 // see Reader
	Hold       int   // see Reader
}

// Loop is the number of replays from which on a message is left alone without
// Force: what dies again and again needs a person.
const Loop = 3

// Report is what a replay did.
type Report struct {
	Read     Read
	Outcomes map[Outcome]int
	// Chosen are the messages that were chosen, by reason, type and age.
	Chosen *Groups
	// Why counts what kept messages from being taken.
	Why map[string]int
}

// Left is how many chosen messages are still where they were.
func (r *Report) Left() int {
	return r.Outcomes[Failed] + r.Outcomes[TooOften] + r.Outcomes[CheckFailed] + r.Outcomes[UnknownForm] + r.Outcomes[TooLong]
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

// fresh is how long before a message stops being hidden it is not sent any more:
// another reader could receive it meanwhile.
const fresh = 2 * time.Minute

// sendTime is how long sending, writing the audit and deleting may take once they
// have begun. They are not interrupted.
const sendTime = time.Minute

// Run replays. What it returns is true also with an error.
func (r *Replay) Run(ctx context.Context) (Report, error) {
	run := &replay{Replay: r, chunk: batchEntries}
	run.report = Report{Outcomes: map[Outcome]int{}, Chosen: &Groups{}, Why: map[string]int{}}
	run.limiter = rate.NewLimiter(rate.Inf, batchEntries)
	if r.Rate > 0 {
		// A tenth of a second's worth at a time, so that what is called slow is.
		run.chunk = min(max(r.Rate/10, 1), batchEntries)
		run.limiter = rate.NewLimiter(rate.Limit(r.Rate), run.chunk)
	}
	reader := &Reader{Queue: r.Queue, Visit: run.visit, Workers: r.Workers, Wait: r.Wait, Hold: r.Hold}
	read, err := reader.Run(ctx)
	run.report.Read = read
	return run.report, err
}

// visit decides for each message, and brings back those that are to go.
func (r *replay) visit(ctx context.Context, messages []*Message) error {
	recogniser := r.Recogniser()
	var going, done []*Parcel
	var lines []Line
	enough := false
	for _, m := range messages {
		p := &Parcel{Message: m, Dead: recogniser.Recognise(r.Queue, m)}
		if r.Audit.Sent(r.Queue.URL, m.ID) {
			// It only waits to be deleted.
			done = append(done, p)
			continue
		}
		if !r.Filter.Chooses(p.Dead, r.Queue.Now()) {
			continue
		}
		switch {
		case p.Dead.Form == Unknown:
			lines = append(lines, r.line(p, UnknownForm, ""))
		case p.Dead.Replays >= Loop && !r.Force:
			lines = append(lines, r.line(p, TooOften, ""))
		case r.take():
			going = append(going, p)
		default:
			enough = true
			continue
		}
		r.report.Chosen.Add(p.Dead, r.Queue.Now())
	}
	going, failed, err := r.check(ctx, going)
	if err != nil {
		return err
	}
	lines = append(lines, failed...)
	if r.DryRun {
		for _, p := range going {
			lines = append(lines, r.line(p, WouldReplay, ""))
		}
		going = nil
	}
	if err := r.settle(lines); err != nil {
		return err
	}
	if len(done) > 0 && !r.DryRun {
		if err := r.bury(ctx, done, AlreadySent); err != nil {
			return err
		}
	}
	for len(going) > 0 {
		n := min(r.chunk, len(going))
		if err := r.bring(ctx, going[:n]); err != nil {
			return err
		}
		going = going[n:]
	}
	if r.Progress != nil {
		r.Progress(len(messages))
	}
	if enough {
		return ErrEnough
	}
	return nil
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

// check takes out what the pipeline would not take.
func (r *replay) check(ctx context.Context, parcels []*Parcel) (passed []*Parcel, failed []Line, err error) {
	if r.Check == nil || len(parcels) == 0 {
		return parcels, nil, nil
	}
	if err := r.Check.Send(ctx, parcels); err != nil {
		return nil, nil, fmt.Errorf("check messages: %w", err)
	}
	for _, p := range parcels {
		if p.Err != nil {
			failed = append(failed, r.line(p, CheckFailed, p.Err.Error()))
			continue
		}
		passed = append(passed, p)
	}
	return passed, failed, nil
}

// bring sends parcels, writes down that they were sent, and deletes them.
func (r *replay) bring(ctx context.Context, parcels []*Parcel) error {
	if err := r.limiter.WaitN(ctx, len(parcels)); err != nil {
		// Interrupted. Nothing of this has happened yet.
		return context.Cause(ctx)
	}
	now := r.Queue.Now()
	var fit []*Parcel
	for _, p := range parcels {
		if now.Sub(p.Message.received) > Hidden-fresh {
			r.later(p)
			continue
		}
		fit = append(fit, p)
	}
	if len(fit) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	blocked := r.Door.Send(ctx, fit)
	var taken []*Parcel
	var lines []Line
	for _, p := range fit {
		switch {
		case p.Err == nil:
			taken = append(taken, p)
		case p.Err == ErrTooLong:
			lines = append(lines, r.line(p, TooLong, ""))
		default:
			lines = append(lines, r.line(p, Failed, p.Err.Error()))
		}
	}
	// Before anything is deleted: what has left the queue is in the audit.
	for _, p := range taken {
		lines = append(lines, r.line(p, Replayed, ""))
	}
	if err := r.settle(lines); err != nil {
		return err
	}
	if err := r.bury(ctx, taken, ""); err != nil || blocked != nil {
		return errors.Join(err, blocked)
	}
	return r.doubt(fit)
}

// later puts a message off that has been in our hands for too long.
func (r *replay) later(p *Parcel) {
	p.Message.again = true
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken--
}

// inVain is how many sends in a row may bring nothing back.
const inVain = 5

// doubt ends a replay of which nothing arrives: a destination that is down is
// left alone, and what is left waits for a better time.
//
// A message that is refused for what it is says nothing of that.
func (r *replay) doubt(parcels []*Parcel) error {
	var last error
	for _, p := range parcels {
		var refusal Refusal
		if p.Err == nil || errors.As(p.Err, &refusal) {
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
	if r.failures++; r.failures < inVain {
		return nil
	}
	return fmt.Errorf("replay of queue %s: the last %d sends brought nothing back: %w", r.Queue.Name, inVain, last)
}
