package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/auditor"
	"github.com/oktastream/oktastream/lambda/ledger"
)

// AuditorParts are the parts of the auditor of a stack, as its output describes them.
type AuditorParts struct {
	Version          int    `json:"oktastream_auditor"` // of this form
	Pipeline         string `json:"pipeline"`           // name of the pipeline that it audits
	Function         string `json:"function"`           // name
	FunctionLogGroup string `json:"log_group_function"` // where the function writes its own log
	Schedule         string `json:"schedule"`           // name
	Failed           string `json:"dead"`               // URL of the queue of runs that failed
	Unstarted        string `json:"unstarted"`          // URL of the queue of runs that could not start
	Bucket           string `json:"bucket"`             // of its digests
	Org              string `json:"org"`
}

// getSchedule is the IAM action of the schedule.
const getSchedule = "scheduler:GetSchedule"

// auditRuns is how far back a run of the auditor is searched: three times the longest time
// between two runs (setting okta.every).
const auditRuns = 3 * time.Hour

// function returns the auditor's function as that of a pipeline.
func (a *AuditorParts) function() Pipeline {
	return Pipeline{Name: a.Pipeline, Function: a.Function, FunctionLogGroup: a.FunctionLogGroup}
}

// auditor returns the checks of the stack's auditor.
func (d *Doctor) auditor() []Check {
	a := d.Stack.Auditor
	if a == nil {
		return checks(Auditor, Pipeline{}, constant(Unseen(NotPart, "not part of this stack",
			"deploy with the settings okta.secret and okta.orgUrl: an auditor compares every hour with Okta's System Log")))
	}
	looks := d.functionLooks()
	if d.Schedules != nil {
		looks = append(looks, d.schedule)
	}
	if d.Metrics != nil {
		looks = append(looks, d.audits)
	}
	if d.Queues != nil {
		looks = append(looks, d.failedRuns(roleFailed, a.Failed, "failed"),
			d.failedRuns(roleUnstarted, a.Unstarted, "could not be started"))
	}
	if d.Archives != nil {
		looks = append(looks, d.audited)
	}
	list := checks(Auditor, a.function(), looks...)
	for i := range list {
		list[i].Pipeline = "" // it is the stack's
	}
	return list
}

// schedule judges the schedule that starts the auditor: its State is ENABLED or DISABLED
// (GetSchedule, EventBridge Scheduler API reference, 2026-11).
func (d *Doctor) schedule(ctx context.Context, _ Pipeline) Result {
	name := d.Stack.Auditor.Schedule
	var s struct{ State string }
	switch err := get(ctx, d.Schedules, "/schedules/"+name, &s); {
	case err != nil:
		return failed(getSchedule, err, Gone("schedule "+name+" does not exist", d.Stack.deploy()))
	case s.State == "":
		return Unseen(NoAnswer, "schedule "+name+": the response has no state", "run it again")
	case s.State != "ENABLED":
		return Fault(fmt.Sprintf("schedule %s is %s: it starts no run", name, s.State),
			"EventBridge, Schedules, "+name+": Enable")
	}
	return Fine("schedule " + s.State)
}

// failedRuns returns the look at a queue with a message of each run that failed or could not be
// started, which SQS keeps for 14 days.
func (d *Doctor) failedRuns(r role, url, what string) look {
	return func(ctx context.Context, p Pipeline) Result {
		n, failed := d.messages(ctx, r, url)
		switch {
		case failed != nil:
			return *failed
		case n == 0:
			return Result{Status: OK}
		}
		return Fault(fmt.Sprintf("about %s of the auditor %s", many(n, "run"), what),
			"read why in its log: "+logTail(p)+"; once it is corrected: aws sqs purge-queue --queue-url "+url)
	}
}

// audits judges what the auditor reports of its runs: how many hours it is behind, and whether
// it could read Okta's System Log.
func (d *Doctor) audits(ctx context.Context, p Pipeline) Result {
	of := []string{"pipeline", p.Name}
	points, err := d.read(ctx, d.Now().Add(-auditRuns), series{"oktastream", ledger.AuditHoursBehind, "Maximum", of},
		series{"oktastream", ledger.AuditOktaUnreachable, "Maximum", of})
	if err != nil {
		return failed(getMetricData, err)
	}
	behind, unreachable := points[0], points[1]
	switch {
	case len(behind) == 0:
		return d.noRun(ctx, p)
	case len(unreachable) > 0 && unreachable[0].value > 0:
		return Fault("the last run could not read Okta's System Log",
			"check the credentials in the secret of okta.secret, and okta.orgUrl; the error: "+logTail(p))
	case behind[0].value > 0:
		return Fault(many(int(behind[0].value), "hour")+" behind", "read the errors in its log, "+logTail(p)+
			"; without errors raise okta.requests: lambda/auditor/README.md, How many events a day")
	}
	return Fine("last run " + age(d.Now().Sub(behind[0].at)) + " ago, not behind")
}

// noRun judges an auditor that has reported no run within auditRuns.
func (d *Doctor) noRun(ctx context.Context, p Pipeline) Result {
	if d.Lambda != nil {
		f, err := d.configuration(ctx, p)
		if err != nil {
			return Result{Status: OK} // describeFunction reports it
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
	return Fault("no run has ended in "+age(auditRuns), "look whether its schedule is ENABLED: "+
		"aws scheduler get-schedule --name "+d.Stack.Auditor.Schedule+"; its log: "+logTail(p))
}

// audited judges what the last digest says of its hour: lambda/auditor/README.md, "How to read a
// verdict".
func (d *Doctor) audited(ctx context.Context, p Pipeline) Result {
	a := d.Stack.Auditor
	bucket, err := d.Archives(ctx, a.Bucket, d.Stack.Account)
	if err != nil {
		return Unseen(Unclear, err.Error(), d.Stack.deploy())
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
			"act sooner on the alarm auditor-behind; its log: "+logTail(p))
	}
	return Fine(seen)
}
