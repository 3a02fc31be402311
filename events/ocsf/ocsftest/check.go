// Package ocsftest checks whether a record is a valid event of OCSF 1.8.0. It is for tests only.
//
// [Check] follows the rules of the OCSF schema server's validation of an event (its API
// /api/v2/validate), and adds some about the record itself: one line, no key twice, nothing null
// and nothing empty.
//
// It knows the event classes and objects that an identity provider's events are mapped to, not
// the whole schema. An attribute whose object it does not know is an error, of kind
// "outside_scope", never ignored. Missing recommended attributes are no fault.
//
// The facts in schema.json (attributes, types, requirements, enumerations, constraints) are those
// of the OCSF schema, https://schema.ocsf.io/1.8.0, version 1.8.0 of 2026-03-16, Apache-2.0.
package ocsftest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one fault of a record.
//
// Errors: more_than_one_line, not_json, duplicate_key, null_value, empty_value, class_uid_unknown,
// profile_unknown, outside_scope, attribute_unknown, attribute_required_missing,
// attribute_wrong_type, attribute_value_exceeds_range, attribute_value_exceeds_max_len,
// attribute_enum_value_unknown, attribute_enum_array_sibling_incorrect, constraint_failed,
// type_uid_incorrect, observable_name_invalid_reference.
//
// Warnings: version_differs, attribute_deprecated, attribute_enum_value_deprecated,
// attribute_enum_sibling_incorrect, attribute_enum_sibling_suspicious_other,
// attribute_value_regex_not_matched.
type Problem struct {
	Kind    string
	Path    string // of the value, as in "observables[0].name"; empty for the record
	Detail  string
	Warning bool // false: the record is not valid
}

// Check returns the problems of one record, nil if there are none. The record may end with a
// newline. In unmapped and json_t attributes it looks for duplicate keys only.
func Check(record []byte) []Problem {
	c := &checker{schema: facts(), on: map[string]bool{}}
	v, ok := c.decode(record)
	if !ok {
		return c.problems
	}
	event, ok := v.(map[string]any)
	if !ok {
		c.fail("attribute_wrong_type", "", "object expected, got "+kindOf(v))
		return c.problems
	}
	var class *object
	if uid := integer(event["class_uid"]); uid != nil && uid.IsInt64() {
		class = c.schema.byUID[uid.Int64()]
	}
	if class == nil {
		c.blanks(event, "", c.schema.byUID[0])
		detail := fmt.Sprintf("%v: no such class, or this checker does not know it", event["class_uid"])
		c.fail("class_uid_unknown", "class_uid", detail)
		return c.problems
	}
	c.blanks(event, "", class)
	c.event(event, class)
	return c.problems
}

type checker struct {
	schema   *schema
	on       map[string]bool // the profiles of the event
	problems []Problem
}

func (c *checker) fail(kind, path, detail string) {
	c.problems = append(c.problems, Problem{Kind: kind, Path: path, Detail: detail})
}

func (c *checker) warn(kind, path, detail string) {
	c.problems = append(c.problems, Problem{Kind: kind, Path: path, Detail: detail, Warning: true})
}

// event checks the event as a whole, and all the rest by calling object.
func (c *checker) event(v map[string]any, class *object) {
	metadata, _ := v["metadata"].(map[string]any)
	named, _ := metadata["profiles"].([]any)
	for _, p := range named {
		name, _ := p.(string)
		if !slices.Contains(c.schema.Profiles, name) {
			c.fail("profile_unknown", "metadata.profiles", fmt.Sprint(p))
		}
		c.on[name] = true
	}
	c.object(v, "", class)
	if got := metadata["version"]; !falsy(got) && got != c.schema.Version {
		c.warn("version_differs", "metadata.version", fmt.Sprint(got))
	}
	if typ, activity := integer(v["type_uid"]), integer(v["activity_id"]); typ != nil && activity != nil {
		if want := activity.Add(activity, big.NewInt(class.UID*100)); typ.Cmp(want) != 0 {
			c.fail("type_uid_incorrect", "type_uid", fmt.Sprintf("%d, expected %d", typ, want))
		}
	}
	observables, _ := v["observables"].([]any)
	for i, o := range observables {
		m, _ := o.(map[string]any)
		if name, ok := m["name"].(string); ok {
			c.reference(name, at("observables", i)+".name", class)
		}
	}
}

// applies reports whether a has no profile, or one that is in use.
func (c *checker) applies(a *attr) bool {
	return len(a.Profiles) == 0 || slices.ContainsFunc(a.Profiles, func(p string) bool { return c.on[p] })
}

// lookup returns o's attribute of that name, nil if there is none under the profiles of the event.
func (c *checker) lookup(o *object, name string) *attr {
	if a := o.Attributes[name]; a != nil && c.applies(a) {
		return a
	}
	return nil
}

