package watch

// Namespaces of the metrics.
const (
	ownNamespace    = "oktastream" // what the function writes: lambda/ledger
	eventsNamespace = "AWS/Events"
	queueNamespace  = "AWS/SQS"
	lambdaNamespace = "AWS/Lambda"
	logsNamespace   = "AWS/Logs"
)

// Names of SQS's gauges.
const (
	waiting  = "ApproximateNumberOfMessagesVisible"
	inFlight = "ApproximateNumberOfMessagesNotVisible"
	oldest   = "ApproximateAgeOfOldestMessage"
)

// ofRule is a metric of a rule on a bus that is not the default one: "Metrics that
// specify both the EventBusName and RuleName dimensions refer to a custom event
// bus" (EventBridge User Guide, "Monitoring Amazon EventBridge", 2026-11). That a
// partner event bus counts as one is not written there.
func ofRule(bus, rule, name, stat string) *Metric {
	return &Metric{eventsNamespace, name, stat, []Dimension{{"EventBusName", bus}, {"RuleName", rule}}}
}

// ofSource is a metric of a partner event source, which EventBridge counts before
// any rule.
func ofSource(source, name, stat string) *Metric {
	return &Metric{eventsNamespace, name, stat, []Dimension{{"EventSourceName", source}}}
}

func ofQueue(queue, name, stat string) *Metric {
	return &Metric{queueNamespace, name, stat, []Dimension{{"QueueName", queue}}}
}

func ofFunction(function, name, stat string) *Metric {
	return &Metric{lambdaNamespace, name, stat, []Dimension{{"FunctionName", function}}}
}

func ofMapping(mapping, name, stat string) *Metric {
	return &Metric{lambdaNamespace, name, stat, []Dimension{{"EventSourceMappingUUID", mapping}}}
}

func ofLogGroup(group, name, stat string) *Metric {
	return &Metric{logsNamespace, name, stat, []Dimension{{"LogGroupName", group}}}
}

// own is a metric of the function for events from Okta.
func own(pipeline, name, stat string) *Metric {
	return &Metric{ownNamespace, name, stat, []Dimension{{"pipeline", pipeline}}}
}

// ownReplay is a metric of the function for replayed dead letters.
func ownReplay(pipeline, name, stat string) *Metric {
	return &Metric{ownNamespace, name, stat, []Dimension{{"pipeline", pipeline}, {"origin", "replay"}}}
}

// ownBackfill is a metric of the function for events that a backfill sent.
func ownBackfill(pipeline, name, stat string) *Metric {
	return &Metric{ownNamespace, name, stat, []Dimension{{"pipeline", pipeline}, {"origin", "backfill"}}}
}

// notFromRule counts the events that the function received from replays and backfills.
func notFromRule(pipeline, stat string) *Metric { return own(pipeline, "not_from_rule", stat) }

// watching returns the data of an alarm on a metric itself.
func watching(m *Metric) []Query { return []Query{{ID: "m", Metric: m, Return: true}} }

// watchingSum returns the data of an alarm on the sum of two metrics, either of which may have no data.
func watchingSum(label string, a, b *Metric) []Query {
	return []Query{
		{ID: "a", Metric: a},
		{ID: "b", Metric: b},
		{ID: "sum", Expression: "FILL(a, 0) + FILL(b, 0)", Label: label, Return: true},
	}
}
