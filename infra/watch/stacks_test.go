package watch

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/ledger"
)

// longest is the longest name of a stack that infra/oktastream takes.
var longest = strings.Repeat("n", 64-len("-cloudwatch"))

// pipeline is one as infra/oktastream describes it; tokens stand for what is not
// known at synth.
func pipeline(stack, destination, ingest string, filtered bool) Pipeline {
	token := func(s string) string { return "${Token[" + destination + s + ".12]}" }
	p := Pipeline{Name: stack + "-" + destination, Destination: destination, Ingest: ingest, Rule: stack + "-" + destination,
		Bus: "aws.partner/okta.com/example/oktastream", Filtered: filtered, Dead: token("Dead"), OutageHours: 6}
	if ingest != "rule" {
		p.Buffer, p.Redrive, p.Function, p.Mapping, p.VisibilitySeconds = token("Buffer"), token("Redrive"), token("Function"), token("Mapping"), 365
	}
	if destination == "cloudwatch" {
		p.LogGroup = token("LogGroup")
	} else {
		p.DeliveryRule, p.DeliveryBus = "to-datadog", token("DeliveryBus")
	}
	return p
}

// stacks are all that the settings can make, and the default one, by name.
func stacks() map[string]Stack {
	all := map[string]Stack{}
	base := func(name string) Stack {
		return Stack{Name: name, Region: "eu-west-1", Account: "111122223333", Bus: "aws.partner/okta.com/example/oktastream",
			StreamRule: name + "-log-stream", SilenceMinutes: 60}
	}
	for _, ingest := range []string{"queue", "lambda", "rule"} {
		for _, destinations := range []string{"cloudwatch", "datadog", "cloudwatch,datadog"} {
			for _, filtered := range []bool{false, true} {
				for _, live := range []bool{false, true} {
					s := base(longest)
					s.Live = live
					if filtered {
						s.AllRule = longest + "-all"
					}
					for _, d := range strings.Split(destinations, ",") {
						s.Pipelines = append(s.Pipelines, pipeline(longest, d, ingest, filtered))
					}
					name := ingest + " " + destinations
					for word, is := range map[string]bool{" filtered": filtered, " live": live} {
						if is {
							name += word
						}
					}
					all[name] = s
				}
			}
		}
	}
	s := base("oktastream")
	s.Pipelines = []Pipeline{pipeline("oktastream", "cloudwatch", "queue", false)}
	all["default"] = s
	return all
}

// known are the metrics that there are, each with its dimensions: AWS's, out of the
// documents that the package comment names, and the function's own.
func known(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{
		"AWS/Events MatchedEvents":                       "EventBusName RuleName",
		"AWS/Events FailedInvocations":                   "EventBusName RuleName",
		"AWS/Events InvocationsFailedToBeSentToDlq":      "EventBusName RuleName",
		"AWS/Events InvocationsSentToDlq":                "EventBusName RuleName",
		"AWS/Events RetryInvocationAttempts":             "EventBusName RuleName",
		"AWS/Events SuccessfulInvocationAttempts":        "EventBusName RuleName",
		"AWS/Events IngestionToInvocationSuccessLatency": "EventBusName RuleName",
		"AWS/SQS ApproximateNumberOfMessagesVisible":     "QueueName",
		"AWS/SQS ApproximateNumberOfMessagesNotVisible":  "QueueName",
		"AWS/SQS ApproximateAgeOfOldestMessage":          "QueueName",
		"AWS/SQS NumberOfMessagesDeleted":                "QueueName",
		"AWS/Lambda Invocations":                         "FunctionName",
		"AWS/Lambda Errors":                              "FunctionName",
		"AWS/Lambda Throttles":                           "FunctionName",
		"AWS/Lambda Duration":                            "FunctionName",
		"AWS/Lambda ConcurrentExecutions":                "FunctionName",
		"AWS/Lambda DestinationDeliveryFailures":         "FunctionName",
		"AWS/Lambda AsyncEventsReceived":                 "FunctionName",
		"AWS/Lambda AsyncEventsDropped":                  "FunctionName",
		"AWS/Lambda AsyncEventAge":                       "FunctionName",
		"AWS/Lambda FailedInvokeEventCount":              "EventSourceMappingUUID",
		"AWS/Lambda PolledEventCount":                    "EventSourceMappingUUID",
		"AWS/Logs IncomingBytes":                         "LogGroupName",
		"AWS/Logs IncomingLogEvents":                     "LogGroupName",
	}
	for _, replay := range []bool{false, true} {
		var written bytes.Buffer
		if err := ledger.WriteMetrics(&written, "p", replay, time.UnixMilli(1), ledger.Ledger{Received: 1}, []int64{5}); err != nil {
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
		d := document.AWS.CloudWatchMetrics[0]
		for _, m := range d.Metrics {
			key := d.Namespace + " " + m.Name
			if list[key] != "" {
				list[key] += "|"
			}
			list[key] += strings.Join(d.Dimensions[0], " ")
		}
	}
	return list
}

// check says what is wrong with a metric.
func check(list map[string]string, namespace, name string, dimensions []Dimension) string {
	allowed, ok := list[namespace+" "+name]
	if !ok {
		return "there is no metric " + namespace + " " + name
	}
	var names []string
	for _, d := range dimensions {
		names = append(names, d.Name)
		if d.Value == "" {
			return namespace + " " + name + ": the dimension " + d.Name + " is of something that the stack does not have"
		}
	}
	if have := strings.Join(names, " "); !slices.Contains(strings.Split(allowed, "|"), have) {
		return namespace + " " + name + " has the dimensions " + allowed + ", not " + have
	}
	return ""
}
