package dlq

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// Form is how a message was dead-lettered, and so what it looks like.
type Form string

// The forms.
const (
	// Redrive: moved by the buffer queue's redrive policy, when the outage budget was
	// spent. The error is in the function's log, by message id.
	Redrive Form = "redrive"
	// Poison: the function's own copy of a message that it can never deliver.
	Poison Form = "poison"
	// RuleTarget: EventBridge could not deliver the event to the rule's target.
	RuleTarget Form = "rule_target"
	// APIDestination: EventBridge could not deliver a packed batch to Datadog.
	APIDestination Form = "api_destination"
	// LambdaRecord: Lambda's record of an asynchronous invocation that failed.
	LambdaRecord Form = "lambda_record"
	// LambdaDLQ: the event of such an invocation, from a function's dead-letter queue.
	LambdaDLQ Form = "lambda_dlq"
	// Event: an event, with nothing that says why it is there.
	Event Form = "event"
	// Unknown: none of these. It is never sent and never deleted.
	Unknown Form = "unknown"
)

// Ref identifies an event.
type Ref struct {
	UUID string `json:"uuid"`
	Type string `json:"type"`
}

// None stands for a text that is not known.
const None = "-"

// Dead is what is known of a dead message. What is not known is a zero time or None.
type Dead struct {
	Queue     string `json:"queue"`
	MessageID string `json:"message_id"`
	Form      Form   `json:"form"`
	// Reason is one of Reasons.
	Reason string `json:"reason"`
	// Code is the code that EventBridge or Lambda wrote on the message.
	Code     string `json:"code"`
	Pipeline string `json:"pipeline"`
	Events   []Ref  `json:"events"`
	// Since is when SQS accepted the message. A redrive policy does not change it; a
	// redrive does.
	Since        time.Time `json:"since,omitzero"`
	FirstFailure time.Time `json:"first_failure,omitzero"`
	LastFailure  time.Time `json:"last_failure,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`
	// Attempts is how often delivery was tried, 0 where that is not known. Of form
	// Redrive it is SQS's count of receives, which is approximate and includes those
	// of the dead-letter queue.
	Attempts int `json:"attempts"`
	Replays  int `json:"replays"`

	Note *deadletter.Note `json:"note,omitempty"`
}

// Recogniser recognises messages. It is for one goroutine and reuses its memory.
type Recogniser struct {
	BufferARN string // of the queue whose redrive policy is ours; "" where unknown
	Pipeline  string // "" where unknown

	decoder events.Decoder
	tree    jsontree.Tree
}

// The names of what EventBridge and Lambda write on a message: "Using dead-letter
// queues to process undelivered events" of EventBridge's user guide, and "Adding a
// dead-letter queue" of Lambda's developer guide.
const (
	ruleARN       = "RULE_ARN"
	targetARN     = "TARGET_ARN"
	errorCode     = "ERROR_CODE"
	errorMessage  = "ERROR_MESSAGE"
	retryAttempts = "RETRY_ATTEMPTS"

	lambdaRequestID = "RequestID"
	lambdaErrorCode = "ErrorCode"
)

// body is what a message's body holds.
type body struct {
	events []Ref
	okta   bool // at least one event, or one that lacks a field, or an envelope of Okta's
	packed *eventbridge.Meta
	record *record // of Lambda
}

