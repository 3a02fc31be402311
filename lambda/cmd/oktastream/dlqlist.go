package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqList struct {
	queueFlags
	filterFlags
	By   string `placeholder:"WHAT" help:"Open each row by type, queue, form or age."`
	JSON bool   `help:"Print one JSON object."`
}

// listing is what list prints.
type listing struct {
	Queues looks       `json:"queues"`
	Total  dlq.Counts  `json:"total"`
	Groups []dlq.Group `json:"groups"`
	// Unmatched are the patterns of the filter that no message matches.
	Unmatched string `json:"unmatched,omitempty"`
}

func (l *dlqList) fault() error {
	all := faults{l.queueFlags.fault(), l.filterFlags.fault()}
	dimensions := []string{"", dlq.ByType, dlq.ByQueue, dlq.ByForm, dlq.ByAge}
	all.add(!slices.Contains(dimensions, l.By), "--by is type, queue, form or age, not %q", l.By)
	return all.join()
}

func (l *dlqList) Run(ctx context.Context, c console) error {
	if err := l.fault(); err != nil {
		return usage(err)
	}
	s, err := l.open(ctx, c)
	if err != nil {
		return interruption(ctx, err)
	}
	defer s.close()
	filter := l.filter()
	seen, chosen := dlq.Groups{Unmatched: filter.Patterns()}, dlq.Groups{}
	out := listing{}
	failure := eachSite(ctx, s.sites, func(p *site, q *dlq.Queue) error {
		read, err := p.read(ctx, q, func(items []*dlq.Item) error {
			for _, item := range items {
				seen.Add(item.Dead, now())
				if filter.Chooses(item.Dead, now()) {
					chosen.Add(item.Dead, now())
				}
			}
			s.bar.add(len(items))
			return nil
		})
		out.Queues = append(out.Queues, p.looked(ctx, q, read, 0, err))
		s.note(q, read)
		return p.identity.explain(err, q.URL)
	})
	s.close()
	out.Queues.skip(s.sites)
	out.Total, out.Groups = chosen.Total(), chosen.All()
	if out.Queues.read() > 0 {
		out.Unmatched = filterText(seen.Unmatched)
	}
	if err := l.print(c, out, &seen); err != nil {
		return err
	}
	switch {
	case failure != nil:
		return interruption(ctx, failure)
	case !out.Queues.complete() || out.Unmatched != "" || out.Total.Messages == 0 && out.Queues.read() > 0:
		return quiet(exitFailed)
	}
	return nil
}

func (l *dlqList) print(c console, out listing, seen *dlq.Groups) error {
	if l.JSON {
		return printJSON(c, out)
	}
	var b bytes.Buffer
	var end []string
	if out.Total.Messages == 0 {
		end = none(&l.queueFlags, &l.filterFlags, out.Queues, seen.All())
	} else {
		l.groups(&b, out.Groups)
		total := count(out.Total.Messages, "message") + ", " + count(out.Total.Events, "event")
		if first := out.Total.FirstExpires; !first.IsZero() {
			total += "; the first expires " + stamp(first) + ", " + until(first)
		}
		end = append(end, total)
		if out.Unmatched != "" {
			end = append(end, matchesNone(seen.Unmatched, out.Queues, seen.All()))
		}
		end = append(end, out.Queues.incomplete())
	}
	for _, line := range slices.DeleteFunc(end, isEmpty) {
		lines(&b, "", "", line)
	}
	_, err := c.out.Write(b.Bytes())
	return err
}

func printJSON(c console, v any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return write(c.out, b.Bytes())
}

// groups prints groups on a page of 80 columns: a row each, below it a message id, what
// has happened and what to do.
func (l *dlqList) groups(b *bytes.Buffer, groups []dlq.Group) {
	const numbers = "  %8s  %s"
	pipelines, reasons := len("PIPELINE"), len("REASON")
	for _, g := range groups {
		pipelines, reasons = max(pipelines, len(g.Pipeline)), max(reasons, len(g.Reason))
	}
	// Where both do not fit, the pipeline has a line of its own.
	apart := pipelines+2+reasons+len("  MESSAGES  2026-12-31T00:00Z") > columns
	line := func(pipeline, reason, messages, expires string) {
		text := fmt.Sprintf("%-*s"+numbers, reasons, reason, messages, expires)
		if apart {
			lines(b, "", "", pipeline)
			lines(b, "  ", "", text)
			return
		}
		lines(b, "", "", fmt.Sprintf("%-*s  %s", pipelines, pipeline, text))
	}
	line("PIPELINE", "REASON", "MESSAGES", "EXPIRES")
	for _, g := range groups {
		line(g.Pipeline, g.Reason, thousands(g.Messages), stamp(g.FirstExpires))
		if g.Code != dlq.None {
			row(b, "code", g.Code)
		}
		row(b, "sample", g.IDs[0])
		if !g.FirstExpires.IsZero() && g.FirstExpires.Sub(now()) < 24*time.Hour {
			row(b, "expires", until(g.FirstExpires))
		}
		if g.Replays > 0 {
			text := count(g.Replays, "time")
			if g.Replays >= dlq.MaxReplays {
				text += "; only --force replays it again"
			}
			row(b, "replayed", text)
		}
		row(b, "cause", g.Cause)
		fixRow(b, "fix", l.advice(g.Fix, g.IDs[0]))
		if l.By != "" {
			openGroup(b, l.By, g.By[l.By])
		}
		b.WriteByte('\n')
	}
}

// fixRow prints a name and a fix beside it.
func fixRow(b *bytes.Buffer, name, fix string) {
	for _, line := range adviceLines(fix, columns-12) {
		fmt.Fprintf(b, "  %-9s %s\n", name, line)
		name = ""
	}
}

// openGroup prints a row for each count of a dimension, the largest first.
func openGroup(b *bytes.Buffer, by string, counts map[string]int) {
	for i, name := range byCount(counts) {
		if i > 0 {
			by = ""
		}
		row(b, by, name+"  "+thousands(counts[name]))
	}
}

// stamp is a time to the minute, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() {
		return dlq.None
	}
	return t.UTC().Format("2006-01-02T15:04Z")
}
