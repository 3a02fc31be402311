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
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/term"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqShow struct {
	queueFlags
	ID   string `arg:"" name:"uuid-or-message-id" help:"uuid of an event, or SQS's message id."`
	JSON bool   `help:"Print one JSON object, with the body as a string."`
	Body bool   `help:"Print the body alone, to the byte; oktastream run takes it."`
}

// shown is a message whole.
type shown struct {
	*dlq.Dead
	Attributes map[string]string `json:"attributes"`
	Body       string            `json:"body"`
}

// errFound ends the search.
var errFound = errors.New("found")

func (s *dlqShow) Run(ctx context.Context, c console) error {
	err := s.queueFlags.fault()
	if s.JSON && s.Body {
		err = errors.Join(err, errors.New("--json and --body exclude each other"))
	}
	if err != nil {
		return usage(err)
	}
	sites, err := s.sites(ctx)
	if err != nil {
		return interruption(ctx, err)
	}
	var found *shown
	bar := newCount(c, visible(sites))
	var notes []string
	failure := eachSite(ctx, sites, func(p *site, q *dlq.Queue) error {
		one, read, err := s.search(ctx, p, q, bar)
		if one != nil {
			found = one
			return errFound
		}
		notes = append(notes, readingNotes(q, read)...)
		return dlqHint(err)
	})
	bar.end()
	if found != nil {
		return s.print(c, found)
	}
	for _, n := range notes {
		say(c.err, n)
	}
	if failure != nil {
		return interruption(ctx, failure)
	}
	return withHint(fmt.Errorf("no dead message has the uuid or message id %s", s.ID),
		"oktastream dlq list tells what there is; a redrive gives a message a new id, its uuid stays")
}

// search looks for the message in one queue.
func (s *dlqShow) search(ctx context.Context, p *site, q *dlq.Queue, bar *progress) (*shown, dlq.Read, error) {
	filter := dlq.Filter{UUIDs: []string{s.ID}}
	var mu sync.Mutex
	var found *shown
	reader := &dlq.Reader{Queue: q, Workers: readWorkers, Wait: pollSeconds, Visit: func(_ context.Context, messages []*dlq.Message) error {
		r := p.recogniser(q)
		bar.add(len(messages))
		for _, m := range messages {
			d := r.Recognise(q, m)
			if !filter.Chooses(d, now()) {
				continue
			}
			one := &shown{Dead: d, Attributes: map[string]string{}, Body: m.Body}
			for name, value := range m.Attributes {
				one.Attributes[name] = aws.ToString(value.StringValue)
			}
			mu.Lock()
			defer mu.Unlock()
			if found == nil {
				found = one
			}
			return dlq.ErrEnough
		}
		return nil
	}}
	read, err := reader.Run(ctx)
	return found, read, err
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
	row := func(name, value string) { fmt.Fprintf(&b, "%-14s %s\n", name, printable(value)) }
	row("queue", m.Queue)
	row("message id", m.MessageID)
	row("form", string(m.Form))
	row("reason", m.Reason)
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
	b.WriteByte('\n')
	body := m.Body
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(body), "", "  ") == nil {
		body = pretty.String()
	}
	if term.IsTerminal(int(c.out.Fd())) {
		// What a stranger has written does not steer the terminal.
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
