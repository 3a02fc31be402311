package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqReplay struct {
	queueFlags
	filterFlags
	To     string `placeholder:"URL" help:"With --queue: the buffer queue to send to."`
	Limit  int    `placeholder:"N" help:"Replay no more than N messages."`
	Yes    bool   `help:"Do it. Without this it is a dry run."`
	Rate   int    `placeholder:"N" help:"No more than N messages a second."`
	Audit  string `type:"path" placeholder:"FILE" help:"help_audit"`
	Check  bool   `help:"Run the pipeline here first, and leave what it would not accept. Needs --stack."`
	Force  bool   `help:"help_force"`
	Native bool   `help:"Have SQS itself move all of redrive (StartMessageMoveTask), and follow it."`
	JSON   bool   `help:"Print one JSON object."`
}

// replayed is what replay prints.
type replayed struct {
	DryRun bool            `json:"dry_run"`
	Queues []replayedQueue `json:"queues"`
	Groups []dlq.Group     `json:"chosen"`

	looks   looks
	seen    []dlq.Group
	going   []dlq.Group
	deleted int
	taken   int  // counts towards --limit
	stopped bool // by --limit, before the end of a queue
}

type replayedQueue struct {
	look
	To       string              `json:"to"`
	Outcomes map[dlq.Outcome]int `json:"outcomes"`
	Why      map[string]int      `json:"why,omitempty"`
	kind     string              // of To
	left     int
}

func (r *dlqReplay) Run(ctx context.Context, c console) error {
	if err := r.fault(); err != nil {
		return usage(err)
	}
	s, err := r.open(ctx, c)
	if err != nil {
		return interruption(ctx, err)
	}
	defer s.close()
	if r.Native {
		return r.native(ctx, c, s)
	}
	audit, err := r.audit()
	if err != nil {
		return err
	}
	out := replayed{DryRun: !r.Yes}
	failure := eachSite(ctx, s.sites, func(p *site, q *dlq.Queue) error {
		if r.Limit > 0 && out.taken == r.Limit {
			out.looks = append(out.looks, look{
				Queue: q.Name, URL: q.URL, Pipeline: p.name(), Visible: q.Visible, InFlight: q.InFlight,
			})
			out.stopped = true
			return nil
		}
		to, err := r.target(p)
		if err != nil {
			out.looks = append(out.looks, p.looked(ctx, q, dlq.Read{}, 0, err))
			return err
		}
		report, err := r.replay(p, q, to, audit, s.bar, r.Limit-out.taken).Run(ctx)
		out.add(p, q, to, &report, p.looked(ctx, q, report.Read, report.Deleted(), err))
		s.note(q, report.Read)
		return p.identity.explain(err, q.URL)
	})
	s.close()
	out.looks.skip(s.sites, "interrupted")
	failure = errors.Join(failure, audit.Close())
	if err := r.print(c, out); err != nil {
		return err
	}
	if failure != nil {
		return interruption(ctx, failure)
	}
	return r.verdict(c, out)
}

// add adds the replay of a queue.
func (r *replayed) add(p *site, q *dlq.Queue, to target, report *dlq.Report, l look) {
	r.looks = append(r.looks, l)
	r.Queues = append(r.Queues, replayedQueue{
		look: l, To: to.name, kind: to.kind, Outcomes: report.Outcomes, Why: report.Why,
		left: report.Left() + report.Outcomes[dlq.NotDeleted],
	})
	r.deleted += report.Deleted()
	r.taken += report.Taken
	r.stopped = r.stopped || report.Read.Stopped
	r.Groups = append(r.Groups, report.Chosen.All()...)
	r.seen = append(r.seen, report.Seen.All()...)
	r.going = append(r.going, report.Going.All()...)
}

// addUnread adds the queues that were not read: after --limit, an error or an interruption.
func (r *replayed) addUnread() {
	for _, l := range r.looks {
		if !slices.ContainsFunc(r.Queues, func(q replayedQueue) bool { return q.URL == l.URL }) {
			r.Queues = append(r.Queues, replayedQueue{look: l, Outcomes: map[dlq.Outcome]int{}})
		}
	}
}

