package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// filled is what backfill prints. Its keys are an interface: scripts read them.
type filled struct {
	DryRun bool      `json:"dry_run"`
	Org    string    `json:"org"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	// KeptSince is when the oldest event was published that Okta still has, where that
	// is later than Since.
	KeptSince time.Time `json:"kept_since,omitzero"`
	To        string    `json:"to"`

	Events   int64        `json:"events"` // that were sent; in a dry run, about
	Bytes    int64        `json:"bytes"`
	Requests int64        `json:"requests"` // of Okta
	Hours    []filledHour `json:"hours"`
	Done     bool         `json:"done"` // the window was read to its end
	NotSent  int64        `json:"not_sent"`

	Exact   *bool    `json:"exact,omitempty"`   // of a dry run
	Seconds int64    `json:"seconds,omitempty"` // of a dry run
	USD     *float64 `json:"usd,omitempty"`     // of a dry run

	Pipelines []filledPipeline `json:"pipelines,omitempty"`
	Ledger    *ledger.Ledger   `json:"ledger,omitempty"` // with --to
	Notes     []string         `json:"notes"`
}

type filledHour struct {
	Hour  time.Time `json:"hour"`
	Okta  int64     `json:"okta"`
	Exact bool      `json:"exact"`
}

type filledPipeline struct {
	Pipeline string `json:"pipeline"`
	To       string `json:"to"`
	Sent     int64  `json:"sent"`
	Filtered int64  `json:"filtered"`
	NotSent  int64  `json:"not_sent"`
}

// result begins the result of a run.
func (f *filling) result(kept systemlog.Kept) filled {
	r := filled{
		Org: f.client.Org(), Since: f.job.Since, Until: f.job.Until, To: f.to.name(), Notes: f.to.notes(),
		Hours: []filledHour{},
	}
	if kept.Expired > 0 {
		r.KeptSince = kept.From
	}
	return r
}

func sortedHours(hours map[backfill.Hour]int64) []backfill.Hour {
	return slices.Sorted(maps.Keys(hours))
}

// print prints the result: to stdout, or to stderr where records are there.
func (f *filling) print(r filled) error {
	toErr := f.To == "-"
	if f.JSON {
		if !toErr {
			return printJSON(f.c, r)
		}
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return write(f.c.err, append(text, '\n'))
	}
	var b bytes.Buffer
	if r.DryRun {
		r.page(&b)
	} else {
		r.short(&b)
	}
	if !toErr && f.To == "" {
		return write(f.c.out, b.Bytes())
	}
	for line := range strings.Lines(b.String()) {
		say(f.c.err, strings.TrimSuffix(line, "\n"))
	}
	return nil
}

// page prints a dry run: the events by hour, how long it takes, what it costs, and what
// becomes of old events.
func (r *filled) page(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s, published from %s until %s\n\n", r.Org, r.Since.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	width := len("events")
	for _, h := range r.Hours {
		width = max(width, len(about(h.Okta, h.Exact)))
	}
	fmt.Fprintf(b, "  hour (UTC)        %*s\n", width, "events")
	for _, h := range r.Hours {
		fmt.Fprintf(b, "  %s  %*s\n", h.Hour.Format("2006-01-02 15:04"), width, about(h.Okta, h.Exact))
	}
	fmt.Fprintf(b, "  %-16s  %*s\n\n", "all", width, about(r.Events, *r.Exact))
	row(b, "reading", fmt.Sprintf("%s of Okta, about %v", count(int(r.Requests), "request"),
		max(time.Duration(r.Seconds)*time.Second, time.Second)))
	usd := fmt.Sprintf("about %.2f", *r.USD)
	if *r.USD < 0.01 {
		usd = "less than 0.01"
	}
	row(b, "cost", usd+" US dollars at AWS (list prices of us-east-1)")
	for _, p := range r.Pipelines {
		row(b, "to", p.Pipeline+", "+p.To)
	}
	for _, note := range r.Notes {
		row(b, "note", note)
	}
}

// about is a number of events, with ~ in front where it is an estimate.
func about(n int64, exact bool) string {
	if exact {
		return thousands(int(n))
	}
	return "~" + thousands(int(n))
}

// short prints what was sent.
func (r *filled) short(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s read from %s, published from %s until %s\n", count(int(r.Events), "event"), r.Org,
		r.Since.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	if !r.Done {
		b.WriteString("the window was not read to its end: these are a part of it\n")
	}
	for _, p := range r.Pipelines {
		fmt.Fprintf(b, "%s: %s sent to %s, %s filtered", p.Pipeline, thousands(int(p.Sent)), p.To, thousands(int(p.Filtered)))
		if p.NotSent > 0 {
			fmt.Fprintf(b, ", %s not sent", thousands(int(p.NotSent)))
		}
		b.WriteByte('\n')
	}
	if r.Ledger != nil {
		for _, line := range r.Ledger.Lines() {
			b.WriteString(line + "\n")
		}
	}
}
