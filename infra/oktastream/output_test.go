//go:build !race

package oktastream

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/doctor"
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
// its Go type.
func read() map[string]reflect.Kind {
	members := map[string]reflect.Kind{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[doctor.Pipeline]()) {
		members[field.Tag.Get("json")] = field.Type.Kind()
	}
	return members
}

// TestTheCommandReadsWhatTheStackWrites: the command reads each member of a pipeline's description,
// with a value of the right type, and reads no member that no stack writes.
func TestTheCommandReadsWhatTheStackWrites(t *testing.T) {
	kinds := read()
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
				kind := reflect.TypeOf(value).Kind()
				if kind == reflect.Float64 { // a number of JSON
					kind = reflect.Int
				}
				if kinds[name] != kind {
					t.Errorf("%s: the member %s is %v, and the command reads a value of kind %s", d, name, value, kinds[name])
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
