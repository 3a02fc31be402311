package classify

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/events/catalogue"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// compiled is the classifier under test; compiling it once is also a check that
// it can be shared.
var compiled = sync.OnceValue(func() *Classifier { return New(V1_8()) })

// differences are the event types whose class or activity is not the one the
// reference mapping proposes. Each must stay a difference and say why.
var differences = map[string]struct {
	proposed, decided string // class_uid/activity_id
	why               string
}{
	"access.request.cancel": {"3004/4", "3004/3", "a cancelled request still exists; its state changed, as with resolve"},
	"access.request.expire": {"3004/4", "3004/3", "an expired request still exists; its state changed, as with resolve"},
	"access.request.reject": {"3004/4", "3004/3", "a rejected request still exists; its state changed, as with resolve"},
	"workflows.user.flow.execution.cancel": {"3004/4", "3004/99",
		"Okta: 'requested to cancel flow execution'; Delete would say the flow is gone, Update that it changed"},
	"app.ad.credential.verify": {
		"3002/1",
		"3002/99",
		"Okta: 'unlike a real AD authentication, this verification creates no Okta session'; as Logon it would count as a sign-in",
	},
	"app.cross_app_access.connection.create": {
		"6003/1",
		"3004/1",
		"an admin connects two apps: a setting, as app.interclient_mapping.* and workload_principal.resource_connection.* are",
	},
	"app.cross_app_access.connection.update": {"6003/3", "3004/3", "as app.cross_app_access.connection.create"},
	"app.cross_app_access.connection.delete": {"6003/4", "3004/4", "as app.cross_app_access.connection.create"},
	"application.provision.user.delete.schedule": {"3001/6", "3001/99",
		"Okta logs application.provision.user.delete when the planned deletion happens; Delete here would count it twice"},
	"application.provision.user.import": {"3001/1", "3001/99",
		"35 of its 36 legacy types are errors of downloading users, and it creates no account; import_profile is 99 too"},
	"mim.streamDevicesAppListCSVDownload": {"3004/99", "3004/2",
		"a download, as mim.streamDevicesCSVDownload, which is Read"},
	"system.feature.ea_auto_enroll": {"3004/8", "3004/3",
		"Okta logs it for unsubscribing as well, so Enable would be wrong half of the time"},
	"system.iwa.use_default": {"6002/8", "6002/99",
		"'no primary IWA app found, using default login': no agent was updated"},
	"user.account.unlock_token": {"3001/12", "3001/99",
		"a recovery token was issued; the account is still locked until user.account.unlock"},
	// A request, a plan or a beginning is not the change itself: Okta logs that as a separate
	// event.
	"account.org.delete.request":       {"3004/4", "3004/99", "the org is to be deleted"},
	"analytics.reports.export.request": {"6003/1", "6003/99", "the report is asked for"},
	"app.access_request.approver.approve": {
		"3005/1",
		"3005/99",
		"one of the approvers; access_request.grant follows the last",
	},
	"app.oauth2.token.oauth_sts.request_token":       {"6003/1", "6003/99", "the token is asked for"},
	"device.desktop_mfa.device_logout.started":       {"3002/2", "3002/99", "device_logout.completed follows"},
	"pam.resource.checkin.start":                     {"3005/2", "3005/99", "checkin.end follows"},
	"system.custom_url_domain.initiate":              {"3004/1", "3004/99", "the set-up began"},
	"system.mfa.preregister.initiate":                {"3004/1", "3004/99", "the enrolment is asked for"},
	"user.authentication.universal_logout.scheduled": {"3002/2", "3002/99", "universal_logout follows"},
	"user.lifecycle.delete.initiated":                {"3001/6", "3001/99", "delete.completed follows"},
	"user.lifecycle.password_mass_expiry":            {"3001/4", "3001/99", "Okta: 'mass expire all users' passwords initiated'"},
	"pam.password.reset":                             {"3001/4", "3001/99", "Okta: 'after a reset request is submitted'"},
	"pam.active_directory.account_rule.applied":      {"3004/1", "3004/99", "the rule is applied, not created"},

	"analytics.feedback.provide":   {"2004/2", "2004/99", "the event does not say which finding it is about"},
	"security.feedback.provide":    {"2004/2", "2004/99", "as analytics.feedback.provide"},
	"iam.resourceset.bindings.add": {"3004/3", "3005/1", "Okta: 'admin role assignment is created'"},
	"iam.resourceset.bindings.delete": {"3004/3", "3005/2",
		"Okta: 'admin role assignment is deleted'"},
	"pam.entitlement_sudo.add_to_project":      {"3005/1", "3004/3", "given to a project, not to a user"},
	"pam.entitlement_sudo.remove_from_project": {"3005/2", "3004/3", "as add_to_project"},
	"pam.privileged_accounts.assign":           {"3005/1", "3004/3", "as pam.service_account.assign"},
	"pam.service_account.assign": {"3005/1", "3004/3",
		"Okta: 'assign a service account to a resource group project': nobody is given anything"},
	"pam.security_policy.evaluate": {"3004/99", "3002/99", "a decision on a user's access; the policy does not change"},
	"system.sms.send_okta_push_verify_message": {"3002/6", "6003/99",
		"Okta: 'send activate Okta Verify Push for mobile SMS': a message on how to enrol, no challenge"},
	"user.credential.enroll": {
		"3001/10",
		"3004/6",
		"Okta: 'Device Trust certificate enrollment': no factor of the user's",
	},
	"workflows.user.flow.import":         {"3004/3", "3004/1", "flows are made from a file"},
	"workflows.user.folder.import":       {"3004/3", "3004/1", "as flow.import"},
	"workflows.user.table.import":        {"3004/3", "3004/1", "as flow.import"},
	"workflows.user.table.schema.import": {"3004/3", "3004/1", "Okta: 'the table that was created from that schema'"},
	"webhook.modify":                     {"3004/99", "3004/3", "to modify is to update"},

	"app.office365.provisioning_app.create":            {"6003/99", "6003/1", "Okta: 'creates a dedicated Microsoft Entra ID app'"},
	"app.office365.provisioning_app_credential.rotate": {"6003/99", "6003/3", "Okta: 'rotates the client secret'"},
	"device.token.enrollment.create": {"3001/10", "3001/99",
		"Okta: a 'token which allows a user to enroll a new Okta Verify client': no factor is enrolled yet"},
}

