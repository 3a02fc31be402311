package queries

// configuration are about changes to what protects the org.
func configuration() []Query {
	return []Query{
		{
			Name:     "policy-changed",
			Question: "Which policies and rules were changed, switched off or deleted, and by whom?",
			Look: "The record shows what it was before (changeDetails). A deactivated rule protects nothing: activate it " +
				"again until you know why.",
			body: "filter {event} in [" + types("policy.lifecycle", "create", "update", "overwrite", "activate",
				"deactivate", "delete") +
				", " + types("policy.rule", "add", "update", "activate", "deactivate", "delete", "invalidate") +
				", " + types("application.policy.sign_on", "update", "rule.create", "rule.delete") +
				`] and {outcome} = "SUCCESS"{itsRule}{itsPolicy}` +
				list("eventId", "{policy} as policyName", "ruleName"),
			// The entity is the rule, with its policy in it. Of a rule of an app's the app is unmapped.
			ocsf: words{
				"itsRule": "\n| parse @message " +
					"/\"entity\":\\{[^{}]*?\"name\":\"(?<ruleName>[^\"]*)\",\"type_id\":99,\"type\":\"(?:Policy)?Rule\"/",
				"itsPolicy": oktaThing("AppInstance", "appName"),
				"policy":    "coalesce(entity.policy.name, appName, entity.name)",
			},
			okta: words{"itsRule": oktaThing("PolicyRule|Rule", "ruleName"),
				"itsPolicy": oktaThing("PolicyEntity|AppInstance", "named"), "policy": "named"},
		},
		thing(
			"network-zone-changed",
			"Which network zones were changed, and by whom?",
			"An address added to a trusted zone may skip second factors, one taken off a blocklist may come back.",
			types("zone", "create", "update", "activate", "deactivate", "delete", "make_blacklist",
				"remove_blacklist")+`, "network_zone.rule.disabled"`,
			"NetworkZone",
		),
		thing(
			"identity-provider-changed",
			"Who created, changed, activated or deactivated an identity provider?",
			"A new provider can sign in as any user that it names: deactivate it until you know why it was added, then run "+
				"everything-a-user-did for who.",
			types("system.idp", "lifecycle.create", "lifecycle.update", "lifecycle.activate", "lifecycle.deactivate",
				"lifecycle.delete", "key.create", "key.update", "key.delete"),
			"IdentityProvider",
		),
		thing(
			"log-stream-changed",
			"Who created, changed, activated, deactivated or deleted a log stream?",
			"After a deactivation no events arrive here. who = system@okta.com means that deliveries failed: activate the "+
				"stream in Okta, then send what was missed with oktastream reconcile.",
			types("system.log_stream.lifecycle", "create", "update", "activate", "deactivate", "delete"),
			"LogStream",
		),
	}
}

// apps are about applications.
func apps() []Query {
	return []Query{
		{
			Name:     "app-assignment-spree",
			Question: "Who was assigned five apps or more within an hour?",
			Look: "A new hire's group explains it; otherwise see who assigned them, and what the user opened with " +
				"app-access-spree.",
			body: `filter {event} = "application.user_membership.add" and {outcome} = "SUCCESS"{given}
| fields {login} as toLogin, {actor} as who
| stats count_distinct(given.{appID}) as apps, count_distinct(who) as assigners, min(@timestamp) as firstSeen,
    max(@timestamp) as lastSeen by toLogin, bin(1h) as hour
| filter apps >= 5
| sort apps desc
| limit 1000`,
			ocsf: words{"given": `
| fields jsonParse(@message) as record
| unnest record.resources into given
| filter given.type = "AppInstance"`, "login": "user.name", "appID": "uid"},
			okta: words{"given": oktaTarget("whom", `"User"`) + `
| unnest record.$.target into given
| filter given.type = "AppInstance"`, "login": "whom.alternateId", "appID": "id"},
		},
		{
			Name:     "app-access-spree",
			Question: "Who opened ten apps or more within an hour?",
			Look: "An attacker tries many apps: compare address and device with the user's usual ones in " +
				"everything-a-user-did.",
			body: `filter {event} = "user.authentication.sso" and {outcome} = "SUCCESS"{opened}
| fields {actor} as who, {ip} as fromIP
| stats count_distinct({appID}) as apps, count_distinct(fromIP) as addresses, min(@timestamp) as firstSeen,
    max(@timestamp) as lastSeen by who, bin(1h) as hour
| filter apps >= 10
| sort apps desc
| limit 1000`,
			ocsf: words{"opened": "", "appID": "service.uid"},
			okta: words{"opened": oktaTarget("opened", `"AppInstance"`), "appID": "opened.id"},
		},
	}
}

// findings are about what Okta or its users reported as suspicious.
func findings() []Query {
	return []Query{
		{
			Name:     "user-reported-suspicious-activity",
			Question: "Which users reported to Okta activity that was not theirs?",
			Look:     "Believe them: the address they saw is suspectIP. Run everything-about-an-address with it.",
			body: `filter {event} = "user.account.report_suspicious_activity_by_enduser"` +
				list("eventId", "{data}.suspiciousActivityEventType as suspectEvent",
					"{data}.suspiciousActivityEventIp as suspectIP",
					"{data}.suspiciousActivityEventCountry as suspectCountry", "{data}.suspiciousActivityTimestamp as suspectTime"),
		},
		{
			Name:     "threat-and-risk-detections",
			Question: "What did Okta itself detect: threats, risks, attacks, stolen passwords, tokens or sessions?",
			Look: "aboutLogin, else who, is the victim or the address. Okta may have blocked it (result DENY): look for " +
				"what it let through with everything-about-an-address.",
			body: "filter {event} in [" + types("security", "threat.detected", "attack.start", "attack.detect",
				"password_spray.detected", "breached_credential.detected", "session.detect_client_roaming",
				"request.blocked") +
				", " + types("user.risk", "detect", "change") +
				", " + types("app.oauth2", "token.detect_reuse", "as.token.detect_reuse") + `]{about}` +
				list("eventId", "{whom} as aboutLogin", "{severity} as level", "{riskLevel} as risk", "{said} as said",
					"{reason} as why"),
			ocsf: words{"about": "", "whom": "evidences.0.user.name", "riskLevel": "risk_level"},
			okta: words{
				// The actor is of type User too: the targets begin behind their name.
				"about": `
| parse @message /"target":\[.*?"type":"User","alternateId":"(?<named>[^"]*)"/` + oktaActorAddress,
				"ip":   oktaAnyAddress,
				"whom": "named", "riskLevel": "$.securityContext.risk.level"},
		},
	}
}
