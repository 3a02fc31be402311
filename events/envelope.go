package events

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events/jsontree"
)

// maxUnpacked is the number of bytes to which all gzip within one call of Decode may unpack.
// CloudWatch Logs sends at most 1 MB unpacked in a subscription payload to Kinesis and Lambda
// accepts at most 6 MB ("Lambda quotas", AWS, 2026-11).
const maxUnpacked = 64 << 20

// holding is the form in which an envelope has its content.
type holding uint8

const (
	each    holding = iota // an array: every element is an event or an envelope
	inner                  // an object, or a string with JSON in it
	encoded                // base64 of JSON, or of gzip of JSON
	refused                // not at all
	empty                  // it has no events, which is not a fault
)

// envelopeKind is one kind of object with events in it, recognised by its members.
type envelopeKind struct {
	name   string
	member string   // has the content
	kinds  string   // the JSON types that member may have
	value  string   // the text that member has, unless empty
	with   []string // at least one of these members must be there too, unless the list is empty
	below  string   // a member of member that must be there too, unless empty
	how    holding
	wayOut string // for refused: what to do instead
}

const (
	s3Name   = "an S3 event notification"
	s3WayOut = "it names objects in S3 and holds no events: download the objects (aws s3 cp) and run those files"
)

// envelopes are the objects in which other systems wrap Okta's events, beside those that Lambda
// receives from this product's own queue. The first kind that fits an object is used. An object
// within an object has its own row.
var envelopes = [...]envelopeKind{
	{name: "an OCSF record", member: "class_uid", kinds: "0", with: []string{"metadata"}, how: refused,
		wayOut: "OCSF does not hold the event as Okta sent it: run the Okta events it was made from"},
	{name: s3Name, member: "s3", kinds: "{", with: []string{"eventName", "eventSource"}, how: refused, wayOut: s3WayOut},
	{name: s3Name, member: "Event", kinds: `"`, with: []string{"Bucket"}, how: refused, wayOut: s3WayOut},

	// This row must come before that of a CloudWatch Logs event, as it also has message and
	// timestamp.
	{name: "a Datadog log", member: "attributes", kinds: "{", how: inner},

	// "Sometimes CloudWatch Logs may emit Kinesis Data Streams records with a CONTROL_MESSAGE type, mainly for checking
	// if the destination is reachable" ("Log group-level subscription filters", AWS, 2026-11).
	{name: "a Logs control message", member: "messageType", kinds: `"`, value: "CONTROL_MESSAGE",
		with: []string{"logEvents"}, how: empty},
	{name: "a Logs subscription payload", member: "awslogs", kinds: "{", how: inner},
	{name: "Logs subscription data", member: "logEvents", kinds: "[", how: each},
	{name: "a CloudWatch Logs event", member: "message", kinds: `"`, how: inner,
		with: []string{"timestamp", "ingestionTime", "logStreamName", "eventId"}},
	// filter-log-events, get-log-events, and the data of an Okta event hook.
	{name: "a list of events", member: "events", kinds: "[", how: each},
	{name: "a row that Logs Insights exported", member: "@message", kinds: `{"`, how: inner},
	{name: "Logs Insights or Splunk results", member: "results", kinds: "[", how: each},

	{name: "SQS messages", member: "Messages", kinds: "[", how: each},
	{name: "an SQS message", member: "Body", kinds: `"`, with: []string{"MessageId", "ReceiptHandle"}, how: inner},
	{name: "PutEvents entries", member: "Entries", kinds: "[", how: each},
	{name: "a PutEvents entry", member: "Detail", kinds: `"`, with: []string{"DetailType", "Source"}, how: inner},
	{name: "an SNS record", member: "Sns", kinds: "{", how: inner},
	{name: "an SNS notification", member: "Message", kinds: `"`, with: []string{"TopicArn", "MessageId"}, how: inner},

	{name: "a Kinesis record", member: "kinesis", kinds: "{", how: inner},
	{name: "Firehose records", member: "records", kinds: "[", how: each},
	{name: "base64 data", member: "data", kinds: `"`, how: encoded}, // Kinesis, Firehose, awslogs
	{name: "a Kinesis record", member: "Data", kinds: `"`, how: encoded},

	{name: "an Okta event hook", member: "data", kinds: "{", below: "events", how: inner},
	{name: "Datadog search results", member: "data", kinds: "[", how: each},

	{name: "a Splunk result", member: "result", kinds: "{", how: inner},
	{name: "a Splunk result", member: "_raw", kinds: `"`, how: inner},
	{name: "Elasticsearch results", member: "hits", kinds: "{[", how: inner},
	{name: "an Elasticsearch document", member: "_source", kinds: "{", how: inner},
	{name: "an Elastic document", member: "event", kinds: "{", below: "original", how: inner},
	{name: "an Elastic document", member: "event.original", kinds: `"`, how: inner},
	{name: "an Elastic document's event", member: "original", kinds: `"`, how: inner},
	{name: "an Elastic document", member: "message", kinds: `"`, with: []string{"@timestamp"}, how: inner},
	{name: "a Splunk HEC event", member: "event", kinds: `{"`, how: inner},
}

