package ocsf_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/record"
)

// Explain names every leaf of the event: an attribute has it, or it has no content.
func TestExplainCoversEveryLeaf(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			steps := n.Explain(e)
			from := map[string]bool{}
			for _, step := range steps {
				from[spelt(step.From)] = true
			}
			for _, leaf := range explained(parse(t, e.Text())) {
				covered := false
				for path := leaf; !covered && path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
					covered = from[path] // a step may speak of an object as a whole
				}
				if !covered {
					t.Errorf("%s (%s): %s is not explained", s.Name, e.UUID, leaf)
				}
			}
			if wrong := misled(n.Append(nil, e), steps); wrong != "" {
				t.Errorf("%s (%s): %s", s.Name, e.UUID, wrong)
			}
		})
	}
}

// explained lists the leaves by the paths that Explain uses: names unchanged, even if they contain
// dots.
func explained(n *node) []string {
	var all []string
	walk("", n, func(path string, n *node) {
		if len(n.kids) == 0 {
			all = append(all, path)
		}
	})
	return all
}

func walk(path string, n *node, visit func(path string, n *node)) {
	visit(path, n)
	for i, kid := range n.kids {
		if n.kind == '[' {
			walk(path+"["+strconv.Itoa(i)+"]", kid, visit)
		} else {
			walk(join(path, n.keys[i]), kid, visit)
		}
	}
}

// spelt undoes the escapes in the names of a path of Explain's.
func spelt(path string) string {
	if n, err := parseJSON([]byte(`"` + path + `"`)); err == nil {
		return n.text
	}
	return path
}

var index = regexp.MustCompile(`\[\d*\]`)

// misled returns the step that names a value which the record does not have at that path, "" if all
// steps are right. resources[] matches any element.
func misled(out []byte, steps []record.Step) string {
	root, err := parseJSON(out)
	if err != nil {
		return err.Error()
	}
	at := map[string][]string{}
	walk("", root, func(path string, n *node) {
		if strings.Contains(path, "[") {
			any := index.ReplaceAllString(path, "[]")
			at[any] = append(at[any], n.String())
		}
		at[path] = append(at[path], n.String())
	})
	for _, step := range steps {
		if step.To == "" {
			continue
		}
		value, err := parseJSON(step.Value)
		if err != nil {
			return fmt.Sprintf("%s → %s: %v: %s", step.From, step.To, err, step.Value)
		}
		to := spelt(step.To)
		if strings.Contains(to, "[]") {
			to = index.ReplaceAllString(to, "[]")
		}
		if !slices.Contains(at[to], value.String()) {
			return fmt.Sprintf("%s → %s is not %.200s in the record but %.200q", step.From, step.To, step.Value, at[to])
		}
	}
	return ""
}

func TestExplain(t *testing.T) {
	text := okta(
		typeEntity,
		`"client":{"ipAddress":"192.0.2.1","zone":"null","device":"Unknown","geographicalContext":{"country":"Ireland"}}`,
		`"target":[{"id":"z","type":"NetworkZoneEntity","alternateId":"unknown","displayName":"Office","novel":1}]`,
		`"securityContext":{"isProxy":false,"isp":null}`,
		debug("behaviors", `"{New IP=POSITIVE}"`),
		`"x":{"y":[1]}`,
	)
	var got []string
	each(sample{Name: "", Text: []byte(text)}, func(e *events.Event) {
		for _, s := range ocsf.New().Explain(e) {
			got = append(got, fmt.Sprintf("%s → %s: %s", s.From, s.To, s.Value))
		}
	})
	for _, want := range []string{
		" → class_uid: 3004",
		"uuid → metadata.uid: " + quote(uuid),
		`client.ipAddress → src_endpoint.ip: "192.0.2.1"`,
		`client.geographicalContext.country → src_endpoint.location.country: "IE"`,
		`target[0].id → entity.uid: "z"`,
		`target[0].type → entity.type: "Network Zone"`,
		`securityContext.isProxy → unmapped.securityContext.isProxy: false`,
		`debugContext.debugData.behaviors → unmapped.debugContext.debugData.behaviors: {"New IP":"POSITIVE"}`,
		`x.y[0] → unmapped.x.y[0]: 1`,
		`client.zone → : "null"`,
		`client.device → unmapped.client.device: "Unknown"`,
		`target[0].alternateId → unmapped.target[0].alternateId: "unknown"`,
		`securityContext.isp → : null`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no step is %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	if last := slices.IndexFunc(
		got,
		func(s string) bool { return strings.Contains(s, " → : ") },
	); last < 0 ||
		slices.ContainsFunc(got[last:], func(s string) bool { return !strings.Contains(s, " → : ") }) {
		t.Errorf("what is left out does not come last:\n%s", strings.Join(got, "\n"))
	}
}

// Tracing must not change the record, and must end.
func TestExplainChangesNothing(t *testing.T) {
	n := ocsf.New()
	for _, s := range fixtures() {
		each(s, func(e *events.Event) {
			before := n.Append(nil, e)
			first, second := n.Explain(e), n.Explain(e)
			if after := n.Append(nil, e); !bytes.Equal(before, after) {
				t.Errorf("%s: before\n%s\nafter\n%s", s.Name, before, after)
			}
			if !slices.EqualFunc(first, second, func(a, b record.Step) bool {
				return a.From == b.From && a.To == b.To && a.How == b.How && bytes.Equal(a.Value, b.Value)
			}) {
				t.Errorf("%s is explained in two ways", s.Name)
			}
		})
	}
}

// Fields lists every path that a record of the class can have before unmapped.
func TestFieldsAreThoseOfTheRecords(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	known := map[int]map[string]bool{}
	for class := range places {
		known[class] = map[string]bool{}
		for _, f := range n.Fields(class) {
			known[class][index.ReplaceAllString(f.To, "")] = true
			if f.How == "" {
				t.Errorf("class %d: nobody says what %s is", class, f.To)
			}
		}
	}
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			v, err := look(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range n.Explain(e) {
				to := index.ReplaceAllString(step.To, "")
				if to != "" && !below(to, "unmapped") && !known[v.class][to] {
					t.Errorf("%s: %s is not among the fields of class %d", s.Name, step.To, v.class)
				}
			}
		})
	}
}
