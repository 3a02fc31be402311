package auditor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// How long an hour stays open.
const (
	// maxFills is how often missing events of an hour are sent. Events that are missing after that are
	// reported for a person to look at.
	maxFills = 3
	// maxReads is how often an hour is read while Okta lists different events each time.
	maxReads = 48
	// maxWaits is how often an hour is read while events are in a dead-letter queue, from where
	// only a person can send them on.
	maxWaits = 6
	// minEvidence is how many events both sides have to have before the lack of any common uuid
	// means that they are not the same events.
	minEvidence = 100
	// postpone is how long a fill is put off while missing events may wait in a queue.
	postpone = 4 * ReadsApart
	// maxNamed is how many missing events of an hour a log line names.
	maxNamed = 20
	// metricAge is how old a data point may be that CloudWatch accepts: two weeks, less an hour
	// ("Embedded metric format specification", CloudWatch user guide, 2026-11).
	metricAge = 14*24*time.Hour - time.Hour
)

// The states of a verdict.
const (
	// Complete: two reads of Okta agree, and nothing is missing.
	Complete = string(reconcile.Complete)
	// Missing: events are missing after maxFills fills.
	Missing = string(reconcile.Missing)
	// Waiting: nothing is missing, but events are in a dead-letter queue.
	Waiting = string(reconcile.InQueues)
	// Provisional: nothing is missing, but each read of Okta lists different events.
	Provisional = string(reconcile.Undecided)
	// Expired: Okta or the destination no longer keeps the hour, so nothing is known about it.
	Expired = "expired"
)

// look does the next step for an hour.
func (r *run) look(ctx context.Context, h *hour) error {
	switch {
	case h.Start.Before(r.edge(r.Now())):
		return r.close(ctx, h, nil, archive.Verdict{State: Expired, ReadAt: r.Now().UTC().Truncate(time.Second)})
	case h.Filling:
		return r.fill(ctx, h)
	case h.Read.IsZero():
		whole := hourRead{progress: r.begin(h, 0), until: minutes}
		if err := r.read(ctx, &whole); err != nil {
			return err
		}
		r.note(h, &whole)
		return nil
	}
	return r.compare(ctx, h)
}

// begin returns where a read of an hour begins: where an earlier read was stopped, else at minute.
func (r *run) begin(h *hour, minute int) progress {
	if p := r.state.Reading; p != nil && p.Start.Equal(h.Start) {
		return *p
	}
	return progress{Start: h.Start, Minute: minute}
}

// note notes that all of an hour has been read.
func (r *run) note(h *hour, read *hourRead) {
	now := r.Now().UTC()
	h.Read, h.Count, h.Hash, h.After = now, read.Listed, read.Hash, now.Add(ReadsApart)
	h.Reads++
	r.state.busy(read.Listed)
}

// compare reads an hour again, and compares it with what the destination holds.
func (r *run) compare(ctx context.Context, h *hour) error {
	here, err := r.held(ctx, h)
	if err != nil {
		return err
	}
	var named []string
	var waitingErr error
	again := hourRead{progress: r.begin(h, 0), until: minutes}
	again.event = func(e listed, minute int, t *tally) {
		key, _ := reconcile.KeyOf([]byte(e.uuid))
		switch {
		case here.keys.has(key):
			t.Agreed++
			if !e.kept {
				t.Filtered++
			}
			return
		case !e.kept:
			t.Filtered++
			return
		}
		if waits, err := r.waits(ctx, key); err != nil {
			waitingErr = err
		} else if waits {
			t.Waiting++
			return
		}
		if t.Missing == 0 {
			t.From = minute
		}
		t.To = minute
		t.Missing++
		if len(named) < maxNamed {
			named = append(named, safe(e.uuid))
		}
	}
	if err := r.read(ctx, &again); waitingErr != nil || err != nil {
		return cmp.Or(waitingErr, err)
	}
	same := again.Hash == h.Hash
	r.note(h, &again)
	return r.judge(ctx, h, &again.tally, here, same, named)
}

