// Package record writes normalised records by descriptions of them.
//
// A description is a tree of parts (Object, Field, Derive, …) that reads like the
// record that it describes; the Emitter walks it once an event. It knows which
// leaves of the event an attribute holds by now and which are still unmapped,
// which is what makes a record lossless: what no part has taken, Rest writes.
package record

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/events/roles"
	"github.com/oktastream/oktastream/events/security"
)

// state is what has become of a node of the event.
type state uint8

const (
	unmapped state = iota // no attribute holds it: Rest writes it
	mapped                // an attribute holds it
	typed                 // Rest writes it as security.Verdict has typed it
)

// Emitter writes one record at a time. It is for one goroutine and keeps its
// memory from event to event; New makes one.
type Emitter struct {
	Out      []byte // the record so far
	Event    *events.Event
	Tree     *jsontree.Tree // the event's
	Verdict  *security.Verdict
	Decision *classify.Decision
	Roles    *roles.Decision
	Targets  []Target
	Target   *Target // the current one, inside of ForRole and EachTarget

	cast      [roles.Count]*Target
	tied      [roles.Count]bool
	reader    security.Reader
	countries countries
	states    []state
	inside    jsontree.Tree // of JSON that stood in a string
	// log lists the nodes that have been mapped, in order, so that an object
	// that has to be taken back gives them back.
	log []uint32

	// Only Explain traces; names is the path of the object at hand then.
	tracing bool
	names   []string
	steps   []Step
}

// New makes an Emitter.
func New() *Emitter { return &Emitter{countries: countries{}} }

// Begin makes ev the current event and appends to dst from here on. decision is what its type is in OCSF's terms, cast
// which target plays which role.
func (e *Emitter) Begin(dst []byte, ev *events.Event, decision *classify.Decision, cast *roles.Decision) {
	e.Out, e.Event, e.Tree, e.Decision, e.Roles, e.Target = dst, ev, ev.Tree, decision, cast, nil
	e.Verdict = e.reader.Read(ev)
	e.Verdict.Reasons = slices.DeleteFunc(e.Verdict.Reasons, IsPlaceholder)
	e.Verdict.Threats = slices.DeleteFunc(e.Verdict.Threats, IsPlaceholder)
	e.log, e.names = e.log[:0], e.names[:0]
	if size := len(e.Tree.Nodes); size > len(e.states) {
		e.states = make([]state, size+size/2)
	} else {
		// The event may be one of thousands in an array, each with its own nodes.
		clear(e.states[ev.Root:e.Tree.Nodes[ev.Root].Next])
	}
	e.bindTargets()
	if decision.ForGroup != nil && e.cast[roles.User] == nil && e.cast[roles.Group] != nil {
		e.Decision = decision.ForGroup
	}
	e.markTyped()
}

// Write writes parts into the object at hand.
func (e *Emitter) Write(parts []Part) {
	for _, p := range parts {
		p.write(e)
	}
}

// End returns what Begin was given with the record appended.
func (e *Emitter) End() []byte {
	out := e.Out
	e.Out = nil
	return out
}

// Trace makes the Emitter remember what it does until Steps asks.
func (e *Emitter) Trace() { e.tracing, e.steps = true, nil }

// Steps ends tracing and tells what was done: first what wrote attributes and
// the rest, in order, then what was left out because it says nothing.
func (e *Emitter) Steps() []Step {
	steps := append(e.steps, e.silent()...)
	e.tracing, e.steps = false, nil
	return steps
}

// mark is a place in the record to which it can be taken back.
type mark struct{ start, content, log, steps int }

// Step is one thing that normalising did, as explain shows it.
type Step struct {
	From  string         `json:"from,omitempty"`  // the place in the Okta event; "" where To is derived
	To    string         `json:"to,omitempty"`    // the place in the record; "" where the value was dropped
	How   string         `json:"how"`             // what was done to the value, or why it is there
	Value jsontext.Value `json:"value,omitempty"` // as the record holds it
}

func (e *Emitter) begin(key string, list bool) mark {
	m := mark{start: len(e.Out), log: len(e.log), steps: len(e.steps)}
	e.key(key)
	if list {
		e.Out = append(e.Out, '[')
	}
	e.Out = append(e.Out, '{')
	m.content = len(e.Out)
	if e.tracing {
		if list {
			key += "[0]"
		}
		e.names = append(e.names, key)
	}
	return m
}

// beginElement begins an object that is one of an array that key holds.
func (e *Emitter) beginElement(key string, more bool) mark {
	m := mark{start: len(e.Out), log: len(e.log), steps: len(e.steps)}
	if more {
		e.Out = append(e.Out, ',')
	}
	e.Out = append(e.Out, '{')
	m.content = len(e.Out)
	if e.tracing {
		e.names = append(e.names, key+"[]")
	}
	return m
}

func (e *Emitter) end(m mark, list bool) bool {
	if len(e.Out) == m.content {
		e.rollBack(m)
		return false
	}
	e.Out = append(e.Out, '}')
	if list {
		e.Out = append(e.Out, ']')
	}
	if e.tracing {
		e.names = e.names[:len(e.names)-1]
	}
	return true
}

func (e *Emitter) rollBack(m mark) {
	e.Out = e.Out[:m.start]
	for _, i := range e.log[m.log:] {
		e.states[i] = unmapped
	}
	e.log, e.steps = e.log[:m.log], e.steps[:m.steps]
	if e.tracing {
		e.names = e.names[:len(e.names)-1]
	}
}

