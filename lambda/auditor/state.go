package auditor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// Bucket is the bucket in which the auditor keeps its state from one run to the next. It is an
// *archive.S3.
type Bucket interface {
	// GetTagged returns an object and its ETag. The error for no object wraps fs.ErrNotExist.
	GetTagged(ctx context.Context, key string) (body []byte, etag string, err error)
	// Replace replaces the object that has this ETag, or makes it where etag is "". It returns the
	// new ETag. Where the object has another one, the error wraps archive.ErrRaced and nothing is
	// written.
	Replace(ctx context.Context, key string, body []byte, etag string) (newETag string, err error)
}

// StateKey returns the key of the state of an org's auditor: auditor/org=ORG/state.json, with the
// name of the org as the archive has it.
func StateKey(org string) string {
	return "auditor/" + archive.OrgPrefix(org)[len(archive.EventsPrefix):] + "state.json"
}

// Bounds of the state, which therefore has less than 200 KB.
const (
	// maxOpen is how many hours may be begun and not closed. All other hours are in Todo, as spans.
	maxOpen = 400
	// maxSpans is how many spans Todo has at most. At that bound only the oldest hours are begun.
	maxSpans = 64
	// maxState is the length in bytes of the longest state that is read.
	maxState = 1 << 20
)

const stateVersion = 1

// state is what the auditor keeps from one run to the next: one object, which is written only if no
// other auditor has written it since it was read.
type state struct {
	V     int       `json:"v"`
	Org   string    `json:"org"`   // the Okta org's address
	Began time.Time `json:"began"` // the first run
	Since time.Time `json:"since"` // the first hour that is audited
	// Due: the hours from Since to Due are in Todo or in Open, or they are closed.
	Due  time.Time `json:"due"`
	Todo []span    `json:"todo,omitempty"` // in order
	Open []*hour   `json:"open,omitempty"`
	// Reading is a read of one of the open hours that was stopped in the middle.
	Reading *progress `json:"reading,omitempty"`
	// Oldest is true where the hour taken last was the oldest one that was due, and not the newest.
	Oldest bool `json:"oldest,omitempty"`
	// Busiest is about how many events the busiest hour has.
	Busiest int64 `json:"busiest,omitempty"`
	// Swept is when the archive was last searched for late objects.
	Swept time.Time `json:"swept,omitzero"`
	// Lease is the time until which the run that wrote it may work. Other runs stop at once until then.
	Lease time.Time `json:"lease,omitzero"`
}

// span is the hours from From up to and without To.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// hour is an hour of published that is being audited.
type hour struct {
	Start time.Time `json:"hour"`
	// The last read of all of the hour: when it ended, how many events Okta listed, and a hash
	// of their uuids. Read is zero before the first.
	Read  time.Time `json:"read,omitzero"`
	Count int64     `json:"count,omitempty"`
	Hash  string    `json:"hash,omitempty"`
	Reads int       `json:"reads,omitempty"`
	// Found is the largest number of events that were missing at one comparison, and Waited how many
	// were in a dead-letter queue at that comparison.
	Found  int64 `json:"found,omitempty"`
	Waited int64 `json:"waited,omitempty"`
	// Filling: what is missing has to be sent next. From and To are the first and the last
	// minute of the hour with a missing event.
	Filling bool `json:"filling,omitempty"`
	From    int  `json:"from,omitempty"`
	To      int  `json:"to,omitempty"`
	// Fills is how often missing events were sent, and Filled when that began first.
	Fills  int       `json:"fills,omitempty"`
	Filled time.Time `json:"filled,omitzero"`
	// Again: the hour has a digest, and objects that came after it.
	Again bool `json:"again,omitempty"`
	// After is when the hour is looked at next, at the earliest.
	After time.Time `json:"after,omitzero"`
}

func (h *hour) end() time.Time { return h.Start.Add(time.Hour) }

// progress is how far a read of an hour is: minutes before Minute have been read.
type progress struct {
	Start  time.Time `json:"hour"`
	Minute int       `json:"minute"`
	Hash   string    `json:"hash"` // of the minutes before
	tally
}

// tally is what was counted in the minutes that were read.
type tally struct {
	Listed   int64 `json:"listed"`            // by Okta, the filtered ones included
	Filtered int64 `json:"filtered"`          // of Listed: the stack's filter drops them
	Agreed   int64 `json:"agreed"`            // of Listed: the destination has them
	Waiting  int64 `json:"waiting,omitempty"` // neither filtered nor there, but in a dead-letter queue
	Missing  int64 `json:"missing,omitempty"` // neither filtered, nor there, nor in such a queue
	From     int   `json:"from,omitempty"`    // the first minute with a missing event
	To       int   `json:"to,omitempty"`      // the last one
	Sent     int64 `json:"sent,omitempty"`    // by a fill
}

