package watch

// failingShare is the share of events, in percent, that may come back without
// waking anybody: throttled calls and lost connections come back and are done with
// the next time. A destination that is down sends back all of them.
const failingShare = 10

// onlyCalls is why no data of a function's counter is good news.
const onlyCalls = "Lambda reports a function only when it is called, and silence has an alarm of its own"

// readErrors is where a function says why.
const readErrors = "In the CloudWatch console, Logs Insights, log group of the function of {name}: filter level = \"ERROR\" or @message like /Task timed out|Runtime|panic/. "

func functionAlarms(s Stack, p Pipeline) []Alarm {
	counter := func(metric string) Alarm {
		return Alarm{Queries: watching(ofFunction(p.Function, metric, "Sum")), Comparison: atLeast, Threshold: 1}.missing(notBreaching, onlyCalls)
	}
	all := []Alarm{
		// A call that fails as a whole is a crash, a time-out or (ingest=lambda) an event
		// that was neither delivered nor buffered: never part of a normal day.
		counter("Errors").window(within(300)).about(p.Name, "function-errors",
			"The function of {name} has crashed, run out of time or memory, or could neither deliver nor buffer an event; what it was given comes again.",
			readErrors+"If it began with a deployment, deploy the version before; if it ran out of memory or time, raise the setting memory or timeout."),
		// A single throttle is an event that comes a little later; a quarter of an hour
		// of them uses up tries.
		counter("Throttles").window(lasting(300, 3)).about(p.Name, "function-throttled",
			"Lambda has refused to run the function of {name} for a quarter of an hour, because the account's concurrency is used up; each refusal costs the waiting events one of their tries.",
			"In the Lambda console, Dashboard, see which function uses the account's concurrency; stop it or ask for a higher quota (Service Quotas, Lambda, Concurrent executions)."),
		mappingFailing(p),
	}
	if p.Ingest == ingestLambda {
		all = append(all,
			counter("DestinationDeliveryFailures").window(within(60)).about(p.Name, "async-lost",
				"Lambda could bring an event that the function of {name} failed on not even to the queue dead: that event is lost.",
				"Deploy again, which puts back the queue dead, its policy and the function's role; write down the time, because only Okta's System Log (90 days) still has what was lost."),
			counter("AsyncEventsDropped").window(within(60)).about(p.Name, "async-dropped",
				"Lambda has given up an event that the function of {name} failed on three times, or that waited for six hours; it lies in the queue dead, unless the alarm async-lost has fired too.",
				readErrors+"Mend what it says, then bring the event back with `oktastream dlq replay --stack "+s.Name+"`."),
		)
	}
	return all
}

// mappingFailing is the share of what Lambda polled from the buffer queue that the
// function gave back. Whether AWS counts the messages named in a response or all of
// a response that names any is not clear from its words ("includes any event with a
// non-empty BatchItemFailures in the response"); with either, a share that lasts is
// a destination that does not take what it is given.
func mappingFailing(p Pipeline) Alarm {
	a := Alarm{
		Queries: []Query{
			{ID: "failed", Metric: ofMapping(p.Mapping, "FailedInvokeEventCount", "Sum")},
			{ID: "polled", Metric: ofMapping(p.Mapping, "PolledEventCount", "Sum")},
			// A period without polls divides by zero and drops out, by CloudWatch's rules.
			{ID: "share", Expression: "100 * FILL(failed, 0) / FILL(polled, 0)", Label: "% of events that came back", Return: true},
		},
		Comparison: atLeast, Threshold: failingShare,
	}
	// Three of six periods: where one event an hour comes in, it comes back once in a
	// visibility timeout, six minutes and a bit, so that every second or so period
	// sees it.
	return a.window(300, 6, 3).
		missing(notBreaching, "where nothing is polled nothing fails; that nothing is polled at all shows in buffer-old").
		about(p.Name, "mapping-failing",
			"A tenth or more of the events that the function of {name} is given comes back undone: the destination is down, throttles, or lets us in no more.",
			"In Logs Insights on the function's log group run `filter msg = \"invocation\" | fields @timestamp, @message | sort @timestamp desc`: returned names the error. Throttled or 5xx mends itself, and the events wait for the outage budget; access denied or not found: deploy again.")
}
