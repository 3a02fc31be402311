package datadog_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ours are the top-level attributes that this package adds to an event's fields.
var ours = []string{
	"ddsource", "service", "ddtags", "hostname", "message", "date", "status",
	"evt", "usr", "network", "http", "session", "error", "aws", "okta", "okta_displaced",
}

// expected has the paths at which the leaves of an event must be in its record: the same path, or
// below okta_displaced if the name at the top is one of ours.
func expected(t reporter, event []byte) map[string][]string {
	t.Helper()
	var all []leaf
	for _, m := range members(t, event) {
		path := join("", m.key)
		if slices.Contains(ours, m.key) {
			path = join("okta_displaced", m.key)
		}
		all = append(all, leaves(t, m.value, path)...)
	}
	return byPath(all)
}

// added returns the values that a record has in addition to its event, by path.
func added(t reporter, l log) map[string][]string {
	t.Helper()
	return without(byPath(leaves(t, l.record, "")), expected(t, l.event))
}

func without(all, some map[string][]string) map[string][]string {
	maps.DeleteFunc(all, func(path string, _ []string) bool { return some[path] != nil })
	return all
}

// checkLossless checks that every leaf of the event is in the record at its expected path, byte for
// byte, and that the record has no other leaves except ours.
func checkLossless(t reporter, l log) {
	t.Helper()
	got, want := byPath(leaves(t, l.record, "")), expected(t, l.event)
	for path, values := range want {
		if !slices.Equal(got[path], values) {
			t.Errorf("%s of the event is %s, in the record %s\n%.500s", path, values, got[path], l.record)
		}
	}
	for path, values := range without(got, want) {
		top, _, _ := strings.Cut(strings.TrimLeft(path, `"`), ".")
		if !slices.Contains(ours, top) || top == "okta_displaced" {
			t.Errorf("%s = %s is neither the event's nor ours\n%.500s", path, values, l.record)
		}
		if len(values) > 1 {
			t.Errorf("%s stands %d times, as %s\n%.500s", path, len(values), values, l.record)
		}
	}
}

func TestLossless(t *testing.T) {
	if n := len(records(t)); n < len(fixtures()) {
		t.Errorf("only %d events are looked at", n)
	}
	for _, l := range records(t) {
		checkLossless(t, l.log)
	}
}

// The bytes of an event on one line are the beginning of its record: spacing,
// escapes and numbers are as Okta wrote them.
func TestRecordBeginsWithTheEventsBytes(t *testing.T) {
	for _, s := range fixtures() {
		for _, l := range normalise(s.Text, settings) {
			line := compact(t, l.event)
			if got := only(t, line); !strings.HasPrefix(string(got.record), line[:len(line)-1]+",") {
				t.Errorf("%s: the record does not begin with the event:\n%s\n%s", s.Name, line, got.record)
			}
			if !strings.HasPrefix(string(l.record), line[:len(line)-1]+",") {
				t.Errorf("%s: the record does not begin with the event, compacted:\n%s\n%s", s.Name, line, l.record)
			}
		}
	}
	spaced := strings.NewReplacer(`":`, `" :  `, `,"`, ",\t \"").Replace(okta(`"x":"\u0041 \/"`, `"n":1.00`))
	spaced = spaced[:len(spaced)-1] + " \t}"
	want := strings.TrimRight(spaced[:len(spaced)-1], " \t") + `,"ddsource"`
	if got := only(t, spaced); !strings.HasPrefix(string(got.record), want) {
		t.Errorf("the record is %s\nwant %s…", got.record, want)
	}
}

// A new field of Okta's may have a name of ours. The event's value moves and ours stays, because
// Datadog reads the reserved names.
func TestCollidingFieldsAreDisplaced(t *testing.T) {
	plain := only(t, enveloped(okta(everyPart...)))
	for _, name := range ours {
		for _, value := range []string{
			`"mine"`, "null", "{}", "[]", `""`, "1.00", `{"client":{"ip":"mine","a":[1,{}]},"evt":null}`, `["okta",{"id":"x"}]`,
		} {
			for form, text := range map[string]string{
				"last":  okta(slices.Concat(everyPart, []string{fmt.Sprintf("%q:%s", name, value)})...),
				"first": fmt.Sprintf("{%q:%s,", name, value) + okta(everyPart...)[1:],
				"lines": fmt.Sprintf("{\n%q : %s\n,", name, value) + okta(everyPart...)[1:],
			} {
				l := only(t, enveloped(text))
				checkLossless(t, l)
				displaced := leaves(t, []byte(value), join("okta_displaced", name))
				if got := byPath(
					leaves(t, l.record, ""),
				); !maps.EqualFunc(
					byPath(displaced),
					matching(got, join("okta_displaced", name)),
					slices.Equal,
				) {
					t.Errorf("%s, %s: displaced are %v, want %v", name, form, matching(got, "okta_displaced"), displaced)
				}
				if got, want := added(t, l), added(t, plain); !maps.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%s, %s: beside the event stand %v\nwant, as without it, %v", name, form, got, want)
				}
			}
		}
	}
}

