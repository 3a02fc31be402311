package ocsf_test

import "testing"

const ann, bob = `{"id":"00u1","type":"User","alternateId":"ann@example.com","displayName":"Ann"}`,
	`{"id":"00u2","type":"User","alternateId":"bob@example.com","displayName":"Bob"}`

const app, rule, policy, group = `{"id":"0oa1","type":"AppInstance","displayName":"Payroll"}`,
	`{"id":"rul1","type":"PolicyRule","displayName":"Rule"}`,
	`{"id":"pol1","type":"PolicyEntity","displayName":"Policy"}`,
	`{"id":"00g1","type":"UserGroup","displayName":"Staff"}`

func actorIs(actor string) string { return `"actor":` + actor }

const account = `{"id":"0ua1","type":"AppUser","alternateId":"ann.payroll","displayName":"Ann P"}`

func TestUser(t *testing.T) {
	const self, unknown = `{"uid":"00u1","name":"ann@example.com"}`, `{"name":"unknown"}`
	const inApp = `"account":{"uid":"0ua1","name":"ann.payroll","type_id":99,"type":"AppUser"}`
	for _, row := range []struct{ why, eventType, targets, user string }{
		{"the target", typeAccount, app + "," + bob, `{"uid":"00u2","name":"bob@example.com","full_name":"Bob","email_addr":"bob@example.com","type_id":1,"type":"User"}`},
		{"one target named twice", typeAccount, `{"id":"00u9"},` + `{"id":"00u9","type":"User"},{"id":"00u9","type":"User"}`, `{"uid":"00u9","type_id":1,"type":"User"}`},
		{"two targets", typeAccount, bob + `,{"id":"00u3","type":"User"}`, unknown},
		{"two targets, one of them no user of Okta's", typeAccount, `{"id":"x","type":"User"},{"id":"00u3","type":"User"}`, `{"uid":"00u3","type_id":1,"type":"User"}`},
		{"two targets where people act on themselves", typeSignIn, bob + `,{"id":"00u3","type":"User"}`, unknown},
		{"another case of letters", typeAccount, `{"id":"00u9","type":"user"}`, `{"uid":"00u9","type_id":1,"type":"User"}`},
		{"a new user", "user.lifecycle.create", `{"id":"00u9","type":"NewUser"}`, `{"uid":"00u9","type_id":1,"type":"User"}`},
		{"no target", typeAccount, "", unknown},
		{"no target where people act on themselves", typeSignIn, "", self},
		{"an account in an app where people act on themselves", "user.authentication.sso", app + "," + account, `{"uid":"00u1","name":"ann@example.com",` + inApp + `,"full_name":"Ann P"}`},
		{"an account before the user", typeAccess, account + `,{"id":"00u9","type":"User"}`, `{"uid":"00u9","type_id":1,"type":"User",` + inApp + `}`},
		{"an account alone, where a user is given something", typeAccess, account, `{` + inApp + `,"full_name":"Ann P"}`},
		{"an account alone, where it is what changes", "application.provision.user.push", account, `{"uid":"0ua1","name":"ann.payroll","full_name":"Ann P","type_id":99,"type":"AppUser"}`},
		{"the client that is given privileges", "app.oauth2.client.privilege.grant", `{"id":"0oa1","type":"PublicClientAppEntity"}`, `{"uid":"0oa1","type_id":4,"type":"Service"}`},
		{"an API service", "integration.api_service.lifecycle.authorize", `{"id":"0oa1","type":"ApiServiceIntegration"}`, `{"uid":"0oa1","type_id":4,"type":"Service"}`},
		{"nobody to whom the grant is said to go", "user.session.impersonation.grant", "", unknown},
		{"all users", "user.lifecycle.password_mass_expiry", "", unknown},
		{"a locked account", "user.account.lock", "", self},
		{"somebody's mass expiry", "user.lifecycle.password_mass_expiry", bob, `{"uid":"00u2","name":"bob@example.com","full_name":"Bob","email_addr":"bob@example.com","type_id":1,"type":"User"}`},
	} {
		expect(
			t,
			row.eventType,
			members(actorIs(ann), targets(row.targets)),
			says{"user": row.user, "actor.user.uid": `"00u1"`},
		)
	}
	expect(t, typeSignIn, nil, says{"user": unknown, "actor": ""})
	expect(t, typeSignIn, members(actorIs(`{"id":"spr1","type":"SystemPrincipal"}`)), says{"user": unknown})
	expect(
		t,
		typeSignIn,
		members(actorIs(`{"id":"unknown","type":"User","alternateId":"ann@example.com","displayName":"unknown"}`)),
		says{
			"user":                 `{"name":"ann@example.com"}`,
			"actor.user.uid":       "",
			"actor.user.full_name": "",
			"unmapped.actor.id":    `"unknown"`,
		},
	)
	expect(t, typeGroup, members(actorIs(ann), targets(group)), says{"user": ""})
	expect(t, typeGroup, members(actorIs(ann), targets(bob)), says{"user.uid": `"00u2"`})
	expect(
		t,
		typeFinding,
		members(actorIs(ann), targets(bob)),
		says{"evidences[0].user.uid": `"00u2"`, "evidences[0].actor.user.uid": `"00u1"`},
	)
}

