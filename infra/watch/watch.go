// Package watch is what watches the pipelines of a stack: its alarms, the
// independent counters and the dashboard, as data. Package oktastream makes
// AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard resources of it.
//
// # Rules that it keeps
//
//   - Each alarm says what happened and what to do first, to somebody who was
//     asleep, and how it takes missing data and why.
//   - One event that is lost or dead is enough for an alarm. What the pipeline
//     mends by itself (a throttled call, a batch that comes again) is not: such
//     alarms ask for a share, or for a quarter of an hour.
//   - No metric and no dimension that AWS does not document or the function does
//     not write, and none of a resource that a pipeline does not have.
//   - Strings of a [Stack] may be tokens of the CDK: they are put into dimensions
//     and never looked at. Only Stack.Name and Pipeline.Name, which are known at
//     synth, become part of names and texts.
//
// # Sources
//
// Names and dimensions of metrics: "Monitoring Amazon EventBridge" (EventBridge
// User Guide), "Available CloudWatch metrics for Amazon SQS" (SQS Developer
// Guide), "Types of metrics for Lambda functions" (Lambda Developer Guide),
// "Monitoring with CloudWatch metrics" (CloudWatch Logs User Guide). Alarms and
// their arithmetic: "Using math expressions with CloudWatch metrics", "Alarm
// evaluation window", "Limits" of alarms (CloudWatch User Guide) and
// PutMetricAlarm. The dashboard: "Dashboard Body Structure and Syntax" (CloudWatch
// API Reference). All read 2026-11.
package watch

// Who is the target of a pipeline's rule, as the setting ingest says it.
const (
	ingestQueue  = "queue"
	ingestLambda = "lambda"
)

// datadog is the destination whose records are handed over to EventBridge first.
const datadog = "datadog"

// Stack is what is watched. What a stack does not have is "".
type Stack struct {
	Name      string
	Partition string // of ARNs; "" is aws, the only one that Okta streams to
	Region    string
	Account   string
	// Bus is the partner event bus.
	Bus string
	// AllRule matches every event and has no target. It is there when each
	// pipeline's own rule has a filter, so that silence can be told from a filter.
	AllRule string
	// StreamRule matches the event types system.log_stream.* and has no target.
	StreamRule string
	// Live arms the alarm for silence, which has SilenceMinutes: 1 to 10,080 (a
	// week), beyond 1,440 in whole hours.
	Live           bool
	SilenceMinutes int
	Pipelines      []Pipeline
}

// Pipeline is one destination's. What a pipeline does not have is "".
type Pipeline struct {
	Name        string // <stack>-<destination>, the dimension of the function's metrics
	Destination string // cloudwatch or datadog
	Ingest      string // queue, lambda or rule
	Rule, Bus   string // the rule on the partner event bus, and that bus
	Filtered    bool   // the rule leaves events out
	// Buffer, Redrive and Dead are names of queues.
	Buffer, Redrive, Dead string
	Function              string // its name
	Mapping               string // the id of the event source mapping
	LogGroup              string // the group that holds the events
	// DeliveryRule on DeliveryBus POSTs packed batches to Datadog.
	DeliveryRule, DeliveryBus string
	OutageHours               int // how long an event is tried
	VisibilitySeconds         int // of the buffer queue
}

// Dimension is one dimension of a metric.
type Dimension struct{ Name, Value string }

// Metric is one statistic of one metric.
type Metric struct {
	Namespace, Name string
	Stat            string // Sum, Minimum, Maximum, Average or a percentile, p99
	Dimensions      []Dimension
}

// Query is one line of an alarm's data: a metric, or an expression over the lines
// that stand before it.
type Query struct {
	ID         string
	Metric     *Metric // nil where Expression is set
	Expression string
	Label      string
	Return     bool // the one line that the alarm looks at
}

// How an alarm compares its value with the threshold.
const (
	atLeast  = "GreaterThanOrEqualToThreshold"
	moreThan = "GreaterThanThreshold"
	lessThan = "LessThanThreshold"
)

// How an alarm takes periods without data.
const (
	notBreaching = "notBreaching"
	breaching    = "breaching"
	ignore       = "ignore" // the state stays
)

// Alarm is one alarm. Every alarm that there is acts: one that is not armed yet is
// not made (see [Alarms]).
type Alarm struct {
	Name string // unique in an account's region: <stack or pipeline>-<kind>
	Kind string // the same in every stack; the key of the README's table
	// Happened and DoFirst are a sentence each.
	Happened, DoFirst string
	Queries           []Query
	PeriodSeconds     int
	Periods, ToAlarm  int // ToAlarm of the last Periods must breach
	Comparison        string
	Threshold         float64
	Missing           string
	WhyMissing        string // goes on after "because"
	// Clock is the time zone of a wall clock window (EvaluationWindow of
	// AWS::CloudWatch::Alarm); "" is the default, a window that slides.
	Clock string
}

// Description is what CloudWatch shows, and mails.
func (a Alarm) Description() string {
	return "WHAT HAPPENED: " + a.Happened + " DO FIRST: " + a.DoFirst + " No data is taken as " + a.Missing + ", because " + a.WhyMissing + "."
}

// Metrics is how many metrics the alarm reads, which is what AWS charges for
// ("Amazon CloudWatch pricing", alarm metrics, 2026-11).
func (a Alarm) Metrics() int {
	n := 0
	for _, q := range a.Queries {
		if q.Metric != nil {
			n++
		}
	}
	return n
}
