package ocsf_test

import (
	"maps"
	"slices"
	"testing"
)

// says is what a record has to hold: JSON by places, "" where nothing may stand.
type says map[string]string

// expect checks the record of an event of eventType with these members.
func expect(t *testing.T, eventType string, members []string, want says) {
	t.Helper()
	out := normalised(t, okta(eventType, members...))
	got := map[string]string{}
	parse(t, out).visit("", "", func(path, _ string, n *node) { got[path] = n.String() })
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			t.Errorf("%s is %s, not %s, in %s", path, orNothing(got[path]), orNothing(want[path]), out)
		}
	}
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// members are those of an event, as okta takes them.
func members(m ...string) []string { return m }

func outcome(word string) string { return `"outcome":{"result":` + word + `}` }

func debug(name, value string) string {
	return `"debugContext":{"debugData":{"` + name + `":` + value + `}}`
}

func targets(list string) string { return `"target":[` + list + `]` }

func TestStatusOfEveryOutcome(t *testing.T) {
	for _, eventType := range []string{typeBase, typeAccount, typeSignIn, typeEntity, typeAccess, typeGroup, typeLifecycle, typeAPI, typeError} {
		for _, row := range []struct{ result, id, status, code string }{
			{`"SUCCESS"`, "1", `"Success"`, `"SUCCESS"`},
			{`"ALLOW"`, "1", `"Success"`, `"ALLOW"`},
			{`"FAILURE"`, "2", `"Failure"`, `"FAILURE"`},
			{`"DENY"`, "2", `"Failure"`, `"DENY"`},
			{`"RATE_LIMIT"`, "2", `"Failure"`, `"RATE_LIMIT"`},
			{`"ABANDONED"`, "2", `"Failure"`, `"ABANDONED"`},
			{`"UNANSWERED"`, "2", `"Failure"`, `"UNANSWERED"`},
			{`"CHALLENGE"`, "99", `"CHALLENGE"`, `"CHALLENGE"`},
			{`"SKIPPED"`, "99", `"SKIPPED"`, `"SKIPPED"`},
			{`"DEFERRED"`, "99", `"DEFERRED"`, `"DEFERRED"`},
			{`"SCHEDULED"`, "99", `"SCHEDULED"`, `"SCHEDULED"`},
			{`"TELEPORTED"`, "99", `"TELEPORTED"`, `"TELEPORTED"`},
			{`"success"`, "99", `"success"`, `"success"`},
			{`"UNKNOWN"`, "0", `"Unknown"`, `"UNKNOWN"`},
			{`"null"`, "0", `"Unknown"`, ""},
			{`""`, "0", `"Unknown"`, ""},
			{`null`, "0", `"Unknown"`, ""},
			{`7`, "0", `"Unknown"`, `"7"`},
			{`["SUCCESS"]`, "0", `"Unknown"`, ""},
		} {
			expect(
				t,
				eventType,
				members(outcome(row.result)),
				says{"status_id": row.id, "status": row.status, "status_code": row.code},
			)
		}
		expect(t, eventType, nil, says{"status_id": "0", "status": `"Unknown"`, "status_code": ""})
	}
	expect(t, typeAccount, members(`"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"}`),
		says{"status_detail": `"INVALID_CREDENTIALS"`, "unmapped": ""})
}

// In a finding status is the finding's own state, not the outcome.
func TestStatusOfAFindingIsThatOfItsActivity(t *testing.T) {
	for _, row := range []struct{ eventType, activity, id, status string }{
		{"security.threat.detected", "1", "1", `"New"`},
		{"user.risk.detect", "1", "1", `"New"`},
		{"user.risk.change", "2", "2", `"In Progress"`},
		{"security.attack.end", "3", "4", `"Resolved"`},
	} {
		for _, word := range []string{`"SUCCESS"`, `"DENY"`, `"CHALLENGE"`, `null`} {
			want := says{"class_uid": "2004", "activity_id": row.activity, "status_id": row.id, "status": row.status}
			if word != "null" {
				want["status_code"] = word
			}
			expect(t, row.eventType, members(outcome(word)), want)
		}
	}
}

// Some types are logged only when something has failed, whatever the outcome says.
func TestStatusThatTheEventTypeStates(t *testing.T) {
	for eventType, disposition := range map[string]says{
		"app.generic.unauth_app_access_attempt":          {"disposition_id": "26", "disposition": `"Unauthorized"`, "action_id": "2"},
		"application.policy.sign_on.deny_access":         {"disposition_id": "2", "disposition": `"Blocked"`, "action_id": "2"},
		"user.mfa.okta_verify.deny_push":                 {"disposition_id": "25", "disposition": `"Rejected"`, "action": `"Denied"`},
		"application.provision.group.add":                {"disposition_id": "", "metadata.profiles": ""},
		"system.api_token.request_outside_allowed_range": {"disposition_id": "2", "metadata.profiles": `["security_control"]`},
	} {
		for _, word := range []string{"SUCCESS", "ALLOW", "FAILURE", "CHALLENGE"} {
			want := maps.Clone(disposition)
			want["status_id"], want["status"], want["status_code"] = "2", `"Failure"`, quote(word)
			expect(t, eventType, members(outcome(quote(word))), want)
		}
	}
	expect(t, "security.request.blocked", members(outcome(`"DENY"`)),
		says{"class_uid": "2004", "status_id": "1", "disposition_id": "2", "action_id": "2", "action": `"Denied"`})
}