// The session is the actor's. It is the user's only if the actor is the user.
func TestSessionIsTheUsersOwn(t *testing.T) {
	const session = `"authenticationContext":{"externalSessionId":"102"}`
	for _, row := range []struct{ eventType, targets, want string }{
		{"user.session.start", "", `{"uid":"102"}`}, {"user.authentication.sso", app, `{"uid":"102"}`},
		{"user.authentication.auth_via_mfa", ann, `{"uid":"102"}`}, {"user.session.clear", bob, ""},
		{"user.authentication.universal_logout", bob, ""}, {"user.session.clear", "", ""},
	} {
		expect(t, row.eventType, members(actorIs(ann), session, targets(row.targets)),
			says{"session": row.want, "actor.session.uid": `"102"`})
	}
}

func TestActorTypes(t *testing.T) {
	for _, row := range []struct{ word, id, caption, rest string }{
		{"User", "1", `"User"`, ""},
		{"SystemPrincipal", "3", `"System"`, `"SystemPrincipal"`},
		{"PublicClientApp", "4", `"Service"`, `"PublicClientApp"`},
		{"PublicClientAppEntity", "4", `"Service"`, `"PublicClientAppEntity"`},
		{"AIAgent", "99", `"AIAgent"`, ""},
	} {
		expect(t, typeEntity, members(actorIs(`{"id":"1","type":"`+row.word+`"}`)),
			says{"actor.user.type_id": row.id, "actor.user.type": row.caption, "unmapped.actor.type": row.rest})
	}
}

// An address is not the id of a user.
func TestAnAddressIsNoUser(t *testing.T) {
	const address = `{"id":"203.0.113.9","type":"IP address","displayName":"203.0.113.9"}`
	expect(t, typeAPI, members(actorIs(address)), says{"actor": `{"user":{"name":"unknown"}}`,
		"src_endpoint": `{"ip":"203.0.113.9"}`})
	for _, eventType := range []string{typeSignIn, typeEntity} {
		expect(t, eventType, members(actorIs(address)), says{"actor": "", "user.uid": "", "src_endpoint.ip": `"203.0.113.9"`,
			"unmapped.actor.displayName": `"203.0.113.9"`})
	}
	expect(t, typeFinding, members(actorIs(address)),
		says{"evidences[0].actor": "", "evidences[0].src_endpoint.ip": `"203.0.113.9"`})
}

