package security

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events/jsontree"
)

func (r *Reader) unescape(tree *jsontree.Tree, i uint32) []byte {
	inner := tree.Inner(i)
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	start := len(r.text)
	r.text = tree.AppendString(r.text, i)
	return r.text[start:]
}

func (r *Reader) unescapeKey(tree *jsontree.Tree, i uint32) []byte {
	key := tree.Key(i)
	if bytes.IndexByte(key, '\\') < 0 {
		return key
	}
	start := len(r.text)
	r.text = tree.AppendKey(r.text, i)
	return r.text[start:]
}

// identifier matches the keys of a risk: level, reasons, previousLevel.
func identifier(key []byte) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return len(key) > 0
}

// anyKey matches the keys of behaviors, which admins name.
func anyKey(key []byte) bool { return len(key) > 0 }

// isResult matches POSITIVE, NEGATIVE, BAD_REQUEST, UNKNOWN and similar words that Okta may add.
// Any other text means that the pairs were split in the wrong places.
func isResult(value []byte) bool {
	for _, c := range value {
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return len(value) > 0
}

func appendList(dst []byte, items [][]byte) []byte {
	dst = append(dst, '[')
	for n, item := range items {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = quote(dst, item)
	}
	return append(dst, ']')
}

func quote(dst, text []byte) []byte {
	// The only possible error is invalid UTF-8, which was checked before.
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

func hasText(tree *jsontree.Tree, i uint32) bool {
	return i != 0 && tree.Nodes[i].Kind == '"' && !tree.Blank(i)
}