// load reads the state, or makes the first one.
func (r *run) load(ctx context.Context) error {
	body, tag, err := r.Bucket.GetTagged(ctx, r.StateKey)
	if errors.Is(err, fs.ErrNotExist) {
		r.state = r.first()
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the auditor's state: %w", err)
	}
	r.tag = tag
	if len(body) > maxState || json.Unmarshal(body, &r.state) != nil || r.state.V != stateVersion {
		return errors.New("read the auditor's state: it is damaged or of another version; " +
			"remove the object " + r.StateKey + " to begin again, from the hour of the setting okta.since")
	}
	if r.state.Org != r.Org {
		return fmt.Errorf("read the auditor's state: it is for the org %s, and okta.orgUrl is %s; "+
			"use another bucket for another org", r.state.Org, r.Org)
	}
	return nil
}

// first is the state of the first run.
func (r *run) first() state {
	now := r.Now().UTC()
	since := now.Truncate(time.Hour).Add(time.Hour)
	if s := r.Since.UTC().Truncate(time.Hour); !r.Since.IsZero() && s.Before(since) {
		since = s
	}
	if edge := r.edge(now).Truncate(time.Hour).Add(time.Hour); since.Before(edge) {
		r.Log.Warn("the audit begins later than okta.since: older events are no longer kept",
			"setting", since, "begins", edge)
		since = edge
	}
	return state{V: stateVersion, Org: r.Org, Began: now, Since: since, Due: since}
}

// save writes the state.
func (r *run) save(ctx context.Context) error {
	body, err := json.Marshal(&r.state)
	if err != nil {
		return fmt.Errorf("write the auditor's state: %w", err)
	}
	tag, err := r.Bucket.Replace(ctx, r.StateKey, body, r.tag)
	if err != nil {
		return fmt.Errorf("write the auditor's state: %w", err)
	}
	r.tag = tag
	return nil
}

// extend adds to Todo the hours that have become old enough.
func (s *state) extend(now time.Time) {
	until := now.Add(-SettlesAfter).Truncate(time.Hour)
	if !s.Due.Before(until) {
		return
	}
	if n := len(s.Todo); n > 0 && s.Todo[n-1].To.Equal(s.Due) {
		s.Todo[n-1].To = until
	} else {
		s.Todo = append(s.Todo, span{s.Due, until})
	}
	s.Due = until
}

// next returns the hour to look at now, or nil. A read that was stopped is continued first. After that
// the oldest and the newest hour are taken by turns, so that a backlog and new hours both make
// progress.
func (s *state) next(now time.Time) *hour {
	if s.Reading != nil {
		if i := slices.IndexFunc(s.Open, func(h *hour) bool { return h.Start.Equal(s.Reading.Start) }); i >= 0 {
			return s.Open[i]
		}
		s.Reading = nil
	}
	s.Oldest = !s.Oldest || len(s.Todo) >= maxSpans
	var best *hour
	better := func(a, b time.Time) bool { return a.Before(b) == s.Oldest }
	for _, h := range s.Open {
		if !h.After.After(now) && (best == nil || better(h.Start, best.Start)) {
			best = h
		}
	}
	if len(s.Todo) == 0 || len(s.Open) >= maxOpen {
		return best
	}
	last := len(s.Todo) - 1
	start := s.Todo[last].To.Add(-time.Hour)
	if s.Oldest {
		start = s.Todo[0].From
	}
	if best != nil && !better(start, best.Start) {
		return best
	}
	if s.Oldest {
		s.Todo[0].From = start.Add(time.Hour)
	} else {
		s.Todo[last].To = start
	}
	s.Todo = slices.DeleteFunc(s.Todo, func(p span) bool { return !p.From.Before(p.To) })
	return s.open(start)
}

// open adds an hour to those that are being audited.
func (s *state) open(start time.Time) *hour {
	h := &hour{Start: start}
	s.Open = append(s.Open, h)
	slices.SortFunc(s.Open, func(a, b *hour) int { return a.Start.Compare(b.Start) })
	return h
}

// remove removes an hour that is closed.
func (s *state) remove(h *hour) {
	s.Open = slices.DeleteFunc(s.Open, func(o *hour) bool { return o == h })
	s.Reading = nil
}

// audits reports whether an hour is not closed yet.
func (s *state) audits(start time.Time) bool {
	return !start.Before(s.Due) ||
		slices.ContainsFunc(s.Todo, func(p span) bool { return !start.Before(p.From) && start.Before(p.To) }) ||
		slices.ContainsFunc(s.Open, func(h *hour) bool { return h.Start.Equal(start) })
}

// behind counts the hours that should be closed by now: those after the auditor's first run, and
// the backlog of those before it.
func (s *state) behind(now time.Time) (late, backlog int64) {
	until := now.Add(-closesAfter)
	count := func(start time.Time) {
		switch {
		case start.Before(s.Began.Truncate(time.Hour)):
			backlog++
		case !start.Add(time.Hour).After(until):
			late++
		}
	}
	for _, p := range s.Todo {
		for start := p.From; start.Before(p.To); start = start.Add(time.Hour) {
			count(start)
		}
	}
	for _, h := range s.Open {
		if !h.Again {
			count(h.Start)
		}
	}
	return late, backlog
}

// busy notes how many events an hour has. Busiest decreases by 1 % with each smaller hour.
func (s *state) busy(events int64) { s.Busiest = max(events, s.Busiest*99/100) }
