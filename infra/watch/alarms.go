package watch

import (
	"fmt"
	"slices"
)

// Alarms are the alarms of a stack: first the stack's own, then each pipeline's.
//
// The alarm for silence is made only where s.Live is set. It could be made before
// and act later, but CloudWatch acts when a state changes: an alarm that is in ALARM
// already when its actions are enabled would tell nobody that the stream has been
// silent from the start, and until then the dashboard would be red for nothing.
func Alarms(s Stack) []Alarm {
	var all []Alarm
	if a, ok := silence(s); ok {
		all = append(all, a)
	}
	if s.StreamRule != "" {
		all = append(all, streamChanged(s))
	}
	for _, p := range s.Pipelines {
		all = append(all, pipelineAlarms(s, p)...)
	}
	return all
}

// Kinds are all kinds of alarm that any stack can have, each once, with STACK and
// STACK-DESTINATION for names: the README's table. It reads them off stacks that
// between them have everything.
func Kinds() []Alarm {
	var kinds []Alarm
	for _, ingest := range []string{ingestQueue, ingestLambda} {
		p := Pipeline{Name: "STACK-DESTINATION", Destination: datadog, Ingest: ingest, Rule: "rule", Bus: "bus", Buffer: "buffer", Redrive: "redrive",
			Dead: "dead", Function: "function", Mapping: "mapping", DeliveryRule: "to-datadog", DeliveryBus: "delivery", OutageHours: 6, VisibilitySeconds: 365}
		for _, a := range Alarms(Stack{Name: "STACK", StreamRule: "stream", Bus: "bus", Live: true, SilenceMinutes: 60, Pipelines: []Pipeline{p}}) {
			if !slices.ContainsFunc(kinds, func(k Alarm) bool { return k.Kind == a.Kind }) {
				kinds = append(kinds, a)
			}
		}
	}
	return kinds
}

func pipelineAlarms(s Stack, p Pipeline) []Alarm {
	all := ruleAlarms(s, p)
	all = append(all, queueAlarms(s, p)...)
	if p.Function != "" {
		all = append(all, functionAlarms(s, p)...)
		all = append(all, ledgerAlarms(s, p)...)
	}
	if p.Ingest == ingestQueue {
		all = append(all, countersAlarm(s, p))
	}
	return all
}

// silence is judged from what EventBridge counts, not from what the function does:
// a filter or a fault of ours is no silence of Okta's.
func silence(s Stack) (Alarm, bool) {
	rule, bus := s.AllRule, s.Bus
	for _, p := range s.Pipelines {
		if !p.Filtered {
			rule, bus = p.Rule, p.Bus
			break
		}
	}
	if !s.Live || rule == "" {
		return Alarm{}, false
	}
	period, periods := minutes(s.SilenceMinutes)
	a := Alarm{
		Queries: []Query{
			{ID: "matched", Metric: ofRule(bus, rule, "MatchedEvents", "Sum")},
			// An alarm looks further back than its window where periods have no data,
			// and one old event would hold it at OK ("Configuring how CloudWatch alarms
			// treat missing data", CloudWatch User Guide, 2026-11). A zero is data. The
			// newest minutes, which are always zero at first, do no harm: every period of
			// the window has to be.
			{ID: "events", Expression: "FILL(matched, 0)", Label: "events from Okta", Return: true},
		},
		Comparison: lessThan, Threshold: 1,
	}
	return a.window(lasting(period, periods)).
		missing(breaching, "silence is what it waits for").
		about(s.Name, "silence",
			fmt.Sprintf("EventBridge has matched no event of Okta's for %d minutes; Okta switches a log stream off after two deliveries that failed, and the stream cannot say so itself.", s.SilenceMinutes),
			"In Okta, Reports, Log Streaming: activate the stream if it is not Active. If it is, see in the AWS console, EventBridge, Partner event sources, that the source is Active and its bus is there. What Okta did not stream stays in its System Log for 90 days and does not come by itself."), true
}

// minutes is n minutes in periods that CloudWatch allows: all periods of an alarm
// together may last a day, or with periods of an hour and more seven days
// (PutMetricAlarm, Period, 2026-11).
func minutes(n int) (period, periods int) {
	if n <= 24*60 {
		return 60, max(n, 1)
	}
	return 3600, (n + 59) / 60
}

// eventsOnlyWhen is why no data of a failure counter of EventBridge's is good news.
const eventsOnlyWhen = "EventBridge sends this metric only when it is not zero"

func streamChanged(s Stack) Alarm {
	a := Alarm{
		Queries:    watching(ofRule(s.Bus, s.StreamRule, "MatchedEvents", "Sum")),
		Comparison: atLeast, Threshold: 1,
	}
	// One event of these is one too many to be overlooked, in any minute.
	return a.window(within(60)).
		missing(notBreaching, "such events are rare, and a rule that matches nothing reports nothing").
		about(s.Name, "stream-changed",
			"Okta reports a change of a log stream (system.log_stream.*): somebody has created, changed, activated, deactivated or deleted one.",
			`In Okta, Reports, System Log, search for eventType sw "system.log_stream" (or run the saved query log-stream-changed) and ask who did it whether they meant to; if it was you, that is all.`)
}
