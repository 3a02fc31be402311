package watch

import "strings"

// lateMS is a lag, in milliseconds, that asks for a look: a quarter of an hour.
// Events come within seconds; one that came back twice is twelve minutes late, and
// Okta promises no latency at all (help.okta.com, "Log Streaming", 2026-11).
const lateMS = 15 * 60 * 1000

// onlyWritten is why no data of the function's own metrics is good news.
const onlyWritten = "the function writes its metrics when it is called, and silence has an alarm of its own"

// terms are the words of the ledger's equation: what becomes of what is received
// (package ledger).
func terms() []string {
	return []string{"delivered", "accepted_by_eventbridge", "duplicate", "filtered", "returned", "exhausted", "dead"}
}

// ledgerAlarms are of what the function counts.
func ledgerAlarms(s Stack, p Pipeline) []Alarm {
	// What somebody replays counts too: it can fail hours after they have gone home.
	both := func(word string) []Query {
		return watchingSum(word, own(p.Name, word, "Sum"), ownReplay(p.Name, word, "Sum"))
	}
	lag := Alarm{Queries: watching(own(p.Name, "lag_ms", "p99")), Comparison: atLeast, Threshold: lateMS}
	deadLetterFailed := Alarm{Queries: both("dead_letter_failed"), Comparison: atLeast, Threshold: 1}
	exhausted := Alarm{Queries: both("exhausted"), Comparison: atLeast, Threshold: 1}
	conflict := Alarm{Queries: watching(own(p.Name, "conflict", "Sum")), Comparison: atLeast, Threshold: 1}
	all := []Alarm{
		// Three periods in a row: in a small organisation a single late event is the p99.
		lag.window(lasting(300, 3)).about(p.Name, "lag",
			"For a quarter of an hour one event in a hundred has reached the destination of {name} more than 15 minutes after Okta published it.",
			"Look at the dashboard: if the buffer is old too, begin with the alarm mapping-failing or buffer-old; if it is not, Okta or EventBridge were late, and Okta's status page may say so."),
		// Any one in any minute: such an event is in no queue for the dead yet.
		deadLetterFailed.window(within(60)).about(p.Name, "dead-letter-failed",
			"The function of {name} could not copy an event that can never be delivered to the queue dead, or it is too long to carry its reason; it goes back, again and again, and ends in redrive.",
			readErrors+"If it says access denied, deploy again; if the event is too long, take it out of redrive with `oktastream dlq show`."),
		exhausted.window(within(60)).about(p.Name, "exhausted",
			"The function of {name} has given an event back for the last time: SQS moves it to the queue redrive now.",
			"In Logs Insights on the function's log group run `filter ledger.exhausted > 0 or replay.exhausted > 0 | fields @timestamp, @message`: returned names the error; when it is mended, `oktastream dlq replay --native --stack "+s.Name+"`."),
		// Both are delivered, so nothing is lost; but that Okta tells two stories of one
		// event is worth a look in a day.
		conflict.window(within(3600)).about(p.Name, "conflict",
			"Two events with one uuid and different contents came in one batch of {name}; both are delivered.",
			"In Logs Insights on the function's log group run `filter ledger.conflict > 0` for the time, then compare what the destination holds of that time by uuid: what differs tells whether Okta enriched the event or somebody else made one up."),
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
		"The ledger of {name} does not balance: what the function received is not what it delivered, returned and buried, which is a fault of oktastream.",
		"In Logs Insights on the function's log group run `filter ispresent(fault)` and report the line; deploy the version before, and compare the hour with Okta's System Log.")
}
