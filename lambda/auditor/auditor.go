// Package auditor proves, hour by hour, that all events that Okta's System Log API lists have arrived,
// sends those that are missing, and writes a digest of each hour.
//
// A run takes some minutes, and keeps in a bucket where the next one continues. An hour of published
// is read from Okta when it ended SettlesAfter ago, and again at least ReadsApart later. The second
// read is compared with what the destination holds. Missing events are sent to the buffer queue
// ("filled"), and the next comparison, ReadsApart later, shows whether they arrived. The hour is
// closed, and gets its digest, when two reads in a row listed the same events and nothing is missing,
// or when a limit in hour.go is reached.
//
// # Guarantees
//
// A run that is killed between any two of its calls loses nothing: events may be sent twice, and digests
// and counts are the same. Of two auditors at the same time the later one stops.
//
// It does not send events that the pipeline's filter drops, that the destination has, or that are in a
// dead-letter queue. Logs have uuids and counts only.
package auditor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// When an hour is looked at.
const (
	// SettlesAfter is how long ago an hour has to have ended to be read first.
	SettlesAfter = reconcile.SettledAfter
	// ReadsApart is how much time there is at least between two reads of an hour.
	ReadsApart = time.Hour
	// closesAfter is how long after its end an hour should be closed: the reads, two fills and the
	// comparisons after them.
	closesAfter = SettlesAfter + 6*ReadsApart
)

// Held reads what the destination holds of an hour.
type Held interface {
	// Read calls take with each event of the hour that starts at start. filled is when missing
	// events of the hour were first sent, the zero time where none were.
	Read(ctx context.Context, start, filled time.Time, take reconcile.Take) (reconcile.HeldRead, error)
}

// Queues are the pipeline's.
type Queues interface {
	// Waiting returns the events that are in the dead-letter queues. complete is false where
	// not all of the messages could be read.
	Waiting(context.Context) (keys []reconcile.Key, complete bool, err error)
	// Buffered returns about how many messages the buffer queue has.
	Buffered(context.Context) (int64, error)
}

// Digests is the chain of digests.
type Digests interface {
	// Append writes the next digest of the chain, of the hour that starts at start. The error wraps
	// archive.ErrUpToDate where the hour has a digest and no object is new, and archive.ErrRaced where
	// another writer was faster. held has the uuids of the events where they are not in the archive;
	// otherwise it is nil.
	Append(ctx context.Context, start time.Time, v *archive.Verdict, held *archive.UUIDs) (*archive.Digest, error)
	// Has reports whether an hour has a digest.
	Has(start time.Time) bool
	Head() archive.Head
	// Late returns the hours from since to until that have a digest and also objects that no digest
	// names.
	Late(ctx context.Context, since, until time.Time) ([]time.Time, error)
}

// Auditor audits one pipeline of one org. It is for one goroutine.
type Auditor struct {
	Pipeline string // the dimension of its metrics
	Org      string // the Okta org's address, as Okta.URL
	// Since is the first hour that is audited, at the latest the first full hour after the first run,
	// which is the default. Only the first run reads it.
	Since time.Time
	// KeptFor is how long the destination keeps events; 0 is for ever.
	KeptFor time.Duration
	// Outside is true where Held is a log group, and not the archive that has the chain of digests.
	Outside bool
	// Requests is about how many requests of the System Log API a run makes: the last page may need
	// several tries.
	Requests int
	// Time is how long a run works. It should end well before the function does.
	Time   time.Duration
	Filter events.Filter // the pipeline's

	Okta   Okta
	Held   Held
	Queues Queues
	Send   backfill.Sender // to the buffer queue
	// Bucket has the state, under the key StateKey.
	Bucket   Bucket
	StateKey string
	// Chain opens the chain of digests for hours from since on.
	Chain func(ctx context.Context, since time.Time) (Digests, error)

	Metrics io.Writer // gets documents of the embedded metric format
	Log     *slog.Logger
	Now     func() time.Time

	okta *reader
}

