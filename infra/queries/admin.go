package queries

// privileges are about admin rights.
func privileges() []Query {
	return []Query{
		grant("admin-privilege-granted", "Who made which user or group an admin?",
			"Check that who may do this, and that fromIP is one of your addresses. For a group, every member is now an "+
				"admin.", ""),
		grant("super-admin-granted", "Who made which user or group a super admin?",
			"Few people should be super admins. Revoke the role unless the admin and a ticket confirm it; then run "+
				"everything-a-user-did for who.",
			"\n| filter {data}.privilegeGranted like \"Super administrator\""+
				" or {data}.privilegeGranted like \"Super organization administrator\""),
		{
			Name:     "admin-role-assigned",
			Question: "Who gave whom an admin role over which resources?",
			Look: "Open the record for the resource set, and read the role's permissions in Okta: a custom role can be " +
				"worth as much as super admin.",
			body: `filter {event} = "iam.resourceset.bindings.add" and {outcome} = "SUCCESS"{whom}` +
				list("eventId, toID", "{granteeType} as toType", "{granteeName} as toName", "{granteeID} as toID",
					"{role} as role", "{set} as overResources"),
			ocsf: words{
				"whom": "\n| parse @message /\"name\":\"(?<resourceSet>[^\"]*)\",\"type\":\"RESOURCE_SET\"/" +
					oktaThing("RESOURCE_SET", "itsSet"), // a resource of Okta's user, unmapped beside OCSF's group
				"set":         "coalesce(resourceSet, itsSet)",
				"granteeType": "coalesce(group.type, user.type)",
				"granteeName": "coalesce(group.name, user.full_name)",
				"granteeID":   "coalesce(group.uid, user.uid)",
				"role":        "privileges.0",
			},
			okta: words{"whom": oktaThing("CUSTOM|ROLE", "roleName") + oktaThing("RESOURCE_SET", "resourceSet") +
				oktaTarget("whom", `"User", "UserGroup", "PublicClientAppEntity"`), "set": "resourceSet",
				"granteeType": "whom.type", "granteeName": "whom.displayName", "granteeID": "whom.id", "role": "roleName"},
		},
		{
			Name:     "admin-privilege-granted-to-client",
			Question: "Which API client was made an admin, and by whom?",
			Look:     "A client needs no second factor. Find out who holds its key, and deactivate the client until you know.",
			body: `filter {event} = "app.oauth2.client.privilege.grant" and {outcome} = "SUCCESS"{itsThing}` +
				list("eventId", "{thing} as toClient"),
			ocsf: words{"itsThing": "", "thing": "user.full_name"}, okta: oktaNamed("PublicClientAppEntity"),
		},
	}
}

// grant lists the admin privileges given to users and groups. Only is a filter, or "".
func grant(name, question, look, only string) Query {
	return Query{
		Name: name, Question: question, Look: look,
		body: `filter {event} in ["user.account.privilege.grant", "group.privilege.grant"] and {outcome} = "SUCCESS"` +
			only + "{whom}" +
			list("eventId, toID", "{granteeType} as toType", "{granteeName} as toName", "{granteeID} as toID",
				"{roles} as roles"),
		ocsf: words{
			// We write this text, so its form is known: the list is in one piece.
			"whom":        "\n| parse @message /\"privileges\":\\[(?<listed>[^\\]]*)\\]/",
			"granteeType": "coalesce(group.type, user.type)", "granteeName": "coalesce(group.name, user.full_name)",
			"granteeID": "coalesce(group.uid, user.uid)", "roles": "listed"},
		okta: words{
			"whom":        oktaTarget("whom", `"User", "UserGroup"`),
			"granteeType": "whom.type", "granteeName": "whom.displayName", "granteeID": "whom.id",
			"roles": "$.debugContext.debugData.privilegeGranted"},
	}
}

// tokens are about API tokens and other access without a person.
func tokens() []Query {
	return []Query{
		{
			Name:     "api-token-created",
			Question: "Who created an API token?",
			Look: "Ask the user in who. Revoke the token in Security, API, Tokens if nobody knows it; api-token-used " +
				"shows what it did.",
			body: `filter {event} = "system.api_token.create" and {outcome} = "SUCCESS"{itsThing}` +
				list("eventId", "{thing} as tokenName", "{agent} as browser"),
			ocsf: words{"itsThing": "", "thing": "resources.0.name"}, okta: oktaNamed("Token"),
		},
		{
			Name:     "api-token-used",
			Question: "Which API tokens were used, for whom and from how many addresses?",
			Look: "A token is normally used from one address. More than one, or one that is not yours, can mean a stolen " +
				"token: revoke it.",
			body: `fields {token} as tokenId, {actor} as who, {ip} as fromIP
| filter tokenId like /./
| stats count_distinct({uuid}) as events, count_distinct(fromIP) as addresses, count_distinct({event}) as kinds,
    min(@timestamp) as firstSeen, max(@timestamp) as lastSeen by tokenId, who
| sort addresses desc
| limit 1000`,
		},
		{
			Name:     "secret-read",
			Question: "Who looked at a client secret, a stored password or a vault's secret?",
			Look:     "Rotate what was read unless the reader's work explains it.",
			body: "filter {event} in [" + types("app.oauth2.client", "read_client_secret") +
				", " + types("application", "configuration.read_client_secret", "user_membership.show_password") +
				", " + types("system.idp.lifecycle", "read_client_secret") +
				", " + types("pam", "secret.reveal", "server_account.password.reveal", "service_account.password.reveal",
				"privileged_accounts.password.reveal") + `] and {outcome} = "SUCCESS"{itsThing}` +
				list("eventId", "{thing} as what"),
			// Of a password kept for an app OCSF's entity is the account in it: the app is unmapped.
			ocsf: words{"itsThing": oktaThing("AppInstance", "appName"), "thing": "coalesce(appName, entity.name)"},
			okta: words{
				"itsThing": oktaThing("AppInstance|PublicClientAppEntity|IdentityProvider|pam_[a-z_]+", "named"),
				"thing":    "named",
			},
		},
	}
}

// support are about Okta Support acting in the org.
func support() []Query {
	return []Query{
		{
			Name:     "impersonation-session",
			Question: "Who entered the org as somebody else?",
			Look: "Only Okta Support can do this, with access that you granted: see okta-support-access. Run " +
				"everything-in-a-session with its sessionId.",
			body: `filter {event} = "user.session.impersonation.initiate"{itsUser}` +
				list("eventId, asLogin", "{userLogin} as asLogin", "{session} as sessionId"),
		},
		{
			Name:     "okta-support-access",
			Question: "Who opened the org to Okta Support, and what did Support view or change?",
			Look:     "Each grant should belong to one of your support cases. Revoke any other in Settings, Account.",
			body: "filter {event} in [" + types("user.session.impersonation", "grant", "extend", "revoke", "end") + ", " + types(
				"support.org", "view", "update") + "]" +
				list("eventId", "{said} as said"),
		},
	}
}
