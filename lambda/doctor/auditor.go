package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/auditor"
	"github.com/oktastream/oktastream/lambda/ledger"
)

// AuditorParts are the parts of the auditor of a stack, as its output describes
// them.
type AuditorParts struct {
	Pipeline          string // name of the pipeline that it audits
	Function          string // name
	FunctionLogGroup  string // where the function writes its own log
	Schedule          string // name
	Failed, Unstarted string // URLs of the queues of runs that failed, and that could not start
	Bucket            string // of its digests
	Org               string
}

// auditRuns is how far back a run of the auditor is looked for: three times the longest time
// between two runs (setting okta.every).
const auditRuns = 3 * time.Hour

// function is the auditor's function as that of a pipeline.
func (a *AuditorParts) function() Pipeline {
	return Pipeline{Name: a.Pipeline, Function: a.Function, FunctionLogGroup: a.FunctionLogGroup}
}

// auditor returns the checks of the stack's auditor.
func (d *Doctor) auditor() []Check {
	a := d.Stack.Auditor
	if a == nil {
		return []Check{{Link: Auditor, Look: func(context.Context) Result {
			return Unseen(NotPart, "not part of this stack", "deploy with the settings okta.secret and okta.orgUrl: "+
				"an auditor compares every hour with Okta's System Log")
		}}}
	}
	var checks []Check
	add := func(look func(context.Context) Result) { checks = append(checks, Check{Link: Auditor, Look: look}) }
	if d.Lambda != nil {
		add(func(ctx context.Context) Result { return d.describeFunction(ctx, a.function()) })
	}
	if d.Metrics != nil {
		add(func(ctx context.Context) Result { return d.errors(ctx, a.function()) })
		add(func(ctx context.Context) Result { return d.audits(ctx, a) })
	}
	if d.Queues != nil {
		add(func(ctx context.Context) Result { return d.failedRuns(ctx, a, roleFailed, a.Failed) })
		add(func(ctx context.Context) Result { return d.failedRuns(ctx, a, roleUnstarted, a.Unstarted) })
	}
	if d.Archives != nil {
		add(func(ctx context.Context) Result { return d.audited(ctx, a) })
	}
	return checks
}

// failedRuns judges a queue of runs that failed or could not be started. SQS keeps a message of
// each for 14 days.
func (d *Doctor) failedRuns(ctx context.Context, a *AuditorParts, r role, url string) Result {
	n, failed := d.messages(ctx, r, url)
	switch {
	case failed != nil:
		return *failed
	case n == 0:
		return Result{Status: OK}
	}
	what := map[role]string{roleFailed: "failed", roleUnstarted: "could not be started"}[r]
	return Fault(fmt.Sprintf("about %s of the auditor %s", many(n, "run"), what),
		"read why in its log: "+logTail(a.function())+"; once it is corrected: aws sqs purge-queue --queue-url "+url)
}

// audits judges what the auditor reports of its runs: how many hours it is behind, and whether
// it could read Okta's System Log.
func (d *Doctor) audits(ctx context.Context, a *AuditorParts) Result {
	of := []string{"pipeline", a.Pipeline}
	points, err := d.read(ctx, d.Now().Add(-auditRuns), series{"oktastream", ledger.AuditHoursBehind, "Maximum", of},
		series{"oktastream", ledger.AuditOktaUnreachable, "Maximum", of})
	if err != nil {
		return Failed(getMetricData, err)
	}
	behind, unreachable := points[0], points[1]
	switch {
	case len(behind) == 0:
		return d.noRun(ctx, a)
	case len(unreachable) > 0 && unreachable[0].value > 0:
		return Fault("the last run could not read Okta's System Log",
			"is the credential in the setting okta.secret valid, and okta.orgUrl the org? "+logTail(a.function()))
	case behind[0].value > 0:
		return Fault(many(int(behind[0].value), "hour")+" behind", "read the errors in its log, "+logTail(a.function())+
			"; without errors raise okta.requests: lambda/auditor/README.md, How many events a day")
	}
	return Fine("last run " + age(d.Now().Sub(behind[0].at)) + " ago, not behind")
}

// noRun judges an auditor that has reported no run.
func (d *Doctor) noRun(ctx context.Context, a *AuditorParts) Result {
	if d.Lambda != nil {
		f, err := d.configuration(ctx, a.function())
		if err != nil {
			return Result{Status: OK} // the check of the function says so
		}
		// "2026-11-28T12:00:00.000+0000" (GetFunctionConfiguration, Lambda API reference, 2026-11).
		made, err := time.Parse("2006-01-02T15:04:05.000-0700", f.LastModified)
		if err != nil {
			return Unseen(Unclear, "no run has ended in "+age(auditRuns)+", and Lambda does not say when the function was made",
				"run this again after its first run (setting okta.every)")
		}
		if made := d.Now().Sub(made); made < auditRuns {
			return Unseen(Unclear, "no run has ended since it was deployed "+age(made)+" ago",
				"run this again after its first run (setting okta.every)")
		}
	}
	return Fault("no run has ended in "+age(auditRuns), "is its schedule ENABLED? aws scheduler get-schedule --name "+
		a.Schedule+"; its log: "+logTail(a.function()))
}

// audited judges what the last digest says of its hour: lambda/auditor/README.md, "How to read a
// verdict".
func (d *Doctor) audited(ctx context.Context, a *AuditorParts) Result {
	bucket, err := d.Archives(ctx, a.Bucket, d.Stack.Account)
	if err != nil {
		return Unseen(Unclear, err.Error(), "deploy the stack again")
	}
	last, result := d.lastDigest(ctx, a.Bucket, a.Org, bucket)
	if last == nil {
		return result
	}
	v, hour := last.Okta, last.Hour.UTC()
	if v == nil {
		return Fine(fmt.Sprintf("last digest %d, not compared with Okta", last.Number))
	}
	seen := fmt.Sprintf("last digest %d, of hour %s, made %s ago: %s", last.Number, hour.Format("2006-01-02T15Z"),
		age(d.Now().Sub(last.Made)), v.State)
	switch v.State {
	case auditor.Missing:
		return Fault(fmt.Sprintf("%s, %s", seen, many(int(v.Missing), "event")),
			fmt.Sprintf("oktastream reconcile --stack %s --fill --since %s --until %s", d.Stack.Name,
				hour.Format(time.RFC3339), hour.Add(time.Hour).Format(time.RFC3339)))
	case auditor.Waiting:
		return Fault(fmt.Sprintf("%s, %s in a dead-letter queue", seen, many(int(v.Waiting), "event")),
			"oktastream dlq list --stack "+d.Stack.Name+" --pipeline "+a.Pipeline+", then dlq replay")
	case auditor.Expired:
		return Fault(seen+": the hour is no longer kept, and nothing is known of it",
			"act sooner on the alarm auditor-behind; its log: "+logTail(a.function()))
	}
	return Fine(seen)
}
