package events

import (
	"encoding/base64"
	"strings"

	"github.com/oktastream/oktastream/events/jsontree"
)

// SourcePrefix is the beginning of the name of every partner event source of Okta, and so the
// source of every envelope: aws.partner/okta.com/<org>/<stream> (Okta help, "Add an AWS EventBridge
// log stream", 2026-11).
const SourcePrefix = "aws.partner/okta.com/"

// DetailType is the detail-type of every envelope that carries an Okta System
// Log event.
const DetailType = "SystemLog"

// NoOrg is used in place of the org if that is not known.
const NoOrg = "none"

// The source and detail-type of a packed batch: events ready for Datadog, sent by the function to
// the rule that POSTs them.
const (
	PackedSource     = "oktastream"
	PackedDetailType = "oktastream.logs.v1"
)

// maxWrappers bounds how deep an event's text may be nested as a string in another text. A Logs
// subscription payload in an SQS message in a dead letter is nested four times.
const maxWrappers = 8

// Decoder finds the Okta System Log events in a text. It must not be used by two goroutines at
// once, and keeps its memory between calls.
type Decoder struct {
	// AnyEnvelope makes Decode also read the envelopes of other systems: AWS's CLI, log exports and
	// other products.
	AnyEnvelope bool

	event  Event
	last   Provenance // of the last envelope; the next one is usually almost equal
	layers [maxWrappers + 1]layer
	visit  func(*Event, *Fault)

	packed   []byte // the base64 that was decoded last
	unpacked int64  // bytes of gzip unpacked in this call
}

// layer is a text that was a string in another text: its tree and its bytes.
type layer struct {
	tree jsontree.Tree
	text []byte
}

// Decode finds the events in text, which is one JSON value: an event, an EventBridge envelope, an
// SQS message or batch as Lambda receives it, Lambda's record of an asynchronous invocation that
// failed, a line of dead letters, an array of any of these, or with AnyEnvelope one of the
// envelopes of other systems. For every record, in order, it calls visit with the event, or with
// the fault of a record that is not one. The arguments of visit are valid until it returns.
func (d *Decoder) Decode(text []byte, visit func(*Event, *Fault)) {
	d.visit, d.unpacked = visit, 0
	d.parse(0, text)
	d.visit = nil
}

func (d *Decoder) parse(depth int, text []byte) {
	if depth > maxWrappers {
		d.visit(nil, &Fault{Reason: NotOkta, Text: "wrapped too many times", Body: text})
		return
	}
	if err := d.layers[depth].tree.Parse(text); err != nil {
		if !d.AnyEnvelope || depth == 0 || !d.several(depth, text) {
			d.visit(nil, &Fault{Reason: NotJSON, Text: err.Error(), Body: text})
		}
		return
	}
	d.parsed(depth)
}

// parsed visits the events in the tree of a layer.
func (d *Decoder) parsed(depth int) {
	tree := &d.layers[depth].tree
	if tree.Nodes[0].Kind != '[' {
		d.value(depth, 0)
		return
	}
	for i := uint32(1); i < tree.Nodes[0].Next; i = tree.Nodes[i].Next {
		d.value(depth, i)
	}
}

