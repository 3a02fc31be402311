// Package queries holds the saved queries that the stack puts into CloudWatch Logs Insights and Athena, which of them
// are detections, and the fields that its log groups index for them.
//
// Every query exists for each [Shape] that a log group can hold, and finds the
// same in each: it is written once, with placeholders ("{actor}") for the names that the shape uses. The tests run
// every query, in every shape, over all events of testdata and over planted attacks with harmless neighbours.
//
// # Rules of the texts
//
//   - Okta, EventBridge, SQS and Lambda each deliver at least once: counts are
//     count_distinct of the event's uuid, lists end in dedup.
//   - Targets are found by their type, never by their position. Insights flattens
//     arrays (target.0.id), so the lists of Okta's own shapes are taken apart with
//     jsonParse and unnest; where a thing is only shown, and an event without it
//     must not be lost, parse reads it off @message. In OCSF the typed attribute
//     is there already (user, group, entity).
//   - Filters name event types in full with = or in: only these use a field index,
//     like does not ("Create field indexes to improve query performance", Amazon
//     CloudWatch Logs User Guide, 2026-11).
//   - No != and no "not": what they mean for an absent field is not documented.
//   - A name that a query defines is not the name of a field in any shape.
//
// Package oktastream makes the resources, with the names' prefix.
package queries

import (
	"slices"
	"strings"
)

// Shape is how a log group holds events.
type Shape string

// The shapes: what the function writes, and the whole EventBridge envelope, which
// ingest=rule stores without a function.
const (
	OCSF     Shape = "ocsf"
	Datadog  Shape = "datadog"
	Raw      Shape = "raw"
	Envelope Shape = "envelope"
)

// Limits of what the texts become, as read on 2026-11-22. Names and texts:
// AWS::Logs::QueryDefinition (AWS CloudFormation template reference); a slash in a
// name makes a folder. Index policies: "Field index syntax and quotas" (Amazon
// CloudWatch Logs User Guide, CloudWatchLogs-Field-Indexing-Syntax); names are
// case-sensitive there, nested members and array elements may be indexed, and log
// groups must be of the Standard class.
const (
	maxNameLength  = 255
	maxTextLength  = 10_000
	maxIndexFields = 20
	maxIndexLength = 100
)

// Values that a responder replaces in the queries about one user, address or
// session. The address is of a documentation range (RFC 5737).
const (
	placeUser    = "someone@example.com"
	placeAddress = "192.0.2.1"
	placeSession = "SESSION-ID"
)

// Query is one saved query.
type Query struct {
	Name     string // what a responder would look for, in kebab case, without prefix
	Question string // the question that it answers, one line
	Look     string // what to look at or to do next, one line
	// Detection is nil for a query that is not a detection.
	Detection *Detection
	body      string // the query, with placeholders in braces
	// ocsf and okta are this query's own placeholders, beside those of the shapes.
	ocsf, okta words
}

// words are what placeholders in braces stand for. Those of Okta's shapes write $. for where the event begins.
type words map[string]string

// Text returns the query for a log group of that shape, with its question and advice as
// comments on top.
func (q Query) Text(s Shape) string {
	own, shared := q.okta, oktaWords()
	if s == OCSF {
		own, shared = q.ocsf, ocsfWords()
	}
	text := q.body
	for _, w := range []words{own, shared} {
		for word, meaning := range w {
			text = strings.ReplaceAll(text, "{"+word+"}", meaning)
		}
	}
	return q.comments("# ") + place(text, s) + "\n"
}

// comments returns the lines on top of the query, each after the mark of a comment.
func (q Query) comments(mark string) string {
	lines := []string{q.Question, q.Look}
	if q.Detection != nil {
		lines = append(lines, q.Detection.comment()...)
	}
	return mark + strings.Join(lines, "\n"+mark) + "\n"
}

// Days returns how many days before today a query over the archive reads: those of its detection, or a week.
func (q Query) Days() int {
	if q.Detection != nil {
		return q.Detection.Days
	}
	return 7
}

// Path returns the query's name with the folder of detections before it, if it is one.
func (q Query) Path() string {
	if q.Detection != nil {
		return "detections/" + q.Name
	}
	return q.Name
}

// place replaces $. by where the shape has the event: EventBridge's envelope has it under detail.
func place(text string, s Shape) string {
	if s == Envelope {
		return strings.ReplaceAll(text, "$.", "detail.")
	}
	return strings.ReplaceAll(text, "$.", "")
}

// All returns the saved queries, family by family.
func All() []Query {
	var all []Query
	for _, family := range [][]Query{
		signIns(), factors(), takeovers(), resets(), privileges(), console(), tokens(), configuration(), trust(), apps(),
		support(), findings(), timelines(), touches(), delivery(),
	} {
		all = append(all, family...)
	}
	detections := detections()
	for i := range all {
		if d, ok := detections[all[i].Name]; ok {
			d.Alarm = slices.Contains(alarmed(), all[i].Name)
			all[i].Detection = &d
		}
	}
	return all
}