func TestActorName(t *testing.T) {
	for name, want := range map[string]says{
		"ann@example.com":   {"actor.user.name": `"ann@example.com"`, "actor.user.email_addr": `"ann@example.com"`, "actor.user.domain": `"example.com"`},
		"ann":               {"actor.user.name": `"ann"`, "actor.user.email_addr": "", "actor.user.domain": ""},
		"ann@localhost":     {"actor.user.name": `"ann@localhost"`, "actor.user.email_addr": "", "actor.user.domain": ""},
		"EXAMPLE\\\\ann":    {"actor.user.name": `"EXAMPLE\\ann"`, "actor.user.email_addr": ""},
		"a n@example.com":   {"actor.user.name": `"a n@example.com"`, "actor.user.email_addr": ""},
		"a@b@example.com":   {"actor.user.email_addr": "", "actor.user.domain": ""},
		"ann@.example.com":  {"actor.user.email_addr": ""},
		"ann@example.":      {"actor.user.email_addr": ""},
		"o'hara+x@exa-m.pl": {"actor.user.email_addr": `"o'hara+x@exa-m.pl"`, "actor.user.domain": `"exa-m.pl"`},
		"Unknown":           {"actor.user.name": "", "unmapped": `{"actor":{"alternateId":"Unknown"}}`},
		"null":              {"actor.user.name": "", "unmapped": ""},
	} {
		expect(t, typeEntity, members(actorIs(`{"id":"1","alternateId":"`+name+`"}`)), want)
	}
}

func TestGroup(t *testing.T) {
	for name, row := range map[string]struct{ targets, want string }{
		"a group":               {ann + "," + app + "," + group, `{"uid":"00g1","name":"Staff","type":"UserGroup"}`},
		"a group of an app":     {`{"id":"g","type":"AppGroup"}`, `{"uid":"g","type":"AppGroup"}`},
		"of a type of old":      {app + `,{"id":"g","type":"Group"}`, `{"uid":"g","type":"Group"}`},
		"an app is none":        {ann + "," + app, `{"name":"unknown"}`},
		"none":                  {ann, `{"name":"unknown"}`},
		"two groups":            {group + `,{"id":"00g2","type":"UserGroup"}`, `{"name":"unknown"}`},
		"Okta's and the app's":  {`{"id":"g","type":"AppGroup"},` + group, `{"uid":"00g1","name":"Staff","type":"UserGroup"}`},
		"a group without names": {`{"type":"UserGroup"}`, `{"name":"unknown"}`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, typeGroup, members(targets(row.targets)), says{"group": row.want})
		})
	}
	expect(
		t,
		"group.application_assignment.add",
		members(targets(group+","+app)),
		says{"resource.uid": `"0oa1"`, "unmapped": ""},
	)
	for eventType, want := range map[string]string{
		"application.provision.group_push.pushed":          `"00g1"`,
		"application.provision.group_push.removed":         `"g"`,
		"application.provision.group_push.delete_appgroup": `"g"`,
		"application.provision.group.add":                  `"g"`,
	} {
		expect(t, eventType, members(targets(group+","+app+`,{"id":"g","type":"AppGroup"}`)), says{"group.uid": want})
	}
	expect(
		t,
		"application.provision.group_push.removed",
		members(targets(group+","+app)),
		says{"group": `{"name":"unknown"}`},
	)
	expect(t, "group.privilege.grant", members(debug("privilegeGranted", `"Group administrator, Report administrator"`)),
		says{"privileges": `["Group administrator","Report administrator"]`,
			"unmapped.debugContext.debugData.privilegeGranted": `"Group administrator, Report administrator"`})
}

