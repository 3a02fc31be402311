package ocsf_test

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/internal/eventstest"
	"github.com/oktastream/oktastream/events/ocsf"
)

// publicRule is a row of testdata/rules/rules.csv: what a public detection rule reads of Okta's events.
type publicRule struct {
	source, name, path string
	types              []string // event types; * is any
	fields             []string // in Okta's names, target[TYPE].member for targets of a type
	logic              string   // what it needs beside fields: threshold, sequence, ...
}

// noEvents is the logic of rules that read no event of Okta's at all.
var noEvents = map[string]string{
	"alerts": "reads other rules' alerts, no event of Okta's",
	"query":  "reads the rows of a scheduled query or of another product, no event of Okta's",
}

func rulesDir() string { return filepath.Join(eventstest.Root(), "testdata", "rules") }

func table(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(rulesDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	return rows[1:]
}

func publicRules(t *testing.T) []publicRule {
	var rules []publicRule
	for _, row := range table(t, "rules.csv") {
		r := publicRule{source: row[0], name: row[1], path: row[2], types: strings.Fields(row[3]), logic: row[5]}
		for need := range strings.SplitSeq(row[4], ";") {
			if field, _, _ := strings.Cut(need, " "); field != "" && !slices.Contains(r.fields, field) {
				r.fields = append(r.fields, field)
			}
		}
		rules = append(rules, r)
	}
	return rules
}

// found has the paths in records that have a field: the attributes that change when the field does.
type found struct {
	plain, arrays map[string]bool
}

// fixedArrays are arrays of which the place of the element is known: those with one element, and those whose first is.
var fixedArrays = regexp.MustCompile(`^(evidences|auth_factors|programmatic_credentials|labels|loggers)$`)

// attribute is the path of an attribute of OCSF as a page shows it, and whether it is plain: found by its name alone.
// The first resource is the app where the event names one.
func attribute(path, field string) (shown string, plain bool) {
	plain = true
	var parts []string
	for part := range strings.SplitSeq(path, ".") {
		name, index, isElement := strings.Cut(part, "[")
		first := name == "resources" && index == "0]" && strings.HasPrefix(field, "target[AppInstance]")
		switch {
		case !isElement || first || fixedArrays.MatchString(name) && index == "0]":
			parts = append(parts, part)
		case name == "labels" && strings.HasPrefix(path, "metadata."):
			parts = append(parts, name+"[0]")
		default:
			parts, plain = append(parts, name+"[]"), false
		}
	}
	return strings.Join(parts, "."), plain
}

// flat are the texts of the leaves of a record by their paths.
func flat(record []byte) map[string]string {
	var v any
	if err := json.Unmarshal(record, &v); err != nil {
		panic(err)
	}
	leaves := map[string]string{}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				visit(strings.TrimPrefix(path+"."+key, "."), value)
			}
		case []any:
			for i, value := range v {
				visit(path+"["+strconv.Itoa(i)+"]", value)
			}
		default:
			leaves[path] = fmt.Sprint(v)
		}
	}
	visit("", v)
	delete(leaves, "raw_data_hash.value")
	return leaves
}

// events of testdata by their types, as maps.
var byType = sync.OnceValue(func() map[string][]map[string]any {
	all := map[string][]map[string]any{}
	for _, s := range fixtures() {
		if strings.HasPrefix(s.Name, "trap-") {
			continue
		}
		each(s, func(e *events.Event) {
			var m map[string]any
			if json.Unmarshal(e.Text(), &m) == nil {
				all[string(e.Type)] = append(all[string(e.Type)], m)
			}
		})
	}
	return all
})

// eventsOf are the events of testdata of a type; of a type that has none, another event of its class with its type
// and without targets.
func eventsOf(eventType string) []map[string]any {
	if list := byType()[eventType]; len(list) > 0 {
		return list
	}
	class := classifier.Decide(eventType).Class.UID
	for _, other := range slices.Sorted(maps.Keys(byType())) {
		if classifier.Decide(other).Class.UID == class {
			m := clone(byType()[other][0])
			m["eventType"] = eventType
			delete(m, "target") // they are the other type's
			return []map[string]any{m}
		}
	}
	return nil
}

func clone(m map[string]any) map[string]any {
	var c map[string]any
	text, _ := json.Marshal(m)
	_ = json.Unmarshal(text, &c)
	return c
}

// place is one value of an event, which can be set.
type place struct {
	value any
	set   func(any)
}

// placesOf are the values of a field in an event. plant puts one there where there is none.
func placesOf(m map[string]any, field string, plant bool) []place {
	roots := []map[string]any{m}
	if rest, ok := strings.CutPrefix(field, "target["); ok {
		kind, member, _ := strings.Cut(rest, "].")
		list, _ := m["target"].([]any)
		roots, field = nil, member
		for _, target := range list {
			if target, ok := target.(map[string]any); ok && (kind == "" || target["type"] == kind) {
				roots = append(roots, target)
			}
		}
		if len(roots) == 0 && plant {
			target := map[string]any{
				"id": "planted-id", "type": cmp.Or(kind, "PlantedType"), "displayName": "planted", "alternateId": "planted",
			}
			m["target"] = append(list, target)
			roots = []map[string]any{target}
		}
	}
	var places []place
	for _, root := range roots {
		keys := strings.Split(field, ".")
		for _, key := range keys[:len(keys)-1] {
			next, _ := root[key].(map[string]any)
			if next == nil && plant {
				next = map[string]any{}
				root[key] = next
			}
			root = next
		}
		last := keys[len(keys)-1]
		if root == nil {
			continue
		}
		if (root[last] == nil || root[last] == "" || root[last] == "null") && plant {
			root[last] = "planted"
		}
		if v := root[last]; v != nil && v != "" && v != "null" {
			places = append(places, place{v, func(v any) { root[last] = v }})
		}
	}
	return places
}

