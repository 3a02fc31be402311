package ocsftest

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write schema.json anew")

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

// The classes and objects in scope.
const (
	classesInScope = `base_event detection_finding account_change authentication entity_management user_access
		group_management application_lifecycle api_activity application_error`
	objectsInScope = `metadata product logger user account actor session network_endpoint network_proxy http_request
		url resource_details service group managed_entity policy finding_info evidences device os location
		auth_factor enrichment api request response application programmatic_credential autonomous_system cloud
		organization observable fingerprint authentication_token ja4_fingerprint idp job tls token
		key_value_object reputation object`
)

// only keeps of all what scope names.
func only(t *testing.T, all map[string]*object, scope string) {
	t.Helper()
	names := strings.Fields(scope)
	maps.DeleteFunc(all, func(name string, _ *object) bool { return !slices.Contains(names, name) })
	if len(all) != len(names) {
		t.Errorf("the schema has %v, want %v", slices.Sorted(maps.Keys(all)), names)
	}
}

// TestSchema: schema.json is what the compiled schema says of all that is in scope. -update writes it.
func TestSchema(t *testing.T) {
	if s := facts(); s.Version != "1.8.0" || len(s.byUID) != len(strings.Fields(classesInScope)) {
		t.Errorf("version %s with %d classes", s.Version, len(s.byUID))
	}
	need(t, schemaFile)
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	s := parse(text)
	only(t, s.Classes, classesInScope)
	only(t, s.Objects, objectsInScope)
	used := map[string]bool{}
	for _, side := range []map[string]*object{s.Classes, s.Objects} {
		for name, o := range side {
			for _, a := range o.attrs {
				used[a.Type] = true
				if len(a.Enum) == 0 {
					a.Sibling = "" // of no use without captions
				}
			}
			if s.Classes[name] == nil {
				o.Caption = ""
			}
		}
	}
	maps.DeleteFunc(s.Types, func(name string, _ *scalar) bool { return !used[name] })
	if text, err = json.Marshal(s); err != nil {
		t.Fatal(err)
	}
	text = append(bytes.ReplaceAll(text, []byte(`},"`), []byte("},\n\"")), '\n') // an attribute a line
	if *update {
		if err := os.WriteFile("schema.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(text, schemaText) {
		t.Error("schema.json is not what the compiled schema says; run this test with -update")
	}
}
