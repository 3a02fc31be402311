// Package watch describes what watches the pipelines of a stack, as data: alarms, the comparison of AWS's counters, and
// the dashboard. Package oktastream creates AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard from it.
//
//   - Each alarm says what happened, what it means, what to do first, and how it treats missing data and why.
//   - One event that is lost or dead is enough for an alarm. What the pipeline repeats by itself (a throttled call, a
//     batch that comes back) must be a share of the events, or last for a quarter of an hour.
//   - Every metric and its dimensions are documented, by AWS or by us (documented_test.go), and belong to a resource
//
// that
//
//	  the pipeline has.
//	- Strings of a [Stack] may be CDK tokens: they become dimensions and are not read. Only Stack.Name and
//
// Pipeline.Name,
//
//	which are known at synth, become part of names and texts.
//
// Sources: "Using math expressions with CloudWatch metrics", "Alarm evaluation window", "Limits" of alarms (CloudWatch
// User Guide), PutMetricAlarm, "Dashboard Body Structure and Syntax" (CloudWatch API Reference), all read 2026-11.
package watch

import (
	"cmp"
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
	// Live creates the alarm silence, after SilenceMinutes: 1 to 10,080 (a week), beyond 1,440 in whole hours.
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

// Alarm is one alarm.
type Alarm struct {
	Name string // unique in an account's region: <stack or pipeline>-<kind>
	Kind string // the same in every stack; the key of the README's table
	// Happened is a fact, Means its consequence, Do the steps to take, in order. In the rows of this package {name} stands
	// for the stack's or the pipeline's name.
	Happened, Means string
	Do              []string
	Queries         []Query
	// ToAlarm of the last Periods must breach. By default one minute.
	PeriodSeconds, Periods, ToAlarm int
	// Comparison with Threshold; by default at least 1.
	Comparison string
	Threshold  float64
	Missing    string // how missing data is treated; by default notBreaching
	WhyMissing string // goes on after "because"
	// Clock is the time zone of a wall clock window (EvaluationWindow of AWS::CloudWatch::Alarm); "" is the default, a
	// window that slides.
	Clock string
}

// lasting makes every one of the periods breach before the alarm fires.
func (a Alarm) lasting(seconds, periods int) Alarm {
	a.PeriodSeconds, a.Periods, a.ToAlarm = seconds, periods, periods
	return a
}

// named completes alarms of a stack or pipeline: their names, their texts, and defaults.
func named(owner string, alarms ...Alarm) []Alarm {
	fill := func(text string) string { return strings.ReplaceAll(text, "{name}", owner) }
	for i := range alarms {
		a := &alarms[i]
		a.Name, a.Happened, a.Means = owner+"-"+a.Kind, fill(a.Happened), fill(a.Means)
		for j := range a.Do {
			a.Do[j] = fill(a.Do[j])
		}
		a.PeriodSeconds, a.Periods = cmp.Or(a.PeriodSeconds, 60), cmp.Or(a.Periods, 1)
		a.ToAlarm, a.Missing = cmp.Or(a.ToAlarm, a.Periods), cmp.Or(a.Missing, notBreaching)
		if a.Comparison == "" {
			a.Comparison, a.Threshold = atLeast, cmp.Or(a.Threshold, 1)
		}
	}
	return alarms
}

// Description returns what CloudWatch shows and sends.
func (a Alarm) Description() string {
	return "WHAT HAPPENED: " + a.Happened + " WHAT IT MEANS: " + a.Means + " DO FIRST: " + a.Steps() +
		" Missing data is treated as " + a.Missing + ", because " + a.WhyMissing + "."
}

// Steps returns Do, numbered, on one line.
func (a Alarm) Steps() string {
	var steps []string
	for i, step := range a.Do {
		steps = append(steps, fmt.Sprintf("%d. %s", i+1, step))
	}
	return strings.Join(steps, " ")
}

// replaySteps returns the steps after a message was dead-lettered, those of "At 3 a.m." in README.md. reason is the
// message's reason, or REASON where it is only known from the first step.
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
