package datadog_test

import (
	"encoding/json"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/roles"
)

// view reads an event with encoding/json. If a name occurs twice, the first is used, as in
// events.Field.
type view struct{ root any }

func newView(t reporter, event []byte) view { return view{decoded(t, event)} }

func decoded(t reporter, raw []byte) any {
	t.Helper()
	switch raw[0] {
	case '{':
		object := map[string]any{}
		for _, m := range members(t, raw) {
			if _, twice := object[m.key]; !twice {
				object[m.key] = decoded(t, m.value)
			}
		}
		return object
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			t.Fatalf("%v", err)
		}
		array := []any{}
		for _, e := range elements {
			array = append(array, decoded(t, e))
		}
		return array
	case '"':
		return unquoted(t, string(raw))
	case 'n':
		return nil
	case 't', 'f':
		return raw[0] == 't'
	}
	return json.Number(raw)
}

// at is the value at a path of names joined by dots.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

// text returns a value as text: "" if it has no content, also for "null" in a string.
func text(v any) string {
	switch v := v.(type) {
	case string:
		if v != "null" {
			return v
		}
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

// known is text that is not a placeholder.
func known(v any) string {
	s := text(v)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "unknown", "null", ".", "":
		return ""
	}
	return s
}

// email is text that has the form of an address.
func email(v any) string {
	if s, _ := v.(string); regexp.MustCompile(
		`^[!#$%&'*+/=?^_{|}~.\x60A-Za-z0-9-]+@[A-Za-z0-9-]+[A-Za-z0-9.-]*\.[A-Za-z0-9.-]*[A-Za-z0-9-]$`,
	).MatchString(
		s,
	) {
		return s
	}
	return ""
}

func address(v any) string {
	if s, ok := v.(string); ok && net.ParseIP(s) != nil {
		return s
	}
	return ""
}

// element is the first element of an array.
func element(v any) any {
	if array, _ := v.([]any); len(array) > 0 {
		return array[0]
	}
	return nil
}

// user returns the target with the role User by the table of roles, in any order: nil if several
// fit equally.
func (v view) user() any {
	targets, _ := at(v.root, "target").([]any)
	decision := roles.Decide(at(v.root, "eventType").(string))
	var best []any
	lowest := uint8(255)
	for _, target := range targets {
		object, ok := target.(map[string]any)
		if !ok {
			continue
		}
		typ, _ := object["type"].(string)
		switch rank := decision.Ranks([]byte(typ)).Of[roles.User]; {
		case rank == 0 || rank > lowest:
		case rank < lowest:
			best, lowest = []any{target}, rank
		default:
			best = append(best, target)
		}
	}
	if ours := slices.DeleteFunc(slices.Clone(best), func(t any) bool {
		id, _ := at(t, "id").(string)
		return !strings.HasPrefix(id, roles.User.IDPrefix())
	}); len(ours) > 0 {
		best = ours
	}
	if len(best) == 0 || slices.ContainsFunc(best, func(t any) bool { return at(t, "id") != at(best[0], "id") }) {
		return nil
	}
	return best[0]
}

// firstOf is the first text that is one.
func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// failures are the outcomes that are not success: error.message is for those.
var failures = []string{"FAILURE", "DENY", "RATE_LIMIT", "ABANDONED", "UNANSWERED"}

// standard has the expected value of each attribute that is added to the event, "" if it is absent.
// okta.risk and okta.behaviors are in verdict_test.go.
var standard = map[string]func(v view, from events.Provenance) string{
	"ddsource": func(view, events.Provenance) string { return "okta" },
	"service":  func(view, events.Provenance) string { return settings.Service },
	"ddtags": func(_ view, from events.Provenance) string {
		tags := strings.Join(settings.Tags, ",")
		if from.Org == "" {
			return tags
		}
		return "okta_org:" + from.Org + ",region:" + from.Region + "," + tags
	},
	"hostname": func(_ view, from events.Provenance) string {
		if from.Org == "" {
			return ""
		}
		return from.Org + ".okta.com"
	},
	"aws.account": func(_ view, from events.Provenance) string { return from.Account },
	"message": func(v view, _ events.Provenance) string {
		return firstOf(text(at(v.root, "displayMessage")), text(at(v.root, "eventType")))
	},
	"date": func(v view, _ events.Provenance) string {
		published := strings.Replace(at(v.root, "published").(string), " ", "T", 1)
		when, err := time.Parse(time.RFC3339, published)
		if err != nil {
			when, _ = time.Parse(time.RFC3339, published+"Z")
		}
		return when.UTC().Format("2006-01-02T15:04:05.000Z")
	},
	"status": func(v view, _ events.Provenance) string {
		if s := text(at(v.root, "severity")); slices.Contains([]string{"DEBUG", "WARN", "ERROR"}, s) {
			return strings.ToLower(s)
		}
		return "info"
	},

	"evt.id":      field("uuid", text),
	"evt.name":    field("eventType", text),
	"evt.outcome": field("outcome.result", text),

	"usr.id":    actor("id", known),
	"usr.email": actor("alternateId", email),
	"usr.name":  actor("displayName", known),

	"network.client.ip": func(v view, _ events.Provenance) string {
		actor := ""
		if text(at(v.root, "actor.type")) == "IP address" {
			actor = address(at(v.root, "actor.id"))
		}
		return firstOf(
			address(at(v.root, "client.ipAddress")),
			address(at(element(at(v.root, "request.ipChain")), "ip")),
			actor,
		)
	},
	"http.useragent":        field("client.userAgent.rawUserAgent", known),
	"http.url_details.path": field("debugContext.debugData.requestUri", known),
	"http.request_id":       field("debugContext.debugData.requestId", known),

	"session.id": field("authenticationContext.externalSessionId", known),
	"error.message": func(v view, _ events.Provenance) string {
		if slices.Contains(failures, text(at(v.root, "outcome.result"))) {
			return text(at(v.root, "outcome.reason"))
		}
		return ""
	},

	"okta.target.user.id":    func(v view, _ events.Provenance) string { return known(at(v.user(), "id")) },
	"okta.target.user.email": func(v view, _ events.Provenance) string { return email(at(v.user(), "alternateId")) },
	"okta.target.user.name":  func(v view, _ events.Provenance) string { return known(at(v.user(), "displayName")) },
}

func field(path string, read func(any) string) func(view, events.Provenance) string {
	return func(v view, _ events.Provenance) string { return read(at(v.root, path)) }
}

// actor is a member of the actor, unless that is an address and so no user.
func actor(member string, read func(any) string) func(view, events.Provenance) string {
	return func(v view, _ events.Provenance) string {
		if text(at(v.root, "actor.type")) == "IP address" {
			return ""
		}
		return read(at(v.root, "actor."+member))
	}
}

const queryString = "http.url_details.queryString"

// query is what the record should hold of the parameters of debugData.url, by
// path; of a repeated one the first.
func query(v view) map[string]string {
	want := map[string]string{}
	raw, _ := at(v.root, "debugContext.debugData.url").(string)
	_, raw, _ = strings.Cut(raw, "?")
	raw, _, _ = strings.Cut(raw, "#")
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || strings.Contains(part, ";") {
			return map[string]string{} // none of it can be read with certainty
		}
		path := join(queryString, name)
		if _, repeated := want[path]; !repeated {
			want[path] = value
		}
	}
	return want
}

