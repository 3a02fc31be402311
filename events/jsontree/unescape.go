package jsontree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// short are the escapes of two characters (RFC 8259 §7) and what they stand for.
// A message in a queue is JSON in a string, with one for every quote in it: they
// are worth a way of their own.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// String is the text that string node i stands for: a part of the tree's text
// where nothing in it is escaped.
func (t *Tree) String(i uint32) []byte {
	if inner := t.Inner(i); bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return t.AppendString(nil, i)
}

// AppendString appends to dst the text that string node i stands for, unescaped.
func (t *Tree) AppendString(dst []byte, i uint32) []byte {
	inner := t.Inner(i)
	escape := bytes.IndexByte(inner, '\\')
	if escape < 0 {
		return append(dst, inner...)
	}
	// What it stands for is never longer than what is written. Eight bytes are
	// taken over at a time whatever they are, as far as they go.
	start := len(dst)
	dst = slices.Grow(dst, len(inner)+8)[:start+len(inner)+8]
	from, to := escape, start+copy(dst[start:], inner[:escape])
	for {
		char := short[inner[from+1]]
		if char == 0 {
			return appendUnquoted(dst[:start], t.Raw(i))
		}
		dst[to] = char
		from, to = from+2, to+1
		for from+8 <= len(inner) {
			v := binary.LittleEndian.Uint64(inner[from:])
			binary.LittleEndian.PutUint64(dst[to:], v)
			n := firstBackslash(v)
			from, to = from+n, to+n
			if n < 8 {
				break
			}
		}
		for from < len(inner) && inner[from] != '\\' {
			dst[to] = inner[from]
			from, to = from+1, to+1
		}
		if from == len(inner) {
			return dst[:to]
		}
	}
}

// firstBackslash is how many of the bytes of v, in little-endian order, stand
// before the first backslash.
func firstBackslash(v uint64) int {
	const each = 0x0101010101010101
	v ^= '\\' * each // a backslash becomes 0
	return bits.TrailingZeros64((v-each)&^v&(0x80*each)) >> 3
}

// appendUnquoted is for strings with \u: the library knows about pairs of
// surrogates. The only error left after Parse is a lone one, which it replaces by
// U+FFFD and goes on.
func appendUnquoted(dst, quoted []byte) []byte {
	dst, _ = jsontext.AppendUnquote(dst, quoted)
	return dst
}
