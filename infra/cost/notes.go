package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/oktastream/oktastream/infra/settings"
)

// writeNotes says what the figures rest on, with the figures that depend on them.
func writeNotes(b *strings.Builder, p prices) {
	largest := volumes()[len(volumes())-1]
	set := settings.Default().CloudWatch
	f := flow{largest, set}
	saved := p.sqsRequest.of(f.receivesPerMonth() - f.receivesPerMonthAtBest())
	slow := p.lambdaGBSecond.of(f.gbSecondsPerMonth())
	for _, note := range []string{
		fmt.Sprintf("An event has %s bytes as Okta writes it, %s in EventBridge's envelope, %s as OCSF and %s for "+
			"Datadog: means of the events in testdata, measured by a test. Yours will differ; the part that CloudWatch Logs "+
			"charges grows with them.",
			thousands(rawBytes), thousands(envelopeBytes), thousands(ocsfBytes), thousands(datadogBytes)),
		fmt.Sprintf("Stored is what lies there after %d days, when the oldest events begin to go; until then a month "+
			"costs less. Logs are taken to be compressed to %g of their size, as AWS's own calculator does, and %d bytes of "+
			"metadata to be stored with each (known since long, not re-confirmed) and not to be charged when they are "+
			"ingested (no page of AWS's was found that says so).",
			set.RetentionDays, storedShare, storedBytesForLogEvent),
		"That partner events are charged to the owner of the bus is read off AWS's price list and its knowledge center " +
			"(2021-12), not off a sentence that says who pays. All four ways pay it, and no filter saves it: Okta sends " +
			"everything.",
		fmt.Sprintf("Lambda polls with %d pollers, each with a batch of its own, and a receive returns with the first "+
			"message that is there, after 10 ms at least (not re-confirmed): the dearest reading of AWS's pages. If each "+
			"receive brought ten, %s would cost $%s less.",
			pollers, perDay(largest), dollars(saved)),
		fmt.Sprintf("The function handles %s events a second on one core here (benchmark); a vCPU of Lambda's is taken "+
			"to do half, %d MB to have %d/%d of one, and a call of the destination to take %d ms. All GB-seconds of %s cost "+
			"$%s, so that none of this matters much.",
			thousands(measuredEventsPerSecond), set.Memory, set.Memory, mbOfOneVCPU, callMilliseconds, perDay(largest),
			dollars(slow)),
		fmt.Sprintf("One POST an event meets the API destination's quota of %d a second at %.1f M a day, spread evenly; "+
			"packed batches do not come near it.",
			apiDestinationPerSecond, float64(apiDestinationPerSecond)*secondsOfDay/1e6),
		fmt.Sprintf("Alarms are charged by the metrics they read: %d and %d. Custom metrics are %d of the function's and "+
			"%d of the event source mapping's, which are taken to cost the same (not confirmed). The dashboard counts, "+
			"although an account's first three are free.",
			alarmsCloudWatch, alarmsDatadog, ledgerMetrics, mappingMetrics),
		fmt.Sprintf("`kms=own` adds $%s a month for the key, $%s after its second yearly rotation (AWS's announcement of "+
			"2024-04, not re-confirmed), and what is asked of KMS: by SQS some %.0f times a month. How often EventBridge "+
			"and CloudWatch Logs ask no page of AWS's was found to say; if EventBridge asked twice for each event, that "+
			"would be $%s for a million of them. Look at the bill of the first days.",
			dollars(p.kmsKey.of(1)), dollars(p.kmsKey.of(3)), 3*kmsRequestsOfQueue(), dollars(p.kmsRequest.of(2e6))),
		"Not in it: what Datadog charges; queries of Logs Insights (by the GB they read); the archive (`archiveDays`), " +
			"which is off; mails of alarms; what replays cost; transfer of data, of which EventBridge's price page names " +
			"only that between regions; tax and support. What is made by hand has no dead-letter queue and nobody who " +
			"watches it, and costs that much less.",
	} {
		b.WriteString("\n" + item(note))
	}
	b.WriteString("\n")
}

// columns is how wide a line of a page may be.
const columns = 160

// item is text as an item of a Markdown list, wrapped.
func item(text string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		switch {
		case width == 0:
			b.WriteString("- ")
			width = 2
		case width+1+utf8.RuneCountInString(word) > columns:
			b.WriteString("\n  ")
			width = 2
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += utf8.RuneCountInString(word)
	}
	return b.String()
}