// fits returns the node of the member with the content, or 0 if object i is not an envelope of kind
// e.
func (e *envelopeKind) fits(tree *jsontree.Tree, i uint32) uint32 {
	at := tree.Member(i, e.member)
	if at == 0 || strings.IndexByte(e.kinds, byte(tree.Nodes[at].Kind)) < 0 {
		return 0
	}
	if e.value != "" && !isString(tree, at, e.value) {
		return 0
	}
	if e.below != "" && tree.Member(at, e.below) == 0 {
		return 0
	}
	for _, name := range e.with {
		if tree.Member(i, name) != 0 {
			return at
		}
	}
	if len(e.with) > 0 {
		return 0
	}
	return at
}

// envelopeOf returns the kind of envelope of object i and the node of its content; nil for none.
func envelopeOf(tree *jsontree.Tree, i uint32) (*envelopeKind, uint32) {
	for n := range envelopes {
		if at := envelopes[n].fits(tree, i); at != 0 {
			return &envelopes[n], at
		}
	}
	return nil, 0
}

// FormatError is the error for a file or a record of a kind that is not read.
type FormatError struct {
	Name   string // of the kind, with its article: "a zip archive"
	WayOut string // what to do instead
}

func (e *FormatError) Error() string { return "it is " + e.Name + ", which is not read" }

// CheckFormat returns an error if text is one JSON object of a known kind that is not read, and nil
// otherwise.
func CheckFormat(text []byte) *FormatError {
	var tree jsontree.Tree
	if tree.Parse(text) != nil || tree.Nodes[0].Kind != '{' {
		return nil
	}
	if f := formOf(&tree, 0); f.isEvent() || f.records != 0 {
		return nil
	}
	if e, _ := envelopeOf(&tree, 0); e != nil && e.how == refused {
		return &FormatError{Name: e.name, WayOut: e.wayOut}
	}
	return nil
}

// open decodes the content of object i, an envelope of another system.
func (d *Decoder) open(depth int, i uint32) {
	tree := &d.layers[depth].tree
	e, at := envelopeOf(tree, i)
	switch {
	case e == nil:
		d.unknown(tree, i)
	case e.how == empty:
	case e.how == refused:
		d.visit(nil, &Fault{Reason: NotOkta, Text: e.name + ": " + e.wayOut, Body: tree.Raw(i)})
	case e.how == encoded:
		text, fault := d.unpack(depth, tree.String(at))
		if fault != nil {
			fault.Body = tree.Raw(i)
			d.visit(nil, fault)
			return
		}
		d.wrapped(depth, text)
	case tree.Nodes[at].Kind == '"':
		d.wrapped(depth, tree.AppendString(d.layers[depth].text[:0], at))
	case tree.Nodes[at].Kind == '[':
		for c := at + 1; c < tree.Nodes[at].Next; c = tree.Nodes[c].Next {
			if tree.Nodes[c].Kind == '[' {
				d.insightsRow(depth, c)
				continue
			}
			d.value(depth, c)
		}
	default:
		d.value(depth, at)
	}
}

