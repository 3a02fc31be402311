package main

import (
	"math"

	"github.com/oktastream/oktastream/infra/settings"
)

// What the auditor calls and writes in a day without a gap (the table of lambda/auditor/README.md,
// which TestCallsOfADay there measures; TestTheAuditorsCalls compares).
const (
	auditorPuts, auditorGets, auditorLists = 289, 1570, 73
	auditorLogBytes                        = 81_069
	auditorReadsOfObject                   = 2
	// auditorDays are the days whose hours are listed once a day.
	auditorDays = 89
)

// What the auditor adds to metrics (lambda/ledger) and alarms (infra/watch).
const (
	auditMetrics  = 11
	alarmsAuditor = 7
)

// How long a run takes. A page of the System Log has 1,000 events and each hour is read twice
// (lambda/auditor/README.md). Nobody has measured on AWS that a page takes a second, a call of S3 30
// ms, and the rest of a run a second.
const (
	auditorPageEvents, auditorReads = 1000, 2
	auditorPageSeconds              = 1.0
	auditorCallSeconds              = 0.030
	auditorRunSeconds               = 1.0
	// auditorMB is the function's memory (infra/oktastream).
	auditorMB = 512
	// auditorPagesOfRun is half of what a Workforce Identity org allows in the 12 minutes of a run.
	auditorPagesOfRun = 720
)

// auditorRuns are the runs of a day.
func auditorRuns() float64 { return 24 * 60 / float64(settings.Default().OktaEvery) }

// auditable is how many events a day of a Workforce Identity org the auditor can read.
func auditable() float64 { return auditorPagesOfRun * auditorRuns() * auditorPageEvents / auditorReads }

// auditor is what the auditor of an archive costs.
func auditor(eventsPerDay float64) []line {
	objects := pipeline{settings.Default().Archive, envelopeBytes, 1}.archive(eventsPerDay).objects / daysOfMonth
	const hours = auditorDays * 24
	lists, gets := float64(auditorLists+hours), auditorGets+2*hours+auditorReadsOfObject*objects
	pages := auditorReads * math.Max(24, eventsPerDay/auditorPageEvents)
	seconds := auditorRuns()*auditorRunSeconds + pages*auditorPageSeconds + (auditorPuts+lists+gets)*auditorCallSeconds
	runs := auditorRuns() * daysOfMonth
	log := logs{(auditorLogBytes + auditorRuns()*float64(len(platformLines))) * daysOfMonth, 0, functionLogDays}
	return []line{
		{"EventBridge Scheduler: runs", schedulerInvocation.of(runs)},
		{"Lambda: requests", lambdaRequest.of(runs)},
		{"Lambda: GB-seconds", lambdaGBSecond.of(seconds * daysOfMonth * auditorMB / 1024)},
		{"S3: PUT and LIST", s3Put.of((auditorPuts + lists) * daysOfMonth)},
		{"S3: GET", s3Get.of(gets * daysOfMonth)},
		{"CloudWatch Logs: its own log", logsIngestedGiB.of(log.ingestedGiB()) + logsStoredGiBMonth.of(log.storedGiB())},
		{"CloudWatch: custom metrics", customMetric.of(auditMetrics)},
		{"CloudWatch: alarms", alarmMetric.of(alarmsAuditor)},
		{"Secrets Manager: the secret", secretMonth.of(1)},
	}
}
