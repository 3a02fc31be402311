package queries

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oktastream/oktastream/events/catalogue"
)

// TestQueriesRunInBothLogClasses: "Log groups in the Infrequent Access log class
// support all query commands except pattern, diff, filterIndex, and unmask" ("Logs
// Insights QL commands supported in log classes", CloudWatch Logs user guide, 2026-11).
func TestQueriesRunInBothLogClasses(t *testing.T) {
	standardOnly := regexp.MustCompile(`(?m)^(\||.*\|)?\s*(pattern|diff|filterIndex|unmask)\b`)
	if !standardOnly.MatchString("fields a\n| diff previousDay") || !standardOnly.MatchString("filter a = 1 | pattern b") {
		t.Fatal("the expression does not see the commands")
	}
	for _, q := range All() {
		for _, s := range shapes() {
			if w := standardOnly.FindString(q.Text(s)); w != "" {
				t.Errorf("%s, %s: %q runs in the class Standard only", q.Name, s, w)
			}
		}
	}
}

// TestLimitsOfQueryDefinition holds what CloudFormation holds, with room for a
// stack's name in front.
func TestLimitsOfQueryDefinition(t *testing.T) {
	const prefix = 128 + len("/") // the longest name of a stack
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	negation := regexp.MustCompile(`!=|\bnot\b`)
	left := regexp.MustCompile(`\{[a-zA-Z]+\}|\$\.`)
	if len(All()) < 14 {
		t.Errorf("%d queries", len(All()))
	}
	for _, q := range All() {
		if !kebab.MatchString(q.Name) || len(q.Name)+prefix > maxNameLength {
			t.Errorf("name %q", q.Name)
		}
		for _, line := range []string{q.Question, q.Look} {
			if line == "" || strings.ContainsAny(line, "\n|") {
				t.Errorf("%s: %q is no line of a comment", q.Name, line)
			}
		}
		if !strings.HasSuffix(q.Question, "?") || !strings.HasSuffix(q.Look, ".") {
			t.Errorf("%s: %q, %q", q.Name, q.Question, q.Look)
		}
		for _, s := range shapes() {
			text := q.Text(s)
			if n := utf8.RuneCountInString(text); n > maxTextLength {
				t.Errorf("%s, %s: %d characters", q.Name, s, n)
			}
			if w := left.FindString(text); w != "" {
				t.Errorf("%s, %s: %s has no meaning in\n%s", q.Name, s, w, text)
			}
			code := regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(text, "")
			if w := negation.FindString(code); w != "" {
				t.Errorf("%s, %s: %s, whose meaning for absent fields is not documented", q.Name, s, w)
			}
			if !strings.HasPrefix(text, "# "+q.Question+"\n# "+q.Look+"\n") {
				t.Errorf("%s, %s: it does not say what it is for", q.Name, s)
			}
			if strings.Contains(text, "detail.eventType") != (s == Envelope && strings.Contains(q.Text(Raw), "eventType")) {
				t.Errorf("%s, %s: the event is sought at a wrong place", q.Name, s)
			}
		}
	}
}

func TestLimitsOfTheIndexPolicy(t *testing.T) {
	for _, s := range shapes() {
		fields := Indexes(s)
		if len(fields) == 0 || len(fields) > maxIndexFields {
			t.Errorf("%s: %d fields", s, len(fields))
		}
		if len(sorted(fields)) != len(fields) {
			t.Errorf("%s: a field twice in %v", s, fields)
		}
		for _, f := range fields {
			if len(f) > maxIndexLength || strings.ContainsAny(f, "$`@ ") {
				t.Errorf("%s: field %q", s, f)
			}
		}
	}
	for s, want := range map[Shape][]string{
		OCSF:     {"metadata.uid", "metadata.event_code", "actor.user.name", "src_endpoint.ip", "actor.session.uid"},
		Datadog:  {"uuid", "eventType", "actor.alternateId", "client.ipAddress", "authenticationContext.externalSessionId"},
		Raw:      {"uuid", "eventType", "actor.alternateId", "client.ipAddress", "authenticationContext.externalSessionId"},
		Envelope: {"detail.uuid", "detail.eventType", "detail.actor.alternateId", "detail.client.ipAddress", "detail.authenticationContext.externalSessionId"},
	} {
		for _, f := range want {
			if !slices.Contains(Indexes(s), f) {
				t.Errorf("%s: %s is not indexed", s, f)
			}
		}
	}
}

// quotedType is an event type in a query.
var quotedType = regexp.MustCompile(`"([a-z_0-9A-Z]+(?:\.[-a-z_0-9A-Z]+)+)"`)

// TestEventTypesExist: a misspelt event type would be a query that finds nothing
// for ever.
func TestEventTypesExist(t *testing.T) {
	seen := 0
	for _, q := range All() {
		for _, m := range quotedType.FindAllStringSubmatch(q.Text(Raw), -1) {
			if m[1] == placeAddress {
				continue
			}
			seen++
			if !catalogue.Known(m[1]) {
				t.Errorf("%s: Okta has no event type %s", q.Name, m[1])
			}
		}
	}
	if seen < 80 {
		t.Errorf("%d event types found in the texts", seen)
	}
}
