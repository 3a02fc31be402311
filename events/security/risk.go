package security

import (
	"bytes"

	"github.com/oktastream/oktastream/events/jsontree"
)

// risk parses {level=…, reasons=…}. The reasons become a list.
func (r *Reader) risk(tree *jsontree.Tree, i uint32) bool {
	list, ok := r.pairs(tree, i, identifier)
	if !ok {
		return r.riskObject(tree, i)
	}
	start := len(r.out)
	r.out = append(r.out, '{')
	for _, p := range list {
		if len(p.value) == 0 {
			continue // no value
		}
		if len(r.out) > start+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(quote(r.out, p.key), ':')
		switch string(p.key) {
		case "reasons":
			reasons := bytes.Split(p.value, []byte(", "))
			if len(r.verdict.Reasons) == 0 {
				for _, reason := range reasons {
					if len(reason) > 0 && string(reason) != "null" {
						r.verdict.Reasons = append(r.verdict.Reasons, reason)
					}
				}
			}
			r.out = appendList(r.out, reasons)
			continue
		case "level":
			if level := parseLevel(p.value); r.verdict.Risk == LevelNone {
				r.verdict.Risk = level
			}
		}
		r.out = quote(r.out, p.value)
	}
	r.out = append(r.out, '}')
	return len(r.out) > start+len("{}")
}

// riskObject reads a risk that is an object with values other than strings. An object is already
// typed; a string that holds one is not.
func (r *Reader) riskObject(tree *jsontree.Tree, i uint32) bool {
	inString := r.parseInner(tree, i)
	if inString {
		tree, i = &r.inner, 0
	}
	if tree.Nodes[i].Kind != '{' {
		return false
	}
	if level := tree.Member(i, "level"); level != 0 && tree.Nodes[level].Kind == '"' && r.verdict.Risk == LevelNone {
		r.verdict.Risk = parseLevel(tree.Inner(level))
	}
	if reasons := tree.Member(i, "reasons"); len(r.verdict.Reasons) == 0 {
		r.reasons(tree, reasons)
	}
	if !inString {
		return false
	}
	var wrote bool
	r.out, wrote = tree.AppendDense(r.out, i)
	return wrote
}

// reasons adds the strings in list node i to the verdict.
func (r *Reader) reasons(tree *jsontree.Tree, i uint32) {
	if i == 0 || tree.Nodes[i].Kind != '[' {
		return
	}
	for c := i + 1; c < tree.Nodes[i].Next; c = tree.Nodes[c].Next {
		if tree.Nodes[c].Kind == '"' && !tree.Blank(c) {
			r.verdict.Reasons = append(r.verdict.Reasons, r.unescape(tree, c))
		}
	}
}
