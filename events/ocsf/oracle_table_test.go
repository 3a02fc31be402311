package ocsf_test

// row says that a value of the event is at a path in the record.
type row struct {
	from string // in the event; "a else b": the first that how takes
	to   string // in the record, below the place of the row's group
	how  transform
	also bool // the value has another place, or stays in unmapped: this one repeats it
	when func(*view) bool

	met int // how often it matched; a row that never matches proves nothing
}

// evidence is where a finding has what other records have at the top.
const evidence = "evidences[0]."

// places has the groups of rows of each class, and their path in a record. OCSF 1.8.0 has no
// src_endpoint and no http_request in classes 0, 6002 and 6008.
var places = map[int]string{
	0:    "head actor device",
	2004: "head finding evidences[0].actor evidences[0].target evidences[0].risk evidences[0].client evidences[0].request evidences[0].resources evidences[0].device evidences[0].ja4",
	3001: "head actor user account-factor client request device",
	3002: "head actor user session service policy protocol sign-in-factor logon client request device",
	3004: "head actor entity client request device",
	3005: "head actor user access resources client request device",
	3006: "head actor group target privileges app-resource client request device",
	6002: "head actor application device",
	6003: "head actor actor-or-okta api resources client client-or-okta request device",
	6008: "head actor device",
}

// demands are the attributes without one of which OCSF 1.8.0 allows no object
// (its at_least_one constraints and required attributes); "and" joins demands.
var demands = []struct{ object, of string }{
	{"actor.user", "uid name"},
	{"user", "uid name account"},
	{"user.account", "uid name"},
	{"src_endpoint", "ip domain svc_name"},
	{"src_endpoint.location", "city region country postal_code"},
	{"src_endpoint.os", "name"},
	{"http_request.url", "path"},
	{"device", "uid name"},
	{"device.os", "name"},
	{"service", "uid name"},
	{"policy", "uid name"},
	{"group", "uid name"},
	{"resource", "uid name"},
	{"app", "uid name"},
	{"entity", "uid name"},
	{"entity_result", "data and uid name"},
	{"auth_factors[0]", "factor_type_id"},
	{"ja4_fingerprint_list[0]", "value"},
	{"evidences[0]", "actor user src_endpoint resources device"},
}

