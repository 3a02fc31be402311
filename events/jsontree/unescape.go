package jsontree

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// short are the escapes of two characters (RFC 8259 §7) and what they stand for.
// A message in a queue is JSON in a string, with one for every quote in it: they
// are worth a way of their own.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

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
			return appendUnquoted(dst[:start], t.Raw(i))
		}
		dst = append(append(dst, inner[:escape]...), char)
		inner = inner[escape+2:]
	}
}

// appendUnquoted is for strings with \u: the library knows about pairs of
// surrogates. The only error left in what scan has taken is a lone one, which it
// replaces by U+FFFD and goes on.
func appendUnquoted(dst, quoted []byte) []byte {
	dst, _ = jsontext.AppendUnquote(dst, quoted)
	return dst
}

// unescaped is where the text of a string is that ParseUnescaping has unescaped.
type unescaped struct {
	node       uint32
	start, end int // in Tree.room
}

// String is the text that string node i stands for, valid until the next Parse.
func (t *Tree) String(i uint32) []byte {
	if n, ok := slices.BinarySearchFunc(t.strings, i, func(u unescaped, i uint32) int { return cmp.Compare(u.node, i) }); ok {
		return t.room[t.strings[n].start:t.strings[n].end:t.strings[n].end]
	}
	if inner := t.Inner(i); bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return t.AppendString(nil, i)
}

// unescape is stringEnd, and unescapes the string on the way if it has escapes.
func (t *Tree) unescape(node uint32, i int) int {
	text, room := t.Text, t.room
	from := i
	if i = special(text, i); i == len(text) || text[i] == '"' {
		if i == len(text) {
			return -1
		}
		return i
	}
	start := 0
	if n := len(t.strings); n > 0 {
		start = t.strings[n-1].end
	}
	at := start + copy(room[start:], text[from:i])
	for {
		// Eight bytes are taken over whatever they are, as far as they go.
		for i+8 <= len(text) {
			v := binary.LittleEndian.Uint64(text[i:])
			binary.LittleEndian.PutUint64(room[at:], v)
			m := specials(v)
			n := bits.TrailingZeros64(m) >> 3 // 8 where there is none
			i, at = i+n, at+n
			if m != 0 {
				break
			}
		}
		for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
			room[at] = text[i]
			i, at = i+1, at+1
		}
		if i == len(text) {
			return -1
		}
		if text[i] == '"' {
			t.strings = append(t.strings, unescaped{node, start, at})
			return i
		}
		next := escapeEnd(text, i)
		if next < 0 {
			return -1
		}
		if next-i > 2 {
			if i = stringEnd(text, next); i >= 0 {
				t.strings = append(t.strings, unescaped{node, start, start + len(appendUnquoted(room[start:start], text[from-1:i+1]))})
			}
			return i
		}
		room[at] = short[text[i+1]]
		i, at = next, at+1
	}
}
