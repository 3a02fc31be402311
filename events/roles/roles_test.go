package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events/catalogue"
)

// TestWho checks which target has a role, by event type and the targets' types.
func TestWho(t *testing.T) {
	for _, test := range []struct {
		eventType, targets string
		role               Role
		want               string // "" for none, "a b" for a tie
	}{
		{"user.authentication.sso", "AppInstance AppUser", User, ""},
		{"user.authentication.sso", "AppInstance AppUser", Account, "AppUser"},
		{"user.authentication.sso", "AppInstance AppUser User", User, "User"},
		{"application.user_membership.add", "AppUser AppInstance User", User, "User"},
		{"application.user_membership.add", "AppUser AppInstance", User, ""},
		{"application.provision.user.push", "AppUser AppInstance", User, "AppUser"},
		{"application.provision.user.push", "AppUser User", User, "User"},
		{"user.lifecycle.create", "NewUser", User, "NewUser"},
		{"app.oauth2.client.privilege.grant", "PublicClientAppEntity", User, "PublicClientAppEntity"},
		{"app.oauth2.client.privilege.grant", "User", User, ""},
		{"security.protected_action.attempt", "User", User, ""},
		{"policy.rule.update", "PolicyEntity PolicyRule", Entity, "PolicyRule"},
		{"policy.rule.update", "PolicyEntity PolicyRule", Policy, "PolicyEntity"},
		{"policy.rule.update", "PolicyEntity", Entity, ""},
		{"policy.lifecycle.update", "PolicyRule PolicyEntity UserGroup", Entity, "PolicyEntity"},
		{"policy.quantum_rule.rotate", "PolicyEntity QuantumRule", Entity, "QuantumRule"},
		{"application.policy.sign_on.rule.delete", "AppInstance Rule", Entity, "Rule"},
		{"application.policy.sign_on.update", "AppInstance", Entity, "AppInstance"},
		{"workflows.user.flow.execution_history.delete", "User AppInstance Flow", Entity, "Flow"},
		{"pam.secret.reveal", "pam_resource_group pam_secret", Entity, "pam_secret"},
		{"pam.server_account.update", "pam_server pam_server_account", Entity, "pam_server_account"},
		{"account.org_group.org.assign", "OrgGroup Org", Entity, "OrgGroup"},
		{"account.org_group.update", "OrgGroup", Entity, "OrgGroup"},
		{"certification.campaign.item.decide", "User AppInstance CAMPAIGN", Entity, "CAMPAIGN"},
		{"access.review.action", "User AccessReviewItem", Entity, "AccessReviewItem"},
		{"network_zone.rule.disabled", "PolicyRule NetworkZone", Entity, "NetworkZone"},
		{"zone.update", "networkzoneentity", Entity, "networkzoneentity"},
		{"zone.update", "NetworkZone NetworkZone", Entity, "NetworkZone NetworkZone"},
		{"galaxy.star.create", "User AppInstance Star Planet", Entity, "Star"},
		{"galaxy.star.create", "User AppInstance Moon", Entity, "Moon"},
		{"galaxy.star.create", "User AppInstance Moon Planet", Entity, "Moon Planet"},
		{"galaxy.star.create", "User AppInstance", Entity, ""},
		{"galaxy.star.create", "AppUser User", Entity, ""},
		{"access.request.update", "User AppInstance", Container, ""},
		{"application.lifecycle.update", "User", Container, ""},
		{"user.schema.update", "User AppInstance", Container, "User"},
		{"directory.realm.assignment.delete", "Realm RealmAssignment", Entity, "RealmAssignment"},
		{"directory.realm.lifecycle.delete", "Realm User", Entity, "Realm"},
		{"workflows.user.flow.delete", "AppInstance", Entity, ""},
		{"oauth2.scope.deleted", "AuthorizationServer Scope", Entity, "Scope"},
		{"oauth2.claim.updated", "AuthorizationServer", Container, "AuthorizationServer"},
		{"oauth2.as.deleted", "AuthorizationServer", Entity, "AuthorizationServer"},
		{"app.oauth2.credentials.lifecycle.delete", "PublicClientAppEntity", Entity, ""},
		{"app.oauth2.credentials.lifecycle.delete", "PublicClientAppEntity ClientSecret", Entity, "ClientSecret"},
		{"app.oauth2.as.resource_server.credentials.lifecycle.activate", "AuthorizationServer", Entity, ""},
		{"app.oauth2.client.lifecycle.delete", "PublicClientAppEntity", Entity, "PublicClientAppEntity"},
		{"app.interclient_mapping.delete", "AppInstance AppInstance", Entity, ""},
		{"app.cross_app_access.connection.create", "AppInstance AppInstance", Entity, ""},
		{"application.lifecycle.delete", "AppInstance User", Entity, "AppInstance"},
		{"application.policy.sign_on.rule.create", "AppInstance", Container, ""},
		{"application.user_membership.show_password", "AppInstance", Container, ""},
		{"application.provision.field_mapping_rule.change", "AppInstance", Container, "AppInstance"},
		{"device.push.provider.delete", "PushProvider", Entity, "PushProvider"},
		{"device.lifecycle.delete", "UDDevice User", Entity, "UDDevice"},
		{"iam.role.delete", "CUSTOM RESOURCE_SET", Entity, "CUSTOM"},
		{"pam.secret.delete", "pam_resource_group", Entity, ""},
		{"application.provision.group_membership.add", "AppGroup UserGroup AppUser", Group, "AppGroup"},
		{"app.user_management", "UserGroup AppGroup", Group, "AppGroup"},
		{"access.request.create", "User AppInstance", Entity, ""},
		{"certification.campaign.item.decide", "CAMPAIGN CAMPAIGN_ITEM", Entity, "CAMPAIGN_ITEM"},
		{"system.hook.key.deleted", "Hook HookKey", Entity, "HookKey"},
		{"system.idp.key.delete", "IdentityProvider", Entity, ""},
		{"oauth2.scope.deleted", "AuthorizationServer", Entity, ""},
		{"workload_principal.ai_agent.credential.delete", "AIAgent WorkloadCredential", Entity, "WorkloadCredential"},
		{"workload_principal.managed_connection.delete", "WorkloadPrincipal", Entity, ""},
		{"workflows.user.execution_log_stream_connection.deactivate", "User AppInstance", Entity, ""},
		{"application.account.decision.revoke", "AppInstance AppUser User", Entity, "AppUser"},
		{"application.configuration.update", "AppInstance User", Entity, "AppInstance"},
		{"pki.cert.lifecycle.revoke", "UDDevice", Entity, ""},
		{"pam.server.ssh_login", "pam_server", App, "pam_server"},
		{"pam.privileged_accounts.assign", "pam_privileged_account pam_project", Entity, "pam_privileged_account"},
		{"pam.team_user_attribute.create", "pam_user pam_team", Entity, ""},
		{"pam.service.create", "pam_server", Entity, ""},
		{"pam.offline_enabled_event", "pam_team pam_group", Entity, "pam_group"},
		{"pam.client.assign", "pam_client pam_user", Agent, "pam_client"},
		{"pam.resource.checkout", "pam_server_account pam_user", User, "pam_user"},
		{"security.protected_action.attempt", "AppInstance User", App, ""},
		{"system.custom_signin.update", "Brand SignInPage", Entity, "SignInPage"},
		{"application.provision.group_push.pushed", "AppGroup AppInstance UserGroup", Group, "UserGroup"},
		{"application.provision.group_push.removed", "AppInstance UserGroup", Group, ""},
		{"group.user_membership.add", "AppInstance", Group, ""},
		{"iam.resourceset.bindings.add", "RESOURCE_SET CUSTOM User", Privilege, "CUSTOM"},
		{"system.agent.ad.start", "AppInstance ADAgent", Agent, "ADAgent"},
	} {
		var got []string
		best := uint8(255)
		decision := Decide(test.eventType)
		for target := range strings.FieldsSeq(test.targets) {
			switch rank := decision.Ranks([]byte(target)).Of[test.role]; {
			case rank == 0 || rank > best:
			case rank < best:
				got, best = []string{target}, rank
			default:
				got = append(got, target)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: of %s the %s is %q, want %q by %s", test.eventType, test.targets, test.role, got, test.want,
				decision.Types(test.role))
		}
	}
}

