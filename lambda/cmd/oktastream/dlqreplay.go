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
	// Unmatched are the patterns of the filter that no message matches.
	Unmatched string `json:"unmatched,omitempty"`

	looks   looks
	seen    []dlq.Group
	left    dlq.Filter // patterns that no message has matched
	going   []dlq.Group
	sample  []dlq.Ref // events of one of going
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
	filter := r.filter()
	out := replayed{DryRun: !r.Yes, left: filter.Patterns()}
	failure := eachSite(ctx, s.sites, func(p *site, q *dlq.Queue) error {
		if r.Limit > 0 && out.taken == r.Limit {
			out.looks, out.stopped = append(out.looks, p.unread(q)), true
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
	out.looks.skip(s.sites)
	failure = errors.Join(failure, audit.Close())
	if out.looks.read() > 0 && !out.stopped {
		out.Unmatched = filterText(out.left)
	}
	if err := r.print(c, out); err != nil {
		return err
	}
	r.hints(c, out)
	if failure != nil {
		return interruption(ctx, failure)
	}
	return r.verdict(out)
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
	r.left = common(r.left, report.Seen.Unmatched)
	r.going = append(r.going, report.Going.All()...)
	if r.sample == nil {
		r.sample = report.Sample
	}
}

// common are the patterns that are in both filters.
func common(a, b dlq.Filter) dlq.Filter {
	both := func(a, b []string) []string {
		return slices.DeleteFunc(a, func(p string) bool { return !slices.Contains(b, p) })
	}
	return dlq.Filter{Reasons: both(a.Reasons, b.Reasons), Types: both(a.Types, b.Types), UUIDs: both(a.UUIDs, b.UUIDs)}
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
	all := faults{r.queueFlags.fault(), r.filterFlags.fault()}
	all.add(r.Stack != "" && r.To != "", "--to is for --queue; a stack knows where its messages are replayed to")
	all.add(len(r.Queue) > 0 && r.To == "" && !r.Native, "--queue needs --to URL, the buffer queue to send to")
	all.add(r.Limit < 0, "--limit is a number of messages")
	all.add(r.Rate < 0, "--rate is a number of messages a second")
	all.add(r.Check && r.Stack == "", "--check needs --stack: the pipeline's settings are the stack's")
	all.add(slices.Contains(r.Queue, r.To), "--to is one of the queues that are read")
	if r.To != "" {
		all = append(all, queueURL("--to", r.To))
	}
	if r.Native {
		filter := r.filter()
		all.add(!filter.Empty() || r.Limit > 0,
			"--native moves a queue as a whole: SQS's own redrive has no filter and no limit; leave out either")
		all.add(r.Check, "--native and --check exclude each other: SQS's own redrive reads no message")
		all.add(r.Audit != "", "--native and --audit exclude each other: SQS's own redrive does not report message ids")
		all.add(r.In == dlq.DeadQueue, "--native is for redrive: %s", deadIsNotMoved)
		all.add(r.Rate > dlq.MaxMoveRate, "--rate is at most %d with --native", dlq.MaxMoveRate)
	}
	return all.join()
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
		Recogniser: p.recogniser(q), Progress: bar.add, Workers: readWorkers, Wait: pollSeconds,
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
	switch {
	case len(out.Groups) == 0:
		lines(&b, "", "", none(&r.queueFlags, &r.filterFlags, out.looks, out.seen)[0])
	case out.Unmatched != "":
		lines(&b, "", "", matchesNone(out.left, out.looks, out.seen))
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
	r.printAgain(&b, out.going)
	r.printEnd(&b, out)
	_, err := c.out.Write(b.Bytes())
	return err
}

// printAgain prints which messages are dead-lettered again, and why.
func (r *dlqReplay) printAgain(b *bytes.Buffer, going []dlq.Group) {
	head := "\nthese are dead-lettered again, unless the cause is fixed first:\n"
	if r.Yes {
		head = "\nthese are dead-lettered again, unless the cause was fixed before:\n"
	}
	for _, g := range going {
		again := dlq.ReasonOf(g.Reason, g.Code).Again
		if again == "" {
			continue
		}
		b.WriteString(head)
		head = ""
		lines(b, "  ", "", fmt.Sprintf("%s  %s  %s: %s", g.Pipeline, g.Reason, count(g.Messages, "message"), again))
		fixRow(b, "  fix", r.advice(g.Fix, g.IDs[0]))
	}
}

// printEnd prints what was read and replayed, and what is left in the queues.
func (r *dlqReplay) printEnd(b *bytes.Buffer, out replayed) {
	read := out.looks.read()
	if read == 0 {
		return
	}
	done, rest, left := out.total(dlq.Replayed), "left in the dead-letter queues", read-out.deleted
	text := out.looks.extent() + ", " + thousands(done) + " replayed"
	if !r.Yes {
		done, rest = out.total(dlq.WouldReplay), "would be left"
		text, left = out.looks.extent()+", "+thousands(done)+" would be replayed", read-done
	}
	switch {
	case !out.looks.complete():
		text += ": " + out.looks.why()
	case out.stopped:
		text += fmt.Sprintf("; reading ended at --limit %d", r.Limit)
	default:
		text += ", " + thousands(left) + " " + rest
	}
	b.WriteByte('\n')
	if done == 1 && len(out.going) == 1 && out.going[0].Messages == 1 && len(out.sample) > 0 {
		first := "uuid " + out.sample[0].UUID + ", " + out.sample[0].Type
		if more := len(out.sample) - 1; more > 0 {
			first += ", and " + count(more, "event") + " more"
		}
		lines(b, "", "", first)
	}
	lines(b, "", "", text)
}

// verdict is how the program ends. A run is done when all chosen messages are replayed
// and every queue was read to its end.
func (r *dlqReplay) verdict(out replayed) error {
	left := 0
	for _, q := range out.Queues {
		left += q.left
	}
	nothing := len(out.Groups) == 0 && out.looks.read() > out.total(dlq.AlreadySent)
	if !out.looks.complete() || nothing || out.Unmatched != "" || r.Yes && left > 0 {
		return quiet(exitFailed)
	}
	return nil
}

// hints say why messages were left, and the next step.
func (r *dlqReplay) hints(c console, out replayed) {
	why := map[string]int{}
	for _, q := range out.Queues {
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
			"oktastream dlq show prints it; --force sends it anyway", dlq.MaxReplays)},
		{dlq.CheckFailed, "what the pipeline would not accept is still in its queue: " +
			"oktastream dlq show UUID --body | oktastream run shows why"},
		{dlq.UnknownForm, "what has an unknown form is never sent and never deleted: " +
			"oktastream dlq show MESSAGE_ID prints it"},
		{dlq.NotTheBuffer, "what the buffer queue did not move to redrive may be forged: " +
			"oktastream dlq show MESSAGE_ID prints it; --force sends it anyway"},
		{dlq.TooLong, "what is too long for SQS together with its attribute is still in its queue: " +
			"oktastream dlq show MESSAGE_ID --body prints the body"},
	} {
		if out.total(h.outcome) > 0 {
			say(c.err, "hint: "+h.text)
		}
	}
	r.next(c, out)
}

// next says the next step.
func (r *dlqReplay) next(c console, out replayed) {
	would, sent := out.total(dlq.WouldReplay), out.total(dlq.Replayed)
	switch {
	case !r.Yes && would > 0:
		say(c.err, fmt.Sprintf("dry run: %s would be replayed; --yes does it", count(would, "message")))
	case !r.Yes && out.looks.complete():
		say(c.err, "dry run: nothing would be replayed")
	case slices.ContainsFunc(out.looks, func(l look) bool { return l.Incomplete == interrupted }):
		say(c.err, "next: the same command continues")
	case sent > 0 && out.looks.complete():
		say(c.err, "next: what fails again is dead-lettered again; in some minutes look with oktastream dlq list"+r.flags())
	}
}