// others are values that a field could have instead: the words that Okta uses for what the record has typed, and any.
func others(v any) []any {
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case float64:
		return []any{v + 1}
	case map[string]any, []any:
		text, _ := json.Marshal(v)
		return []any{string(text) + "x"}
	case string:
		if _, err := netip.ParseAddr(v); err == nil {
			return []any{"203.0.113.77"}
		}
		list := []any{v + "x", "password", "sms"}
		for _, swap := range [][2]string{{"POSITIVE", "NEGATIVE"}, {"NEGATIVE", "POSITIVE"}, {"HIGH", "LOW"}, {"LOW", "HIGH"},
			{"2FA", "1FA"}, {"1FA", "2FA"}, {"2026-", "2025-"}} {
			if strings.Contains(v, swap[0]) {
				list = append(list, strings.ReplaceAll(v, swap[0], swap[1]))
			}
		}
		return list
	}
	return nil
}

// search finds a field in the record of an event: it changes the field and compares the records. It
// uses no mapping table of the product or of this test.
func search(m map[string]any, field string, plant bool, normalise func([]byte) []byte) (equal, changed map[string]bool) {
	equal, changed = map[string]bool{}, map[string]bool{}
	m = clone(m)
	for _, p := range placesOf(m, field, plant) {
		text, _ := json.Marshal(m)
		before := flat(normalise(text))
		for _, other := range others(p.value) {
			p.set(other)
			text, _ := json.Marshal(m)
			record := normalise(text)
			p.set(p.value)
			if record == nil {
				continue
			}
			after := flat(record)
			for path, value := range before {
				if after[path] != value {
					changed[path] = true
					if value == fmt.Sprint(p.value) {
						equal[path] = true
					}
				}
			}
			for path := range after {
				if _, ok := before[path]; !ok {
					changed[path] = true
				}
			}
		}
	}
	return equal, changed
}

// normalisers are the two formats, of one event.
func normalisers() (asOCSF, asDatadog func([]byte) []byte) {
	using := func(n interface {
		Append([]byte, *events.Event) []byte
	}) func([]byte) []byte {
		return func(text []byte) (out []byte) {
			each(sample{Text: text}, func(e *events.Event) { out = n.Append(nil, e) })
			return out
		}
	}
	return using(ocsf.New()), using(datadog.New(datadog.Settings{}))
}

// lookup returns what search finds for a field over the events of types: those that have the field,
// or else those in which it is set.
type lookup struct {
	asOCSF, asDatadog func([]byte) []byte
	known             map[string][2]found
}

func (l *lookup) of(field, eventType string, plant bool) (inOCSF, inDatadog found) {
	key := fmt.Sprint(field, "\n", eventType, plant)
	if known, ok := l.known[key]; ok {
		return known[0], known[1]
	}
	inOCSF, inDatadog = found{map[string]bool{}, map[string]bool{}}, found{map[string]bool{}, map[string]bool{}}
	for _, m := range eventsOf(eventType) {
		equal, changed := search(m, field, plant, l.asOCSF)
		add := func(paths map[string]bool) {
			for path := range paths {
				if shown, plain := attribute(path, field); plain {
					inOCSF.plain[shown] = true
				} else {
					inOCSF.arrays[shown] = true
				}
			}
		}
		add(equal)
		if len(inOCSF.plain) == 0 {
			add(changed)
		}
		equal, _ = search(m, field, plant, l.asDatadog)
		for path := range equal {
			// Datadog searches all elements of an array under the array's name.
			shown := regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "")
			if strings.HasPrefix(shown, "target.") && !strings.HasPrefix(field, "target[].") {
				inDatadog.arrays[shown] = true // which does not say of which type of target it is
			} else {
				inDatadog.plain[shown] = true
			}
		}
	}
	l.known[key] = [2]found{inOCSF, inDatadog}
	return inOCSF, inDatadog
}

// anyTypes stand for every event type.
var anyTypes = []string{"user.session.start", "system.api_token.create", "application.lifecycle.update"}

// where is what lookup finds for one field of a rule, by class.
func (l *lookup) where(r publicRule, field string) (byClass map[int]found, inDatadog found) {
	types := r.types
	if slices.Contains(types, "*") {
		types = anyTypes
	}
	for _, plant := range []bool{false, true} {
		byClass, inDatadog = map[int]found{}, found{map[string]bool{}, map[string]bool{}}
		for _, eventType := range types {
			o, d := l.of(field, eventType, plant)
			maps.Copy(inDatadog.plain, d.plain)
			maps.Copy(inDatadog.arrays, d.arrays)
			if len(o.plain)+len(o.arrays) == 0 {
				continue
			}
			class := classifier.Decide(eventType).Class.UID
			if _, ok := byClass[class]; !ok {
				byClass[class] = found{map[string]bool{}, map[string]bool{}}
			}
			maps.Copy(byClass[class].plain, o.plain)
			maps.Copy(byClass[class].arrays, o.arrays)
		}
		if len(byClass) > 0 {
			return byClass, inDatadog
		}
	}
	return byClass, inDatadog
}
