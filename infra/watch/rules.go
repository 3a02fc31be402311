package watch

// ruleAlarms are of the rules: the pipeline's own, and the one that POSTs to
// Datadog. Each event that a rule gives up is one too many, in any minute.
func ruleAlarms(s Stack, p Pipeline) []Alarm {
	ofFailure := func(bus, rule, metric string) Alarm {
		a := Alarm{Queries: watching(ofRule(bus, rule, metric, "Sum")), Comparison: atLeast, Threshold: 1}
		return a.window(within(60)).missing(notBreaching, eventsOnlyWhen)
	}
	all := []Alarm{
		ofFailure(p.Bus, p.Rule, "FailedInvocations").about(p.Name, "rule-failed",
			"EventBridge has given up to deliver an event to the target of the rule {name}; it lies in the queue dead with EventBridge's error, unless the alarm rule-lost has fired too.",
			"Run `oktastream dlq list --stack "+s.Name+"` and read the error: NO_PERMISSIONS or NO_RESOURCE mean that something was changed by hand, so deploy again (cdk diff shows what); then `oktastream dlq replay --stack "+s.Name+"`."),
		ofFailure(p.Bus, p.Rule, "InvocationsFailedToBeSentToDlq").about(p.Name, "rule-lost",
			"EventBridge could bring an event neither to the target of the rule {name} nor to the queue dead: that event is lost to this pipeline.",
			"Deploy again, which puts back the queue dead, its policy and the key; write down the time of this alarm, because only Okta's System Log (90 days) still has what was lost."),
	}
	if p.DeliveryRule == "" {
		return all
	}
	return append(all,
		ofFailure(p.DeliveryBus, p.DeliveryRule, "FailedInvocations").about(p.Name, "delivery-failed",
			"Datadog has refused a batch of {name}, or has not taken it for 8 hours; it lies in the queue dead with the HTTP error.",
			"Run `oktastream dlq list --stack "+s.Name+"` and read the error: for 401 or 403 put a new API key into the secret and deploy with -c secretVersion=ID; for 429 or 5xx wait until Datadog's status page is green; then `oktastream dlq replay --stack "+s.Name+"`."),
		ofFailure(p.DeliveryBus, p.DeliveryRule, "InvocationsFailedToBeSentToDlq").about(p.Name, "delivery-lost",
			"EventBridge could bring a batch of up to 1,000 events of {name} neither to Datadog nor to the queue dead: those events are lost to Datadog.",
			"Deploy again, which puts back the queue dead, its policy and the key; write down the time of this alarm, because only Okta's System Log (90 days), or the log group of a CloudWatch pipeline, still has what was lost."),
	)
}
