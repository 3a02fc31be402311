package ocsf_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/ocsf"
)

// The oracle says what the record of an event has to hold, leaf by leaf. It goes
// by tables of its own (oracle_table_test.go) and reads events with encoding/json:
// it shares nothing with the engine but the decision on class and activity,
// which package classify proves.
//
// A value that a row takes is expected at the row's place, and what no row takes
// at unmapped.<its own path>. Whatever else a record holds is a fact that nobody
// reported, and a value in both places one that is there twice: both are
// differences, too.

// view is an event as the oracle sees it.
type view struct {
	root     *node
	from     events.Provenance
	hash     string
	decision classify.Decision
	class    int

	// named are the parts of the event that rows call $name: the targets that a
	// class chooses, the first hop of the chain, the actor that is an address.
	named   map[string]*node
	targets []*node
	// unknown are the words that mean that something is absent.
	unknown map[*node]bool
	// typed is what stands in unmapped in place of a text.
	typed   map[*node]*node
	verdict verdict
}

// want is a leaf or a subtree that a record has to hold.
type want struct {
	path  string
	value *node // nil: any value will do
	maybe bool  // it may be absent
	from  *node // the event's value that it carries; nil: a derived attribute
	whole bool  // the attribute holds all of it
}

var classifier = classify.New(classify.V1_8())

func look(e *events.Event) (*view, error) {
	root, err := parseJSON(e.Text())
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(e.Text())
	v := &view{
		root: root, from: e.Provenance, hash: hex.EncodeToString(hash[:]),
		named: map[string]*node{}, unknown: map[*node]bool{}, typed: map[*node]*node{},
	}
	v.decision = classifier.Decide(root.at("eventType").text)
	v.class = v.decision.Class.UID
	for _, path := range []string{"actor.alternateId", "client.userAgent.os", "client.userAgent.browser", "client.device"} {
		v.dropUnknown(root.at(path))
	}
	v.choose()
	v.read()
	return v, nil
}

func (v *view) dropUnknown(n *node) {
	if n != nil && n.kind == '"' && strings.EqualFold(n.text, "unknown") {
		v.unknown[n] = true
	}
}

// choose finds what rows call $name.
func (v *view) choose() {
	for _, n := range v.array("target") {
		if n.kind == '{' {
			v.targets = append(v.targets, n)
			for i, key := range n.keys {
				if key == "alternateId" {
					v.dropUnknown(n.kids[i])
				}
			}
		}
	}
	first := func(fits func(kind string) bool) *node {
		i := slices.IndexFunc(v.targets, func(n *node) bool { return fits(targetKind(n)) })
		if i < 0 {
			return nil
		}
		return v.targets[i]
	}
	of := func(kind string) *node { return first(func(k string) bool { return k == kind }) }
	or := func(a, b *node) *node {
		if a != nil {
			return a
		}
		return b
	}
	thing := first(func(k string) bool { return k != "user" })
	v.named["user"], v.named["app"], v.named["policy"] = of("user"), of("app"), of("policy")
	v.named["group"], v.named["agent"] = or(of("group"), thing), or(of("agent"), thing)
	v.named["entity"] = or(thing, of("user"))
	if v.decision.EntityTypeID == 5 {
		v.named["entity"] = or(of("policy"), v.named["entity"])
	}
	if chain := v.array("request.ipChain"); len(chain) > 0 {
		v.named["hop"] = chain[0]
	}
	if v.word(v.root.at("actor.type")) == "IP address" {
		v.named["address"] = v.root.at("actor")
	}
}

// targetKind sorts a target by its type: "Search target by type, not by position"
// (Okta, System Log API).
func targetKind(n *node) string {
	typ := n.last("type")
	if typ == nil || typ.kind != '"' {
		return ""
	}
	switch strings.ToLower(typ.text) {
	case "user", "appuser":
		return "user"
	case "usergroup", "appgroup", "group":
		return "group"
	case "appinstance", "app":
		return "app"
	case "policyentity", "policy":
		return "policy"
	}
	if strings.Contains(typ.text, "Agent") || strings.Contains(typ.text, "agent") {
		return "agent"
	}
	return ""
}

// array lists the elements at path, nothing where no array is there.
func (v *view) array(path string) []*node {
	if n := v.root.at(path); n != nil && n.kind == '[' {
		return n.kids
	}
	return nil
}

// word is the text of a string that says something, "" for everything else.
func (v *view) word(n *node) string {
	if n == nil || n.kind != '"' || n.blank() || v.unknown[n] {
		return ""
	}
	return n.text
}

