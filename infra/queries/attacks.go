package queries

// realSession leaves out what Okta writes where there is no session ("unknown"): ids of sessions are longer than that.
const realSession = "sessionId like /.{8}/"

// hour returns the end of a query that counts within each hour: by what, and from which number on.
func hour(by, counted string, least string) string {
	return ",\n    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by " + by + ", bin(1h) as hour" +
		"\n| filter " + counted + " >= " + least + "\n| sort " + counted + " desc\n| limit 1000"
}

// takeovers are about signs that somebody else uses an account.
func takeovers() []Query {
	return []Query{
		{
			Name:     "session-moved",
			Question: "Which sessions were used from two networks and with two browsers?",
			Look: "End the session in Okta first. Run everything-in-a-session with its sessionId, and ask the user about " +
				"the newer network.",
			body: `filter {event} in ["user.session.start", "user.authentication.sso", "user.session.access_admin_app",
    "policy.evaluate_sign_on"]
| fields {session} as sessionId, {actor} as who, {network} as networkName, {agent} as browser, {ip} as fromIP
| filter ` + realSession + `
| stats count_distinct(networkName) as networks, count_distinct(browser) as browsers,
    count_distinct(fromIP) as addresses,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by sessionId, who
| filter networks >= 2 and browsers >= 2
| sort networks desc
| limit 1000`,
		},
		{
			Name:     "sign-in-from-two-countries",
			Question: "Who signed in from two countries or more within an hour?",
			Look:     "Ask the user about a VPN or a phone abroad. If there is none, end the sessions and reset the password.",
			body: `filter {event} = "user.session.start" and {outcome} = "SUCCESS"
| fields {actor} as who, {country} as fromCountry, {ip} as fromIP
| filter who like /./ and fromCountry like /./
| stats count_distinct(fromCountry) as countries, count_distinct(fromIP) as addresses` + hour("who", "countries", "2"),
		},
		{
			Name:     "device-of-many-users",
			Question: "From which device did five users or more sign in?",
			Look:     "One browser with many people's passwords: end those sessions, reset the passwords, block the address.",
			body: `filter {event} in ["user.session.start", "user.authentication.auth_via_mfa"] and {outcome} = "SUCCESS"
| fields {data}.dtHash as deviceToken, {actor} as who, {ip} as fromIP
| filter deviceToken like /./
| stats count_distinct(who) as users, count_distinct(fromIP) as addresses,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by deviceToken
| filter users >= 5
| sort users desc
| limit 1000`,
		},
		{
			Name:     "api-token-from-two-networks",
			Question: "Which API tokens were used from two networks or more?",
			Look:     "A token belongs to one program in one place. Revoke it, then read what it did in api-token-used.",
			body: `fields {token} as tokenId, {actor} as who, {network} as networkName, {ip} as fromIP
| filter tokenId like /./
| stats count_distinct(networkName) as networks, count_distinct(fromIP) as addresses, count_distinct({uuid}) as events,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by tokenId, who
| filter networks >= 2
| sort networks desc
| limit 1000`,
		},
		{
			Name:     "fastpass-phishing",
			Question: "Where did Okta FastPass decline a phishing attempt?",
			Look: "The user was on a phishing page, so somebody knows the password. Reset it, and look for other users " +
				"with the same fromIP.",
			body: `filter {event} = "user.authentication.auth_via_mfa" and {reason} like "FastPass declined phishing attempt"` +
				list("eventId", "{reason} as why", "{session} as sessionId"),
		},
		{
			Name:     "mfa-bypass-attempt",
			Question: "Who tried to bypass a second factor?",
			Look:     "The password was right. Reset it, and run everything-about-an-address with fromIP.",
			body: `filter {event} = "user.mfa.attempt_bypass"` +
				list("eventId", "{reason} as why", "{session} as sessionId"),
		},
		{
			Name:     "mass-lockout",
			Question: "In which hours were ten users or more locked out?",
			Look:     "Run password-spray for the same hour: the addresses that it names are the attacker's.",
			body: `filter {event} = "user.account.lock"{itsUser}
| fields {userLogin} as toLogin, {ip} as fromIP
| stats count_distinct(toLogin) as users, count_distinct(fromIP) as addresses,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by bin(1h) as hour
| filter users >= 10
| sort users desc
| limit 1000`,
		},
	}
}

