package queries

import (
	"fmt"
	"strings"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// Detection is what a query has that is run every day or week: a row that it finds may be an attack.
type Detection struct {
	Tactic     string   // of MITRE ATT&CK
	Techniques []string // their ids; the first is what the query is about
	// Days is the range to run the query over, with the thresholds that it has.
	Days     int
	Harmless string // a harmless cause of a row, one line
	// Alarm: one event is enough, so that a metric filter can find it and an alarm can fire.
	Alarm bool
}

// alarmed returns the detections that need no count, and are rare enough for an alarm.
func alarmed() []string {
	return []string{
		"admin-privilege-granted-to-client", "admin-role-assigned", "api-token-created", "directory-agent-changed",
		"fastpass-phishing", "identity-provider-changed", "impersonation-session", "log-stream-changed",
		"mfa-bypass-attempt", "mfa-factor-disabled-for-all", "network-zone-changed", "okta-support-access",
		"scim-password-push", "super-admin-granted", "threat-insight-changed", "user-reported-suspicious-activity",
	}
}

// maxPatternLength is what a metric filter takes (PutMetricFilter, Amazon CloudWatch Logs API Reference, 2026-11).
const maxPatternLength = 1024

// FilterPattern returns the metric filter pattern that matches the events of a detection with an alarm, in records of
// the shape.
func (q Query) FilterPattern(s Shape) (string, error) {
	parsed, err := insights.Parse(q.Text(s))
	if err != nil {
		return "", fmt.Errorf("reading the query %s for %s: %w", q.Name, s, err)
	}
	pattern, err := parsed.FilterPattern()
	if err != nil {
		return "", fmt.Errorf("making a metric filter of the query %s for %s: %w", q.Name, s, err)
	}
	return pattern, nil
}

// Tactics of MITRE ATT&CK for Enterprise, version 19 (2026-04-14; attack.mitre.org, read 2026-11).
const (
	initialAccess       = "Initial Access"
	credentialAccess    = "Credential Access"
	persistence         = "Persistence"
	privilegeEscalation = "Privilege Escalation"
	defenseImpairment   = "Defense Impairment"
	discovery           = "Discovery"
	lateralMovement     = "Lateral Movement"
	commandAndControl   = "Command and Control"
	impact              = "Impact"
)

// techniqueNames are the techniques that the detections name, as that version names them.
func techniqueNames() map[string]string {
	return map[string]string{
		"T1078.004": "Valid Accounts: Cloud Accounts",
		"T1087.004": "Account Discovery: Cloud Account",
		"T1090":     "Proxy",
		"T1098":     "Account Manipulation",
		"T1098.001": "Account Manipulation: Additional Cloud Credentials",
		"T1098.003": "Account Manipulation: Additional Cloud Roles",
		"T1098.005": "Account Manipulation: Device Registration",
		"T1110.001": "Brute Force: Password Guessing",
		"T1110.003": "Brute Force: Password Spraying",
		"T1110.004": "Brute Force: Credential Stuffing",
		"T1111":     "Multi-Factor Authentication Interception",
		"T1199":     "Trusted Relationship",
		"T1484.002": "Domain or Tenant Policy Modification: Trust Modification",
		"T1528":     "Steal Application Access Token",
		"T1531":     "Account Access Removal",
		"T1538":     "Cloud Service Dashboard",
		"T1539":     "Steal Web Session Cookie",
		"T1550.001": "Use Alternate Authentication Material: Application Access Token",
		"T1550.004": "Use Alternate Authentication Material: Web Session Cookie",
		"T1555.006": "Credentials from Password Stores: Cloud Secrets Management Stores",
		"T1556":     "Modify Authentication Process",
		"T1556.006": "Modify Authentication Process: Multi-Factor Authentication",
		"T1556.007": "Modify Authentication Process: Hybrid Identity",
		"T1556.009": "Modify Authentication Process: Conditional Access Policies",
		"T1557":     "Adversary-in-the-Middle",
		"T1566.002": "Phishing: Spearphishing Link",
		"T1621":     "Multi-Factor Authentication Request Generation",
		"T1685":     "Disable or Modify Tools",
		"T1685.002": "Disable or Modify Tools: Disable or Modify Cloud Log",
		"T1686.001": "Disable or Modify System Firewall: Cloud Firewall",
	}
}

// comment is what the detection adds to the comments of its query.
func (d Detection) comment() []string {
	return []string{
		fmt.Sprintf("Range: the last %s. MITRE ATT&CK: %s.", days(d.Days), strings.Join(d.named(), "; ")),
		"Harmless: " + d.Harmless,
	}
}

// named are the techniques with their names.
func (d Detection) named() []string {
	var all []string
	for _, id := range d.Techniques {
		all = append(all, id+" "+techniqueNames()[id])
	}
	return all
}

func days(n int) string {
	if n == 1 {
		return "24 hours"
	}
	return fmt.Sprint(n, " days")
}

// detections are the queries that are detections, by name. Which they are: what public rules for Okta (Sigma, Elastic,
// Splunk, Panther, Okta's own, Microsoft Sentinel, Datadog) name most, and what is known of attacks on Okta orgs since
// 2022: pushes until one is accepted, help desks that reset factors, stolen session cookies, Okta Support's files, an
// attacker's own identity provider.
func detections() map[string]Detection {
	const day, week = 1, 7
	at := func(days int, tactic, harmless string, techniques ...string) Detection {
		return Detection{Tactic: tactic, Techniques: techniques, Days: days, Harmless: harmless}
	}
	return map[string]Detection{
		"password-spray": at(day, credentialAccess,
			"an office or a VPN behind one address, on the day after many passwords expired.", "T1110.003"),
		"brute-force": at(day, credentialAccess,
			"a phone or a mail client that still sends the old password.", "T1110.001"),
		"sign-in-through-anonymiser": at(week, commandAndControl,
			"a user with a private VPN, or a company proxy that Okta counts as one.", "T1090", "T1078.004"),
		"mfa-fatigue": at(day, credentialAccess,
			"a user whose phone was in another room, and who tried until they had it.", "T1621"),
		"mfa-factor-removed": at(week, defenseImpairment,
			"a new phone: the user or the help desk removes the old one, with a ticket.", "T1556.006"),
		"mfa-factor-disabled-for-all": at(week, defenseImpairment,
			"a planned change of authenticators, such as the end of SMS.", "T1556.006"),
		"session-moved": at(day, credentialAccess,
			"a laptop that went from the office to home and updated its browser meanwhile.", "T1539", "T1550.004"),
		"sign-in-from-two-countries": at(week, initialAccess,
			"a VPN that is switched on, a phone that roams, or a user at a border.", "T1078.004"),
		"device-of-many-users": at(day, credentialAccess,
			"a shared computer: a kiosk, a classroom, a hospital ward.", "T1110.004"),
		"api-token-from-two-networks": at(week, lateralMovement,
			"a program that moved to another cloud region, or an admin who tries its token from a laptop.", "T1550.001"),
		"fastpass-phishing": at(week, initialAccess,
			"a proxy of yours that rewrites addresses, or a test of your own.", "T1566.002", "T1557"),
		"mfa-bypass-attempt": at(week, credentialAccess,
			"an old client or script that skips a step of the sign-in.", "T1111"),
		"mass-lockout": at(week, credentialAccess,
			"a directory whose passwords all expired at once, or a program with an old password.", "T1110.003"),
		"factor-reset-then-enrolled": at(day, persistence,
			"a new phone: the help desk resets, the user enrols the same day.", "T1098.005", "T1556.006"),
		"mass-reset": at(week, persistence,
			"a help desk after an incident, or the start of a term.", "T1098"),
		"mass-deactivation": at(week, impact,
			"an import that removes leavers, or the end of a project.", "T1531"),
		"bulk-export": at(week, discovery,
			"an audit or a certification, for which an admin downloads many reports.", "T1087.004"),
		"admin-privilege-granted": at(week, privilegeEscalation,
			"a new admin, with a ticket.", "T1098.003"),
		"super-admin-granted": at(week, privilegeEscalation,
			"a new member of the identity team, confirmed by another.", "T1098.003"),
		"admin-role-assigned": at(week, privilegeEscalation,
			"a new help desk member with a role over one department.", "T1098.003"),
		"admin-privilege-granted-to-client": at(week, privilegeEscalation,
			"a new integration, such as a provisioning tool.", "T1098.003", "T1098.001"),
		"admin-console-weak-factor": at(week, initialAccess,
			"an admin who lost the security key and used a permitted fallback.", "T1078.004"),
		"admin-console-new-device": at(week, discovery,
			"an admin's new laptop on its first day.", "T1538", "T1078.004"),
		"api-token-created": at(week, persistence,
			"an admin who sets up or renews an integration.", "T1098.001"),
		"secret-read": at(week, credentialAccess,
			"an admin who configures an app.", "T1555.006"),
		"policy-changed": at(week, defenseImpairment,
			"a planned change of policy.", "T1556.009"),
		"network-zone-changed": at(week, defenseImpairment,
			"a new office or a new VPN address.", "T1686.001"),
		"identity-provider-changed": at(week, privilegeEscalation,
			"a new partner, or a certificate that is renewed.", "T1484.002", "T1556.007"),
		"log-stream-changed": at(week, defenseImpairment,
			"a deployment of this stack, or Okta itself after failed deliveries.", "T1685.002"),
		"scim-password-push": at(week, credentialAccess,
			"an app of yours that has no single sign-on and needs the password.", "T1556"),
		"org-to-org-app-changed": at(week, privilegeEscalation,
			"a merger or a second org of your own.", "T1484.002", "T1199"),
		"directory-agent-changed": at(week, credentialAccess,
			"an upgrade or a new server of the directory team.", "T1556.007"),
		"oauth-consent-granted": at(week, credentialAccess,
			"a new integration from the catalogue, added by the app's owner.", "T1528", "T1098.001"),
		"threat-insight-changed": at(week, defenseImpairment,
			"one of your addresses that is added to ThreatInsight's exempt list.", "T1685"),
		"app-assignment-spree": at(week, persistence,
			"a new hire, or a new role with many apps.", "T1098"),
		"app-access-spree": at(week, discovery,
			"a user on Monday morning, or a browser that opens all its tabs again.", "T1538"),
		"impersonation-session": at(week, initialAccess,
			"Okta Support working on one of your cases.", "T1199"),
		"okta-support-access": at(week, initialAccess,
			"an admin who opened the org for a support case.", "T1199"),
		"user-reported-suspicious-activity": at(week, initialAccess,
			"a user who did not know the address of their own phone's network.", "T1078.004"),
		"threat-and-risk-detections": at(week, initialAccess,
			"travel and new devices also raise the risk of legitimate users.", "T1078.004", "T1110.003"),
	}
}
