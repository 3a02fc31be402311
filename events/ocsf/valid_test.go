package ocsf_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/events/ocsf/ocsftest"
)

// exceptions are the problems that a record may have, by sample and problem:
// none of them can be avoided without losing something.
var exceptions = map[string]string{
	"trap-duplicate-key.json duplicate_key unmapped.debugContext.debugData.initiationType": "the event itself says it twice, and neither is more true",
	"trap-duplicate-key.json duplicate_key unmapped.target[0].displayName":                 "the event itself says it twice, and neither is more true",
}

func TestEveryRecordIsValid(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	met := map[string]bool{}
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			for _, p := range ocsftest.Check(n.Append(nil, e)) {
				key := s.Name + " " + p.Kind + " " + p.Path
				if met[key] = true; exceptions[key] == "" {
					t.Errorf("%s (%s): %s %s %s", s.Name, e.UUID, p.Kind, p.Path, p.Detail)
				}
			}
		})
	}
	for key := range exceptions {
		if !met[key] {
			t.Errorf("%s does not happen any more: strike it off the list", key)
		}
	}
}

// bases are events whose type is replaced by all others: one with all that a
// sign-in has, one with every field, one of a job without client, one with
// nothing but what every event has.
func bases(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{"bare": okta("TYPE")}
	for name, file := range map[string]string{
		"rich": "session-start-success.json", "canary": "canary.json", "job": "trap-client-all-null-job.json",
		"2026": "trap-security-context-2026.json", "changed": "policy-rule-update.json", "ip": "trap-actor-ip-address.json",
	} {
		for _, s := range append(fixtures(), canary()) {
			if s.Name == file {
				each(s, func(e *events.Event) {
					all[name] = strings.Replace(string(s.Text), `"`+string(e.Type)+`"`, `"TYPE"`, 1)
				})
			}
		}
		if !strings.Contains(all[name], `"TYPE"`) {
			t.Fatalf("%s is not there", file)
		}
	}
	return all
}

func TestEveryEventTypeOfTheCatalogueIsValid(t *testing.T) {
	n := ocsf.New()
	bases := bases(t)
	for _, name := range []string{"bare", "rich", "job", "changed"} { // all of them take too long
		for _, eventType := range catalogue.All() {
			checkValid(t, n, name, strings.Replace(bases[name], "TYPE", eventType, 1))
		}
	}
}

// Okta adds some fourteen event types a month.
func TestInventedEventTypesAreValid(t *testing.T) {
	n, bases := ocsf.New(), bases(t)
	word := rapid.StringMatching(`[a-z][a-zA-Z0-9_-]{0,12}`)
	verbs := []string{
		"create",
		"add",
		"remove",
		"grant",
		"revoke",
		"read",
		"update",
		"delete",
		"activate",
		"lock",
		"unlock",
		"fail",
	}
	rapid.Check(t, func(rt *rapid.T) {
		words := []string{word.Draw(rt, "family")}
		if rapid.IntRange(0, 3).Draw(rt, "known") > 0 {
			words[0] = rapid.SampledFrom(classify.V1_8().Families).Draw(rt, "family")
		}
		words = append(words, rapid.SliceOfN(word, 0, 4).Draw(rt, "words")...)
		if rapid.Bool().Draw(rt, "verb") {
			words = append(words, rapid.SampledFrom(verbs).Draw(rt, "last"))
		}
		for name, base := range bases {
			checkValid(rt, n, name, strings.Replace(base, "TYPE", strings.Join(words, "."), 1))
		}
	})
}

// A field of another type than Okta documents must not make the record one that
// a strict consumer refuses.
func TestPlantedFieldsLeaveTheRecordValid(t *testing.T) {
	all := everything(t)
	n := ocsf.New()
	rapid.Check(t, func(rt *rapid.T) {
		each(planted(rt, all), func(e *events.Event) {
			for _, p := range ocsftest.Check(n.Append(nil, e)) {
				// Keys said twice in unmapped are the event's own; a caption may be
				// anything that stands in the place of Okta's word for it.
				if p.Kind == "duplicate_key" && strings.HasPrefix(p.Path, "unmapped.") || p.Warning {
					continue
				}
				rt.Fatalf("%s %s %s\n%s", p.Kind, p.Path, p.Detail, e.Text())
			}
		})
	})
}

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func checkValid(t fataler, n *ocsf.Normaliser, name, text string) {
	seen := false
	each(sample{Name: name, Text: []byte(text)}, func(e *events.Event) {
		seen = true
		for _, p := range ocsftest.Check(n.Append(nil, e)) {
			t.Fatalf("%s as %s: %s %s %s", name, e.Type, p.Kind, p.Path, p.Detail)
		}
	})
	if !seen {
		t.Fatal("no event in " + text)
	}
}