// total is how many messages had an outcome.
func (r *replayed) total(outcome dlq.Outcome) (n int) {
	for _, q := range r.Queues {
		n += q.Outcomes[outcome]
	}
	return n
}

// fault returns all that is wrong with the flags.
func (r *dlqReplay) fault() error {
	faults := []error{r.queueFlags.fault(), r.filterFlags.fault()}
	fault := func(when bool, text string) {
		if when {
			faults = append(faults, errors.New(text))
		}
	}
	fault(r.Stack != "" && r.To != "", "--to is for --queue; a stack knows where its messages are replayed to")
	fault(len(r.Queue) > 0 && r.To == "" && !r.Native, "--queue needs --to URL, the buffer queue to send to")
	fault(r.Limit < 0, "--limit is a number of messages")
	fault(r.Rate < 0, "--rate is a number of messages a second")
	fault(r.Check && r.Stack == "", "--check needs --stack: the pipeline's settings are the stack's")
	fault(slices.Contains(r.Queue, r.To), "--to is one of the queues that are read")
	if r.To != "" {
		faults = append(faults, queueURL("--to", r.To))
	}
	if r.Native {
		filter := r.filter()
		fault(!filter.Empty() || r.Limit > 0,
			"--native moves a queue as a whole: SQS's own redrive has no filter and no limit; leave out either")
		fault(r.Check, "--native and --check exclude each other: SQS's own redrive reads no message")
		fault(r.Audit != "", "--native and --audit exclude each other: SQS's own redrive does not report message ids")
		fault(r.In == dlq.DeadQueue, "--native is for redrive: "+deadIsNotMoved)
		fault(r.Rate > dlq.MaxMoveRate, fmt.Sprintf("--rate is at most %d with --native", dlq.MaxMoveRate))
	}
	return errors.Join(faults...)
}

func (r *dlqReplay) audit() (*dlq.Audit, error) {
	if r.Audit == "" {
		return nil, nil
	}
	return dlq.OpenAudit(r.Audit, now())
}

// replay returns the replay of a queue, of which limit messages are left of --limit.
func (r *dlqReplay) replay(
	p *site, q *dlq.Queue, to target, audit *dlq.Audit, bar *progress, limit int,
) *dlq.Replay {
	replay := &dlq.Replay{
		Queue: q, Target: to, To: to.name, Filter: r.filter(), Limit: max(limit, 0), DryRun: !r.Yes, Force: r.Force,
		Rate: r.Rate, Audit: audit,
		Recogniser: func() *dlq.Recogniser { return p.recogniser(q) },
		Progress:   bar.add,
		Workers:    readWorkers, Wait: pollSeconds,
	}
	if r.Check {
		replay.Check = to.check
	}
	return replay
}

func (r *dlqReplay) print(c console, out replayed) error {
	if r.JSON {
		out.addUnread()
		return printJSON(c, out)
	}
	var b bytes.Buffer
	if len(out.Groups) == 0 {
		lines(&b, "", "", none(&r.queueFlags, &r.filterFlags, out.looks, out.seen))
	}
	for i, q := range out.Queues {
		if i == 0 || q.Pipeline != out.Queues[i-1].Pipeline || q.To != out.Queues[i-1].To {
			lines(&b, "", "", fmt.Sprintf("%s: to %s %s", q.Pipeline, q.kind, q.To[strings.LastIndexByte(q.To, '/')+1:]))
		}
		const line = "  %-8s %-16s %s\n"
		for _, outcome := range slices.Sorted(maps.Keys(q.Outcomes)) {
			fmt.Fprintf(&b, line, q.Queue, strings.ReplaceAll(string(outcome), "_", " "),
				count(q.Outcomes[outcome], "message"))
		}
		if len(q.Outcomes) == 0 {
			fmt.Fprintf(&b, line, q.Queue, "-", count(0, "message"))
		}
	}
	printAgain(&b, out.going)
	r.printEnd(&b, out)
	_, err := c.out.Write(b.Bytes())
	return err
}