// finerKinds are the kinds of things that the reference mapping calls by a more general name, which would not be so
// where an event names no target: "Create Organization" for a group of orgs.
var finerKinds = map[string]string{
	"AI Agent Provider": "Application", "API Resource": "Application", "Campaign Item": "Governance Object",
	"Consent": "Organization", "Product": "Organization",
	"Device Setting": "Device", "Org Group": "Organization", "Policy Rule": "Policy", "Resource Set": "Role",
	"Template Condition": "Okta Setting",
}

// parts are patterns of event types that are about a part of a thing, or about something that is not in force. The
// reference mapping says what is done to the part as if it were done to the thing: that an app is deleted where a
// request for a certificate is. The row's own Why says which part; ByVerb leaves the verb to the part itself.
var parts = map[string]int{
	"account.aerial_template_condition.apply":    other,
	"account.aerial_template_condition.remove":   other,
	"account.org.add":                            entityUpdate,
	"account.org_group.org.*":                    entityUpdate,
	"app.app_instance.csr.*":                     entityUpdate,
	"app.cross_app_access.connection.*":          ByVerb,
	"app.interclient_mapping.*":                  ByVerb,
	"app.oauth2.*credentials.*":                  ByVerb,
	"app.oauth2.trusted_server.*":                entityUpdate,
	"application.account.*":                      ByVerb,
	"application.account.detect":                 entityCreate,
	"application.configuration.disable_*":        entityUpdate,
	"application.configuration.enable_*":         entityUpdate,
	"device.desktop_mfa.recovery_pin.*":          entityUpdate,
	"device.platform_sso.keys.*":                 entityUpdate,
	"network_zone.rule.*":                        entityUpdate,
	"oauth2.claim.*":                             ByVerb,
	"oauth2.scope.*":                             ByVerb,
	"pam.offline_*_event":                        entityUpdate,
	"pki.cert.bind":                              entityUpdate,
	"policy.mapping.*":                           entityUpdate,
	"resource.collection.assign":                 entityUpdate,
	"resource.collection.unassign":               entityUpdate,
	"resource.governance*engine.*":               entityUpdate,
	"security.device.*_blacklist*":               entityUpdate,
	"self_service.disabled":                      entityUpdate,
	"self_service.enabled":                       entityUpdate,
	"system.hook.key.*":                          ByVerb,
	"system.idp.key.*":                           ByVerb,
	"system.org.captcha.*":                       ByVerb,
	"system.org.task.*":                          ByVerb,
	"workflows.user.flow.execution_history.*":    entityUpdate,
	"workflows.user.flow.execution_log_stream.*": entityUpdate,
	"workflows.user.truststore.create":           entityUpdate,
	"workflows.user.truststore.delete":           entityUpdate,
	"workload_principal.*connection.*":           ByVerb,
	"workload_principal.*credential.*":           ByVerb,
	"workload_principal.delegation_link.*":       ByVerb,
}