// object checks v against its class or object type. A null counts as missing.
func (c *checker) object(v map[string]any, path string, o *object) {
	if len(o.attrs) == 0 {
		return
	}
	for _, a := range o.attrs {
		if !c.applies(a) {
			continue
		}
		p, x := join(path, a.name), v[a.name]
		if x == nil {
			if a.Requirement == "required" {
				c.fail("attribute_required_missing", p, "")
			}
			continue
		}
		if a.Deprecated != "" {
			c.warn("attribute_deprecated", p, "")
		}
		c.values(x, p, a)
		if a.Enum != nil {
			c.enum(x, v[a.Sibling], p, a)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if c.lookup(o, k) == nil {
			detail := "not an attribute of " + o.name
			if a := o.Attributes[k]; a != nil {
				detail = "needs a profile: " + strings.Join(a.Profiles, " or ")
			}
			c.fail("attribute_unknown", join(path, k), detail)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(o.Constraints)) {
		n, names := 0, o.Constraints[kind]
		for _, name := range names {
			if _, ok := v[name]; ok { // a null has its own error
				n++
			}
		}
		if n == 0 || n > 1 && kind == "just_one" {
			c.fail("constraint_failed", path, kind+" of "+strings.Join(names, ", "))
		}
	}
}

// values checks the value of a or, if a is an array, each of its values.
func (c *checker) values(x any, path string, a *attr) {
	if a.outside() {
		c.fail("outside_scope", path, "object "+a.typ+" is outside what this checker knows")
		return
	}
	if !a.IsArray {
		c.value(x, path, a)
		return
	}
	list, ok := x.([]any)
	if !ok {
		c.fail("attribute_wrong_type", path, "array expected, got "+kindOf(x))
	}
	for i, e := range list {
		c.value(e, at(path, i), a)
	}
}

func (c *checker) value(x any, path string, a *attr) {
	got := kindOf(x)
	if a.object != nil {
		if m, ok := x.(map[string]any); ok {
			c.object(m, path, a.object)
		} else {
			c.fail("attribute_wrong_type", path, "object expected, got "+got)
		}
		return
	}
	t := a.scalar
	if t.json != "any" && t.json != got && !(t.json == "float" && got == "integer") {
		c.fail("attribute_wrong_type", path, a.typ+" expected, got "+got)
		return
	}
	switch x := x.(type) {
	case json.Number:
		// A number too large for a float64 becomes an infinity, which is out of range too.
		if f, _ := x.Float64(); t.Range != nil && (f < t.Range[0] || f > t.Range[1]) {
			c.fail("attribute_value_exceeds_range", path, x.String())
		}
	case string:
		if n := utf8.RuneCountInString(x); t.MaxLen > 0 && n > t.MaxLen {
			c.fail("attribute_value_exceeds_max_len", path, fmt.Sprintf("%d, at most %d", n, t.MaxLen))
		}
		if t.regex != nil && !t.regex.MatchString(x) {
			c.warn("attribute_value_regex_not_matched", path, fmt.Sprintf("%s: %.80q", a.typ, x))
		}
	}
}

// enum checks the ids x against a's enumeration, and their captions in sibling. For id 99 the
// caption is the source's own; every other id has the schema's caption.
func (c *checker) enum(x, sibling any, path string, a *attr) {
	ids, ok := x.([]any)
	if !ok || !a.IsArray {
		ids = []any{x}
	}
	for i, id := range ids {
		caption, known := a.Enum[enumKey(id)]
		if !known {
			c.fail("attribute_enum_value_unknown", path, fmt.Sprint(id))
			continue
		}
		if a.EnumDeprecated[enumKey(id)] != "" {
			c.warn("attribute_enum_value_deprecated", path, fmt.Sprint(id))
		}
		if sibling == nil {
			continue
		}
		got, other := sibling, id == json.Number("99")
		if a.IsArray {
			got = nil
			if list, _ := sibling.([]any); i < len(list) {
				got = list[i]
			}
		}
		switch wrong := got != any(caption); {
		case a.IsArray && wrong && !other:
			c.fail("attribute_enum_array_sibling_incorrect", path, fmt.Sprintf("%v, expected %q", got, caption))
		case a.IsArray:
		case other && !wrong:
			c.warn("attribute_enum_sibling_suspicious_other", path, caption)
		case !other && wrong:
			c.warn("attribute_enum_sibling_incorrect", path, fmt.Sprintf("%v, expected %q", got, caption))
		}
	}
}

// enumKey returns x as an enumeration writes it: the text of a string or number. For anything else
// it returns a text that no enumeration has.
func enumKey(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case json.Number:
		if x == "-0" {
			return "0"
		}
		return x.String()
	}
	return ""
}

// integer reads a whole number; nil if x is not one. A boolean counts as 0 or 1, as in validators
// written in a language that does not distinguish them; its type is reported where the attribute is
// checked.
func integer(x any) *big.Int {
	switch x := x.(type) {
	case json.Number:
		n, _ := new(big.Int).SetString(x.String(), 10)
		return n
	case bool:
		if x {
			return big.NewInt(1)
		}
		return new(big.Int)
	}
	return nil
}

// falsy reports whether x is null, empty, false or zero.
func falsy(x any) bool {
	switch x := x.(type) {
	case nil:
		return true
	case bool:
		return !x
	case json.Number:
		f, _ := x.Float64()
		return f == 0
	}
	return empty(x)
}
