//go:build !race

package oktastream

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/infra/settings"
)

// described are the descriptions of a stack's pipelines, by destination.
func (s *synthesised) described(t *testing.T) map[settings.Destination]map[string]any {
	t.Helper()
	list := map[settings.Destination]map[string]any{}
	for id, output := range s.template["Outputs"].(map[string]any) {
		if !strings.HasSuffix(id, "Pipeline") {
			continue
		}
		var d map[string]any
		text := s.resolve(t, output.(map[string]any)["Value"]).(string)
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatalf("%s is not JSON: %v: %s", id, err, text)
		}
		list[settings.Destination(d["destination"].(string))] = d
	}
	return list
}

// read are the members that the command reads of a description, each with the kind of
// its Go type. The command is a program, whose types no package can import.
func read(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../lambda/cmd/oktastream/stackflags.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "pipelineOutput" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			name := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			members[name] = fmt.Sprint(field.Type)
		}
		return false
	})
	if len(members) == 0 {
		t.Fatal("stackflags.go has no type pipelineOutput")
	}
	return members
}

// TestTheCommandReadsWhatTheStackWrites: the command reads each member of a pipeline's description,
// with a value of the right type, and reads no member that no stack writes.
func TestTheCommandReadsWhatTheStackWrites(t *testing.T) {
	kinds := read(t)
	var mu sync.Mutex
	written := map[string]bool{}
	each(t, func(t *testing.T, s *synthesised) {
		pipelines := s.described(t)
		for _, d := range s.settings.Destinations {
			if pipelines[d] == nil {
				t.Errorf("no output describes the pipeline to %s", d)
			}
		}
		for d, members := range pipelines {
			for name, value := range members {
				mu.Lock()
				written[name] = true
				mu.Unlock()
				kind := map[reflect.Kind]string{reflect.Float64: "int", reflect.String: "string", reflect.Bool: "bool"}[reflect.TypeOf(value).Kind()]
				if kinds[name] != kind || kind == "" {
					t.Errorf("%s: the member %s is %v, and the command reads a %q", d, name, value, kinds[name])
				}
			}
			set := s.settings.Of(d)
			if d == settings.Datadog && (members["transport"] != set.Transport || members["service"] != set.Service ||
				members["okta_domain"] != set.OktaDomain || members["tags"] != strings.Join(set.Tags, ",")) {
				t.Errorf("the settings are %+v, the output is %v", set, members)
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if !written[name] && hasNode() {
			t.Errorf("the command reads the member %s, which no stack writes", name)
		}
	}
}
