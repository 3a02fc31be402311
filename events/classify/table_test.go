package classify

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events/catalogue"
)

// yetToCome are the patterns that decide no known type: each stands there for a
// type Okta may add, and says so.
var yetToCome = map[string]string{
	"network_zone.*":             "other types of the family network_zone, of which there is one",
	"*":                          "a family that does not exist yet",
	"app.oauth2.as.token.*":      "the org server already has token events beyond grant and revoke; custom servers follow it",
	"analytics.*":                "all known types of the family are reports and feedback",
	"core.*":                     "all known types of the family are errors and limits",
	"credential.*":               "all known types of the family are factors",
	"entitlement.*":              "all known types of the family are migration runs",
	"group.*":                    "all known types of the family are about groups themselves",
	"iam.resourceset.bindings.*": "all known types of the family give or take a role",
	"integration.*":              "all known types of the family are about access",
	"master_application.*":       "its one known type is about access",
	"mim.*":                      "all known types of the family have odd last words",
	"org.*":                      "its one known type is a redirection",
	"saml.*":                     "all known types of the family are hooks",
	"scheduled_action.*":         "all known types of the family are suspensions",
	"tokens.*":                   "all known types of the family are hooks",
	"self_service.*":             "its two known types are about a feature of an app",
	"user.*":                     "all known types of the family are accounts, access and sign-ins",
}

func TestEveryPatternDecides(t *testing.T) {
	deciding := map[string]bool{}
	for _, eventType := range catalogue.All() {
		deciding[compiled().Decide(eventType).Pattern] = true
	}
	patterns := map[string]bool{}
	for _, r := range V1_8().Rules {
		for _, p := range r.Patterns {
			if patterns[p] {
				t.Errorf("%q stands twice", p)
			}
			patterns[p] = true
			if _, excused := yetToCome[p]; deciding[p] == excused {
				t.Errorf("%q (%s): decides a known type: %v, excused from that: %v", p, r.Why, deciding[p], excused)
			}
		}
	}
	for p := range yetToCome {
		if !patterns[p] {
			t.Errorf("%q is excused but is not a pattern of the table", p)
		}
	}
}

// TestTableForm holds what a reader of the table relies on.
func TestTableForm(t *testing.T) {
	table := V1_8()
	form := regexp.MustCompile(`^[A-Za-z0-9._*-]+$`)
	for i, r := range table.Rules {
		if r.Why == "" {
			t.Errorf("row %d (%s): no reason", i, r.Patterns)
		}
		if (r.EntityType != "") != (r.Class == entityMgmt) || (r.EntityTypeID != 0) != (r.Class == entityMgmt) {
			t.Errorf("row %d (%s): entity %q %d in class %d", i, r.Patterns, r.EntityType, r.EntityTypeID, r.Class)
		}
		if r.Class == finding && r.Status != 0 {
			t.Errorf("row %d (%s): in a finding, status_id is the state of the case, not an outcome", i, r.Patterns)
		}
		for _, p := range r.Patterns {
			if !form.MatchString(p) {
				t.Errorf("row %d: %q has characters no event type has", i, p)
			}
			first, _, _ := strings.Cut(p, ".")
			last := i == len(table.Rules)-1
			if !last && !slices.Contains(table.Families, strings.TrimSuffix(first, "*")) {
				t.Errorf("row %d: %q begins with no known family and would decide types of unknown ones", i, p)
			}
		}
	}
	for _, eventType := range catalogue.All() {
		if !compiled().Decide(eventType).Family {
			t.Errorf("%s: its first word is not among the families", eventType)
		}
	}
}

// schema is the part of the compiled OCSF schema the tests compare with.
type schema struct {
	Version string `json:"ocsf_version"`
	Classes map[string]struct {
		UID          int                  `json:"uid"`
		Caption      string               `json:"caption"`
		CategoryUID  int                  `json:"category_uid"`
		CategoryName string               `json:"category_name"`
		Attributes   map[string]attribute `json:"attributes"`
	} `json:"classes"`
	Objects map[string]struct {
		Attributes map[string]attribute `json:"attributes"`
	} `json:"objects"`
}

type attribute struct {
	Enum map[string]string `json:"enum"`
}

