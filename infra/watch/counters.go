package watch

import (
	"fmt"
	"strconv"
	"strings"
)

// The independent counters of a pipeline with ingest=queue compare what went in with
// what came out, from AWS's counters alone:
//
//	matched = deleted + Δ(waiting + in flight, buffer) + Δ(waiting, redrive) + sent to the rule's DLQ
//
// Nothing in the pipeline delays a message, so the delayed ones, which SQS counts
// too, are left out; the queue dead is outside, because poison is deleted from the
// buffer and copied.
//
// # The depth at an hour's edge
//
// Each metric of an alarm has the same period, and none of CloudWatch's statistics
// is the last value of an hour. But the depth between two hours is a value of both:
// it is not below either minimum nor above either maximum, so it lies between the
// greater minimum and the smaller maximum. Where a queue grows or shrinks all along
// that is one number, in an outage too; where it goes up and down it is a span,
// which the tolerance takes in. The metric of the hour before is x - DIFF(x).
//
// So an hour is judged when the next one is over. That also leaves metrics an hour
// to come late, which AWS allows itself ("might be delayed before being available",
// "Monitoring Amazon EventBridge"; 15 minutes for a queue that was idle, SQS
// Developer Guide, 2026-11).
//
// # The window
//
// Hours are those of a clock (EvaluationWindow, since 2026-08), not of a window that
// slides each minute: every burst would lie on the edge of some sliding hour, with
// its matches on one side and its deletions on the other. And the clock is five
// minutes fast, so that hours end at :55, because what people schedule runs at :00,
// :15, :30 and :45.
//
// # The tolerance
//
// An hour is in order while the gap is not above countersFloor events, nor countersShare
// of what was matched in it or in the hour on either side, nor the spans at its two
// edges, which also hold what SQS's gauges are wrong by: they are approximate. Where
// the queues are fuller or emptier at its end by countersMoved of the hour, or the
// rule's DLQ took as much, it is countersShareMoved: then a counter that is a minute
// late, which evens out where a flow goes on, counts a minute of a flow that has
// stopped, and the gauges are up to a minute from the edge.
const (
	// countersFloor is what duplicates and an event or two on an edge may come to where
	// little happens.
	countersFloor = 10
	// countersShare is above one minute in sixty (1.67 %): so much a service may fail to
	// report ("or it might not be delivered at all", "Monitoring Amazon
	// EventBridge", 2026-11), and so much a counter is off that is a minute late where
	// a flow begins or ends.
	countersShare      = 0.018
	countersMoved      = 0.005
	countersShareMoved = 0.05
	everything         = 1e9
	// countersClock is a time zone five minutes ahead of UTC; CloudWatch takes offsets
	// of whole five minutes.
	countersClock = "+00:05"
	hour          = 3600
)

// gauges are the queue gauges that the counters add up, by the names that their lines
// get.
func gauges(p Pipeline) []struct{ id, queue, metric string } {
	return []struct{ id, queue, metric string }{
		{"waiting", p.Buffer, waiting},
		{"flying", p.Buffer, inFlight},
		{"spent", p.Redrive, waiting},
	}
}

// counters are the lines of the counters: ten metrics and ten expressions, which is as
// many as an alarm may have of each (MetricDataQuery, 2026-11). The last line is
// the gap where it is above the tolerance, and 0 where the hour is in order.
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
	// The gap of an hour that is in order is within each of these. They are compared
	// and not chosen among, because of two series of which one has no value a
	// comparison takes that as 0, and most of these have none on most days.
	bounds := []string{
		fmt.Sprint(countersFloor),
		countersPart(countersShare, in), countersPart(countersShare, before(in)), countersPart(countersShare,
			before(before(in))),
		"span + " + before("span"),
		fmt.Sprintf("IF(ABS(DIFF(edge)) + %s > %s, %s, 0)", before(dead), countersPart(countersMoved, before(in)),
			countersPart(countersShareMoved, before(in))),
		// What is replayed or backfilled comes out without having gone in: no gap is too
		// large. It is marked when it is received, in this hour or, sent at its end, in the
		// next.
		countersPart(everything, "FILL(not_from_rule, 0)"), countersPart(everything, before("FILL(not_from_rule, 0)")),
	}
	// Two hours must come before this one in the data: the one that is judged, and the
	// one that tells where it began.
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

// countersAlarm looks at three hours and asks for one: the other two are there to be
// compared with, whether or not CloudWatch fetches more than the window. So it is on
// for an hour or somewhat longer, and goes off by itself.
func countersAlarm(s Stack, p Pipeline) Alarm {
	a := Alarm{Queries: counters(p), Comparison: moreThan, Threshold: 0, Clock: countersClock}
	return a.window(hour, 3, 1).
		missing(notBreaching, "the first hours of the window have none before them to compare with and are left out").
		about(p.Name, "counters-disagree",
			"AWS's own counters disagree by more than 10 events, and more than 1.8 %, "+
				"on what went into {name} in a clock hour and what came out.",
			"Above zero on the dashboard: events are missing. Below zero: somebody sent to the buffer queue.",
			"Open the dashboard "+s.Name+", graph counters, line not accounted for.",
			"Above zero: does EventBridge still repeat deliveries (RetryInvocationAttempts of the rule)? Did somebody "+
				"purge the buffer or redrive (CloudTrail: PurgeQueue, DeleteMessage)? "+
				"Compare the hour with Okta's System Log by uuid.",
			"Below zero: look in CloudTrail for SendMessage to the buffer queue.")
}
