package queries

import (
	"slices"
	"strings"
	"testing"
)

// listCase is what a list must find among all events of testdata and the planted
// ones, no more and no less, and neighbours that look like it.
type listCase struct {
	finds      []string
	neighbours []string
	// plants are events derived for the case: those that finds does not name are
	// harmless.
	plants func(t *testing.T) []sample
}

func plant(name, from string, c change) func(t *testing.T) []sample {
	return func(t *testing.T) []sample { return []sample{fixture(t, from).derive(t, name, c)} }
}

func failed(from string) func(t *testing.T) []sample {
	return plant("harmless-failure", from, change{"outcome.result": "FAILURE"})
}

var listCases = map[string]listCase{
	"sign-in-through-anonymiser": {
		finds: []string{"trap-security-context-2026", "trap-tunnels-json-string", "planted-tunnel-only"},
		// A proxy that Okta stopped, one word "false", and a push from behind one.
		neighbours: []string{
			"policy-evaluate-sign-on-deny",
			"trap-odd-is-proxy-string",
			"authentication-mfa-unanswered",
			"session-start-success",
		},
		plants: func(t *testing.T) []sample {
			return []sample{
				fixture(t, "trap-tunnels-json-string").derive(t, "planted-tunnel-only", change{"securityContext.isProxy": false}),
				fixture(t, "trap-tunnels-json-string").derive(t, "harmless-failure", change{"outcome.result": "FAILURE"}),
				fixture(t, "trap-tunnels-json-string").derive(t, "harmless-known-hop", change{
					"securityContext.isProxy":        false,
					"debugContext.debugData.tunnels": `[{"operator":"ACME","type":"CORPORATE","anonymous":false}]`}),
			}
		},
	},
	"mfa-factor-removed": {
		finds: []string{
			"user-mfa-factor-deactivate",
			"user-mfa-factor-reset-all",
			"user-mfa-factor-suspend",
			"credential-revoke",
		},
		neighbours: []string{
			"user-mfa-factor-activate",
			"credential-register",
			"system-mfa-factor-deactivate",
			"trap-unknown-fields",
		},
		plants: failed("user-mfa-factor-reset-all"),
	},
	"mfa-factor-disabled-for-all": {
		finds:      []string{"system-mfa-factor-deactivate", "security-authenticator-update"},
		neighbours: []string{"user-mfa-factor-deactivate"},
	},
	"admin-privilege-granted": {
		finds: []string{
			"user-account-privilege-grant", "group-privilege-grant", "trap-strings-null-word",
			"planted-super/super-admin-granted", "planted-super-group/super-admin-granted",
		},
		neighbours: []string{
			"user-account-privilege-revoke",
			"trap-strings-empty",
			"app-oauth2-client-privilege-grant",
			"group-user-membership-add",
		},
		plants: failed("user-account-privilege-grant"),
	},
	"super-admin-granted": {
		finds:      []string{"planted-super", "planted-super-group"},
		neighbours: []string{"user-account-privilege-grant", "group-privilege-grant"},
		plants: func(t *testing.T) []sample {
			const super = "Read-only administrator, Super administrator"
			return []sample{
				fixture(t, "user-account-privilege-grant").derive(t, "planted-super", change{
					"debugContext.debugData.privilegeGranted": super}),
				fixture(t, "group-privilege-grant").derive(t, "planted-super-group", change{
					"debugContext.debugData.privilegeGranted": "Super organization administrator"}),
				fixture(t, "user-account-privilege-grant").derive(t, "harmless-failure", change{
					"debugContext.debugData.privilegeGranted": super, "outcome.result": "FAILURE"}),
				fixture(t, "user-account-privilege-revoke").derive(t, "harmless-revoke", change{
					"debugContext.debugData.privilegeGranted": super}),
			}
		},
	},
	"fastpass-phishing": {
		finds:      []string{"planted-phishing"},
		neighbours: []string{"authentication-mfa-fastpass", "authentication-mfa-push-denied"},
		plants: plant("planted-phishing", "authentication-mfa-fastpass", change{
			"outcome.result": "FAILURE", "outcome.reason": "FastPass declined phishing attempt"}),
	},
	"mfa-bypass-attempt": {
		finds:      []string{"mfa-attempt-bypass"},
		neighbours: []string{"authentication-mfa-push-denied"},
	},
	"scim-password-push": {
		finds:      []string{"planted-password-push"},
		neighbours: []string{"application-lifecycle-update"},
		plants: plant("planted-password-push", "application-lifecycle-update", change{
			"outcome.reason": "Pushing user passwords was enabled"}),
	},
	"org-to-org-app-changed": {
		finds:      []string{"planted-org"},
		neighbours: []string{"application-lifecycle-create", "application-lifecycle-update"},
		plants: func(t *testing.T) []sample {
			org := change{"target.0.displayName": "Okta Org2Org"}
			return []sample{
				fixture(t, "application-lifecycle-update").derive(t, "planted-org", org),
				fixture(t, "application-lifecycle-update").derive(t, "harmless-failure", org.and(change{
					"outcome.result": "FAILURE"})),
				fixture(t, "application-lifecycle-delete").derive(t, "harmless-delete", org),
			}
		},
	},
	"directory-agent-changed": {
		finds:      []string{"system-agent-ad-config-change"},
		neighbours: []string{"system-agent-ad-start", "system-agent-ad-reset-password"},
	},
	"oauth-consent-granted": {
		finds:      []string{"integration-api-service-authorize"},
		neighbours: []string{"app-oauth2-as-token-grant", "app-oauth2-client-lifecycle-create"},
		plants:     failed("integration-api-service-authorize"),
	},
	"threat-insight-changed": {
		finds:      []string{"planted-threat-insight"},
		neighbours: []string{"security-threat-detected", "security-authenticator-update"},
		plants: plant("planted-threat-insight", "security-authenticator-update", change{
			"eventType": "security.threat.configuration.update"}),
	},
	"admin-console-new-device": {
		finds:      []string{"planted-new"},
		neighbours: []string{"policy-evaluate-sign-on-allow", "policy-evaluate-sign-on-challenge"},
		plants: func(t *testing.T) []sample {
			behaviours := func(device, ip string) change {
				return change{"debugContext.debugData.behaviors": "{New Geo-Location=NEGATIVE, New Device=" + device +
					", New IP=" + ip + ", Velocity=NEGATIVE}"}
			}
			base := fixture(t, "policy-evaluate-sign-on-allow")
			both := behaviours("POSITIVE", "POSITIVE")
			return []sample{
				base.derive(t, "planted-new", both),
				base.derive(t, "harmless-known-address", behaviours("POSITIVE", "NEGATIVE")),
				base.derive(t, "harmless-known-device", behaviours("NEGATIVE", "POSITIVE")),
				base.derive(t, "harmless-other-app", both.and(change{"target.2.displayName": "Payroll Portal"})),
				base.derive(t, "harmless-denied", both.and(change{"outcome.result": "DENY"})),
			}
		},
	},
	"admin-role-assigned": {
		finds:      []string{"iam-resourceset-bindings-add", "iam-resourceset-bindings-add-group"},
		neighbours: []string{"iam-role-create"},
		plants:     failed("iam-resourceset-bindings-add"),
	},
	"admin-privilege-granted-to-client": {
		finds:      []string{"app-oauth2-client-privilege-grant"},
		neighbours: []string{"app-oauth2-client-lifecycle-create", "user-account-privilege-grant"},
		plants:     failed("app-oauth2-client-privilege-grant"),
	},
	"api-token-created": {
		finds:      []string{"system-api-token-create"},
		neighbours: []string{"system-api-token-revoke", "app-oauth2-as-token-grant"},
		plants:     failed("system-api-token-create"),
	},
	"secret-read": {
		finds: []string{
			"app-oauth2-client-read-secret",
			"system-idp-lifecycle-read-secret",
			"application-user-membership-show-password",
			"pam-secret-reveal",
		},
		neighbours: []string{"pam-resource-checkout", "application-user-membership-add"},
		plants:     failed("pam-secret-reveal"),
	},
	"policy-changed": {
		finds: []string{
			"policy-rule-update",
			"policy-rule-deactivate",
			"policy-lifecycle-update",
			"application-sign-on-rule-delete",
			"trap-change-details-odd",
			"trap-published-no-fraction",
			"trap-published-offset",
			"trap-published-six-digits",
			"trap-published-space-millis",
		},
		neighbours: []string{
			"policy-evaluate-sign-on-allow",
			"policy-auth-reevaluate-fail",
			"policy-entity-risk-evaluate",
			"application-sign-on-deny-access",
			"device-assurance-policy-update",
		},
		plants: failed("policy-rule-deactivate"),
	},
	"network-zone-changed": {
		finds: []string{
			"zone-update",
			"zone-delete",
			"network-zone-rule-disabled",
			"trap-published-space-nanos",
			"trap-published-two-digits",
		},
		neighbours: []string{"security-request-blocked", "security-trusted-origin-activate"},
	},
	"identity-provider-changed": {
		finds:      []string{"system-idp-lifecycle-create"},
		neighbours: []string{"system-idp-lifecycle-read-secret", "authentication-idp"},
	},
	"log-stream-changed": {
		finds:      []string{"system-log-stream-deactivate"},
		neighbours: []string{"event-hook-delivery"},
	},
	"impersonation-session": {
		finds:      []string{"session-impersonation-initiate"},
		neighbours: []string{"session-impersonation-grant", "session-start-success"},
	},
	"okta-support-access": {
		finds:      []string{"session-impersonation-grant", "support-org-view"},
		neighbours: []string{"session-impersonation-initiate", "session-access-admin-app"},
	},
	"user-reported-suspicious-activity": {
		finds:      []string{"user-report-suspicious-activity"},
		neighbours: []string{"analytics-feedback-provide", "system-email-new-device"},
	},
	"threat-and-risk-detections": {
		finds: []string{
			"security-threat-detected",
			"security-attack-start",
			"security-breached-credential",
			"security-session-client-roaming",
			"security-request-blocked",
			"user-risk-detect",
			"user-risk-change",
			"app-oauth2-as-token-detect-reuse",
			"trap-actor-ip-address",
			"trap-actor-public-client-app-entity",
		},
		neighbours: []string{
			"security-attack-end",
			"policy-entity-risk-evaluate",
			"session-start-invalid-credentials",
			"security-events-provider-receive",
		},
	},
}

