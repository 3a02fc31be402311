package ocsftest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shared is the directory with the compiled schema and the reference validator, beside the module
// where there is one. The package does not need it; two tests do.
var shared = filepath.Join("..", "..", "..", "..", "shared")

var schemaFile = filepath.Join(shared, "ocsf", "ocsf-1.8.0-okta-subset.json")

// need skips the test if a file is not there.
func need(t *testing.T, file string) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		t.Skipf("not compared: %v", err)
	}
}

type compiled struct {
	Version  string `json:"ocsf_version"`
	Profiles []string
	Types    map[string]struct {
		Type, Regex string
		MaxLen      int `json:"max_len"`
		Range       []float64
	}
	Classes, Objects map[string]compiledObject
}

type compiledObject struct {
	Caption, Deprecated string
	UID                 int64
	Attributes          map[string]compiledAttr
	Constraints         map[string][]string
}

type compiledAttr struct {
	Type, Requirement, Deprecated, Sibling string
	ObjectType                             string `json:"object_type"`
	IsArray                                bool   `json:"is_array"`
	Profiles                               []string
	Enum                                   map[string]string
	EnumDeprecated                         map[string]string `json:"enum_deprecated"`
}

// line says all there is to say of an attribute, on both sides in the same words.
func (a compiledAttr) line() string {
	typ := a.Type
	if typ == "object_t" {
		typ = a.ObjectType
	}
	old := map[string]bool{}
	for id := range a.EnumDeprecated {
		old[id] = true
	}
	if len(a.Enum) == 0 {
		a.Sibling = "" // of no use without captions
	}
	return fmt.Sprintf("%s array=%v %s profiles=%v deprecated=%v sibling=%q enum=%v %v",
		typ, a.IsArray, a.Requirement, a.Profiles, a.Deprecated != "", a.Sibling, a.Enum, old)
}

func (a *attr) line() string {
	e := &enum{}
	if a.enum != nil {
		e = a.enum
	}
	return fmt.Sprintf("%s array=%v %s profiles=%v deprecated=%v sibling=%q enum=%v %v",
		a.typ, a.array, a.requirement, a.profiles, a.deprecated, a.sibling, e.captions, e.deprecated)
}

func (o compiledObject) lines() map[string]string {
	lines := map[string]string{}
	for name, a := range o.Attributes {
		lines[name] = a.line()
	}
	for kind, names := range o.Constraints {
		lines[kind] = fmt.Sprint(names)
	}
	return lines
}

func (o *object) lines() map[string]string {
	lines := map[string]string{}
	for _, a := range o.attrs {
		lines[a.name] = a.line()
	}
	for _, c := range o.constraints {
		lines[c.kind] = fmt.Sprint(c.names)
	}
	return lines
}

// inScope are the classes and objects that the tables describe.
const (
	classesInScope = `base_event detection_finding account_change authentication entity_management user_access
		group_management application_lifecycle api_activity application_error`
	objectsInScope = `metadata product logger user account actor session network_endpoint network_proxy http_request
		url resource_details service group managed_entity policy finding_info evidences device os location
		auth_factor enrichment api request response application programmatic_credential autonomous_system cloud
		organization observable fingerprint authentication_token ja4_fingerprint idp job tls token
		key_value_object reputation object`
)

func TestTablesHoldTheScope(t *testing.T) {
	s := tables()
	var classes []string
	for uid, c := range s.classes {
		if uid != c.uid {
			t.Errorf("class %s is %d under %d", c.name, c.uid, uid)
		}
		classes = append(classes, c.name)
	}
	for _, side := range []struct {
		what      string
		got, want []string
	}{
		{"classes", classes, strings.Fields(classesInScope)},
		{"objects", slices.Collect(maps.Keys(s.objects)), strings.Fields(objectsInScope)},
	} {
		slices.Sort(side.got)
		slices.Sort(side.want)
		if !slices.Equal(side.got, side.want) {
			t.Errorf("%s: %v, want %v", side.what, side.got, side.want)
		}
	}
}

// The tables and the schema say the same, both ways, of all that is in scope.
func TestTablesEqualSchema(t *testing.T) {
	need(t, schemaFile)
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var want compiled
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if version != want.Version || !slices.Equal(profiles, want.Profiles) {
		t.Errorf("version %s profiles %v, want %s %v", version, profiles, want.Version, want.Profiles)
	}
	for name, s := range scalars {
		w, ok := want.Types[name]
		if !ok {
			t.Errorf("%s: no such type", name)
		}
		prim := strings.TrimSuffix(w.Type, "_t")
		if prim == "" {
			prim = strings.TrimSuffix(name, "_t")
		}
		got, want := s.line(), fmt.Sprint(jsonType[prim], w.MaxLen, w.Range, w.Regex)
		if got != want {
			t.Errorf("type %s:\n got %s\nwant %s", name, got, want)
		}
	}
	for _, c := range tables().classes {
		w := want.Classes[c.name]
		if c.uid != w.UID || c.caption != w.Caption || w.Deprecated != "" {
			t.Errorf("class %s: %d %q, want %d %q", c.name, c.uid, c.caption, w.UID, w.Caption)
		}
		compare(t, c.name, c.lines(), w.lines())
	}
	for name, o := range tables().objects {
		w, ok := want.Objects[name]
		if !ok || w.Deprecated != "" {
			t.Errorf("object %s: known to the schema %v, deprecated %q", name, ok, w.Deprecated)
		}
		compare(t, name, o.lines(), w.lines())
	}
}

// jsonType is how the schema's primitive types look in JSON.
var jsonType = map[string]string{
	"string": "string", "boolean": "boolean", "float": "float", "json": "any",
	"integer": "integer", "long": "integer",
}

func (s *scalar) line() string {
	var limits []float64
	if s.ranged {
		limits = []float64{s.min, s.max}
	}
	regex := ""
	if s.regex != nil {
		regex = s.regex.String()
	}
	return fmt.Sprint(s.json, s.maxLen, limits, regex)
}

func compare(t *testing.T, of string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s.%s:\n got %s\nwant %s", of, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s.%s: not in the schema: %s", of, name, got[name])
		}
	}
}
