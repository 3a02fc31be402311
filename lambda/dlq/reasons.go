package dlq

import (
	"slices"

	"github.com/oktastream/oktastream/events"
)

// The reasons that a message does not carry itself. Those that the function writes
// on a message are events.Reason. A message that EventBridge or Lambda put into a
// dead-letter queue has its form for a reason, followed by a blank and the HTTP
// status where there is one, such as "api_destination 401".
const (
	// exhausted: the function returned the message until its outage budget was spent.
	exhausted = "exhausted"
	// notFromBuffer: the message is in the queue redrive, and the buffer queue's
	// redrive policy did not move it there.
	notFromBuffer = "not_from_buffer"
	// noReason: nothing on the message says why it is there.
	noReason = "no_reason"
)

// Reason is a reason for which messages are dead: what has happened and what to do.
type Reason struct {
	// Name is the reason as Dead has it; * stands for any characters.
	Name string
	// Code is the code of EventBridge or Lambda, where it decides; "" for any.
	Code string
	// Cause and Fix are sentences for a person.
	Cause, Fix string
	// Again says why a replay is dead-lettered again unless the fix comes first. It
	// is "" where a replay as such is expected to succeed.
	Again string
}

// matches reports whether the row is about messages with this reason and code.
func (r *Reason) matches(reason, code string) bool {
	return events.Match(r.Name, reason) && (r.Code == "" || r.Code == code)
}

// keepBody is the fix of what no replay delivers.
const keepBody = "Keep the body with `oktastream dlq show ID --stack NAME --body`, then let the message expire."

// Reasons are all reasons, the most special first. The last one matches anything.
func Reasons() []Reason {
	return slices.Concat(ownReasons(), deliveryReasons(), formReasons())
}

// ownReasons are those that the function writes on a message, and those of messages
// that SQS and Lambda moved.
func ownReasons() []Reason {
	const (
		sameBody = "a replay does not change the body"
		logs     = "Read the function's log at the time of the failure, fix what it names, then replay."
	)
	return []Reason{
		{Name: string(events.NotJSON), Cause: "The body is not one JSON value in UTF-8.",
			Fix: "Find what sends it: Okta sends JSON only. " + keepBody, Again: sameBody},
		{Name: string(events.NotOkta), Cause: "The body is JSON, but holds no Okta System Log event.",
			Fix: "Find what else sends to the queue or matches the rule. " + keepBody, Again: sameBody},
		{Name: string(events.MissingField), Cause: "The event has no readable uuid, eventType or published.",
			Fix: "Report the event to Okta. " + keepBody, Again: sameBody},
		{Name: string(events.Foreign), Cause: "The event's source, account or region is not the stack's.",
			Fix:   "If the event is yours, deploy with the right -c source=NAME, then replay. Else find what sends it.",
			Again: "the stack still has another source, account or region"},
		{Name: string(events.Panic), Cause: "oktastream failed on the event with a panic.",
			Fix:   "Report the event type and the version, deploy a version that fixes it, then replay with --check.",
			Again: "the same version fails again"},
		{Name: string(events.TooLarge), Cause: "The record is larger than the destination accepts.",
			Fix: keepBody, Again: sameBody},
		{Name: string(events.Refused), Cause: "The destination refused the record for its content.",
			Fix:   "Read the detail with `oktastream dlq show ID --stack NAME`, change what it names, then replay.",
			Again: "the destination refuses the same content"},
		{Name: exhausted, Cause: "The destination accepted nothing until the outage budget was spent.",
			Fix: "See that the destination accepts events again (the alarm mapping-failing is OK), then replay."},
		{Name: notFromBuffer, Cause: "The message was sent to redrive; the buffer queue's redrive policy did not move it.",
			Fix: "Look at it with `oktastream dlq show ID --stack NAME` and find the sender in CloudTrail. --force replays it."},
		{Name: string(LambdaRecord) + "*", Cause: "The function failed until Lambda's retries were spent.", Fix: logs},
		{Name: string(LambdaDLQ) + "*", Cause: "The function failed until Lambda's retries were spent.", Fix: logs},
	}
}

