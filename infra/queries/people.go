package queries

// passwordEvents are the event types of somebody signing in with a password, at
// Okta or through a directory.
const passwordEvents = `"user.session.start", "user.authentication.auth_via_AD_agent",
    "user.authentication.auth_via_LDAP_agent", "user.authentication.auth_via_radius"`

// signIns are about signing in.
func signIns() []Query {
	return []Query{
		{
			Name:     "password-spray",
			Question: "Which addresses failed to sign in as ten users or more?",
			Look: "usersEntered above 0 means that a password worked: run everything-about-an-address, end those users' " +
				"sessions, block the address in a network zone.",
			body: "filter {event} in [" + passwordEvents + `] and {outcome} in ["SUCCESS", "FAILURE"]
| fields {ip} as fromIP, {actor} as who
| filter fromIP like /./ and who like /./
| fields concat({outcome}, " ", who) as line
| parse line /^FAILURE (?<failed>.+)$/
| parse line /^SUCCESS (?<entered>.+)$/
| stats count_distinct(failed) as usersFailed, count_distinct(entered) as usersEntered,
    count_distinct({uuid}) as attempts,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by fromIP
| filter usersFailed >= 10
| sort usersFailed desc
| limit 1000`,
		},
		{
			Name:     "brute-force",
			Question: "Which accounts failed to sign in ten times or more?",
			Look: "successes above 0 can mean a correct guess: compare the addresses in everything-a-user-did, then reset " +
				"the password.",
			body: "filter {event} in [" + passwordEvents + `] and {outcome} in ["SUCCESS", "FAILURE"]
| fields {ip} as fromIP, {actor} as who, concat({outcome}, " ", {uuid}) as line
| filter who like /./
| parse line /^FAILURE (?<failure>.+)$/
| parse line /^SUCCESS (?<success>.+)$/
| stats count_distinct(failure) as failures, count_distinct(success) as successes, count_distinct(fromIP) as addresses,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by who
| filter failures >= 10
| sort failures desc
| limit 1000`,
		},
		{
			Name:     "sign-in-through-anonymiser",
			Question: "Who signed in through a proxy, a VPN or Tor?",
			Look: "Ask the user about that service. If they do not use it, run everything-in-a-session with its sessionId " +
				"and end it.",
			body: `filter {event} in ["user.session.start", "user.authentication.sso",
    "user.session.access_admin_app"] and {outcome} = "SUCCESS"
| filter {anonymous}` + list("eventId", "{network} as networkName", "{session} as sessionId"),
			// Whether JSON's true is discovered as the word or as 1 is not documented.
			ocsf: words{"anonymous": "unmapped.securityContext.isProxy like /^(1|true)$/" +
				" or unmapped.securityContext.ipDetails.ipServiceCategories.0.isAnonymous like /^(1|true)$/" +
				" or unmapped.debugContext.debugData.tunnels.0.anonymous like /^(1|true)$/"},
			okta: words{"anonymous": "$.securityContext.isProxy like /^(1|true)$/" +
				" or $.securityContext.ipDetails.ipServiceCategories.0.isAnonymous like /^(1|true)$/" +
				` or $.debugContext.debugData.tunnels like /^\[\{[^}]*"anonymous":true/`},
		},
		{
			Name:     "country-new-for-user",
			Question: "Who signed in from more than one country, and when was the newest first seen?",
			Look: "Choose a range of weeks. If newestCountrySeen is today and firstSeen is long ago, ask the user and run " +
				"everything-a-user-did.",
			body: `filter {event} = "user.session.start" and {outcome} = "SUCCESS"
| fields {actor} as who, {country} as fromCountry
| filter who like /./ and fromCountry like /./
| stats min(@timestamp) as appeared, count_distinct({uuid}) as sessions by who, fromCountry
| stats count(*) as countries, min(appeared) as firstSeen, max(appeared) as newestCountrySeen,
    sum(sessions) as signIns by who
| filter countries >= 2
| sort newestCountrySeen desc
| limit 1000`,
		},
	}
}

// factors are about second factors.
func factors() []Query {
	const denials = `"user.mfa.okta_verify.deny_push", "user.mfa.okta_verify.deny_push_upgrade_needed"`
	return []Query{
		{
			Name:     "mfa-fatigue",
			Question: "Who refused or ignored five pushes or more, and then accepted one?",
			Look: "End the user's sessions first, then ask: run everything-a-user-did around lastAccepted. A push refused " +
				"by hand can count twice, because Okta logs the refusal and the failure.",
			// Each row that is left is either accepted or refused. The first refusal is
			// the one longest ago: a minimum would be 0 for every acceptance.
			body: "filter {event} in [" + denials + `, "user.authentication.auth_via_mfa"] and {outcome} in ["SUCCESS",
    "FAILURE", "DENY", "UNANSWERED", "ABANDONED"]
| filter {event} in [` + denials + `] or {push}
| fields {actor} as who, {ip} as fromIP, toMillis(@timestamp) as ms,
    concat({event}, " ", {outcome}, " ", {uuid}) as line
| fields strcontains(line, "auth_via_mfa SUCCESS") as accepted
| parse line /auth_via_mfa SUCCESS (?<acceptance>.+)$/
| parse line /(?:deny_push[a-z_]* [A-Z]+|auth_via_mfa (?:FAILURE|DENY|UNANSWERED|ABANDONED)) (?<refusal>.+)$/
| stats count_distinct(refusal) as refusals, count_distinct(acceptance) as acceptances,
    count_distinct(fromIP) as addresses,
    max(accepted * ms) as accepting, max((1 - accepted) * (now() * 1000 - ms)) as sinceFirstRefusal by who
| filter refusals >= 5 and acceptances >= 1 and accepting > now() * 1000 - sinceFirstRefusal
| fields fromMillis(accepting) as lastAccepted
| display who, refusals, acceptances, addresses, lastAccepted
| sort refusals desc
| limit 1000`,
			ocsf: words{"push": "auth_factors.0.factor_type_id = 5"},
			okta: words{"push": `$.debugContext.debugData.factor = "OKTA_VERIFY_PUSH"`},
		},
		{
			Name:     "mfa-factor-removed",
			Question: "Whose second factors were removed, reset or suspended, and by whom?",
			Look: "If who is not toLogin, it is an admin or the help desk: was there a ticket? Look for factor enrolments " +
				"and sign-ins of toLogin right after.",
			body: `filter {event} in ["user.mfa.factor.deactivate", "user.mfa.factor.reset_all", "user.mfa.factor.suspend",
    "credential.revoke"] and {outcome} = "SUCCESS"{itsUser}` +
				list("eventId, toLogin", "{userLogin} as toLogin", "{reason} as why"),
		},
		thing(
			"mfa-factor-disabled-for-all",
			"Who switched a kind of second factor on or off, or changed it, for the whole org?",
			"Was it planned? Activating a weak factor is as suspicious as deactivating a strong one.",
			types("system.mfa.factor", "activate", "deactivate")+", "+types("security.authenticator.lifecycle", "create",
				"activate", "deactivate", "update"),
			"Factor|Authenticator",
		),
	}
}
