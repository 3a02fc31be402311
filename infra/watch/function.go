package watch

import "strings"

func functionAlarms(s Stack, p Pipeline) []Alarm {
	counter := func(kind, metric string, a Alarm) Alarm {
		a.Kind, a.WhyMissing, a.Queries = kind, onlyCalls, watching(ofFunction(p.Function, metric, "Sum"))
		return a
	}
	all := []Alarm{
		// A call that fails as a whole is never part of a normal day.
		counter("function-errors", "Errors", Alarm{PeriodSeconds: 300,
			Happened: "The function of {name} failed: a crash, a time-out, no memory, or an event that it could neither " +
				"deliver nor buffer.",
			Means: "Lambda tries the same events again.",
			Do: []string{readErrors, "It began with a deployment: deploy the version before.",
				"Out of memory or time: raise the setting memory or timeout and deploy."}}),
		// A single throttle only delays an event; a quarter of an hour of them uses up tries.
		counter("function-throttled", "Throttles", Alarm{
			Happened: "Lambda has throttled the function of {name} for 15 minutes.",
			Means:    "The account's concurrency is used up. Each throttle costs the waiting events one of their tries.",
			Do: []string{"In the Lambda console, Dashboard: which function uses the account's concurrency? Stop it.",
				"Or ask for a higher quota: Service Quotas, Lambda, Concurrent executions."}}.lasting(300, 3)),
		mappingFailing(s, p),
	}
	if p.Ingest == ingestLambda {
		all = append(all,
			counter("async-lost", "DestinationDeliveryFailures", Alarm{
				Happened: "Lambda could not send an event to the queue dead after the function of {name} failed on it.",
				Means:    lost,
				Do: []string{writeDown,
					"Deploy again: that restores the queue dead, its policy and the function's role.", sendLost}}),
			counter("async-dropped", "AsyncEventsDropped", Alarm{
				Happened: "Lambda gave up an event after the function of {name} failed on it three times, or after six hours.",
				Means:    "The event is in the queue dead, unless the alarm async-lost fired too.",
				Do:       replaySteps(s, "REASON")}))
	}
	return all
}

// mappingFailing is the share of what Lambda polled from the buffer queue that the function returned. Throttled calls
// and lost connections succeed the next time; a destination that is down returns all events. AWS's words ("includes any
// event with a non-empty BatchItemFailures in the response") leave open whether the messages named in a response count,
// or all of a response that names any; with either, a share that lasts is a destination that does not take what it is
// given.
func mappingFailing(s Stack, p Pipeline) Alarm {
	steps := []string{
		doctorFirst(s),
		inFunctionLog + "`filter msg = \"invocation\" | fields @timestamp, @message | sort @timestamp desc`: returned " +
			"names the error.",
		"Throttled or 5xx: wait. It ends by itself.",
		"Access denied or not found: deploy again.",
	}
	if p.HTTPS {
		steps[3] = "The alarm destination-refuses-us is on: follow its steps."
	}
	if p.Bucket != "" {
		steps[2] = "AccessDenied, NoSuchBucket or an error of KMS: deploy again. If bucket or key is your own: does it " +
			"exist in this account and region, and does its policy let the function's role in?"
	}
	return Alarm{Kind: "mapping-failing", Threshold: 10,
		Queries: []Query{
			{ID: "failed", Metric: ofMapping(p.Mapping, "FailedInvokeEventCount", "Sum")},
			{ID: "polled", Metric: ofMapping(p.Mapping, "PolledEventCount", "Sum")},
			// A period without polls divides by zero and drops out, by CloudWatch's rules.
			{ID: "share", Expression: "100 * FILL(failed, 0) / FILL(polled, 0)", Label: "% of events that came back",
				Return: true},
		},
		// Where one event an hour comes in, it comes back once in a visibility timeout, a little more than six minutes, so
		// that about every second period sees it.
		PeriodSeconds: 300, Periods: 6, ToAlarm: 3,
		WhyMissing: "without polls nothing fails; that nothing is polled shows in buffer-old",
		Happened:   "A tenth or more of the events of {name} come back to the buffer queue.",
		Means: "The destination is down, throttles, or refuses access. Events are tried for outageHours, " +
			"then they go to the queue redrive.",
		Do: steps,
	}
}

// terms returns the terms of the ledger's equation: what received events became (package ledger).
func terms() []string {
	return []string{"delivered", "accepted_by_eventbridge", "duplicate", "filtered", "returned", "exhausted", "dead"}
}

