package watch

import "fmt"

// week is the longest that an alarm's periods may last together, in hours
// (PutMetricAlarm, Period, 2026-11), and half of the 14 days that SQS keeps a
// message.
const week = 7 * 24

// fullInFlight is where a queue is near the 120,000 messages in flight beyond which
// SQS gives out no more (API reference, ReceiveMessage, 2026-11).
const fullInFlight = 100_000

// A dead-letter queue that is not used may stop reporting: "CloudWatch considers
// a queue to be active for up to six hours if it contains any messages or if any
// action accesses it" (SQS Developer Guide, "Monitoring Amazon SQS queues using
// CloudWatch"; the sentence leaves open what a queue with messages does after
// that). The last known state must stay.
const whyIgnore = "SQS may stop reporting a queue that was not used for six hours, and its messages are still there"

func queueAlarms(s Stack, p Pipeline) []Alarm {
	all := deadLetters(p.Dead, p.Name, "dead",
		"A message is in the queue dead of {name}.",
		"An event was refused, or cannot be read. SQS deletes it 14 days after it was put there.",
		replaySteps(s, "REASON")...)
	if p.Buffer == "" {
		return all
	}
	all = append(all, deadLetters(p.Redrive, p.Name, "redrive",
		"A message is in the queue redrive of {name}.",
		fmt.Sprintf("The event was tried for about %d hours (outageHours), and the destination did not accept it. "+
			"SQS deletes it 14 days after it first came.", p.OutageHours),
		replaySteps(s, "exhausted")...)...)
	return append(all, bufferDeep(p), bufferOld(s, p))
}

// deadLetters are the two alarms of a dead-letter queue: that it is not empty, and
// that it still is not after half of the retention.
func deadLetters(queue, owner, which, happened, means string, do ...string) []Alarm {
	first := Alarm{
		// The gauge, not the counter of messages sent: what SQS itself moves into a
		// dead-letter queue is not counted ("Available CloudWatch metrics for Amazon
		// SQS", dead-letter queues, 2026-11). One message is enough.
		Queries:    watching(ofQueue(queue, waiting, "Maximum")),
		Comparison: atLeast, Threshold: 1,
	}
	old := Alarm{
		Queries: []Query{
			// Receiving hides messages for half a minute; an hour's maximum is not
			// affected by that.
			{ID: "waiting", Metric: ofQueue(queue, waiting, "Maximum")},
			// See whyIgnore: an hour without a report is like the one before it.
			{ID: "held", Expression: "FILL(waiting, REPEAT)", Label: "messages", Return: true},
		},
		Comparison: atLeast, Threshold: 1,
	}
	return []Alarm{
		first.window(within(60)).missing(ignore, whyIgnore).about(owner, which+"-not-empty", happened, means, do...),
		old.window(lasting(3600, week)).missing(ignore, whyIgnore).about(owner, which+"-for-a-week",
			"The queue "+which+" of {name} has not been empty for 7 days.",
			"SQS deletes its oldest messages in 7 days or less.", do...),
	}
}

// bufferDeep is near SQS's limit, which is the same for every organisation. That
// the function does not keep up shows in bufferOld.
func bufferDeep(p Pipeline) Alarm {
	a := Alarm{
		Queries: watchingSum("messages waiting and in flight",
			ofQueue(p.Buffer, waiting, "Maximum"), ofQueue(p.Buffer, inFlight, "Maximum")),
		Comparison: atLeast, Threshold: fullInFlight,
	}
	// Three times five minutes, so that a burst that is drained at once does not fire.
	return a.window(lasting(300, 3)).
		missing(notBreaching, "a queue that reports nothing is not deep").
		about(p.Name, "buffer-deep",
			"The buffer queue of {name} holds 100,000 messages or more.",
			"At 120,000 messages in flight SQS hands out no more until some are deleted.",
			"The alarm mapping-failing is on: the destination does not accept events. Follow its steps.",
			"The alarm function-throttled is on: Lambda's concurrency is used up. Follow its steps.",
			"Neither is on: raise the setting concurrency and deploy.")
}

// bufferOld is of messages that are not received, or that come back. SQS leaves a
// message out of this metric once it was received three times ("Available
// CloudWatch metrics for Amazon SQS", 2026-11), so in an outage, where each comes
// back after one visibility timeout, the metric stays near two of them however long
// it lasts: the threshold must lie between one (a message that came back once,
// which is nothing) and two.
func bufferOld(s Stack, p Pipeline) Alarm {
	a := Alarm{
		Queries:    watching(ofQueue(p.Buffer, oldest, "Maximum")),
		Comparison: atLeast, Threshold: 1.5 * float64(p.VisibilitySeconds),
	}
	return a.window(lasting(300, 3)).
		missing(notBreaching, "an empty queue has no oldest message").
		about(p.Name, "buffer-old",
			"Events wait in the buffer queue of {name} for longer than one try takes.",
			"The function does not receive them, or returns them. Nothing is lost: SQS keeps them for 14 days, "+
				"and they are tried for outageHours.",
			doctorFirst(s))
}
