package events

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryFieldHasAPathOfItsOwn(t *testing.T) {
	all := allFields()
	if len(all) != int(FieldCount)-1 || all[0] != UUID || all[len(all)-1] != FieldCount-1 {
		t.Errorf("Fields lists %d of %d fields, from %d to %d", len(all), FieldCount-1, all[0], all[len(all)-1])
	}
	owner := map[string]Field{}
	for _, f := range all {
		if f.Path() == "" || strings.Contains(f.Path(), "|") {
			t.Errorf("field %d has the path %q", f, f.Path())
		}
		for path := range strings.SplitSeq(paths[f], "|") {
			if slices.Contains(strings.Split(path, "."), "") {
				t.Errorf("field %d has the path %q, with an empty name in it", f, path)
			}
			if other, taken := owner[path]; taken {
				t.Errorf("fields %d and %d share the path %q", other, f, path)
			}
			owner[path] = f
		}
	}
	// A field below another one would be bound only where the other is an
	// object, and a mapping would then have it twice.
	for path, f := range owner {
		for other := range owner {
			if strings.HasPrefix(other, path+".") {
				t.Errorf("%s (field %d) stands above %s", path, f, other)
			}
		}
	}
}

// The path is Okta's: some event has it, in the spelling that Okta documents.
func TestEveryFieldIsInSomeEvent(t *testing.T) {
	for _, f := range allFields() {
		seen := slices.ContainsFunc(fixtures(), func(s sample) bool {
			_, ok := at(t, detail(t, s.Text), f.Path())
			return ok
		})
		if !seen {
			t.Errorf("%s: in no event of testdata", f.Path())
		}
		if f == UUID || f == EventType || f == Published {
			continue // without which there is no event
		}
		for path := range strings.SplitSeq(paths[f], "|") {
			if got := only(t, []byte(nested(path))).Fields; got[f] != `"value"` {
				t.Errorf("%s is not bound to %s", path, f.Path())
			}
		}
	}
}

// nested is the event a with "value" at path.
func nested(path string) string {
	names := strings.Split(path, ".")
	value := `"value"`
	for _, name := range slices.Backward(names[1:]) {
		value = `{"` + name + `":` + value + `}`
	}
	return object(names[0], value)
}

// allFields lists all fields.
func allFields() []Field {
	all := make([]Field, 0, FieldCount-1)
	for f := Field(1); f < FieldCount; f++ {
		all = append(all, f)
	}
	return all
}