// judge decides what comes next after a comparison. same reports whether the read before listed
// the same events, and held is what the destination holds of the hour.
func (r *run) judge(ctx context.Context, h *hour, t *tally, held *heldEvents, same bool, named []string) error {
	here := int64(len(held.keys))
	if t.Agreed == 0 && min(t.Listed, here) >= minEvidence {
		return fmt.Errorf("Okta lists %d events and the destination holds %d, and none of the uuids agree: "+
			"nothing was sent; is okta.orgUrl the org of this stack?", t.Listed, here)
	}
	if t.Missing > 0 && h.Fills < maxFills {
		return r.order(ctx, h, t, named)
	}
	v := archive.Verdict{
		Okta: t.Listed - t.Filtered, Here: here, Missing: t.Missing, Waiting: t.Waiting,
		Extra: here - t.Agreed, State: Complete, ReadAt: h.Read.Truncate(time.Second),
	}
	// An event that came into a dead-letter queue after it was sent has not arrived.
	v.Filled = max(h.Found-t.Missing-max(t.Waiting-h.Waited, 0), 0)
	switch {
	case !same && h.Reads < maxReads, t.Waiting > 0 && h.Reads < maxWaits:
		return nil // h.After says when it is looked at again
	case t.Missing > 0:
		v.State = Missing
	case !same:
		v.State = Provisional
	case t.Waiting > 0:
		v.State = Waiting
	}
	return r.close(ctx, h, held, v)
}

// order starts a fill, unless missing events may still be waiting in a queue.
func (r *run) order(ctx context.Context, h *hour, t *tally, named []string) error {
	if err := r.readWaiting(ctx); err != nil {
		return err
	}
	if !r.waiting.complete {
		h.After = r.Now().Add(postpone).UTC()
		r.Log.Warn("events are missing and not sent yet: the dead-letter queues could not be read to their ends, "+
			"and may hold them", "hour", stamp(h.Start), "missing", t.Missing)
		return nil
	}
	buffered, err := r.Queues.Buffered(ctx)
	if err != nil {
		return fmt.Errorf("count the messages in the buffer queue: %w", err)
	}
	// An event that the stream delivered so long ago can only be waiting there together with all later
	// ones; an event that a fill sent can be waiting alone.
	if buffered > max(r.state.Busiest, minEvidence) || h.Fills > 0 && buffered >= t.Missing && h.Reads < maxReads {
		if h.Fills == 0 {
			h.After = r.Now().Add(postpone).UTC()
		}
		r.Log.Warn("events are missing and not sent yet: the buffer queue may hold them",
			"hour", stamp(h.Start), "missing", t.Missing, "buffered", buffered)
		return nil
	}
	found := t.Missing - h.Found
	if found > 0 {
		h.Found, h.Waited = t.Missing, t.Waiting
	}
	h.Filling, h.From, h.To, h.After = true, t.From, t.To, r.Now().UTC()
	if h.Filled.IsZero() {
		h.Filled = r.Now().UTC()
	}
	// The metric comes before the state: a run that is killed in between finds and counts the same gap
	// again, while the alarm is in ALARM already.
	if found > 0 {
		r.summary.Missing += found
		if err := r.emit(r.Now(), ledger.AuditValue{Name: ledger.AuditMissing, Value: found}); err != nil {
			return err
		}
	}
	if err := r.save(ctx); err != nil {
		return err
	}
	r.Log.Warn("events are missing: they are sent to the buffer queue", "hour", stamp(h.Start), "missing", t.Missing,
		"okta", t.Listed-t.Filtered, "fill", h.Fills+1, "uuids", named)
	return nil
}

// fill reads the missing events once more, and sends them to the buffer queue.
func (r *run) fill(ctx context.Context, h *hour) error {
	here, err := r.held(ctx, h)
	if err != nil {
		return err
	}
	if err := r.readWaiting(ctx); err != nil {
		return err
	}
	if !r.waiting.complete {
		h.Filling, h.After = false, r.Now().Add(ReadsApart).UTC() // compare decides again
		return nil
	}
	part := hourRead{progress: r.begin(h, h.From), until: h.To + 1}
	var list []systemlog.Event
	part.page = func(ctx context.Context, page []systemlog.Event) (int64, error) {
		list = list[:0]
		for i := range page {
			key, _ := reconcile.KeyOf([]byte(page[i].UUID))
			if r.Filter.Keeps(page[i].EventType) && !here.keys.has(key) && !r.waiting.has(key) {
				list = append(list, page[i])
			}
		}
		if len(list) == 0 {
			return 0, nil
		}
		if err := r.Send.Send(ctx, list); err != nil {
			return 0, fmt.Errorf("send missing events: %w", err)
		}
		return int64(len(list)), nil
	}
	if err := r.read(ctx, &part); err != nil {
		return err
	}
	h.Filling, h.After = false, r.Now().Add(ReadsApart).UTC()
	h.Fills++
	r.Log.Info("missing events were sent to the buffer queue", "hour", stamp(h.Start), "sent", part.Sent, "fill", h.Fills)
	return nil
}

