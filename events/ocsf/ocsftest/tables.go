package ocsftest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// The tables are text, one line an attribute, and read like this:
//
//	enum NAME: id caption | id caption       an enumeration, for the attributes below that name it
//	class UID NAME: Caption                  an event class; it starts as a copy of base_event
//	category UID: Caption                    the category of the class above
//	object NAME                              an object
//	object NAME = OTHER                      an object with the attributes and constraints of OTHER
//	at_least_one NAME...                     constraints of the class or object above;
//	just_one NAME...                         both count the attributes present
//		NAME TYPE REQUIREMENT [@PROFILE]... [deprecated] [outside] [-> SIBLING] [: ENUM]
//		| id caption | id caption            more of the enumeration above
//
// TYPE is a scalar type (they end in _t) or an object, with [] when it is an array. REQUIREMENT
// is required, recommended or optional; it holds only where one of the profiles, if any, is on.
// outside marks an object that is not in the tables. SIBLING is the attribute that carries the
// caption. ENUM is a list, or *NAME; *category, *class and *type are made of the class's own
// numbers and captions. A caption followed by (deprecated) names a value no longer to be used.

// attr is what the schema says of one attribute of a class or object.
type attr struct {
	name        string
	typ         string // as in the tables, without []
	requirement string
	array       bool
	profiles    []string // any of these brings it; none: always there
	deprecated  bool
	outside     bool
	sibling     string
	enum        *enum

	scalar *scalar // nil for an object
	object *object // nil for a scalar and for an object outside the tables
}

// open reports whether the attribute takes any content.
func (a *attr) open() bool {
	return a.typ == "json_t" || a.object != nil && len(a.object.attrs) == 0
}

// enum is an enumeration: captions by id as JSON text without quotes, and what is deprecated.
type enum struct {
	captions   map[string]string
	deprecated map[string]bool
}

// constraint counts the attributes present: at_least_one or just_one of names.
type constraint struct {
	kind  string
	names []string
}

// object is an object or an event class. One without attributes is open.
type object struct {
	name        string
	caption     string // of a class
	uid         int64  // of a class
	category    *enum  // of a class: its one category
	attrs       []*attr
	index       map[string]*attr
	constraints []constraint
}

func (o *object) add(a *attr) {
	if i := slices.IndexFunc(o.attrs, func(b *attr) bool { return a.name == b.name }); i >= 0 {
		o.attrs[i] = a
	} else {
		o.attrs = append(o.attrs, a)
	}
	o.index[a.name] = a
}

// schema is all the tables, with every name resolved.
type schema struct {
	classes map[int64]*object
	objects map[string]*object
}

// tables parses the tables once. A fault in them is a bug of this package, hence the panics.
var tables = sync.OnceValue(func() *schema {
	return parse(classTables + eventTables + identityTables + networkTables)
})

func parse(text string) *schema {
	s := &schema{map[int64]*object{}, map[string]*object{}}
	enums := map[string]*enum{"category": nil, "class": nil, "type": nil}
	var (
		of   *object // the class or object the line belongs to
		list *enum   // the enumeration that a line of | continues
	)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		left, right, _ := strings.Cut(line, ":")
		f := strings.Fields(left)
		switch {
		case len(f) == 0:
		case f[0] == "|":
			list.add(line)
		case strings.HasPrefix(line, "\t"):
			a := parseAttr(f)
			if name, ok := strings.CutPrefix(strings.TrimSpace(right), "*"); ok {
				if a.enum, ok = enums[name]; !ok {
					panic("ocsftest: no enum " + name)
				}
			} else if right != "" {
				list = newEnum(right)
				a.enum = list
			}
			of.add(a)
		case f[0] == "enum":
			list = newEnum(right)
			enums[f[1]] = list
		case f[0] == "class":
			of = &object{name: f[2], caption: strings.TrimSpace(right), index: map[string]*attr{}}
			fmt.Sscan(f[1], &of.uid)
			if base := s.classes[0]; base != nil {
				for _, a := range base.attrs {
					c := *a
					of.add(&c)
				}
			}
			s.classes[of.uid] = of
		case f[0] == "category":
			of.category = newEnum(f[1] + right)
		case f[0] == "object":
			of = &object{name: f[1], index: map[string]*attr{}}
			if len(f) == 4 {
				like := *s.objects[f[3]]
				like.name = f[1]
				of = &like
			}
			s.objects[of.name] = of
		case f[0] == "at_least_one", f[0] == "just_one":
			of.constraints = append(of.constraints, constraint{f[0], f[1:]})
		default:
			panic("ocsftest: cannot read table line: " + line)
		}
	}
	for _, c := range s.classes {
		number(c)
		s.resolve(c)
	}
	for _, o := range s.objects {
		s.resolve(o)
	}
	return s
}

func parseAttr(f []string) *attr {
	a := &attr{name: f[0], requirement: f[2]}
	a.typ, a.array = strings.CutSuffix(f[1], "[]")
	if !slices.Contains([]string{"required", "recommended", "optional"}, a.requirement) {
		panic("ocsftest: requirement of " + a.name)
	}
	for i := 3; i < len(f); i++ {
		switch {
		case f[i] == "deprecated":
			a.deprecated = true
		case f[i] == "outside":
			a.outside = true
		case f[i] == "->":
			i++
			a.sibling = f[i]
		case f[i][0] == '@' && slices.Contains(profiles, f[i][1:]):
			a.profiles = append(a.profiles, f[i][1:])
		default:
			panic("ocsftest: word " + f[i] + " of " + a.name)
		}
	}
	return a
}

func newEnum(list string) *enum {
	e := &enum{captions: map[string]string{}, deprecated: map[string]bool{}}
	e.add(list)
	return e
}

func (e *enum) add(list string) {
	for item := range strings.SplitSeq(list, "|") {
		id, caption, _ := strings.Cut(strings.TrimSpace(item), " ")
		if id == "" {
			continue
		}
		var old bool
		caption, old = strings.CutSuffix(caption, " (deprecated)")
		e.captions[id] = caption
		if old {
			e.deprecated[id] = true
		}
	}
}

// number gives a class the enumerations that are made of its own numbers: type_uid is class_uid
// × 100 + activity_id, and is called "class: activity".
func number(c *object) {
	c.index["category_uid"].enum = c.category
	c.index["class_uid"].enum = newEnum(fmt.Sprint(c.uid, " ", c.caption))
	types := newEnum("")
	for id, caption := range c.index["activity_id"].enum.captions {
		var activity int64
		fmt.Sscan(id, &activity)
		types.captions[fmt.Sprint(c.uid*100+activity)] = c.caption + ": " + caption
	}
	c.index["type_uid"].enum = types
}

// resolve looks up the types of o's attributes.
func (s *schema) resolve(o *object) {
	for _, a := range o.attrs {
		a.scalar, a.object = scalars[a.typ], s.objects[a.typ]
		if known := a.scalar != nil || a.object != nil; known == a.outside {
			panic(fmt.Sprintf("ocsftest: %s.%s: type %s: outside is %v", o.name, a.name, a.typ, a.outside))
		}
	}
}
