package watch

// ruleAlarms are the alarms of the pipeline's own rule, and of the rule that POSTs
// to Datadog. One event that a rule gives up is enough, in any minute.
func ruleAlarms(s Stack, p Pipeline) []Alarm {
	ofFailure := func(bus, rule, metric string) Alarm {
		a := Alarm{Queries: watching(ofRule(bus, rule, metric, "Sum")), Comparison: atLeast, Threshold: 1}
		return a.window(within(60)).missing(notBreaching, eventsOnlyWhen)
	}
	const deploy = "Deploy again: that restores the queue dead, its policy and the key."
	all := []Alarm{
		ofFailure(p.Bus, p.Rule, "FailedInvocations").about(p.Name, "rule-failed",
			"EventBridge gave up delivering an event to the target of the rule {name}.",
			"The event is in the queue dead with EventBridge's error, unless the alarm rule-lost fired too.",
			replaySteps(s, "REASON")...),
		ofFailure(p.Bus, p.Rule, "InvocationsFailedToBeSentToDlq").about(p.Name, "rule-lost",
			"EventBridge could deliver an event neither to the target of the rule {name} nor to the queue dead.",
			"The event is lost to this pipeline. Only Okta's System Log still has it, for 90 days.",
			"Write down the time of this alarm.", deploy),
	}
	if retrying, ok := deliveryRetrying(p); ok {
		all = append(all, retrying)
	}
	if p.DeliveryRule == "" {
		return all
	}
	return append(all,
		ofFailure(p.DeliveryBus, p.DeliveryRule, "FailedInvocations").about(p.Name, "delivery-failed",
			"EventBridge gave up delivering a batch of {name} to Datadog.",
			"Datadog answered 4xx other than 401, 407, 409 and 429, or did not accept the batch for 8 hours. "+
				"The batch is in the queue dead with the HTTP status.",
			replaySteps(s, "REASON")...),
		ofFailure(p.DeliveryBus, p.DeliveryRule, "InvocationsFailedToBeSentToDlq").about(p.Name, "delivery-lost",
			"EventBridge could deliver a batch of {name} neither to Datadog nor to the queue dead.",
			"Up to 1,000 events are lost to Datadog. Okta's System Log still has them for 90 days, "+
				"and so has the log group of a CloudWatch pipeline.",
			"Write down the time of this alarm.", deploy),
	)
}

// deliveryRetrying is of what EventBridge repeats, which FailedInvocations leaves
// out ("doesn't include invocations that are retried", "Monitoring Amazon
// EventBridge", 2026-11). It watches the rules whose target is the destination
// itself. A single repeated call is normal; a quarter of an hour of them is not.
//
// An API destination repeats 401, 407, 409, 429, 5xx and time-outs of 5 seconds,
// and no other status ("API destinations", EventBridge User Guide, 2026-11).
func deliveryRetrying(p Pipeline) (Alarm, bool) {
	var metrics []*Metric
	if p.DeliveryRule != "" {
		metrics = append(metrics, ofRule(p.DeliveryBus, p.DeliveryRule, "RetryInvocationAttempts", "Sum"))
	}
	if p.Ingest == ingestRule {
		metrics = append(metrics, ofRule(p.Bus, p.Rule, "RetryInvocationAttempts", "Sum"))
	}
	var a Alarm
	switch len(metrics) {
	case 0:
		return a, false
	case 1:
		a.Queries = watching(metrics[0])
	default:
		a.Queries = watchingSum("repeated deliveries", metrics[0], metrics[1])
	}
	a.Comparison, a.Threshold = atLeast, 1
	a = a.window(lasting(300, 3)).missing(notBreaching, eventsOnlyWhen)
	if p.DeliveryRule == "" {
		return a.about(p.Name, "delivery-retrying",
			"EventBridge has repeated deliveries of {name} to CloudWatch Logs for 15 minutes.",
			"CloudWatch Logs throttles, or is down. Nothing is lost for 24 hours; then the events go to the queue dead.",
			"Look at the AWS Health Dashboard for CloudWatch Logs.",
			"Service Quotas, CloudWatch Logs: is PutLogEvents throttled? Ask for a higher quota."), true
	}
	return a.about(p.Name, "delivery-retrying",
		"EventBridge has repeated deliveries of {name} to Datadog for 15 minutes.",
		"Datadog answers 401, 407, 409, 429 or 5xx, or not within 5 seconds. Nothing is lost for 8 hours; "+
			"then the batches go to the queue dead.",
		"In Datadog, Organization Settings, API Keys: is the secret's key still there? If not (401), "+
			"put a valid one into the secret and deploy with -c secretVersion=ID.",
		"Look at Datadog's status page (5xx, slow answers).",
		"If Datadog limits your intake (429), lower the setting rate and deploy."), true
}
