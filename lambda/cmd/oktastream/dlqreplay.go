package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/oktastream/oktastream/lambda/dlq"
)

type dlqReplay struct {
	queueFlags
	filterFlags
	To     string `placeholder:"URL" help:"With --queue: the buffer queue to send to."`
	Limit  int    `placeholder:"N" help:"Bring back no more than N messages."`
	Yes    bool   `help:"Do it. Without this it is a dry run."`
	Rate   int    `placeholder:"N" help:"No more than N messages a second."`
	Audit  string `type:"path" placeholder:"FILE" help:"Append a JSON line for each chosen message to FILE. A run that goes on with it only deletes what it says was sent."`
	Check  bool   `help:"Run the pipeline here first; what would not pass stays. Needs --stack."`
	Force  bool   `help:"Also what has been replayed three times and more."`
	Native bool   `help:"Have SQS itself move all of redrive (StartMessageMoveTask), and follow it."`
	JSON   bool   `help:"Print one JSON object."`
}

// replayed is what replay prints.
type replayed struct {
	DryRun bool            `json:"dry_run"`
	Queues []replayedQueue `json:"queues"`
	Groups []dlq.Group     `json:"chosen"`
}

type replayedQueue struct {
	listedQueue
	To       string              `json:"to"`
	Outcomes map[dlq.Outcome]int `json:"outcomes"`
	Why      map[string]int      `json:"why,omitempty"`
	left     int
}

func (r *dlqReplay) Run(ctx context.Context, c console) error {
	if err := r.fault(); err != nil {
		return usage(err)
	}
	sites, err := r.sites(ctx)
	if err != nil {
		return interruption(ctx, err)
	}
	if r.Native {
		return r.native(ctx, c, sites)
	}
	audit, err := r.audit()
	if err != nil {
		return err
	}
	out := replayed{DryRun: !r.Yes}
	bar := newCount(c, visible(sites))
	failure := eachSite(ctx, sites, func(p *site, q *dlq.Queue) error {
		to, err := r.target(p)
		if err != nil {
			return err
		}
		report, err := r.replay(p, q, to, audit, bar).Run(ctx)
		out.Queues = append(out.Queues, replayedQueue{
			listedQueue: listedQueue{
				Queue: q.Name, URL: q.URL, Pipeline: p.name(), Read: report.Read.Messages, Visible: q.Visible, InFlight: q.InFlight,
				Complete: err == nil && !report.Read.Full,
			},
			To: to.name, Outcomes: report.Outcomes, Why: report.Why, left: report.Left() + report.Outcomes[dlq.NotDeleted],
		})
		out.Groups = append(out.Groups, report.Chosen.All()...)
		bar.tell(c, readingNotes(q, report.Read))
		return dlqHint(err)
	})
	bar.end()
	failure = errors.Join(failure, audit.Close())
	if err := r.print(c, out); err != nil {
		return err
	}
	if failure != nil {
		return interruption(ctx, failure)
	}
	return r.verdict(c, out)
}

// fault is all that is wrong with the flags.
func (r *dlqReplay) fault() error {
	faults := []error{r.queueFlags.fault(), r.filterFlags.fault()}
	fault := func(when bool, text string) {
		if when {
			faults = append(faults, errors.New(text))
		}
	}
	fault(r.Stack != "" && r.To != "", "--to is for --queue; a stack knows where its messages belong")
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
		fault(!filter.Empty() || r.Limit > 0, "--native moves a queue as a whole: SQS's own redrive knows no filter and no limit; leave out either")
		fault(r.Check, "--native and --check exclude each other: SQS's own redrive looks into no message")
		fault(r.Audit != "", "--native and --audit exclude each other: SQS's own redrive does not tell which messages it moves")
		fault(r.In == deadQueue, "--native is for redrive: "+deadIsNotMoved)
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

func (r *dlqReplay) replay(p *site, q *dlq.Queue, to target, audit *dlq.Audit, bar *progress) *dlq.Replay {
	replay := &dlq.Replay{
		Queue: q, Target: to, To: to.name, Filter: r.filter(), Limit: r.Limit, DryRun: !r.Yes, Force: r.Force, Rate: r.Rate, Audit: audit,
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
		return printJSON(c, out)
	}
	var b bytes.Buffer
	if len(out.Groups) > 0 {
		table(&b, out.Groups)
		b.WriteByte('\n')
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, q := range out.Queues {
		for _, outcome := range slices.Sorted(maps.Keys(q.Outcomes)) {
			fmt.Fprintf(w, "%s\t%s\t%s\n", q.Queue, strings.ReplaceAll(string(outcome), "_", " "), count(q.Outcomes[outcome], "message"))
		}
	}
	w.Flush()
	if b.Len() == 0 {
		b.WriteString("no dead messages were chosen\n")
	}
	_, err := c.out.Write(b.Bytes())
	return err
}

// verdict says what is left to do. A run is done when all that was chosen is where
// it belongs.
func (r *dlqReplay) verdict(c console, out replayed) error {
	total := map[dlq.Outcome]int{}
	why := map[string]int{}
	left := 0
	for _, q := range out.Queues {
		left += q.left
		for outcome, n := range q.Outcomes {
			total[outcome] += n
		}
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
		{dlq.Failed, "what failed is still where it was: mend what the codes name and run it again"},
		{dlq.NotDeleted, "what was not deleted comes a second time, with the same uuid; a run with the same --audit FILE only deletes it"},
		{dlq.TooOften, "what was replayed three times dies of something else: oktastream dlq show tells its reason; --force sends it all the same"},
		{dlq.CheckFailed, "what would not pass is still where it was: oktastream dlq show UUID --body | oktastream run shows why"},
		{dlq.UnknownForm, "what has an unknown form is never sent nor deleted: oktastream dlq show MESSAGE_ID prints it"},
		{dlq.TooLong, "what is too long for SQS with its attribute: oktastream dlq show MESSAGE_ID --body keeps it"},
	} {
		if total[h.outcome] > 0 {
			say(c.err, "hint: "+h.text)
		}
	}
	if !r.Yes {
		say(c.err, fmt.Sprintf("dry run: %s would go back; --yes does it", count(total[dlq.WouldReplay], "message")))
		return nil
	}
	if left > 0 {
		return quiet(exitFailed)
	}
	return nil
}
