package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/oktastream/oktastream/infra/settings"
)

// notes are what the figures rest on, with the figures that depend on them.
func notes() []string {
	const largest = 100e6
	set := settings.Default().CloudWatch
	f := flow{largest, awsMilliseconds, set}
	infrequent := set
	infrequent.LogClass = settings.LogClassInfrequent
	perMillion := func(eventsPerDay float64) float64 {
		return total(pipeline{infrequent, ocsfBytes, 1}.toCloudWatch(eventsPerDay)) / (eventsPerDay * daysOfMonth / 1e6)
	}
	waiting := flow{10e6, httpsMilliseconds + 10_000, set}.gbSecondsPerMonth() -
		flow{10e6, httpsMilliseconds, set}.gbSecondsPerMonth()
	return []string{
		fmt.Sprintf("An event has %s bytes as Okta writes it, %s in EventBridge's envelope, %s as OCSF and %s for Datadog: "+
			"means of the events in testdata, measured by a test. What CloudWatch Logs charges grows with yours.",
			thousands(rawBytes), thousands(envelopeBytes), thousands(ocsfBytes), thousands(datadogBytes)),
		fmt.Sprintf("With `logClass=infrequent` a million events cost $%.2f at 10 M a day and $%.2f at 100 M a day, all in. "+
			"That storage costs more than in the class Standard is read at one place only.",
			perMillion(10e6), perMillion(largest)),
		fmt.Sprintf("Stored is what lies there after %d days, when the oldest events begin to go. Logs are taken to be "+
			"compressed to %g of their size, as AWS's own calculator does, and %d bytes of metadata to be stored with each "+
			"(known since long, not re-confirmed) and not to be charged when they are ingested (no page was found).",
			set.RetentionDays, storedShare, storedBytesForLogEvent),
		fmt.Sprintf("Lambda polls with %d pollers, each with a batch of its own, and a receive returns with the first "+
			"message that is there, after 10 ms at least (not re-confirmed): the dearest reading of AWS's pages. If each "+
			"receive brought ten, %s would cost $%s less.", pollers, perDay(largest),
			dollars(sqsRequest.of(f.receivesPerMonth()-f.receivesPerMonthAtBest()))),
		fmt.Sprintf("The function handles %s events a second on one core here (benchmark); a vCPU of Lambda's is taken to "+
			"do half, %d MB to have %d/%d of one, and a call to take %d ms at AWS and %d ms elsewhere. All GB-seconds of %s "+
			"to CloudWatch Logs cost $%s. With `ack=true` an invocation also waits for Splunk's indexers: ten seconds would "+
			"cost $%s more at 10 M a day; a larger `window` and `batch` make it less.",
			thousands(measuredEventsPerSecond), set.Memory, set.Memory, mbOfOneVCPU, awsMilliseconds, httpsMilliseconds,
			perDay(largest), dollars(lambdaGBSecond.of(f.gbSecondsPerMonth())), dollars(lambdaGBSecond.of(waiting))),
		fmt.Sprintf("One POST an event meets the API destination's quota of %d a second at %.1f M a day, spread evenly; "+
			"packed batches do not come near it.",
			apiDestinationPerSecond, float64(apiDestinationPerSecond)*secondsOfDay/1e6),
		fmt.Sprintf("Alarms are charged by the metrics they read: %d with CloudWatch Logs and with the archive, %d "+
			"with Datadog by EventBridge and %d over HTTPS. "+
			"Custom metrics are %d of the function's and %d of the event source mapping's, which are taken to cost the same "+
			"(not confirmed). The dashboard counts, although an account's first three are free.",
			alarmsCloudWatch, alarmsDatadog, alarmsHTTPS, ledgerMetrics, mappingMetrics),
		fmt.Sprintf("`kms=own` adds $%s a month for the key, $%s after its second yearly rotation (AWS's announcement of "+
			"2024-04), and what is asked of KMS: by SQS some %.0f times a month. How often EventBridge and CloudWatch Logs ask "+
			"no page was found to say; if EventBridge asked twice for each event, that would be $%s for a million of them.",
			dollars(kmsKey.of(1)), dollars(kmsKey.of(3)), 3*kmsRequestsOfQueue(), dollars(kmsRequest.of(2e6))),
		archiveNote(),
		auditorNote(),
		fmt.Sprintf("`observables=true` adds %d bytes to an OCSF record, %.0f %%: the mean of the events in testdata, "+
			"measured by a test.", observablesBytes, 100.0*observablesBytes/ocsfBytes),
		"Not in it: what Datadog, Splunk, Elastic and OpenSearch charge; a NAT gateway or interface endpoints with `vpc`; " +
			"transfer of data out of AWS, which is compressed with gzip; queries of Logs " +
			"Insights (by the GB they read); Athena's requests to Glue and S3; EventBridge's archive (`archiveDays`); " +
			"mails of alarms; replays; tax and support. What is made by hand has no dead-letter queue and nobody who watches " +
			"it, and costs that much less.",
	}
}

