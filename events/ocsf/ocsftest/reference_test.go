package ocsftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// driver has the reference validator check one record a line and answers with one line each:
// its problems in the words of said, or null where it fails itself.
const driver = `
import json, sys
sys.path.insert(0, sys.argv[1])
from ocsf_validate import V
v = V(json.load(open(sys.argv[2])))
for line in sys.stdin.buffer.read().split(b"\n"):
    try:
        e, w = v.check(json.loads(line))
        print(json.dumps(["E %s %s" % x[:2] for x in e] + ["W %s %s" % x[:2] for x in w]))
    except Exception:
        print("null")
`

func reference(t *testing.T, records [][]byte) [][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", "-B", "-c", driver, filepath.Join(shared, "tools"), schemaFile)
	cmd.Stdin = bytes.NewReader(bytes.Join(records, []byte("\n")))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var all [][]string
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var lines []string
		if err := d.Decode(&lines); err != nil {
			t.Fatal(err)
		}
		all = append(all, lines)
	}
	if len(all) != len(records) {
		t.Fatalf("%d answers for %d records", len(all), len(records))
	}
	return all
}

// ours are the kinds that the reference does not have.
var ours = []string{"more_than_one_line", "not_json", "duplicate_key", "null_value", "empty_value", "outside_scope"}

// both keeps of lines what both sides can know: not ours, not what lies in or below an
// attribute outside the scope, each line once. Nor what profiles are unknown where they are text,
// not an array: the reference then takes each letter for a profile.
func both(lines []string, outside []string) []string {
	text := slices.Contains(lines, "E attribute_wrong_type metadata.profiles")
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		f := strings.SplitN(line, " ", 3)
		return slices.Contains(ours, f[1]) || text && f[1] == "profile_unknown" || slices.ContainsFunc(outside,
			func(p string) bool {
				return strings.HasPrefix(f[2], p)
			})
	})
	slices.Sort(lines)
	return slices.Compact(lines)
}

// Check and the reference validator find the same in good records with random faults.
func TestReference(t *testing.T) {
	need(t, schemaFile)
	need(t, filepath.Join(shared, "tools", "ocsf_validate.py"))
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skipf("not compared: %v", err)
	}
	r := rand.New(rand.NewPCG(1, 8))
	var records [][]byte
	for _, uid := range slices.Sorted(maps.Keys(facts().byUID)) {
		records = append(records, good(uid))
		for n := range 120 {
			record := decodeNumbers(t, good(uid))
			if n%2 == 1 {
				s := sample{Rand: r, share: 0.3, on: map[string]bool{}, old: n%4 == 1}
				for _, p := range facts().Profiles {
					s.on[p] = p != "osint" && r.IntN(2) == 0
				}
				record = decodeNumbers(t, encode(t, s.event(facts().byUID[uid], 2)))
			}
			for range 1 + r.IntN(4) {
				mutate(r, record)
				record = decodeNumbers(t, encode(t, record)) // a copy: the values put in are shared
			}
			records = append(records, encode(t, record))
		}
	}
	met, failed := map[string]int{}, 0
	for i, want := range reference(t, records) {
		got := said(Check(records[i]))
		if want == nil {
			if failed++; !slices.ContainsFunc(got, func(line string) bool { return line[0] == 'E' }) {
				t.Errorf("the reference fails, Check finds no error\n%s", records[i])
			}
			continue
		}
		var outside []string
		for _, line := range got {
			kind := strings.Fields(line)[1]
			met[kind]++
			if kind == "outside_scope" {
				outside = append(outside, strings.SplitN(line, " ", 3)[2])
			}
		}
		if got, want := both(got, outside), both(want, outside); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q\n%s", got, want, records[i])
		}
	}
	t.Logf("%d records, the reference failed on %d, met %v", len(records), failed, met)
	for _, kind := range []string{"class_uid_unknown", "profile_unknown", "outside_scope", "attribute_unknown",
		"attribute_required_missing", "attribute_wrong_type", "attribute_value_exceeds_range",
		"attribute_value_exceeds_max_len", "attribute_enum_value_unknown", "attribute_enum_array_sibling_incorrect",
		"constraint_failed", "type_uid_incorrect", "observable_name_invalid_reference", "version_differs",
		"attribute_deprecated", "attribute_enum_value_deprecated", "attribute_enum_sibling_incorrect",
		"attribute_enum_sibling_suspicious_other", "attribute_value_regex_not_matched"} {
		if met[kind] == 0 {
			t.Errorf("no record has %s", kind)
		}
	}
}

// place is where a value stands in a record: under a key of a map, or at an index of a slice.
type place struct {
	m   map[string]any
	key string
	s   []any
	i   int
}

func (p place) get() any {
	if p.m != nil {
		return p.m[p.key]
	}
	return p.s[p.i]
}

func (p place) set(v any) {
	if p.m != nil {
		p.m[p.key] = v
	} else {
		p.s[p.i] = v
	}
}

// places lists all places in v, in an order that does not depend on the map.
func places(v any) []place {
	var all []place
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(append(all, place{m: v, key: k}), places(v[k])...)
		}
	case []any:
		for i, x := range v {
			all = append(append(all, place{s: v, i: i}), places(x)...)
		}
	}
	return all
}