// Names are compared unescaped, because Datadog unescapes them and keeps one of two equal names.
func TestCollidingFieldsAreDisplacedWhenSpeltWithEscapes(t *testing.T) {
	for _, name := range ours {
		l := only(t, okta(fmt.Sprintf(`"\u%04x%s":"mine"`, name[0], name[1:])))
		checkLossless(t, l)
		checkNames(t, l)
	}
}

// matching are the leaves at and below a path.
func matching(all map[string][]string, path string) map[string][]string {
	below := map[string][]string{}
	for p, values := range all {
		if rest, ok := strings.CutPrefix(p, path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			below[p] = values
		}
	}
	return below
}

// everyPart has members of an event from which all attributes of ours are made.
var everyPart = []string{
	`"severity":"WARN"`,
	`"displayMessage":"User login to Okta"`,
	`"actor":{"id":"00u1","type":"User","alternateId":"a@example.com","displayName":"A"}`,
	`"client":{"ipAddress":"203.0.113.7","device":"Computer","userAgent":{"rawUserAgent":"UA","os":"Linux","browser":"FIREFOX"},` +
		`"geographicalContext":{"city":"Dublin","state":"Leinster","country":"Ireland","geolocation":{"lat":53.3,"lon":-6.2}}}`,
	`"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"}`,
	`"authenticationContext":{"externalSessionId":"idx1"}`,
	`"securityContext":{"asNumber":64496,"asOrg":"org","domain":"example.net","risk":{"level":"HIGH","reasons":["r"]},` +
		`"userBehaviors":[{"name":"New Device","result":"POSITIVE"}]}`,
	`"debugContext":{"debugData":{"requestId":"r1","requestUri":"/a","url":"/a?b=c"}}`,
	`"target":[{"id":"00u2","type":"User","alternateId":"b@example.com","displayName":"B"}]`,
}

// Okta may add fields anywhere: at the top, with or without a name of ours, and in every object of
// an event.
func TestLosslessWhateverOktaAdds(t *testing.T) {
	all := everything(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(all).Draw(rt, "sample")
		for _, l := range normalise(s.Text, settings) {
			text := []byte(compact(rt, l.event))
			for range rapid.IntRange(1, 4).Draw(rt, "plants") {
				text = plant(rt, text)
			}
			if rapid.Bool().Draw(rt, "enveloped") {
				text = []byte(enveloped(string(text)))
			}
			for _, planted := range normalise(text, settings) {
				checkLossless(rt, planted)
				checkRecord(rt, planted)
			}
		}
	})
}

// plant adds a member to one of the event's objects.
func plant(rt *rapid.T, text []byte) []byte {
	var openings []int
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case c == '{' && !inString:
			openings = append(openings, i+1)
		}
	}
	at := openings[0]
	if rapid.Bool().Draw(rt, "below the top") {
		at = rapid.SampledFrom(openings).Draw(rt, "at")
	}
	name := rapid.OneOf(
		rapid.SampledFrom(ours),
		rapid.StringMatching(`x[a-zA-Z._ ]{0,6}`),
		rapid.String(),
	).Draw(
		rt,
		"name",
	)
	quoted, err := json.Marshal("x" + name)
	if at == openings[0] && slices.Contains(ours, name) {
		quoted, err = json.Marshal(name)
	}
	if err != nil {
		rt.Skip(err)
	}
	value := rapid.SampledFrom([]string{
		"null", "{}", "[]", `""`, `"null"`, `"unknown"`, "0", "-0.0", "1e400", "123456789012345678901234567890.10", "true",
		`"\ud83d"`, `"\u0000 \/ \""`, "\"\u2028<&>\"", `{"a":{"b":[null,{"c":[[]]}]},"":1}`, `[1,"two",{"three":null}]`,
	}).Draw(rt, "value")
	member := string(quoted) + ":" + value
	if text[at] != '}' {
		member += ","
	}
	return slices.Concat(text[:at], []byte(member), text[at:])
}