// resets are about what a help desk does, and what an attacker makes it do.
func resets() []Query {
	return []Query{
		{
			Name:     "factor-reset-then-enrolled",
			Question: "Whose second factor was removed by one account and enrolled again by another?",
			Look: "Call the user on a known number. If the new factor is not theirs, remove it, end the sessions and ask " +
				"the help desk who called.",
			// As in mfa-fatigue: the first reset is the one longest ago.
			body: `filter {event} in ["user.mfa.factor.reset_all", "user.mfa.factor.deactivate",
    "user.mfa.factor.activate"] and {outcome} = "SUCCESS"{itsUser}
| fields {userLogin} as toLogin, {actor} as who, {ip} as fromIP, toMillis(@timestamp) as ms,
    concat({event}, " ", {uuid}) as line
| fields strcontains(line, ".activate ") as enrolled
| parse line /factor\.(?:reset_all|deactivate) (?<removal>.+)$/
| parse line /factor\.activate (?<enrolment>.+)$/
| stats count_distinct(removal) as removals, count_distinct(enrolment) as enrolments, count_distinct(who) as actors,
    count_distinct(fromIP) as addresses,
    max(enrolled * ms) as enrolling, max((1 - enrolled) * (now() * 1000 - ms)) as sinceFirstRemoval by toLogin
| filter actors >= 2 and enrolling > now() * 1000 - sinceFirstRemoval
| fields fromMillis(enrolling) as lastEnrolled
| display toLogin, removals, enrolments, actors, addresses, lastEnrolled
| sort lastEnrolled desc
| limit 1000`,
		},
		{
			Name:     "mass-reset",
			Question: "Who reset the passwords or factors of five users or more within an hour?",
			Look: "Is who a help desk account, and is there a ticket for each reset? If not, suspend who and end its " +
				"sessions.",
			body: `filter {event} in ["user.account.reset_password",
    "user.mfa.factor.reset_all"] and {outcome} = "SUCCESS"{itsUser}
| fields {userLogin} as toLogin, {actor} as who, {ip} as fromIP
| stats count_distinct(toLogin) as users, count_distinct(fromIP) as addresses` + hour("who", "users", "5"),
		},
		{
			Name:     "mass-deactivation",
			Question: "Who deactivated, suspended or deleted ten users or more within an hour?",
			Look:     "Unless an import or a leavers' list explains it, suspend who; deactivated users can be activated again.",
			body: `filter {event} in ["user.lifecycle.deactivate", "user.lifecycle.suspend",
    "user.lifecycle.delete.initiated"] and {outcome} = "SUCCESS"{itsUser}
| fields {userLogin} as toLogin, {actor} as who, {ip} as fromIP
| stats count_distinct(toLogin) as users, count_distinct(fromIP) as addresses` + hour("who", "users", "10"),
		},
		{
			Name:     "bulk-export",
			Question: "Who downloaded three exports or more within an hour?",
			Look: "Exports list users, apps and devices. Ask the user in who for the reason; everything-a-user-did shows " +
				"what came before.",
			body: `filter {event} in ["analytics.reports.export.download", "workflows.user.table.export",
    "workflows.user.flow.export", "workflows.user.folder.export"] and {outcome} = "SUCCESS"
| fields {actor} as who, {ip} as fromIP
| stats count_distinct({uuid}) as exports, count_distinct(fromIP) as addresses` + hour("who", "exports", "3"),
		},
	}
}