func TestLists(t *testing.T) {
	var plants []sample
	// Every list runs over the plants of all others too.
	for name, c := range listCases {
		if c.plants != nil {
			for _, s := range c.plants(t) {
				plants = append(plants, s.derive(t, s.name+"/"+name, nil))
			}
		}
	}
	samples, l := slices.Concat(fixtures(t), plants), logsWith(t, plants)
	for name, c := range listCases {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, n := range slices.Concat(c.finds, c.neighbours) {
				if strings.HasPrefix(n, "planted") && !strings.Contains(n, "/") {
					n += "/" + name
				}
				if !slices.ContainsFunc(samples, func(s sample) bool { return s.name == n }) {
					t.Errorf("there is no %s", n)
				}
				if !slices.Contains(c.neighbours, n) {
					want = append(want, n)
				}
			}
			rows := l.run(t, byName(t, name))
			if got := sorted(names(t, rows, samples)); !slices.Equal(got, sorted(want)) {
				t.Errorf("it finds\n%v, want\n%v", got, sorted(want))
			}
			for i, r := range rows {
				if r.Get("eventName") == "" || r.Get("@timestamp") == "" {
					t.Errorf("a row without an event: %v", r.Values)
				}
				if i > 0 && rows[i-1].Get("@timestamp") < r.Get("@timestamp") {
					t.Errorf("row %d is newer than the one before", i)
				}
			}
		})
	}
}