func TestSeverity(t *testing.T) {
	const low, medium, high = `"securityContext":{"risk":{"level":"LOW"}}`, `"securityContext":{"risk":{"level":"MEDIUM"}}`, `"securityContext":{"risk":{"level":"HIGH"}}`
	threat := debug("threatDetections", `"{\"Password Spray\":\"HIGH\",\"x\":\"LOW\"}"`)
	for _, row := range []struct{ severity, verdict, id, caption string }{
		{`"DEBUG"`, "", "1", `"Informational"`},
		{`"INFO"`, "", "1", `"Informational"`},
		{`"WARN"`, "", "2", `"Low"`},
		{`"ERROR"`, "", "3", `"Medium"`},
		{`"info"`, "", "99", `"info"`},
		{`"FATAL"`, "", "99", `"FATAL"`},
		{`3`, "", "99", `"3"`},
		{`null`, "", "0", `"Unknown"`},
		{`"null"`, "", "0", `"Unknown"`},
		{`{}`, "", "0", `"Unknown"`},
		{`"INFO"`, low, "1", `"Informational"`},
		{`"INFO"`, medium, "3", `"Medium"`},
		{`"WARN"`, medium, "3", `"Medium"`},
		{`"ERROR"`, medium, "3", `"Medium"`},
		{`"INFO"`, high, "4", `"High"`},
		{`"ERROR"`, high, "4", `"High"`},
		{`"FATAL"`, high, "4", `"High"`},
		{`"FATAL"`, medium, "3", `"Medium"`},
		{`"FATAL"`, low, "99", `"FATAL"`},
		{`null`, high, "4", `"High"`},
		{`"INFO"`, threat, "4", `"High"`},
		{`"INFO"`, debug("threatDetections", `{"a":"MEDIUM"}`), "3", `"Medium"`},
	} {
		m := members(`"severity":` + row.severity)
		if row.verdict != "" {
			m = append(m, row.verdict)
		}
		want := says{"severity_id": row.id, "severity": row.caption}
		if row.severity[0] == '"' && row.severity != `"null"` {
			want["metadata.log_level"] = row.severity
		}
		expect(t, typeSignIn, m, want)
		expect(t, typeEntity, m, want)
	}
}

// Okta's decision about a request is in classes 3002 and 2004. A wrong password fails without any
// decision to refuse.
func TestActionAndDisposition(t *testing.T) {
	none := says{"action_id": "", "action": "", "disposition_id": "", "disposition": ""}
	for word, want := range map[string]says{
		"ALLOW":      {"action_id": "1", "action": `"Allowed"`, "disposition_id": "1", "disposition": `"Allowed"`},
		"DENY":       {"action_id": "2", "action": `"Denied"`, "disposition_id": "2", "disposition": `"Blocked"`},
		"CHALLENGE":  {"action_id": "0", "action": `"Unknown"`, "disposition_id": "23", "disposition": `"Challenge"`},
		"RATE_LIMIT": {"action_id": "2", "action": `"Denied"`, "disposition_id": "2", "disposition": `"Blocked"`},
		"SUCCESS":    none, "FAILURE": none, "SKIPPED": none, "UNKNOWN": none,
	} {
		for _, eventType := range []string{typeSignIn, "policy.evaluate_sign_on", typeFinding} {
			expect(t, eventType, members(outcome(quote(word))), want)
		}
		for _, eventType := range []string{typeEntity, typeAccount, typeAPI, typeBase} {
			expect(t, eventType, members(outcome(quote(word))), none)
		}
	}
}

func TestThreatSuspectedIsAnAlert(t *testing.T) {
	for _, row := range []struct{ eventType, value, alert string }{
		{typeSignIn, `"true"`, "true"}, {typeFinding, `"true"`, "true"},
		{typeSignIn, `"false"`, ""}, {typeSignIn, `"TRUE?"`, ""}, {typeEntity, `"true"`, ""},
	} {
		expect(t, row.eventType, members(debug("threatSuspected", row.value)),
			says{"is_alert": row.alert, "unmapped.debugContext.debugData.threatSuspected": row.value})
	}
}

func TestIdentityAndTime(t *testing.T) {
	expect(
		t,
		typeSignIn,
		members(
			`"displayMessage":"User login to Okta"`,
			`"version":"0"`,
			`"legacyEventType":"core.user_auth.login_success"`,
			`"transaction":{"id":"tx1","type":"WEB","detail":{"requestApiTokenId":"00T1","other":"x"}}`,
			`"actor":{"id":"00u1"}`,
		),
		says{
			"metadata.uid":                        quote(uuid),
			"metadata.event_code":                 quote(typeSignIn),
			"activity_name":                       `"Logon"`,
			"time":                                "1788257472345",
			"timezone_offset":                     "0",
			"metadata.original_time":              `"2026-09-01T10:11:12.345Z"`,
			"message":                             `"User login to Okta"`,
			"metadata.log_version":                `"0"`,
			"metadata.correlation_uid":            `"tx1"`,
			"actor.user.programmatic_credentials": `[{"uid":"00T1"}]`,
			"unmapped":                            `{"legacyEventType":"core.user_auth.login_success","transaction":{"type":"WEB","detail":{"other":"x"}}}`,
		},
	)
	expect(
		t,
		typeBase,
		nil,
		says{"activity_id": "99", "activity_name": quote(typeBase), "class_uid": "0", "type_uid": "99"},
	)
	expect(
		t,
		typeFinding,
		members(`"displayMessage":"Threat"`),
		says{"finding_info.uid": quote(uuid), "finding_info.title": `"Threat"`},
	)
}
