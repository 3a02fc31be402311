package watch

import "fmt"

// Why missing data is not breaching.
const (
	onlyWritten    = "the function writes metrics only when it is invoked, and silence has an alarm of its own"
	onlyCalls      = "Lambda reports a function only when it is invoked, and silence has an alarm of its own"
	eventsOnlyWhen = "EventBridge sends this metric only when it is not zero"
)

// Steps of several alarms.
const (
	inFunctionLog = "In Logs Insights, log group of the function, run "
	deployAgain   = "Deploy again: that restores the queue dead, its policy and the key."
	writeDown     = "Write down the time of this alarm."
	lost          = "The event is lost to this pipeline. Only Okta's System Log still has it, for 90 days."
	sendMissed    = "Once the stream is active, find and send what was missed, with `oktastream reconcile` or " +
		"`oktastream backfill`: lambda/systemlog/README.md, \"Okta switched the stream off: what now\"."
	sendLost = "Find and send what was lost, with `oktastream reconcile` or `oktastream backfill`: " +
		"lambda/systemlog/README.md, \"Okta switched the stream off: what now\", from step 3."
	readErrors = "In the CloudWatch console, Logs Insights, log group of the function of {name}, run " +
		"`filter level = \"ERROR\" or @message like /Task timed out|Runtime|panic/`."
	activateStream = "In Okta, Reports, Log Streaming: activate the stream if it is not Active."
)

// doctorFirst is the step before a person looks anywhere else.
func doctorFirst(s Stack) string {
	return "Run `oktastream doctor --stack " + s.Name + "`: it names the link that is broken, and the next step."
}

// Alarms returns the alarms of a stack: first the stack's own, then each pipeline's, then the auditor's.
//
// The alarm silence exists only where s.Live is set. CloudWatch acts when a state changes: an alarm that is in ALARM
// before its actions are enabled would notify nobody, and the dashboard would be red before the first event.
func Alarms(s Stack) []Alarm {
	var all []Alarm
	if s.Live {
		all = append(all, named(s.Name, silence(s))...)
	}
	if m, why := streamChanges(s); m != nil {
		all = append(all, named(s.Name, Alarm{Kind: "stream-changed", Queries: watching(m), WhyMissing: why,
			Happened: "Okta reports an event system.log_stream.*.",
			Means:    "Somebody created, changed, activated, deactivated or deleted a log stream in Okta.",
			Do: []string{`In Okta, Reports, System Log, search for eventType sw "system.log_stream", ` +
				"or run the saved query log-stream-changed.",
				"Ask the person named there whether the change was meant. If not, treat it as an incident.", sendMissed},
		})...)
	}
	for _, p := range s.Pipelines {
		all = append(all, named(p.Name, pipelineAlarms(s, p)...)...)
	}
	return append(all, auditorAlarms(s)...)
}

