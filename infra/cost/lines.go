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
	bill  func(eventsPerDay float64) []line
}

// ways are ours and those made by hand, in the order of the table.
func ways() []way {
	all := settings.Default()
	return []way{
		{title: "oktastream → CloudWatch Logs (OCSF)", bill: pipeline{all.CloudWatch, ocsfBytes, 1}.toCloudWatch},
		{title: "by hand: rule → CloudWatch Logs, no function (whole envelopes)", bill: ruleToCloudWatch},
		{title: "oktastream → Datadog, AWS's part", bill: pipeline{all.Datadog, datadogBytes, 1}.toDatadog},
		{title: "by hand: rule → Datadog, no function (one POST an event), AWS's part", bill: ruleToDatadog},
		{title: "oktastream → Splunk, Elastic, OpenSearch, or Datadog with `transport=https`, AWS's part",
			bill: pipeline{all.Splunk, rawBytes, 1}.overHTTPS},
		{title: "oktastream → archive in S3, without what is stored",
			bill: pipeline{all.Archive, envelopeBytes, 1}.toArchive},
	}
}

// pipeline is one of ours.
type pipeline struct {
	set         settings.Pipeline
	recordBytes float64 // of an event as it is delivered
	let         float64 // the share of events that the rule lets through
}

// bill is what every pipeline with a function pays, and in the middle what its
// destination adds.
func (c pipeline) bill(eventsPerDay, callMilliseconds, alarms float64, to func(flow) []line) []line {
	f := flow{eventsPerDay * c.let, callMilliseconds, c.set}
	bill := append(arrive(eventsPerDay*daysOfMonth), drain(f)...)
	return append(append(bill, to(f)...), watched(f, alarms)...)
}

func (c pipeline) toCloudWatch(eventsPerDay float64) []line {
	return c.bill(eventsPerDay, awsMilliseconds, alarmsCloudWatch, func(f flow) []line {
		l := logs{f.eventsPerMonth() * c.recordBytes, f.eventsPerMonth(), c.set.RetentionDays}
		if c.set.LogClass == settings.LogClassInfrequent {
			return keep(l, infrequentIngestedGiB, infrequentStoredGiBMonth)
		}
		return keep(l, logsIngestedGiB, logsStoredGiBMonth)
	})
}

func (c pipeline) toDatadog(eventsPerDay float64) []line {
	return c.bill(eventsPerDay, awsMilliseconds, alarmsDatadog, func(f flow) []line {
		packed := packOf(f.eventsOfBatch(), c.recordBytes, float64(c.set.PackBytes)).chunks * f.invocationsPerMonth()
		return []line{
			{"EventBridge: packed batches put on the delivery bus", customEvent.of(packed)},
			{"EventBridge: API destination, one POST a packed batch", apiDestination.of(packed)},
			{"Secrets Manager: the secret", secretMonth.of(1)},
		}
	})
}

// overHTTPS is the same for every destination that the function calls itself, but for
// the secret, which a function that signs as its role does not need.
func (c pipeline) overHTTPS(eventsPerDay float64) []line {
	return c.bill(eventsPerDay, httpsMilliseconds, alarmsHTTPS, func(flow) []line {
		return []line{{"Secrets Manager: the secret", secretMonth.of(1)}}
	})
}

// toArchive is without what is stored: that grows with each month that is kept, and kept
// says how much.
func (c pipeline) toArchive(eventsPerDay float64) []line {
	return c.bill(eventsPerDay, awsMilliseconds, alarmsArchive, func(f flow) []line {
		return []line{{"S3: PUT, one object a batch", s3Put.of(f.invocationsPerMonth())}}
	})
}

// archived is what a month of events becomes in the archive.
type archived struct {
	gib, objects float64
	cold         bool // the objects are large enough to be moved
}

// coldBytes is the size from which S3 moves objects (TransitionDefaultMinimumObjectSize,
// infra/oktastream).
const coldBytes = 128 << 10

func (c pipeline) archive(eventsPerDay float64) archived {
	f := flow{eventsPerDay, awsMilliseconds, c.set}
	bytes := c.recordBytes / gzipFactor
	return archived{
		gib: f.eventsPerMonth() * bytes / gib, objects: f.invocationsPerMonth(),
		cold: f.eventsOfBatch()*bytes >= coldBytes,
	}
}

// ruleToCloudWatch is what somebody makes by hand in the console: no queue, no
// function, no alarm. The log group is taken to keep events as long as ours does.
func ruleToCloudWatch(eventsPerDay float64) []line {
	events := eventsPerDay * daysOfMonth
	kept := logs{events * envelopeBytes, events, settings.Default().CloudWatch.RetentionDays}
	return append(arrive(events), keep(kept, logsIngestedGiB, logsStoredGiBMonth)...)
}

func ruleToDatadog(eventsPerDay float64) []line {
	events := eventsPerDay * daysOfMonth
	return append(arrive(events), line{"EventBridge: API destination, one POST an event",
		apiDestination.of(events * chunks(rawBytes))})
}

// arrive is what everybody pays, for every event that Okta sends, whatever a rule
// makes of it. Rules and their deliveries within the account are free (cloudburn.io,
// 2026-03); what the target costs is the target's.
func arrive(eventsPerMonth float64) []line {
	return []line{{"EventBridge: events from Okta", partnerEvent.of(eventsPerMonth * chunks(envelopeBytes))}}
}

// drain is the buffer queue and the function. What EventBridge sends to a queue is a
// request like any other: no page of AWS was found that excepts it.
func drain(f flow) []line {
	return []line{
		{"SQS: sends of the rule", sqsRequest.of(f.eventsPerMonth() * chunks(envelopeBytes))},
		{"SQS: receives of Lambda's pollers, empty ones included",
			sqsRequest.of(f.receivesPerMonth() * chunks(f.eventsOfReceive()*envelopeBytes))},
		{"SQS: deletes, up to ten messages each", sqsRequest.of(f.deletesPerMonth())},
		{"Lambda: requests", lambdaRequest.of(f.invocationsPerMonth())},
		{"Lambda: GB-seconds", lambdaGBSecond.of(f.gbSecondsPerMonth())},
	}
}

func keep(l logs, ingested, stored item) []line {
	return []line{
		{"CloudWatch Logs: events ingested", ingested.of(l.ingestedGiB())},
		{"CloudWatch Logs: events stored", stored.of(l.storedGiB())},
	}
}

// watched is what it costs to see what the pipeline does.
func watched(f flow, alarms float64) []line {
	own := f.functionLog()
	return []line{
		{"CloudWatch Logs: the function's own log", logsIngestedGiB.of(own.ingestedGiB()) +
			logsStoredGiBMonth.of(own.storedGiB())},
		{"CloudWatch: custom metrics", customMetric.of(ledgerMetrics + mappingMetrics)},
		{"CloudWatch: alarms", alarmMetric.of(alarms)},
		{"CloudWatch: dashboard", dashboard.of(1)},
	}
}
