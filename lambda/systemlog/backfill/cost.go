package backfill

import "math"

// AWS's list prices in US dollars, us-east-1. infra/cost has their sources, and a test
// there compares them.
const (
	SQSRequestUSD     = 0.40 / 1e6 // each 64 KB
	LambdaRequestUSD  = 0.20 / 1e6
	LambdaGBSecondUSD = 0.0000133334
	LogsIngestedUSD   = 0.50 // a GB, which AWS counts as 1,024 MB
	CustomEventUSD    = 1.00 / 1e6
	APIDestinationUSD = 0.20 / 1e6
	S3PutUSD          = 0.005 / 1e3
)

// What an event becomes, as a multiple of its own bytes: records of OCSF and Datadog's
// format (infra/cost measures both), and the envelope around an event.
const (
	RecordFactor  = 1.41
	EnvelopeBytes = 240
)

// CostOf returns about what AWS charges for sending events, with so many bytes in all, by a buffer queue
// and the function to a destination, in US dollars. The charges of a destination outside AWS are not
// part of it.
func CostOf(destination string, events, bytes int64) float64 {
	if events == 0 {
		return 0
	}
	const chunk, batch = 64 << 10, 10
	n, size := float64(events), float64(bytes)/float64(events)
	chunks := func(bytes float64) float64 { return max(math.Ceil(bytes/chunk), 1) }
	batches := n / batch
	usd := batches * (2*chunks(batch*(size+EnvelopeBytes)) + 1) * SQSRequestUSD // sent, received, deleted
	// 100 events an invocation, which takes some 200 ms with 256 MB.
	usd += n / 100 * (LambdaRequestUSD + 0.2*0.25*LambdaGBSecondUSD)
	switch records := n * size * RecordFactor; destination {
	case "cloudwatch":
		usd += records / (1 << 30) * LogsIngestedUSD
	case "datadog":
		usd += records / chunk * (CustomEventUSD + APIDestinationUSD)
	case "archive":
		usd += n / 100 * S3PutUSD // an object for each invocation
	}
	return usd
}