var rows = map[string][]row{
	"head": {
		{from: "uuid", to: "metadata.uid", how: asText},
		{from: "eventType", to: "metadata.event_code", how: asText},
		{from: "published", to: "metadata.original_time", how: asText},
		{from: "transaction.id", to: "metadata.correlation_uid", how: asName},
		{from: "severity", to: "metadata.log_level", how: asText},
		{from: "version", to: "metadata.log_version", how: asText},
		{from: "outcome.result", to: "status_code", how: asText},
		{from: "outcome.reason", to: "status_detail", how: asText},
		{from: "displayMessage", to: "message", how: asText},
	},
	"actor": {
		{from: "actor.id", to: "actor.user.uid", how: asName, when: principal},
		{from: "actor.alternateId", to: "actor.user.name", how: asName, when: principal},
		{from: "actor.alternateId", to: "actor.user.email_addr", how: asEmail, also: true, when: principal},
		{from: "actor.alternateId", to: "actor.user.domain", how: asDomain, also: true, when: principal},
		{from: "actor.displayName", to: "actor.user.full_name", how: asName, when: principal},
		{from: "actor.type", to: "actor.user.type", how: asUserType, when: principal},
		{from: "transaction.detail.requestApiTokenId", to: "actor.user.programmatic_credentials[0].uid", how: asName, when: principal},
		{from: "authenticationContext.externalSessionId", to: "actor.session.uid", how: asName},
		{from: "authenticationContext.rootSessionId", to: "actor.session.uid_alt", how: asName},
		{from: "authenticationContext.issuer.id", to: "actor.session.issuer", how: asName},
		{from: "client.id", to: "actor.app_uid", how: asName},
	},
	// The user that was acted on: a target, or else the actor if people act on themselves.
	"user": {
		{from: "$user.id", to: "user.uid", how: asName, when: named("user")},
		{from: "$user.alternateId", to: "user.name", how: asName, when: named("user")},
		{from: "$user.alternateId", to: "user.email_addr", how: asEmail, also: true, when: named("user")},
		{from: "$user.displayName", to: "user.full_name", how: asName, when: named("user")},
		{from: "$user.type", to: "user.type", how: asUserType, when: named("user")},
		{from: "actor.id", to: "user.uid", how: asName, also: true, when: actsOnSelf},
		{from: "actor.alternateId", to: "user.name", how: asName, also: true, when: actsOnSelf},
	},
	"target": {
		{from: "$user.id", to: "user.uid", how: asName},
		{from: "$user.alternateId", to: "user.name", how: asName},
		{from: "$user.alternateId", to: "user.email_addr", how: asEmail, also: true},
		{from: "$user.displayName", to: "user.full_name", how: asName},
		{from: "$user.type", to: "user.type", how: asUserType},
	},
	"client": {
		{from: "client.ipAddress else $hop.ip else $address.id", to: "src_endpoint.ip", how: asIP},
		{from: "securityContext.domain", to: "src_endpoint.domain", how: asName},
		{from: "client.geographicalContext.city", to: "src_endpoint.location.city", how: asName},
		{from: "client.geographicalContext.state", to: "src_endpoint.location.region", how: asName},
		{from: "client.geographicalContext.country", to: "src_endpoint.location.country", how: asCountry},
		{from: "client.geographicalContext.postalCode", to: "src_endpoint.location.postal_code", how: asName},
		{from: "client.geographicalContext.geolocation.lat", to: "src_endpoint.location.lat", how: asNumber},
		{from: "client.geographicalContext.geolocation.lon", to: "src_endpoint.location.long", how: asNumber},
		{from: "securityContext.asNumber", to: "src_endpoint.autonomous_system.number", how: asInteger},
		{from: "securityContext.asOrg", to: "src_endpoint.autonomous_system.name", how: asName},
		{from: "securityContext.asOrg", to: "src_endpoint.isp_org", how: asName, also: true},
		{from: "securityContext.isp", to: "src_endpoint.isp", how: asName},
		{from: "client.zone", to: "src_endpoint.zone", how: asName},
		{from: "client.device", to: "src_endpoint.type", how: asString},
		{from: "client.userAgent.os", to: "src_endpoint.os.name", how: asName},
	},
	"request": {
		{from: "client.userAgent.rawUserAgent", to: "http_request.user_agent", how: asName},
		{from: "debugContext.debugData.requestId", to: "http_request.uid", how: asName},
		{from: "debugContext.debugData.requestUri", to: "http_request.url.path", how: asName},
		{from: "debugContext.debugData.url", to: "http_request.url.query_string", how: asQuery},
		{from: "debugContext.debugData.origin", to: "http_request.url.hostname", how: asHostname},
	},
	"device": {
		{from: "device.id", to: "device.uid", how: asName},
		{from: "device.name", to: "device.name", how: asName},
		{from: "device.os_platform|osPlatform|platform", to: "device.os.name", how: asName},
		{from: "device.os_version|osVersion", to: "device.os.version", how: asName},
		{from: "device.managed", to: "device.is_managed", how: asBoolean},
	},
	"finding": {
		{from: "displayMessage", to: "finding_info.title", how: asName, also: true},
	},
	"ja4": {
		{from: "debugContext.debugData.ja4", to: "ja4_fingerprint_list[0].value", how: asName},
	},
	"account-factor": {
		{from: factorProvider, to: "auth_factors[0].provider", how: asName, when: aboutFactor},
		{from: "$enrolment.displayName", to: "auth_factors[0].provider", how: asName, when: aboutFactorOfNoProvider},
	},
	"sign-in-factor": {
		{from: factorProvider, to: "auth_factors[0].provider", how: asName},
		{from: "$enrolment.displayName", to: "auth_factors[0].provider", how: asName, when: noProvider},
	},
	"session": {
		{from: "authenticationContext.externalSessionId", to: "session.uid", how: asName, also: true, when: ownSession},
	},
	"service": {
		{from: "$app.id", to: "service.uid", how: asName},
		{from: "$app.displayName", to: "service.name", how: asName},
		{from: "$app.alternateId", to: "service.labels", how: asOneName, when: named("app")},
	},
	"policy": {
		{from: "$policy.id", to: "policy.uid", how: asName},
		{from: "$policy.displayName", to: "policy.name", how: asName},
		{from: "$policy.type", to: "policy.type", how: asName},
	},
	"entity": {
		{from: "$entity.id", to: "entity.uid", how: asName},
		{from: "$entity.displayName", to: "entity.name", how: asName},
		{from: "$entity.type", to: "entity.type", how: asEntityType, when: entityNamed},
		{from: "$entity.changeDetails.from", to: "entity.data", how: asChange, when: entityNamed},
		{from: "$entity.changeDetails.to", to: "entity_result.data", how: asChange},
		{from: "$entity.id", to: "entity_result.uid", how: asName, also: true},
		{from: "$entity.displayName", to: "entity_result.name", how: asName, also: true},
	},
	"group": {
		{from: "$group.id", to: "group.uid", how: asName},
		{from: "$group.displayName", to: "group.name", how: asName},
		{from: "$group.type", to: "group.type", how: asName, when: groupNamed},
		{from: "$group.alternateId", to: "group.uid_alt", how: asName, when: groupNamed},
	},
	"app-resource": {
		{from: "$app.id", to: "resource.uid", how: asName},
		{from: "$app.displayName", to: "resource.name", how: asName},
		{from: "$app.type", to: "resource.type", how: asName},
		{from: "$app.alternateId", to: "resource.uid_alt", how: asName},
		{from: "$app.detailEntry", to: "resource.data", how: asJSON},
	},
	// One of these for every target that is not a user, at resources[n].
	"resource": {
		{from: "$resource.id", to: "uid", how: asName},
		{from: "$resource.displayName", to: "name", how: asName},
		{from: "$resource.type", to: "type", how: asName},
		{from: "$resource.alternateId", to: "uid_alt", how: asName},
		{from: "$resource.detailEntry", to: "data", how: asJSON},
	},
	"access":     {{from: privilegeList, to: "privileges", how: asPrivileges}},
	"privileges": {{from: privilegeList, to: "privileges", how: asPrivileges}},
	"application": {
		{from: "$agent.id", to: "app.uid", how: asName},
		{from: "$agent.displayName", to: "app.name", how: asName},
	},
	"api": {
		{from: "eventType", to: "api.operation", how: asText, also: true},
		{from: "debugContext.debugData.requestId", to: "api.request.uid", how: asName, also: true},
	},
}

