package classify

// entityRulesV1_8 returns the rows of class 3004, Entity Management, that the
// rows by family would get wrong: other activities than the verb says, or other
// kinds of thing than the family's.
func entityRulesV1_8() []Rule {
	return []Rule{
		// The verb is about a part, the thing itself is updated.
		{on("pam.service_account.assign", "pam.privileged_accounts.assign", "pam.entitlement_sudo.*_project"),
			entityMgmt, entityUpdate, thing("PAM Resource", 99), "an account or entitlement was put under or out of a project"},
		{on("iam.resourceset.bindings.*", "iam.resourceset.resources.*", "iam.role.permission*"),
			entityMgmt, entityUpdate, thing("Role", 99), "admin role or resource set changed: who, what or how far"},
		{on("resource_servers.*.auth_server.*", "resource_servers.*.capability.*"),
			entityMgmt, entityUpdate, thing("Resource Server", 99), "what a resource server trusts or offers changed"},
		{on("workload_principal.*sign_on_provider.*"),
			entityMgmt, entityUpdate, thing("Workload Principal", 99), "how a workload signs in changed"},
		{on("zone.*_blacklist", "security.zone.*_blacklist"),
			entityMgmt, entityUpdate, thing("Network Zone", 7), "a zone's block list changed"},
		{on("security.device.*_blacklist*"),
			entityMgmt, entityUpdate, thing("Device", 1), "the request block list changed"},
		{on("security.voice.*_blacklist"),
			entityMgmt, entityUpdate, thing("Okta Setting", 99), "countries barred from calls changed"},
		{on("system.internal.classify.*"),
			entityMgmt, entityUpdate, thing("Okta Setting", 99), "users were classified, the word says whom"},
		{on("system.feature.ea_auto_enroll"),
			entityMgmt, entityUpdate, thing("Okta Setting", 99), "automatic early access was switched on, or off"},

		// The verb stands elsewhere or is none.
		{on("account.org.delete.request"),
			entityMgmt, other, thing("Organization", 4), "the deletion of an org was asked for"},
		{on("application.account.detect"),
			entityMgmt, entityCreate, thing("Application", 99), "an account unknown to Okta was found in an app"},
		{on("pki.cert.bind"),
			entityMgmt, entityCreate, thing("Certificate", 99), "a certificate was bound to a device"},
		{on("system.custom_url_domain.initiate", "system.mfa.preregister.initiate"),
			entityMgmt, other, thing("Okta Setting", 99), "a set-up began"},
		{on("mim.createEnrollment.*"),
			entityMgmt, entityEnroll, thing("Device", 1), "a device was enrolled, the word says its platform"},
		{on("mim.stream*Download"),
			entityMgmt, entityRead, thing("Device", 1), "the list of devices was downloaded"},
		{on("mim.command.*"),
			entityMgmt, other, thing("Device", 1), "a command to a device, the word says its state"},
		{on("device.enrollment.create", "device.user.add"),
			entityMgmt, entityEnroll, thing("Device", 1), "a device was enrolled for a user"},
		{on("device.user.remove"),
			entityMgmt, entityUnenroll, thing("Device", 1), "a device was taken from a user"},
		{on("pam.server.remove"),
			entityMgmt, entityUnenroll, thing("PAM Resource", 99), "a server left the inventory"},

		// Policies and their rules, wherever they live.
		{on("policy.*rule.*", "application.policy.*rule.*"),
			entityMgmt, ByVerb, thing("Policy Rule", 99), "a rule of a policy"},
		{on("policy.*", "app.policy.*", "application.*policy.*", "device.*policy.*", "iam.policy.*",
			"resource.*policy.*", "pam.*policy.*", "pam.*policies.*"),
			entityMgmt, ByVerb, thing("Policy", 5), "a policy and its mappings"},

		{on("workflows.*.import"),
			entityMgmt, entityCreate, thing("Workflow", 99), "flows, folders or tables were made from a file"},

		// Kinds of thing that are not the family's.
		{on("account.aerial_*"),
			entityMgmt, ByVerb, thing("Okta Setting", 99), "an Aerial template condition"},
		{on("device.lifecycle.*", "device.check.*", "device.posture.*"),
			entityMgmt, ByVerb, thing("Device", 1), "a device and what is asked of it"},
		{on("security.authenticator.*", "security.behavior.*", "security.events.*", "security.trusted_origin.*"),
			entityMgmt, ByVerb, thing("Security Setting", 99), "authenticators, behaviours, signal partners, origins"},
		{on("system.idp.*"),
			entityMgmt, ByVerb, thing("Identity Provider", 99), "an identity provider and its keys"},
		{on("system.log_stream.*"),
			entityMgmt, ByVerb, thing("Log Stream", 99), "a log stream: where these events go"},
		{on("system.hook.*"),
			entityMgmt, ByVerb, thing("Hook", 99), "a key of a hook"},
		{on("system.org.*", "system.dr.*"),
			entityMgmt, ByVerb, thing("Organization", 4), "the org itself, its disaster recovery"},
	}
}

