package main

import "github.com/oktastream/oktastream/infra/settings"

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

// way is a way for events to go, and its bill.
type way struct {
	title string
	bill  func(p prices, eventsPerDay float64) []line
}

// ways are ours and those made by hand, in the order of the table.
func ways() []way {
	all := settings.Default()
	return []way{
		{"oktastream → CloudWatch Logs (OCSF)", pipeline{all.CloudWatch, ocsfBytes, 1}.toCloudWatch},
		{"by hand: rule → CloudWatch Logs, no function (whole envelopes)", ruleToCloudWatch},
		{"oktastream → Datadog, AWS's part", pipeline{all.Datadog, datadogBytes, 1}.toDatadog},
		{"by hand: rule → Datadog, no function (one POST an event), AWS's part", ruleToDatadog},
	}
}

// pipeline is one of ours.
type pipeline struct {
	set         settings.Pipeline
	recordBytes float64 // of an event as it is delivered
	let         float64 // the share of events that the rule lets through
}

func (c pipeline) flow(eventsPerDay float64) flow {
	return flow{eventsPerDay: eventsPerDay * c.let, set: c.set}
}

func (c pipeline) toCloudWatch(p prices, eventsPerDay float64) []line {
	f := c.flow(eventsPerDay)
	bill := append(arrive(p, eventsPerDay*daysOfMonth), drain(p, f)...)
	bill = append(bill, keep(p, logs{f.eventsPerMonth() * c.recordBytes, f.eventsPerMonth(), c.set.RetentionDays})...)
	return append(bill, watched(p, f, alarmsCloudWatch)...)
}

func (c pipeline) toDatadog(p prices, eventsPerDay float64) []line {
	f := c.flow(eventsPerDay)
	bill := append(arrive(p, eventsPerDay*daysOfMonth), drain(p, f)...)
	packed := packOf(f.eventsOfBatch(), c.recordBytes, float64(c.set.PackBytes)).chunks * f.invocationsPerMonth()
	bill = append(bill,
		line{"EventBridge: packed batches put on the delivery bus", p.customEvent.of(packed)},
		line{"EventBridge: API destination, one POST a packed batch", p.apiDestination.of(packed)},
		line{"Secrets Manager: Datadog's key", p.secret.of(secrets)},
	)
	return append(bill, watched(p, f, alarmsDatadog)...)
}

// ruleToCloudWatch is what somebody makes by hand in the console: no queue, no
// function, no alarm. The log group is taken to keep events as long as ours does.
func ruleToCloudWatch(p prices, eventsPerDay float64) []line {
	events := eventsPerDay * daysOfMonth
	kept := logs{events * envelopeBytes, events, settings.Default().CloudWatch.RetentionDays}
	return append(arrive(p, events), keep(p, kept)...)
}

func ruleToDatadog(p prices, eventsPerDay float64) []line {
	events := eventsPerDay * daysOfMonth
	return append(arrive(p, events), line{"EventBridge: API destination, one POST an event",
		p.apiDestination.of(events * chunks(rawBytes))})
}

// arrive is what everybody pays, for every event that Okta sends, whatever a rule
// makes of it. Rules cost nothing, nor does it that a rule hands an event to a target
// in its own account (cloudburn.io, 2026-03: "Same-account delivery free"); what the
// target costs is the target's.
func arrive(p prices, eventsPerMonth float64) []line {
	return []line{
		{"EventBridge: events from Okta", p.partnerEvent.of(eventsPerMonth * chunks(envelopeBytes))},
		{"EventBridge: rules and their deliveries within the account", 0},
	}
}

// drain is the buffer queue and the function. What EventBridge sends to a queue is a
// request like any other: SQS charges each to the queue's owner (no
// page of AWS was found that excepts EventBridge).
func drain(p prices, f flow) []line {
	return []line{
		{"SQS: sends of the rule", p.sqsRequest.of(f.eventsPerMonth() * chunks(envelopeBytes))},
		{"SQS: receives of Lambda's pollers, empty ones included",
			p.sqsRequest.of(f.receivesPerMonth() * chunks(f.eventsOfReceive()*envelopeBytes))},
		{"SQS: deletes, up to ten messages each", p.sqsRequest.of(f.deletesPerMonth())},
		{"Lambda: requests", p.lambdaRequest.of(f.invocationsPerMonth())},
		{"Lambda: GB-seconds", p.lambdaGBSecond.of(f.gbSecondsPerMonth())},
	}
}

func keep(p prices, l logs) []line {
	return []line{
		{"CloudWatch Logs: events ingested", p.logsIngestedGiB.of(l.ingestedGiB())},
		{"CloudWatch Logs: events stored", p.logsStoredGiBMonth.of(l.storedGiB())},
	}
}

// watched is what it costs to see what the pipeline does.
func watched(p prices, f flow, alarms float64) []line {
	own := f.functionLog()
	return []line{
		{"CloudWatch Logs: the function's own log", p.logsIngestedGiB.of(own.ingestedGiB()) +
			p.logsStoredGiBMonth.of(own.storedGiB())},
		{"CloudWatch: custom metrics", p.customMetric.of(ledgerMetrics + mappingMetrics)},
		{"CloudWatch: alarms", p.alarmMetric.of(alarms)},
		{"CloudWatch: dashboard", p.dashboard.of(dashboards)},
	}
}