// root returns the module's directory, found from the test's working directory.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the working directory")
	return ""
}

// reference returns the path of a file of the reference data next to the
// module, "" when it is not there.
func reference(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(root(t)), "shared", name)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// readCSV returns the rows of a CSV file as maps from column name to value.
func readCSV(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("read %s: %d lines, %v", path, len(lines), err)
	}
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// pair writes a class and an activity as "3004/3".
func pair(d Decision) string { return fmt.Sprintf("%d/%d", d.Class.UID, d.Activity) }

func TestReferenceMapping(t *testing.T) {
	path := reference(t, "catalogue/ocsf-mapping.csv")
	if path == "" {
		t.Skip("no reference mapping: ../shared/catalogue/ocsf-mapping.csv is missing next to the module")
	}
	unseen := map[string]bool{}
	for eventType, diff := range differences {
		unseen[eventType] = true
		if diff.why == "" || diff.proposed == diff.decided {
			t.Errorf("%s: not a difference with a reason: %+v", eventType, diff)
		}
	}
	for pattern := range parts {
		unseen[pattern] = true
	}
	for _, row := range readCSV(t, path) {
		eventType := row["event_type"]
		if !catalogue.Known(eventType) {
			t.Errorf("%s is not in the catalogue", eventType)
		}
		d := compiled().Decide(eventType)
		proposed := row["class_uid"] + "/" + row["activity_id"]
		if activity, ok := parts[d.Pattern]; ok {
			delete(unseen, d.Pattern)
			if d.Class.UID != entityMgmt || d.Rule.Activity != activity || activity == ByVerb && pair(d) != proposed &&
				differences[eventType].decided != pair(d) {
				t.Errorf("%s: decided %s by %q, proposed %s", eventType, pair(d), d.Pattern, proposed)
			}
			delete(unseen, eventType)
			continue
		}
		if diff, ok := differences[eventType]; ok {
			delete(unseen, eventType)
			if proposed != diff.proposed || pair(d) != diff.decided {
				t.Errorf("%s: proposed %s, decided %s by %q; the difference on record is %s to %s",
					eventType, proposed, pair(d), d.Pattern, diff.proposed, diff.decided)
			}
		} else if pair(d) != proposed {
			t.Errorf("%s: proposed %s, decided %s by %q", eventType, proposed, pair(d), d.Pattern)
		}
		if row["class_uid"] == "3004" && d.Class.UID == entityMgmt && finerKinds[d.EntityType] != row["entity_type"] &&
			(d.EntityType != row["entity_type"] || strconv.Itoa(d.EntityTypeID) != row["entity_type_id"]) {
			t.Errorf("%s: proposed entity %s %s, decided %s %d by %q", eventType,
				row["entity_type"], row["entity_type_id"], d.EntityType, d.EntityTypeID, d.Pattern)
		}
	}
	for eventType := range unseen {
		t.Errorf("%s: a difference on record, but no type of the reference mapping has it", eventType)
	}
}

func TestGolden(t *testing.T) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"event_type", "class_uid", "activity_id", "pattern"})
	for _, eventType := range catalogue.All() {
		d := compiled().Decide(eventType)
		w.Write([]string{eventType, strconv.Itoa(d.Class.UID), strconv.Itoa(d.Activity), d.Pattern})
	}
	w.Flush()
	path := filepath.Join(root(t), "testdata", "classify", "event-types.csv")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	want, got := strings.Split(string(golden), "\n"), strings.Split(b.String(), "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("not in %s: %s", path, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("no longer decided: %s", line)
		}
	}
}

