package watch

import "fmt"

// Auditor is the function that compares a pipeline with Okta's System Log, hour by hour.
type Auditor struct {
	Pipeline string // the name of the pipeline that is audited, the dimension of its metrics
	Function string
	LogGroup string // of the function's own log
	// Failed and Unstarted are names of queues: of runs that failed, and of runs that the
	// schedule could not start.
	Failed, Unstarted string
	EveryMinutes      int // from one run to the next
}

// minAuditPeriod is the shortest period, in seconds, of the auditor's alarms: a run may take
// 12 minutes (lambda/cmd/auditor), and writes its metrics at its end.
const minAuditPeriod = 15 * 60

// gapPeriods are three hours of periods: an outage of several hours, which is found hour by
// hour, is one notification.
const gapPeriods = 12

// auditedHours is the query of Logs Insights for the hours that the auditor has closed.
const auditedHours = `filter msg = "hour audited"`

// onlyAudited is why missing data of the auditor's metrics is not breaching.
const onlyAudited = "the auditor writes it only when it looks at an hour, and auditor-behind fires when it does not run"

// auditorAlarms are the alarms of the auditor, where the stack has one.
func auditorAlarms(s Stack) []Alarm {
	if s.Auditor == nil {
		return nil
	}
	return []Alarm{gapFound(s), gapUnfilled(s), auditorFailing(s), oktaUnreachable(s), auditorBehind(s)}
}

// period is the period of metrics that each run writes.
func (a *Auditor) period() int { return max(60*a.EveryMinutes, minAuditPeriod) }

// inAuditorLog is where the auditor's log is searched.
const inAuditorLog = "In Logs Insights, log group of the auditor's function, run "

// gapFound is of an hour with missing events, once for each: the auditor has sent them to the
// buffer queue when it writes the metric.
func gapFound(s Stack) Alarm {
	a := Alarm{Queries: watching(own(s.Auditor.Pipeline, "audit_missing", "Sum")), Comparison: atLeast, Threshold: 1}
	return a.window(minAuditPeriod, gapPeriods, 1).missing(notBreaching, onlyAudited).about(s.Name, "gap",
		"The auditor found events in Okta's System Log that had not arrived.",
		"It sends them to the buffer queue, and an hour later it looks whether they have arrived. "+
			"If they do not, the alarm gap-unfilled fires.",
		inAuditorLog+"`filter found_missing > 0 or fill = 1 | fields hour, missing, filled, state, msg`: which hours, and "+
			"whether they are filled.",
		"Was Okta's stream off? In Okta, Reports, Log Streaming: activate it if it is not Active.",
		doctorFirst(s))
}

// gapUnfilled is of a closed hour whose events are still not there.
func gapUnfilled(s Stack) Alarm {
	a := Alarm{Queries: watching(own(s.Auditor.Pipeline, "audit_unfilled", "Sum")), Comparison: atLeast, Threshold: 1}
	return a.window(minAuditPeriod, gapPeriods, 1).missing(notBreaching, onlyAudited).about(s.Name, "gap-unfilled",
		"The auditor has closed an hour, and events of it have not arrived.",
		"They are missing after three fills, or are in a dead-letter queue. The auditor does not send them again.",
		inAuditorLog+"`"+auditedHours+" and (missing > 0 or waiting > 0) | display hour, state, missing, waiting`.",
		"State waiting: `oktastream dlq list --stack "+s.Name+"`, fix the cause, replay.",
		"State missing: `oktastream reconcile` with `--fill` for the hour, within 90 days.")
}

// auditorFailing is of runs that failed, or were not started.
func auditorFailing(s Stack) Alarm {
	a := Alarm{
		Queries: []Query{
			{ID: "errors", Metric: ofFunction(s.Auditor.Function, "Errors", "Sum")},
			{ID: "failed", Metric: ofQueue(s.Auditor.Failed, waiting, "Maximum")},
			{ID: "unstarted", Metric: ofQueue(s.Auditor.Unstarted, waiting, "Maximum")},
			{ID: "runs", Expression: "FILL(errors, 0) + FILL(failed, 0) + FILL(unstarted, 0)", Label: "failed runs",
				Return: true},
		},
		Comparison: atLeast, Threshold: 1,
	}
	// The messages in the queues hold the alarm between two runs, so that it does not
	// notify once for each.
	return a.window(within(s.Auditor.period())).
		missing(notBreaching, "a function that is not invoked does not fail, and auditor-behind fires when it is not").
		about(s.Name, "auditor-failing",
			"A run of the auditor failed, or the schedule could not start it.",
			"The next run goes on where this one stopped. If each of them fails, no hour is compared.",
			inAuditorLog+"`filter level = \"ERROR\" or @message like /Task timed out|Runtime|panic|configuration/`.",
			"Access denied, or the configuration is wrong: deploy again.",
			"The state is damaged: remove the object that the error names.",
			"When runs succeed again, purge the queues Failed and Unstarted of the auditor: they keep messages for 14 days.")
}

