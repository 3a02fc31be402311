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

// Form is how a message came to be dead, and so what it looks like.
type Form string

// The forms.
const (
	// Redrive: tried until the outage budget was spent, and moved here by the
	// buffer queue's redrive policy. Why is in the function's log, by message id.
	Redrive Form = "redrive"
	// Poison: the function's own copy of what it could never deliver.
	Poison Form = "poison"
	// RuleTarget: EventBridge could not bring the event to the rule's target.
	RuleTarget Form = "rule_target"
	// APIDestination: EventBridge could not bring a packed batch to Datadog.
	APIDestination Form = "api_destination"
	// LambdaRecord: Lambda's record of an asynchronous call that failed.
	LambdaRecord Form = "lambda_record"
	// LambdaDLQ: the same as a function's dead-letter queue gets it: the event alone.
	LambdaDLQ Form = "lambda_dlq"
	// Event: an event, without a word on who put it there.
	Event Form = "event"
	// Unknown: none of these. It is never sent and never deleted.
	Unknown Form = "unknown"
)

// Ref names an event.
type Ref struct {
	UUID string `json:"uuid"`
	Type string `json:"type"`
}

// None stands where nothing is known.
const None = "-"

// Dead is what a message tells. Times are zero and texts are None where it does
// not.
type Dead struct {
	Queue     string `json:"queue"`
	MessageID string `json:"message_id"`
	Form      Form   `json:"form"`
	Reason    string `json:"reason"`
	Pipeline  string `json:"pipeline"`
	Events    []Ref  `json:"events"`
	// Since is when SQS took the message in. A redrive policy leaves that as it is;
	// a redrive gives a new one.
	Since        time.Time `json:"since,omitzero"`
	FirstFailure time.Time `json:"first_failure,omitzero"`
	LastFailure  time.Time `json:"last_failure,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`
	// Attempts is how often it was tried, 0 where nobody says; of what comes out of
	// a redrive policy it is SQS's count of receives, which is approximate and
	// counts who has looked at it since.
	Attempts int `json:"attempts"`
	Replays  int `json:"replays"`

	Note *deadletter.Note `json:"note,omitempty"`
}

// Recogniser recognises messages. It is for one goroutine and keeps its memory.
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
	retryAttempts = "RETRY_ATTEMPTS"

	lambdaRequestID = "RequestID"
	lambdaErrorCode = "ErrorCode"
)

// body is what a message's body turns out to be.
type body struct {
	events []Ref
	okta   bool // at least one event, or one that lacks a field, or an envelope of Okta's
	packed *eventbridge.Meta
	record *record // of Lambda
}

// record is what Lambda says of a call that failed ("Retaining records of
// asynchronous invocations", Lambda's developer guide).
type record struct {
	Timestamp time.Time `json:"timestamp"`
	Context   struct {
		Condition string `json:"condition"`
		Invokes   int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
}

// Recognise tells what a message of a queue is.
func (r *Recogniser) Recognise(q *Queue, m *Message) *Dead {
	b := r.read([]byte(m.Body))
	note := noteOf(m)
	d := &Dead{
		Queue: q.Name, MessageID: m.ID, Form: r.form(m, note, &b), Reason: None, Pipeline: r.Pipeline,
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
	switch d.Form {
	case Redrive:
		d.Reason, d.Attempts = "exhausted", max(m.Receives-1, 0)
	case Poison:
		d.Reason, d.Attempts, d.LastFailure = safeWord(note.Reason), note.Receives, m.Sent
	case RuleTarget, APIDestination:
		d.Reason, d.LastFailure = safeWord(attribute(m, errorCode)), m.Sent
		if n, err := strconv.Atoi(attribute(m, retryAttempts)); err == nil && n >= 0 {
			d.Attempts = n + 1
		}
	case LambdaRecord:
		d.Reason, d.Attempts, d.LastFailure = safeWord(b.record.Context.Condition), b.record.Context.Invokes, b.record.Timestamp.UTC()
	case LambdaDLQ:
		d.Reason, d.LastFailure = safeWord("error_"+attribute(m, lambdaErrorCode)), m.Sent
	case Unknown:
		d.Reason = string(Unknown)
	}
	if len(d.Events) == 0 && note != nil && note.UUID != "" {
		d.Events = []Ref{{UUID: safeID(note.UUID), Type: None}}
	}
	return d
}

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

// read takes a body apart.
func (r *Recogniser) read(text []byte) body {
	var b body
	if r.tree.Parse(text) == nil && r.tree.Nodes[0].Kind == '{' {
		t := &r.tree
		switch {
		case member(t, "detail-type") == eventbridge.DetailType && member(t, "source") == eventbridge.Source:
			logs, meta, err := eventbridge.Unpack(t.Raw(t.Member(0, "detail")))
			if err != nil {
				return b
			}
			for l := range logs {
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
		b.okta = member(t, "detail-type") == events.DetailType && strings.HasPrefix(member(t, "source"), events.SourcePrefix)
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

// member is the text of a member of the whole that is a string, else "".
func member(t *jsontree.Tree, name string) string {
	i := t.Member(0, name)
	if i == 0 || t.Nodes[i].Kind != '"' {
		return ""
	}
	return string(t.AppendString(nil, i))
}

func noteOf(m *Message) *deadletter.Note {
	var n deadletter.Note
	if json.Unmarshal([]byte(attribute(m, deadletter.Attribute)), &n) != nil {
		return nil
	}
	return &n
}

func attribute(m *Message, name string) string { return aws.ToString(m.Attributes[name].StringValue) }

// What may be told of a message outside of it: a message that is not Okta's can
// have anything in the place of a word or an id.
var (
	wordPattern = regexp.MustCompile(`^[0-9A-Za-z_.:-]{1,100}$`)
	idPattern   = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

// word is a copy: groups hold on to words, and must not hold on to bodies.
func safeWord(text string) string {
	if !wordPattern.MatchString(text) {
		return None
	}
	return strings.Clone(text)
}

func safeID(text string) string {
	if !idPattern.MatchString(text) {
		return None
	}
	return text
}
