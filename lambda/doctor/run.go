package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// parallel is how many checks run at a time: a report takes a few seconds, and the calls stay below
	// the rates at which AWS throttles Describe calls.
	parallel = 8
	// budget is the time of a check that sets none.
	budget = 20 * time.Second
)

// Report is what was found, in the order of the checks.
type Report struct {
	At    time.Time `json:"at"`
	Stack string    `json:"stack"`
	Lines []Line    `json:"lines"`
	Hops  []Hop     `json:"hops"`
}

// Run makes all checks, several at a time and each within its budget, and returns the
// report. The error is that of ctx.
func Run(ctx context.Context, stack string, checks []Check, now func() time.Time) (Report, error) {
	results := make([]Result, len(checks))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, check := range checks {
		group.Go(func() error {
			within := check.Budget
			if within == 0 {
				within = budget
			}
			ctx, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			results[i] = check.Look(ctx)
			return nil
		})
	}
	_ = group.Wait() // no check returns an error
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	at := now().UTC()
	confirm(results, at)
	report := Report{At: at, Stack: stack, Lines: lines(checks, results), Hops: []Hop{}}
	for i, result := range results {
		for _, hop := range result.Hops {
			hop.Pipeline = checks[i].Pipeline
			report.Hops = append(report.Hops, hop)
		}
	}
	return report, nil
}

// recent is how old the event may be that shows that the stream is active.
const recent = time.Hour

// confirm makes the results with Confirmable ok, where another check has seen a recent event: one that
// the rule matched, which selects the stack's own source, or else one at the destination.
func confirm(results []Result, now time.Time) {
	evidence := ""
	for _, kind := range []struct {
		hop  HopName
		seen string
	}{{HopRule, "the rule matched an event"}, {HopDestination, "the newest event at the destination is from"}} {
		for _, result := range results {
			for _, hop := range result.Hops {
				if evidence == "" && hop.Hop == kind.hop && hop.Newest != nil && now.Sub(*hop.Newest) <= recent {
					evidence = kind.seen + " " + age(now.Sub(*hop.Newest)) + " ago"
				}
			}
		}
	}
	for i, r := range results {
		if r.Confirmable != "" && evidence != "" {
			results[i] = Result{Status: OK, Seen: r.Confirmable + "; " + evidence, Hops: r.Hops}
		}
	}
}

// lines returns the lines of each link and pipeline, in the order of the checks: one line for all results
// that are ok, and one for each that is not.
func lines(checks []Check, results []Result) []Line {
	type place struct {
		link     Link
		pipeline string
	}
	broken := map[place]bool{}
	for i, check := range checks {
		if results[i].Status == Broken {
			broken[place{check.Link, check.Pipeline}] = true
		}
	}
	var order []place
	fine, other := map[place][]string{}, map[place][]Line{}
	hints := map[place]string{}
	for i, check := range checks {
		at, result := place{check.Link, check.Pipeline}, results[i]
		if !slices.Contains(order, at) {
			order = append(order, at)
		}
		if result.Missing {
			for _, need := range check.Needs {
				if broken[place{need, check.Pipeline}] || broken[place{need, ""}] {
					result = Unseen(Unclear, "does not exist, which follows from the broken link "+string(need), "")
					break
				}
			}
		}
		if result.Status == OK {
			fine[at] = append(fine[at], result.Seen)
			if hints[at] == "" {
				hints[at] = result.Next
			}
			continue
		}
		line := Line{Link: at.link, Pipeline: at.pipeline, Status: result.Status,
			Reason: result.Reason, Seen: result.Seen, Next: result.Next, Action: result.Action}
		// Two checks can find the same, such as that a rule does not exist.
		if !slices.Contains(other[at], line) {
			other[at] = append(other[at], line)
		}
	}
	list := []Line{}
	for _, at := range order {
		if seen := slices.DeleteFunc(fine[at], func(s string) bool { return s == "" }); len(seen) > 0 {
			list = append(list, Line{Link: at.link, Pipeline: at.pipeline, Status: OK, Seen: strings.Join(seen, "; "),
				Next: hints[at]})
		}
		list = append(list, other[at]...)
	}
	return list
}

// Settled reports whether another look would find the same: nothing is broken, and only a permission or
// credentials are lacking for what was not looked at.
func (r Report) Settled() bool {
	for _, line := range r.Lines {
		if line.Status == Broken || line.Reason == NoAnswer || line.Reason == Unclear {
			return false
		}
	}
	return true
}

// Summary returns how many lines have each status.
func (r Report) Summary() string {
	counts, notPart := map[Status]int{}, 0
	for _, line := range r.Lines {
		if line.Reason == NotPart {
			notPart++
			continue
		}
		counts[line.Status]++
	}
	text := fmt.Sprintf("%d ok, %d broken, %d not looked at", counts[OK], counts[Broken], counts[NotLookedAt])
	if notPart > 0 {
		text += fmt.Sprintf(", %d not part of this stack", notPart)
	}
	return text
}

// The exit codes.
const (
	ExitOK          = 0
	ExitBroken      = 1
	ExitNotLookedAt = 3 // nothing is broken of what was looked at
)

// ExitCode returns the exit code of the report.
func (r Report) ExitCode() int {
	code := ExitOK
	for _, line := range r.Lines {
		switch {
		case line.Status == Broken:
			return ExitBroken
		case line.Status == NotLookedAt && line.Reason != NotPart:
			code = ExitNotLookedAt
		}
	}
	return code
}
