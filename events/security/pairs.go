package security

import (
	"bytes"

	"github.com/oktastream/oktastream/events/jsontree"
)

// pair is one key with its value, both unescaped.
type pair struct{ key, value []byte }

// pairs reads node i as a map of strings, written in one of these ways:
//
//	{"New Device":"POSITIVE"}         an object
//	"{\"New Device\":\"POSITIVE\"}"   an object in a string
//	"{New Device=POSITIVE, …}"        the output of Java's Map.toString
//	"New Device=POSITIVE, …"          the same without its brackets
//	["New Device=POSITIVE"]           a list
//	{"New Device=POSITIVE":null}      the list as a data warehouse exports it
//
// It reports false for everything else, and for a text that joining the pairs would
// not give back byte for byte.
func (r *Reader) pairs(tree *jsontree.Tree, i uint32, key keyRule) ([]pair, bool) {
	list, ok := r.read(tree, i, key)
	return list, ok && !repeats(list)
}

// maxPairs is far more than an org has behavior rules. A longer map is kept unchanged.
const maxPairs = 500

// repeats reports whether a key occurs twice, of which most JSON parsers would keep only one, or
// whether there are too many keys to check.
func repeats(list []pair) bool {
	if len(list) > maxPairs {
		return true
	}
	for n := range list {
		for _, before := range list[:n] {
			if bytes.Equal(before.key, list[n].key) {
				return true
			}
		}
	}
	return false
}

func (r *Reader) read(tree *jsontree.Tree, i uint32, key keyRule) ([]pair, bool) {
	r.list = r.list[:0]
	switch n := &tree.Nodes[i]; n.Kind {
	case '"':
		if r.parseInner(tree, i) {
			return r.list, r.inner.Nodes[0].Kind == '{' && r.members(&r.inner, 0)
		}
		text := r.unescape(tree, i)
		return r.list, isWhole(text) && r.javaMap(text, key)
	case '{':
		return r.list, r.members(tree, i)
	case '[':
		for c := i + 1; c < n.Next; c = tree.Nodes[c].Next {
			if tree.Nodes[c].Kind != '"' || !r.equation(r.unescape(tree, c)) {
				return nil, false
			}
		}
		return r.list, len(r.list) > 0
	}
	return nil, false
}

// members reads an object in which all values are strings, or in which all keys are equations and
// all values null.
func (r *Reader) members(tree *jsontree.Tree, i uint32) bool {
	for c := i + 1; c < tree.Nodes[i].Next; c = tree.Nodes[c].Next {
		switch tree.Nodes[c].Kind {
		case '"':
			r.list = append(r.list, pair{r.unescapeKey(tree, c), r.unescape(tree, c)})
		case 'n':
			if !r.equation(r.unescapeKey(tree, c)) {
				return false
			}
		default:
			return false
		}
	}
	return len(r.list) > 0
}

// equation reads "key=value".
func (r *Reader) equation(text []byte) bool {
	key, value, ok := bytes.Cut(text, []byte("="))
	r.list = append(r.list, pair{key, value})
	return ok && len(key) > 0 && len(value) > 0
}

// keyRule reports whether the text before a "=" can be a key; otherwise it is part of the value
// before it.
type keyRule func(key []byte) bool

// javaMap reads "{key=value, key=value}", which also broke Elastic's beats (issues 30961 and
// 33677). Values may contain ", " ("reasons=Anomalous Device, Anomalous Location"), so a piece
// begins a new pair only if it has a key.
func (r *Reader) javaMap(text []byte, isKey keyRule) bool {
	if len(text) >= 2 && text[0] == '{' && text[len(text)-1] == '}' {
		text = text[1 : len(text)-1]
	}
	for start := 0; start <= len(text); {
		end := len(text)
		if comma := bytes.Index(text[start:], []byte(", ")); comma >= 0 {
			end = start + comma
		}
		piece := text[start:end]
		start = end + len(", ")
		if key, value, ok := bytes.Cut(piece, []byte("=")); ok && isKey(key) {
			r.list = append(r.list, pair{key, value})
			continue
		}
		if len(r.list) == 0 {
			return false
		}
		last := &r.list[len(r.list)-1]
		last.value = last.value[:len(last.value)+len(", ")+len(piece)]
	}
	return len(r.list) > 0
}
