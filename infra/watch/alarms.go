package watch

import "fmt"

// Alarms are the alarms of a stack: first the stack's own, then each pipeline's, then the auditor's.
//
// The alarm for silence is made only where s.Live is set. CloudWatch acts when a
// state changes: an alarm that is in ALARM before its actions are enabled would
// notify nobody, and the dashboard would be red before the first event.
func Alarms(s Stack) []Alarm {
	var all []Alarm
	if a, ok := silence(s); ok {
		all = append(all, a)
	}
	if a, ok := streamChanged(s); ok {
		all = append(all, a)
	}
	for _, p := range s.Pipelines {
		all = append(all, pipelineAlarms(s, p)...)
	}
	return append(all, auditorAlarms(s)...)
}

func pipelineAlarms(s Stack, p Pipeline) []Alarm {
	all := ruleAlarms(s, p)
	all = append(all, queueAlarms(s, p)...)
	if p.Function != "" {
		all = append(all, functionAlarms(s, p)...)
		all = append(all, ledgerAlarms(s, p)...)
	}
	if p.HTTPS {
		all = append(all, refusesUs(p))
	}
	if p.Ingest == ingestQueue {
		all = append(all, countersAlarm(s, p))
	}
	return all
}

// silence counts what EventBridge ingests from the partner event source, which
// needs no rule: neither a filter nor a fault of ours can look like silence.
func silence(s Stack) (Alarm, bool) {
	if !s.Live {
		return Alarm{}, false
	}
	period, periods := minutes(s.SilenceMinutes)
	a := Alarm{
		Queries: []Query{
			{ID: "ingested", Metric: ofSource(s.Source, "Events", "Sum")},
			// An alarm looks further back than its window where periods have no data,
			// and one old event would hold it at OK ("Configuring how CloudWatch alarms
			// treat missing data", CloudWatch User Guide, 2026-11). A zero is data. The
			// newest minutes, which are always zero at first, do no harm: every period of
			// the window has to be.
			{ID: "events", Expression: "FILL(ingested, 0)", Label: "events from Okta", Return: true},
		},
		Comparison: lessThan, Threshold: 1,
	}
	return a.window(lasting(period, periods)).
		missing(breaching, "no event is what the alarm waits for").
		about(s.Name, "silence",
			fmt.Sprintf("EventBridge has received no event from Okta for %d minutes.", s.SilenceMinutes),
			"Okta may have switched the log stream off, which it does after two failed deliveries. "+
				"It sends nothing later of what it did not stream; its System Log keeps that for 90 days.",
			doctorFirst(s),
			"In Okta, Reports, Log Streaming: activate the stream if it is not Active.",
			sendMissed,
			"If no event for so long is normal for you, raise silenceMinutes."), true
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

// doctorFirst is the step before a person looks anywhere else.
func doctorFirst(s Stack) string {
	return "Run `oktastream doctor --stack " + s.Name + "`: it names the link that is broken, and the next step."
}

// sendMissed is the step after a stream was off.
const sendMissed = "Once the stream is active, find and send what was missed, with `oktastream reconcile` or " +
	"`oktastream backfill`: lambda/systemlog/README.md, \"Okta switched the stream off: what now\"."

// eventsOnlyWhen is why missing data of EventBridge's counters is not breaching.
const eventsOnlyWhen = "EventBridge sends this metric only when it is not zero"

// streamChanged counts Okta's events about log streams: in the function, or with
// ingest=rule in a rule of its own.
func streamChanged(s Stack) (Alarm, bool) {
	m := (*Metric)(nil)
	why := onlyWritten
	if s.StreamRule != "" {
		m, why = ofRule(s.Bus, s.StreamRule, "MatchedEvents", "Sum"), eventsOnlyWhen
	}
	for _, p := range s.Pipelines {
		if p.Function != "" {
			m, why = own(p.Name, "stream_changed", "Sum"), onlyWritten
			break
		}
	}
	if m == nil {
		return Alarm{}, false
	}
	a := Alarm{Queries: watching(m), Comparison: atLeast, Threshold: 1}
	return a.window(within(60)).
		missing(notBreaching, why).
		about(s.Name, "stream-changed",
			"Okta reports an event system.log_stream.*.",
			"Somebody created, changed, activated, deactivated or deleted a log stream in Okta.",
			`In Okta, Reports, System Log, search for eventType sw "system.log_stream", `+
				"or run the saved query log-stream-changed.",
			"Ask the person named there whether the change was meant. If not, treat it as an incident.",
			sendMissed), true
}
