package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// is a check that finds this.
func is(link Link, pipeline string, r Result, needs ...Link) Check {
	return Check{Link: link, Pipeline: pipeline, Needs: needs, Look: func(context.Context) Result { return r }}
}

func run(t *testing.T, checks ...Check) Report {
	t.Helper()
	report, err := Run(t.Context(), "s", checks, clock)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func text(t *testing.T, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is ok of a link is one line, what is not has its own; the order is that of the
// checks; what follows from a broken link is not broken itself.
func TestReport(t *testing.T) {
	five := noon.Add(-5 * time.Minute)
	report := run(t,
		is(OktaStream, "", Unseen(NoCredentials, "no credentials for Okta", "give --org-url and --token-file")),
		is(PartnerSource, "", Result{Status: OK, Seen: "ACTIVE", Hops: []Hop{{Hop: HopSource, Newest: &five,
			Since: noon.Add(-24 * time.Hour)}}}),
		is(Bus, "", Gone("event bus aws.partner/okta.com/a/b does not exist",
			"deploy the stack again: cdk deploy oktastream, "+
				"which makes the bus and associates the partner event source with it")),
		is(Rule, "s-cloudwatch", Gone("rule s-cloudwatch does not exist", "deploy"), Bus),
		is(Function, "s-cloudwatch", Fine("Active")),
		is(Function, "s-cloudwatch", Fine("environment as deployed")),
		is(Function, "s-cloudwatch", Result{Status: NotLookedAt, Reason: NoPermission,
			Seen:   "no permission: cloudwatch:GetMetricData",
			Action: "cloudwatch:GetMetricData"}),
		is(Archive, "s-cloudwatch", Unseen(NotPart, "not part of this stack", "")),
		is(Newest, "s-cloudwatch", Result{Status: OK, Hops: []Hop{{Hop: HopRule, Since: noon.Add(-24 * time.Hour)}}}),
	)
	const want = `not looked at  okta-stream     no credentials for Okta
    next: give --org-url and --token-file
ok             partner-source  ACTIVE
broken         bus             event bus aws.partner/okta.com/a/b does not exist
    next: deploy the stack again: cdk deploy oktastream, which makes the bus and
          associates the partner event source with it
pipeline s-cloudwatch
not looked at  rule            does not exist, which follows from the broken
                               link bus
ok             function        Active; environment as deployed
not looked at  function        no permission: cloudwatch:GetMetricData
not looked at  archive         not part of this stack
newest event            okta  source  rule  buffer  function  destination
s-cloudwatch               ?      5m  none       ?         ?            ?
(how long ago; ?: not looked at; none: none in 24h)
2 ok, 1 broken, 3 not looked at, 1 not part of this stack
`
	if got := text(t, report); got != want {
		t.Errorf("%s", got)
	}
	if report.ExitCode() != ExitBroken {
		t.Errorf("exit code %d", report.ExitCode())
	}
}

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		results []Result
		want    int
	}{
		{nil, 0},
		{[]Result{Fine("x"), Unseen(NotPart, "x", "")}, 0},
		{[]Result{Fine("x"), Unseen(NoPermission, "x", "")}, 3},
		{[]Result{Fault("x", ""), Unseen(NoPermission, "x", "")}, 1},
	} {
		var checks []Check
		for _, r := range test.results {
			checks = append(checks, is(Rule, "p", r))
		}
		if got := run(t, checks...).ExitCode(); got != test.want {
			t.Errorf("%+v: exit code %d, want %d", test.results, got, test.want)
		}
	}
}

// A check that gets no answer ends with its budget, and no more than the bound run at a
// time. An interruption is an error, and no report.
func TestRunIsBounded(t *testing.T) {
	var now, most atomic.Int64
	slow := Check{Link: Rule, Budget: 10 * time.Millisecond, Look: func(ctx context.Context) Result {
		for n := now.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		<-ctx.Done()
		now.Add(-1)
		return failed("events:DescribeRule", ctx.Err())
	}}
	checks := make([]Check, 40)
	for i := range checks {
		checks[i] = slow
		checks[i].Pipeline = fmt.Sprint("p", i)
	}
	report := run(t, checks...)
	if len(report.Lines) != 40 || report.Lines[0].Reason != NoAnswer || most.Load() > parallel {
		t.Errorf("%d lines, %d at a time, %+v", len(report.Lines), most.Load(), report.Lines[0])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, "s", checks, clock); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Whatever an account calls its things, no line is longer than 80 columns and none can
// be forged.
func TestTextIsBounded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		any := rapid.StringN(0, 60, 300)
		var checks []Check
		for range rapid.IntRange(0, 6).Draw(rt, "checks") {
			r := Result{Status: rapid.SampledFrom([]Status{OK, Broken, NotLookedAt}).Draw(rt, "status"),
				Seen: any.Draw(rt, "seen"), Next: any.Draw(rt, "next")}
			if rapid.Bool().Draw(rt, "hop") {
				r.Hops = []Hop{{Hop: HopRule, Since: noon.Add(-time.Hour), Newest: &noon}}
			}
			checks = append(checks, is(Rule, any.Draw(rt, "pipeline"), r))
		}
		report := run(t, checks...)
		got := text(t, report)
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 || strings.ContainsAny(line, "\x00\x1b\r") || !utf8.ValidString(line) {
				rt.Fatalf("%q", line)
			}
		}
	})
}