// ledgerAlarms returns the alarms of what the function counts. Replays count too: one can fail hours after it was
// started.
func ledgerAlarms(s Stack, p Pipeline) []Alarm {
	withReplays := func(word string) []Query {
		return watchingSum(word, own(p.Name, word, "Sum"), ownReplay(p.Name, word, "Sum"))
	}
	lagMeans := "Events are late. Nothing is lost."
	if p.DeliveryRule != "" {
		lagMeans = "Events are late. The lag ends when EventBridge accepts a batch: Datadog's own delay shows in " +
			"delivery-retrying."
	}
	all := []Alarm{
		// 15 minutes: events come within seconds; one that came back twice is twelve minutes late, and Okta promises no
		// latency (help.okta.com, "Log Streaming", 2026-11). Three periods in a row: in a small organisation a single late
		// event is the p99.
		Alarm{Kind: "lag", Queries: watching(own(p.Name, "lag_ms", "p99")), Threshold: 15 * 60 * 1000,
			Happened: "For 15 minutes one event in a hundred reached the destination of {name} more than 15 minutes after " +
				"Okta published it.",
			Means: lagMeans,
			Do: []string{"The alarm buffer-old or mapping-failing is on: follow its steps.",
				"Neither is on: Okta or EventBridge is late. Look at Okta's status page."}}.lasting(300, 3),
		// Such an event is in no dead-letter queue yet.
		{Kind: "dead-letter-failed", Queries: withReplays("dead_letter_failed"),
			Happened: "The function of {name} could not copy an undeliverable event to the queue dead.",
			Means: "SQS refused the copy, or event and reason together are larger than 1 MiB. The event comes back until it " +
				"is in redrive.",
			Do: []string{readErrors, "Access denied: deploy again.", "Too long: keep the event with `oktastream dlq show UUID " +
				"--body --stack " + s.Name + "` when it is in redrive."}},
		{Kind: "exhausted", Queries: withReplays("exhausted"),
			Happened: "The function of {name} returned an event at its last receive.",
			Means:    "SQS moves it to the queue redrive now.",
			Do: append([]string{inFunctionLog + "`filter ledger.exhausted > 0 or replay.exhausted > 0 | fields @timestamp, " +
				"@message`: returned names the error."}, replaySteps(s, "exhausted")...)},
		{Kind: "conflict", Queries: watching(own(p.Name, "conflict", "Sum")), PeriodSeconds: hour,
			Happened: "Two events with the same uuid and different content came in one batch of {name}.",
			Means:    "Both are delivered. Either Okta changed the event, or somebody forged one.",
			Do: []string{inFunctionLog + "`filter ledger.conflict > 0` for the time of this alarm.",
				"Compare the two in the destination, by uuid."}},
		{Kind: "ledger-unbalanced", Queries: imbalance(p),
			Happened: "The ledger of {name} does not balance.",
			Means:    "The function does not account for every event that it received. That is a fault of oktastream.",
			Do: []string{inFunctionLog + "`filter ispresent(fault)` and report the line.", "Deploy the version before.",
				"Compare the hour with Okta's System Log: `oktastream reconcile`."}},
	}
	for i := range all {
		all[i].WhyMissing = onlyWritten
	}
	return all
}

// imbalance is the ledger's equation over the function's own metrics. They are written in one document and so have one
// timestamp: no tolerance is needed. The ledgers of replays are left out, which would make more than the ten metrics
// that an alarm may read; the function's log says fault for those too.
func imbalance(p Pipeline) []Query {
	queries := []Query{{ID: "received", Metric: own(p.Name, "received", "Sum")}}
	var sum []string
	for _, word := range terms() {
		queries = append(queries, Query{ID: word, Metric: own(p.Name, word, "Sum")})
		sum = append(sum, "FILL("+word+", 0)")
	}
	return append(queries, Query{ID: "fault", Label: "events that the ledger does not account for", Return: true,
		Expression: "ABS(FILL(received, 0) - (" + strings.Join(sum, " + ") + "))"})
}

// refusals returns, for each destination that a function calls over HTTPS, the settings that are usually wrong when it
// refuses the function, and where to look at the destination; "" is any destination.
func refusals() map[string][2]string {
	return map[string][2]string{
		"datadog": {"secret (the API key) or site",
			"In Datadog, Organization Settings, API Keys: is the secret's key still there?"},
		"splunk": {"secret (the HEC token), index or ack",
			"In Splunk, Settings, Data inputs, HTTP Event Collector: is the token enabled, and may it write to the index?"},
		"elastic": {"secret, auth, dataStream or endpoint",
			"In Kibana, Stack Management, API keys: is the key there, with auto_configure and create_doc on the data stream? " +
				"Are the assets of the Okta integration installed?"},
		"opensearch": {"auth, secret, index, dataStream or endpoint",
			"In OpenSearch, Security, Roles (serverless: data access policies): may the function's role, or the user, write " +
				"to the index?"},
		"": {"secret, endpoint, index or dataStream",
			"At the destination: does the key, token, user or role exist, and may it write to the index?"},
	}
}

// refusesUs is for records that went back because of a setting of ours: the wrong key, an index that does not exist.
// They are tried for outageHours only, so one record in any five minutes is enough.
func refusesUs(p Pipeline) Alarm {
	const metric = "refused_by_destination"
	r, known := refusals()[p.Destination]
	if !known {
		r = refusals()[""]
	}
	return Alarm{Kind: "destination-refuses-us", PeriodSeconds: 300, WhyMissing: onlyWritten,
		Queries:  watchingSum(metric, own(p.Name, metric, "Sum"), ownReplay(p.Name, metric, "Sum")),
		Happened: "The destination of {name} refuses the function for one of these settings: " + r[0] + ".",
		Means: "Events go back to the buffer queue and are tried for outageHours, then they go to the queue redrive. " +
			"None goes to the queue dead for this reason.",
		Do: []string{inFunctionLog + "`filter ledger.refused_by_destination > 0 or replay.refused_by_destination > 0 | " +
			"fields @timestamp, @message`: returned names the setting.", r[1],
			"A wrong secret: put the right value into it. The function reads it again within a minute, without a deployment.",
			"Another setting: change it and deploy."},
	}
}
