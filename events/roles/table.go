package roles

// Row is one row of the table: the target types for each role, in events of some types.
type Row struct {
	Patterns []string // event types, as events.Match reads them
	Cast     Cast     // by role, as Decision.Types describes; "" is the default (usual)
	Shape    Shape
	Why      string
}

// Cast has the target types by role.
type Cast map[Role]string

// Shape is the source of a row: how the targets of the family are known.
type Shape string

// The shapes.
const (
	seen      Shape = "seen in events"
	described Shape = "from Okta's description of the event types"
	assumed   Shape = "not known: targets are chosen by their types"
)

// NoTarget means that no target has the role.
const NoTarget = "-"

const (
	named = "{named}" // a type with the name of a word of the event type
	thing = "{thing}" // any type that is neither one of persons nor one of containers
	other = "{other}" // as thing, and none of wholes
)

// persons are the types of people and of their accounts in apps.
var persons = []string{"user", "newuser", "appuser", "user account", "pam_user"}

// containers are the types of things that have parts: a flow belongs to an app, a scope to an
// authorization server.
var containers = []string{"appinstance", "app", "usergroup", "group", "appgroup", "authorizationserver",
	"identityprovider", "publicclientapp*", "policyentity", "resource_set", "*project", "*resource_group"}

// wholes are types of things that have parts with event types of their own, such as a hook and its keys. In events
// about parts, a target of these types is not the part.
var wholes = []string{"org*", "brand", "realm", "*request", "*hook", "*device", "pam_*", "workloadprincipal",
	"workload_principal", "*agent"}

// usual has the target types for a role that a row does not set.
var usual = [Count]string{
	User:      "User|NewUser > pam_user",
	Account:   "AppUser",
	Group:     "UserGroup|Group > AppGroup",
	Entity:    named + " > " + thing,
	Container: NoTarget,
	App:       apps,
	Policy:    "PolicyEntity|Policy",
	Enrolment: "AuthenticatorEnrollment",
	Privilege: NoTarget,
	Agent:     "*Agent* > " + thing + " > " + apps,
}

const (
	apps      = "AppInstance|App"
	appUsers  = "User|NewUser > AppUser"
	clients   = "PublicClientApp*|*Client*|ApiServiceIntegration*|*Service*"
	rolesHeld = "ROLE|CUSTOM|*Role"
)

func on(patterns ...string) []string { return patterns }