// TestSelf pins in which event types people act on themselves.
func TestSelf(t *testing.T) {
	for eventType, want := range map[string]bool{
		"user.session.start": true, "user.session.end": true, "user.session.clear": false, "user.session.expire": false,
		"user.authentication.sso": true, "user.authentication.auth_via_mfa": true, "policy.evaluate_sign_on": true,
		"user.authentication.universal_logout": false, "user.authentication.universal_logout.scheduled": false,
		"user.lifecycle.password_mass_expiry": false, "user.session.impersonation.grant": false,
		"user.session.impersonation.initiate": false, "user.account.reset_password": false, "user.mfa.factor.reset_all": false,
		"app.oauth2.client.privilege.grant": false, "app.generic.unauth_app_access_attempt": true,
		"application.policy.sign_on.deny_access": true, "pam.resource.checkout": true, "user.account.lock": true, "system.email.challenge_factor_redeemed": true,
		"system.push.send_factor_verify_push": false, "pam.resource.checkin.end": false, "galaxy.star.create": false,
	} {
		if d := Decide(eventType); d.Self != want || want == (d.SelfWhy == "") {
			t.Errorf("%s: on themselves %v, because %q", eventType, d.Self, d.SelfWhy)
		}
	}
}

// TestEveryRowDecides shows that the table says nothing of families that do not exist, and has no row that another
// hides.
func TestEveryRowDecides(t *testing.T) {
	decided, acts := map[*Row]bool{}, map[string]bool{}
	for _, eventType := range catalogue.All() {
		d := Decide(eventType)
		decided[d.Row], acts[d.SelfWhy] = true, true
	}
	for i := range table {
		row := &table[i]
		if !decided[row] {
			t.Errorf("row %d (%s) decides no event type of Okta's", i, row.Patterns)
		}
		if row.Why == "" || !slices.Contains([]Shape{seen, described, assumed}, row.Shape) {
			t.Errorf("row %d (%s): no reason, or no word on how the shape is known", i, row.Patterns)
		}
	}
	for _, s := range self {
		if !acts[s.why] {
			t.Errorf("%s: no event type of Okta's is meant", s.patterns)
		}
	}
}

// The cache has a bound, and types beyond it are also decided.
func TestRanksAreBounded(t *testing.T) {
	d := Decide("zone.update")
	for i := range 2 * maxTypes {
		d.Ranks([]byte("T" + strings.Repeat("z", i)))
	}
	if len(d.ranks) > maxTypes || d.Ranks([]byte(strings.Repeat("z", 50) + "NetworkZone")).Of[Entity] == 0 {
		t.Errorf("%d target types are remembered", len(d.ranks))
	}
}