// printAgain prints which messages are dead-lettered again, and why.
func printAgain(b *bytes.Buffer, going []dlq.Group) {
	head := "\nthese are dead-lettered again, unless the cause is fixed first:\n"
	for _, g := range going {
		again := dlq.ReasonOf(g.Reason, g.Code).Again
		if again == "" {
			continue
		}
		b.WriteString(head)
		head = ""
		lines(b, "  ", "", fmt.Sprintf("%s  %s  %s: %s", g.Pipeline, g.Reason, count(g.Messages, "message"), again))
		row(b, "  fix", g.Fix)
	}
}

// printEnd prints what is left in the queues.
func (r *dlqReplay) printEnd(b *bytes.Buffer, out replayed) {
	if out.looks.read() == 0 {
		return
	}
	b.WriteByte('\n')
	read := count(out.looks.read(), "message") + " read, "
	stopped := fmt.Sprintf("reading ended at --limit %d", r.Limit)
	would, done := out.total(dlq.WouldReplay), out.total(dlq.Replayed)
	switch {
	case !r.Yes && out.stopped:
		lines(b, "", "", fmt.Sprintf("%s%s would be replayed; %s", read, thousands(would), stopped))
	case !r.Yes:
		lines(b, "", "", fmt.Sprintf("%s%s would be replayed, %s would be left", read, thousands(would),
			thousands(out.looks.read()-would)))
	case out.stopped:
		lines(b, "", "", fmt.Sprintf("%s%s replayed; %s", read, thousands(done), stopped))
	default:
		lines(b, "", "", fmt.Sprintf("%s%s replayed, %s left in the dead-letter queues", read, thousands(done),
			thousands(out.looks.read()-out.deleted)))
	}
	if incomplete := out.looks.incomplete(); incomplete != "" {
		lines(b, "", "", incomplete)
	}
}

// verdict says what is left to do. A run is done when all chosen messages are
// replayed and every queue was read to its end.
func (r *dlqReplay) verdict(c console, out replayed) error {
	why := map[string]int{}
	left := 0
	for _, q := range out.Queues {
		left += q.left
		for text, n := range q.Why {
			why[text] += n
		}
	}
	for _, text := range slices.Sorted(maps.Keys(why)) {
		say(c.err, fmt.Sprintf("note: %s: %s", count(why[text], "message"), text))
	}
	for _, h := range []struct {
		outcome dlq.Outcome
		text    string
	}{
		{dlq.Failed, "what failed is still in its queue: fix what the codes name and run it again"},
		{dlq.NotDeleted, "what was not deleted will be sent a second time, with the same uuid; " +
			"a run with the same --audit FILE only deletes it"},
		{dlq.TooOften, fmt.Sprintf("what was replayed %d times fails for another reason: "+
			"oktastream dlq show prints it; --force sends it all the same", dlq.MaxReplays)},
		{dlq.CheckFailed, "what the pipeline would not accept is still in its queue: " +
			"oktastream dlq show UUID --body | oktastream run shows why"},
		{dlq.UnknownForm, "what has an unknown form is never sent and never deleted: " +
			"oktastream dlq show MESSAGE_ID prints it"},
		{dlq.NotTheBuffer, "what is in redrive without having come from the buffer queue may be forged: " +
			"oktastream dlq show MESSAGE_ID prints it; --force sends it all the same"},
		{dlq.TooLong, "what is too long for SQS with its attribute: oktastream dlq show MESSAGE_ID --body keeps it"},
	} {
		if out.total(h.outcome) > 0 {
			say(c.err, "hint: "+h.text)
		}
	}
	r.next(c, out)
	nothing := len(out.Groups) == 0 && out.looks.read() > out.total(dlq.AlreadySent)
	if !out.looks.complete() || nothing || r.Yes && left > 0 {
		return quiet(exitFailed)
	}
	return nil
}

// next says the next step.
func (r *dlqReplay) next(c console, out replayed) {
	would, sent := out.total(dlq.WouldReplay), out.total(dlq.Replayed)
	switch {
	case !r.Yes && would > 0:
		say(c.err, fmt.Sprintf("dry run: %s would be replayed; --yes does it", count(would, "message")))
	case !r.Yes:
		say(c.err, "dry run: nothing would be replayed")
	case sent > 0:
		say(c.err, "next: what fails again is dead-lettered again; in some minutes look with oktastream dlq list"+r.flags())
	}
}