// odd are values that are wrong in most places.
var odd = []any{
	nil, "", "x", "Other", "GET", "0", "99", true, false, map[string]any{}, map[string]any{"x": "y"},
	map[string]any{"uid": "y"},
	[]any{}, []any{"x"}, []any{nil}, []any{map[string]any{}}, []any{json.Number("1")},
	json.Number("0"), json.Number("-0"), json.Number("1"), json.Number("99"), json.Number("-1"), json.Number("1.0"),
	json.Number("99.0"), json.Number("1e2"), json.Number("65536"), json.Number("123456789012345678901"),
	"0123456789012345678901234567890123456789é", strings.Repeat("é", 43), strings.Repeat("é", 40), "192.0.2.1",
	"00:00:5e:00:53:01", "2026-01-01T00:00:00Z", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "jo@example.com",
}

// limits are values at and beyond the limits of the types of some attributes.
var limits = map[string][]any{
	"port":            {json.Number("65535"), json.Number("65536"), json.Number("-1"), "x"},
	"ip":              {"192.0.2", strings.Repeat("é", 40), strings.Repeat("é", 41), "::1%" + strings.Repeat("x", 37)},
	"mac":             {"00:00:5e:00:53", strings.Repeat("é", 33)},
	"x_forwarded_for": {[]any{"192.0.2.1", "x", nil}},
	"email_addr":      {"jo", "jo@example", "jo@example.c"},
	"uuid":            {"6ba7b810"},
	"subnet":          {strings.Repeat("é", 42), strings.Repeat("é", 43)},
}

// mutate changes one thing in the record. What makes the record no record for the reference, as
// a class_uid that is a list, it may do; what it leaves alone is class_uid written as 3001.0,
// which is 3001 to Python only.
func mutate(r *rand.Rand, record map[string]any) {
	all := places(record)
	p := all[r.IntN(len(all))]
	if wrong := limits[p.key]; wrong != nil {
		p.set(wrong[r.IntN(len(wrong))])
		return
	}
	switch r.IntN(9) {
	case 0, 1: // gone
		if p.m != nil {
			delete(p.m, p.key)
		}
	case 2, 3: // another value
		p.set(odd[r.IntN(len(odd))])
	case 4: // one more attribute, of anything
		if m, ok := p.get().(map[string]any); ok {
			p.m = m
		}
		if p.m != nil {
			a := anyAttr(r)
			p.m[a.name] = odd[r.IntN(len(odd))]
			if a.scalar != nil && a.Enum == nil {
				p.m[a.name] = scalarSamples[a.typ][0]
			}
		}
	case 5: // an array of it, or one of the array
		if list, ok := p.get().([]any); ok && len(list) > 0 {
			p.set(list[0])
		} else {
			p.set([]any{p.get()})
		}
	case 6: // another id or caption
		if p.m == nil || p.key == "class_uid" {
			break
		}
		switch p.get().(type) {
		case json.Number:
			p.set(json.Number(fmt.Sprint(r.IntN(13))))
			if r.IntN(3) == 0 {
				p.set(json.Number("99"))
			}
		case string:
			p.set([]any{"Unknown", "Other", "High"}[r.IntN(3)])
		}
	case 7: // the event's own
		metadata, _ := record["metadata"].(map[string]any)
		switch r.IntN(7) {
		case 0:
			record["class_uid"] = []any{json.Number("3002"), json.Number("9999"), "3001", false, nil, []any{}}[r.IntN(6)]
		case 1:
			record["type_uid"] = []any{json.Number("300201"), json.Number("99"), true, json.Number("300200")}[r.IntN(4)]
		case 2:
			record["activity_id"] = []any{json.Number("0"), json.Number("1"), json.Number("99"), false}[r.IntN(4)]
		case 3, 4:
			if metadata != nil {
				metadata["profiles"] = []any{[]any{"cloud"}, []any{"host", "datetime"}, []any{"osint"}, []any{"x", nil}, []any{},
					json.Number("1"), []any{[]any{}}, []any{"incident", "container"}}[r.IntN(8)]
			}
		case 5:
			if metadata != nil {
				metadata["version"] = []any{"1.7.0", "", json.Number("0"), json.Number("1"), false, true, []any{},
					map[string]any{"x": "y"}}[r.IntN(8)]
			}
		case 6:
			record["osint"] = []any{map[string]any{"value": "x"}}
		}
	case 8: // the name of an observable
		names := []string{"actor.user.name", "user.groups[0].name", "actor[0].user", "unmapped.x", "time", "cloud.region",
			"x", "", "metadata.tags[].name",
			"metadata.tags[a.b].name", "metadata.tags[0]name", "[0]", "a]b.c", "device.ip", "metadata.product.name.x",
			"time_dt", "http_response.code", "raw_data_hash[0"}
		record["observables"] = []any{json.Number("1"), map[string]any{"type_id": json.Number("0"),
			"name": names[r.IntN(len(names))]}}[min(r.IntN(9), 1):]
	}
}

// anyAttr is an attribute of some object.
func anyAttr(r *rand.Rand) *attr {
	var all []*attr
	for _, name := range slices.Sorted(maps.Keys(facts().Objects)) {
		all = append(all, facts().Objects[name].attrs...)
	}
	return all[r.IntN(len(all))]
}
