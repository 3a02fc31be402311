package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqList struct {
	queueFlags
	filterFlags
	JSON bool `help:"Print one JSON object."`
}

// readWorkers is how many calls read a queue at a time, and pollSeconds for how many
// seconds SQS looks before it says that a queue is empty: with 0 it would ask a
// part of its servers only.
const (
	readWorkers = 8
	pollSeconds = 1
)

// listing is what list prints.
type listing struct {
	Queues []listedQueue `json:"queues"`
	Total  dlq.Counts    `json:"total"`
	Groups []dlq.Group   `json:"groups"`
}

type listedQueue struct {
	Queue    string `json:"queue"`
	URL      string `json:"url"`
	Pipeline string `json:"pipeline"`
	Read     int    `json:"read"`
	// As SQS counted them before, which is approximate.
	Visible  int `json:"approximate_visible"`
	InFlight int `json:"approximate_in_flight"`
	// Complete is false where reading stopped short of the queue's end.
	Complete bool `json:"complete"`
}

func (l *dlqList) Run(ctx context.Context, c console) error {
	if err := errors.Join(l.queueFlags.fault(), l.filterFlags.fault()); err != nil {
		return usage(err)
	}
	sites, err := l.sites(ctx)
	if err != nil {
		return interruption(ctx, err)
	}
	filter := l.filter()
	var groups dlq.Groups
	out := listing{}
	bar := newCount(c, visible(sites))
	failure := eachSite(ctx, sites, func(p *site, q *dlq.Queue) error {
		reader := &dlq.Reader{Queue: q, Workers: readWorkers, Wait: pollSeconds, Visit: func(_ context.Context, messages []*dlq.Message) error {
			r := p.recogniser(q)
			for _, m := range messages {
				if d := r.Recognise(q, m); filter.Chooses(d, now()) {
					groups.Add(d, now())
				}
			}
			bar.add(len(messages))
			return nil
		}}
		read, err := reader.Run(ctx)
		out.Queues = append(out.Queues, listedQueue{
			Queue: q.Name, URL: q.URL, Pipeline: p.name(), Read: read.Messages, Visible: q.Visible, InFlight: q.InFlight, Complete: err == nil && !read.Full,
		})
		notes := readingNotes(q, read)
		if err == nil && !read.Full && read.Messages < q.Visible {
			// An answer that got lost on its way hides what was in it.
			notes = append(notes, fmt.Sprintf("note: %s: about %d messages were there and %d were read; the others come back by themselves within %v, if they are there",
				q.Name, q.Visible, read.Messages, dlq.Hidden))
		}
		bar.tell(c, notes)
		return dlqHint(err)
	})
	bar.end()
	out.Total, out.Groups = groups.Total(), groups.All()
	if err := printListing(c, out, l.JSON); err != nil {
		return err
	}
	return interruption(ctx, failure)
}

func (p *site) name() string {
	if p.pipeline == nil {
		return dlq.None
	}
	return p.pipeline.Pipeline
}

// visible is about how many messages there are.
func visible(sites []*site) (n int64) {
	for _, p := range sites {
		for _, q := range p.queues {
			n += int64(q.Visible)
		}
	}
	return n
}

// tell says lines where the bar was.
func (p *progress) tell(c console, lines []string) {
	for _, line := range lines {
		p.say(c.err, line)
	}
}

// readingNotes are what makes the numbers of a reading approximate.
func readingNotes(q *dlq.Queue, read dlq.Read) (notes []string) {
	note := func(format string, args ...any) {
		notes = append(notes, "note: "+q.Name+": "+fmt.Sprintf(format, args...))
	}
	if read.Full {
		note("reading stopped after %d messages, short of the 120,000 that SQS lets be in flight; about %d were there", read.Messages, q.Visible)
	}
	if q.InFlight > 0 {
		note("about %d messages are in flight, hidden by somebody who reads the queue or by a run that was killed; they are not counted and come back by themselves", q.InFlight)
	}
	if read.Hidden > 0 {
		note("%d messages could not be given back; they come back by themselves within %v", read.Hidden, dlq.Hidden)
	}
	return notes
}

// interruption is what ends the program where a person has interrupted it.
func interruption(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return quiet(exitInterrupted)
	}
	return err
}

func printListing(c console, l listing, asJSON bool) error {
	if asJSON {
		return printJSON(c, l)
	}
	var b bytes.Buffer
	switch {
	case l.Total.Messages > 0:
		table(&b, l.Groups)
		fmt.Fprintf(&b, "\n%s, %s", count(l.Total.Messages, "message"), count(l.Total.Events, "event"))
		if !l.Total.FirstExpires.IsZero() {
			fmt.Fprintf(&b, "; the first expires %s", stamp(l.Total.FirstExpires))
		}
		b.WriteByte('\n')
	default:
		b.WriteString("no dead messages\n")
	}
	_, err := c.out.Write(b.Bytes())
	return err
}

func printJSON(c console, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	_, err = c.out.Write(append(text, '\n'))
	return err
}

// table prints groups. What SQS counts approximately has a ~.
func table(b *bytes.Buffer, groups []dlq.Group) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{"QUEUE", "FORM", "REASON", "EVENT TYPE", "AGE", "MESSAGES", "EVENTS", "ATTEMPTS", "REPLAYS", "LAST FAILURE", "EXPIRES"}, "\t"))
	for _, g := range groups {
		attempts := dlq.None
		if g.Attempts > 0 {
			attempts = strconv.Itoa(g.Attempts)
			if g.Form == dlq.Redrive {
				attempts = "~" + attempts
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%s\t%s\n",
			g.Queue, g.Form, g.Reason, g.Type, g.Age, g.Messages, g.Events, attempts, g.Replays, stamp(g.Latest), stamp(g.FirstExpires))
	}
	w.Flush()
}

// stamp is a time as a person reads it at night: to the minute, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() {
		return dlq.None
	}
	return t.UTC().Format("2006-01-02T15:04Z")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
