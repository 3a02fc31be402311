package watch

import "slices"

// lag has no line where its alarm fires: the console would scale the graph to it, and an ordinary day, of seconds,
// would be a flat line.
func lag(p Pipeline) widget {
	w := graph(6, "lag: published to delivered", "seconds")
	if p.DeliveryRule != "" {
		w.title = "lag: published to accepted by EventBridge"
	}
	w.lines = slices.Concat(inSeconds("p50", own(p.Name, "lag_ms", "p50"), "p50", blue), inSeconds("p99", own(p.Name,
		"lag_ms", "p99"), "p99", orange))
	return w
}

// failures shows returned events, which are many in an outage, on the right axis, so that a single crash can be seen on
// the left one.
func failures(p Pipeline) widget {
	w := graph(6, titleFailures, "events, calls",
		line{metric: ofMapping(p.Mapping, "FailedInvokeEventCount", "Sum"), label: "came back to the queue",
			colour: orange, right: true},
		of(ofFunction(p.Function, "Errors", "Sum"), "calls that crashed", red),
		of(ofFunction(p.Function, "Throttles", "Sum"), "calls throttled", purple),
		of(own(p.Name, "dead_letter_failed", "Sum"), "dead-letter-failed", brown),
		of(own(p.Name, "conflict", "Sum"), "conflict", blue),
	)
	if p.HTTPS {
		w.lines = append(w.lines, of(own(p.Name, "refused_by_destination", "Sum"), "refused for a setting", darkRed))
	}
	w.rightUnit = "came back"
	return w
}

// entrance shows what is between the rule and the function: the counters where there is a queue, the asynchronous calls
// where there is none.
func entrance(p Pipeline) widget {
	if p.Ingest != ingestQueue {
		w := graph(12, "asynchronous calls", "events",
			of(ofFunction(p.Function, "AsyncEventsReceived", "Sum"), "received", blue),
			of(ofFunction(p.Function, "AsyncEventsDropped", "Sum"), "given up", red),
			of(ofFunction(p.Function, "DestinationDeliveryFailures", "Sum"), "lost", darkRed),
			line{metric: ofFunction(p.Function, "AsyncEventAge", "Maximum"), id: "age", label: "oldest", hidden: true},
			line{expression: "age / 1000", id: "age_s", label: "oldest, seconds", colour: orange, right: true})
		w.rightUnit = "seconds"
		return w
	}
	w := graph(12, "counters: the hour before, by AWS's own counters", "events an hour")
	w.period, w.signed = hour, true
	for _, q := range counters(p) {
		w.lines = append(w.lines, line{metric: q.Metric, expression: q.Expression, id: q.ID, label: q.ID, hidden: true})
	}
	// The gap itself is not shown: in an outage it varies, within the tolerance, and would alarm people without a reason.
	w.lines = append(w.lines,
		line{expression: before("FILL(matched, 0)"), id: "went_in", label: "went in", colour: blue},
		line{expression: before("FILL(deleted, 0)"), id: "came_out", label: "came out", colour: green},
		line{expression: "edge", id: "held", label: "waiting at its end", colour: orange},
		line{expression: "IF(missing > 0, gap, 0)", id: "unaccounted", label: "not accounted for", colour: red},
	)
	return w
}

func deadLetterDepth(p Pipeline) widget {
	w := graph(6, "dead letters waiting", "dead", of(ofQueue(p.Dead, waiting, "Maximum"), "dead", red))
	if p.Redrive != "" {
		// So that a single message in dead can be seen beside what an outage leaves in redrive.
		w.lines = append(w.lines, line{metric: ofQueue(p.Redrive, waiting, "Maximum"), label: "redrive", colour: orange,
			right: true})
		w.rightUnit = "redrive"
	}
	return w
}

func buffer(p Pipeline) widget {
	w := graph(6, "buffer queue", "messages",
		of(ofQueue(p.Buffer, waiting, "Maximum"), "waiting", blue),
		of(ofQueue(p.Buffer, inFlight, "Maximum"), "in flight", green),
		line{metric: ofQueue(p.Buffer, oldest, "Maximum"), label: "oldest, seconds", colour: orange, right: true})
	w.rightUnit = "seconds"
	return w
}

// volume shows the bytes that AWS or the destination charges for. CloudWatch Logs counts 26 bytes an event on top.
func volume(p Pipeline) widget {
	w := graph(6, "bytes that cost money", "bytes",
		of(own(p.Name, "bytes_in", "Sum"), "from Okta", grey), of(own(p.Name, "bytes_out", "Sum"), "sent", blue))
	if p.LogGroup != "" {
		w.lines = append(w.lines, of(ofLogGroup(p.LogGroup, "IncomingBytes", "Sum"), "into CloudWatch Logs", green))
	}
	w.period = hour
	return w
}

func duration(p Pipeline) widget {
	w := graph(6, "function: duration", "seconds")
	w.lines = slices.Concat(inSeconds("p50", ofFunction(p.Function, "Duration", "p50"), "p50", blue),
		inSeconds("slowest", ofFunction(p.Function, "Duration", "Maximum"), "longest", orange))
	return w
}

func calls(p Pipeline) widget {
	w := graph(6, "function: calls", "calls",
		of(ofFunction(p.Function, "Invocations", "Sum"), "calls", blue),
		of(ofFunction(p.Function, "Errors", "Sum"), "errors", red),
		line{metric: ofFunction(p.Function, "ConcurrentExecutions", "Maximum"), label: "at a time", colour: green,
			right: true})
	w.rightUnit = "at a time"
	return w
}

func notes(p Pipeline) widget {
	w := graph(6, titleNotes, "events",
		of(own(p.Name, "unknown_type", "Sum"), "unknown_type", purple),
		of(own(p.Name, "restamped", "Sum"), "restamped", blue),
		of(own(p.Name, "fallback_raw", "Sum"), "fallback_raw", orange),
		of(ownReplay(p.Name, "received", "Sum"), "replayed", green),
		of(ownBackfill(p.Name, "received", "Sum"), "backfilled", grey))
	if p.HTTPS {
		w.lines = append(w.lines, of(own(p.Name, "already_there", "Sum"), "already_there", pale))
	}
	return w
}

// delivered shows what became of the events that a rule matched.
func delivered(width int, title, unit, bus, rule string) widget {
	return graph(width, title, unit,
		of(ofRule(bus, rule, "MatchedEvents", "Sum"), "matched", blue),
		of(ofRule(bus, rule, "SuccessfulInvocationAttempts", "Sum"), "accepted", green),
		of(ofRule(bus, rule, "RetryInvocationAttempts", "Sum"), "tried again", orange),
		of(ofRule(bus, rule, "FailedInvocations", "Sum"), "given up", red),
		of(ofRule(bus, rule, "InvocationsSentToDlq", "Sum"), "to the queue dead", darkRed))
}

// towards shows the time from an event to its delivery to the rule's target.
func towards(width int, title, bus, rule string) widget {
	w := graph(width, title, "seconds")
	w.lines = slices.Concat(
		inSeconds("p50", ofRule(bus, rule, "IngestionToInvocationSuccessLatency", "p50"), "p50", blue),
		inSeconds("p99", ofRule(bus, rule, "IngestionToInvocationSuccessLatency", "p99"), "p99", orange))
	return w
}