// find is what a row means by from: a path in the event, or in what is $named.
func (v *view) find(from string) *node {
	name, ok := strings.CutPrefix(from, "$")
	if !ok {
		return v.root.at(from)
	}
	name, path, _ := strings.Cut(name, ".")
	n := v.named[name]
	for key := range strings.SplitSeq(path, ".") {
		n = n.last(key) // of a name said twice in a target the last one counts
	}
	return n
}

// expect lists what the record has to hold.
func (v *view) expect() []want {
	wants := v.head()
	for place := range strings.FieldsSeq(places[v.class]) {
		at, group := "", place
		if rest, ok := strings.CutPrefix(place, evidence); ok {
			at, group = evidence, rest
		}
		wants = append(wants, v.apply(at, rows[group])...)
		if derive := derived[group]; derive != nil {
			wants = append(wants, derive(v, at)...)
		}
	}
	wants = prune(wants)
	held := map[*node]bool{}
	for _, w := range wants {
		if w.whole {
			held[w.from] = true
		}
	}
	if rest := v.rest(v.root, held, false); rest != nil {
		wants = append(wants, want{path: "unmapped", value: rest, from: v.root})
	}
	return wants
}

// apply is what rows take.
func (v *view) apply(at string, rows []row) []want {
	var wants []want
	for i := range rows {
		r := &rows[i]
		if r.when != nil && !r.when(v) {
			continue
		}
		for from := range strings.SplitSeq(r.from, " else ") {
			n := v.find(from)
			if n == nil || v.unknown[n] {
				continue
			}
			if value, whole := r.how(v, n); value != nil {
				wants = append(wants, want{path: at + r.to, value: value, from: n, whole: whole && !r.also})
				r.met++
				break
			}
		}
	}
	return wants
}

// prune takes away the objects that lack what OCSF demands of them. An object
// within may be what another one lacks then, hence the repetition.
func prune(wants []want) []want {
	for {
		before := len(wants)
		for _, d := range demands {
			for _, at := range []string{"", evidence} {
				object := at + d.object
				for all := range strings.SplitSeq(d.of, " and ") {
					named := slices.ContainsFunc(wants, func(w want) bool {
						return slices.ContainsFunc(strings.Fields(all), func(key string) bool { return below(w.path, object+"."+key) })
					})
					if !named {
						wants = slices.DeleteFunc(wants, func(w want) bool { return below(w.path, object) })
					}
				}
			}
		}
		if len(wants) == before {
			return wants
		}
	}
}

// below reports whether path is that of object or of something in it.
func below(path, object string) bool {
	rest, ok := strings.CutPrefix(path, object)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// rest is what of n no attribute holds. An element of an array with a homeless
// leaf stays whole, but for the objects in it that an attribute holds.
func (v *view) rest(n *node, held map[*node]bool, whole bool) *node {
	container := n.kind == '{' || n.kind == '['
	switch {
	case v.unknown[n], held[n] && (container || !whole):
		return nil
	case v.typed[n] != nil:
		return v.typed[n]
	case !container:
		return n.dense()
	}
	left := &node{kind: n.kind}
	for i, kid := range n.kids {
		below := whole
		if n.kind == '[' && !whole {
			if v.rest(kid, held, false) == nil {
				continue
			}
			below = true
		}
		if kid = v.rest(kid, held, below); kid == nil {
			continue
		}
		left.kids = append(left.kids, kid)
		if n.kind == '{' {
			left.keys = append(left.keys, n.keys[i])
		}
	}
	if len(left.kids) == 0 {
		return nil
	}
	return left
}

// compare lists the differences between what a record holds and what it has to.
func compare(record *node, wants []want) []string {
	var differences []string
	got := map[string]*node{}
	for _, l := range record.leaves() {
		got[l.path] = l.n
	}
	for _, w := range wants {
		if w.value == nil {
			if got[w.path] == nil && !w.maybe {
				differences = append(differences, w.path+" is missing")
			}
			delete(got, w.path)
			continue
		}
		w.value.visit(w.path, "", func(path, _ string, n *node) {
			if len(n.kids) > 0 {
				return
			}
			switch is := got[path]; {
			case is == nil:
				differences = append(differences, fmt.Sprintf("%s is missing: %.200s", path, n))
			case is.kind != n.kind || is.text != n.text:
				differences = append(differences, fmt.Sprintf("%s is %.200s, not %.200s", path, is, n))
			}
			delete(got, path)
		})
	}
	for path, n := range got {
		differences = append(differences, fmt.Sprintf("%s is not expected: %.200s", path, n))
	}
	slices.Sort(differences)
	return differences
}

// differences compares the record that n makes of e with what the oracle says.
func differences(n *ocsf.Normaliser, e *events.Event) ([]string, error) {
	v, err := look(e)
	if err != nil {
		return nil, err
	}
	out := n.Append(nil, e)
	record, err := parseJSON(out)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return compare(record, v.expect()), nil
}