// Summary is what a run has done.
type Summary struct {
	Hours    int64 // closed
	Missing  int64 // found missing for the first time
	Filled   int64 // of closed hours: were missing and have arrived
	Unfilled int64 // of closed hours: missing or in a dead-letter queue
	// Behind is how many hours should be closed and are not. Backlog is how many hours from
	// before the auditor's first run are not closed.
	Behind, Backlog int64
	Requests        int
	// Unreachable is true where Okta does not answer, or refuses to let the auditor read.
	Unreachable bool
	Stopped     string // why the run ended before all hours that are due were done; "" where they were
}

// run is the state of one run.
type run struct {
	*Auditor
	state      state
	tag        string
	stop       time.Time
	summary    Summary
	chain      Digests // nil before it is needed, and after it has failed
	chainSince time.Time
	waiting    *waiting // nil before it is needed
}

// maxFaults is how many hours may fail in a run, for reasons other than Okta, before it ends.
const maxFaults = 3

// leaseMargin is how long after its time is up a run may still finish a call.
const leaseMargin = 2 * time.Minute

// Run works on the hours that are due, until all are done or the run has used up its requests or its
// time. It returns an error where something other than Okta failed: a later run works on those hours
// again.
func (a *Auditor) Run(ctx context.Context) (Summary, error) {
	if a.okta == nil {
		a.okta = &reader{Okta: &a.Okta, now: a.Now, log: a.Log}
	}
	r := &run{Auditor: a, stop: a.Now().Add(a.Time)}
	a.okta.start(a.Requests, r.stop)
	if err := r.load(ctx); err != nil {
		return r.summary, err
	}
	if now := a.Now(); now.Before(r.state.Lease) {
		r.summary.Stopped = "another auditor is running"
		a.Log.Info("stopped: "+r.summary.Stopped, "until", r.state.Lease)
		return r.summary, nil
	}
	r.state.Lease = r.stop.Add(leaseMargin).UTC()
	err := r.save(ctx)
	if err == nil {
		// All calls end with the lease, so that the state can still be written.
		work, cancel := context.WithTimeout(ctx, a.Time+leaseMargin)
		err = r.work(work)
		cancel()
	}
	return r.finish(ctx, err)
}

// finish ends a run: it gives back the lease, and writes the metrics.
func (r *run) finish(ctx context.Context, err error) (Summary, error) {
	s := &r.summary
	s.Requests = r.okta.requests
	if errors.Is(err, archive.ErrRaced) {
		s.Stopped = "another auditor is running"
		r.Log.Info("stopped: " + s.Stopped)
		return *s, nil
	}
	if ctx.Err() != nil {
		return *s, errors.Join(err, ctx.Err())
	}
	r.state.Lease = time.Time{}
	if saved := r.save(ctx); saved != nil && !errors.Is(saved, archive.ErrRaced) {
		err = errors.Join(err, saved)
	}
	s.Behind, s.Backlog = r.state.behind(r.Now())
	r.Log.Info("run", "hours", s.Hours, "missing", s.Missing, "filled", s.Filled, "unfilled", s.Unfilled,
		"behind", s.Behind, "backlog", s.Backlog, "requests", s.Requests, "unreachable", s.Unreachable,
		"stopped", s.Stopped)
	unreachable := int64(0)
	if s.Unreachable {
		unreachable = 1
	}
	return *s, errors.Join(err, r.emit(r.Now(),
		ledger.AuditValue{Name: ledger.AuditHoursBehind, Value: s.Behind},
		ledger.AuditValue{Name: ledger.AuditBacklog, Value: s.Backlog},
		ledger.AuditValue{Name: ledger.AuditRequests, Value: int64(s.Requests)},
		ledger.AuditValue{Name: ledger.AuditOktaUnreachable, Value: unreachable}))
}

func (r *run) emit(at time.Time, values ...ledger.AuditValue) error {
	return ledger.WriteAudit(r.Metrics, r.Pipeline, at, values)
}

