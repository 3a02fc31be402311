package security

import (
	"bytes"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events/jsontree"
)

// logOnly reads {"risk":{…},"behaviors":{…}}, an object or one in a string.
func (r *Reader) logOnly(tree *jsontree.Tree, i uint32) bool {
	if tree.Nodes[i].Kind == '"' {
		if !r.parseInner(tree, i) {
			return false
		}
		tree, i = &r.inner, 0
	}
	if tree.Nodes[i].Kind != '{' {
		return false
	}
	first := len(r.out)
	r.out = append(r.out, '{')
	for c := i + 1; c < tree.Nodes[i].Next; c = tree.Nodes[c].Next {
		before := len(r.out)
		if before > first+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(r.out, '"')
		r.out = append(append(r.out, tree.Key(c)...), '"', ':')
		start := len(r.out)
		// Only objects: a string here could itself hold JSON, and there is only one inner tree.
		if key := string(tree.Key(c)); tree.Nodes[c].Kind == '{' &&
			(key == "risk" && r.risk(tree, c) || key == "behaviors" && r.behaviors(tree, c)) {
			continue
		}
		var wrote bool
		if r.out, wrote = tree.AppendDense(r.out[:start], c); !wrote {
			r.out = r.out[:before]
		}
	}
	r.out = append(r.out, '}')
	return len(r.out) > first+len("{}")
}

// threats reads {"Password Spray":"HIGH"}.
func (r *Reader) threats(tree *jsontree.Tree, i uint32) bool {
	if list, ok := r.pairs(tree, i, anyKey); ok {
		for _, p := range list {
			if len(p.key) > 0 && string(p.key) != "null" {
				r.verdict.Threats = append(r.verdict.Threats, p.key)
			}
			r.verdict.Threat = max(r.verdict.Threat, parseLevel(p.value))
		}
	}
	return r.embedded(tree, i)
}

// embedded reads a JSON object or array in a string.
func (r *Reader) embedded(tree *jsontree.Tree, i uint32) bool {
	if !r.parseInner(tree, i) {
		return false
	}
	if kind := r.inner.Nodes[0].Kind; kind != '{' && kind != '[' {
		return false
	}
	var wrote bool
	r.out, wrote = r.inner.AppendDense(r.out, 0)
	return wrote
}

// parseInner parses the JSON in string node i.
func (r *Reader) parseInner(tree *jsontree.Tree, i uint32) bool {
	if tree.Nodes[i].Kind != '"' {
		return false
	}
	text := r.unescape(tree, i)
	return mayBeJSON(text) && isWhole(text) && r.inner.Parse(text) == nil
}

// mayBeJSON reports whether text starts like a JSON object or array. Most strings
// here are like {New Device=NEGATIVE}; this is faster than an error of the parser.
func mayBeJSON(text []byte) bool {
	const blanks = " \t\r\n"
	text = bytes.TrimLeft(text, blanks)
	if len(text) == 0 || text[0] != '{' {
		return len(text) > 0 && text[0] == '['
	}
	text = bytes.TrimLeft(text[1:], blanks)
	return len(text) > 0 && (text[0] == '"' || text[0] == '}')
}

// isWhole reports whether an unescaped text can be written again without loss. It cannot if a lone
// surrogate was escaped in it, which has become U+FFFD.
func isWhole(text []byte) bool { return !bytes.ContainsRune(text, utf8.RuneError) }
