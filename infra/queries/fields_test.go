package queries

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// records are all events of testdata as a shape stores them. An event by API
// token that Okta found risky is in no fixture, and shows a field of its own.
func records(t *testing.T, s Shape) []insights.Event {
	t.Helper()
	risky := fixture(
		t,
		"user-risk-change",
	).derive(
		t,
		"risky-token",
		change{"transaction.detail": map[string]string{"requestApiTokenId": "00Trisky"}},
	)
	events, err := stored(s, append(fixtures(t), risky))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// places are the worst places at which a shape has each leaf, over all records.
func places(t *testing.T, s Shape) map[string]int {
	t.Helper()
	worst := map[string]int{}
	for _, e := range records(t, s) {
		leaves := insights.Leaves(e.Message, insights.Reading{})
		if len(leaves) == 0 {
			t.Fatalf("no JSON: %s", e.Message)
		}
		for i, leaf := range leaves {
			worst[leaf.Name] = max(worst[leaf.Name], i+1)
		}
	}
	return worst
}

// TestFields: every field that a query names is one that the shape emits, and it
// is discovered in every record that has it.
func TestFields(t *testing.T) {
	for _, s := range shapes() {
		emitted := places(t, s)
		for _, q := range All() {
			for _, f := range parsed(t, q, s).Fields() {
				discovered(t, emitted, s, q.Name, f)
			}
		}
		for _, f := range Indexes(s) {
			discovered(t, emitted, s, "the index policy", f)
		}
	}
}

func discovered(t *testing.T, emitted map[string]int, s Shape, what, field string) {
	t.Helper()
	switch place := emitted[field]; {
	case place == 0:
		t.Errorf("%s, %s: no record has the field %s", s, what, field)
	case place > insights.MaxFields:
		t.Errorf("%s, %s: %s is leaf %d of a record, beyond what CloudWatch discovers", s, what, field, place)
	}
}

// TestPaths: what queries reach through jsonParse and unnest exists.
func TestPaths(t *testing.T) {
	for _, s := range shapes() {
		var trees []any
		for _, e := range records(t, s) {
			var tree any
			d := json.NewDecoder(strings.NewReader(e.Message))
			d.UseNumber() // some are beyond every float
			if err := d.Decode(&tree); err != nil {
				t.Fatal(err)
			}
			trees = append(trees, tree)
		}
		for _, q := range All() {
			for _, path := range parsed(t, q, s).Paths() {
				parts := strings.Split(path, ".")
				if !slices.ContainsFunc(trees, func(tree any) bool { return reaches(tree, parts) }) {
					t.Errorf("%s, %s: no record has %s", s, q.Name, path)
				}
			}
		}
	}
}

func reaches(tree any, parts []string) bool {
	if len(parts) == 0 {
		return true
	}
	name, list := strings.CutSuffix(parts[0], "[]")
	object, _ := tree.(map[string]any)
	inner, ok := object[name]
	if !list || !ok {
		return ok && reaches(inner, parts[1:])
	}
	elements, _ := inner.([]any)
	return slices.ContainsFunc(elements, func(e any) bool { return reaches(e, parts[1:]) })
}

// TestAliases: a name that a query makes is no name of any record, nor the
// beginning of one: which of the two Insights would take is documented nowhere.
func TestAliases(t *testing.T) {
	taken := map[string]bool{}
	for _, s := range shapes() {
		for leaf := range places(t, s) {
			top, _, _ := strings.Cut(leaf, ".")
			taken[top] = true
		}
	}
	for _, s := range shapes() {
		for _, q := range All() {
			for _, alias := range parsed(t, q, s).Aliases() {
				if taken[alias] {
					t.Errorf("%s, %s: %s is the name of a field", s, q.Name, alias)
				}
			}
		}
	}
}

// TestOneExpressionForTheAddress: where a record of OCSF has the client's address depends on its class, so queries name
// it by one expression, which the pages give too.
func TestOneExpressionForTheAddress(t *testing.T) {
	places := clientAddresses()
	expression := ocsfWords()["ip"]
	for name, text := range ocsfTexts(t) {
		rest := strings.ReplaceAll(text, expression, "")
		rest = strings.ReplaceAll(rest, anyIs(placeAddress, clientAddresses()...), "")
		for _, place := range places {
			if strings.Contains(rest, place) {
				t.Errorf("%s reads %s outside of %s", name, place, expression)
			}
		}
	}
	page, err := os.ReadFile("../../events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "`"+expression+"`") {
		t.Errorf("events/README.md does not give %s", expression)
	}
}

// ocsfTexts are all queries for records of OCSF, and what the stack's dashboards and pages query.
func ocsfTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, q := range All() {
		texts[q.Name] = q.Text(OCSF)
	}
	for _, page := range []string{"README.md", "../README.md", "../watch/README.md", "../../README.md", "../../lambda/README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "```") {
			if !strings.Contains(block, "json_extract_scalar") { // SQL is made of the texts: TestThePageShowsTheQueries
				texts[page] += block
			}
		}
	}
	return texts
}

// few are fields of few values: an index of them would leave most records to scan.
var few = []string{
	"status_code",
	"outcome.result",
	"detail.outcome.result",
	"auth_factors.0.factor_type_id",
	"debugContext.debugData.factor",
	"detail.debugContext.debugData.factor",
}

// TestEqualitiesAreIndexed: what a query looks up by value is in the index policy.
func TestEqualitiesAreIndexed(t *testing.T) {
	for _, s := range shapes() {
		for _, q := range All() {
			for _, f := range parsed(t, q, s).Equalities() {
				if !slices.Contains(Indexes(s), f) && !slices.Contains(few, f) {
					t.Errorf("%s, %s: %s is compared by value and not indexed", s, q.Name, f)
				}
			}
		}
	}
}
