package watch

import "strings"

// lateMS is a lag, in milliseconds, that asks for a look: a quarter of an hour.
// Events come within seconds; one that came back twice is twelve minutes late, and
// Okta promises no latency at all (help.okta.com, "Log Streaming", 2026-11).
const lateMS = 15 * 60 * 1000

// onlyWritten is why missing data of the function's own metrics is not breaching.
const onlyWritten = "the function writes metrics only when it is invoked, and silence has an alarm of its own"

// terms are the terms of the ledger's equation: what received events became
// (package ledger).
func terms() []string {
	return []string{"delivered", "accepted_by_eventbridge", "duplicate", "filtered", "returned", "exhausted", "dead"}
}

// ledgerAlarms are of what the function counts.
func ledgerAlarms(s Stack, p Pipeline) []Alarm {
	// Replays count too: one can fail hours after it was started.
	withReplays := func(word string) []Query {
		return watchingSum(word, own(p.Name, word, "Sum"), ownReplay(p.Name, word, "Sum"))
	}
	lag := Alarm{Queries: watching(own(p.Name, "lag_ms", "p99")), Comparison: atLeast, Threshold: lateMS}
	deadLetterFailed := Alarm{Queries: withReplays("dead_letter_failed"), Comparison: atLeast, Threshold: 1}
	exhausted := Alarm{Queries: withReplays("exhausted"), Comparison: atLeast, Threshold: 1}
	conflict := Alarm{Queries: watching(own(p.Name, "conflict", "Sum")), Comparison: atLeast, Threshold: 1}
	insights := "In Logs Insights, log group of the function, run "
	all := []Alarm{
		// Three periods in a row: in a small organisation a single late event is the p99.
		lag.window(lasting(300, 3)).about(p.Name, "lag",
			"For 15 minutes one event in a hundred reached the destination of {name} more than 15 minutes after Okta "+
				"published it.",
			lagMeans(p),
			"The alarm buffer-old or mapping-failing is on: follow its steps.",
			"Neither is on: Okta or EventBridge is late. Look at Okta's status page."),
		// Any one in any minute: such an event is in no dead-letter queue yet.
		deadLetterFailed.window(within(60)).about(p.Name, "dead-letter-failed",
			"The function of {name} could not copy an undeliverable event to the queue dead.",
			"SQS refused the copy, or event and reason together pass 1 MiB. The event comes back until it is in redrive.",
			readErrors,
			"Access denied: deploy again.",
			"Too long: keep the event with `oktastream dlq show UUID --body --stack "+s.Name+"` when it is in redrive."),
		exhausted.window(within(60)).about(p.Name, "exhausted",
			"The function of {name} returned an event at its last receive.",
			"SQS moves it to the queue redrive now.",
			append([]string{insights + "`filter ledger.exhausted > 0 or replay.exhausted > 0 | fields @timestamp, @message`: " +
				"returned names the error."}, replaySteps(s, "exhausted")...)...),
		conflict.window(within(3600)).about(p.Name, "conflict",
			"Two events with the same uuid and different content came in one batch of {name}.",
			"Both are delivered. Either Okta changed the event, or somebody forged one.",
			insights+"`filter ledger.conflict > 0` for the time of this alarm.",
			"Compare the two in the destination, by uuid."),
		unbalanced(p),
	}
	for i := range all {
		all[i] = all[i].missing(notBreaching, onlyWritten)
	}
	return all
}

// unbalanced is the ledger's equation over the function's own metrics. They are
// written in one document and so have one timestamp: no skew, no tolerance. The
// ledgers of replays are not looked at, which would make more than the ten metrics
// that an alarm may read; the function's log says fault for those too.
func unbalanced(p Pipeline) Alarm {
	queries := []Query{{ID: "received", Metric: own(p.Name, "received", "Sum")}}
	var sum []string
	for _, word := range terms() {
		queries = append(queries, Query{ID: word, Metric: own(p.Name, word, "Sum")})
		sum = append(sum, "FILL("+word+", 0)")
	}
	queries = append(queries, Query{
		ID: "fault", Label: "events that the ledger does not account for", Return: true,
		Expression: "ABS(FILL(received, 0) - (" + strings.Join(sum, " + ") + "))",
	})
	a := Alarm{Queries: queries, Comparison: atLeast, Threshold: 1}
	return a.window(within(60)).about(p.Name, "ledger-unbalanced",
		"The ledger of {name} does not balance.",
		"The function does not account for every event that it received. That is a fault of oktastream.",
		"In Logs Insights, log group of the function, run `filter ispresent(fault)` and report the line.",
		"Deploy the version before.",
		"Compare the hour with Okta's System Log.")
}

// lagMeans says what the lag of this destination leaves out.
func lagMeans(p Pipeline) string {
	if p.DeliveryRule != "" {
		return "Events are late. The lag ends when EventBridge accepts a batch: " +
			"Datadog's own delay shows in delivery-retrying."
	}
	return "Events are late. Nothing is lost."
}