func TestFactsAreTheSchemas(t *testing.T) {
	path := reference(t, "ocsf/ocsf-1.8.0-okta-subset.json")
	if path == "" {
		t.Skip("no OCSF schema: ../shared/ocsf/ocsf-1.8.0-okta-subset.json is missing next to the module")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	table := V1_8()
	if s.Version != table.Version {
		t.Errorf("table of %s, schema of %s", table.Version, s.Version)
	}
	attributes := map[int]map[string]attribute{}
	for _, want := range s.Classes {
		attributes[want.UID] = want.Attributes
		got := table.class(want.UID)
		if got == nil {
			continue
		}
		if got.Name != want.Caption || got.CategoryUID != want.CategoryUID || got.CategoryName != want.CategoryName {
			t.Errorf("class %d: %+v, schema says %q in %d %q", want.UID, got, want.Caption, want.CategoryUID, want.CategoryName)
		}
		enum := want.Attributes["activity_id"].Enum
		if len(enum) != len(got.Activities) {
			t.Errorf("class %d: %d activities, schema has %d", want.UID, len(got.Activities), len(enum))
		}
		for id, caption := range got.Activities {
			if enum[strconv.Itoa(id)] != caption {
				t.Errorf("class %d activity %d: %q, schema says %q", want.UID, id, caption, enum[strconv.Itoa(id)])
			}
		}
	}
	for _, c := range table.Classes {
		if attributes[c.UID] == nil {
			t.Errorf("class %d is not in the schema", c.UID)
		}
	}
	// A mark must be a value its class can carry.
	kinds := s.Objects["managed_entity"].Attributes["type_id"].Enum
	for _, r := range table.Rules {
		for name, value := range map[string]int{
			"status_id": r.Status, "disposition_id": r.Disposition,
			"auth_protocol_id": r.Protocol, "account_switch_type_id": r.AccountSwitch,
		} {
			if value != 0 && attributes[r.Class][name].Enum[strconv.Itoa(value)] == "" {
				t.Errorf("%s: class %d has no %s %d", r.Patterns, r.Class, name, value)
			}
		}
		for name, set := range map[string]bool{"privileges": r.Privilege != "", "finding_info": r.Finding != 0} {
			if _, ok := attributes[r.Class][name]; set && !ok {
				t.Errorf("%s: class %d has no %s", r.Patterns, r.Class, name)
			}
		}
		if caption := kinds[strconv.Itoa(r.EntityTypeID)]; r.EntityTypeID != 0 && r.EntityTypeID != other &&
			caption != r.EntityType {
			t.Errorf("%s: entity type %d is %q in the schema, not %q", r.Patterns, r.EntityTypeID, caption, r.EntityType)
		}
	}
}

func TestNewRefusesMalformedTables(t *testing.T) {
	for name, spoil := range map[string]func(*Table){
		"no last row":       func(t *Table) { t.Rules = t.Rules[:len(t.Rules)-1] },
		"no rows":           func(t *Table) { t.Rules = nil },
		"unknown class":     func(t *Table) { t.Rules[3].Class = 3003 },
		"unknown activity":  func(t *Table) { t.Rules[3].Activity = 42 },
		"no pattern":        func(t *Table) { t.Rules[3].Patterns = nil },
		"empty pattern":     func(t *Table) { t.Rules[3].Patterns = []string{""} },
		"class has no verb": func(t *Table) { delete(t.Verbs, entityMgmt) },
		"verb of no class":  func(t *Table) { t.Verbs[3003] = t.Verbs[entityMgmt] },
		"verb stands twice": func(t *Table) {
			t.Verbs[entityMgmt] = append(t.Verbs[entityMgmt], Verb{entityRead, words("create")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("New accepted the table")
				}
			}()
			table := V1_8()
			spoil(table)
			New(table)
		})
	}
}

// scan decides as the documentation says: the first row that matches, by an
// independent matcher.
func scan(table *Table) func(string) (pattern string) {
	type row struct {
		pattern string
		re      *regexp.Regexp
	}
	var rows []row
	for _, r := range table.Rules {
		for _, p := range r.Patterns {
			quoted := strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")
			rows = append(rows, row{p, regexp.MustCompile("(?s)^" + quoted + "$")})
		}
	}
	return func(eventType string) string {
		for _, r := range rows {
			if r.re.MatchString(eventType) {
				return r.pattern
			}
		}
		return ""
	}
}

func TestIndexIsFirstMatch(t *testing.T) {
	want := scan(V1_8())
	types := catalogue.All()
	for _, eventType := range types {
		if got := compiled().Decide(eventType).Pattern; got != want(eventType) {
			t.Errorf("%s: decided by %q, the first match is %q", eventType, got, want(eventType))
		}
	}
	// Pieces of known types and of patterns reach the rows that noise does not.
	var pieces []string
	for _, eventType := range types {
		pieces = append(pieces, strings.FieldsFunc(eventType, func(r rune) bool { return r == '.' || r == '_' })...)
	}
	likelyTypes := rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(append(pieces, "*", "")), 1, 6),
			func(p []string) string { return strings.Join(p, ".") }),
		rapid.Custom(func(t *rapid.T) string { // a known type, cut and extended
			s := rapid.SampledFrom(types).Draw(t, "type")
			cut := rapid.IntRange(0, len(s)).Draw(t, "cut")
			return s[:cut] + rapid.SampledFrom([]string{"", ".", "_", ".x", "x", ".create", "error"}).Draw(t, "middle") +
				s[cut:][rapid.IntRange(0, len(s)-cut).Draw(t, "skip"):]
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		for _, eventType := range rapid.SliceOfN(likelyTypes, 20, 20).Draw(t, "types") {
			if got := compiled().Decide(eventType).Pattern; got != want(eventType) {
				t.Fatalf("%q: decided by %q, the first match is %q", eventType, got, want(eventType))
			}
		}
	})
}

// TestIndexIsFirstMatchOfAnyTable does the same with tables made of a few
// letters, where rows overlap far more than in a real table.
func TestIndexIsFirstMatchOfAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := &Table{Classes: []Class{{Activities: map[int]string{other: "Other"}}}}
		for _, p := range rapid.SliceOfN(rapid.StringMatching(`[ab.*]{1,7}`), 0, 12).Draw(t, "patterns") {
			table.Rules = append(table.Rules, Rule{Patterns: on(p), Activity: other})
		}
		table.Rules = append(table.Rules, Rule{Patterns: on("*"), Activity: other})
		c, want := New(table), scan(table)
		for _, s := range rapid.SliceOfN(rapid.StringMatching(`[ab.]{0,9}`), 1, 20).Draw(t, "types") {
			if got := c.Decide(s).Pattern; got != want(s) {
				t.Fatalf("%q: decided by %q, the first match is %q", s, got, want(s))
			}
		}
	})
}
