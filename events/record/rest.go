package record

import (
	"strconv"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// Rest writes everything that no attribute holds as attribute key, under Okta's own names. It
// leaves out values without content (null, "", "null", {} and []).
//
// If any leaf of an array element is unmapped, the whole element is written here, so that related
// values stay together. Only an object that an attribute holds whole (changeDetails.from and to, in
// entity.data and entity_result.data) is not repeated, since it can be of any size.
func (e *Emitter) Rest(key string) {
	start := len(e.Out)
	e.key(key)
	e.names = append(e.names[:0], key)
	if !e.rest(e.Event.Root, false) {
		e.Out = e.Out[:start]
	}
	e.names = e.names[:0]
}

// rest writes the unmapped part of node i, or all of it.
func (e *Emitter) rest(i uint32, whole bool) bool {
	n := &e.Tree.Nodes[i]
	switch s := e.states[i]; {
	case s == mapped && (!whole || n.Kind == '{' || n.Kind == '['):
		return false
	case s == typed:
		start := len(e.Out)
		e.Out = append(e.Out, e.typedJSON(i)...)
		e.traceRest(i, "parsed into typed JSON", start)
		return true
	case n.Kind != '{' && n.Kind != '[':
		if e.Tree.Blank(i) {
			return false
		}
		start := len(e.Out)
		e.Raw(i)
		e.traceRest(i, Unchanged, start)
		return true
	}
	start := len(e.Out)
	e.Out = append(e.Out, byte(n.Kind))
	elements := 0
	for c := i + 1; c < n.Next; c = e.Tree.Nodes[c].Next {
		below := whole
		if n.Kind == '[' && !whole {
			if !e.leftOver(c) {
				continue
			}
			below = true
		}
		if e.silentLeaf(c, below) {
			continue
		}
		before := len(e.Out)
		if before > start+1 {
			e.Out = append(e.Out, ',')
		}
		if n.Kind == '{' {
			e.Out = append(append(e.Out, e.Tree.QuotedKey(c)...), ':')
		}
		if e.tracing {
			e.names = append(e.names, e.place(c, n.Kind, elements))
		}
		wrote := e.rest(c, below)
		if e.tracing {
			e.names = e.names[:len(e.names)-1]
		}
		if !wrote {
			e.Out = e.Out[:before]
			continue
		}
		elements++
	}
	if len(e.Out) == start+1 {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, byte(n.Kind)+2) // '{' + 2 is '}', '[' + 2 is ']'
	return true
}

// silentLeaf reports whether node i has no children and rest would write nothing for it. That is
// true of most leaves, because an attribute holds them.
func (e *Emitter) silentLeaf(i uint32, whole bool) bool {
	if kind := e.Tree.Nodes[i].Kind; kind == '{' || kind == '[' {
		return false
	}
	switch e.states[i] {
	case mapped:
		return !whole || e.Tree.Blank(i)
	case typed:
		return false
	}
	return e.Tree.Blank(i)
}

// place returns the path of node c in the record, below the names so far. Indexes of an array count
// only the elements that are written.
func (e *Emitter) place(c uint32, parent jsontree.Kind, elements int) string {
	if parent == '[' {
		return "[" + strconv.Itoa(elements) + "]"
	}
	return "." + string(e.Tree.Key(c))
}

// leftOver reports whether any part of node i is in no attribute.
func (e *Emitter) leftOver(i uint32) bool {
	n := &e.Tree.Nodes[i]
	switch s := e.states[i]; {
	case s == mapped:
		return false
	case s == typed:
		return true
	case n.Kind != '{' && n.Kind != '[':
		return !e.Tree.Blank(i)
	}
	for c := i + 1; c < n.Next; c = e.Tree.Nodes[c].Next {
		if e.leftOver(c) {
			return true
		}
	}
	return false
}

// typedFields are the fields that security.Verdict types.
var typedFields = [...]events.Field{
	events.DebugRisk, events.DebugBehaviors, events.DebugLogOnlySecurityData,
	events.DebugThreatDetections, events.DebugTunnels, events.DeviceIntegrator,
}

func (e *Emitter) markTyped() {
	for _, f := range typedFields {
		if i := e.Event.Node(f); i != 0 && e.Verdict.Typed(f) != nil {
			e.states[i] = typed
		}
	}
}

func (e *Emitter) typedJSON(i uint32) []byte {
	for _, f := range typedFields {
		if e.Event.Node(f) == i {
			return e.Verdict.Typed(f)
		}
	}
	return nil
}

func (e *Emitter) traceRest(i uint32, how string, start int) {
	if e.tracing {
		e.step(e.source(i), strings.Join(e.names, ""), how, e.Out[start:])
	}
}
