package ocsftest

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// schemaText is the part of the compiled schema that Check needs: all profiles, the
// classes and objects in scope, and the types of their attributes. TestSchema
// writes it.
//
//go:embed schema.json
var schemaText []byte

// schema is what schemaText says. An object of a type that is not in it is outside
// the scope.
type schema struct {
	Version  string             `json:"ocsf_version"`
	Profiles []string           `json:"profiles"`
	Types    map[string]*scalar `json:"types"`
	Classes  map[string]*object `json:"classes"`
	Objects  map[string]*object `json:"objects"`

	byUID map[int64]*object
}

// scalar is a type that is not an object.
type scalar struct {
	Type   string    `json:"type,omitempty"` // what it is derived from, as string_t
	MaxLen int       `json:"max_len,omitzero"`
	Range  []float64 `json:"range,omitempty"` // smallest and largest value
	Regex  string    `json:"regex,omitempty"`

	json  string // string, integer, float, boolean, or any
	regex *regexp.Regexp
}

// object is an object or an event class. One without attributes is open.
type object struct {
	Caption     string              `json:"caption,omitempty"`
	UID         int64               `json:"uid,omitzero"` // of a class
	Attributes  map[string]*attr    `json:"attributes"`
	Constraints map[string][]string `json:"constraints,omitempty"` // at_least_one, just_one

	name  string
	attrs []*attr // by name
}

// attr is what the schema says of one attribute of a class or object.
type attr struct {
	Type           string            `json:"type"` // a scalar type, or object_t
	ObjectType     string            `json:"object_type,omitempty"`
	IsArray        bool              `json:"is_array,omitzero"`
	Requirement    string            `json:"requirement"`          // required, recommended, optional
	Profiles       []string          `json:"profiles,omitempty"`   // any of these adds it; none: always present
	Deprecated     string            `json:"deprecated,omitempty"` // since which version
	Enum           map[string]string `json:"enum,omitempty"`       // captions by id
	EnumDeprecated map[string]string `json:"enum_deprecated,omitempty"`
	Sibling        string            `json:"sibling,omitempty"` // the attribute that holds the caption

	name   string
	typ    string  // Type or ObjectType
	scalar *scalar // nil for an object
	object *object // nil for a scalar and for an object outside the scope
}

// outside reports whether the attribute is an object that the schema does not hold.
func (a *attr) outside() bool { return a.scalar == nil && a.object == nil }

// open reports whether the attribute takes any content.
func (a *attr) open() bool {
	return a.typ == "json_t" || a.object != nil && len(a.object.attrs) == 0
}

// facts reads schemaText once. A fault in it is a bug of this package.
var facts = sync.OnceValue(func() *schema { return parse(schemaText) })

func parse(text []byte) *schema {
	s := &schema{byUID: map[int64]*object{}}
	if err := json.Unmarshal(text, s); err != nil {
		panic(fmt.Sprintf("ocsftest: read the schema: %v", err))
	}
	for name, t := range s.Types {
		t.json = strings.TrimSuffix(cmp.Or(t.Type, name), "_t")
		switch t.json {
		case "json":
			t.json = "any"
		case "long":
			t.json = "integer"
		}
		if t.Regex != "" {
			t.regex = regexp.MustCompile(t.Regex)
		}
	}
	for name, o := range s.Objects {
		s.link(name, o)
	}
	for name, class := range s.Classes {
		s.link(name, class)
		s.byUID[class.UID] = class
	}
	return s
}

// link resolves the names in o.
func (s *schema) link(name string, o *object) {
	o.name = name
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		a := o.Attributes[name]
		a.name, a.typ = name, cmp.Or(a.ObjectType, a.Type)
		a.scalar, a.object = s.Types[a.typ], s.Objects[a.typ]
		o.attrs = append(o.attrs, a)
	}
}
