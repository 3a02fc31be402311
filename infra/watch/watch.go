// Package watch is what watches the pipelines of a stack: its alarms, the
// independent counters and the dashboard, as data. Package oktastream makes
// AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard resources of it.
//
// # Rules that it keeps
//
//   - Each alarm says what happened, what it means and what to do first, and how
//     it treats missing data and why.
//   - One event that is lost or dead is enough for an alarm. What the pipeline
//     repeats by itself (a throttled call, a batch that comes back) is not: such
//     alarms ask for a share, or for a quarter of an hour.
//   - Every metric and its dimensions are documented, by AWS or for our own by us
//     (documented in documented_test.go), and belong to a resource that the
//     pipeline has.
//   - Strings of a [Stack] may be tokens of the CDK: they become dimensions and are
//     not read. Only Stack.Name and Pipeline.Name, which are known at synth, become
//     part of names and texts.
//
// # Sources
//
// Alarms and their arithmetic: "Using math expressions with CloudWatch metrics",
// "Alarm evaluation window", "Limits" of alarms (CloudWatch User Guide) and
// PutMetricAlarm. The dashboard: "Dashboard Body Structure and Syntax" (CloudWatch
// API Reference). All read 2026-11. Metrics: documented_test.go.
package watch

import (
	"fmt"
	"strings"
)

// Who is the target of a pipeline's rule, as the setting ingest says it.
const (
	ingestQueue  = "queue"
	ingestLambda = "lambda"
	ingestRule   = "rule"
)

// Stack is a stack to watch. What a stack does not have is "".
type Stack struct {
	Name      string
	Partition string // of ARNs; "" is aws, the only one that Okta streams to
	Region    string
	Account   string
	// Source is the partner event source, Bus the partner event bus.
	Source, Bus string
	// StreamRule on Bus matches the event types system.log_stream.*. It exists
	// where no pipeline has a function to count them.
	StreamRule string
	// Live makes the alarm for silence, after SilenceMinutes: 1 to 10,080 (a week),
	// beyond 1,440 in whole hours.
	Live           bool
	SilenceMinutes int
	Pipelines      []Pipeline
	Auditor        *Auditor // nil where the stack has none
}

// Pipeline is one destination's. What a pipeline does not have is "".
type Pipeline struct {
	Name        string // <stack>-<destination>, the dimension of the function's metrics
	Destination string // cloudwatch, datadog, splunk, elastic, opensearch or archive
	HTTPS       bool   // the function calls the destination itself, over HTTPS
	Ingest      string // queue, lambda or rule
	Rule, Bus   string // the rule on the partner event bus, and that bus
	Filtered    bool   // the rule leaves events out
	// Buffer, Redrive and Dead are names of queues.
	Buffer, Redrive, Dead string
	Function              string // its name
	Mapping               string // the id of the event source mapping
	LogGroup              string // the group that holds the events
	Bucket                string // the bucket that holds the events
	// DeliveryRule on DeliveryBus POSTs packed batches to Datadog by EventBridge.
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

// How an alarm treats missing data.
const (
	notBreaching = "notBreaching"
	breaching    = "breaching"
	ignore       = "ignore" // the state stays
)

// Alarm is one alarm. Every alarm acts; see [Alarms] for the one that is made later.
type Alarm struct {
	Name string // unique in an account's region: <stack or pipeline>-<kind>
	Kind string // the same in every stack; the key of the README's table
	// Happened is a fact, Means its consequence, Do the steps to take, in order.
	Happened, Means  string
	Do               []string
	Queries          []Query
	PeriodSeconds    int
	Periods, ToAlarm int // ToAlarm of the last Periods must breach
	Comparison       string
	Threshold        float64
	Missing          string // how missing data is treated
	WhyMissing       string // goes on after "because"
	// Clock is the time zone of a wall clock window (EvaluationWindow of
	// AWS::CloudWatch::Alarm); "" is the default, a window that slides.
	Clock string
}

// Description is what CloudWatch shows and mails.
func (a Alarm) Description() string {
	return "WHAT HAPPENED: " + a.Happened + " WHAT IT MEANS: " + a.Means + " DO FIRST: " + a.Steps() +
		" Missing data is treated as " + a.Missing + ", because " + a.WhyMissing + "."
}

// Steps is Do, numbered, on one line.
func (a Alarm) Steps() string {
	var steps []string
	for i, step := range a.Do {
		steps = append(steps, fmt.Sprintf("%d. %s", i+1, step))
	}
	return strings.Join(steps, " ")
}

// replaySteps are the steps after a message was dead-lettered: those of the runbook,
// section "At 3 a.m." of README.md, for the stack s. reason is the message's reason,
// or REASON where it is only known from the first step.
func replaySteps(s Stack, reason string) []string {
	of := " --stack " + s.Name + "`"
	list, replay := "`oktastream dlq list"+of, "`oktastream dlq replay --reason \""+reason+"\""
	return []string{
		"Look: " + list + ".",
		"Fix the cause that the row names.",
		"Dry run: " + replay + of + ".",
		"Replay one: add `--limit 1 --yes --audit audit.jsonl`.",
		"Replay all: " + replay + " --yes --rate 50 --audit audit.jsonl" + of + ".",
		"Look again: repeat the command of Look.",
	}
}
