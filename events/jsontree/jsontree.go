// Package jsontree holds the text of one JSON value as a flat tree of tokens.
//
// A library (jsontext) finds and checks the tokens; the tree holds only the position of each in the
// text. Nothing is copied, unescaped or converted: numbers and unknown fields keep the bytes that
// Okta wrote.
//
// A Tree is meant to be reused: Parse replaces its value.
package jsontree

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep objects and arrays may be nested. EventBridge refuses
// events nested deeper than 1,000 (PutEvents, AWS SDK for Go v2, 2026-11).
const maxDepth = 1000

// maxSize is the length in bytes of the longest text that a Tree can hold: its
// offsets are 32 bits wide.
const maxSize = 1<<32 - 1

// Kind is the type of a node: '{', '[', '"', '0' (a number), 't', 'f' or 'n'.
type Kind byte

// Node is one value of the tree. Its children, if it has any, follow it
// immediately; Next is the index of the first node that is not below it.
type Node struct {
	KeyStart, KeyEnd uint32 // member name without its quotes, as written; 0,0 in arrays
	Start, End       uint32 // the value's text, quotes and brackets included
	Next             uint32
	Kind             Kind
}

// Tree is one JSON value. The zero value is ready for Parse.
type Tree struct {
	Bytes []byte // the parsed text
	Nodes []Node

	open    []uint32
	buffer  bytes.Buffer
	decoder jsontext.Decoder
}

// Key returns the member name of node i as written, with its escapes.
func (t *Tree) Key(i uint32) []byte { n := &t.Nodes[i]; return t.Bytes[n.KeyStart:n.KeyEnd] }

// QuotedKey returns Key with the quotes around it.
func (t *Tree) QuotedKey(i uint32) []byte {
	n := &t.Nodes[i]
	return t.Bytes[n.KeyStart-1 : n.KeyEnd+1]
}

// Raw returns the text of node i as written, with quotes and brackets.
func (t *Tree) Raw(i uint32) []byte { n := &t.Nodes[i]; return t.Bytes[n.Start:n.End] }

// Inner returns the text of string node i between its quotes, with its escapes.
func (t *Tree) Inner(i uint32) []byte { n := &t.Nodes[i]; return t.Bytes[n.Start+1 : n.End-1] }

// Member returns the last member of object node i with that name. It returns 0 if there is none, or
// if node i is not an object. Names are compared unescaped.
func (t *Tree) Member(i uint32, name string) uint32 {
	if t.Nodes[i].Kind != '{' {
		return 0
	}
	found := uint32(0)
	for c := i + 1; c < t.Nodes[i].Next; c = t.Nodes[c].Next {
		key := t.Key(c)
		if bytes.IndexByte(key, '\\') >= 0 {
			key = t.AppendKey(nil, c)
		}
		if string(key) == name {
			found = c
		}
	}
	return found
}

// Text returns the string value of the last member of node object with that name, unescaped. It is
// "" if there is none, or if its value is not a string.
func (t *Tree) Text(object uint32, name string) string {
	i := t.Member(object, name)
	if i == 0 || t.Nodes[i].Kind != '"' {
		return ""
	}
	return string(t.String(i))
}

// AppendCompact appends the text of node i to dst without the whitespace between
// its tokens. The tokens stay as they are written.
func (t *Tree) AppendCompact(dst []byte, i uint32) []byte {
	dst, _ = t.append(dst, i, false)
	return dst
}

// AppendDense appends node i to dst as AppendCompact does, but leaves out values that are Blank or
// become Blank that way. It reports whether it appended anything.
func (t *Tree) AppendDense(dst []byte, i uint32) ([]byte, bool) { return t.append(dst, i, true) }

func (t *Tree) append(dst []byte, i uint32, dense bool) ([]byte, bool) {
	n := &t.Nodes[i]
	if dense && t.Blank(i) {
		return dst, false
	}
	if n.Kind != '{' && n.Kind != '[' {
		return append(dst, t.Raw(i)...), true
	}
	start := len(dst)
	dst = append(dst, byte(n.Kind))
	for c := i + 1; c < n.Next; c = t.Nodes[c].Next {
		before := len(dst)
		if before > start+1 {
			dst = append(dst, ',')
		}
		if n.Kind == '{' {
			dst = append(append(dst, t.QuotedKey(c)...), ':')
		}
		var wrote bool
		if dst, wrote = t.append(dst, c, dense); !wrote {
			dst = dst[:before]
		}
	}
	if dense && len(dst) == start+1 {
		return dst[:start], false
	}
	return append(dst, byte(n.Kind)+2), true // '{' + 2 is '}', '[' + 2 is ']'
}

// Blank reports whether node i is null, "", "null", {} or [].
func (t *Tree) Blank(i uint32) bool {
	switch n := &t.Nodes[i]; n.Kind {
	case 'n':
		return true
	case '"':
		size := n.End - n.Start
		return size == 2 || size == 6 && string(t.Inner(i)) == "null"
	case '{', '[':
		return n.Next == i+1
	}
	return false
}
