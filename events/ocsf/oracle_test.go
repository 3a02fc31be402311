package ocsf_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/roles"
)

// The oracle says what the record of an event has to hold, leaf by leaf. It goes
// by tables of its own (oracle_table_test.go) and reads events with encoding/json:
// it shares nothing with the engine but the decisions on class and activity and on
// the types that may play a role, which packages classify and roles prove.
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
	roles    *roles.Decision

	// named are the parts of the event that rows call $name: the targets that a
	// class chooses, the first hop of the chain, the actor that is an address.
	named   map[string]*node
	targets []*node
	// tied are the targets of which several equally could be the user or the account; users says that users are among them.
	tied  map[*node]bool
	users bool
	// enrolments are those that tie.
	enrolments []*node
	// typed has the value in unmapped that replaces a text.
	typed   map[*node]*node
	verdict verdict
}

// want is a leaf or a subtree that a record must have.
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
		named: map[string]*node{}, tied: map[*node]bool{}, typed: map[*node]*node{},
	}
	v.decision = classifier.Decide(root.at("eventType").text)
	v.roles = roles.Decide(root.at("eventType").text)
	v.choose()
	if group := v.decision.ForGroup; group != nil && v.named["user"] == nil && v.named["group"] != nil {
		v.decision = *group
	}
	v.class = v.decision.Class.UID
	v.read()
	return v, nil
}

// placeholder reports whether n is a word for what Okta does not know.
func (n *node) placeholder() bool {
	text := strings.ToLower(strings.TrimSpace(n.text))
	return n.kind == '"' && slices.Contains([]string{"", ".", "unknown", "null"}, text)
}

// choose finds what rows call $name.
func (v *view) choose() {
	for _, n := range v.array("target") {
		if n.kind == '{' {
			v.targets = append(v.targets, n)
		}
	}
	for role := range roles.Count {
		v.named[role.String()] = v.play(role)
	}
	if v.named["account"] == v.named["user"] {
		v.named["account"] = nil // it is the user itself
	}
	// If a part of a thing is read or updated, so is the thing.
	if !entityNamed(v) && slices.Contains([]int{2, 3, 99}, v.decision.Activity) && named("container")(v) {
		v.named["entity"] = v.named["container"]
	}
	if chain := v.array("request.ipChain"); len(chain) > 0 {
		v.named["hop"] = chain[0]
	}
	if v.word(v.root.at("actor.type")) == "IP address" {
		v.named["address"] = v.root.at("actor")
	}
}

func (v *view) ranks(target *node) *roles.Ranks {
	typ := ""
	if n := target.last("type"); n != nil && n.kind == '"' {
		typ = n.text
	}
	return v.roles.Ranks([]byte(typ))
}

// play returns the target with a role: the best by type, in any order; among equals those with an
// id that looks like one of the role's, for entities those that say what changed; nil if there is
// still more than one.
func (v *view) play(role roles.Role) *node {
	byRank := map[uint8][]*node{}
	for _, target := range v.targets {
		if rank := v.ranks(target).Of[role]; rank > 0 {
			byRank[rank] = append(byRank[rank], target)
		}
	}
	if len(byRank) == 0 {
		return nil
	}
	left := byRank[slices.Min(slices.Collect(maps.Keys(byRank)))]
	keep := func(holds func(*node) bool) {
		if kept := slices.DeleteFunc(slices.Clone(left), func(n *node) bool { return !holds(n) }); len(kept) > 0 {
			left = kept
		}
	}
	if role.IDPrefix() != "" {
		keep(func(n *node) bool { return strings.HasPrefix(v.word(n.last("id")), role.IDPrefix()) })
	}
	if role == roles.Entity {
		keep(func(n *node) bool {
			change := n.last("changeDetails")
			return change != nil && change.kind == '{' && (dense(change.last("from")) || dense(change.last("to")))
		})
	}
	for i, a := range left {
		for _, b := range left[:i] {
			x, y := v.word(a.last("id")), v.word(b.last("id"))
			if x != y || x == "" && a.String() != b.String() {
				if role == roles.User || role == roles.Account {
					for _, n := range left {
						v.tied[n] = true
					}
					v.users = v.users || role == roles.User
				}
				if role == roles.Enrolment {
					v.enrolments = left
				}
				return nil
			}
		}
	}
	return slices.MaxFunc(left, func(a, b *node) int {
		x, y := a.String(), b.String()
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
}

func dense(n *node) bool { return n != nil && n.dense() != nil }

// array lists the elements at path, nothing where no array is there.
func (v *view) array(path string) []*node {
	if n := v.root.at(path); n != nil && n.kind == '[' {
		return n.kids
	}
	return nil
}

// word is the text of a string that says something, "" for everything else.
func (v *view) word(n *node) string {
	if n == nil || n.kind != '"' || n.blank() || n.placeholder() {
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
			if n == nil {
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

// prune removes the objects that lack a member which OCSF requires. Their removal can make the
// object around them incomplete, so it repeats.
func prune(wants []want) []want {
	for {
		before := len(wants)
		for _, d := range demands {
			for _, at := range []string{"", evidence} {
				object := at + d.object
				if !slices.ContainsFunc(wants, func(w want) bool { return below(w.path, object) }) {
					continue
				}
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

// rest is what of n no attribute holds. An element of an array with an unmapped
// leaf stays whole, but for the objects in it that an attribute holds.
func (v *view) rest(n *node, held map[*node]bool, whole bool) *node {
	container := n.kind == '{' || n.kind == '['
	switch {
	case held[n] && (container || !whole):
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
