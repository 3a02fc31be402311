package datadog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// isVerdict matches the attributes that are parsed from strings and objects of several formats, so
// that no single path of the event has them.
func isVerdict(path string) bool {
	return path == "okta.risk.level" || strings.HasPrefix(path, "okta.risk.reasons[") ||
		strings.HasPrefix(path, "okta.behaviors.")
}

// Okta's assessments, read by a person and written down here.
func TestVerdictOfTheFixtures(t *testing.T) {
	behaviors := func(results ...string) string {
		names := []string{"New Geo-Location", "New Device", "New IP", "New State", "New Country", "Velocity", "New City"}
		var parts []string
		for i, result := range results {
			parts = append(parts, `"`+names[i]+`":"`+result+`"`)
		}
		return `{` + strings.Join(parts, ",") + `}`
	}
	const no, yes, bad = "NEGATIVE", "POSITIVE", "BAD_REQUEST"
	for name, want := range map[string]string{
		"session-start-success": `{"risk":{"level":"LOW"},"behaviors":` + behaviors(no, no, no, no, no, no, no) + `}`,
		// Names with ", " and "=" in them: their end is ambiguous, so the string stays unchanged.
		"trap-behaviors-colon-in-name": "",
		"trap-behaviors-free-text":     "",
		"trap-behaviors-keys-hold-all": `{"behaviors":` + behaviors(no, yes, yes, no, no, no, no) + `}`,
		"trap-behaviors-list":          `{"behaviors":` + behaviors(no, no, yes, no, no, no, no) + `}`,
		"trap-behaviors-map-string":    `{"behaviors":` + behaviors(no, yes, no, bad, no, "UNKNOWN", no) + `}`,
		"trap-behaviors-object":        `{"behaviors":` + behaviors(no, yes, no, no, no, no, bad) + `}`,
		"trap-log-only-data-broken":    "",
		"trap-log-only-data-object":    `{"risk":{"level":"HIGH","reasons":["Anomalous Device"]},"behaviors":` + behaviors(no, no, yes, no, no, no, no) + `}`,
		"trap-log-only-data-string":    `{"risk":{"level":"MEDIUM","reasons":["Anomalous Device","Anomalous Location"]},"behaviors":` + behaviors(no, yes, no, no, no, no, no) + `}`,
		"trap-risk-level-first":        `{"risk":{"level":"LOW","reasons":["Anomalous Location","Anomalous Device"]}}`,
		"trap-risk-object":             `{"risk":{"level":"MEDIUM","reasons":["Anomalous Device","New IP, new ASN"]}}`,
		"trap-risk-odd-level":          "",
		"trap-risk-reasons-first":      `{"risk":{"level":"HIGH","reasons":["Anomalous Location","Anomalous Device"]}}`,
		"trap-risk-unterminated":       "",
		"trap-security-context-2026":   `{"risk":{"level":"HIGH","reasons":["Anomalous Device","IP address change, new ASN"]},"behaviors":{"New Device":"POSITIVE","New Geo-Location":"NEGATIVE","Velocity":"UNKNOWN"}}`,
		"trap-strings-null-word":       "",
		"user-risk-change":             `{"risk":{"level":"HIGH","reasons":["Anomalous Location","Anomalous Device"]}}`,
		"user-risk-detect":             `{"risk":{"level":"HIGH","reasons":["Malware detected","Malicious proxy, residential"]}}`,
	} {
		if got := verdictIn(t, only(t, string(fixture(t, name).Text))); got != want {
			t.Errorf("%s: okta is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// verdictIn returns the record's okta without the target, "" if nothing else is in it.
func verdictIn(t reporter, l log) string {
	t.Helper()
	var parts []string
	for _, m := range members(t, []byte(firstOf(top(t, l, "okta"), "{}"))) {
		if m.key != "target" {
			parts = append(parts, `"`+m.key+`":`+string(m.value))
		}
	}
	if parts == nil {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Reasons and behaviors without content are left out, like every other added attribute.
func TestVerdictOfHandWrittenEvents(t *testing.T) {
	debug := func(name, value string) string {
		return okta(`"debugContext":{"debugData":{"` + name + `":` + value + `}}`)
	}
	for text, want := range map[string]string{
		debug("risk", `"{level=LOW}"`):                             `{"risk":{"level":"LOW"}}`,
		debug("risk", `"{level=LOW, reasons=}"`):                   `{"risk":{"level":"LOW"}}`,
		debug("risk", `"{level=LOW, reasons=A, , B}"`):             `{"risk":{"level":"LOW","reasons":["A","B"]}}`,
		debug("risk", `"{level=LOW, level=HIGH}"`):                 "",
		debug("risk", `"{\"level\":\"LOW\",\"reasons\":[\"A\"]}"`): `{"risk":{"level":"LOW","reasons":["A"]}}`,
		debug("risk", `{"level":"LOW","reasons":"A, B"}`):          `{"risk":{"level":"LOW","reasons":["A","B"]}}`,
		debug("risk", `{"level":7,"reasons":["A"]}`):               "",
		debug("risk", `[]`):                                        "",
		debug("behaviors", `"{a=POSITIVE, a=NEGATIVE}"`):           "",
		okta(`"securityContext":{"userBehaviors":[{"name":"a","result":"POSITIVE"},{"name":"a","result":"NEGATIVE"}]}`): "",
		debug("risk", `"{level=NONE}"`):                                          "",
		debug("risk", `"{level=low}"`):                                           "",
		debug("risk", `"LOW"`):                                                   "",
		debug("risk", `null`):                                                    "",
		debug("behaviors", `"{}"`):                                               "",
		debug("behaviors", `{}`):                                                 "",
		debug("behaviors", `"{New Device=}"`):                                    "",
		debug("behaviors", `"{Caf\u00e9 \"x\"=POSITIVE}"`):                       `{"behaviors":{"Café \"x\"":"POSITIVE"}}`,
		okta(`"securityContext":{"userBehaviors":[]}`):                           "",
		okta(`"securityContext":{"userBehaviors":[{"name":"a","result":null}]}`): "",
		okta(`"securityContext":{"userBehaviors":[{"name":"a","result":""},{"name":"b","result":"POSITIVE"}]}`):    `{"behaviors":{"b":"POSITIVE"}}`,
		okta(`"securityContext":{"userBehaviors":[{"name":"","result":"POSITIVE"}]}`):                              "",
		okta(`"securityContext":{"risk":{"level":"MEDIUM","reasons":[]}}`):                                         `{"risk":{"level":"MEDIUM"}}`,
		okta(`"securityContext":{"risk":{"level":"MEDIUM","reasons":["",null,"a"]}}`):                              `{"risk":{"level":"MEDIUM","reasons":["a"]}}`,
		okta(`"securityContext":{"risk":{"level":"LOW"}}`, `"debugContext":{"debugData":{"risk":"{level=HIGH}"}}`): `{"risk":{"level":"LOW"}}`,
	} {
		if got := verdictIn(t, only(t, text)); got != want {
			t.Errorf("%s\ngives okta %s\nwant       %s", text, got, want)
		}
	}
}

// Every text of a verdict is in what the event says about the risk.
func TestVerdictsMakeNothingUp(t *testing.T) {
	levels := 0
	for _, l := range records(t) {
		v := newView(t, l.event)
		var said strings.Builder
		for _, path := range []string{
			"securityContext.risk", "securityContext.userBehaviors", "debugContext.debugData.risk",
			"debugContext.debugData.behaviors", "debugContext.debugData.logOnlySecurityData",
		} {
			if value := at(v.root, path); value != nil {
				collect(&said, value)
			}
		}
		holds := func(word string) bool { return strings.Contains(said.String(), word) }
		for path, values := range l.more {
			word := unquoted(t, values[0])
			switch {
			case path == "okta.risk.level":
				levels++
				if !slices.Contains([]string{"LOW", "MEDIUM", "HIGH"}, word) || !holds(word) {
					t.Errorf("%s: the level %q is nowhere in %q", l.name, word, said.String())
				}
			case isVerdict(path):
				name := strings.Trim(strings.TrimPrefix(path, "okta.behaviors."), `"`)
				if !holds(word) || strings.HasPrefix(path, "okta.behaviors.") && !holds(name) {
					t.Errorf("%s: %s = %q is nowhere in %q", l.name, path, word, said.String())
				}
			}
		}
	}
	if levels == 0 {
		t.Error("no event has a level")
	}
}

// collect writes all texts of a value, and of JSON that stands in a string.
func collect(to *strings.Builder, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			to.WriteString(name + "\n")
			collect(to, v)
		}
	case []any:
		for _, v := range value {
			collect(to, v)
		}
	case string:
		to.WriteString(value + "\n")
		var inner any
		if json.Unmarshal([]byte(value), &inner) == nil {
			collect(to, inner)
		}
	}
}

// evt.category has the categories of Datadog's dashboards, by event type.
func TestCategory(t *testing.T) {
	for eventType, want := range map[string]string{
		"user.session.start": "authentication", "user.authentication.auth_via_mfa": "authentication", "policy.evaluate_sign_on": "authentication",
		"user.session.end": "authentication", "security.threat.detected": "threat", "user.account.report_suspicious_activity_by_enduser": "threat",
		"user.lifecycle.create": "iam", "user.mfa.factor.deactivate": "iam", "user.account.privilege.grant": "iam",
		"application.user_membership.add": "iam", "group.user_membership.add": "iam", "group.privilege.grant": "iam",
		"policy.rule.update": "configuration", "zone.update": "configuration", "application.lifecycle.update": "configuration",
		"policy.quantum.rotate": "configuration", "system.agent.ad.start": "application", "system.api_token.create": "api",
		"core.el.evaluate": "error", "telepathy.session.start": "other",
	} {
		l := only(t, `{"uuid":"a","eventType":"`+eventType+`","published":"2026-09-01T10:11:12Z"}`)
		if got := byPath(leaves(t, l.record, ""))["evt.category"]; !slices.Equal(got, []string{`"` + want + `"`}) {
			t.Errorf("evt.category of %s is %s, want %q", eventType, got, want)
		}
	}
	words := []string{
		`"other"`,
		`"threat"`,
		`"iam"`,
		`"authentication"`,
		`"configuration"`,
		`"application"`,
		`"api"`,
		`"error"`,
	}
	for _, l := range records(t) {
		if got := l.more["evt.category"]; len(got) != 1 || !slices.Contains(words, got[0]) {
			t.Errorf("%s: evt.category is %s", l.name, got)
		}
	}
}