func TestServiceAndPolicyOfASignIn(t *testing.T) {
	expect(t, typeSignIn, members(targets(ann+","+app)), says{"service": `{"uid":"0oa1","name":"Payroll"}`, "policy": ""})
	expect(t, typeSignIn, members(targets(rule+`,{"id":"0oa2","type":"App"}`)), says{"service": `{"uid":"0oa2"}`})
	expect(
		t,
		typeSignIn,
		members(targets(rule+`,{"id":"pol2","type":"Policy"}`)),
		says{"policy": `{"uid":"pol2","type":"Policy"}`},
	)
	expect(t, typeSignIn, members(targets(ann)), says{"service": `{"name":"Okta"}`})
	expect(t, typeSignIn, nil, says{"service": `{"name":"Okta"}`})
	expect(t, "pam.server.ssh_login", members(targets(`{"id":"s1","type":"pam_server","displayName":"db-1"}`)),
		says{"service": `{"uid":"s1","name":"db-1"}`})
	expect(
		t,
		typeSignIn,
		members(targets(rule+","+policy)),
		says{"policy": `{"uid":"pol1","name":"Policy","type":"PolicyEntity"}`},
	)
	expect(
		t,
		typeSignIn,
		members(targets(`{"id":"0oa1","type":"AppInstance","displayName":"Office 365","alternateId":"Mail"}`)),
		says{"service": `{"uid":"0oa1","name":"Office 365","labels":["Mail"]}`},
	)
	expect(t, typeSignIn, members(targets(app+`,{"id":"0oa2","type":"AppInstance"}`)), says{"service": `{"name":"Okta"}`})
	expect(
		t,
		typeSignIn,
		members(
			actorIs(ann),
			`"authenticationContext":{"externalSessionId":"102","rootSessionId":"103","issuer":{"id":"iss","type":"x"}}`,
		),
		says{"session": `{"uid":"102"}`, "actor.session": `{"uid":"102","uid_alt":"103","issuer":"iss"}`,
			"unmapped": `{"authenticationContext":{"issuer":{"type":"x"}}}`},
	)
}