// leaf writes node i as attribute key, if how takes it.
func (e *Emitter) leaf(key string, how Transform, i uint32) bool {
	start := len(e.Out)
	e.key(key)
	value := len(e.Out)
	if !how.Write(e, i) {
		e.Out = e.Out[:start]
		return false
	}
	if !how.Partial {
		e.take(i)
	}
	if e.tracing {
		e.step(e.source(i), e.path(key), how.Name, e.Out[value:])
	}
	return true
}

// take says that an attribute holds node i whole.
func (e *Emitter) take(i uint32) {
	if e.states[i] == unmapped {
		e.states[i] = mapped
		e.log = append(e.log, i)
	}
}

func (e *Emitter) key(name string) {
	out := e.Out
	if c := out[len(out)-1]; c != '{' && c != '[' {
		out = append(out, ',')
	}
	e.Out = append(append(append(out, '"'), name...), '"', ':')
}

// Quote appends text as a JSON string. It reports true, as a value of Derive that has been written does.
func (e *Emitter) Quote(text string) bool {
	e.Out, _ = jsontext.AppendQuote(e.Out, text)
	return true
}

// Int appends a number.
func (e *Emitter) Int(n int64) bool {
	e.Out = strconv.AppendInt(e.Out, n, 10)
	return true
}

// Is reports whether node i is the string text.
func (e *Emitter) Is(i uint32, text string) bool {
	return i != 0 && e.Tree.Nodes[i].Kind == '"' && string(e.Tree.Inner(i)) == text
}

// Inner is the text of string field f as written, nil where it says nothing.
func (e *Emitter) Inner(f events.Field) []byte {
	if i := e.Event.Node(f); e.Says(i) {
		return e.Tree.Inner(i)
	}
	return nil
}

// step remembers a step for Explain.
func (e *Emitter) step(from, to, how string, value []byte) {
	e.steps = append(e.steps, Step{from, to, how, bytes.Clone(value)})
}

// True appends true.
func (e *Emitter) True() bool {
	e.Out = append(e.Out, "true"...)
	return true
}

// Raw appends the text of node i as it is.
func (e *Emitter) Raw(i uint32) bool {
	e.Out = append(e.Out, e.Tree.Raw(i)...)
	return true
}

// Text appends the text of a field, which has its own attribute elsewhere.
func (e *Emitter) Text(f events.Field) bool { return writeText(e, e.Event.Node(f)) }

// HasContent reports whether anything of node i says something.
func (e *Emitter) HasContent(i uint32) bool {
	_, has := e.Tree.AppendDense(nil, i)
	return has
}

// Says reports whether node i is a string with something in it that is no placeholder.
func (e *Emitter) Says(i uint32) bool {
	return i != 0 && e.Tree.Nodes[i].Kind == '"' && !IsPlaceholder(e.Tree.Inner(i))
}

// maxPlaceholder is more than any placeholder has bytes, with each of its characters escaped and blanks around it.
const maxPlaceholder = 64

// IsPlaceholder reports whether text, as written in a JSON string, stands for what Okta does not know: "unknown" or
// "null" in any case of letters, ".", nothing, or one of these between blanks. As the value of an attribute that
// identifies or names something it would join events that have nothing in common.
func IsPlaceholder(text []byte) bool {
	if len(text) <= maxPlaceholder && bytes.IndexByte(text, '\\') >= 0 {
		unescaped, err := jsontext.AppendUnquote(nil, append(append([]byte{'"'}, text...), '"'))
		if err != nil { // half a character was escaped
			return false
		}
		text = unescaped
	}
	switch text = bytes.TrimSpace(text); len(text) {
	case 0:
		return true
	case len("."):
		return text[0] == '.'
	case len("null"):
		return bytes.EqualFold(text, []byte("null"))
	case len("unknown"):
		return bytes.EqualFold(text, []byte("unknown"))
	}
	return false
}

// Typed is the tree of field f as security.Verdict has typed it, or nil. It is
// valid until the next call.
func (e *Emitter) Typed(f events.Field) *jsontree.Tree {
	if text := e.Verdict.Typed(f); text != nil && e.inside.Parse(text) == nil {
		return &e.inside
	}
	return nil
}

// Behaviors is the tree of security.Verdict.Behaviors, an object of results by the names of behaviors, or nil where
// there are none. It is valid until the next call of it or of Typed.
func (e *Emitter) Behaviors() *jsontree.Tree {
	if e.Verdict.Behaviors == nil || e.inside.Parse(e.Verdict.Behaviors) != nil {
		return nil
	}
	return &e.inside
}

func (e *Emitter) path(key string) string {
	return strings.Join(append(e.names[:len(e.names):len(e.names)], key), ".")
}

// source is the path of node i in the event. It is for explain, which has time.
func (e *Emitter) source(i uint32) string {
	var path strings.Builder
	for at := e.Event.Root; at != i; {
		n := 0
		for c := at + 1; ; c = e.Tree.Nodes[c].Next {
			if i < e.Tree.Nodes[c].Next {
				if e.Tree.Nodes[at].Kind == '[' {
					path.WriteString("[" + strconv.Itoa(n) + "]")
				} else {
					if path.Len() > 0 {
						path.WriteByte('.')
					}
					path.Write(e.Tree.Key(c))
				}
				at = c
				break
			}
			n++
		}
	}
	return path.String()
}
