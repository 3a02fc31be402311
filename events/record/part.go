package record

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/roles"
)

// Part describes one piece of a record. Its emit writes the piece and reports whether there was
// anything to write. An object that is empty, or that lacks a required attribute, is not written.
type Part interface {
	write(e *Emitter) bool
	describe(d *description)
}

// Object is an attribute that holds an object.
type Object struct {
	Key string
	// AtLeastOne lists attributes of which the object needs at least one (OCSF's at_least_one
	// constraints and required attributes). Without any of them the object is left out and its
	// values stay in unmapped.
	AtLeastOne []Part
	Rest       []Part
	// List makes the attribute an array with this object as its only element.
	List bool
}

func (o *Object) write(e *Emitter) bool { return o.fill(e, e.begin(o.Key, o.List)) }

// fill writes the members of an object that has been begun, and ends it.
func (o *Object) fill(e *Emitter, mark mark) bool {
	named := len(o.AtLeastOne) == 0
	for _, p := range o.AtLeastOne {
		if p.write(e) {
			named = true
		}
	}
	if !named {
		e.rollBack(mark)
		return false
	}
	for _, p := range o.Rest {
		p.write(e)
	}
	return e.end(mark, o.List)
}

type leaf struct {
	key  string
	how  Transform
	from []events.Field
}

// Field is an attribute with the value of one Okta field: the first of from that how accepts.
func Field(key string, how Transform, from ...events.Field) Part {
	return &leaf{key, how, from}
}

func (l *leaf) write(e *Emitter) bool {
	for _, f := range l.from {
		if i := e.Event.Node(f); i != 0 && e.leaf(l.key, l.how, i) {
			return true
		}
	}
	return false
}

// Member is an attribute with the value of one member of the current target, which the surrounding
// ForRole or EachTarget selects.
func Member(key string, how Transform, from TargetMember) Part {
	return &member{key, how, from}
}

type member struct {
	key  string
	how  Transform
	from TargetMember
}

func (m *member) write(e *Emitter) bool {
	if e.Target == nil {
		return false
	}
	i := m.from.of(e.Target)
	return i != 0 && e.leaf(m.key, m.how, i)
}

// ForRole writes parts with the target that has the role as the current one, or with none.
func ForRole(role roles.Role, parts ...Part) Part { return &forRole{role, parts} }

type forRole struct {
	role  roles.Role
	parts All
}

func (t *forRole) write(e *Emitter) bool {
	outer := e.Target
	e.Target = e.cast[t.role]
	wrote := t.parts.write(e)
	e.Target = outer
	return wrote
}

// FirstOf writes the first part that has anything to write.
type FirstOf []Part

func (f FirstOf) write(e *Emitter) bool {
	for _, p := range f {
		if p.write(e) {
			return true
		}
	}
	return false
}

// Derive is an attribute that is not the value of a single field. why is the explanation that
// Explain prints; value writes it, or reports false if there is none.
func Derive(key, why string, value func(e *Emitter) bool) Part {
	return &derived{key, why, value}
}

type derived struct {
	key, why string
	value    func(e *Emitter) bool
}

func (d *derived) write(e *Emitter) bool {
	start := len(e.Out)
	e.key(d.key)
	value := len(e.Out)
	if !d.value(e) {
		e.Out = e.Out[:start]
		return false
	}
	if e.tracing {
		e.step("", e.path(d.key), d.why, e.Out[value:])
	}
	return true
}

// Const is an attribute with the same text in every record that has it.
func Const(key, value, why string) Part {
	quoted, _ := jsontext.AppendQuote(nil, value)
	return Derive(key, why, func(e *Emitter) bool {
		e.Out = append(e.Out, quoted...)
		return true
	})
}

// FromEnvelope is an attribute from EventBridge's envelope. Without an envelope it is not written.
func FromEnvelope(key, why string, of func(*events.Provenance) string) Part {
	return Derive(key, why, func(e *Emitter) bool {
		text := of(&e.Event.Provenance)
		return text != "" && e.Quote(text)
	})
}

// Number is an attribute with the same number in every record that has it.
func Number(key string, value int64, why string) Part {
	return Derive(key, why, func(e *Emitter) bool { return e.Int(value) })
}

// All writes all of its parts where one part is expected.
type All []Part

func (a All) write(e *Emitter) bool {
	wrote := false
	for _, p := range a {
		if p.write(e) {
			wrote = true
		}
	}
	return wrote
}

// Other is the id that OCSF's enums define for a value which is the source's own.
const Other = 99

// Captioned is the caption that goes with an id: OCSF's caption, or Okta's own text if the id is
// Other. If OCSF's caption differs from Okta's text, that text goes to unmapped.
func Captioned(key, where string, of func(*Emitter) (node uint32, id int64, caption string)) Part {
	return &captioned{key, where, of}
}

type captioned struct {
	key   string
	where string
	of    func(*Emitter) (node uint32, id int64, caption string)
}

func (c *captioned) write(e *Emitter) bool {
	i, id, caption := c.of(e)
	switch {
	case i == 0:
		return false
	case id == Other || e.Is(i, caption):
		return e.leaf(c.key, AsText, i)
	}
	start := len(e.Out)
	e.key(c.key)
	value := len(e.Out)
	e.Quote(caption)
	if e.tracing {
		e.step(e.source(i), e.path(c.key), "OCSF's caption of the id", e.Out[value:])
	}
	return len(e.Out) > start
}

// Found is an attribute with the value of the node that a rule finds. where describes the rule.
func Found(key string, how Transform, where string, from func(*Emitter) uint32) Part {
	return &found{key, how, where, from}
}

type found struct {
	key   string
	how   Transform
	where string
	from  func(*Emitter) uint32
}

func (f *found) write(e *Emitter) bool {
	i := f.from(e)
	return i != 0 && e.leaf(f.key, f.how, i)
}

// When writes a part if a condition holds.
func When(holds func(*Emitter) bool, p Part) Part { return &conditional{holds, p} }

type conditional struct {
	holds func(*Emitter) bool
	part  Part
}

func (c *conditional) write(e *Emitter) bool { return c.holds(e) && c.part.write(e) }

// EachTarget is an array with one object for each target that fits. which describes the targets
// that fit. The target with the role first, if it fits, becomes the first element: Okta's order of
// targets has no meaning.
func EachTarget(key, which string, first roles.Role, fits func(*Emitter, *Target) bool, of *Object) Part {
	return &eachTarget{key, which, first, fits, of}
}

type eachTarget struct {
	key   string
	which string
	first roles.Role
	fits  func(*Emitter, *Target) bool
	of    *Object
}

func (p *eachTarget) write(e *Emitter) bool {
	start := len(e.Out)
	e.key(p.key)
	e.Out = append(e.Out, '[')
	outer := e.Target
	wrote := false
	element := func(t *Target) {
		if !p.fits(e, t) {
			return
		}
		e.Target = t
		if p.of.fill(e, e.beginElement(p.key, wrote)) {
			wrote = true
		}
	}
	first := e.Who(p.first)
	if first != nil {
		element(first)
	}
	for i := range e.Targets {
		if t := &e.Targets[i]; t != first {
			element(t)
		}
	}
	e.Target = outer
	if !wrote {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}
