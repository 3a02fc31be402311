package main

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// reconciliation is what the command prints, in all three forms. Its JSON keys are an
// interface: scripts read them.
type reconciliation struct {
	Verdict reconcile.Verdict `json:"verdict"`
	figures
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	Org        string    `json:"org"`
	Against    string    `json:"against"`
	Stack      string    `json:"stack,omitempty"`
	Pipeline   string    `json:"pipeline,omitempty"`
	By         string    `json:"by"` // who ran it, on which machine
	AWS        string    `json:"aws,omitempty"`
	Version    string    `json:"version"`
	OktaRead   time.Time `json:"okta_read"`
	OktaReread time.Time `json:"okta_read_again,omitzero"`
	HereRead   time.Time `json:"here_read"`
	// Of the destination, in the window and outside of it.
	Records      int64 `json:"records"`
	Unrecognised int64 `json:"unrecognised"`
	// Buffer is about how many messages are in the buffer queue; nil where there is none,
	// or they may not be counted.
	Buffer *int          `json:"buffer_messages"`
	Queues looks         `json:"queues,omitempty"`
	Filled *filledEvents `json:"filled,omitempty"`
	// Auditor is how many hours have which verdict in the digests of the archive; nil without one.
	Auditor map[string]int64 `json:"auditor,omitempty"`
	Notes   []string         `json:"notes,omitempty"`
	Hours   []hourFigures    `json:"hours"`
}

// figures are those of reconcile.Counts. Missing and Extra are nil where the uuids of the
// two sides do not agree.
type figures struct {
	Okta     int64  `json:"okta"`
	Here     int64  `json:"here"`
	Missing  *int64 `json:"missing"`
	Extra    *int64 `json:"extra"`
	Copies   int64  `json:"copies"`
	Filtered int64  `json:"filtered"`
	Waiting  int64  `json:"waiting"`
}

type hourFigures struct {
	Hour time.Time `json:"hour"`
	figures
	State reconcile.State `json:"state"`
	Why   string          `json:"why,omitempty"`
	// Auditor is the verdict in the hour's last digest, "" where there is none.
	Auditor string `json:"auditor,omitempty"`
}

// filledEvents is what --fill did.
type filledEvents struct {
	Missing int64 `json:"missing"` // before
	reconcile.Filled
}

func newFigures(c reconcile.Counts, comparable bool) figures {
	f := figures{Okta: c.Okta, Here: c.Here, Copies: c.Copies, Filtered: c.Filtered, Waiting: c.Waiting}
	if comparable {
		f.Missing, f.Extra = &c.Missing, &c.Extra
	}
	return f
}

// missing is 0 where it is not known.
func (f *figures) missing() int64 {
	if f.Missing == nil {
		return 0
	}
	return *f.Missing
}

// describe notes what is compared, and by whom.
func (r *reconciliation) describe(w *comparison) {
	r.Org, r.Against, r.Stack, r.Version = w.client.Org(), w.side.name, w.Stack, version()
	if w.side.pipeline != nil {
		r.Pipeline = w.side.pipeline.Name
		r.AWS = w.side.site.identity.String()
	}
	if w.side.who != (identity{}) {
		r.AWS = w.side.who.String()
	}
	r.By = "unknown"
	if u, err := user.Current(); err == nil {
		r.By = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		r.By += "@" + host
	}
}

// set takes the figures of a report.
func (r *reconciliation) set(report *reconcile.Report, side *heldSide) {
	// Where Okta lists nothing at all, and events are here, it is the wrong org.
	comparable := report.Comparable && !(report.Okta+report.Filtered == 0 && report.Here > 0)
	if r.Verdict = report.Verdict(); !comparable {
		r.Verdict = reconcile.NotComparable
	}
	r.figures = newFigures(report.Counts, comparable)
	r.Since, r.Until = report.Since.UTC(), report.Until.UTC()
	utc := func(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
	r.Records, r.Unrecognised = report.Held.Records, report.Held.Unrecognised
	r.OktaRead = utc(report.OktaRead)
	r.OktaReread = time.Time{}
	if !report.OktaReadAgain.IsZero() {
		r.OktaReread = utc(report.OktaReadAgain)
	}
	r.HereRead = utc(report.HeldRead)
	r.Queues, r.Hours = side.looks, make([]hourFigures, 0, len(report.Hours))
	for _, h := range report.Hours {
		r.Hours = append(r.Hours, hourFigures{
			Hour: h.Hour, figures: newFigures(h.Counts, comparable), State: h.State, Why: h.Why,
		})
	}
}

// audit adds the verdicts of the auditor.
func (r *reconciliation) audit(verdicts map[time.Time]*archive.Verdict) {
	r.Auditor = map[string]int64{}
	for i := range r.Hours {
		if v := verdicts[r.Hours[i].Hour]; v != nil {
			r.Hours[i].Auditor = v.State
			r.Auditor[v.State]++
		}
	}
}

// exitCode is what the program ends with.
func (r *reconciliation) exitCode() int {
	switch r.Verdict {
	case reconcile.Complete:
		return exitDone
	case reconcile.Undecided, reconcile.InQueues:
		return exitUnproven
	}
	return exitFailed
}

// write prints the result, and writes the page of --html.
func (r *reconciliation) write(c console, asJSON bool, outputs *reconcileFiles) error {
	if outputs.html != nil {
		text, err := r.html()
		if err != nil {
			return err
		}
		if _, err := outputs.html.Write(text); err != nil {
			return fmt.Errorf("write the page of --html: %w", err)
		}
	}
	outputs.done = true
	if asJSON {
		return printJSON(c, r)
	}
	var b bytes.Buffer
	r.page(&b)
	return write(c.out, b.Bytes())
}
