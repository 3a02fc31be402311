package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// sentence says the verdict in one sentence.
func (r *reconciliation) sentence() string {
	switch r.Verdict {
	case reconcile.Complete:
		if r.Okta == 0 {
			return fmt.Sprintf("complete: Okta lists no event for this destination in %s, all settled, and none is here",
				count(len(r.Hours), "hour"))
		}
		return fmt.Sprintf("complete: each of %s that Okta lists is here, in %s, all settled",
			count(int(r.Okta), "event"), count(len(r.Hours), "hour"))
	case reconcile.Missing:
		return fmt.Sprintf("missing: %s of %s that Okta lists", count(int(r.missing()), "event"), thousands(int(r.Okta)))
	case reconcile.Undecided:
		unsettled := 0
		for _, h := range r.Hours {
			if h.State != reconcile.Settled {
				unsettled++
			}
		}
		return fmt.Sprintf("provisional: nothing is missing, but %s of %d can still change",
			count(unsettled, "hour"), len(r.Hours))
	case reconcile.InQueues:
		return fmt.Sprintf("waiting: nothing is missing, but %s in a dead-letter queue; dlq list says why",
			areWaiting(r.Waiting))
	}
	if r.Okta+r.Filtered == 0 {
		return fmt.Sprintf("not comparable: Okta lists no event in the window, and here are %s; nothing is claimed",
			thousands(int(r.Here)))
	}
	return "not comparable: both sides have events in the same hours, and no uuid in common; nothing is claimed"
}

func areWaiting(n int64) string {
	if n == 1 {
		return "1 event is"
	}
	return thousands(int(n)) + " events are"
}

// page prints the result for a person, on 80 columns.
func (r *reconciliation) page(b *bytes.Buffer) {
	style := strong
	if r.exitCode() == exitFailed {
		style = alarming
	}
	lines(b, "", style(r.sentence()), r.sentence())
	row(b, "okta", r.Org)
	row(b, "here", r.Against)
	row(b, "window", stamp(r.Since)+" to "+stamp(r.Until))
	for i, line := range r.totals() {
		row(b, []string{"figures", ""}[i], line)
	}
	for _, line := range r.waits() {
		row(b, "waiting", line)
	}
	if r.Unrecognised > 0 {
		row(b, "records", fmt.Sprintf("in %s of %s no Okta event was recognised",
			thousands(int(r.Unrecognised)), thousands(int(r.Records))))
	}
	if len(r.Auditor) > 0 {
		row(b, "auditor", verdictCounts(r.Auditor, int64(len(r.Hours))))
	}
	if f := r.Filled; f != nil {
		row(b, "filled", fmt.Sprintf("%s sent of %s missing before",
			thousands(int(f.Sent)), count(int(f.Missing), "event")))
	}
	if r.Verdict == reconcile.NotComparable {
		row(b, "cause", "they are not the same events, or their uuids differ: check --org-url, --stack and --against")
		return
	}
	fmt.Fprintln(b)
	r.grid(b)
	r.gaps(b)
}

// totals are the figures of all hours together, in two lines.
func (r *reconciliation) totals() [2]string {
	number := func(n *int64) string {
		if n == nil {
			return "unknown"
		}
		return thousands(int(*n))
	}
	return [2]string{
		fmt.Sprintf("okta %s, here %s, missing %s, extra %s", thousands(int(r.Okta)), thousands(int(r.Here)),
			number(r.Missing), number(r.Extra)),
		fmt.Sprintf("copies %s, filtered %s, waiting %s", thousands(int(r.Copies)), thousands(int(r.Filtered)),
			thousands(int(r.Waiting))),
	}
}

// waits says what is in the queues.
func (r *reconciliation) waits() []string {
	var text []string
	if r.Buffer != nil && *r.Buffer > 0 {
		text = append(text, fmt.Sprintf("about %s in the buffer queue; which events they hold cannot be known without "+
			"receiving them, and these events count as missing until they are delivered", count(*r.Buffer, "message")))
	}
	if incomplete := r.Queues.incomplete(); incomplete != "" {
		text = append(text, "dead-letter queues: "+incomplete+"; what was not read counts as missing")
	}
	return text
}

// The cells of the grid.
const (
	cellSettled     = '.'
	cellProvisional = '~'
	cellMissing     = '#'
	cellWaiting     = 'w'
)

const legend = ". complete  ~ complete, can change  # missing  w in a dead-letter queue"

func (h *hourFigures) cell() rune {
	switch {
	case h.missing() > 0:
		return cellMissing
	case h.Waiting > 0:
		return cellWaiting
	case h.State != reconcile.Settled:
		return cellProvisional
	}
	return cellSettled
}

// grid prints a line for each day and a column for each hour, in UTC.
func (r *reconciliation) grid(b *bytes.Buffer) {
	head := "UTC       "
	for hour := 0; hour < 24; hour += 3 {
		head += fmt.Sprintf(" %02d   ", hour)
	}
	fmt.Fprintln(b, faint(strings.TrimRight(head, " ")))
	for at := 0; at < len(r.Hours); {
		day := r.Hours[at].Hour.Format(time.DateOnly)
		line := day + strings.Repeat("  ", r.Hours[at].Hour.Hour())
		missing := int64(0)
		for ; at < len(r.Hours) && r.Hours[at].Hour.Format(time.DateOnly) == day; at++ {
			h := &r.Hours[at]
			cell := string(h.cell())
			if h.cell() == cellMissing {
				cell = alarming(cell)
			}
			line, missing = line+" "+cell, missing+h.missing()
		}
		if missing > 0 {
			line += "  " + thousands(int(missing)) + " missing"
		}
		fmt.Fprintln(b, line)
	}
	lines(b, "", faint(legend), legend)
}

// maxGaps is how many gaps the page lists.
const maxGaps = 20

// gap is consecutive hours, or the parts of them in the window, in which events are missing.
type gap struct {
	from, to      time.Time
	missing, okta int64
}

func (r *reconciliation) allGaps() []gap {
	var gaps []gap
	for i := range r.Hours {
		h := &r.Hours[i]
		if h.missing() == 0 {
			continue
		}
		if n := len(gaps); n == 0 || !gaps[n-1].to.Equal(h.Hour) {
			from := h.Hour
			if from.Before(r.Since) {
				from = r.Since
			}
			gaps = append(gaps, gap{from: from})
		}
		g := &gaps[len(gaps)-1]
		g.to, g.missing, g.okta = minTime(h.Hour.Add(time.Hour), r.Until), g.missing+h.missing(), g.okta+h.Okta
	}
	return gaps
}

func (g gap) text() string {
	return fmt.Sprintf("%s to %s: %s of %s missing", stamp(g.from), stamp(g.to),
		thousands(int(g.missing)), count(int(g.okta), "event"))
}

// gaps prints the hours in which events are missing, and the next step.
func (r *reconciliation) gaps(b *bytes.Buffer) {
	all := r.allGaps()
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(b)
	for _, g := range all[:min(len(all), maxGaps)] {
		lines(b, "", "", g.text())
	}
	if len(all) > maxGaps {
		lines(b, "", "", fmt.Sprintf("and %s more; --json has all hours", count(len(all)-maxGaps, "gap")))
	}
	if r.Filled == nil && r.Stack != "" {
		lines(b, "", "", "--fill sends the missing events into the pipeline, and compares again")
	}
}
