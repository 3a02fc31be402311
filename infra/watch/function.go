package watch

// failingShare is the share of events, in percent, that may come back without an
// alarm: throttled calls and lost connections succeed the next time. A destination
// that is down returns all of them.
const failingShare = 10

// onlyCalls is why missing data of a function's counter is not breaching.
const onlyCalls = "Lambda reports a function only when it is invoked, and silence has an alarm of its own"

// readErrors is where the function's errors are.
const readErrors = "In the CloudWatch console, Logs Insights, log group of the function of {name}, run " +
	"`filter level = \"ERROR\" or @message like /Task timed out|Runtime|panic/`."

func functionAlarms(s Stack, p Pipeline) []Alarm {
	counter := func(metric string) Alarm {
		return Alarm{Queries: watching(ofFunction(p.Function, metric, "Sum")), Comparison: atLeast,
			Threshold: 1}.missing(notBreaching, onlyCalls)
	}
	all := []Alarm{
		// A call that fails as a whole is a crash, a time-out or (ingest=lambda) an event
		// that was neither delivered nor buffered: never part of a normal day.
		counter("Errors").window(within(300)).about(p.Name, "function-errors",
			"The function of {name} failed: a crash, a time-out, no memory, or an event that it could neither "+
				"deliver nor buffer.",
			"Lambda tries the same events again.",
			readErrors,
			"It began with a deployment: deploy the version before.",
			"Out of memory or time: raise the setting memory or timeout and deploy."),
		// A single throttle is an event that comes a little later; a quarter of an hour
		// of them uses up tries.
		counter("Throttles").window(lasting(300, 3)).about(p.Name, "function-throttled",
			"Lambda has throttled the function of {name} for 15 minutes.",
			"The account's concurrency is used up. Each throttle costs the waiting events one of their tries.",
			"In the Lambda console, Dashboard: which function uses the account's concurrency? Stop it.",
			"Or ask for a higher quota: Service Quotas, Lambda, Concurrent executions."),
		mappingFailing(s, p),
	}
	if p.Ingest == ingestLambda {
		all = append(all,
			counter("DestinationDeliveryFailures").window(within(60)).about(p.Name, "async-lost",
				"Lambda could not send an event to the queue dead after the function of {name} failed on it.",
				"The event is lost to this pipeline. Only Okta's System Log still has it, for 90 days.",
				"Write down the time of this alarm.",
				"Deploy again: that restores the queue dead, its policy and the function's role."),
			counter("AsyncEventsDropped").window(within(60)).about(p.Name, "async-dropped",
				"Lambda gave up an event after the function of {name} failed on it three times, or after six hours.",
				"The event is in the queue dead, unless the alarm async-lost fired too.",
				replaySteps(s, "REASON")...),
		)
	}
	return all
}

// mappingFailing is the share of what Lambda polled from the buffer queue that the
// function gave back. Whether AWS counts the messages named in a response or all of
// a response that names any is not clear from its words ("includes any event with a
// non-empty BatchItemFailures in the response"); with either, a share that lasts is
// a destination that does not take what it is given.
func mappingFailing(s Stack, p Pipeline) Alarm {
	a := Alarm{
		Queries: []Query{
			{ID: "failed", Metric: ofMapping(p.Mapping, "FailedInvokeEventCount", "Sum")},
			{ID: "polled", Metric: ofMapping(p.Mapping, "PolledEventCount", "Sum")},
			// A period without polls divides by zero and drops out, by CloudWatch's rules.
			{ID: "share", Expression: "100 * FILL(failed, 0) / FILL(polled, 0)", Label: "% of events that came back",
				Return: true},
		},
		Comparison: atLeast, Threshold: failingShare,
	}
	steps := []string{
		doctorFirst(s),
		"In Logs Insights, log group of the function, run `filter msg = \"invocation\" | fields @timestamp, @message " +
			"| sort @timestamp desc`: returned names the error.",
		"Throttled or 5xx: wait. It ends by itself.",
		"Access denied or not found: deploy again.",
	}
	if p.HTTPS {
		steps[3] = "The alarm destination-refuses-us is on: follow its steps."
	}
	if p.Bucket != "" {
		steps[2] = "AccessDenied, NoSuchBucket or an error of KMS: deploy again. A bucket or key of yours: is it there, in " +
			"this account and region, and does its policy let the function's role in?"
	}
	// Three of six periods: where one event an hour comes in, it comes back once in a
	// visibility timeout, six minutes and a bit, so that every second or so period
	// sees it.
	return a.window(300, 6, 3).
		missing(notBreaching, "without polls nothing fails; that nothing is polled shows in buffer-old").
		about(p.Name, "mapping-failing",
			"A tenth or more of the events of {name} come back to the buffer queue.",
			"The destination is down, throttles, or refuses access. Events are tried for outageHours, "+
				"then they go to the queue redrive.",
			steps...)
}
