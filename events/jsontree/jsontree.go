// Package jsontree holds the text of one JSON value as a flat tree of tokens.
//
// The tree only remembers where each token lies in the text. Nothing is copied,
// unescaped or converted: a reader that wants a number as Okta wrote it gets the
// very bytes, and fields that nobody has heard of are there like all others.
//
// A Tree is meant to be used again and again: Parse forgets the value before.
package jsontree

import (
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested. EventBridge refuses
// events nested deeper than 1,000 (PutEvents, AWS SDK for Go v2, 2026-11), so
// no event that came through it is refused here.
const MaxDepth = 1000

// MaxSize is the length in bytes of the longest text that a Tree can hold: its
// offsets are 32 bits wide.
const MaxSize = 1<<32 - 1

// Kind tells what a node is: '{', '[', '"', '0' (a number), 't', 'f' or 'n'.
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
	Text  []byte
	Nodes []Node

	open    []uint32
	strings []unescaped // in order of their nodes
	room    []byte      // for what they stand for
}

// Parse reads text, which must be one JSON value with nothing but blanks around
// it. The tree refers to text until the next Parse; text must not change.
//
// Duplicate member names are accepted (RFC 8259 §4 leaves them open) and so are
// escaped lone surrogates, which is what becomes of a string cut in the middle
// of a character; bytes that are not UTF-8 are refused.
func (t *Tree) Parse(text []byte) error { return explained(t.read(text, false), text) }

// ParseUnescaping is Parse for a text whose strings are texts themselves: those
// that have escapes in them are unescaped on the way, for String, rather than
// read once more.
func (t *Tree) ParseUnescaping(text []byte) error { return explained(t.read(text, true), text) }

// Holds is Parse for whoever does not ask why a text is refused.
func (t *Tree) Holds(text []byte) bool { return t.read(text, false) == nil }

func (t *Tree) read(text []byte, unescape bool) error {
	t.Text, t.Nodes, t.open, t.strings = text, t.Nodes[:0], t.open[:0], t.strings[:0]
	if len(text) > MaxSize {
		return ErrSize
	}
	if !utf8.Valid(text) {
		return ErrUTF8
	}
	if unescape && len(t.room) < len(text) {
		// No string is longer than it is written: this is room for all of them.
		t.room = make([]byte, len(text)+len(text)/8)
	}
	whole, deep := t.scan(unescape)
	switch {
	case whole:
		return nil
	case deep:
		return ErrDepth
	}
	return errSyntax
}

// Key is the name under which node i stands, as written: escapes are kept.
func (t *Tree) Key(i uint32) []byte { n := &t.Nodes[i]; return t.Text[n.KeyStart:n.KeyEnd] }

// Raw is the text of node i as written, quotes and brackets included.
func (t *Tree) Raw(i uint32) []byte { n := &t.Nodes[i]; return t.Text[n.Start:n.End] }

// Inner is the text of string node i between its quotes; escapes are kept.
func (t *Tree) Inner(i uint32) []byte { n := &t.Nodes[i]; return t.Text[n.Start+1 : n.End-1] }

// Member is the last direct child of object node i named key, or 0. The key is
// compared as written, so one that is spelt with escapes is not found.
func (t *Tree) Member(i uint32, key string) uint32 {
	if t.Nodes[i].Kind != '{' {
		return 0
	}
	found := uint32(0)
	for c := i + 1; c < t.Nodes[i].Next; c = t.Nodes[c].Next {
		if string(t.Key(c)) == key {
			found = c
		}
	}
	return found
}

// AppendCompact appends the text of node i to dst without the blanks between
// its tokens. The tokens stay as they are written.
func (t *Tree) AppendCompact(dst []byte, i uint32) []byte {
	n := &t.Nodes[i]
	if n.Kind != '{' && n.Kind != '[' {
		return append(dst, t.Raw(i)...)
	}
	dst = append(dst, byte(n.Kind))
	for c := i + 1; c < n.Next; c = t.Nodes[c].Next {
		if c > i+1 {
			dst = append(dst, ',')
		}
		if n.Kind == '{' {
			m := &t.Nodes[c]
			dst = append(append(dst, t.Text[m.KeyStart-1:m.KeyEnd+1]...), ':')
		}
		dst = t.AppendCompact(dst, c)
	}
	return append(dst, byte(n.Kind)+2) // '{' + 2 is '}', '[' + 2 is ']'
}

// AppendDense appends node i to dst as AppendCompact does, but leaves out what
// says nothing: null, "", "null", {} and [], and what is left empty by that. It
// reports whether anything was left to append.
func (t *Tree) AppendDense(dst []byte, i uint32) ([]byte, bool) {
	n := &t.Nodes[i]
	if n.Kind != '{' && n.Kind != '[' {
		if t.Blank(i) {
			return dst, false
		}
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
			m := &t.Nodes[c]
			dst = append(append(dst, t.Text[m.KeyStart-1:m.KeyEnd+1]...), ':')
		}
		var wrote bool
		if dst, wrote = t.AppendDense(dst, c); !wrote {
			dst = dst[:before]
		}
	}
	if len(dst) == start+1 {
		return dst[:start], false
	}
	return append(dst, byte(n.Kind)+2), true
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
