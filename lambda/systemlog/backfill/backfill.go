// Package backfill reads the events of a time window from Okta's System Log API and sends them: to a
// pipeline's buffer queue, from which the function delivers them as it delivers streamed events, or to
// any other Sender.
//
// # Guarantees
//
// A page is noted in the state file only after each sender has accepted all of it. A run that is killed
// at any moment can be continued with its state file: it loses nothing, and sends at most one page
// twice. Copies have the same bytes and the same uuid.
//
// Memory is bounded by one page.
//
// Errors have uuids and no other content of an event.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Sender sends the events of a page. When Send returns nil, all of them are stored: in a queue, on a
// disk, at a destination or as dead letters. An error ends the run, and the next run reads and sends
// the page again.
type Sender interface {
	Send(ctx context.Context, events []systemlog.Event) error
}

// Job is one backfill.
type Job struct {
	Client *systemlog.Client
	// Since is the beginning of the window, included, and Until its end, not included, both by
	// published. Until must not be in the future.
	Since, Until time.Time
	// Keep reports whether an event is sent; nil keeps all. Counts.Skipped counts the events that it
	// drops.
	Keep func(*systemlog.Event) bool
	// Senders get each page, one after the other. Without one, events are only counted.
	Senders []Sender
	// State is the state file; it may be nil.
	State *State
	// Progress is called after each page. It may be nil.
	Progress func(Progress)
	Now      func() time.Time
}

// Progress is how far a run has come.
type Progress struct {
	Counts
	// At is when the newest event that was read was published.
	At time.Time
	// Share is how much of the window has been read, from 0 to 1, by time.
	Share float64
	// Left is how long the rest takes at the speed of this run so far; 0 where that is not known.
	Left time.Duration
	Rate systemlog.Rate
}

// Result is the result of a run, and of the runs that it continues.
type Result struct {
	Counts
	// Kept is how much of the window Okta still had.
	Kept systemlog.Kept
	// Done is true where the window was read to its end and all of it was sent.
	Done bool
	// Interrupted is true where the context ended the run.
	Interrupted bool
}

// finishTime is how long sending the current page may take after the run is interrupted, so that the page
// is not sent again.
const finishTime = 10 * time.Second

// errFuture is the error of a window that ends in the future.
var errFuture = errors.New("the window ends in the future")

// Run runs the job until the window or ctx ends. The result says what has been sent, after an error
// too.
func (j *Job) Run(ctx context.Context) (Result, error) {
	r := Result{Kept: j.Client.Kept(j.Since), Counts: Counts{Hours: map[Hour]int64{}}}
	if j.Until.After(j.Now()) {
		return r, errFuture
	}
	var at systemlog.Cursor
	if j.State != nil {
		if err := j.State.check(j.Client.Org(), j.Since, j.Until); err != nil {
			return r, err
		}
		r.Counts, at = j.State.Counts(), j.State.file.Cursor
		// A page that cannot be noted must not be sent.
		if err := j.State.save(r.Counts, at); err != nil {
			return r, err
		}
	}
	pages := j.Client.ResumeBounded(j.Since, j.Until, at)
	started, before := j.Now(), j.share(at.From)
	for {
		page, err := pages.Next(ctx)
		if errors.Is(err, io.EOF) {
			at.Next, at.Done = "", true
			r.Done = true
			return r, j.note(r.Counts, at)
		}
		if err != nil {
			r.Interrupted = ctx.Err() != nil
			return r, err
		}
		if err := j.send(ctx, page.Events, &r.Counts); err != nil {
			r.Interrupted = ctx.Err() != nil
			return r, err
		}
		r.Pages++
		r.Bytes += int64(page.Bytes)
		at = page.Cursor
		if err := j.note(r.Counts, at); err != nil {
			return r, err
		}
		j.report(r.Counts, page, started, before)
	}
}

// send calls each sender with the events that are kept, and counts them once all have accepted them.
func (j *Job) send(ctx context.Context, list []systemlog.Event, counts *Counts) error {
	read := len(list)
	if j.Keep != nil {
		kept := make([]systemlog.Event, 0, len(list))
		for i := range list {
			if j.Keep(&list[i]) {
				kept = append(kept, list[i])
			}
		}
		list = kept
	}
	if len(list) > 0 && len(j.Senders) > 0 {
		ctx, cancel := finishing(ctx)
		defer cancel()
		for _, s := range j.Senders {
			if err := s.Send(ctx, list); err != nil {
				return fmt.Errorf("send a page of %d events: %w", len(list), err)
			}
		}
	}
	counts.Skipped += int64(read - len(list))
	for i := range list {
		counts.add(&list[i])
	}
	return nil
}

// finishing returns a context that ends finishTime after ctx does.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		late, stopLate := context.WithTimeout(detached, finishTime)
		defer stopLate()
		<-late.Done()
		cancel()
	})
	return detached, func() {
		stop()
		cancel()
	}
}

// note writes the state.
func (j *Job) note(counts Counts, at systemlog.Cursor) error {
	if j.State == nil {
		return nil
	}
	return j.State.save(counts, at)
}

// share returns how much of the window is before at, from 0 to 1.
func (j *Job) share(at time.Time) float64 {
	if at.Before(j.Since) {
		return 0
	}
	return min(float64(at.Sub(j.Since))/float64(j.Until.Sub(j.Since)), 1)
}

func (j *Job) report(counts Counts, page systemlog.Page, started time.Time, before float64) {
	if j.Progress == nil {
		return
	}
	p := Progress{Counts: counts, Rate: page.Rate, At: counts.Newest}
	p.Share = j.share(p.At)
	if page.Cursor.Done {
		p.Share = 1
	}
	if done := p.Share - before; done > 0 {
		took := j.Now().Sub(started)
		p.Left = time.Duration(float64(took) / done * (1 - p.Share)).Round(time.Second)
	}
	j.Progress(p)
}
