// Package reconcile compares Okta's own record of events, its System Log API, with what a destination
// has: by uuid, for each hour of published.
//
// Both sides are read to their ends, and uuids are kept by hour: 20 bytes an event, on disk beyond a few
// megabytes. The hours are compared one at a time, so that memory does not depend on the length of the
// window: an hour of a million events takes less than 256 MB (TestMemoryOfAnHour measures it).
//
// Events are identified by uuid only. No document of Okta's says that an event has the same uuid in the
// API and in a log stream: so the figures are given only if some uuids agree (Report.Comparable).
//
// A read that does not reach its end is an error, and gives no figures.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Source is a bounded read of Okta's System Log. It returns io.EOF after the last page.
type Source interface {
	Next(context.Context) (systemlog.Page, error)
}

// Held is what a destination holds.
type Held interface {
	// Read calls take with each event whose record is found. It may give events from
	// outside the window. It returns an error unless everything was read.
	Read(ctx context.Context, w Window, take Take) (HeldRead, error)
}

// Take takes one record of an event: its uuid, valid until Take returns, and the time in
// milliseconds since 1970 at which Okta published it.
type Take func(uuid []byte, publishedMS int64) error

// HeldRead is what a read of a destination has found.
type HeldRead struct {
	Records int64 `json:"records"` // all records, whatever they hold
	// Unrecognised is how many of them are not recognised as records of an Okta event.
	Unrecognised int64 `json:"unrecognised"`
}

// Window is the time of published that is compared: from Since up to and without Until.
type Window struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

func (w Window) holds(ms int64) bool { return ms >= w.Since.UnixMilli() && ms < w.Until.UnixMilli() }

// Job says what is compared.
type Job struct {
	Window
	// List starts a bounded read of Okta's System Log.
	List func(since, until time.Time) Source
	Held Held
	// Filter is the pipeline's: events that it drops are not expected at the destination.
	Filter events.Filter
	// Waiting returns the keys of the events in the pipeline's dead-letter queues. It may
	// be nil.
	Waiting func(context.Context) ([]Key, error)
	// Progress is called with the number of events or records that a step has read. It may be nil.
	Progress func(step string, n int64)
	Now      func() time.Time
}

// The steps of Progress.
const (
	StepOkta  = "reading Okta's System Log"
	StepAgain = "reading Okta's System Log a second time"
	StepHeld  = "reading the destination"
	StepFill  = "sending missing events"
)

// Report is the result of a comparison.
type Report struct {
	Window
	Counts
	Hours []Hour
	// Comparable is false where both sides have minEvidence events or more in the same hours, and no
	// uuid in common. Then they are not the same events, or their uuids differ, and Missing and Extra
	// mean nothing.
	Comparable bool
	Held       HeldRead
	// OktaRead is when Okta's side was read, OktaReadAgain when the hours that can be settled were read
	// again, and HeldRead when the destination was read. The zero time is not at all.
	OktaRead, OktaReadAgain, HeldRead time.Time
}

// minEvidence is how many events the side with fewer has to have, in hours that both sides have, before
// no common uuid means that the uuids differ.
const minEvidence = 100

// Verdict is the result of a comparison in one word.
type Verdict string

// The verdicts.
const (
	Complete      Verdict = "complete"       // nothing is missing, and every hour is settled
	Missing       Verdict = "missing"        // events are missing
	Undecided     Verdict = "provisional"    // nothing is missing, but an hour is provisional
	InQueues      Verdict = "waiting"        // nothing is missing, but events are in dead-letter queues
	NotComparable Verdict = "not_comparable" // the uuids of the two sides do not agree
)

// Verdict returns the verdict of the report.
func (r *Report) Verdict() Verdict {
	switch {
	case !r.Comparable:
		return NotComparable
	case r.Missing > 0:
		return Missing
	case r.Waiting > 0:
		return InQueues
	case slices.ContainsFunc(r.Hours, func(h Hour) bool { return h.State != Settled }):
		return Undecided
	}
	return Complete
}

// Run is one comparison. It is for one goroutine. Close removes its temporary files.
type Run struct {
	job           Job
	dir           string
	first, second *spill
	missing       *spill
	names         names
	settledUntil  time.Time
	readAt        [2]time.Time
}

// New returns a Run, which keeps uuids in a new directory within dir ("": that of the
// system's temporary files).
func New(job Job, dir string) (*Run, error) {
	if !job.Since.Before(job.Until) {
		return nil, fmt.Errorf("compare from %s until %s: the end is not after the start",
			job.Since.Format(time.RFC3339), job.Until.Format(time.RFC3339))
	}
	dir, err := os.MkdirTemp(dir, "oktastream-reconcile-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for temporary files: %w", err)
	}
	return &Run{job: job, dir: dir}, nil
}

// Close removes the temporary files.
func (r *Run) Close() error { return os.RemoveAll(r.dir) }