// table has a row for each family of event types, most specific first; the last row is for every
// type.
//
// Sources: Okta's descriptions of its event types (release 2026.08.1), events in public
// repositories, and the fixtures of this project. AppUser comes before User in every public event
// that has both, PolicyEntity before PolicyRule.
var table = []Row{
	// Users and their accounts.
	{on("application.account.*"), Cast{User: appUsers, Entity: "AppUser > " + named, Container: apps}, described,
		"an account that Okta found in an app"},
	{on("application.user_membership.show_password"), Cast{Entity: "AppUser"}, seen,
		"the password of the account in the app was read"},
	{on("application.provision.user.*", "app.user_management.push_new_user_success", "app.office365.user.*",
		"app.realtimesync.import.details.*", "app.ldap.password.change.failed", "application.user_membership.update",
		"application.user_membership.change_username", "application.user_membership.*_password",
		"app.ad.password_migration_campaign.user.*", "system.import.user.*", "system.csv.import_user",
		"system.agent.*user*"),
		Cast{User: appUsers}, seen, "the account in the app changes; if the event names no user, it is the user"},
	{on("application.user_membership.*", "master_application.user_membership.*"), Cast{}, seen,
		"a user is given an app; the AppUser is the user's account in it"},
	{on("app.oauth2.client.privilege.*", "integration.api_service.*"), Cast{User: clients + " > " + apps}, seen,
		"the client is given or loses privileges: it is a service that acts as a user"},
	{
		on("iam.resourceset.bindings.*"),
		Cast{User: "User|NewUser > PublicClientApp*", Privilege: rolesHeld, Entity: "RESOURCE_SET|ResourceSet"},
		seen,
		"a user, group or client is given an admin role over a resource set",
	},
	{on("workflows.user.role.*", "*.privilege.*"), Cast{Privilege: rolesHeld}, seen,
		"a user or group is given an admin role, or one in Workflows"},
	{on("security.protected_action.*"), Cast{User: NoTarget, Account: NoTarget, App: NoTarget}, assumed,
		"the actor is asked to authenticate again; a target is the thing that the action is for"},

	// Groups.
	{on("application.provision.group_push.delete_appgroup", "application.provision.group_push.removed",
		"application.provision.group_push.mapping.and.groups.deleted*"), Cast{Group: "AppGroup"}, described,
		"the group in the app is deleted, not the group in Okta"},
	{on("application.provision.group_membership.*"), Cast{User: appUsers, Group: "AppGroup > UserGroup|Group"}, described,
		"the account in the app becomes or ceases to be a member of the group in the app"},
	{on("application.provision.group.*", "app.user_management.user_group_import.*", "app.user_management",
		"application.provision.group_push.mapping.app.group.*"), Cast{Group: "AppGroup > UserGroup|Group"}, described,
		"the group in the app changes"},
	{on("pam.group.*", "pam.member.*", "pam.project.*_group"),
		Cast{Group: "pam_group|*_group|UserGroup|Group", User: "pam_user|User|NewUser"}, assumed,
		"a group of Privileged Access and its members"},
	{on("pam.offline_*_event", "pam.permission.*"), Cast{Entity: "pam_group|UserGroup|Group > " + other}, described,
		"the mode or the permissions of a group change"},
	{on("pam.user.*", "pam.password.*"), Cast{User: "pam_user|User|NewUser"}, assumed,
		"a user of Privileged Access"},

	// Policies and their rules.
	{on("policy.*rule.*", "*.policy.*rule.*", "*.*policy.rule.*"), Cast{Entity: "*Rule"}, seen,
		"the rule is changed; the PolicyEntity is the policy that it belongs to"},
	{on("application.policy.*", "app.policy.*"), Cast{Entity: "PolicyEntity|Policy|*Policy > " + apps}, seen,
		"the sign-on policy of an app: events name the app alone"},
	{on("policy.*", "application.*policy.*", "iam.policy.*", "resource.*policy.*", "pam.*policy.*",
		"pam.*policies.*"),
		Cast{Entity: "PolicyEntity|Policy > *Policy > " + named + " > " + thing, Container: "RESOURCE_SET|ResourceSet"}, seen,
		"the policy is changed; other targets are the groups and apps that it applies to"},

	{on("device.*policy.*", "device.check.*", "device.desktop_mfa.configuration.*", "device.integration.*",
		"device.platform.*", "device.posture.*", "device.push.*"),
		Cast{Entity: "*Policy > " + other, Container: "UDDevice|Device"}, described,
		"a policy, a check or another setting for devices, not a device"},

	// Parts of a thing. If the part is not among the targets, the thing must not be taken for the part.
	{on("app.oauth2.*credentials.*", "workload_principal.*credential.*", "system.idp.key.*", "system.hook.key.*",
		"pam.*token.*", "pam.*attribute.*", "app.cross_app_access.*", "app.interclient_mapping.*",
		"workload_principal.*connection.*", "workload_principal.delegation_link.*", "oauth2.claim.*", "oauth2.scope.*",
		"system.org.captcha.*", "system.org.task.*", "access.request.condition.*", "access.request.sequence.*",
		"directory.realm.assignment.*"),
		Cast{Entity: "*Credential*|*Secret*|*Key*|*JWK*|*Cert*|*Token*|*Connection*|*Link*|*Mapping*|*Claim*|*Scope*|" +
			"*Captcha*|*Task*|*Attribute*|*Condition*|*Sequence*|*Assignment* > " + other,
			Container: "AuthorizationServer|IdentityProvider|PublicClientApp*|Hook|Workload*|*Agent|pam_gateway|" + apps},
		described, "the part itself, not the thing that it belongs to"},

	// Things with types that are not named like the event type.
	{on("device.*", "mim.*"), Cast{Entity: "UDDevice|Device > *Device > " + named + " > " + thing},
		seen, "the device; a user among the targets is its owner"},
	{on("application.lifecycle.*", "application.configuration.*", "application.cache.*", "self_service.*"),
		Cast{Entity: apps + " > " + named + " > " + thing}, seen, "the app itself"},
	{on("iam.resourceset.*"), Cast{Entity: "RESOURCE_SET|ResourceSet"}, described, "the resource set is changed"},
	{
		on("iam.role.*"),
		Cast{Entity: rolesHeld + " > " + thing},
		seen,
		"the admin role; CUSTOM is the type of a custom one",
	},
	{on("system.custom_signin.*", "system.custom_signout.*", "system.custom_error.*"),
		Cast{Entity: "*Page > " + other}, described,
		"the page; a brand among the targets is the brand of the page"},
	{on("system.idp.*"), Cast{Entity: "IdentityProvider > " + thing}, seen, "the identity provider"},
	{on("zone.*", "network_zone.*", "security.zone.*"), Cast{Entity: "NetworkZone* > " + thing}, seen, "the network zone"},
	{on("account.org.consent.*", "account.product.*"),
		Cast{Entity: "*Consent*|*Product* > " + other, Container: "Org|Organization"}, assumed,
		"the consent or the product, not the org that gives or has it"},
	{on("account.org_group.org.*"), Cast{Entity: "OrgGroup|Org_Group > " + other}, seen,
		"the org group is changed; the org is added to it or removed from it"},
	{on("oauth2.as.*"), Cast{Entity: "AuthorizationServer > " + thing}, seen, "the authorization server"},
	{on("pki.*"), Cast{Entity: "*Cert*|*CA > " + other}, seen, "the certificate; a user among the targets is its owner"},
	{on("pam.server.ssh_login"), Cast{App: "*Server*"}, seen, "the user signed in to the server"},

	{on("pam.*.create", "pam.*.delete", "pam.*.remove", "pam.*.enroll", "pam.*.assign"),
		Cast{Entity: named + " > " + other}, assumed,
		"the thing named in the event type; servers, projects and groups among the targets are what it belongs to"},
	{on("app.oauth2.client.lifecycle.*"), Cast{Entity: "PublicClientApp*|*Client* > " + apps}, seen,
		"the client, which is an app"},
	{on("app.ai_agent_provider.*"), Cast{Entity: "*Provider* > " + other + " > " + apps}, described,
		"the provider, which is connected as an app"},
	{on("application.*", "app.*", "resource.governance*engine.*"), Cast{Container: apps + " > AuthorizationServer"}, seen,
		"the thing named in the event type, or else something of the app"},
	{on("user.*", "credential.*"), Cast{Container: "User|NewUser"}, seen,
		"the thing named in the event type, or else something of the user"},

	// All other event types, by the first word. The fixtures have events of these families, or
	// Okta's descriptions name the targets.
	{on("access.*", "account.*", "certification.*", "directory.*", "event_hook.*", "governance.*", "group.*",
		"inline_hook.*", "resource.*", "resource_servers.*", "support.*", "task.*", "workflows.*",
		"workload_principal.*", "system.*", "oauth2.*"), Cast{}, seen,
		"users, groups, apps and policies by type, other things by the name in the event type"},
	{on("*"), Cast{}, assumed, "users, groups, apps and policies by type, other things by the name in the event type"},
}