func oktaUnreachable(s Stack) Alarm {
	a := Alarm{Queries: watching(own(s.Auditor.Pipeline, "audit_okta_unreachable", "Minimum")), Comparison: atLeast,
		Threshold: 1}
	return a.window(lasting(s.Auditor.period(), 2)).missing(notBreaching, onlyAudited).about(s.Name, "okta-unreachable",
		"Two runs of the auditor in a row could not read Okta's System Log.",
		"No hour is compared meanwhile. Nothing is lost: Okta keeps its System Log for 90 days.",
		inAuditorLog+"`filter msg = \"Okta could not be read\" | display @timestamp, error, step`.",
		"The credentials are refused: put valid ones into the secret of the setting okta.secret. No deployment is needed.",
		"Okta needs the scope okta.logs.read and the role Report Administrator.",
		"Okta is down: look at its status page, and wait.")
}

// auditorBehind also fires where the auditor does not run at all.
func auditorBehind(s Stack) Alarm {
	const periods = 4
	a := Alarm{Queries: watching(own(s.Auditor.Pipeline, "audit_hours_behind", "Maximum")), Comparison: atLeast,
		Threshold: 1}
	return a.window(lasting(s.Auditor.period(), periods)).
		missing(breaching, "an auditor that does not run writes no metric").
		about(s.Name, "auditor-behind",
			fmt.Sprintf("For %d minutes the auditor was behind, or did not run.", s.Auditor.period()/60*periods),
			"There are hours that ended more than 30 hours ago and have no digest. "+
				"After 90 days Okta no longer lists them.",
			"Right after the first deployment: the alarm ends with the first run.",
			"The alarm auditor-failing or okta-unreachable is on: follow its steps.",
			inAuditorLog+"`filter msg = \"run\" | display @timestamp, behind, requests, stopped`. No line: in EventBridge, "+
				"Schedules: is the auditor's enabled?",
			"Runs stop because their requests are used up: raise okta.requests and deploy.")
}

// titleAudit is the title of a graph that the table of failures may name.
const titleAudit = "auditor: events missing, and filled"

// auditor is the auditor's row: the hours as a table, newest first, then what was
// missing, then whether the auditor keeps up.
func (g *grid) auditor(a *Auditor) {
	g.row(1, text(columns, "## Auditor: "+a.Pipeline+", compared with Okta's System Log hour by hour"))
	each := func(width int, title, unit string, lines ...line) widget {
		w := graph(width, title, unit, lines...)
		w.period = a.period()
		return w
	}
	missing := each(6, titleAudit, "events",
		of(own(a.Pipeline, "audit_missing", "Sum"), "found missing", orange),
		of(own(a.Pipeline, "audit_filled", "Sum"), "filled", green),
		of(own(a.Pipeline, "audit_unfilled", "Sum"), "not filled", darkRed))
	run := each(6, "auditor: runs", "hours, runs",
		of(own(a.Pipeline, "audit_hours", "Sum"), "hours closed", green),
		of(own(a.Pipeline, "audit_hours_behind", "Maximum"), "hours behind", red),
		of(own(a.Pipeline, "audit_backlog", "Maximum"), "hours of the backlog", grey),
		of(own(a.Pipeline, "audit_okta_unreachable", "Maximum"), "Okta unreachable", purple),
		line{metric: own(a.Pipeline, "audit_requests", "Sum"), label: "requests of Okta's API", colour: blue, right: true})
	run.rightUnit = "requests"
	g.row(7, hoursAudited(g.region, a), missing, run)
}

// hoursQuery has a line for each hour. found_missing is not 0 where there was a gap.
const hoursQuery = auditedHours +
	" | sort hour desc | display hour, state, found_missing, filled, missing, waiting, okta, here, digest"

func hoursAudited(region string, a *Auditor) widget {
	return widget{kind: "log", width: 12, fixed: map[string]any{
		"title": "auditor: hours (UTC), newest first", "region": region, "view": "table",
		"query": "SOURCE '" + a.LogGroup + "' | " + hoursQuery,
	}}
}