// ReadOkta reads Okta's side: the whole window, then the hours that can be settled a second time. It has
// to succeed before Compare.
func (r *Run) ReadOkta(ctx context.Context) error {
	now := r.job.Now()
	r.first, r.second = newSpill(r.dir, "okta"), newSpill(r.dir, "okta-again")
	r.names = names{newSpill(r.dir, "names")}
	r.readAt = [2]time.Time{now}
	if err := r.list(ctx, r.first, StepOkta, r.job.Until); err != nil {
		return err
	}
	r.settledUntil = r.job.Until
	if old := now.Add(-SettledAfter); r.settledUntil.After(old) {
		hour, _ := hourOf(old.UnixMilli())
		r.settledUntil = hourStart(hour)
	}
	if !r.job.Since.Before(r.settledUntil) {
		return nil
	}
	r.readAt[1] = r.job.Now()
	return r.list(ctx, r.second, StepAgain, r.settledUntil)
}

// list reads Okta's events from the start of the window until a time.
func (r *Run) list(ctx context.Context, to *spill, step string, until time.Time) error {
	window := Window{r.job.Since, until}
	var n int64
	err := each(ctx, r.job.List(window.Since, window.Until), func(e *systemlog.Event) error {
		n++
		if e.UUID == "" || e.Published.IsZero() {
			return errors.New("event without uuid or published: it cannot be compared")
		}
		ms := e.Published.UnixMilli()
		if !window.holds(ms) {
			return nil
		}
		hour, offset := hourOf(ms)
		key, canonical := KeyOf([]byte(e.UUID))
		one := entry{key: key, meta: offset}
		if !r.job.Filter.Keeps(e.EventType) {
			one.meta |= dropped
		}
		if !canonical {
			one.meta |= hashed
			if err := r.names.add(hour, key, []byte(e.UUID)); err != nil {
				return err
			}
		}
		return to.add(hour, one)
	}, func() error { r.progress(step, n); return nil })
	if err != nil {
		return fmt.Errorf("read Okta's System Log from %s until %s: %w",
			window.Since.Format(time.RFC3339), window.Until.Format(time.RFC3339), err)
	}
	return nil
}

// each calls do with the events of a source, and page after the events of each page. The first error ends
// it.
func each(ctx context.Context, source Source, do func(*systemlog.Event) error, page func() error) error {
	for {
		p, err := source.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range p.Events {
			if err := do(&p.Events[i]); err != nil {
				return err
			}
		}
		if err := page(); err != nil {
			return err
		}
	}
}

func (r *Run) progress(step string, n int64) {
	if r.job.Progress != nil {
		r.job.Progress(step, n)
	}
}

// Compare reads the destination and compares it with Okta's side. It may be called again, to include
// what has arrived since.
func (r *Run) Compare(ctx context.Context) (*Report, error) {
	c := &comparison{
		first: r.first, second: r.second, held: newSpill(r.dir, "held"), missing: newSpill(r.dir, "missing"),
		loaded: maxLoaded,
	}
	if err := r.clear("held-*", "missing-*"); err != nil {
		return nil, err
	}
	report := &Report{Window: r.job.Window, OktaRead: r.readAt[0], OktaReadAgain: r.readAt[1]}
	if r.job.Waiting != nil {
		// Before the destination is read: a message that is replayed in between is found there.
		waiting, err := r.job.Waiting(ctx)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(waiting, Key.Compare)
		c.waiting = waiting
	}
	report.HeldRead = r.job.Now()
	var err error
	if report.Held, err = r.readHeld(ctx, c.held); err != nil {
		return nil, err
	}
	if err := r.compare(ctx, c, report); err != nil {
		return nil, err
	}
	r.missing = c.missing
	return report, nil
}

func (r *Run) readHeld(ctx context.Context, to *spill) (HeldRead, error) {
	n := int64(0)
	read, err := r.job.Held.Read(ctx, r.job.Window, func(uuid []byte, ms int64) error {
		if n++; n%progressEvery == 0 {
			r.progress(StepHeld, n)
		}
		if !r.job.holds(ms) {
			return nil
		}
		hour, _ := hourOf(ms)
		key, _ := KeyOf(uuid)
		return to.add(hour, entry{key: key})
	})
	switch {
	case err != nil:
		return read, err
	case read.Records > 0 && read.Records == read.Unrecognised:
		return read, &UnrecognisedError{Records: read.Records}
	}
	return read, nil
}

// progressEvery is after how many records of the destination Progress is called.
const progressEvery = 1000

// UnrecognisedError is the error of a destination that has records, but no record of an Okta event.
type UnrecognisedError struct{ Records int64 }

func (e *UnrecognisedError) Error() string {
	return fmt.Sprintf("the destination has %d records, and none is recognised as a record of an Okta event", e.Records)
}

// compare compares all hours of the window.
func (r *Run) compare(ctx context.Context, c *comparison, report *Report) error {
	last, _ := hourOf(r.job.Until.UnixMilli() - 1)
	first, _ := hourOf(r.job.Since.UnixMilli())
	var agreed, evidence int64
	for hour := first; hour <= last; hour++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		counts, matched, same, err := c.hour(hour)
		if err != nil {
			return err
		}
		h := Hour{Hour: hourStart(hour), Counts: counts, State: Settled}
		switch {
		case !h.Hour.Before(r.settledUntil):
			h.State, h.Why = Provisional, WhyRecent
		case !same:
			h.State, h.Why = Provisional, WhyDiffer
		}
		report.Hours = append(report.Hours, h)
		report.Counts.add(counts)
		agreed += matched
		evidence += min(counts.Okta+counts.Filtered, counts.Here)
	}
	report.Comparable = agreed > 0 || evidence < minEvidence
	return nil
}
