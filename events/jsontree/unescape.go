package jsontree

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// short has the escapes of two characters (RFC 8259 §7) and their values. A message in a queue is
// JSON in a string and has an escape for every quote: AppendString handles these without the
// library.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// String returns the unescaped text of string node i. Without escapes it is a part of the tree's
// text.
func (t *Tree) String(i uint32) []byte {
	if inner := t.Inner(i); bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return t.AppendString(nil, i)
}

// AppendString appends the text of string node i to dst, unescaped.
func (t *Tree) AppendString(dst []byte, i uint32) []byte {
	inner := t.Inner(i)
	if bytes.IndexByte(inner, '\\') < 0 {
		return append(dst, inner...)
	}
	// Unescaped text is never longer. Escapes are so close together that a byte at a
	// time is faster than searching for the next one.
	start := len(dst)
	dst = slices.Grow(dst, len(inner))[:start+len(inner)]
	to := start
	for from := 0; from < len(inner); from++ {
		c := inner[from]
		if c == '\\' {
			from++
			if c = short[inner[from]]; c == 0 {
				return appendUnquoted(dst[:start], t.Raw(i))
			}
		}
		dst[to] = c
		to++
	}
	return dst[:to]
}

// appendUnquoted unescapes strings with \u, which may be pairs of surrogates. The
// only error possible after Parse is a lone one, for which the library writes
// U+FFFD.
func appendUnquoted(dst, quoted []byte) []byte {
	dst, _ = jsontext.AppendUnquote(dst, quoted)
	return dst
}

// AppendKey appends the name of node i to dst, unescaped.
func (t *Tree) AppendKey(dst []byte, i uint32) []byte {
	if key := t.Key(i); bytes.IndexByte(key, '\\') < 0 {
		return append(dst, key...)
	}
	return appendUnquoted(dst, t.QuotedKey(i))
}
