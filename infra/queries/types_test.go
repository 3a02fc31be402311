package queries

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// listTypes are the event types that each list must find. Removing or misspelling one in a query is a fault.
var listTypes = map[string][]string{
	"admin-console-new-device": {
		"policy.evaluate_sign_on",
	},
	"admin-privilege-granted": {
		"user.account.privilege.grant",
		"group.privilege.grant",
	},
	"admin-privilege-granted-to-client": {
		"app.oauth2.client.privilege.grant",
	},
	"admin-role-assigned": {
		"iam.resourceset.bindings.add",
	},
	"api-token-created": {
		"system.api_token.create",
	},
	"directory-agent-changed": {
		"system.agent.ad.create",
		"system.agent.ad.config_change_detected",
		"system.agent.ad.deactivate",
		"system.agent.ad.delete",
		"system.agent.ad.reactivate",
		"system.agent.ad.invoke-powershell",
		"system.agent.ldap.config_change_detected",
		"system.agent.register",
	},
	"fastpass-phishing": {
		"user.authentication.auth_via_mfa",
	},
	"identity-provider-changed": {
		"system.idp.lifecycle.create",
		"system.idp.lifecycle.update",
		"system.idp.lifecycle.activate",
		"system.idp.lifecycle.deactivate",
		"system.idp.lifecycle.delete",
		"system.idp.key.create",
		"system.idp.key.update",
		"system.idp.key.delete",
	},
	"impersonation-session": {
		"user.session.impersonation.initiate",
	},
	"log-stream-changed": {
		"system.log_stream.lifecycle.create",
		"system.log_stream.lifecycle.update",
		"system.log_stream.lifecycle.activate",
		"system.log_stream.lifecycle.deactivate",
		"system.log_stream.lifecycle.delete",
	},
	"mfa-bypass-attempt": {
		"user.mfa.attempt_bypass",
	},
	"mfa-factor-disabled-for-all": {
		"system.mfa.factor.activate",
		"system.mfa.factor.deactivate",
		"security.authenticator.lifecycle.create",
		"security.authenticator.lifecycle.activate",
		"security.authenticator.lifecycle.deactivate",
		"security.authenticator.lifecycle.update",
	},
	"mfa-factor-removed": {
		"user.mfa.factor.deactivate",
		"user.mfa.factor.reset_all",
		"user.mfa.factor.suspend",
		"credential.revoke",
	},
	"network-zone-changed": {
		"zone.create",
		"zone.update",
		"zone.activate",
		"zone.deactivate",
		"zone.delete",
		"zone.make_blacklist",
		"zone.remove_blacklist",
		"network_zone.rule.disabled",
	},
	"oauth-consent-granted": {
		"app.oauth2.admin.consent.grant",
		"app.oauth2.as.consent.grant",
		"app.oauth2.consent.grant",
		"integration.api_service.lifecycle.authorize",
	},
	"okta-support-access": {
		"user.session.impersonation.grant",
		"user.session.impersonation.extend",
		"user.session.impersonation.revoke",
		"user.session.impersonation.end",
		"support.org.view",
		"support.org.update",
	},
	"org-to-org-app-changed": {
		"application.lifecycle.create",
		"application.lifecycle.update",
		"application.lifecycle.activate",
	},
	"policy-changed": {
		"policy.lifecycle.create",
		"policy.lifecycle.update",
		"policy.lifecycle.overwrite",
		"policy.lifecycle.activate",
		"policy.lifecycle.deactivate",
		"policy.lifecycle.delete",
		"policy.rule.add",
		"policy.rule.update",
		"policy.rule.activate",
		"policy.rule.deactivate",
		"policy.rule.delete",
		"policy.rule.invalidate",
		"application.policy.sign_on.update",
		"application.policy.sign_on.rule.create",
		"application.policy.sign_on.rule.delete",
	},
	"scim-password-push": {
		"application.lifecycle.update",
	},
	"secret-read": {
		"app.oauth2.client.read_client_secret",
		"application.configuration.read_client_secret",
		"application.user_membership.show_password",
		"system.idp.lifecycle.read_client_secret",
		"pam.secret.reveal",
		"pam.server_account.password.reveal",
		"pam.service_account.password.reveal",
		"pam.privileged_accounts.password.reveal",
	},
	"sign-in-through-anonymiser": {
		"user.session.start",
		"user.authentication.sso",
		"user.session.access_admin_app",
	},
	"super-admin-granted": {
		"user.account.privilege.grant",
		"group.privilege.grant",
	},
	"threat-and-risk-detections": {
		"security.threat.detected",
		"security.attack.start",
		"security.attack.detect",
		"security.password_spray.detected",
		"security.breached_credential.detected",
		"security.session.detect_client_roaming",
		"security.request.blocked",
		"user.risk.detect",
		"user.risk.change",
		"app.oauth2.token.detect_reuse",
		"app.oauth2.as.token.detect_reuse",
	},
	"threat-insight-changed": {
		"security.threat.configuration.update",
	},
	"user-reported-suspicious-activity": {
		"user.account.report_suspicious_activity_by_enduser",
	},
}

// TestListsFindEveryType plants an event of each type, which is like one that the list finds.
func TestListsFindEveryType(t *testing.T) {
	for name, c := range listCases {
		types := listTypes[name]
		if len(types) == 0 {
			t.Errorf("no event types for %s", name)
			continue
		}
		base := samplesOf(t, c)[0]
		var planted []sample
		for i, event := range types {
			planted = append(planted, base.derive(t, fmt.Sprint(name, "-", i), change{"eventType": event}))
		}
		l := logsOf(t, planted)
		for _, shape := range shapes() {
			rows, err := l[shape][0].Run(parsed(t, byName(t, name), shape))
			if err != nil {
				t.Fatal(err)
			}
			found := names(t, rows, planted)
			for i, event := range types {
				if !slices.Contains(found, planted[i].name) {
					t.Errorf("%s does not find %s in %s", name, event, shape)
				}
			}
		}
	}
}

// samplesOf are events that the list of the case finds.
func samplesOf(t *testing.T, c listCase) []sample {
	t.Helper()
	all := fixtures(t)
	if c.plants != nil {
		all = append(all, c.plants(t)...)
	}
	return slices.DeleteFunc(all, func(s sample) bool {
		return !slices.Contains(c.finds, s.name) || strings.HasPrefix(s.name, "trap")
	})
}
