package watch

import "fmt"

// week is the longest that an alarm's periods may last together, in hours
// (PutMetricAlarm, Period, 2026-11), and half of the 14 days that SQS keeps a
// message.
const week = 7 * 24

// fullInFlight is where a queue is near the 120,000 messages in flight beyond which
// SQS gives out no more (API reference, ReceiveMessage, 2026-11).
const fullInFlight = 100_000

// A dead-letter queue that nobody touches may stop reporting: "CloudWatch considers
// a queue to be active for up to six hours if it contains any messages or if any
// action accesses it" (SQS Developer Guide, "Monitoring Amazon SQS queues using
// CloudWatch"; the sentence leaves open what a queue with messages does after
// that). Then what is known last has to stand.
const whyIgnore = "SQS may stop reporting a queue that nobody has touched for six hours, and what lay in it still does"

func queueAlarms(s Stack, p Pipeline) []Alarm {
	all := deadLetters(p.Dead, p.Name, "dead",
		"An event lies in the queue dead of {name}: it was refused or cannot be read, and its reason is written on it.",
		"Run `oktastream dlq list --stack "+s.Name+"`: it groups by reason and says what to mend; then `oktastream dlq replay --stack "+s.Name+"`, which changes nothing without --yes. SQS deletes a message 14 days after it came.")
	if p.Buffer == "" {
		return all
	}
	all = append(all, deadLetters(p.Redrive, p.Name, "redrive",
		fmt.Sprintf("An event lies in the queue redrive of {name}: it was tried for about %d hours, the outage budget, and the destination never took it.", p.OutageHours),
		"See that the destination takes events again (the alarm mapping-failing is OK), then bring everything back with `oktastream dlq replay --native --stack "+s.Name+"`, or in the SQS console with Start DLQ redrive. SQS deletes a message 14 days after Okta sent it.")...)
	return append(all, bufferDeep(p), bufferOld(p))
}

// deadLetters are the two alarms of a dead-letter queue: that there is something in
// it, and that there still is after half of its time.
func deadLetters(queue, owner, which, happened, doFirst string) []Alarm {
	first := Alarm{
		// The gauge, not the counter of messages sent: what SQS itself moves into a
		// dead-letter queue is not counted ("Available CloudWatch metrics for Amazon
		// SQS", dead-letter queues, 2026-11). One message is enough.
		Queries:    watching(ofQueue(queue, waiting, "Maximum")),
		Comparison: atLeast, Threshold: 1,
	}
	old := Alarm{
		Queries: []Query{
			// Whoever looks into the queue hides its messages for half a minute: an
			// hour's maximum does not see that.
			{ID: "waiting", Metric: ofQueue(queue, waiting, "Maximum")},
			// See whyIgnore: an hour without a report is like the one before it.
			{ID: "held", Expression: "FILL(waiting, REPEAT)", Label: "messages", Return: true},
		},
		Comparison: atLeast, Threshold: 1,
	}
	return []Alarm{
		first.window(within(60)).missing(ignore, whyIgnore).about(owner, which+"-not-empty", happened, doFirst),
		old.window(lasting(3600, week)).missing(ignore, whyIgnore).about(owner, which+"-for-a-week",
			"The queue "+which+" of {name} has not been empty for 7 days; SQS deletes its oldest messages in 7 days or less.",
			doFirst),
	}
}

// bufferDeep is of the queue's limit, which no size of organisation changes. That
// the function does not keep up shows in bufferOld.
func bufferDeep(p Pipeline) Alarm {
	a := Alarm{
		Queries: watchingSum("messages waiting and in flight",
			ofQueue(p.Buffer, waiting, "Maximum"), ofQueue(p.Buffer, inFlight, "Maximum")),
		Comparison: atLeast, Threshold: fullInFlight,
	}
	// Three times five minutes, so that a burst that is drained at once wakes nobody.
	return a.window(lasting(300, 3)).
		missing(notBreaching, "a queue that reports nothing holds nothing to speak of").
		about(p.Name, "buffer-deep",
			"The buffer queue of {name} holds 100,000 messages and more; with 120,000 in flight SQS gives out no more until some are done.",
			"Find out why the function does not get rid of them: the alarm mapping-failing means that the destination does not take them, function-throttled that Lambda's concurrency is used up; if neither is on, raise the setting concurrency and deploy.")
}

// bufferOld is of messages that nobody takes, or that come back. SQS leaves a
// message out of this metric once it was received three times ("Available
// CloudWatch metrics for Amazon SQS", 2026-11), so in an outage, where each comes
// back after one visibility timeout, the metric hangs near two of them however long
// it lasts: the threshold must lie between one (a message that came back once,
// which is nothing) and two.
func bufferOld(p Pipeline) Alarm {
	a := Alarm{
		Queries:    watching(ofQueue(p.Buffer, oldest, "Maximum")),
		Comparison: atLeast, Threshold: 1.5 * float64(p.VisibilitySeconds),
	}
	return a.window(lasting(300, 3)).
		missing(notBreaching, "an empty queue has no oldest message").
		about(p.Name, "buffer-old",
			"Events wait in the buffer queue of {name} for longer than one try takes: the function does not fetch them, or gives them back.",
			"In the Lambda console, Event source mappings, see that the mapping is Enabled; then look at the alarms mapping-failing, function-errors and function-throttled, one of which says why. Nothing is lost as long as it waits: 14 days here, and the outage budget of tries.")
}
