package watch

import (
	"cmp"
	"slices"
)

// Titles of graphs that the table of failures names.
const (
	titleReceived = "received, by what became of it"
	titleFailures = "failures"
	titleNotes    = "notes: delivered, but worth knowing"
)

// Dashboard returns the dashboard's body as a JSON tree. From the top: what is wrong, whether Okta sends; then for each
// pipeline what happened to the events, how late they are, what failed, what waits, whether the counters agree, and
// what it costs. It shows twelve hours, so that hourly graphs have several points.
func Dashboard(s Stack) map[string]any {
	g := &grid{region: s.Region}
	g.row(8, text(9, runbook(s)), alarmStatus(s, columns-9))
	g.row(5, fromOkta(s)...)
	for _, p := range s.Pipelines {
		g.row(1, text(columns, "## "+p.Name))
		g.pipeline(s, p)
	}
	if s.Auditor != nil {
		g.auditor(s.Auditor)
	}
	return map[string]any{"start": "-PT12H", "periodOverride": "inherit", "widgets": g.widgets}
}

func runbook(s Stack) string {
	dlq := "`oktastream dlq list --stack " + s.Name + "`"
	return "# " + s.Name + `: Okta events

**Is an alarm red?** Click it: its description says what happened,
	what it means and what to do first. The
[runbook](https://github.com/oktastream/oktastream/tree/main/infra/watch#alarms) has a line for each.

1. **No events from Okta** (below): Okta, Reports, Log Streaming: is the stream *Active*?
2. **Orange or red in "received"**: the destination does not accept events. They wait, and are tried for outageHours.
3. **Dead letters**: ` + dlq + ` shows each reason with its fix. The alarm's text has the other steps. 14 days.
4. **Counters disagree**: compare that hour with Okta's System Log (90 days).`
}

// alarmStatus shows all alarms, firing ones first.
func alarmStatus(s Stack, width int) widget {
	var arns []any
	for _, a := range Alarms(s) {
		arns = append(arns, "arn:"+cmp.Or(s.Partition, "aws")+":cloudwatch:"+s.Region+":"+s.Account+":alarm:"+a.Name)
	}
	return widget{kind: "alarm", width: width, fixed: map[string]any{"title": "Alarms", "alarms": arns,
		"sortBy": "stateUpdatedTimestamp"}}
}

// fromOkta is what EventBridge ingests from Okta, and what the rules match.
func fromOkta(s Stack) []widget {
	lines := []line{of(ofSource(s.Source, "Events", "Sum"), "from Okta", grey)}
	colours := []string{blue, green, purple, orange, brown}
	for i, p := range s.Pipelines {
		label := "to " + p.Destination
		if p.Filtered {
			label += " (filtered)"
		}
		lines = append(lines, of(ofRule(p.Bus, p.Rule, "MatchedEvents", "Sum"), label, colours[i%len(colours)]))
	}
	w := graph(columns, "from Okta: events ingested, and matched by the rules", "events", lines...)
	changes, _ := streamChanges(s)
	if changes == nil {
		return []widget{w}
	}
	w.width = 18
	return []widget{w, graph(6, "changes of a log stream", "events", of(changes, "system.log_stream.*", red))}
}

func (g *grid) pipeline(s Stack, p Pipeline) {
	if p.Function == "" {
		g.withoutFunction(p)
		return
	}
	g.row(6, outcome(p), lag(p), failures(p))
	g.row(6, entrance(p), deadLetterDepth(p), buffer(p))
	g.row(5, volume(p), duration(p), calls(p), notes(p))
	if p.DeliveryRule != "" {
		g.row(5, delivered(12, "delivery to Datadog: batches", "batches", p.DeliveryBus, p.DeliveryRule),
			towards(12, "delivery to Datadog: time until it accepted a batch", p.DeliveryBus, p.DeliveryRule))
	}
}

// withoutFunction is a pipeline with ingest=rule.
func (g *grid) withoutFunction(p Pipeline) {
	g.row(6, delivered(10, "rule: events to the destination", "events", p.Bus, p.Rule),
		towards(8, "time until the destination accepted an event", p.Bus, p.Rule), deadLetterDepth(p))
	if p.LogGroup != "" {
		g.row(5, graph(12, "bytes that cost money", "bytes", of(ofLogGroup(p.LogGroup, "IncomingBytes", "Sum"),
			"into CloudWatch Logs", blue)),
			graph(12, "events in the log group", "events", of(ofLogGroup(p.LogGroup, "IncomingLogEvents", "Sum"),
				"log events", blue)))
	}
	if p.DeliveryRule != "" {
		g.row(5, delivered(columns, "replays to Datadog: batches", "batches", p.DeliveryBus, p.DeliveryRule))
	}
}

// outcome shows the ledger: the terms add up to what was received.
func outcome(p Pipeline) widget {
	colours := map[string]string{
		"delivered": green, "accepted_by_eventbridge": green, "duplicate": pale, "filtered": grey, "returned": orange,
		"exhausted": red, "dead": darkRed,
	}
	other := "accepted_by_eventbridge"
	if p.DeliveryRule != "" {
		other = "delivered"
	}
	w := graph(12, titleReceived, "events")
	for _, term := range slices.DeleteFunc(terms(), func(term string) bool { return term == other }) {
		w.lines = append(w.lines, of(own(p.Name, term, "Sum"), term, colours[term]))
	}
	w.stacked = true
	return w
}