// TestListsShowWhatMatters compares the columns that name the victim or the thing.
func TestListsShowWhatMatters(t *testing.T) {
	all, l := fixtures(t), logsWith(t, nil)
	for name, want := range map[string]map[string]string{
		"mfa-factor-removed/credential-revoke":                     {"toLogin": "rhea.castellane@example.com", "who": "odalys.ferrant@example.com"},
		"mfa-factor-disabled-for-all/system-mfa-factor-deactivate": {"what": "SMS Authentication"},
		"admin-privilege-granted/user-account-privilege-grant":     {"toName": "Desh Okpara", "toType": "User", "who": "mira.solberg@example.com", "fromIP": "198.51.100.17"},
		"admin-privilege-granted/group-privilege-grant":            {"toName": "Service Desk", "toType": "UserGroup", "roles": "Help Desk administrator (Contractors (EU), Engineering), Report administrator"},
		"admin-role-assigned/iam-resourceset-bindings-add":         {"toName": "Lotte Brinkhorst", "role": "Contractor helpdesk", "overResources": "EU contractors"},
		"admin-role-assigned/iam-resourceset-bindings-add-group": {
			"toName": "Service Desk", "toType": "UserGroup", "role": "Contractor helpdesk", "overResources": "EU contractors",
		},
		"admin-privilege-granted-to-client/app-oauth2-client-privilege-grant": {"toClient": "Warehouse ETL"},
		"api-token-created/system-api-token-create":                           {"tokenName": "terraform-plan"},
		"secret-read/pam-secret-reveal":                                       {"what": "prod-db-root"},
		"secret-read/application-user-membership-show-password":               {"what": "Legacy Timesheet"},
		"policy-changed/policy-rule-deactivate":                               {"policyName": "Any two factors", "ruleName": "Deny anonymisers"},
		"policy-changed/application-sign-on-rule-delete":                      {"policyName": "Payroll Portal", "ruleName": "Allow from branch offices"},
		"policy-changed/policy-lifecycle-update":                              {"policyName": "Workforce password policy", "ruleName": ""},
		"identity-provider-changed/system-idp-lifecycle-create":               {"what": "Partner SAML"},
		"log-stream-changed/system-log-stream-deactivate":                     {"what": "oktastream", "who": "system@okta.com"},
		"impersonation-session/session-impersonation-initiate":                {"asLogin": "odalys.ferrant@example.com", "who": "support.engineer@example.net", "sessionId": "idxJhrOu4poGjDOJamfYOTxax"},
		"user-reported-suspicious-activity/user-report-suspicious-activity":   {"who": "tariq.benhaim@example.com", "suspectIP": "192.0.2.118", "suspectCountry": "Nigeria"},
		"threat-and-risk-detections/user-risk-detect":                         {"aboutLogin": "tariq.benhaim@example.com", "who": "system@okta.com"},
		"threat-and-risk-detections/security-breached-credential":             {"aboutLogin": ""},
	} {
		query, event, _ := strings.Cut(name, "/")
		rows := l.run(t, byName(t, query))
		i := slices.Index(names(t, rows, all), event)
		if i < 0 {
			t.Errorf("%s: not found", name)
			continue
		}
		for column, value := range want {
			if got := rows[i].Get(column); got != value {
				t.Errorf("%s: %s = %q, want %q", name, column, got, value)
			}
		}
	}
}

// shapes are all shapes that a log group can hold.
func shapes() []Shape { return []Shape{OCSF, Datadog, Raw, Envelope} }
