package pattern

import (
	"encoding/json"
	"testing"
)

// FuzzMatch holds Check and Match to: they return whatever comes, they agree on
// what a pattern is, and a pattern that is read again means the same.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{
		For(source, nil, nil).Pattern.String(),
		For(source, []string{"a.b", "c.*", "*.d", "e*f"}, nil).Pattern.String(),
		For(source, nil, []string{"a.b", "c.*", "*.d", "e*f"}).Pattern.String(),
		`{"a":{"b":[{"anything-but":{"prefix":["x","y"]}},{"exists":false},null,1e2]}}`,
		`{"$or":[{"a":[{"numeric":[">",0,"<=",5]}]},{"b":[{"cidr":"10.0.0.0/8"}]},{"a.b":[{"suffix":{"equals-ignore-case":"x"}}]}]}`,
		`{"a":[{"wildcard":"*a\\*b\\\\*"},{"equals-ignore-case":"É"},{"anything-but":[1,2]}]}`,
	} {
		f.Add([]byte(pattern), envelope(f, "a.b"))
		f.Add([]byte(pattern), []byte(`{"a":[{"b":"x","c":[1,2,{"d":null}]},{"b":"y"}],"b":"10.0.0.1"}`))
	}
	f.Fuzz(func(t *testing.T, text, event []byte) {
		var p Pattern
		if json.Unmarshal(text, &p) != nil {
			return
		}
		fault := Check(p)
		matched, err := Match(p, event)
		if err != nil && matched {
			t.Errorf("%s matches and %v", p, err)
		}
		if _, objErr := decodeObject(event); fault == nil && err != nil && objErr == nil {
			t.Errorf("Check accepts %s and Match says %v", p, err)
		}
		again, againErr := Match(read(t, p.String()), event)
		if again != matched || (againErr == nil) != (err == nil) {
			t.Errorf("%s: %v, %v; read again %v, %v", p, matched, err, again, againErr)
		}
	})
}
