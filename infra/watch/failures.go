package watch

// Failure is a thing that goes wrong, and who tells.
type Failure struct {
	What string
	// Kinds are the alarms that fire, the first of them first.
	Kinds []string
	// Graph is the title of the dashboard's graph that shows it where no alarm does,
	// or where an alarm comes only with the worst of it; Why says why that is right.
	Graph, Why string
}

// Failures are those of the design's failure rules, in their order, then those of
// the road around the function.
func Failures() []Failure {
	return []Failure{
		{What: "not JSON; not an Okta event; no uuid, eventType or published; another source, account or region", Kinds: []string{"dead-not-empty", "dead-for-a-week"}},
		{What: "… and its copy fails, or does not fit into a message", Kinds: []string{"dead-letter-failed", "redrive-not-empty"}},
		{What: "event type never seen", Graph: titleNotes,
			Why: "it is delivered like the others; Okta adds types every month, and an alarm would teach people to look away"},
		{What: "throttled, 5xx, network, timeout", Kinds: []string{"mapping-failing", "lag"}, Graph: titleFailures,
			Why: "a call that is repeated and then succeeds is no failure; the alarms speak when a tenth comes back, or when it takes a quarter of an hour"},
		{What: "the destination is down for hours", Kinds: []string{"mapping-failing", "buffer-old", "buffer-deep", "exhausted", "redrive-not-empty", "redrive-for-a-week"}},
		{What: "a record panics; a batch is refused for what is in it", Kinds: []string{"dead-not-empty"}},
		{What: "a body with many records of which one fails", Kinds: []string{"dead-not-empty", "mapping-failing"}},
		{What: "one of ten PutEvents entries fails; a sink refuses some records", Kinds: []string{"mapping-failing"}, Graph: titleFailures,
			Why: "only those go back, and are done with the next time; the alarm speaks when it lasts"},
		{What: "log stream missing / already there", Kinds: []string{"mapping-failing"}, Graph: titleFailures,
			Why: "the function makes it and goes on; if it may not, everything comes back and the alarm speaks"},
		{What: "rejectedLogEventsInfo", Graph: titleNotes,
			Why: "those records are stamped with now and delivered in the same call: restamped counts them, and lag says why they were old"},
		{What: "too old for Datadog", Kinds: []string{"lag", "delivery-failed"}, Graph: titleNotes,
			Why: "what is older than 6 hours is stamped anew (restamped); what EventBridge cannot hand over in 8 more is dead"},
		{What: "record over the destination's limit", Kinds: []string{"dead-not-empty"}, Graph: titleNotes,
			Why: "the event's own bytes are delivered (fallback_raw); only if those do not fit either it is dead"},
		{What: "duplicates; equal uuid with other bytes", Kinds: []string{"conflict"}, Graph: titleFate,
			Why: "everybody on the road delivers at least once: duplicates are part of a normal day and are only counted"},
		{What: "partial batch response", Kinds: []string{"mapping-failing", "function-errors"},
			Why: "a response that Lambda does not understand would bring back whole batches"},
		{What: "packed batch comes back from a DLQ", Kinds: []string{"dead-letter-failed", "exhausted", "dead-not-empty"}, Graph: titleNotes,
			Why: "that is a replay, which somebody watches; what fails of it rings like the rest"},
		{What: "Datadog answers 4xx", Kinds: []string{"delivery-failed", "dead-not-empty"}},
		{What: "our own log", Why: "content in the log is a fault of the program, which its tests look for; no metric could see it"},
		{What: "the ledger does not balance", Kinds: []string{"ledger-unbalanced"}},

		{What: "Okta has switched the log stream off, or somebody has changed it", Kinds: []string{"silence", "stream-changed"}},
		{What: "the rule cannot reach its target", Kinds: []string{"rule-failed", "dead-not-empty"}},
		{What: "… nor its dead-letter queue", Kinds: []string{"rule-lost", "delivery-lost", "counters-disagree"}},
		{What: "the function crashes, or runs out of time or memory", Kinds: []string{"function-errors", "mapping-failing", "buffer-old"}},
		{What: "Lambda has no concurrency left", Kinds: []string{"function-throttled", "buffer-old"}},
		{What: "the event source mapping is disabled", Kinds: []string{"buffer-old"}},
		{What: "ingest lambda: an event fails three times, and cannot be kept", Kinds: []string{"async-dropped", "async-lost"}},
		{What: "events vanish between the rule and the function: a queue is purged, a message expires, EventBridge keeps one back", Kinds: []string{"counters-disagree"}},
	}
}