func TestEntity(t *testing.T) {
	for name, row := range map[string]struct{ eventType, targets, want string }{
		"of the kind that the type names":         {"policy.lifecycle.update", rule + "," + policy, `{"uid":"pol1","name":"Policy","type_id":5,"type":"Policy","policy":{"uid":"pol1","name":"Policy"}}`},
		"else what is not a user":                 {"zone.update", ann + `,{"id":"z","type":"NetworkZoneEntity"}`, `{"uid":"z","type_id":7,"type":"Network Zone"}`},
		"a user, of whom a part is updated":       {"user.schema.update", ann, `{"uid":"00u1","name":"Ann","type_id":2,"type":"User","user":{"uid":"00u1","name":"ann@example.com","full_name":"Ann"}}`},
		"no user, whose setting is created":       {"user.passkey.create", ann, `{"name":"unknown","type_id":99,"type":"User Setting"}`},
		"an app, of which a part is updated":      {"application.provision.mapping.update", app, `{"uid":"0oa1","name":"Payroll","type_id":99,"type":"AppInstance"}`},
		"no app, of which a part is deleted":      {"application.provision.mapping.delete", app, `{"name":"unknown","type_id":99,"type":"Application"}`},
		"a group":                                 {"group.rule.update", group, `{"uid":"00g1","name":"Staff","type_id":3,"type":"Group","group":{"uid":"00g1","name":"Staff"}}`},
		"the target's own word":                   {"system.brand.update", `{"id":"b","type":"Brand"}`, `{"uid":"b","type_id":99,"type":"Brand"}`},
		"else the kind of the type":               {"zone.update", "", `{"name":"unknown","type_id":7,"type":"Network Zone"}`},
		"a rule, not its policy":                  {"policy.rule.deactivate", policy + "," + rule, `{"uid":"rul1","name":"Rule","type_id":99,"type":"PolicyRule","policy":{"uid":"pol1","name":"Policy","type":"PolicyEntity"}}`},
		"a rule that is not named":                {"policy.rule.delete", policy, `{"name":"unknown","type_id":99,"type":"Policy Rule","policy":{"uid":"pol1","name":"Policy","type":"PolicyEntity"}}`},
		"the rule of an app":                      {"application.policy.sign_on.rule.delete", app + `,{"id":"r","type":"Rule"}`, `{"uid":"r","type_id":99,"type":"Rule"}`},
		"a flow, not its app":                     {"workflows.user.flow.delete", app + `,{"id":"f","type":"Flow"}`, `{"uid":"f","type_id":99,"type":"Flow"}`},
		"a device":                                {"device.user.add", ann + `,{"id":"d","type":"UDDevice"}`, `{"uid":"d","type_id":1,"type":"Device","device":{"uid":"d","type_id":0,"type":"Unknown"}}`},
		"an org group, not the org that it gains": {"account.org_group.org.assign", `{"id":"g","type":"OrgGroup"},{"id":"o","type":"Org"}`, `{"uid":"g","type_id":99,"type":"OrgGroup"}`},
		"a password kept for an app":              {"application.user_membership.show_password", account + "," + app + "," + bob, `{"uid":"0ua1","name":"Ann P","type_id":99,"type":"AppUser","user":{"uid":"00u2","name":"bob@example.com","full_name":"Bob","email_addr":"bob@example.com","type_id":1,"type":"User","account":{"uid":"0ua1","name":"ann.payroll","type_id":99,"type":"AppUser"}}}`},
		"two things":                              {"app.cross_app_access.connection.create", app + `,{"id":"0oa2","type":"AppInstance"}`, `{"name":"unknown","type_id":99,"type":"Connection"}`},
		"of two, what changed":                    {"zone.update", `{"id":"y","type":"NetworkZone"},{"id":"z","type":"NetworkZone","changeDetails":{"from":{"a":1}}}`, `{"uid":"z","type_id":7,"type":"Network Zone","data":{"a":1}}`},
		"a target without names":                  {"zone.update", `{"type":"NetworkZoneEntity"}`, `{"name":"unknown","type_id":7,"type":"Network Zone"}`},
		"the user of a certificate":               {"user.credential.enroll", bob, `{"name":"unknown","type_id":99,"type":"Certificate","user":{"uid":"00u2","name":"bob@example.com","full_name":"Bob","email_addr":"bob@example.com","type_id":1,"type":"User"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, row.eventType, members(targets(row.targets)), says{"class_uid": "3004", "entity": row.want})
		})
	}
}

// An action on a part of a thing is not an action on the thing: deleting a key does not delete its
// identity provider.
func TestAPartIsNotTheThing(t *testing.T) {
	const server, idp, flow = `{"id":"aus1","type":"AuthorizationServer"}`, `{"id":"0oai","type":"IdentityProvider"}`,
		`{"id":"f1","type":"Flow"}`
	const update, create, remove, rest = "3", "1", "4", "99"
	for _, row := range []struct{ eventType, targets, activity, uid, kind string }{
		{"workflows.user.flow.execution_history.delete", app + "," + flow, update, "f1", ""},
		{"workflows.user.flow.execution_log_stream.deactivate", flow, update, "f1", ""},
		{"workflows.user.flow.execution.cancel", flow, rest, "f1", ""},
		{"workflows.user.execution_log_stream_connection.deactivate", ann + "," + app, "11", "", "Workflow"},
		{"self_service.disabled", app, update, "0oa1", ""},
		{"application.configuration.disable_fed_broker_mode", app, update, "0oa1", ""},
		{"app.app_instance.csr.revoke", app, update, "0oa1", ""},
		{"app.oauth2.credentials.lifecycle.delete", app, remove, "", "OAuth 2.0 Credential"},
		{"app.oauth2.credentials.lifecycle.create", app + `,{"id":"ocs1","type":"ClientSecret"}`, create, "ocs1", ""},
		{"app.interclient_mapping.delete_all", app, remove, "", "Mapping"},
		{"application.account.decision.revoke", app + "," + account, remove, "0ua1", ""},
		{"application.account.remove", app, remove, "", "App Account"},
		{"access.request.create", ann + "," + app, create, "", "Governance Object"},
		{"account.org.consent.revoke", `{"id":"o","type":"Org"}`, remove, "", "Consent"},
		{"account.product.add", `{"id":"o","type":"Org"}`, create, "", "Product"},
		{"account.product.add", `{"id":"o","type":"Org"},{"id":"p","type":"Product"}`, create, "p", ""},
		{"account.org.add", `{"id":"o","type":"Org"}`, update, "o", ""},
		{"account.org_group.org.revoke", `{"id":"g","type":"OrgGroup"},{"id":"o","type":"Org"}`, update, "g", ""},
		{"device.platform_sso.keys.register", `{"id":"d","type":"UDDevice"}`, update, "d", ""},
		{"device.desktop_mfa.recovery_pin.generate", ann + `,{"id":"d","type":"UDDevice"}`, update, "d", ""},
		{"device.posture.check.delete", "", remove, "", "Device Setting"},
		{"device.posture.check.delete", `{"id":"d","type":"UDDevice"}`, remove, "", "Device Setting"},
		{"device.posture.check.delete", `{"id":"d","type":"UDDevice"},{"id":"c","type":"PostureCheck"}`, remove, "c", ""},
		{"device.check.update", `{"id":"d","type":"UDDevice"}`, update, "d", ""},
		{"device.assurance.policy.delete", `{"id":"d","type":"UDDevice"}`, remove, "", "Policy"},
		{"device.assurance.policy.delete", `{"id":"d","type":"UDDevice"},{"id":"p","type":"Policy"}`, remove, "p", ""},
		{"pam.gateway.setup_token.update", `{"id":"g","type":"pam_gateway"}`, update, "g", ""},
		{"system.idp.key.delete", idp, remove, "", "Key"},
		{"system.hook.key.deleted", `{"id":"h","type":"Hook"},{"id":"k","type":"HookKey"}`, remove, "k", ""},
		{"system.org.captcha.deactivate", `{"id":"o","type":"Org"}`, "11", "", "Captcha"},
		{"system.org.task.remove", "", remove, "", "Task"},
		{"directory.realm.assignment.delete", `{"id":"r","type":"Realm"}`, remove, "", "Directory Object"},
		{"directory.realm.assignment.delete", `{"id":"r","type":"Realm"},{"id":"a","type":"RealmAssignment"}`, remove, "a", ""},
		{"access.request.condition.delete", `{"id":"r","type":"AccessRequest"}`, remove, "", "Governance Object"},
		{"oauth2.scope.deleted", server, remove, "", "OAuth 2.0 Scope"},
		{"oauth2.claim.deleted", server + `,{"id":"c","type":"Claim"}`, remove, "c", ""},
		{"app.oauth2.trusted_server.delete", server, update, "aus1", ""},
		{"workload_principal.ai_agent.credential.delete", `{"id":"w","type":"AIAgent"}`, remove, "", "Workload Credential"},
		{"workload_principal.managed_connection.delete", `{"id":"w","type":"WorkloadPrincipal"}`, remove, "", "Connection"},
		{"policy.mapping.create", policy + "," + app, update, "pol1", ""},
		{"policy.branch.lifecycle.delete", policy, remove, "pol1", ""},
		{"policy.branch.lifecycle.promote", policy, update, "pol1", ""},
		{"policy.branch.rule.delete", policy + "," + rule, remove, "rul1", ""},
		{"resource.collection.unassign", `{"id":"c","type":"RESOURCE_COLLECTION"}`, update, "c", ""},
		{"resource.governance_engine.disable", app, update, "0oa1", ""},
		{"resource.entitlement_policy.draft.delete", `{"id":"p","type":"EntitlementPolicy"}`, remove, "p", ""},
		{"pam.offline_enabled_event", `{"id":"g","type":"pam_group"}`, update, "g", ""},
		{"pam.gateway.setup_token.delete", `{"id":"g","type":"pam_gateway"}`, remove, "", "PAM Resource"},
		{"security.device.add_request_blacklist_policy", policy, update, "", "Security Setting"},
		{"pki.cert.bind", `{"id":"d","type":"UDDevice"},{"id":"c","type":"Certificate"}`, update, "c", ""},
		{"pki.cert.lifecycle.revoke", `{"id":"d","type":"UDDevice"}`, remove, "", "Certificate"},
		{"user.credential.enroll", ann, "6", "", "Certificate"},
		// A type that the tables do not know is the part, where it stands alone.
		{"system.hook.key.deleted", `{"id":"k","type":"Setting"}`, remove, "k", ""},
		{"workload_principal.resource_connection.create", `{"id":"c","type":"Setting"}`, create, "c", ""},
		{"pam.secret.create", ann + `,{"id":"s","type":"PamResource"}`, create, "s", ""},
		{"pam.secret.create", `{"id":"s","type":"PamResource"},{"id":"v","type":"pam_server"}`, create, "s", ""},
		{"pki.ca.add", `{"id":"c","type":"Setting"}`, create, "c", ""},
		{"system.custom_signin.delete", `{"id":"b","type":"Brand"},{"id":"p","type":"Setting"}`, remove, "p", ""},
		// What is read or updated in a thing is read or updated in it.
		{"iam.policy.configuration.update", `{"id":"r","type":"RESOURCE_SET"}`, update, "r", ""},
		{"app.cross_app_access.connection.update", app, update, "0oa1", ""},
		{"workload_principal.resource_connection.update", `{"id":"w","type":"AIAgent"}`, update, "w", ""},
		// An OAuth client and a provider of agents are apps.
		{"app.oauth2.client.lifecycle.delete", app, remove, "0oa1", ""},
		{"app.ai_agent_provider.create", app, create, "0oa1", ""},
	} {
		want := says{"class_uid": "3004", "activity_id": row.activity}
		if row.uid != "" {
			want["entity.uid"] = quote(row.uid)
		} else {
			want["entity.name"], want["entity.type"] = `"unknown"`, quote(row.kind)
		}
		expect(t, row.eventType, members(targets(row.targets)), want)
	}
}

// A request or a beginning is not the change itself.
func TestWhatIsNotYetDone(t *testing.T) {
	for _, eventType := range []string{
		"user.lifecycle.delete.initiated", "user.lifecycle.password_mass_expiry", "pam.password.reset",
		"user.authentication.universal_logout.scheduled", "device.desktop_mfa.device_logout.started",
		"scheduled_action.user_suspension.scheduled", "application.provision.user.delete.schedule",
		"account.org.delete.request", "pam.server_account.password_change.initiated", "pam.resource.checkin.start",
		"app.access_request.request", "system.custom_url_domain.initiate", "system.mfa.preregister.initiate",
		"workflows.user.flow.execution.cancel",
	} {
		expect(t, eventType, nil, says{"activity_id": "99", "activity_name": quote(eventType)})
	}
}

func TestChangeDetailsAreTheEntityBeforeAndAfter(t *testing.T) {
	expect(t, "zone.update", members(targets(
		`{"id":"z","type":"NetworkZoneEntity","displayName":"Office","changeDetails":{"from":{"a":1,"b":null},"to":{"a":2,"c":["x",null]}}}`,
	)), says{
		"entity.data": `{"a":1}`, "entity_result": `{"uid":"z","name":"Office","data":{"a":2,"c":["x"]}}`,
		"unmapped": `{"target":[{"id":"z","type":"NetworkZoneEntity","displayName":"Office"}]}`,
	})
	// Without a name the entity is the kind of thing, and must not have facts of the target.
	expect(
		t,
		"zone.update",
		members(targets(`{"type":"NetworkZoneEntity","changeDetails":{"from":{"a":1},"to":{"a":2}}}`)),
		says{
			"entity": `{"name":"unknown","type_id":7,"type":"Network Zone"}`, "entity_result": "",
			"unmapped": `{"target":[{"type":"NetworkZoneEntity","changeDetails":{"from":{"a":1},"to":{"a":2}}}]}`,
		},
	)
	expect(t, typeAccount, members(targets(`{"id":"00u1","type":"User","changeDetails":{"from":{"a":1},"to":null}}`)),
		says{"unmapped": `{"target":[{"id":"00u1","type":"User","changeDetails":{"from":{"a":1}}}]}`})
}

func TestPrivileges(t *testing.T) {
	for _, row := range []struct{ granted, want string }{
		{"Super administrator", `["Super administrator"]`},
		{"Super administrator, Read only administrator", `["Super administrator","Read only administrator"]`},
		{"Application administrator (Payroll, Mail), Other", `["Application administrator (Payroll, Mail)","Other"]`},
		{"a,b", `["a,b"]`},
	} {
		expect(t, "user.account.privilege.grant", members(debug("privilegeGranted", quote(row.granted)), targets(ann)),
			says{"privileges": row.want, "unmapped.debugContext.debugData.privilegeGranted": quote(row.granted)})
		expect(
			t,
			"user.account.privilege.revoke",
			members(debug("privilegeRevoked", quote(row.granted))),
			says{"privileges": row.want},
		)
	}
	expect(
		t,
		"user.account.privilege.grant",
		members(debug("privilegeGranted", `"a, "`), targets(ann+","+group+","+app)),
		says{
			"privileges": `["Payroll"]`,
			"unmapped.debugContext.debugData.privilegeGranted": `"a, "`,
			// The app is the first resource, in any order of Okta's.
			"resources": `[{"uid":"0oa1","name":"Payroll","type":"AppInstance"},{"uid":"00g1","name":"Staff","type":"UserGroup"}]`,
		},
	)
	const role = `{"id":"irb1","type":"CUSTOM","displayName":"Help desk"}`
	expect(t, "group.privilege.grant", members(targets(role+","+group)), says{"privileges": `["Help desk"]`})
	expect(t, "user.account.privilege.revoke", members(targets(app+","+role+","+ann)), says{"privileges": `["Help desk"]`})
	expect(t, typeAccess, members(targets(ann)), says{"privileges": `["` + typeAccess + `"]`})
	expect(t, "user.session.impersonation.grant", members(targets(app)), says{"privileges": `["impersonation"]`})
}

func TestRequiredAttributesAreThere(t *testing.T) {
	expect(
		t,
		typeAPI,
		nil,
		says{"actor": `{"app_name":"Okta"}`, "src_endpoint": `{"svc_name":"Okta"}`, "api": `{"operation":"` + typeAPI + `"}`},
	)
	expect(t, typeAPI, members(`"client":{"geographicalContext":{"city":"Dublin"}}`, debug("requestId", `"r1"`)), says{
		"src_endpoint":     `{"svc_name":"Okta","location":{"city":"Dublin"}}`,
		"api.request.uid":  `"r1"`,
		"http_request.uid": `"r1"`,
	})
	expect(t, typeAPI, members(`"client":{"id":"0oa1"}`), says{"actor": `{"app_uid":"0oa1"}`})
	expect(t, typeLifecycle, nil, says{"app": `{"name":"Okta"}`})
	expect(
		t,
		typeLifecycle,
		members(targets(app+`,{"id":"a1","type":"AD Agent","displayName":"dc1"}`)),
		says{"app": `{"uid":"a1","name":"dc1"}`},
	)
	expect(t, typeLifecycle, members(targets(ann+","+app)), says{"app.uid": `"0oa1"`})
	// OCSF has no client in these classes: nothing of it may be lost.
	for _, eventType := range []string{typeBase, typeLifecycle, typeError} {
		expect(t, eventType, members(`"client":{"ipAddress":"192.0.2.1","id":"0oa1"}`), says{
			"src_endpoint":      "",
			"unmapped":          `{"client":{"ipAddress":"192.0.2.1"}}`,
			"actor":             `{"app_uid":"0oa1"}`,
			"metadata.profiles": `["host"]`,
		})
	}
}