// close writes the digest of an hour and forgets the hour. held may be nil.
func (r *run) close(ctx context.Context, h *hour, held *heldEvents, v archive.Verdict) error {
	since := h.Start
	for _, o := range r.state.Open {
		if o.Start.Before(since) {
			since = o.Start
		}
	}
	chain, err := r.digests(ctx, since)
	if err != nil {
		return err
	}
	var outside *archive.UUIDs
	if r.Outside {
		outside = &archive.UUIDs{}
		if held != nil {
			outside = held.uuids
		}
	}
	var digest *archive.Digest
	if outside == nil || !chain.Has(h.Start) {
		digest, err = chain.Append(ctx, h.Start, &v, outside)
	}
	if err != nil && !errors.Is(err, archive.ErrUpToDate) {
		r.chain = nil
		return fmt.Errorf("write the digest: %w", err)
	}
	// ErrUpToDate: a run that was killed has written the digest, and not the state.
	if err := r.report(h, v); err != nil {
		return err
	}
	r.state.remove(h)
	if err := r.save(ctx); err != nil {
		return err
	}
	line := []any{"hour", stamp(h.Start), "state", v.State, "okta", v.Okta, "here", v.Here, "found_missing", h.Found,
		"filled", v.Filled, "missing", v.Missing, "waiting", v.Waiting, "extra", v.Extra, "again", h.Again}
	if digest != nil {
		head := chain.Head()
		line = append(line, "digest", head.Number, "hash", head.Hash)
	}
	r.Log.Info("hour audited", line...)
	return nil
}

// report counts an hour that is being closed, before the state is saved: a run that is killed in between
// counts the hour twice, and not never.
func (r *run) report(h *hour, v archive.Verdict) error {
	unfilled := v.Missing + v.Waiting
	r.summary.Hours++
	r.summary.Filled += v.Filled
	r.summary.Unfilled += unfilled
	err := r.emit(r.Now(),
		ledger.AuditValue{Name: ledger.AuditHours, Value: 1},
		ledger.AuditValue{Name: ledger.AuditFilled, Value: v.Filled},
		ledger.AuditValue{Name: ledger.AuditUnfilled, Value: unfilled})
	if r.Now().Sub(h.Start) > metricAge {
		return err
	}
	return errors.Join(err, r.emit(h.Start,
		ledger.AuditValue{Name: ledger.AuditHourEvents, Value: v.Okta},
		ledger.AuditValue{Name: ledger.AuditHourMissing, Value: h.Found},
		ledger.AuditValue{Name: ledger.AuditHourUnfilled, Value: unfilled}))
}

// keySet is a set of events, sorted.
type keySet []reconcile.Key

func newKeySet(keys []reconcile.Key) keySet {
	slices.SortFunc(keys, reconcile.Key.Compare)
	return slices.Compact(keys)
}

func (s keySet) has(key reconcile.Key) bool {
	_, found := slices.BinarySearchFunc(s, key, reconcile.Key.Compare)
	return found
}

// heldEvents is what the destination holds of an hour: 16 bytes an event.
type heldEvents struct {
	keys  keySet
	uuids *archive.UUIDs // nil where the events are in the archive
}

// held reads what the destination holds of an hour.
func (r *run) held(ctx context.Context, h *hour) (*heldEvents, error) {
	held := &heldEvents{}
	if r.Outside {
		held.uuids = &archive.UUIDs{}
	}
	read, err := r.Held.Read(ctx, h.Start, h.Filled, func(uuid []byte, publishedMS int64) error {
		if publishedMS < h.Start.UnixMilli() || publishedMS >= h.end().UnixMilli() {
			return nil
		}
		key, _ := reconcile.KeyOf(uuid)
		held.keys = append(held.keys, key)
		if held.uuids != nil {
			held.uuids.Add(uuid)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the destination: %w", err)
	case r.Outside && read.Records > 0 && read.Records == read.Unrecognised:
		return nil, fmt.Errorf("read the destination: %w", &reconcile.UnrecognisedError{Records: read.Records})
	case !r.Outside && read.Unrecognised > 0:
		r.Log.Warn("objects of the archive cannot be read as events: those events count as missing",
			"hour", stamp(h.Start), "objects", read.Unrecognised)
	}
	held.keys = newKeySet(held.keys)
	return held, nil
}