// insightsRow decodes a row of the results of a Logs Insights query: an array of objects with field
// and value. The field @message has the log event's text.
func (d *Decoder) insightsRow(depth int, row uint32) {
	tree := &d.layers[depth].tree
	for c := row + 1; c < tree.Nodes[row].Next; c = tree.Nodes[c].Next {
		if tree.Text(c, "field") != "@message" {
			continue
		}
		if at := tree.Member(c, "value"); at != 0 && tree.Nodes[at].Kind == '"' {
			d.wrapped(depth, tree.AppendString(d.layers[depth].text[:0], at))
			return
		}
	}
	text := "a row of results without @message: add @message to the fields of the Logs Insights query"
	d.visit(nil, &Fault{Reason: NotOkta, Text: text, Body: tree.Raw(row)})
}

// unpack decodes base64, and gzip within it, into the text of a layer.
func (d *Decoder) unpack(depth int, data []byte) ([]byte, *Fault) {
	var err error
	if d.packed, err = base64.StdEncoding.AppendDecode(d.packed[:0], data); err != nil {
		return nil, &Fault{Reason: NotJSON, Text: "an envelope's data is not base64"}
	}
	text := d.layers[depth].text[:0]
	if !bytes.HasPrefix(d.packed, []byte("\x1f\x8b")) {
		return append(text, d.packed...), nil
	}
	unpacked := bytes.NewBuffer(text)
	zr, err := gzip.NewReader(bytes.NewReader(d.packed))
	if err == nil {
		_, err = unpacked.ReadFrom(io.LimitReader(zr, maxUnpacked-d.unpacked+1))
	}
	d.unpacked += int64(unpacked.Len())
	switch {
	case d.unpacked > maxUnpacked:
		d.unpacked = maxUnpacked
		return nil, &Fault{Reason: TooLarge, Text: fmt.Sprintf("gzip unpacks to more than %d bytes", maxUnpacked)}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, &Fault{Reason: NotJSON, Text: "an envelope's gzip is cut off"}
	case err != nil:
		return nil, &Fault{Reason: NotJSON, Text: "an envelope's gzip is damaged"}
	}
	return unpacked.Bytes(), nil
}

// several decodes a text that is not one JSON value, but may be several in a row, as Firehose and
// Kinesis producers write them. It returns false if not even the first is valid.
func (d *Decoder) several(depth int, text []byte) bool {
	syntax := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	values := jsontext.NewDecoder(bytes.NewReader(text), syntax...)
	value, err := values.ReadValue()
	if err != nil {
		return false
	}
	for err == nil {
		end := values.InputOffset()
		one := text[end-int64(len(value)) : end]
		if fault := d.layers[depth].tree.Parse(one); fault != nil {
			d.visit(nil, &Fault{Reason: NotJSON, Text: fault.Error(), Body: one})
		} else {
			d.parsed(depth)
		}
		value, err = values.ReadValue()
	}
	if err != io.EOF {
		rest := text[values.InputOffset():]
		d.visit(nil, &Fault{Reason: NotJSON, Text: "no JSON after the values before it", Body: rest})
	}
	return true
}

// Bounds of the member names that the fault of an unknown object lists: at most maxNames, each of
// at most maxNameLength bytes of letters, digits, '_', '.' and '-', with or without a leading '@'.
const (
	maxNames      = 5
	maxNameLength = 40
)

// unknown visits the fault of object i, which is neither an event nor an envelope: the members that
// an event needs and the object lacks, or the names of those that it has.
func (d *Decoder) unknown(tree *jsontree.Tree, i uint32) {
	fault := d.event.bind(tree, i, i, Provenance{})
	if fault == nil {
		d.visit(&d.event, nil)
		return
	}
	if fault.Reason == NotOkta {
		var names []string
		for c := i + 1; c < tree.Nodes[i].Next && len(names) < maxNames; c = tree.Nodes[c].Next {
			if key := tree.Key(c); plainName(key) {
				names = append(names, string(key))
			}
		}
		if len(names) > 0 {
			fault.Text += "; it has " + strings.Join(names, ", ")
		}
	}
	fault.Body = tree.Raw(i)
	d.visit(nil, fault)
}

func plainName(key []byte) bool {
	key = bytes.TrimPrefix(key, []byte("@"))
	if len(key) == 0 || len(key) > maxNameLength {
		return false
	}
	for _, c := range key {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
