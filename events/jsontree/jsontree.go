// Package jsontree holds the text of one JSON value as a flat tree of tokens.
//
// The tokens and their validity come from a library (jsontext); the tree only
// remembers where each one lies in the text. Nothing is copied, unescaped or
// converted: a reader that wants a number as Okta wrote it gets the very bytes,
// and fields that nobody has heard of are there like all others.
//
// A Tree is meant to be used again and again: Parse forgets the value before.
package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
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
	buffer  bytes.Buffer
	decoder jsontext.Decoder
}

// The reasons for which Parse refuses a text. None of them quotes it.
var (
	ErrUTF8  = errors.New("invalid UTF-8")
	ErrDepth = fmt.Errorf("nested deeper than %d", MaxDepth)
	ErrSize  = fmt.Errorf("longer than %d bytes", uint64(MaxSize))
	ErrEmpty = errors.New("no value")
)

// SyntaxError says where a text stops being JSON. It holds no part of the text:
// the library's own message quotes it, and event content has no place in logs.
type SyntaxError struct {
	Offset int64
	// Truncated tells that the text ends too soon, rather than goes wrong.
	Truncated bool
}

func (e *SyntaxError) Error() string {
	if e.Truncated {
		return fmt.Sprintf("JSON ends too soon, at byte %d", e.Offset)
	}
	return fmt.Sprintf("JSON syntax error at byte %d", e.Offset)
}

// Parse reads text, which must be one JSON value with nothing but blanks around
// it. The tree refers to text until the next Parse; text must not change.
//
// Duplicate member names are accepted (RFC 8259 §4 leaves them open) and so are
// escaped lone surrogates, which is what becomes of a string cut in the middle
// of a character; bytes that are not UTF-8 are refused.
func (t *Tree) Parse(text []byte) error {
	t.Text, t.Nodes, t.open = text, t.Nodes[:0], t.open[:0]
	if len(text) > MaxSize {
		return ErrSize
	}
	if !utf8.Valid(text) {
		return ErrUTF8
	}
	t.buffer = *bytes.NewBuffer(text)
	t.decoder.Reset(&t.buffer, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := t.tokens(); err != nil {
		return err
	}
	if _, err := t.decoder.ReadToken(); err != io.EOF {
		return &SyntaxError{Offset: t.decoder.InputOffset()}
	}
	return nil
}

func (t *Tree) tokens() error {
	d := &t.decoder
	var node Node
	named := false // inside an object, the name of the next value has been read
	for {
		kind := d.PeekKind()
		switch kind {
		case '{', '[':
			if len(t.open) == MaxDepth {
				return ErrDepth
			}
			if _, err := d.ReadToken(); err != nil {
				return t.fault(err)
			}
			node.Kind, node.Start = Kind(kind), uint32(d.InputOffset())-1
			t.open = append(t.open, uint32(len(t.Nodes)))
			t.Nodes = append(t.Nodes, node)
			node, named = Node{}, false
			continue
		case '}', ']':
			if _, err := d.ReadToken(); err != nil {
				return t.fault(err)
			}
			last := len(t.open) - 1
			closed := &t.Nodes[t.open[last]]
			closed.Next, closed.End = uint32(len(t.Nodes)), uint32(d.InputOffset())
			t.open = t.open[:last]
		default:
			value, err := d.ReadValue()
			if err != nil {
				return t.fault(err)
			}
			end := uint32(d.InputOffset())
			start := end - uint32(len(value))
			if !named && t.inObject() {
				node.KeyStart, node.KeyEnd, named = start+1, end-1, true
				continue
			}
			node.Kind, node.Start, node.End, node.Next = Kind(kind), start, end, uint32(len(t.Nodes))+1
			t.Nodes = append(t.Nodes, node)
			node, named = Node{}, false
		}
		if len(t.open) == 0 {
			return nil
		}
	}
}

func (t *Tree) inObject() bool {
	return len(t.open) > 0 && t.Nodes[t.open[len(t.open)-1]].Kind == '{'
}

func (t *Tree) fault(err error) error {
	if err == io.EOF {
		return ErrEmpty
	}
	offset := t.decoder.InputOffset()
	if syntactic := (*jsontext.SyntacticError)(nil); errors.As(err, &syntactic) {
		offset = syntactic.ByteOffset
	}
	return &SyntaxError{Offset: offset, Truncated: errors.Is(err, io.ErrUnexpectedEOF)}
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

// AppendString appends to dst the text that string node i stands for, unescaped.
func (t *Tree) AppendString(dst []byte, i uint32) []byte {
	inner := t.Inner(i)
	start := len(dst)
	for {
		escape := bytes.IndexByte(inner, '\\')
		if escape < 0 {
			return append(dst, inner...)
		}
		char := short[inner[escape+1]]
		if char == 0 {
			// \u: the library knows about pairs of surrogates. The only error left
			// after Parse is a lone one, which it replaces by U+FFFD and goes on.
			dst, _ = jsontext.AppendUnquote(dst[:start], t.Raw(i))
			return dst
		}
		dst = append(append(dst, inner[:escape]...), char)
		inner = inner[escape+2:]
	}
}

// short are the escapes of two characters (RFC 8259 §7) and what they stand for.
// A message in a queue is JSON in a string, with one for every quote in it: they
// are worth a way of their own.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

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
