package watch

import (
	"fmt"
	"strconv"
	"strings"
)

// The independent counters of a pipeline with ingest=queue compare what went in with what came out, from AWS's counters
// alone:
//
//	matched = deleted + Δ(waiting + in flight, buffer) + Δ(waiting, redrive) + sent to the rule's DLQ
//
// Delayed messages are left out, because nothing in the pipeline delays a message. The queue dead is left out, because
// the function deletes what it copies there from the buffer.
//
// Depth: all metrics of an alarm have the same period, and CloudWatch has no statistic for the last value of an hour.
// But the depth between two hours is a value of both, so it lies between the greater minimum and the smaller maximum.
// Where a queue only grows or only shrinks, the two are equal; otherwise the tolerance contains the difference, the
// span. The metric of the hour before is x - DIFF(x). So an hour is judged when the next one is over, which also leaves
// metrics an hour to arrive late ("might be delayed before being available", "Monitoring Amazon EventBridge"; 15
// minutes for a queue that was idle, SQS Developer Guide, 2026-11).
//
// Window: hours are those of a clock (EvaluationWindow, since 2026-08). In a window that slides each minute, every
// burst would lie on the edge of some hour, with its matches on one side and its deletions on the other. The clock is
// five minutes ahead, so that hours end at :55: what people schedule runs at :00, :15, :30 and :45.
//
// Tolerance: an hour is in order while the gap is not above any of: countersFloor events; countersShare of what was
// matched in it or in the hour on either side; the spans at its two edges, which also contain the error of SQS's
// approximate gauges. Where the depth of the queues changed by more than countersMoved of the hour, or the rule's DLQ
// received as much, the share is countersShareMoved: a counter that is a minute late then counts a minute of a flow
// that has stopped, and the gauges are up to a minute from the edge.
const (
	// countersFloor allows for duplicates, and for an event or two on an edge, where there are few events.
	countersFloor = 10
	// countersShare is above one minute in sixty (1.67 %): a service may fail to report so much ("or it might not be
	// delivered at all", "Monitoring Amazon EventBridge", 2026-11), and a counter that is a minute late is wrong by so
	// much where a flow begins or ends.
	countersShare      = 0.018
	countersMoved      = 0.005
	countersShareMoved = 0.05
	everything         = 1e9
	// countersClock is a time zone five minutes ahead of UTC; CloudWatch takes offsets
	// of whole five minutes.
	countersClock = "+00:05"
	hour          = 3600
)

// gauges returns the queue gauges that the counters add up, with the ids of their lines.
func gauges(p Pipeline) []struct{ id, queue, metric string } {
	return []struct{ id, queue, metric string }{
		{"waiting", p.Buffer, waiting},
		{"flying", p.Buffer, inFlight},
		{"spent", p.Redrive, waiting},
	}
}

