package backfill

import "time"

// Treatment is what a destination does with the time of an event that is too old for it.
type Treatment string

// The treatments.
const (
	// Kept means that a record of any age keeps its own time.
	Kept Treatment = "kept"
	// Restamped means that an older record is stored under the time of delivery; its own time stays in
	// the record.
	Restamped Treatment = "re-stamped"
)

// Age is what a destination does with the time of old events.
type Age struct {
	Treatment Treatment
	After     time.Duration // how old an event is at least that is Restamped
	Text      string        // a sentence about it
}

// DatadogHTTPS stands for the destination datadog with transport=https.
const DatadogHTTPS = "datadog-https"

// AgeOf returns what a destination of a pipeline, or "-" or a directory, does with the time of old
// events. retentionDays is that of the log group of cloudwatch, 0 for none.
//
// CloudWatch Logs takes events of the last 14 days and not older than the group's
// retention (PutLogEvents, API reference, 2026-11). Datadog drops logs older than 18
// hours, and the sink gives the current time to those of more than 6, because EventBridge
// may deliver them hours later (lambda/sink/eventbridge). Over HTTPS it does so 20 minutes
// before the 18 hours are over (lambda/sink/https).
func AgeOf(destination string, retentionDays int) Age {
	const day = 24 * time.Hour
	switch destination {
	case "cloudwatch":
		after := 14 * day
		if retentionDays > 0 {
			after = min(after, time.Duration(retentionDays)*day)
		}
		return Age{Restamped, after, "CloudWatch Logs takes no older events: @timestamp is the time of delivery, " +
			"and the event's own time stays in the record"}
	case "datadog", DatadogHTTPS:
		age := Age{Restamped, 6 * time.Hour, "Datadog drops older logs: date is the time of delivery, " +
			"and the event's own time is in okta.published_original"}
		if destination == DatadogHTTPS {
			age.After = 18*time.Hour - 20*time.Minute
		}
		return age
	}
	return Age{Kept, 0, "events of any age keep their own time"}
}