// A record has exactly the attributes of the table with the table's values: nothing is invented,
// and nothing that the event says is missing.
func TestStandardAttributes(t *testing.T) {
	seen := map[string]int{}
	for _, l := range records(t) {
		v, got := newView(t, l.event), maps.Clone(l.more)
		want := query(v)
		for path, rule := range standard {
			if value := rule(v, l.from); value != "" {
				want[path] = value
				seen[path]++
			}
		}
		for path, value := range want {
			if len(got[path]) != 1 || unquoted(t, got[path][0]) != value {
				t.Errorf("%s: %s is %s, want %q", l.name, path, got[path], value)
			}
			delete(got, path)
		}
		for path, values := range got {
			if path != "evt.category" && !isVerdict(path) {
				t.Errorf("%s: %s is %s; the event does not tell that", l.name, path, values)
			}
		}
	}
	for path := range standard {
		if seen[path] == 0 {
			t.Errorf("no event has %s: the test does not test it", path)
		}
	}
}

// An attribute without content would be counted by every facet and match every "exists" query.
// Datadog's own rules test for absence.
func TestNoAttributeSaysNothing(t *testing.T) {
	names := []string{"usr.id", "usr.email", "usr.name", "session.id", "okta.target.user.id", "okta.target.user.email",
		"okta.target.user.name", "http.useragent", "http.request_id"}
	for _, l := range records(t) {
		for path, values := range l.more {
			for _, raw := range values {
				empty := slices.Contains([]string{"null", `""`, `"null"`, "{}", "[]"}, raw) &&
					!strings.HasPrefix(path, queryString) // a parameter without a value is one
				if empty || slices.Contains(names, path) && strings.EqualFold(raw, `"unknown"`) {
					t.Errorf("%s: %s is %s", l.name, path, raw)
				}
			}
		}
	}
}

func TestQueryString(t *testing.T) {
	for raw, want := range map[string]string{
		"/a?b=c": `{"b":"c"}`, "/a?b=c&b=d": `{"b":"c"}`, "/a?b=&b=d&c": `{"b":"","c":""}`, "?a=b": `{"a":"b"}`,
		"/a?z=1&a=2": `{"a":"2","z":"1"}`, "/a?b=c#d?e=f": `{"b":"c"}`, "https://x.example/a?b=%22c%22+d": `{"b":"\"c\" d"}`,
		"/a": "", "/a?": "", "/a?&": "", "": "", "/a?b=%zz": "", "/a?b=c;d=e": "", "/a?b=%ff": "", "/a?%fe=1&%fd=2": "",
	} {
		l := only(t, okta(`"debugContext":{"debugData":{"url":"`+raw+`"}}`))
		got := ""
		if http := top(t, l, "http"); http != "" {
			got = strings.TrimSuffix(strings.TrimPrefix(http, `{"url_details":{"queryString":`), "}}")
		}
		if got != want {
			t.Errorf("of %s the query is %s, want %s", raw, got, want)
		}
	}
}
