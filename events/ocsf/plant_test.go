package ocsf_test

import (
	"maps"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
)

// planted is an event of testdata with fields that Okta has never sent, with other values at known
// paths, and with more targets; or an event of one of the classes with the required fields only.
func planted(rt *rapid.T, all []sample) sample {
	s := all[rapid.IntRange(0, len(all)-1).Draw(rt, "event")]
	if rapid.Bool().Draw(rt, "bare") {
		s = sample{Name: "bare", Text: []byte(okta(rapid.SampledFrom(bareTypes()).Draw(rt, "type")))}
	}
	root, err := parseJSON(s.Text)
	if err != nil || root.kind != '{' {
		return s // an array of events, or a form that is broken on purpose
	}
	event := root
	if detail := root.member("detail"); detail != nil && detail.kind == '{' {
		event = detail
	}
	for i := range rapid.IntRange(1, 6).Draw(rt, "plants") {
		switch rapid.SampledFrom([]string{"add", "replace", "known", "known", "target"}).Draw(rt, "plant") {
		case "add":
			addAnywhere(rt, event, i)
		case "replace":
			replaceAnything(rt, event)
		case "known":
			path := events.Field(rapid.IntRange(1, int(events.FieldCount)-1).Draw(rt, "field")).Path()
			switch {
			case demanded(path):
			case slices.Contains(typedPaths, path) && rapid.Bool().Draw(rt, "typed"):
				event.set(path, str(rapid.SampledFrom(typedWords).Draw(rt, "text")))
			default:
				event.set(path, anyValue(rt, 2))
			}
		case "target":
			if event.member("target") == nil || event.member("target").kind != '[' {
				event.set("target", list())
			}
			target := event.member("target")
			target.kids = append(target.kids, anyTarget(rt))
		}
	}
	return sample{Name: s.Name, Text: []byte(root.String())}
}

// demanded are the fields that every event must have.
func demanded(path string) bool { return path == "uuid" || path == "eventType" || path == "published" }

func addAnywhere(rt *rapid.T, event *node, i int) {
	var containers []*node
	event.visit("", "", func(_, _ string, n *node) {
		if n.kind == '{' || n.kind == '[' {
			containers = append(containers, n)
		}
	})
	in := containers[rapid.IntRange(0, len(containers)-1).Draw(rt, "where")]
	value := anyValue(rt, 3)
	if in.kind == '[' {
		in.kids = append(in.kids, value)
		return
	}
	in.add(anyKey(rt)+strconv.Itoa(i), value)
}

func replaceAnything(rt *rapid.T, event *node) {
	var values []*node
	event.visit("", "", func(path, _ string, n *node) {
		if path != "" && !demanded(path) {
			values = append(values, n)
		}
	})
	if len(values) > 0 {
		*values[rapid.IntRange(0, len(values)-1).Draw(rt, "what")] = *anyValue(rt, 3)
	}
}

// anyTarget is a target that may lack any of its members.
func anyTarget(rt *rapid.T) *node {
	n := &node{kind: '{'}
	maybe := func(key string, value func() *node) {
		if rapid.Bool().Draw(rt, key) {
			n.add(key, value())
		}
	}
	any := func() *node { return anyValue(rt, 2) }
	word := func() *node { return str(rapid.SampledFrom(words).Draw(rt, "word")) }
	maybe("type", func() *node { return str(rapid.SampledFrom(targetTypes).Draw(rt, "type")) })
	maybe("id", word)
	maybe("alternateId", word)
	maybe("displayName", word)
	maybe("detailEntry", any)
	maybe(
		"changeDetails",
		func() *node { return &node{kind: '{', keys: []string{"from", "to"}, kids: []*node{any(), any()}} },
	)
	maybe("novel", any)
	return n
}

var targetTypes = []string{
	"User",
	"AppUser",
	"UserGroup",
	"AppGroup",
	"AppInstance",
	"PolicyEntity",
	"PolicyRule",
	"AD Agent",
	"NetworkZoneEntity",
	"AuthenticatorEnrollment",
	"unknown",
	"Novelty",
}

// anyKey is a name that no object of Okta's has once a number follows it.
func anyKey(rt *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z][A-Za-z_]{0,12}`),
		rapid.SampledFrom([]string{"", "a.b", "a b", `q"`, "é", "<", "\u2028", "a[0]", "type", "data", "unmapped"}),
	).Draw(rt, "key")
}

