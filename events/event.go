// Package events reads Okta System Log events: the forms in which they arrive, their identity, time
// and provenance, and filters by type. The package is pure and does not import AWS's SDK.
package events

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events/jsontree"
)

// Event is one Okta System Log event. It refers to the text that it was decoded from, and is valid
// until the Decoder continues.
type Event struct {
	// Tree holds the text with the event, and Root is the event's node in it (an envelope's detail,
	// an array's element, or the whole text).
	Tree *jsontree.Tree
	Root uint32
	// UUID and Type are never empty. PublishedMS is the time of publication in
	// milliseconds since 1970.
	UUID, Type  []byte
	PublishedMS int64
	// Provenance is the zero value if the event came without an envelope.
	Provenance Provenance

	whole  uint32 // the envelope that carries it, or Root
	nodes  [FieldCount]uint32
	unique []byte // holds UUID and Type where they are written with escapes
	hash   [sha256.Size]byte
	hashed bool
}

// Provenance is where an event comes from, according to its EventBridge envelope. All values are
// unescaped.
type Provenance struct {
	ID      string // of the EventBridge event
	Source  string // aws.partner/okta.com/<org>/<stream>
	Org     string // the Okta org's subdomain, from Source
	Stream  string // the log stream's event source name, from Source
	Account string // the AWS account that received it
	Region  string
	TimeMS  int64 // when Okta sent it to EventBridge, since 1970; 0 if absent
}

// Carrier returns the text of the envelope of the event, or the event's own text if it came without
// one: what must be kept to process the event again.
func (e *Event) Carrier() []byte { return e.Tree.Raw(e.whole) }

// Text returns the event's JSON text as received.
func (e *Event) Text() []byte { return e.Tree.Raw(e.Root) }

// Node returns the index in the Tree of the value of field f, or 0 if the event has none. A null is
// a value.
func (e *Event) Node(f Field) uint32 { return e.nodes[f] }

// bind makes e the event at node root: it finds the fields and checks the three that every event
// must have. All others may be absent, null or of a type that Okta does not document.
func (e *Event) bind(tree *jsontree.Tree, at, whole uint32, from Provenance) *Fault {
	e.Tree, e.Root, e.whole, e.Provenance = tree, at, whole, from
	e.nodes = [FieldCount]uint32{}
	e.unique, e.hashed = e.unique[:0], false
	e.find(root, at)

	missing := func(f Field, what string) *Fault {
		return &Fault{Reason: MissingField, Text: f.Path() + " " + what, UUID: string(e.UUID)}
	}
	var ok bool
	if e.UUID, ok = e.string(UUID); !ok {
		e.UUID = nil
		if e.nodes[EventType] == 0 && e.nodes[Published] == 0 && e.nodes[UUID] == 0 {
			return &Fault{Reason: NotOkta, Text: "a JSON object without uuid, eventType and published"}
		}
		return missing(UUID, "is missing, empty or not a string")
	}
	if e.Type, ok = e.string(EventType); !ok {
		return missing(EventType, "is missing, empty or not a string")
	}
	published, ok := e.string(Published)
	if !ok {
		return missing(Published, "is missing, empty or not a string")
	}
	if e.PublishedMS, ok = ParsePublished(published); !ok {
		return missing(Published, "is not a time such as 2026-01-02T15:04:05.678Z")
	}
	return nil
}

func (e *Event) find(b *branch, object uint32) {
	nodes := e.Tree.Nodes
	for i := object + 1; i < nodes[object].Next; i = nodes[i].Next {
		below := b.find(e.Tree.Key(i))
		if below == nil {
			continue
		}
		if below.field != 0 && e.nodes[below.field] == 0 {
			e.nodes[below.field] = i
		}
		if nodes[i].Kind == '{' && below.byName != nil {
			e.find(below, i)
		}
	}
}

// string returns the text of a string field, unescaped, and whether it has a value: Okta sometimes
// writes "null" for none.
func (e *Event) string(f Field) (text []byte, ok bool) {
	i := e.nodes[f]
	if i == 0 || e.Tree.Nodes[i].Kind != '"' {
		return nil, false
	}
	text = e.Tree.Inner(i)
	if bytes.IndexByte(text, '\\') >= 0 {
		from := len(e.unique)
		e.unique = e.Tree.AppendString(e.unique, i)
		text = e.unique[from:]
	}
	return text, len(text) > 0 && string(text) != "null"
}

// Hash returns the SHA-256 of Text, the event's JSON text as received, neither compacted nor
// reordered. It is computed on the first call.
func (e *Event) Hash() [sha256.Size]byte {
	if !e.hashed {
		e.hash, e.hashed = sha256.Sum256(e.Text()), true
	}
	return e.hash
}

// AppendLine appends the event's JSON text to dst as one line: unchanged, or compacted if it has
// line breaks. This is the format "raw".
func (e *Event) AppendLine(dst []byte) []byte { return e.appendLine(dst, e.Root) }

// AppendCarrier appends Carrier to dst as one line, as AppendLine does.
func (e *Event) AppendCarrier(dst []byte) []byte { return e.appendLine(dst, e.whole) }

func (e *Event) appendLine(dst []byte, node uint32) []byte {
	text := e.Tree.Raw(node)
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return append(dst, text...)
	}
	return e.Tree.AppendCompact(dst, node)
}

// AppendEnvelope appends an event in an envelope like those in which EventBridge delivers Okta's
// events: event, one line of JSON, as detail, and the values of from (Amazon EventBridge user
// guide, "Events", 2026-11). The envelope has no time if from has none. by, if not "", is who made
// the envelope, in the member envelope_by, which EventBridge's envelopes do not have.
func AppendEnvelope(dst []byte, from Provenance, by string, event []byte) []byte {
	text := func(name, value string) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst, _ = jsontext.AppendQuote(dst, value) // bytes that are not UTF-8 are replaced
	}
	dst = append(dst, `{"version":"0"`...)
	text("id", from.ID)
	text("detail-type", DetailType)
	text("source", from.Source)
	text("account", from.Account)
	if from.TimeMS != 0 {
		text("time", time.UnixMilli(from.TimeMS).UTC().Format("2006-01-02T15:04:05Z"))
	}
	text("region", from.Region)
	if by != "" {
		text("envelope_by", by)
	}
	dst = append(dst, `,"resources":[],"detail":`...)
	return append(append(dst, event...), '}')
}