func pipelineAlarms(s Stack, p Pipeline) []Alarm {
	all := append(ruleAlarms(s, p), queueAlarms(s, p)...)
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

// silence counts what EventBridge ingests from the partner event source, which needs no rule: neither a filter nor a
// fault of ours can look like silence.
func silence(s Stack) Alarm {
	a := Alarm{Kind: "silence", Comparison: lessThan, Threshold: 1, Missing: breaching,
		WhyMissing: "no event is what the alarm waits for",
		Queries: []Query{
			{ID: "ingested", Metric: ofSource(s.Source, "Events", "Sum")},
			// An alarm looks further back than its window where periods have no data, and one old event would hold it at OK
			// ("Configuring how CloudWatch alarms treat missing data", CloudWatch User Guide, 2026-11). A zero is data. The
			// newest minutes, which are always zero at first, do no harm: every period of the window must breach.
			{ID: "events", Expression: "FILL(ingested, 0)", Label: "events from Okta", Return: true},
		},
		Happened: fmt.Sprintf("EventBridge has received no event from Okta for %d minutes.", s.SilenceMinutes),
		Means: "Okta may have switched the log stream off, which it does after two failed deliveries. Okta does not send " +
			"the missed events later; its System Log keeps them for 90 days.",
		Do: []string{doctorFirst(s), activateStream, sendMissed,
			"If no event for so long is normal for you, raise silenceMinutes."},
	}
	// All periods of an alarm together may last a day, or with periods of an hour or more seven days (PutMetricAlarm,
	// Period, 2026-11).
	if s.SilenceMinutes > 24*60 {
		return a.lasting(hour, (s.SilenceMinutes+59)/60)
	}
	return a.lasting(60, max(s.SilenceMinutes, 1))
}

// streamChanges returns what counts Okta's events about log streams: a function, or a rule of its own where no pipeline
// has one; and why its missing data is not breaching. It is nil where nothing counts them.
func streamChanges(s Stack) (m *Metric, why string) {
	for _, p := range s.Pipelines {
		if p.Function != "" {
			return own(p.Name, "stream_changed", "Sum"), onlyWritten
		}
	}
	if s.StreamRule != "" {
		m = ofRule(s.Bus, s.StreamRule, "MatchedEvents", "Sum")
	}
	return m, eventsOnlyWhen
}

// ruleAlarms returns the alarms of the pipeline's own rule, and of the rule that POSTs to Datadog. One event that a
// rule gives up is enough, in any minute.
func ruleAlarms(s Stack, p Pipeline) []Alarm {
	failed := func(kind, bus, rule, metric string, a Alarm) Alarm {
		a.Kind, a.Queries, a.WhyMissing = kind, watching(ofRule(bus, rule, metric, "Sum")), eventsOnlyWhen
		return a
	}
	all := []Alarm{
		failed("rule-failed", p.Bus, p.Rule, "FailedInvocations", Alarm{
			Happened: "EventBridge gave up delivering an event to the target of the rule {name}.",
			Means:    "The event is in the queue dead with EventBridge's error, unless the alarm rule-lost fired too.",
			Do:       replaySteps(s, "REASON")}),
		failed("rule-lost", p.Bus, p.Rule, "InvocationsFailedToBeSentToDlq", Alarm{
			Happened: "EventBridge could deliver an event neither to the target of the rule {name} nor to the queue dead.",
			Means:    lost, Do: []string{writeDown, deployAgain, sendLost}}),
	}
	if p.DeliveryRule == "" && p.Ingest != ingestRule {
		return all
	}
	all = append(all, deliveryRetrying(p))
	if p.DeliveryRule == "" {
		return all
	}
	return append(all,
		failed("delivery-failed", p.DeliveryBus, p.DeliveryRule, "FailedInvocations", Alarm{
			Happened: "EventBridge gave up delivering a batch of {name} to Datadog.",
			Means: "Datadog answered 4xx other than 401, 407, 409 and 429, or did not accept the batch for 8 hours. " +
				"The batch is in the queue dead with the HTTP status.",
			Do: replaySteps(s, "REASON")}),
		failed("delivery-lost", p.DeliveryBus, p.DeliveryRule, "InvocationsFailedToBeSentToDlq", Alarm{
			Happened: "EventBridge could deliver a batch of {name} neither to Datadog nor to the queue dead.",
			Means: "Up to 1,000 events are lost to Datadog. Okta's System Log still has them for 90 days, " +
				"and so has the log group of a CloudWatch pipeline.",
			Do: []string{writeDown, deployAgain, sendLost}}))
}

// deliveryRetrying counts what EventBridge repeats, which FailedInvocations leaves out ("doesn't include invocations
// that are retried", "Monitoring Amazon EventBridge", 2026-11), for the rules whose target is the destination itself. A
// single repeated call is normal; a quarter of an hour of them is not.
//
// An API destination repeats 401, 407, 409, 429, 5xx and time-outs of 5 seconds, and no other status ("API
// destinations", EventBridge User Guide, 2026-11).
func deliveryRetrying(p Pipeline) Alarm {
	const metric = "RetryInvocationAttempts"
	a := Alarm{Kind: "delivery-retrying", WhyMissing: eventsOnlyWhen}.lasting(300, 3)
	a.Queries = watching(ofRule(p.Bus, p.Rule, metric, "Sum"))
	if p.DeliveryRule == "" {
		a.Happened = "EventBridge has repeated deliveries of {name} to CloudWatch Logs for 15 minutes."
		a.Means = "CloudWatch Logs throttles, or is down. Nothing is lost for 24 hours; then the events go to the queue dead."
		a.Do = []string{"Look at the AWS Health Dashboard for CloudWatch Logs.",
			"Service Quotas, CloudWatch Logs: is PutLogEvents throttled? Ask for a higher quota."}
		return a
	}
	toDatadog := ofRule(p.DeliveryBus, p.DeliveryRule, metric, "Sum")
	a.Queries = watching(toDatadog)
	if p.Ingest == ingestRule {
		a.Queries = watchingSum("repeated deliveries", toDatadog, ofRule(p.Bus, p.Rule, metric, "Sum"))
	}
	a.Happened = "EventBridge has repeated deliveries of {name} to Datadog for 15 minutes."
	a.Means = "Datadog answers 401, 407, 409, 429 or 5xx, or not within 5 seconds. Nothing is lost for 8 hours; " +
		"then the batches go to the queue dead."
	a.Do = []string{"In Datadog, Organization Settings, API Keys: is the secret's key still there? If not (401), " +
		"put a valid one into the secret and deploy with -c secretVersion=ID.",
		"Look at Datadog's status page (5xx, slow answers).",
		"If Datadog limits your intake (429), lower the setting rate and deploy."}
	return a
}

// whyIgnore: "CloudWatch considers a queue to be active for up to six hours if it contains any messages or if any
// action accesses it" (SQS Developer Guide, "Monitoring Amazon SQS queues using CloudWatch", 2026-11), which leaves
// open what a queue with messages does after that. The last known state must stay.
const whyIgnore = "SQS may stop reporting a queue that was not used for six hours, and its messages are still there"

func queueAlarms(s Stack, p Pipeline) []Alarm {
	all := deadLetters(p.Dead, "dead", "An event was refused, or cannot be read. SQS deletes it 14 days after it was put "+
		"there.", func() []string { return replaySteps(s, "REASON") })
	if p.Buffer == "" {
		return all
	}
	all = append(all, deadLetters(p.Redrive, "redrive", fmt.Sprintf("The event was tried for about %d hours "+
		"(outageHours), and the destination did not accept it. SQS deletes it 14 days after it first came.", p.OutageHours),
		func() []string { return replaySteps(s, "exhausted") })...)
	return append(all,
		// SQS gives out no more beyond 120,000 messages in flight (API reference, ReceiveMessage, 2026-11), whatever the
		// organisation. That the function does not keep up shows in buffer-old. A burst that is drained at once does not
		// fire.
		Alarm{Kind: "buffer-deep", Threshold: 100_000, WhyMissing: "a queue that reports nothing is not deep",
			Queries: watchingSum("messages waiting and in flight", ofQueue(p.Buffer, waiting, "Maximum"),
				ofQueue(p.Buffer, inFlight, "Maximum")),
			Happened: "The buffer queue of {name} holds 100,000 messages or more.",
			Means:    "At 120,000 messages in flight SQS hands out no more until some are deleted.",
			Do: []string{
				"The alarm mapping-failing is on: the destination does not accept events. Follow its steps.",
				"The alarm function-throttled is on: Lambda's concurrency is used up. Follow its steps.",
				"Neither is on: raise the setting concurrency and deploy."},
		}.lasting(300, 3),
		bufferOld(s, p))
}

// deadLetters returns the two alarms of a dead-letter queue: that it is not empty, and that it still is not after a
// week, which is half of the 14 days that SQS keeps a message, and the longest that an alarm's periods may last
// together (PutMetricAlarm, Period, 2026-11).
func deadLetters(queue, which, means string, do func() []string) []Alarm {
	return []Alarm{
		{Kind: which + "-not-empty", Missing: ignore, WhyMissing: whyIgnore, Do: do(), Means: means,
			// The gauge, not the counter of messages sent, which leaves out what SQS itself moves into a dead-letter queue
			// ("Available CloudWatch metrics for Amazon SQS", dead-letter queues, 2026-11).
			Queries:  watching(ofQueue(queue, waiting, "Maximum")),
			Happened: "A message is in the queue " + which + " of {name}."},
		Alarm{Kind: which + "-for-a-week", Missing: ignore, WhyMissing: whyIgnore, Do: do(),
			Queries: []Query{
				// Receiving hides messages for half a minute; an hour's maximum is not affected by that.
				{ID: "waiting", Metric: ofQueue(queue, waiting, "Maximum")},
				// See whyIgnore: an hour without a report is like the one before it.
				{ID: "held", Expression: "FILL(waiting, REPEAT)", Label: "messages", Return: true},
			},
			Happened: "The queue " + which + " of {name} has not been empty for 7 days.",
			Means:    "SQS deletes its oldest messages in 7 days or less.",
		}.lasting(hour, 7*24),
	}
}

// bufferOld is for messages that are not received, or that come back. SQS leaves a message out of this metric once it
// was received three times ("Available CloudWatch metrics for Amazon SQS", 2026-11), so in an outage, where each comes
// back after one visibility timeout, the metric stays near two of them: the threshold must lie between one (a message
// that came back once, which is normal) and two.
func bufferOld(s Stack, p Pipeline) Alarm {
	return Alarm{Kind: "buffer-old", Threshold: 1.5 * float64(p.VisibilitySeconds),
		Queries:    watching(ofQueue(p.Buffer, oldest, "Maximum")),
		WhyMissing: "an empty queue has no oldest message",
		Happened:   "Events wait in the buffer queue of {name} for longer than one try takes.",
		Means: "The function does not receive them, or returns them. Nothing is lost: SQS keeps them for 14 days, " +
			"and they are tried for outageHours.",
		Do: []string{doctorFirst(s)},
	}.lasting(300, 3)
}

// DetectionsNamespace is where the metric filters of detections count.
const DetectionsNamespace = "oktastream/detections"

// Detected returns the alarm of a detection of infra/queries whose events a metric filter counts, in the metric of that
// name. It fires at the first event.
func Detected(pipeline, detection, question, advice, metric string) Alarm {
	return named(pipeline, Alarm{Kind: "detection-" + detection,
		Queries:    watching(&Metric{DetectionsNamespace, metric, "Sum", nil}),
		WhyMissing: "the metric filter writes only where an event matches",
		Happened:   "An event of {name} matches the detection " + detection + ".",
		Means:      "The detection asks: " + question,
		Do: []string{"In CloudWatch Logs Insights, run the saved query detections/" + detection + " for the last hour.",
			advice}})[0]
}