// TestMarks pins what the type alone settles beyond class and activity.
func TestMarks(t *testing.T) {
	policy := thing("Policy", 5)
	for eventType, want := range map[string]struct {
		pair string
		Marks
	}{
		"app.generic.unauth_app_access_attempt":              {"3002/1", Marks{Status: 2, Disposition: 26}},
		"application.policy.sign_on.deny_access":             {"3002/1", Marks{Status: 2, Disposition: 2}},
		"app.oauth2.as.authorize.scope_denied":               {"3002/1", Marks{Status: 2, Protocol: 6}},
		"app.oauth2.invalid_client_credentials":              {"3002/1", Marks{Status: 2, Protocol: 6}},
		"app.kerberos_rich_client.account_not_found":         {"3002/1", Marks{Status: 2, Protocol: 2}},
		"user.mfa.okta_verify.deny_push":                     {"3002/6", Marks{Status: 2, Disposition: 25, MFA: true}},
		"user.risk.change":                                   {"2004/2", Marks{Finding: UserRisk}},
		"security.attack.end":                                {"2004/3", Marks{Finding: OrgAttack}},
		"user.session.impersonation.initiate":                {"3002/7", Marks{AccountSwitch: 2}},
		"user.session.impersonation.grant":                   {"3005/1", Marks{Privilege: "impersonation"}},
		"user.session.impersonation.revoke":                  {"3005/2", Marks{Privilege: "impersonation"}},
		"user.authentication.auth_via_mfa":                   {"3002/1", Marks{MFA: true}},
		"user.authentication.auth_via_inbound_SAML":          {"3002/1", Marks{Protocol: 5}},
		"user.authentication.auth_via_radius":                {"3002/1", Marks{Protocol: 10}},
		"user.authentication.sso":                            {"3002/1", Marks{}},
		"user.mfa.factor.deactivate":                         {"3001/11", Marks{MFA: true}},
		"user.mfa.factor.reset_all":                          {"3001/11", Marks{MFA: true}},
		"user.account.unlock_failure":                        {"3001/12", Marks{Status: 2}},
		"app.ldap.password.change.failed":                    {"3001/3", Marks{Status: 2}},
		"security.request.blocked":                           {"2004/1", Marks{Disposition: 2}},
		"security.threat.detected":                           {"2004/1", Marks{}},
		"application.provision.group_membership.add":         {"3006/3", Marks{Status: 2}},
		"group.user_membership.add":                          {"3006/3", Marks{}},
		"core.concurrency.org.limit.violation":               {"6003/99", Marks{Status: 2}},
		"system.org.rate_limit.violation":                    {"6003/99", Marks{Status: 2}},
		"system.org.rate_limit.warning":                      {"6003/99", Marks{}},
		"application.integration.rate_limit_exceeded":        {"6003/99", Marks{Status: 2}},
		"system.api_token.request_outside_allowed_range":     {"6003/99", Marks{Status: 2, Disposition: 2}},
		"policy.lifecycle.update":                            {"3004/3", policy},
		"application.policy.sign_on.rule.delete":             {"3004/4", thing("Policy Rule", 99)},
		"zone.deactivate":                                    {"3004/11", thing("Network Zone", 7)},
		"app.oauth2.token.grant":                             {"6003/1", Marks{}},
		"user.account.report_suspicious_activity_by_enduser": {"2004/1", Marks{}},
	} {
		if d := compiled().Decide(eventType); pair(d) != want.pair || d.Marks != want.Marks {
			t.Errorf("%s: %s %+v by %q, want %s %+v", eventType, pair(d), d.Marks, d.Pattern, want.pair, want.Marks)
		}
	}
}

// TestActivityName holds OCSF's rule that the caption of 99 is the source's own word.
func TestActivityName(t *testing.T) {
	for eventType, want := range map[string]string{
		"user.lifecycle.suspend":        "Disable",
		"user.account.update_profile":   "user.account.update_profile",
		"no.such.family":                "no.such.family",
		"":                              "Other",
		"pam.project.add_group":         "Assign Privileges",
		"policy.brand_new.thing.create": "Create",
	} {
		if got := compiled().Decide(eventType).ActivityName; got != want {
			t.Errorf("%q: activity name %q, want %q", eventType, got, want)
		}
	}
}

func ExampleClassifier_Decide() {
	c := New(V1_8())
	for _, eventType := range []string{"user.session.start", "policy.brand_new.rule.create", "galaxy.star.create"} {
		d := c.Decide(eventType)
		fmt.Printf("%d %s / %s, because %s\n", d.Class.UID, d.Class.Name, d.ActivityName, d.Rule.Why)
	}
	// Output:
	// 3002 Authentication / Logon, because a user signed in to Okta
	// 3004 Entity Management / Create, because a rule of a policy
	// 0 Base Event / galaxy.star.create, because a first word that Okta had not used when this table was written
}