// familyRulesV1_8 returns the last rows: every known first word ends in Entity
// Management by the verb, so that a type Okta adds tomorrow is already decided.
// It is never Account Change or Group Management, whose "Create" would claim
// that an account or a group was made.
func familyRulesV1_8() []Rule {
	return []Rule{
		{on("access.*", "certification.*", "entitlement.*", "governance.*", "resource.*"),
			entityMgmt, ByVerb, thing("Governance Object", 99), "access requests, reviews and entitlements"},
		{on("account.*", "org.*", "support.*"),
			entityMgmt, ByVerb, thing("Organization", 4), "orgs, their account, Okta's support of them"},
		{on("app.*", "application.*", "master_application.*", "self_service.*"),
			entityMgmt, ByVerb, thing("Application", 99), "apps and their settings"},
		{on("device.*"),
			entityMgmt, ByVerb, thing("Device Setting", 99), "settings for devices"},
		{on("mim.*", "omm.*"),
			entityMgmt, ByVerb, thing("Device", 1), "devices under mobile management"},
		{on("directory.*"),
			entityMgmt, ByVerb, thing("Directory Object", 99), "profiles, mappings, realms"},
		{on("event_hook.*", "inline_hook.*", "webhook.*"),
			entityMgmt, ByVerb, thing("Hook", 99), "hooks"},
		{on("group.*"),
			entityMgmt, ByVerb, thing("Group Setting", 99), "belongings of groups that no row above knows"},
		{on("iam.*"),
			entityMgmt, ByVerb, thing("Role", 99), "admin roles and resource sets"},
		{on("network_zone.*", "zone.*"),
			entityMgmt, ByVerb, thing("Network Zone", 7), "network zones"},
		{on("oauth2.*"),
			entityMgmt, ByVerb, thing("Authorization Server", 99), "authorization servers, claims, scopes"},
		{on("pam.*"),
			entityMgmt, ByVerb, thing("PAM Resource", 99), "resources of Privileged Access"},
		{on("pki.*"),
			entityMgmt, ByVerb, thing("Certificate", 99), "certificates and their authorities"},
		{on("resource_servers.*"),
			entityMgmt, ByVerb, thing("Resource Server", 99), "API, MCP and agent servers"},
		{on("task.*", "scheduled_action.*"),
			entityMgmt, ByVerb, thing("Task", 99), "tasks, planned or under way"},
		{on("workflows.*"),
			entityMgmt, ByVerb, thing("Workflow", 99), "flows, folders, tables"},
		{on("workload_principal.*"),
			entityMgmt, ByVerb, thing("Workload Principal", 99), "AI agents and other workloads"},
		{on("credential.*", "user.*"),
			entityMgmt, ByVerb, thing("User Setting", 99), "belongings of users that no row above knows"},
		{on("analytics.*", "core.*", "integration.*", "personal.*", "saml.*", "security.*", "system.*", "tokens.*"),
			entityMgmt, ByVerb, thing("Okta Setting", 99), "settings of the org"},
		{on("*"),
			baseEvent, other, Marks{}, "a first word that Okta had not used when this table was written"},
	}
}