const (
	factorProvider = "authenticationContext.credentialProvider else authenticationContext.authenticationProvider"
	privilegeList  = "debugContext.debugData.privilegeGranted else debugContext.debugData.privilegeRevoked"
)

func not(holds func(*view) bool) func(*view) bool { return func(v *view) bool { return !holds(v) } }

// named reports whether OCSF would take what is $name for something with a name.
func named(name string) func(*view) bool {
	return func(v *view) bool {
		second := "displayName"
		if name == "user" || name == "account" {
			second = "alternateId"
		}
		return v.name("$"+name+".id") != nil || v.name("$"+name+"."+second) != nil
	}
}

// principal reports whether the actor is more than an address.
func principal(v *view) bool { return v.named["address"] == nil }

var entityNamed, groupNamed = named("entity"), named("group")

// noProvider reports whether the event names no provider of the factor.
func noProvider(v *view) bool {
	return v.name("authenticationContext.credentialProvider") == nil && v.name("authenticationContext.authenticationProvider") == nil
}

func aboutFactorOfNoProvider(v *view) bool { return aboutFactor(v) && noProvider(v) }

func aboutFactor(v *view) bool { return v.decision.MFA }

// ownSession reports whether the session is the user's: the actor is the user.
func ownSession(v *view) bool {
	if v.named["user"] == nil {
		return actsOnSelf(v)
	}
	id, other := v.word(v.root.at("actor.id")), v.word(v.find("$user.id"))
	if id != "" && other != "" {
		return id == other
	}
	login := v.word(v.root.at("actor.alternateId"))
	return login != "" && login == v.word(v.find("$user.alternateId"))
}

// name is what asName makes of the value there.
func (v *view) name(from string) *node {
	n := v.find(from)
	if n == nil {
		return nil
	}
	name, _ := asName(v, n)
	return name
}
