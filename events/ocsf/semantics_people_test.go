package ocsf_test

import "testing"

const ann, bob = `{"id":"00u1","type":"User","alternateId":"ann@example.com","displayName":"Ann"}`,
	`{"id":"00u2","type":"User","alternateId":"bob@example.com","displayName":"Bob"}`

const app, rule, policy, group = `{"id":"0oa1","type":"AppInstance","displayName":"Payroll"}`,
	`{"id":"rul1","type":"PolicyRule","displayName":"Rule"}`,
	`{"id":"pol1","type":"PolicyEntity","displayName":"Policy"}`,
	`{"id":"00g1","type":"UserGroup","displayName":"Staff"}`

func actorIs(actor string) string { return `"actor":` + actor }

func TestUserIsTheTargetElseTheActorElseUnknown(t *testing.T) {
	for _, eventType := range []string{typeAccount, typeSignIn, typeAccess} {
		expect(t, eventType, members(actorIs(ann), targets(app+","+bob)),
			says{"user.uid": `"00u2"`, "user.email_addr": `"bob@example.com"`, "user.full_name": `"Bob"`, "actor.user.uid": `"00u1"`})
		expect(t, eventType, members(actorIs(ann), targets(bob+`,{"id":"00u3","type":"User"}`)), says{"user.uid": `"00u2"`})
		expect(t, eventType, members(actorIs(ann), targets(`{"id":"0ua1","type":"AppUser","alternateId":"a"}`)),
			says{"user.uid": `"0ua1"`, "user.type_id": "99", "user.type": `"AppUser"`, "user.email_addr": ""})
		expect(t, eventType, members(actorIs(ann), targets(`{"id":"00u9","type":"user"}`)), says{"user.uid": `"00u9"`})
		expect(t, eventType, members(actorIs(ann), targets(`{"type":"User","alternateId":"unknown"}`)),
			says{"user": `{"uid":"00u1","name":"ann@example.com"}`})
		expect(t, eventType, members(actorIs(ann)), says{"user": `{"uid":"00u1","name":"ann@example.com"}`})
		expect(t, eventType, nil, says{"user": `{"name":"unknown"}`, "actor": ""})
	}
	expect(t, typeGroup, members(actorIs(ann), targets(group)), says{"user": ""})
	expect(t, typeGroup, members(actorIs(ann), targets(bob)), says{"user.uid": `"00u2"`})
	expect(t, typeFinding, members(actorIs(ann), targets(bob)), says{"evidences[0].user.uid": `"00u2"`, "evidences[0].actor.user.uid": `"00u1"`})
}

func TestActorTypes(t *testing.T) {
	for _, row := range []struct{ word, id, caption, rest string }{
		{"User", "1", `"User"`, ""},
		{"SystemPrincipal", "3", `"System"`, `"SystemPrincipal"`},
		{"PublicClientApp", "4", `"Service"`, `"PublicClientApp"`},
		{"PublicClientAppEntity", "4", `"Service"`, `"PublicClientAppEntity"`},
		{"IP address", "99", `"IP address"`, ""},
		{"AIAgent", "99", `"AIAgent"`, ""},
	} {
		expect(t, typeEntity, members(actorIs(`{"id":"1","type":"`+row.word+`"}`)),
			says{"actor.user.type_id": row.id, "actor.user.type": row.caption, "unmapped.actor.type": row.rest})
	}
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
		"Unknown":           {"actor.user.name": "", "unmapped": ""},
		"null":              {"actor.user.name": "", "unmapped": ""},
	} {
		expect(t, typeEntity, members(actorIs(`{"id":"1","alternateId":"`+name+`"}`)), want)
	}
	// "unknown" means that something is absent in a few places only.
	expect(t, typeEntity, members(actorIs(`{"id":"1","displayName":"unknown"}`)), says{"actor.user.full_name": `"unknown"`})
}

func TestGroup(t *testing.T) {
	for name, row := range map[string]struct{ targets, want string }{
		"a group":               {ann + "," + app + "," + group, `{"uid":"00g1","name":"Staff","type":"UserGroup"}`},
		"a group of an app":     {`{"id":"g","type":"AppGroup"}`, `{"uid":"g","type":"AppGroup"}`},
		"of a type of old":      {app + `,{"id":"g","type":"Group"}`, `{"uid":"g","type":"Group"}`},
		"else what is no user":  {ann + "," + app, `{"uid":"0oa1","name":"Payroll","type":"AppInstance"}`},
		"else nobody knows":     {ann, `{"name":"unknown"}`},
		"a group without names": {`{"type":"UserGroup"}`, `{"name":"unknown"}`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, typeGroup, members(targets(row.targets)), says{"group": row.want})
		})
	}
	expect(t, "group.application_assignment.add", members(targets(group+","+app)), says{"resource.uid": `"0oa1"`, "unmapped": ""})
	expect(t, "group.privilege.grant", members(debug("privilegeGranted", `"Group administrator, Report administrator"`)),
		says{"privileges": `["Group administrator","Report administrator"]`, "unmapped": ""})
}

