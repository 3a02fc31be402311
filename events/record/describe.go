package record

import "strings"

// Describe lists what parts can write, in order: To is the path in the record, From the path in the
// event ("" if the value is derived), How the change to the value or the reason for it.
func Describe(parts []Part) []Step {
	var d description
	for _, p := range parts {
		p.describe(&d)
	}
	return d.steps
}

type description struct {
	names []string
	which string // the role of the current target
	steps []Step
}

func (d *description) add(key, from, how string) {
	to := strings.Join(append(d.names[:len(d.names):len(d.names)], key), ".")
	d.steps = append(d.steps, Step{From: from, To: to, How: how})
}

func (d *description) inside(name string, parts ...Part) {
	d.names = append(d.names, name)
	for _, p := range parts {
		p.describe(d)
	}
	d.names = d.names[:len(d.names)-1]
}

func (o *Object) describe(d *description) {
	name := o.Key
	if o.List {
		name += "[0]"
	}
	d.inside(name, append(o.AtLeastOne[:len(o.AtLeastOne):len(o.AtLeastOne)], o.Rest...)...)
}

func (l *leaf) describe(d *description) {
	var from []string
	for _, f := range l.from {
		from = append(from, f.Path())
	}
	d.add(l.key, strings.Join(from, ", else "), l.how.Name)
}

func (m *member) describe(d *description) {
	d.add(m.key, "target ("+d.which+")."+m.from.String(), m.how.Name)
}

func (f *found) describe(d *description)   { d.add(f.key, f.where, f.how.Name) }
func (p *derived) describe(d *description) { d.add(p.key, "", p.why) }
func (c *captioned) describe(d *description) {
	d.add(c.key, c.where, "OCSF's caption of the id, or Okta's own text")
}

func (t *forRole) describe(d *description) {
	outer := d.which
	d.which = t.role.String()
	t.parts.describe(d)
	d.which = outer
}

func (p *eachTarget) describe(d *description) {
	outer := d.which
	d.which = p.which
	d.inside(p.key+"[]", append(p.of.AtLeastOne[:len(p.of.AtLeastOne):len(p.of.AtLeastOne)], p.of.Rest...)...)
	d.which = outer
}

func (f FirstOf) describe(d *description) {
	for _, p := range f {
		p.describe(d)
	}
}

func (a All) describe(d *description) {
	for _, p := range a {
		p.describe(d)
	}
}

func (c *conditional) describe(d *description) { c.part.describe(d) }