// anyValue is a value of any type, objects and arrays of a few levels included.
func anyValue(rt *rapid.T, depth int) *node {
	kinds := []string{"word", "word", "text", "number", "bool", "null", "nothing"}
	if depth > 0 {
		kinds = append(kinds, "object", "array", "object", "array")
	}
	switch rapid.SampledFrom(kinds).Draw(rt, "kind") {
	case "word":
		return str(rapid.SampledFrom(words).Draw(rt, "word"))
	case "text":
		return str(rapid.String().Draw(rt, "text"))
	case "number":
		return num(
			rapid.SampledFrom([]string{"0", "-1", "7", "64496", "1.50", "1e3", "12345678901234567890", "99"}).Draw(rt, "number"),
		)
	case "bool":
		return boolean(rapid.Bool().Draw(rt, "bool"))
	case "null":
		return &node{kind: 'n', text: "null"}
	case "nothing":
		return rapid.SampledFrom([]*node{str(""), {kind: '{'}, {kind: '['}}).Draw(rt, "nothing").clone()
	case "array":
		n := list()
		for range rapid.IntRange(0, 3).Draw(rt, "elements") {
			n.kids = append(n.kids, anyValue(rt, depth-1))
		}
		return n
	}
	n := &node{kind: '{'}
	for i := range rapid.IntRange(0, 3).Draw(rt, "members") {
		key := anyKey(rt) + strconv.Itoa(i)
		if rapid.Bool().Draw(rt, "known") {
			key = rapid.SampledFrom(names).Draw(rt, "name")
		}
		if n.member(key) == nil {
			n.add(key, anyValue(rt, depth-1))
		}
	}
	return n
}

// words are texts that mean something in one place or another.
var words = []string{
	"null",
	"unknown",
	"UNKNOWN",
	"Unknown",
	"User",
	"AppUser",
	"UserGroup",
	"AppInstance",
	"PolicyEntity",
	"AD Agent",
	"AuthenticatorEnrollment",
	"SystemPrincipal",
	"PublicClientApp",
	"IP address",
	"192.0.2.7",
	"2001:db8::7",
	"fe80::1%eth0",
	"a@b",
	"ann@example.com",
	"SUCCESS",
	"CHALLENGE",
	"INFO",
	"HIGH",
	"Mobile",
	"Mac OS X",
	"Ireland",
	"IE",
	"true",
	"Super administrator, Report (read, export), Other",
	"a, , b",
	"https://example.okta.com",
	"https://example.okta.com:8443",
	"/api/v1/authn",
	"/api/v1/authn?a=b",
	"SAML 2.0",
	"SMS_FACTOR",
	`{}`,
	`7`,
}

// typedPaths are the fields that hold something typed as text, and typedWords
// what they hold.
var typedPaths = []string{
	"debugContext.debugData.risk", "debugContext.debugData.behaviors", "debugContext.debugData.logOnlySecurityData",
	"debugContext.debugData.threatDetections", "debugContext.debugData.tunnels", "device.device_integrator",
}

var typedWords = []string{
	"{level=HIGH, reasons=New IP, New Device}",
	"{level=LOW",
	"{level=LOW, reasons=}",
	"{reasons=null}",
	"{level=MEDIUM}",
	`{"level":"MEDIUM","reasons":"a, b"}`,
	`{"level":"LOW","previousLevel":null}`,
	"{New Device=POSITIVE, New IP=NEGATIVE}",
	`{"New Device":"POSITIVE"}`,
	`{"risk":{"level":"HIGH","reasons":"x"},"behaviors":{"a":"POSITIVE"},"more":[null,1]}`,
	`{"risk":{},"behaviors":{}}`,
	`{"Password Spray":"HIGH"}`,
	`["Password Spray=MEDIUM"]`,
	`{"":"HIGH"}`,
	`["a"]`,
	`{}`,
	`7`,
	`[{"operator":"HOTSPOT_VPN","type":"VPN","anonymous":true}]`,
	`[{"operator":"HOTSPOT_VPN"}]`,
}

// bareTypes are the event types of typeOfClass in an order that stays.
func bareTypes() []string { return slices.Sorted(maps.Values(typeOfClass)) }

// names are members that Okta documents, at least somewhere.
var names = []string{
	"id", "type", "alternateId", "displayName", "detailEntry", "changeDetails", "from", "to", "ip", "level", "reasons",
	"risk", "behaviors", "operator", "city", "country", "geolocation", "lat", "os", "browser", "device", "userAgent",
}
