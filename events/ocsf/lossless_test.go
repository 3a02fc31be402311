package ocsf_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/ocsf"
)

func TestEveryLeafIsWhereTheTableSays(tt *testing.T) {
	t := &few{T: tt}
	n := ocsf.New()
	seen := 0
	for _, s := range everything(t) {
		each(s, func(e *events.Event) {
			seen++
			wrong, err := differences(n, e)
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			for _, difference := range wrong {
				t.Errorf("%s (%s): %s", s.Name, e.UUID, difference)
			}
		})
	}
	if seen < len(fixtures()) {
		t.Errorf("only %d events were looked at", seen)
	}
	for name, group := range rows {
		for i := range group {
			if group[i].met == 0 {
				t.Errorf("no event has what row %s of %q takes to %s", group[i].from, name, group[i].to)
			}
		}
	}
}

// Everything that Okta may add, and any value in place of a documented one, is kept.
func TestPlantedFieldsAreCarriedOver(t *testing.T) {
	all := everything(t)
	n := ocsf.New()
	rapid.Check(t, func(rt *rapid.T) {
		each(planted(rt, all), func(e *events.Event) {
			wrong, err := differences(n, e)
			if err != nil {
				rt.Fatal(err)
			}
			if len(wrong) > 0 {
				rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), e.Text())
			}
		})
	})
}

// This tests the test: it notices a record in which one value of the event is missing or changed,
// or that has one more value.
func TestAChangedRecordIsNoticed(t *testing.T) {
	all := everything(t)
	n := ocsf.New()
	rapid.Check(t, func(rt *rapid.T) {
		s := all[rapid.IntRange(0, len(all)-1).Draw(rt, "event")]
		each(s, func(e *events.Event) {
			v, err := look(e)
			if err != nil {
				rt.Fatal(err)
			}
			wants := v.expect()
			out, err := parseJSON(n.Append(nil, e))
			if err != nil {
				rt.Fatal(err)
			}
			var carried []string // the places of what the event itself says
			for _, w := range wants {
				if w.from != nil {
					w.value.visit(w.path, "", func(path, _ string, n *node) {
						if len(n.kids) == 0 {
							carried = append(carried, path)
						}
					})
				}
			}
			path := rapid.SampledFrom(carried).Draw(rt, "leaf")
			how := rapid.SampledFrom([]string{"remove", "alter", "add"}).Draw(rt, "how")
			if !change(out, path, how) {
				rt.Fatalf("%s is not in the record", path)
			}
			if len(compare(out, wants)) == 0 {
				rt.Fatalf("%s %s: nobody noticed", how, path)
			}
		})
	})
}

// change removes or alters the leaf at path, or adds one beside it.
func change(record *node, path, how string) bool {
	var parent, it *node
	parents := map[*node]*node{}
	record.visit("", "", func(at, _ string, n *node) {
		for _, kid := range n.kids {
			parents[kid] = n
		}
		if at == path {
			parent, it = parents[n], n
		}
	})
	if it == nil {
		return false
	}
	i := slices.Index(parent.kids, it)
	switch how {
	case "alter":
		it.text += "1"
	case "add":
		parent.kids = append(parent.kids, str("invented"))
		if parent.kind == '{' {
			parent.keys = append(parent.keys, "invented")
		}
	default:
		parent.kids = slices.Delete(parent.kids, i, i+1)
		if parent.kind == '{' {
			parent.keys = slices.Delete(parent.keys, i, i+1)
		}
	}
	return true
}

var canaryWord = regexp.MustCompile(`CANARY-\d+[A-Za-z0-9_-]*`)

// The canary is normalised as an event of every class: the class determines which values have an
// attribute, not which values are kept.
func TestEveryCanaryIsInTheRecord(t *testing.T) {
	for _, eventType := range typeOfClass {
		text := strings.Replace(string(canary().Text), "user.authentication.auth_via_mfa", eventType, 1)
		out := normalised(t, text)
		words := canaryWord.FindAllString(text, -1)
		if len(words) < 250 {
			t.Fatalf("the canary has %d words only", len(words))
		}
		for _, word := range words {
			if !regexp.MustCompile(regexp.QuoteMeta(word) + `\b`).Match(out) {
				t.Errorf("%s: %s is not in the record", eventType, word)
			}
		}
	}
}

// Lone surrogates and escapes come through as they are written: a decoder would
// have replaced them.
func TestStringsAndNumbersAreCarriedOverAsWritten(t *testing.T) {
	for _, written := range []string{
		`"half a character: \ud83d"`, `"\u0000"`, `"\/"`, `"\u003c\u2028\u00e9é"`, "\"\u2028\"", `"\\\""`,
		`1e400`, `-0`, `0.10`, `123456789012345678901234567890`, `1E-7`,
	} {
		text := okta(typeSignIn, `"displayMessage":`+written, `"novel":{"list":[`+written+`],"alone":`+written+`}`)
		out := normalised(t, text)
		for _, want := range []string{`"alone":` + written + `}`, `"list":[` + written + `]`} {
			if !bytes.Contains(out, []byte(want)) {
				t.Errorf("%s is not in %s", want, out)
			}
		}
		if quoted := strings.Trim(written, `"`); !bytes.Contains(out, []byte(`"message":"`+quoted+`"`)) {
			t.Errorf("message is not %s in %s", quoted, out)
		}
	}
}