// record is what Lambda writes about an invocation that failed ("Retaining records of
// asynchronous invocations", Lambda's developer guide).
type record struct {
	Timestamp time.Time `json:"timestamp"`
	Context   struct {
		Condition string `json:"condition"`
		Invokes   int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
}

// Recognise returns what is known of a message of a queue.
func (r *Recogniser) Recognise(q *Queue, m *Message) *Dead {
	b := r.read([]byte(m.Body))
	note := noteOf(m)
	d := &Dead{
		Queue: q.Name, MessageID: m.ID, Form: r.form(m, note, &b), Code: None, Pipeline: r.Pipeline,
		Events: append([]Ref{}, b.events...), Since: m.Sent, Note: note,
	}
	if !m.Sent.IsZero() && q.Retention > 0 {
		d.Expires = m.Sent.Add(q.Retention)
	}
	if note != nil {
		d.FirstFailure, d.Replays = note.FirstSeen.UTC(), note.Replays
	}
	if b.packed != nil {
		d.Replays = max(d.Replays, b.packed.Replays)
		if d.Pipeline == "" {
			d.Pipeline = safeWord(b.packed.Pipeline)
		}
	}
	if d.Pipeline == "" {
		d.Pipeline = None
	}
	r.reason(d, m, &b)
	if len(d.Events) == 0 && note != nil && note.UUID != "" {
		d.Events = []Ref{{UUID: safeID(note.UUID), Type: None}}
	}
	return d
}

// reason sets why the message is dead, how often it was tried and when it failed.
func (r *Recogniser) reason(d *Dead, m *Message, b *body) {
	switch d.Form {
	case Redrive:
		d.Reason, d.Attempts = exhausted, max(m.Receives-1, 0)
	case Poison:
		d.Reason, d.Attempts, d.LastFailure = safeWord(d.Note.Reason), d.Note.Receives, m.Sent
		if d.Reason == None {
			d.Reason = noReason
		}
	case RuleTarget, APIDestination:
		d.Reason, d.LastFailure = string(d.Form), m.Sent
		d.Code = safeWord(attribute(m, errorCode))
		if status := httpStatus.FindStringSubmatch(attribute(m, errorMessage)); status != nil {
			d.Reason += " " + strings.Clone(status[1])
		}
		if n, err := strconv.Atoi(attribute(m, retryAttempts)); err == nil && n >= 0 {
			d.Attempts = n + 1
		}
	case LambdaRecord:
		d.Reason, d.Code = string(d.Form), safeWord(b.record.Context.Condition)
		d.Attempts, d.LastFailure = b.record.Context.Invokes, b.record.Timestamp.UTC()
	case LambdaDLQ:
		d.Reason, d.LastFailure = string(d.Form), m.Sent
		if status := attribute(m, lambdaErrorCode); len(status) == 3 && safeWord(status) != None {
			d.Reason += " " + safeWord(status)
		}
	case Event:
		d.Reason = noReason
	default:
		d.Reason = string(Unknown)
	}
	if d.Queue == RedriveQueue && r.BufferARN != "" && m.DeadFrom != r.BufferARN {
		d.Reason = notFromBuffer
	}
}

// httpStatus finds the HTTP status in EventBridge's ERROR_MESSAGE, such as
// "ApiDestination returned HTTP status 400 with payload: ...". No page of AWS's
// documents the text; a message without a status, such as "Unable to invoke
// ApiDestination endpoint: ...", has none.
var httpStatus = regexp.MustCompile(`(?i)\b(?:HTTP status|status code)(?: code)?:? ?([1-5][0-9][0-9])\b`)

func (r *Recogniser) form(m *Message, note *deadletter.Note, b *body) Form {
	switch {
	case m.DeadFrom != "" && (r.BufferARN == "" || m.DeadFrom == r.BufferARN):
		return Redrive
	case note != nil && note.Reason != "":
		return Poison
	case b.packed != nil:
		return APIDestination
	case !b.okta:
		return Unknown
	case b.record != nil:
		return LambdaRecord
	case attribute(m, ruleARN) != "" || attribute(m, targetARN) != "" || attribute(m, errorCode) != "":
		return RuleTarget
	case attribute(m, lambdaRequestID) != "" && attribute(m, lambdaErrorCode) != "":
		return LambdaDLQ
	}
	return Event
}

// read reads a body.
func (r *Recogniser) read(text []byte) body {
	var b body
	if r.tree.Parse(text) == nil && r.tree.Nodes[0].Kind == '{' {
		t := &r.tree
		switch {
		case t.Text(0, "detail-type") == eventbridge.DetailType && t.Text(0, "source") == eventbridge.Source:
			logs, meta, err := eventbridge.Unpack(t.Raw(t.Member(0, "detail")))
			if err != nil {
				return b
			}
			for _, l := range logs {
				b.events = append(b.events, Ref{safeID(l.UUID), safeWord(l.Type)})
			}
			b.packed = &meta
			return b
		case t.Member(0, "requestPayload") != 0 && t.Member(0, "requestContext") != 0:
			var record record
			if json.Unmarshal(text, &record) == nil {
				b.record = &record
			}
		}
		b.okta = t.Text(0, "detail-type") == events.DetailType &&
			strings.HasPrefix(t.Text(0, "source"), events.SourcePrefix)
	}
	r.decoder.Decode(text, func(e *events.Event, fault *events.Fault) {
		switch {
		case fault == nil:
			b.events = append(b.events, Ref{safeID(string(e.UUID)), safeWord(string(e.Type))})
		case fault.Reason != events.MissingField:
			return
		case fault.UUID != "":
			b.events = append(b.events, Ref{safeID(fault.UUID), None})
		}
		b.okta = true
	})
	return b
}

func noteOf(m *Message) *deadletter.Note {
	var n deadletter.Note
	if json.Unmarshal([]byte(attribute(m, deadletter.Attribute)), &n) != nil {
		return nil
	}
	return &n
}

func attribute(m *Message, name string) string { return aws.ToString(m.Attributes[name].StringValue) }

// What may be printed of a message: one that is not Okta's can have anything in the
// place of a word or an id.
var (
	wordPattern = regexp.MustCompile(`^[0-9A-Za-z_.:-]{1,100}$`)
	idPattern   = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

// safeWord is text where it may be printed, else None. It is a copy: what keeps it
// must not keep the body.
func safeWord(text string) string {
	if !wordPattern.MatchString(text) {
		return None
	}
	return strings.Clone(text)
}

// safeID is the id of an event where it may be printed, else None.
func safeID(text string) string {
	if !idPattern.MatchString(text) {
		return None
	}
	return text
}