func TestServiceAndPolicyOfASignIn(t *testing.T) {
	expect(t, typeSignIn, members(targets(ann+","+app)), says{"service": `{"uid":"0oa1","name":"Payroll"}`, "policy": ""})
	expect(t, typeSignIn, members(targets(rule+`,{"id":"0oa2","type":"App"}`)), says{"service": `{"uid":"0oa2"}`})
	expect(t, typeSignIn, members(targets(rule+`,{"id":"pol2","type":"Policy"}`)), says{"policy": `{"uid":"pol2","type":"Policy"}`})
	expect(t, typeSignIn, members(targets(ann)), says{"service": `{"name":"Okta"}`})
	expect(t, typeSignIn, nil, says{"service": `{"name":"Okta"}`})
	expect(t, typeSignIn, members(targets(rule+","+policy)), says{"policy": `{"uid":"pol1","name":"Policy","type":"PolicyEntity"}`})
	expect(t, typeSignIn, members(`"authenticationContext":{"externalSessionId":"102","rootSessionId":"103","issuer":{"id":"iss","type":"x"}}`),
		says{"session": `{"uid":"102"}`, "actor.session": `{"uid":"102","uid_alt":"103","issuer":"iss"}`,
			"unmapped": `{"authenticationContext":{"issuer":{"type":"x"}}}`})
}

func TestEntity(t *testing.T) {
	for name, row := range map[string]struct{ eventType, targets, want string }{
		"of the kind that the type names": {"policy.lifecycle.update", rule + "," + policy, `{"uid":"pol1","name":"Policy","type_id":5,"type":"Policy"}`},
		"else what is no user":            {"zone.update", ann + `,{"id":"z","type":"NetworkZoneEntity"}`, `{"uid":"z","type_id":7,"type":"Network Zone"}`},
		"else a user":                     {"user.schema.update", ann, `{"uid":"00u1","name":"Ann","type_id":2,"type":"User"}`},
		"a group":                         {"group.rule.update", group, `{"uid":"00g1","name":"Staff","type_id":3,"type":"Group"}`},
		"the target's own word":           {"system.brand.update", `{"id":"b","type":"Brand"}`, `{"uid":"b","type_id":99,"type":"Brand"}`},
		"else the kind of the type":       {"zone.update", "", `{"name":"Network Zone"}`},
		"a target without names":          {"zone.update", `{"type":"NetworkZoneEntity"}`, `{"name":"Network Zone"}`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, row.eventType, members(targets(row.targets)), says{"class_uid": "3004", "entity": row.want})
		})
	}
}

func TestChangeDetailsAreTheEntityBeforeAndAfter(t *testing.T) {
	expect(t, "zone.update", members(targets(
		`{"id":"z","type":"NetworkZoneEntity","displayName":"Office","changeDetails":{"from":{"a":1,"b":null},"to":{"a":2,"c":["x",null]}}}`)), says{
		"entity.data": `{"a":1}`, "entity_result": `{"uid":"z","name":"Office","data":{"a":2,"c":["x"]}}`,
		"unmapped": `{"target":[{"id":"z","type":"NetworkZoneEntity","displayName":"Office"}]}`,
	})
	// Without a name the entity is another one, and nothing may be said of it.
	expect(t, "zone.update", members(targets(`{"type":"NetworkZoneEntity","changeDetails":{"from":{"a":1},"to":{"a":2}}}`)), says{
		"entity": `{"name":"Network Zone"}`, "entity_result": "",
		"unmapped": `{"target":[{"type":"NetworkZoneEntity","changeDetails":{"from":{"a":1},"to":{"a":2}}}]}`,
	})
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
			says{"privileges": row.want, "unmapped": ""})
		expect(t, "user.account.privilege.revoke", members(debug("privilegeRevoked", quote(row.granted))), says{"privileges": row.want})
	}
	expect(t, "user.account.privilege.grant", members(debug("privilegeGranted", `"a, "`), targets(ann+","+group+","+app)), says{
		"privileges": `["Staff","Payroll"]`, "unmapped.debugContext.debugData.privilegeGranted": `"a, "`,
		"resources": `[{"uid":"00g1","name":"Staff","type":"UserGroup"},{"uid":"0oa1","name":"Payroll","type":"AppInstance"}]`})
	expect(t, typeAccess, members(targets(ann)), says{"privileges": `["` + typeAccess + `"]`})
	expect(t, "user.session.impersonation.grant", members(targets(app)), says{"privileges": `["impersonation"]`})
}

func TestClassesThatDemandSomethingGetIt(t *testing.T) {
	expect(t, typeAPI, nil, says{"actor": `{"app_name":"Okta"}`, "src_endpoint": `{"svc_name":"Okta"}`, "api": `{"operation":"` + typeAPI + `"}`})
	expect(t, typeAPI, members(`"client":{"geographicalContext":{"city":"Dublin"}}`, debug("requestId", `"r1"`)), says{
		"src_endpoint": `{"svc_name":"Okta","location":{"city":"Dublin"}}`, "api.request.uid": `"r1"`, "http_request.uid": `"r1"`})
	expect(t, typeAPI, members(`"client":{"id":"0oa1"}`), says{"actor": `{"app_uid":"0oa1"}`})
	expect(t, typeLifecycle, nil, says{"app": `{"name":"Okta"}`})
	expect(t, typeLifecycle, members(targets(app+`,{"id":"a1","type":"AD Agent","displayName":"dc1"}`)), says{"app": `{"uid":"a1","name":"dc1"}`})
	expect(t, typeLifecycle, members(targets(ann+","+app)), says{"app.uid": `"0oa1"`})
	// OCSF has no client in these classes: nothing of it may be lost.
	for _, eventType := range []string{typeBase, typeLifecycle, typeError} {
		expect(t, eventType, members(`"client":{"ipAddress":"192.0.2.1","id":"0oa1"}`), says{
			"src_endpoint": "", "unmapped": `{"client":{"ipAddress":"192.0.2.1"}}`, "actor": `{"app_uid":"0oa1"}`, "metadata.profiles": `["host"]`})
	}
}
