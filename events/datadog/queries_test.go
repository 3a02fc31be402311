package datadog_test

import (
	"strings"
	"testing"
)

// The attributes that Okta's own detections for Datadog query (github.com/okta/customer-detections,
// 2026-07), and those that other public rules group by. Each attribute is read as Datadog does: @
// is the top of the log, and an array matches if any of its elements does.
func TestPublishedQueries(t *testing.T) {
	for _, test := range []struct{ fixture, query, want string }{
		{"session-start-success", "source", "okta"},
		{"session-start-success", "@evt.name", "user.session.start"},
		{"session-start-success", "@evt.outcome", "SUCCESS"},
		{"session-start-success", "@usr.email", "mira.solberg@example.com"},
		{"session-start-success", "@target.displayName", "Okta Dashboard"},
		{"session-start-success", "@target.type", "AuthenticatorEnrollment"},
		{"session-start-success", "@target.detailEntry.methodTypeUsed", "Use Okta FastPass"},
		{"session-start-success", "@securityContext.isProxy", "false"},
		{"session-start-success", "@debugContext.debugData.behaviors",
			"{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE, New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE, New City=NEGATIVE}"},
		{"session-start-success", "@network.client.ip", "203.0.113.24"},
		{"session-start-success", "@client.ipAddress", "203.0.113.24"},
		{"session-start-success", "@outcome.result", "SUCCESS"},
		{"session-start-success", "@actor.alternateId", "mira.solberg@example.com"},
		{"session-start-success", "@eventType", "user.session.start"},
		{"authentication-mfa-push-denied", "@evt.name", "user.authentication.auth_via_mfa"},
		{"authentication-mfa-push-denied", "@evt.outcome", "FAILURE"},
		{"authentication-mfa-push-denied", "@error.message", "User rejected Okta push verify"},
		{"authentication-mfa-push-denied", "@target.detailEntry.methodTypeUsed", "Get a push notification"},
		{"trap-request-api-token-id", "@transaction.detail.requestApiTokenId", "00TIeKiD7HEpuzHUd5d7"},
		{"trap-request-api-token-id", "@okta.target.user.name", "Tariq Benhaim"},
		{"group-privilege-grant", "@target.displayName", "Service Desk"},
		{"policy-rule-update", "@target.displayName", "Managed devices only"},
		{"user-mfa-factor-deactivate", "@usr.email", "odalys.ferrant@example.com"},
		{"trap-behaviors-map-string", "@debugContext.debugData.behaviors",
			"{New Geo-Location=NEGATIVE, New Device=POSITIVE, New IP=NEGATIVE, New State=BAD_REQUEST, New Country=NEGATIVE, Velocity=UNKNOWN, New City=NEGATIVE}"},
		{"trap-behaviors-map-string", "@okta.behaviors.New Device", "POSITIVE"},
		{"security-threat-detected", "@evt.outcome", "DENY"},
		{"user-risk-change", "@okta.risk.level", "HIGH"},
	} {
		l := only(t, string(fixture(t, test.fixture).Text))
		path := strings.TrimPrefix(test.query, "@")
		if path == "source" {
			path = "ddsource"
		}
		answers := answer(decoded(t, l.record), strings.Split(path, "."))
		found := false
		for _, got := range answers {
			found = found || got == test.want
		}
		if !found {
			t.Errorf("%s: %s answers %q, want %q among it", test.fixture, test.query, answers, test.want)
		}
	}
	// The event does not say whose login failed, and usr.email must not be "unknown".
	if got := answer(
		decoded(t, only(t, string(fixture(t, "security-threat-detected").Text)).record),
		[]string{"usr", "email"},
	); got != nil {
		t.Errorf("usr.email of an unknown actor is %q", got)
	}
}

// answer returns the texts at a path, also within arrays.
func answer(v any, path []string) []string {
	if array, ok := v.([]any); ok {
		var all []string
		for _, element := range array {
			all = append(all, answer(element, path)...)
		}
		return all
	}
	if len(path) == 0 {
		if s := text(v); s != "" {
			return []string{s}
		}
		return nil
	}
	object, _ := v.(map[string]any)
	return answer(object[path[0]], path[1:])
}