// deliveryReasons are those of what EventBridge could not deliver, by its code or by the
// HTTP status of the destination. EventBridge retries 401, 407, 409, 429 and 5xx until
// the event age is spent ("API destinations", EventBridge user guide, 2026-11).
func deliveryReasons() []Reason {
	const (
		byHand = "Something was changed by hand: `cdk diff` shows what. Deploy again, then replay."
		newKey = "Put a valid API key into the secret, deploy with -c secretVersion=ID, then replay."
	)
	return []Reason{
		// A replay goes past the rule, but not past the API destination.
		{Name: string(RuleTarget) + "*", Code: "NO_PERMISSIONS", Cause: "EventBridge may not send to the rule's target.",
			Fix: byHand},
		{Name: string(RuleTarget) + "*", Code: "NO_RESOURCE", Cause: "The rule's target does not exist any more.",
			Fix: byHand},
		{Name: string(APIDestination) + "*", Code: "NO_PERMISSIONS", Cause: "EventBridge may not send to Datadog.",
			Fix: byHand, Again: "EventBridge still has no permission"},
		{Name: string(APIDestination) + "*", Code: "NO_RESOURCE", Cause: "The API destination does not exist any more.",
			Fix: byHand, Again: "the API destination is still missing"},
		{Name: "* 5*", Cause: "The destination failed until the event age was spent (HTTP 5xx).",
			Fix: "Wait until Datadog's status page is green, then replay."},
		{Name: "* 400", Cause: "The destination refused the batch as malformed (HTTP 400).",
			Fix:   "Read ERROR_MESSAGE with `oktastream dlq show ID --stack NAME`, change what it names, then replay.",
			Again: "the destination refuses the same batch"},
		{Name: "* 401", Cause: "Datadog received no API key until the event age was spent (HTTP 401).",
			Fix: newKey, Again: "the API key is still not accepted"},
		{Name: "* 403", Cause: "Datadog does not know the API key (HTTP 403).",
			Fix: newKey, Again: "the API key is still not accepted"},
		{Name: "* 404", Cause: "The destination's address does not exist (HTTP 404).",
			Fix: "Deploy with the right Datadog site, then replay.", Again: "the address is still wrong"},
		{Name: "* 407", Cause: "A proxy refused the batch until the event age was spent (HTTP 407).",
			Fix: "Find the proxy in front of the destination and let EventBridge through, then replay."},
		{Name: "* 408", Cause: "Datadog did not receive the whole batch in time (HTTP 408).", Fix: "Replay."},
		{Name: "* 409", Cause: "The destination refused the batch until the event age was spent (HTTP 409).",
			Fix: "Wait until the destination accepts logs again, then replay."},
		{Name: "* 413", Cause: "The batch is larger than the destination accepts (HTTP 413).",
			Fix: "Replay: the function packs the records anew. If it fails again, deploy with a smaller packBytes."},
		{Name: "* 429", Cause: "Datadog limited the rate until the event age was spent (HTTP 429).",
			Fix: "Wait until Datadog accepts logs again, then replay with --rate 10."},
	}
}

// formReasons are those of forms, where nothing more is known, and the last row.
func formReasons() []Reason {
	return []Reason{
		{Name: string(APIDestination) + "*", Cause: "EventBridge could not deliver the batch to Datadog.",
			Fix: "Read ERROR_MESSAGE with `oktastream dlq show ID --stack NAME`, fix what it names, then replay."},
		{Name: string(RuleTarget) + "*", Cause: "EventBridge could not deliver the event to the rule's target.",
			Fix: "Read ERROR_MESSAGE with `oktastream dlq show ID --stack NAME`, fix what it names, then replay."},
		{Name: noReason, Cause: "Nothing on the message says why it is here.",
			Fix: "Look at it with `oktastream dlq show ID --stack NAME`; if it is yours, replay."},
		{Name: string(Unknown), Cause: "The body has no known form. It is never sent and never deleted.",
			Fix: "Find what sends it. " + keepBody},
		{Name: "*", Cause: "This version of oktastream does not know the reason.",
			Fix: "Look at it with `oktastream dlq show ID --stack NAME`, or use the version that the stack was deployed with."},
	}
}

// ReasonOf is the row of Reasons about messages with this reason and code.
func ReasonOf(reason, code string) Reason {
	rows := Reasons()
	for _, r := range rows[:len(rows)-1] {
		if r.matches(reason, code) {
			return r
		}
	}
	return rows[len(rows)-1]
}
