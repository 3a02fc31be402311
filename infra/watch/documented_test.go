package watch

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/ledger"
)

// documented says where metrics and their dimensions are documented: the page, and
// when it was read. Ours are defined by our own page. A metric that is in no row
// must be in no alarm and no graph.
func documented() []documentation {
	const read = "2026-11"
	return []documentation{
		{"AWS/Events", "EventSourceName", "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html", read,
			"Events"},
		// The page's table has FailedInvocations and the two Dlq names under RuleName
		// only; its text says that EventBusName with RuleName is of a rule on a custom
		// or partner bus.
		{"AWS/Events", "EventBusName RuleName",
			"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html", read,
			"MatchedEvents FailedInvocations InvocationsFailedToBeSentToDlq InvocationsSentToDlq RetryInvocationAttempts " +
				"SuccessfulInvocationAttempts IngestionToInvocationSuccessLatency"},
		{"AWS/SQS", "QueueName",
			"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html", read,
			"ApproximateNumberOfMessagesVisible ApproximateNumberOfMessagesNotVisible ApproximateAgeOfOldestMessage " +
				"NumberOfMessagesDeleted"},
		{"AWS/Lambda", "FunctionName", "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html", read,
			"Invocations Errors Throttles Duration ConcurrentExecutions DestinationDeliveryFailures AsyncEventsReceived " +
				"AsyncEventsDropped AsyncEventAge"},
		{"AWS/Lambda", "EventSourceMappingUUID",
			"https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html", read,
			"FailedInvokeEventCount PolledEventCount"},
		{"AWS/Logs", "LogGroupName",
			"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html", read,
			"IncomingBytes IncomingLogEvents"},
		{"oktastream", "pipeline", readme, "", ownMetrics},
		{"oktastream", "pipeline origin", readme, "", ownMetrics},
		{"oktastream", "pipeline", readme, "", ledger.NotFromRule},
		{"oktastream", "pipeline", readme, "", strings.Join(ledger.AuditMetrics, " ")},
	}
}

type documentation struct {
	namespace, dimensions, page, read string
	metrics                           string
}

const ownMetrics = "received delivered accepted_by_eventbridge duplicate filtered returned exhausted dead " +
	"unknown_type conflict restamped " +
	"dead_letter_failed fallback_raw stream_changed already_there refused_by_destination bytes_in bytes_out batches lag_ms"

// known are the documented metrics, each with its dimensions.
func known(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, d := range documented() {
		if d.page == "" || d.read == "" && d.page != readme {
			t.Errorf("%s %s: no page or no date", d.namespace, d.dimensions)
		}
		for _, name := range strings.Fields(d.metrics) {
			key := d.namespace + " " + name
			if list[key] != "" {
				list[key] += "|"
			}
			list[key] += d.dimensions
		}
	}
	return list
}

// TestTheFunctionWritesItsDocumentedMetrics compares the table with what the
// function writes, and with the page that defines them.
func TestTheFunctionWritesItsDocumentedMetrics(t *testing.T) {
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(strings.Fields(ownMetrics), ledger.AuditMetrics...) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s does not define the metric %s", readme, name)
		}
	}
	list := known(t)
	for _, origin := range []ledger.Origin{ledger.Live, ledger.Replay, ledger.Backfill} {
		var written bytes.Buffer
		if err := ledger.WriteMetrics(&written, "p", origin, time.UnixMilli(1), ledger.Ledger{Received: 1},
			[]int64{5}); err != nil {
			t.Fatal(err)
		}
		var document struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if err := json.Unmarshal(written.Bytes(), &document); err != nil {
			t.Fatal(err)
		}
		for _, d := range document.AWS.CloudWatchMetrics {
			var dimensions []Dimension
			for _, name := range d.Dimensions[0] {
				dimensions = append(dimensions, Dimension{name, "x"})
			}
			for _, m := range d.Metrics {
				if fault := check(list, d.Namespace, m.Name, dimensions); fault != "" {
					t.Error(fault)
				}
			}
		}
		own := document.AWS.CloudWatchMetrics[0].Metrics
		if len(own) != len(strings.Fields(ownMetrics)) {
			t.Errorf("the function writes %d metrics, the table has %d", len(own), len(strings.Fields(ownMetrics)))
		}
	}
}
