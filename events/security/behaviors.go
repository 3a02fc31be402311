package security

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// userBehaviors reads [{"name":"New Device","result":"POSITIVE"}], the form that
// Okta documents since 2026, into the same object as the older forms.
func (r *Reader) userBehaviors(e *events.Event) {
	list := e.Node(events.UserBehaviors)
	if list == 0 || e.Tree.Nodes[list].Kind != '[' {
		return
	}
	start := len(r.out)
	r.out, r.list = append(r.out, '{'), r.list[:0]
	for i := list + 1; i < e.Tree.Nodes[list].Next; i = e.Tree.Nodes[i].Next {
		name, result := e.Tree.Member(i, "name"), e.Tree.Member(i, "result")
		if !hasText(e.Tree, name) || !hasText(e.Tree, result) {
			continue
		}
		if len(r.out) > start+1 {
			r.out = append(r.out, ',')
		}
		r.out = append(append(append(r.out, e.Tree.Raw(name)...), ':'), e.Tree.Raw(result)...)
		r.list = append(r.list, pair{key: r.unescape(e.Tree, name)})
	}
	if len(r.out) == start+1 || repeats(r.list) {
		r.out = r.out[:start]
		return
	}
	r.out = append(r.out, '}')
	r.verdict.Behaviors = r.out[start:len(r.out):len(r.out)]
}

// behaviors parses {New Device=POSITIVE, …}: the results of the org's behavior rules.
func (r *Reader) behaviors(tree *jsontree.Tree, i uint32) bool {
	start := len(r.out)
	list, ok := r.pairs(tree, i, anyKey)
	if !ok {
		return false
	}
	r.out = append(r.out, '{')
	for n, p := range list {
		if !isResult(p.value) {
			return false
		}
		if n > 0 {
			r.out = append(r.out, ',')
		}
		r.out = append(quote(r.out, p.key), ':')
		r.out = quote(r.out, p.value)
	}
	r.out = append(r.out, '}')
	if r.verdict.Behaviors == nil {
		r.verdict.Behaviors = r.out[start:len(r.out):len(r.out)]
	}
	return true
}
