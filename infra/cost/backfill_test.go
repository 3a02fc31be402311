package main

import (
	"math"
	"testing"

	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// What `oktastream backfill` says that it costs is by the prices of this table, and about
// what the table says of the same events.
func TestPricesOfABackfill(t *testing.T) {
	for what, pair := range map[string][2]float64{
		"SQS request": {backfill.SQSRequestUSD, usd("sqsRequest", 1)}, "Lambda request": {backfill.LambdaRequestUSD, usd("lambdaRequest", 1)},
		"Lambda GB-second": {backfill.LambdaGBSecondUSD, usd("lambdaGBSecond", 1)},
		"logs ingested":    {backfill.LogsIngestedUSD, usd("logsIngestedGiB", 1)}, "custom event": {backfill.CustomEventUSD, usd("customEvent", 1)},
		"API destination": {backfill.APIDestinationUSD, usd("apiDestination", 1)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s: %v, and the table has %v", what, pair[0], pair[1])
		}
	}
	about(t, "RecordFactor", backfill.RecordFactor, float64(quantity("ocsfBytes"))/quantity("rawBytes"), 0.02)
	about(t, "EnvelopeBytes", backfill.EnvelopeBytes, quantity("envelopeBytes")-quantity("rawBytes"), 0.05)
	const events = 1e6
	ingested := usd("logsIngestedGiB", events*quantity("ocsfBytes")/gib)
	if got := backfill.CostOf("cloudwatch", events, int64(events*quantity("rawBytes"))); got < ingested || got > 1.3*ingested {
		t.Errorf("a million events cost %v $, of which CloudWatch Logs takes %v $", got, ingested)
	}
	if dd, none := backfill.CostOf("datadog", events, int64(events*quantity("rawBytes"))), backfill.CostOf("splunk", events, int64(events*quantity("rawBytes"))); dd < none ||
		none <= 0 || backfill.CostOf("datadog", 0, 0) != 0 {
		t.Errorf("datadog %v $, splunk %v $", dd, none)
	}
}
