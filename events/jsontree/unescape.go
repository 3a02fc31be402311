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
	text, from := t.Text, i
	if i = special(text, i); i == len(text) {
		return -1
	} else if text[i] == '"' {
		return i
	}
	start := 0
	if n := len(t.strings); n > 0 {
		start = t.strings[n-1].end
	}
	room := t.room[start:]
	at := copy(room, text[from:i])
	for {
		// Eight bytes are taken over whatever they are, as far as they go.
		for i+8 <= len(text) {
			v := binary.LittleEndian.Uint64(text[i:])
			binary.LittleEndian.PutUint64(room[at:], v)
			if m := specials(v); m != 0 {
				n := bits.TrailingZeros64(m) >> 3
				i, at = i+n, at+n
				break
			}
			i, at = i+8, at+8
		}
		for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
			room[at] = text[i]
			i, at = i+1, at+1
		}
		switch {
		case i == len(text):
			return -1
		case text[i] == '"':
			t.strings = append(t.strings, unescaped{node, start, start + at})
			return i
		case text[i] == '\\' && i+1 < len(text) && short[text[i+1]] != 0:
			room[at] = short[text[i+1]]
			i, at = i+2, at+1
		default:
			if i = escapeEnd(text, i); i < 0 {
				return -1
			}
			if i = stringEnd(text, i); i >= 0 {
				t.strings = append(t.strings, unescaped{node, start, start + len(appendUnquoted(room[:0], text[from-1:i+1]))})
			}
			return i
		}
	}
}
