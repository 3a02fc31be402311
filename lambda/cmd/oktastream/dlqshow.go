package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqShow struct {
	queueFlags
	filterFlags
	ID   string `arg:"" optional:"" name:"uuid-or-message-id" help:"help_id"`
	JSON bool   `help:"Print one JSON object, with the body as a string."`
	Body bool   `help:"Print the body alone, to the byte; oktastream run reads it."`
}

// shown is a message whole.
type shown struct {
	*dlq.Dead
	Cause      string            `json:"cause"`
	Fix        string            `json:"fix"`
	Attributes map[string]string `json:"attributes"`
	Body       string            `json:"body"`
}

// errFound ends the search.
var errFound = errors.New("found")

func (s *dlqShow) fault() error {
	all, filter := faults{s.queueFlags.fault(), s.filterFlags.fault()}, s.filter()
	all.add(s.JSON && s.Body, "--json and --body exclude each other")
	all.add(s.ID == "" && filter.Empty(), "name a uuid or a message id, or a filter such as --reason")
	all.add(s.ID != "" && len(s.UUID) > 0, "--uuid and a uuid or message id exclude each other")
	return all.join()
}

func (s *dlqShow) Run(ctx context.Context, c console) error {
	if err := s.fault(); err != nil {
		return usage(err)
	}
	if s.ID != "" {
		s.UUID = types{s.ID}
	}
	work, err := s.open(ctx, c)
	if err != nil {
		return interruption(ctx, err)
	}
	defer work.close()
	var found *shown
	filter := s.filter()
	seen := dlq.Groups{Unmatched: filter.Patterns()}
	var read looks
	failure := eachSite(ctx, work.sites, func(p *site, q *dlq.Queue) error {
		one, r, err := s.search(ctx, p, q, filter, &seen, work.bar)
		work.note(q, r)
		if one != nil {
			found = one
			return errFound
		}
		read = append(read, p.looked(ctx, q, r, 0, err))
		return p.identity.explain(err, q.URL)
	})
	work.close()
	if found != nil {
		return s.print(c, found)
	}
	read.skip(work.sites)
	notFound := errors.New(strings.Join(none(&s.queueFlags, &s.filterFlags, read, seen.All()), "\n"))
	switch {
	case ctx.Err() != nil:
		report(c.err, notFound)
		return quiet(exitInterrupted)
	case failure != nil:
		return errors.Join(failure, notFound)
	}
	return withHint(notFound,
		"oktastream dlq list"+s.flags()+" counts what there is; a redrive gives a message a new id, its uuid stays")
}

// search looks for the message in one queue.
func (s *dlqShow) search(
	ctx context.Context, p *site, q *dlq.Queue, filter dlq.Filter, seen *dlq.Groups, bar *progress,
) (found *shown, read dlq.Read, err error) {
	read, err = p.read(ctx, q, func(items []*dlq.Item) error {
		bar.add(len(items))
		for _, item := range items {
			seen.Add(item.Dead, now())
			if filter.Chooses(item.Dead, now()) {
				if found == nil {
					found = s.shown(item)
				}
				return dlq.ErrEnough
			}
		}
		return nil
	})
	return found, read, err
}

func (s *dlqShow) shown(item *dlq.Item) *shown {
	reason := dlq.ReasonOf(item.Dead.Reason, item.Dead.Code)
	one := &shown{
		Dead: item.Dead, Cause: reason.Cause, Fix: s.advice(reason.Fix, item.Dead.MessageID),
		Attributes: map[string]string{}, Body: item.Message.Body,
	}
	for name, value := range item.Message.Attributes {
		one.Attributes[name] = aws.ToString(value.StringValue)
	}
	return one
}

func (s *dlqShow) print(c console, m *shown) error {
	switch {
	case s.JSON:
		return printJSON(c, m)
	case s.Body:
		_, err := c.out.WriteString(m.Body)
		return err
	}
	var b bytes.Buffer
	m.facts(&b)
	b.WriteByte('\n')
	body := m.Body
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(body), "", "  ") == nil {
		body = pretty.String()
	}
	if term.IsTerminal(int(c.out.Fd())) {
		// A body does not control the terminal.
		lines := strings.Split(body, "\n")
		for i := range lines {
			lines[i] = printable(lines[i])
		}
		body = strings.Join(lines, "\n")
	}
	b.WriteString(strings.TrimRight(body, "\n"))
	b.WriteByte('\n')
	_, err := c.out.Write(b.Bytes())
	return err
}

// facts prints what is known of the message, a line each.
func (m *shown) facts(b *bytes.Buffer) {
	row := func(name, value string) { fmt.Fprintf(b, "%-14s %s\n", name, printable(value)) }
	row("queue", m.Queue)
	row("message id", m.MessageID)
	row("form", string(m.Form))
	row("reason", m.Reason)
	if m.Code != dlq.None {
		row("code", m.Code)
	}
	sentence := func(name string, lines []string) {
		for _, line := range lines {
			row(name, line)
			name = ""
		}
	}
	sentence("cause", wrap(m.Cause, columns-15))
	sentence("fix", adviceLines(m.Fix, columns-15))
	if m.Note != nil && m.Note.Detail != "" {
		row("detail", m.Note.Stage+": "+m.Note.Detail)
	}
	row("pipeline", m.Pipeline)
	for i, e := range m.Events {
		if i == 20 {
			row("", fmt.Sprintf("and %s more", count(len(m.Events)-i, "event")))
			break
		}
		row(map[bool]string{true: "events"}[i == 0], e.UUID+" "+e.Type)
	}
	row("since", stamp(m.Since))
	row("first failure", stamp(m.FirstFailure))
	row("last failure", stamp(m.LastFailure))
	row("expires", stamp(m.Expires))
	attempts := strconv.Itoa(m.Attempts)
	switch {
	case m.Attempts == 0:
		attempts = dlq.None
	case m.Form == dlq.Redrive:
		attempts = "~" + attempts
	}
	row("attempts", attempts)
	row("replays", strconv.Itoa(m.Replays))
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		row(name, m.Attributes[name])
	}
}