// counters returns the lines of the counters: ten metrics and ten expressions, the most that an alarm may have of each
// (MetricDataQuery, 2026-11). The last line is the gap where it is above the tolerance, and 0 where the hour is in
// order.
func counters(p Pipeline) []Query {
	queries := []Query{
		{ID: "matched", Metric: ofRule(p.Bus, p.Rule, "MatchedEvents", "Sum")},
		{ID: "deleted", Metric: ofQueue(p.Buffer, "NumberOfMessagesDeleted", "Sum")},
		{ID: "dead_lettered", Metric: ofRule(p.Bus, p.Rule, "InvocationsSentToDlq", "Sum")},
		{ID: "not_from_rule", Metric: notFromRule(p.Name, "Sum")},
	}
	var edges, spans []string
	for _, g := range gauges(p) {
		low, high := g.id+"_low", g.id+"_high"
		queries = append(queries,
			Query{ID: g.id + "_min", Metric: ofQueue(g.queue, g.metric, "Minimum")},
			Query{ID: g.id + "_max", Metric: ofQueue(g.queue, g.metric, "Maximum")},
			Query{ID: low, Expression: ofTwoHours(g.id+"_min", "<")},  // the greater minimum
			Query{ID: high, Expression: ofTwoHours(g.id+"_max", ">")}, // the smaller maximum
		)
		edges = append(edges, low+" + "+high)
		spans = append(spans, "ABS("+high+" - "+low+")")
	}
	in, out, dead := "FILL(matched, 0)", "FILL(deleted, 0)", "FILL(dead_lettered, 0)"
	// The gap is compared with each of these. A comparison takes a missing value as 0, and most of these have none on most
	// days.
	bounds := []string{
		fmt.Sprint(countersFloor),
		countersPart(countersShare, in), countersPart(countersShare, before(in)), countersPart(countersShare,
			before(before(in))),
		"span + " + before("span"),
		fmt.Sprintf("IF(ABS(DIFF(edge)) + %s > %s, %s, 0)", before(dead), countersPart(countersMoved, before(in)),
			countersPart(countersShareMoved, before(in))),
		// What is replayed or backfilled comes out without having gone in: no gap is too large. It is counted when it is
		// received, in this hour or, if it was sent at its end, in the next.
		countersPart(everything, "FILL(not_from_rule, 0)"), countersPart(everything, before("FILL(not_from_rule, 0)")),
	}
	// Two hours must come before this one in the data: the one that is judged, and the one before it.
	judged := []string{"DIFF_TIME(DIFF(" + in + " + FILL(waiting_max, 0))) > 0"}
	for _, bound := range bounds {
		judged = append(judged, "ABS(gap) > "+bound)
	}
	return append(queries,
		// What the queues held when the hour that has just ended began.
		Query{ID: "edge", Expression: "(" + strings.Join(edges, " + ") + ") / 2"},
		// How much of that is not known.
		Query{ID: "span", Expression: strings.Join(spans, " + ")},
		Query{ID: "gap", Expression: before(in) + " - " + before(out) + " - " + before(dead) + " - DIFF(edge)"},
		Query{ID: "missing", Label: "events that the counters do not account for", Return: true,
			Expression: "IF(" + strings.Join(judged, " AND ") + ", ABS(gap), 0)"},
	)
}

func countersPart(share float64, of string) string {
	return strconv.FormatFloat(share, 'f', -1, 64) + " * " + of
}

// before is x of the period before.
func before(x string) string { return "(" + x + " - DIFF(" + x + "))" }

// ofTwoHours is the value of this hour or of the hour before: the greater where
// sign is <, the smaller where it is >.
func ofTwoHours(id, sign string) string {
	x := "FILL(" + id + ", 0)"
	return "IF(DIFF(" + x + ") " + sign + " 0, " + before(x) + ", " + x + ")"
}

// countersAlarm looks at three hours, of which one must breach: the other two are there for comparison. So it is on for
// about an hour, and goes off by itself.
func countersAlarm(s Stack, p Pipeline) Alarm {
	return Alarm{Kind: "counters-disagree", Queries: counters(p), Comparison: moreThan, Clock: countersClock,
		PeriodSeconds: hour, Periods: 3, ToAlarm: 1,
		WhyMissing: "the first hours of the window have none before them to compare with and are left out",
		Happened: "AWS's own counters disagree by more than 10 events, and more than 1.8 %, on what went into {name} in a " +
			"clock hour and what came out.",
		Means: "Above zero on the dashboard: events are missing. Below zero: somebody sent to the buffer queue.",
		Do: []string{"Open the dashboard " + s.Name + ", graph counters, line not accounted for.",
			"Above zero: does EventBridge still repeat deliveries (RetryInvocationAttempts of the rule)? Did somebody " +
				"purge the buffer or redrive (CloudTrail: PurgeQueue, DeleteMessage)? " +
				"Compare the hour with Okta's System Log: `oktastream reconcile`.",
			"Below zero: look in CloudTrail for SendMessage to the buffer queue."},
	}
}
