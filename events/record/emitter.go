// Package record writes normalised records from descriptions of them.
//
// A description is a tree of parts (Object, Field, Derive, …) with the same structure as the
// record. The Emitter walks it once for each event and tracks which leaves of the event an
// attribute already holds. Rest then writes all others to unmapped, so that nothing is lost.
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

// state says whether a node of the event has been written.
type state uint8

const (
	unmapped state = iota // no attribute has it: Rest writes it
	mapped                // an attribute has it
	typed                 // Rest writes security.Verdict's typed form of it
)

// Emitter writes one record at a time. It must not be used by two goroutines at once, and keeps its
// memory between events. New makes one.
type Emitter struct {
	Out      []byte // the record so far
	Event    *events.Event
	Tree     *jsontree.Tree // of the event
	Verdict  *security.Verdict
	Decision *classify.Decision
	Roles    *roles.Decision
	Targets  []Target
	Target   *Target // the current target, within ForRole and EachTarget

	cast      [roles.Count]*Target
	tied      [roles.Count]bool
	reader    security.Reader
	countries countries
	states    []state
	inside    jsontree.Tree // the JSON in a string
	// log lists the mapped nodes in order: removing an object that is not written marks its nodes
	// as unmapped again.
	log []uint32

	// steps and names are used only by Explain; names is the path of the current object.
	tracing bool
	names   []string
	steps   []Step
}

// New makes an Emitter.
func New() *Emitter { return &Emitter{countries: countries{}} }

// Begin makes ev the current event; the record is appended to dst. decision has its OCSF class and
// activity, cast the types of target for each role.
func (e *Emitter) Begin(dst []byte, ev *events.Event, decision *classify.Decision, cast *roles.Decision) {
	e.Out, e.Event, e.Tree, e.Decision, e.Roles, e.Target = dst, ev, ev.Tree, decision, cast, nil
	e.Verdict = e.reader.Read(ev)
	e.Verdict.Reasons = slices.DeleteFunc(e.Verdict.Reasons, IsPlaceholder)
	e.Verdict.Threats = slices.DeleteFunc(e.Verdict.Threats, IsPlaceholder)
	e.log, e.names = e.log[:0], e.names[:0]
	if size := len(e.Tree.Nodes); size > len(e.states) {
		e.states = make([]state, size+size/2)
	} else {
		// An array can hold thousands of events, each with its own nodes.
		clear(e.states[ev.Root:e.Tree.Nodes[ev.Root].Next])
	}
	e.bindTargets()
	if decision.ForGroup != nil && e.cast[roles.User] == nil && e.cast[roles.Group] != nil {
		e.Decision = decision.ForGroup
	}
	e.markTyped()
}

// Write writes parts into the current object.
func (e *Emitter) Write(parts []Part) {
	for _, p := range parts {
		p.write(e)
	}
}

// End returns the dst of Begin with the record appended.
func (e *Emitter) End() []byte {
	out := e.Out
	e.Out = nil
	return out
}

// Trace makes the Emitter record its steps until Steps is called.
func (e *Emitter) Trace() { e.tracing, e.steps = true, nil }

// Steps stops tracing and returns the steps: first the attributes and the rest, in order, then what
// was left out because it has no content.
func (e *Emitter) Steps() []Step {
	steps := append(e.steps, e.silent()...)
	e.tracing, e.steps = false, nil
	return steps
}

// mark is a position in the record that the Emitter can return to.
type mark struct{ start, content, log, steps int }

// Unchanged is the How of a Step that copies a value.
const Unchanged = "unchanged"

// Step is one step of normalising, for explain.
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

// beginElement begins an object as an element of the array key; more is true from the second on.
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

// leaf writes node i as attribute key, if how accepts it.
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

// take marks node i and all below it as mapped.
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

// Quote appends text as a JSON string and returns true, as the value function of Derive must after
// it has written.
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

// Inner returns the text of string field f as written, or nil if it has no content.
func (e *Emitter) Inner(f events.Field) []byte {
	if i := e.Event.Node(f); e.Says(i) {
		return e.Tree.Inner(i)
	}
	return nil
}

// step records a step for Explain.
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

// Text appends the text of a field that also has an attribute elsewhere.
func (e *Emitter) Text(f events.Field) bool { return writeText(e, e.Event.Node(f)) }

// HasContent reports whether node i or anything below it has content.
func (e *Emitter) HasContent(i uint32) bool {
	_, has := e.Tree.AppendDense(nil, i)
	return has
}

// Says reports whether node i is a string that is not empty and not a placeholder.
func (e *Emitter) Says(i uint32) bool {
	return i != 0 && e.Tree.Nodes[i].Kind == '"' && !IsPlaceholder(e.Tree.Inner(i))
}

// maxPlaceholder is longer than any placeholder in bytes, with all its characters escaped and with
// blanks around it.
const maxPlaceholder = 64

// IsPlaceholder reports whether text, as written in a JSON string, means that Okta does not know
// the value: "unknown" or "null" in any case of letters, ".", the empty text, each with or without
// blanks around it. In an attribute that identifies or names something, a placeholder would
// correlate unrelated events.
func IsPlaceholder(text []byte) bool {
	if len(text) <= maxPlaceholder && bytes.IndexByte(text, '\\') >= 0 {
		unescaped, err := jsontext.AppendUnquote(nil, append(append([]byte{'"'}, text...), '"'))
		if err != nil { // half of a surrogate pair
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

// Typed returns the tree of field f as typed by security.Verdict, or nil. It is valid until the
// next call.
func (e *Emitter) Typed(f events.Field) *jsontree.Tree {
	if text := e.Verdict.Typed(f); text != nil && e.inside.Parse(text) == nil {
		return &e.inside
	}
	return nil
}

// Behaviors returns the tree of security.Verdict.Behaviors, an object from behavior name to result,
// or nil if there are none. It is valid until the next call of Behaviors or Typed.
func (e *Emitter) Behaviors() *jsontree.Tree {
	if e.Verdict.Behaviors == nil || e.inside.Parse(e.Verdict.Behaviors) != nil {
		return nil
	}
	return &e.inside
}

func (e *Emitter) path(key string) string {
	return strings.Join(append(e.names[:len(e.names):len(e.names)], key), ".")
}

// source returns the path of node i in the event. It is slow, and used only by explain.
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