// work looks at one hour after the other.
func (r *run) work(ctx context.Context) error {
	r.state.extend(r.Now())
	if err := r.sweep(ctx); err != nil {
		return err
	}
	var faults []error
	for {
		if r.okta.spent() {
			r.summary.Stopped = errStop.Error()
			return errors.Join(faults...)
		}
		h := r.state.next(r.Now())
		if h == nil {
			return errors.Join(faults...)
		}
		err := r.look(ctx, h)
		switch {
		case err == nil:
		case errors.Is(err, errStop):
			r.summary.Stopped = errStop.Error()
			return errors.Join(append(faults, r.save(ctx))...)
		case errors.Is(err, archive.ErrRaced), ctx.Err() != nil:
			return err
		case systemlog.KindOf(err) != 0:
			r.refusedByOkta(h, err)
			return errors.Join(append(faults, r.save(ctx))...)
		default:
			r.Log.Error("an hour could not be audited; it is looked at again in an hour",
				"hour", stamp(h.Start), "error", err.Error())
			faults = append(faults, fmt.Errorf("hour %s: %w", stamp(h.Start), err))
			r.state.Reading, h.After = nil, r.Now().Add(ReadsApart).UTC()
			if len(faults) == maxFaults {
				return errors.Join(append(faults, r.save(ctx))...)
			}
		}
		if err := r.save(ctx); err != nil {
			return errors.Join(append(faults, err)...)
		}
	}
}

// refusedByOkta notes an error of Okta, which ends the run.
func (r *run) refusedByOkta(h *hour, err error) {
	r.summary.Unreachable = unreachable(err)
	r.summary.Stopped = "Okta could not be read"
	step := ""
	if e, ok := errors.AsType[*systemlog.Error](err); ok {
		step = e.Step
	}
	r.Log.Error("Okta could not be read", "hour", stamp(h.Start), "error", err.Error(), "step", step)
	if !passes(err) {
		// The fault may be of this hour only: the others come first.
		r.state.Reading, h.After = nil, r.Now().Add(r.Time).UTC()
	}
}

// edge returns the start of the hours that can be audited: Okta and the destination keep them for two
// hours more at least.
func (a *Auditor) edge(now time.Time) time.Time {
	kept := systemlog.Retention
	if a.KeptFor > 0 {
		kept = min(kept, a.KeptFor)
	}
	return now.Add(-kept + 2*time.Hour).UTC()
}

// sweepEvery is how often the archive is searched for late objects, and sweepSpan how far back: as far
// as Okta keeps events.
const (
	sweepEvery = 24 * time.Hour
	sweepSpan  = 89 * 24 * time.Hour
)

// sweep opens again the hours that have objects which came after their last digest.
func (r *run) sweep(ctx context.Context) error {
	now := r.Now().UTC()
	if r.Outside || now.Sub(r.state.Swept) < sweepEvery || !r.state.Since.Before(r.state.Due) {
		return nil
	}
	since := now.Add(-sweepSpan).Truncate(time.Hour)
	if since.Before(r.state.Since) {
		since = r.state.Since
	}
	chain, err := r.digests(ctx, since)
	if err != nil {
		return err
	}
	late, err := chain.Late(ctx, since, r.state.Due)
	if err != nil {
		return fmt.Errorf("look for late objects: %w", err)
	}
	for _, start := range late {
		if start = start.UTC(); r.state.audits(start) {
			continue
		}
		if len(r.state.Open) >= maxOpen {
			return r.save(ctx) // the next run finds the others
		}
		r.Log.Info("objects came after the digest of their hour: the hour is audited again", "hour", stamp(start))
		r.state.open(start).Again = true
	}
	r.state.Swept = now
	return r.save(ctx)
}

// digests returns the chain of digests, open for hours from since on.
func (r *run) digests(ctx context.Context, since time.Time) (Digests, error) {
	if r.chain != nil && !since.Before(r.chainSince) {
		return r.chain, nil
	}
	chain, err := r.Chain(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("open the chain of digests: %w", err)
	}
	r.chain, r.chainSince = chain, since
	return chain, nil
}
