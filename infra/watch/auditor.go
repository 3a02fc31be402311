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

// minAuditPeriod is the shortest period, in seconds, of the auditor's alarms: a run may take 12 minutes
// (lambda/cmd/auditor), and writes its metrics at its end.
const minAuditPeriod = 15 * 60

// auditedHours is the query of Logs Insights for the hours that the auditor has closed.
const auditedHours = `filter msg = "hour audited"`

// period is the period of metrics that each run writes.
func (a *Auditor) period() int { return max(60*a.EveryMinutes, minAuditPeriod) }

// auditorAlarms returns the alarms of the auditor, where the stack has one.
func auditorAlarms(s Stack) []Alarm {
	a := s.Auditor
	if a == nil {
		return nil
	}
	const onlyAudited = "the auditor writes it only when it looks at an hour, and auditor-behind fires when it does not " +
		"run"
	const inLog = "In Logs Insights, log group of the auditor's function, run "
	const behindPeriods = 4
	metric := func(name, stat string) []Query { return watching(own(a.Pipeline, name, stat)) }
	return named(s.Name,
		// Once for each hour: the auditor has sent what is missing to the buffer queue when it writes the metric. Three hours
		// of periods: an outage of several hours, which is found hour by hour, is one notification.
		Alarm{Kind: "gap", Queries: metric("audit_missing", "Sum"), WhyMissing: onlyAudited,
			PeriodSeconds: minAuditPeriod, Periods: 12, ToAlarm: 1,
			Happened: "The auditor found events in Okta's System Log that had not arrived.",
			Means: "It sends them to the buffer queue, and an hour later it checks whether they have arrived. " +
				"If they have not, the alarm gap-unfilled fires.",
			Do: []string{inLog + "`filter found_missing > 0 or fill = 1 | fields hour, missing, filled, state, msg`: which " +
				"hours, and whether they are filled.",
				"Was Okta's stream off? " + activateStream, doctorFirst(s)}},
		Alarm{Kind: "gap-unfilled", Queries: metric("audit_unfilled", "Sum"), WhyMissing: onlyAudited,
			PeriodSeconds: minAuditPeriod, Periods: 12, ToAlarm: 1,
			Happened: "The auditor has closed an hour of which events have not arrived.",
			Means:    "They are missing after three fills, or are in a dead-letter queue. The auditor does not send them again.",
			Do: []string{inLog + "`" + auditedHours + " and (missing > 0 or waiting > 0) | display hour, state, missing, " +
				"waiting`.",
				"State waiting: `oktastream dlq list --stack " + s.Name + "`, fix the cause, replay.",
				"State missing: `oktastream reconcile` with `--fill` for the hour, within 90 days."}},
		// The messages in the queues hold the alarm between two runs, so that it does not notify once for each.
		Alarm{Kind: "auditor-failing", PeriodSeconds: a.period(),
			Queries: []Query{
				{ID: "errors", Metric: ofFunction(a.Function, "Errors", "Sum")},
				{ID: "failed", Metric: ofQueue(a.Failed, waiting, "Maximum")},
				{ID: "unstarted", Metric: ofQueue(a.Unstarted, waiting, "Maximum")},
				{ID: "runs", Expression: "FILL(errors, 0) + FILL(failed, 0) + FILL(unstarted, 0)", Label: "failed runs",
					Return: true},
			},
			WhyMissing: "a function that is not invoked does not fail, and auditor-behind fires when it is not invoked",
			Happened:   "A run of the auditor failed, or the schedule could not start it.",
			Means:      "The next run continues where this one stopped. If each of them fails, no hour is compared.",
			Do: []string{
				inLog + "`filter level = \"ERROR\" or @message like /Task timed out|Runtime|panic|configuration/`.",
				"Access denied, or the configuration is wrong: deploy again.",
				"The state is damaged: remove the object that the error names.",
				"When runs succeed again, purge the queues Failed and Unstarted of the auditor: they keep messages for 14 " +
					"days."}},
		Alarm{Kind: "okta-unreachable", Queries: metric("audit_okta_unreachable", "Minimum"), WhyMissing: onlyAudited,
			Happened: "Two runs of the auditor in a row could not read Okta's System Log.",
			Means:    "No hour is compared meanwhile. Nothing is lost: Okta keeps its System Log for 90 days.",
			Do: []string{inLog + "`filter msg = \"Okta could not be read\" | display @timestamp, error, step`.",
				"The credentials are refused: put valid ones into the secret of the setting okta.secret. No deployment is needed.",
				"Okta needs the scope okta.logs.read and the role Report Administrator.",
				"Okta is down: look at its status page, and wait."}}.lasting(a.period(), 2),
		// It also fires where the auditor has never run: missing data of the time before it existed is breaching too.
		Alarm{Kind: "auditor-behind", Queries: metric("audit_hours_behind", "Maximum"), Missing: breaching,
			WhyMissing: "an auditor that does not run writes no metric",
			Happened:   fmt.Sprintf("For %d minutes the auditor was behind, or did not run.", a.period()/60*behindPeriods),
			Means: "There are hours that ended more than 30 hours ago and have no digest. " +
				"After 90 days Okta no longer lists them.",
			Do: []string{"Right after the first deployment: the alarm ends with the first run.",
				"The alarm auditor-failing or okta-unreachable is on: follow its steps.",
				inLog + "`filter msg = \"run\" | display @timestamp, behind, requests, stopped`. No line: in EventBridge, " +
					"Schedules: is the auditor's enabled?",
				"Runs stop because their requests are used up: raise okta.requests and deploy."}}.
			lasting(a.period(), behindPeriods))
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