// value decodes node i of a layer.
func (d *Decoder) value(depth int, i uint32) {
	tree := &d.layers[depth].tree
	if tree.Nodes[i].Kind != '{' {
		text := kindName(tree.Nodes[i].Kind) + " where an event was expected"
		d.visit(nil, &Fault{Reason: NotOkta, Text: text, Body: tree.Raw(i)})
		return
	}
	form := formOf(tree, i)
	switch {
	case form.isEvent():
		d.bind(tree, i, i, Provenance{})
	case form.records != 0:
		for r := form.records + 1; r < tree.Nodes[form.records].Next; r = tree.Nodes[r].Next {
			d.value(depth, r)
		}
	case form.detailType != 0 && form.detail != 0:
		d.envelope(tree, i, form)
	case form.requestPayload != 0 && form.requestContext != 0:
		d.value(depth, form.requestPayload)
	case form.body != 0 && (form.messageID != 0 || form.eventSource != 0 || form.reason != 0):
		d.wrapped(depth, tree.AppendString(d.layers[depth].text[:0], form.body))
	case form.bodyBase64 != 0 && form.reason != 0:
		body, err := base64.StdEncoding.AppendDecode(d.layers[depth].text[:0], tree.String(form.bodyBase64))
		if err != nil {
			d.visit(nil, &Fault{Reason: NotJSON, Text: "body_base64 is not base64", Body: tree.Raw(i)})
			return
		}
		d.wrapped(depth, body)
	case d.AnyEnvelope:
		d.open(depth, i)
	default:
		d.bind(tree, i, i, Provenance{})
	}
}

// wrapped decodes a text that was a string in another.
func (d *Decoder) wrapped(depth int, text []byte) {
	d.layers[depth].text = text
	d.parse(depth+1, text)
}

// bind visits the event at node i, which came in the record at node whole.
func (d *Decoder) bind(tree *jsontree.Tree, i, whole uint32, from Provenance) {
	if fault := d.event.bind(tree, i, whole, from); fault != nil {
		fault.Body = tree.Raw(whole)
		d.visit(nil, fault)
		return
	}
	d.visit(&d.event, nil)
}

func (d *Decoder) envelope(tree *jsontree.Tree, i uint32, form form) {
	from, fault := d.provenance(tree, i, form)
	if fault == nil && tree.Nodes[form.detail].Kind != '{' {
		text := "the EventBridge envelope's detail is " + kindName(tree.Nodes[form.detail].Kind)
		fault = &Fault{Reason: NotOkta, Text: text}
	}
	if fault != nil {
		fault.Body = tree.Raw(i)
		d.visit(nil, fault)
		return
	}
	d.bind(tree, form.detail, i, from)
}

func (d *Decoder) provenance(tree *jsontree.Tree, i uint32, form form) (Provenance, *Fault) {
	if !isString(tree, form.detailType, DetailType) && tree.Text(i, "detail-type") != DetailType {
		return Provenance{}, &Fault{Reason: NotOkta, Text: "the EventBridge envelope's detail-type is not " + DetailType}
	}
	from := d.last
	if !isString(tree, form.source, from.Source) {
		from.Source = tree.Text(i, "source")
		var ok bool
		if from.Org, from.Stream, ok = ParseSource(from.Source); !ok {
			const text = "the EventBridge envelope's source is not " + SourcePrefix + "<org>/<stream>"
			return Provenance{}, &Fault{Reason: NotOkta, Text: text}
		}
	}
	if !isString(tree, form.account, from.Account) {
		from.Account = tree.Text(i, "account")
	}
	if !isString(tree, form.region, from.Region) {
		from.Region = tree.Text(i, "region")
	}
	from.ID, from.TimeMS = tree.Text(i, "id"), 0
	if form.time != 0 && tree.Nodes[form.time].Kind == '"' {
		from.TimeMS, _ = ParsePublished(tree.String(form.time))
	}
	d.last = from
	return from, nil
}

// isString reports whether node i is the string want, not empty and without
// escapes.
func isString(tree *jsontree.Tree, i uint32, want string) bool {
	return i != 0 && want != "" && tree.Nodes[i].Kind == '"' && string(tree.Inner(i)) == want
}

// ParseSource splits the name of a partner event source of Okta,
// aws.partner/okta.com/<org>/<stream>. It reports false for every other name.
func ParseSource(source string) (org, stream string, ok bool) {
	rest, ok := strings.CutPrefix(source, SourcePrefix)
	if !ok {
		return "", "", false
	}
	org, stream, ok = strings.Cut(rest, "/")
	return org, stream, ok && org != "" && stream != ""
}

func kindName(k jsontree.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "a boolean"
}