// self lists the event types in which people act on themselves: if no target is the user, the actor
// is. In all other types, an event that names no user does not say which user was acted on.
var self = []struct {
	patterns []string
	why      string
}{
	{on("user.session.start", "user.session.end", "user.session.access_admin_app", "user.session.context.*",
		"user.internal.session_context*", "user.internal.authentication.*", "user.device_session.*",
		"user.account.access_*_app"), "the actor's own session"},
	{
		on(
			"user.authentication.auth*",
			"user.authentication.sso",
			"user.authentication.slo",
			"user.authentication.verify",
			"user.authentication.dsso*",
			"security.internal.authentication",
			"policy.evaluate_sign_on",
		),
		"the actor signs in or out",
	},
	{on("app.generic.unauth_app_access_attempt", "application.policy.sign_on.deny_access", "app.oauth2.as.authorize*",
		"app.oauth2.authorize*", "app.oauth2.*interact.*", "app.oauth2.signon", "app.oauth2.invalid_client_*",
		"app.oauth2.*scope_denied", "app.kerberos_rich_client.*", "app.inbound_del_auth.*", "system.iwa_agentless.*",
		"system.ldapi.*", "system.idp.select", "device.platform_sso.authentication",
		"device.password_sync.authentication", "pam.server.ssh_login", "pam.security_policy.evaluate"),
		"the actor signs in to an app, a server or Okta"},
	{on("user.mfa.attempt_bypass", "user.mfa.okta_verify*", "user.mfa.promote_enrollment", "user.identity_verification*",
		"security.protected_action.attempt", "system.email.challenge_factor_redeemed"),
		"the actor answers a challenge"},
	{on("credential.register", "device.*.enrollment.create"), "the actor registers a credential for themselves"},
	{on("user.account.use_token"), "the actor recovers their own account"},
	{on("user.account.lock*"), "the actor failed to sign in too often"},
	{on("app.access_request.request", "app.request_new.notify", "pam.resource.checkout"),
		"the actor asks for access or takes it"},
}
