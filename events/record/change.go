package record

import (
	"bytes"
	"unicode/utf8"
)

// AsChange accepts any value with content. JSON in a string is parsed where the member's name ends
// in Json, such as policyRuleActionJson.
var AsChange = Transform{Name: "unchanged, with JSON in strings parsed", Write: func(e *Emitter, i uint32) bool {
	return e.change(i)
}}

// change appends node i as jsontree's AppendDense does, with the JSON in strings parsed.
func (e *Emitter) change(i uint32) bool {
	n := &e.Tree.Nodes[i]
	if n.Kind != '{' {
		var wrote bool
		e.Out, wrote = e.Tree.AppendDense(e.Out, i)
		return wrote
	}
	start := len(e.Out)
	e.Out = append(e.Out, '{')
	for c := i + 1; c < n.Next; c = e.Tree.Nodes[c].Next {
		before := len(e.Out)
		if before > start+1 {
			e.Out = append(e.Out, ',')
		}
		e.Out = append(append(e.Out, e.Tree.QuotedKey(c)...), ':')
		if !e.embedded(c) && !e.change(c) {
			e.Out = e.Out[:before]
		}
	}
	if len(e.Out) == start+1 {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, '}')
	return true
}

// embedded appends the object or array in the string of member i, whose name ends in Json.
func (e *Emitter) embedded(i uint32) bool {
	if e.Tree.Nodes[i].Kind != '"' || !bytes.HasSuffix(e.Tree.Key(i), []byte("Json")) {
		return false
	}
	// A text with half of a surrogate pair cannot be written again. It stays a string.
	text := e.Tree.AppendString(nil, i)
	if bytes.ContainsRune(text, utf8.RuneError) || e.inside.Parse(text) != nil {
		return false
	}
	if kind := e.inside.Nodes[0].Kind; kind != '{' && kind != '[' {
		return false
	}
	var wrote bool
	e.Out, wrote = e.inside.AppendDense(e.Out, 0)
	return wrote
}
