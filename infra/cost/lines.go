package main

import (
	"math"

	"github.com/oktastream/oktastream/infra/settings"
)

// kind is a bit for each kind of way; a line of the bill has the bits of all that pay it.
type kind uint

const (
	toLogs kind = 1 << iota
	toDatadog
	overHTTPS
	toArchive
	byHandToLogs
	byHandToDatadog

	withFunction = toLogs | toDatadog | overHTTPS | toArchive
)

// way is a way for events to go: what is deployed, and what an event becomes there.
type way struct {
	title            string
	kind             kind
	set              settings.Pipeline
	recordBytes      float64 // of an event as it is delivered
	callMilliseconds float64 // that an invocation waits for the destination
	alarms           float64 // metrics that the alarms read
	share            float64 // of the events, that the rule lets through
}

// ways returns ours and those made by hand, in the order of the table. What is made by hand has no queue, function or
// alarm; its log group is assumed to keep events as long as ours does.
func ways() []way {
	all, q := settings.Default(), quantity
	ours, other := q("awsMilliseconds"), q("httpsMilliseconds")
	return []way{
		{"oktastream → CloudWatch Logs (OCSF)", toLogs, all.CloudWatch, q("ocsfBytes"), ours, q("alarmsCloudWatch"), 1},
		{"by hand: rule → CloudWatch Logs, no function (whole envelopes)", byHandToLogs, all.CloudWatch,
			q("envelopeBytes"), 0, 0, 1},
		{"oktastream → Datadog, AWS's part", toDatadog, all.Datadog, q("datadogBytes"), ours, q("alarmsDatadog"), 1},
		{"by hand: rule → Datadog, no function (one POST an event), AWS's part", byHandToDatadog, all.Datadog,
			q("rawBytes"), 0, 0, 1},
		{"oktastream → Splunk, Elastic, OpenSearch, or Datadog with `transport=https`, AWS's part", overHTTPS, all.Splunk,
			q("rawBytes"), other, q("alarmsHTTPS"), 1},
		{"oktastream → archive in S3, without what is stored", toArchive, all.Archive, q("envelopeBytes"), ours,
			q("alarmsArchive"), 1},
	}
}

// wayOf returns the way of kind k, changed.
func wayOf(k kind, change func(*way)) way {
	for _, w := range ways() {
		if w.kind == k {
			change(&w)
			return w
		}
	}
	panic("no such way")
}

// line is one line of a month's bill.
type line struct {
	what string
	usd  float64
}

func total(bill []line) float64 {
	sum := 0.0
	for _, l := range bill {
		sum += l.usd
	}
	return sum
}

// bill returns a month's bill of w.
func (w way) bill(eventsPerDay float64) []line {
	f := flow{w, eventsPerDay}
	enveloped := chunks(quantity("envelopeBytes"))
	var bill []line
	for _, l := range []struct {
		paidBy      kind
		what, price string
		n           float64
	}{
		// Every event that Okta sends is charged. Rules, and deliveries within the account, are free (cloudburn.io, 2026-03).
		{^kind(0), "EventBridge: events from Okta", "partnerEvent", eventsPerDay * daysOfMonth * enveloped},
		// A send of EventBridge's is a request like any other: no page of AWS was found that excepts it.
		{withFunction, "SQS: sends of the rule", "sqsRequest", f.events() * enveloped},
		{withFunction, "SQS: receives of Lambda's pollers, empty ones included", "sqsRequest",
			f.receives() * chunks(f.eventsOfReceive()*quantity("envelopeBytes"))},
		{withFunction, "SQS: deletes, up to ten messages each", "sqsRequest", f.deletes()},
		{withFunction, "Lambda: requests", "lambdaRequest", f.invocations()},
		{withFunction, "Lambda: GB-seconds", "lambdaGBSecond", f.gbSeconds()},
		{toLogs | byHandToLogs, "CloudWatch Logs: events ingested",
			f.ofClass("logsIngestedGiB", "infrequentIngestedGiB"), f.delivered().ingestedGiB()},
		{toLogs | byHandToLogs, "CloudWatch Logs: events stored",
			f.ofClass("logsStoredGiBMonth", "infrequentStoredGiBMonth"), f.delivered().storedGiB()},
		{toDatadog, "EventBridge: packed batches put on the delivery bus", "customEvent", f.packed()},
		{toDatadog, "EventBridge: API destination, one POST a packed batch", "apiDestination", f.packed()},
		{byHandToDatadog, "EventBridge: API destination, one POST an event", "apiDestination",
			f.events() * chunks(f.recordBytes)},
		// A function that signs as its role needs no secret.
		{toDatadog | overHTTPS, "Secrets Manager: the secret", "secretMonth", 1},
		{toArchive, "S3: PUT, one object a batch", "s3Put", f.invocations()},
	} {
		if l.paidBy&w.kind != 0 {
			bill = append(bill, line{l.what, usd(l.price, l.n)})
		}
	}
	if w.kind&withFunction == 0 {
		return bill
	}
	return append(bill,
		line{"CloudWatch Logs: the function's own log", f.functionLog().usd()},
		line{"CloudWatch: custom metrics", usd("customMetric", quantity("ledgerMetrics")+quantity("mappingMetrics"))},
		line{"CloudWatch: alarms", usd("alarmMetric", w.alarms)},
		line{"CloudWatch: dashboard", usd("dashboard", 1)})
}

// auditorRuns returns the auditor's runs of a day.
func auditorRuns() float64 { return 24 * 60 / float64(settings.Default().OktaEvery) }

// auditable returns how many events a day of a Workforce Identity org the auditor can read.
func auditable() float64 {
	return quantity("auditorPagesOfRun") * auditorRuns() * quantity("auditorPageEvents") / quantity("auditorReads")
}

// auditor returns a month's bill of the auditor of an archive.
func auditor(eventsPerDay float64) []line {
	q, runs, hours := quantity, auditorRuns(), 24*quantity("auditorDays")
	objects := flow{wayOf(toArchive, same), eventsPerDay}.invocations() / daysOfMonth
	puts, lists := q("auditorPuts"), q("auditorLists")+hours
	gets := q("auditorGets") + 2*hours + q("auditorReadsOfObject")*objects
	pages := q("auditorReads") * math.Max(24, eventsPerDay/q("auditorPageEvents"))
	seconds := runs*q("auditorRunSeconds") + pages*q("auditorPageSeconds") + (puts+lists+gets)*q("auditorCallSeconds")
	log := logs{(q("auditorLogBytes") + runs*q("platformBytes")) * daysOfMonth, 0, q("functionLogDays")}
	return []line{
		{"EventBridge Scheduler: runs", usd("schedulerInvocation", runs*daysOfMonth)},
		{"Lambda: requests", usd("lambdaRequest", runs*daysOfMonth)},
		{"Lambda: GB-seconds", usd("lambdaGBSecond", seconds*daysOfMonth*q("auditorMB")/1024)},
		{"S3: PUT and LIST", usd("s3Put", (puts+lists)*daysOfMonth)},
		{"S3: GET", usd("s3Get", gets*daysOfMonth)},
		{"CloudWatch Logs: its own log", log.usd()},
		{"CloudWatch: custom metrics", usd("customMetric", q("auditorMetrics"))},
		{"CloudWatch: alarms", usd("alarmMetric", q("auditorAlarms"))},
		{"Secrets Manager: the secret", usd("secretMonth", 1)},
	}
}