// console are about the Okta Admin Console.
func console() []Query {
	const name = "Okta Admin Console"
	return []Query{
		{
			Name:     "admin-console-weak-factor",
			Question: "Who opened the Admin Console in a session whose only second factor can be phished?",
			Look: "Require a phishing-resistant factor for the Admin Console in its policy; run everything-in-a-session " +
				"with its sessionId.",
			body: `filter {event} in ["user.session.access_admin_app",
    "user.authentication.auth_via_mfa"] and {outcome} = "SUCCESS"
| fields {session} as sessionId, {actor} as who, {ip} as fromIP,
    concat({event}, " ", coalesce({data}.factor, "none")) as line
| filter ` + realSession + `
| parse line /(?<opening>access_admin_app)/
| parse line /auth_via_mfa (?<weak>SMS_FACTOR|CALL_FACTOR|EMAIL_FACTOR|SECURITY_QUESTION)/
| parse line /auth_via_mfa (?<strong>FIDO_WEBAUTHN|FIDO2_WEBAUTHN|SIGNED_NONCE|SMART_CARD|OKTA_VERIFY_PUSH)/
| stats count_distinct(opening) as opened, count_distinct(weak) as weakFactors,
    count_distinct(strong) as strongFactors, count_distinct(fromIP) as addresses,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by sessionId, who
| filter opened >= 1 and weakFactors >= 1 and strongFactors < 1
| sort lastSeen desc
| limit 1000`,
		},
		{
			Name:     "admin-console-new-device",
			Question: "Who opened the Admin Console on a new device and from a new address?",
			Look: "Ask the admin. If it was not them, end the sessions, and run everything-a-user-did for what who has " +
				"done since.",
			body: `filter {event} = "policy.evaluate_sign_on" and {outcome} in ["ALLOW", "CHALLENGE"]{opened}
| filter {app} like /^` + name + `$/ and {newDevice} and {newIP}` +
				list("eventId", "{network} as networkName", "{session} as sessionId"),
			ocsf: words{"opened": "", "app": "service.name",
				"newDevice": behaviour("New Device"), "newIP": behaviour("New IP")},
			okta: words{"opened": oktaTarget("opened", `"AppInstance"`), "app": "opened.displayName",
				"newDevice": "{data}.behaviors like /New Device=POSITIVE/",
				"newIP":     "{data}.behaviors like /New IP=POSITIVE/"},
		},
	}
}

// behaviour is true in OCSF where Okta found the behaviour. Its name has a space, so it needs backticks.
func behaviour(name string) string {
	return "`unmapped.debugContext.debugData.behaviors." + name + "` like /^POSITIVE$/"
}

// trust are about changes to whom and what the org trusts.
func trust() []Query {
	return []Query{
		{
			Name:     "scim-password-push",
			Question: "Which app was set to receive users' passwords?",
			Look: "Passwords leave Okta in clear text, over SCIM. Is the app's server yours? If not, switch the setting " +
				"off and reset the passwords of its users.",
			body: `filter {event} = "application.lifecycle.update" and {reason} like "Pushing user passwords"{itsThing}` +
				list("eventId", "{thing} as appName", "{reason} as why"),
			okta: oktaNamed("AppInstance"),
		},
		{
			Name:     "org-to-org-app-changed",
			Question: "Who added or changed an Org2Org app, by which another Okta org signs users in here?",
			Look: "Is the other org yours? An attacker's org can sign in as any user of this one: deactivate the app " +
				"until you know.",
			body: `filter {event} in ["application.lifecycle.create", "application.lifecycle.update",
    "application.lifecycle.activate"] and {outcome} = "SUCCESS"{itsThing}
| filter {thing} like /Org2Org/` + list("eventId", "{thing} as appName"),
			okta: oktaNamed("AppInstance"),
		},
		{
			Name:     "directory-agent-changed",
			Question: "Who added, changed or removed an Active Directory or LDAP agent?",
			Look: "A malicious agent sees every password of its directory. Is it on one of your servers? Deactivate it in " +
				"Dashboard, Agents, until you know.",
			body: "filter {event} in [" + types("system.agent.ad", "create", "config_change_detected", "deactivate", "delete",
				"reactivate", "invoke-powershell") + `, "system.agent.ldap.config_change_detected",
    "system.agent.register"]` + oktaThing("Agent", "agentName") + list("eventId", "agentName", "{said} as said"),
		},
		{
			Name:     "oauth-consent-granted",
			Question: "Who let an app or a service call Okta or read users' data?",
			Look:     "The record has the scopes. In Applications, revoke what nobody asked for; ask the user in who.",
			body: "filter {event} in [" + types("app.oauth2", "admin.consent.grant", "as.consent.grant", "consent.grant") +
				`, "integration.api_service.lifecycle.authorize"] and {outcome} = "SUCCESS"` +
				list("eventId", "{said} as said", "{agent} as browser"),
		},
		{
			Name:     "threat-insight-changed",
			Question: "Who changed ThreatInsight, which blocks known attackers' addresses?",
			Look:     "Set it back to log and block in Security, General, and run policy-changed for what else who changed.",
			body: `filter {event} = "security.threat.configuration.update"` +
				list("eventId", "{said} as said", "{agent} as browser"),
		},
	}
}