// archiveNote says what the figures of the archive rest on.
func archiveNote() string {
	const monthly = 100e6
	set := settings.Default().Archive
	c := pipeline{set, envelopeBytes, 1}
	rare := pipeline{set, envelopeBytes, 1}
	rare.set.Window = 300
	of := func(c pipeline) float64 { return total(c.toArchive(monthly/daysOfMonth)) / (monthly / 1e6) }
	a := c.archive(monthly / daysOfMonth)
	return fmt.Sprintf("Into the archive, a million events cost $%.3f at 100 M a month, and $%.3f with `window=%d`, "+
		"which also makes larger objects; the by-hand rule to CloudWatch Logs costs $%.2f. What one month of them costs to "+
		"keep comes on top: $%.3f a million each month. Objects are taken to be %d times smaller "+
		"than their events. The events of testdata, which a program made and which are more alike than yours, are %g times "+
		"smaller in objects of 20 and %g times in one of all; no real stream was measured. S3 moves no object under 128 KB, "+
		"its own default since 2024-09, and Glacier Instant Retrieval would bill it as 128 KB; at 100 M a month the move of "+
		"larger ones pays off after %.0f months.",
		of(c), of(rare), rare.set.Window, total(ruleToCloudWatch(monthly/daysOfMonth))/(monthly/1e6),
		s3StoredGiBMonth.of(a.gib)/(monthly/1e6), gzipFactor, corpusFactor20, corpusFactorAll,
		math.Ceil(s3Transition.of(a.objects)/(s3StoredGiBMonth.of(a.gib)-s3ColdGiBMonth.of(a.gib))))
}

// auditorNote says what the figures of the auditor rest on.
func auditorNote() string {
	return fmt.Sprintf("The auditor reads each hour %d times, %s events a page; with half of a Workforce Identity "+
		"org's limit that is up to %.1f M events a day. Its calls of S3 and its log are those of a day without a gap, "+
		"measured by a test on a fake org (lambda/auditor/README.md), each object of the archive read %d times and the "+
		"hours of %d days listed once a day. "+
		"That a page takes %g s, a call of S3 %g ms and the rest of a run %g s was not measured on AWS.",
		auditorReads, thousands(auditorPageEvents), auditable()/1e6, auditorReadsOfObject, auditorDays, auditorPageSeconds,
		1000*auditorCallSeconds, auditorRunSeconds)
}

// columns is how wide a line of a page may be.
const columns = 160

// writeNotes writes the notes as a Markdown list, wrapped.
func writeNotes(b *strings.Builder) {
	for _, note := range notes() {
		width := 0
		for _, word := range strings.Fields("- " + note) {
			separator := " "
			if width == 0 {
				separator = "\n"
			} else if width+1+utf8.RuneCountInString(word) > columns {
				separator, width = "\n  ", 1
			}
			b.WriteString(separator + word)
			width += 1 + utf8.RuneCountInString(word)
		}
	}
	b.WriteString("\n")
}
