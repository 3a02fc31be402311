package ocsftest

import (
	"regexp"
	"strings"
)

// part is one step of an observable's name: an attribute, with or without an index.
var part = regexp.MustCompile(`^([^\[]+)(\[.*\])?$`)

// reference checks that name, such as "actor.user.name" or "resources[0].uid", is the path from
// class to an attribute that an event with these profiles can have.
func (c *checker) reference(name, path string, class *object) {
	o := class
	for _, p := range split(name) {
		var a *attr
		m := part.FindStringSubmatch(p)
		if m != nil && o != nil {
			a = c.lookup(o, m[1])
		}
		switch {
		case a == nil || m[2] != "" && !a.IsArray:
			c.fail("observable_name_invalid_reference", path, name)
			return
		case a.outside():
			c.fail("outside_scope", path, "object "+a.typ+" is outside what this checker knows")
			return
		}
		o = a.object
	}
}

// split cuts name at its dots, except those within brackets.
func split(name string) []string {
	var parts []string
	start := 0
	for i := range len(name) {
		before, _, _ := strings.Cut(name[i:], "[")
		if name[i] == '.' && !strings.Contains(before, "]") {
			parts = append(parts, name[start:i])
			start = i + 1
		}
	}
	return append(parts, name[start:])
}
