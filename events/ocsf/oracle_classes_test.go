package ocsf_test

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/roles"
)

// The derived attributes of the classes and of the objects that they share.

// beside is an id that stands beside a word of the event.
func (v *view) beside(path string, word *node) []want {
	if v.word(word) == "" {
		return nil
	}
	return []want{{path: path}}
}

// client is what src_endpoint has besides the values of its rows.
func (v *view) client(at string) []want {
	wants := v.beside(at+"src_endpoint.type_id", v.root.at("client.device"))
	wants = append(wants, v.system(at+"src_endpoint.os", "client.userAgent.os")...)
	if hops := strs(v.addresses(1)); hops != nil {
		wants = append(wants, want{path: at + "src_endpoint.intermediate_ips", value: hops})
	}
	anonymisers := v.array("securityContext.ipDetails.ipServiceCategories")
	if tunnels := v.typed[v.root.at("debugContext.debugData.tunnels")]; len(anonymisers) == 0 && tunnels != nil &&
		tunnels.kind == '[' {
		anonymisers = tunnels.kids
	}
	if len(anonymisers) == 0 {
		return wants
	}
	kind, operator := anonymisers[0].last("type"), anonymisers[0].last("operator")
	if v.word(kind) != "" && v.word(operator) != "" {
		proxy := &node{kind: '{', keys: []string{"name", "type_id", "type"}, kids: []*node{operator, integer(99), kind}}
		wants = append(wants, want{path: at + "src_endpoint.proxy_endpoint", value: proxy})
	}
	return wants
}

// system is os.type_id and os.type: the caption, or the system's own name beside 99.
func (v *view) system(at, from string) []want {
	if v.name(from) == nil {
		return nil
	}
	return []want{{path: at + ".type_id"}, {path: at + ".type"}}
}

func (v *view) request(at string) []want {
	if hops := strs(v.addresses(0)); hops != nil {
		return []want{{path: at + "http_request.x_forwarded_for", value: hops}}
	}
	return nil
}

func (v *view) device(at string) []want {
	return append(v.system(at+"device.os", "device.os_platform|osPlatform|platform"),
		want{path: at + "device.type_id"}, want{path: at + "device.type"})
}

// factor is the word by which the event names the authenticator.
func (v *view) factor() string {
	enrolment := v.named["enrolment"]
	if detail := enrolment.last("detailEntry"); detail != nil && detail.kind == '{' {
		if method := v.word(detail.last("methodTypeUsed")); method != "" {
			return method
		}
	}
	if word := v.word(v.root.at("debugContext.debugData.factor")); word != "" {
		return word
	}
	if name := v.word(enrolment.last("displayName")); name != "" {
		return name
	}
	return v.word(v.root.at("authenticationContext.credentialType"))
}

func (v *view) factors() []want {
	if v.factor() == "" {
		return nil
	}
	return []want{{path: "auth_factors[0].factor_type_id"}, {path: "auth_factors[0].factor_type"}}
}

func (v *view) accountFactor(string) []want {
	if !v.decision.MFA {
		return nil
	}
	return v.factors()
}

func (v *view) signInFactor(string) []want {
	wants := v.factors()
	factors := []string{v.factor()}
	if len(v.enrolments) > 0 {
		factors = nil
		for _, n := range v.enrolments {
			factors = append(factors, v.word(n.last("displayName")))
		}
	}
	isPassword := regexp.MustCompile("(?i)password")
	if v.decision.MFA && slices.ContainsFunc(factors, func(f string) bool { return !isPassword.MatchString(f) }) {
		wants = append(wants, want{path: "is_mfa", value: boolean(true)})
	}
	return wants
}

func (v *view) protocol(string) []want {
	wants := []want{{path: "auth_protocol_id"}, {path: "auth_protocol"}}
	if v.decision.Protocol != 0 {
		return wants
	}
	if v.word(v.root.at("debugContext.debugData.signOnMode")) == "" {
		return nil
	}
	for i := range wants {
		wants[i].maybe = true // OCSF has no number for some modes
	}
	return wants
}

func (v *view) logon(string) []want {
	var wants []want
	if behavior := v.verdict.newDevice; v.decision.Activity == 1 && behavior == "POSITIVE" {
		wants = append(wants, want{path: "is_new_logon", value: boolean(true)})
	}
	if v.decision.AccountSwitch != 0 {
		wants = append(wants, want{path: "account_switch_type_id", value: integer(2)},
			want{path: "account_switch_type", value: str("Impersonate")})
	}
	return wants
}

func (v *view) entity(string) []want {
	wants := v.belongsTo()
	if entityNamed(v) {
		if v.word(v.find("$entity.type")) != "" {
			wants = append(wants, want{path: "entity.type_id"})
		}
		return append(wants, v.entityAgain()...)
	}
	return append(wants, want{path: "entity.name", value: str("unknown")},
		want{path: "entity.type_id", value: integer(int64(v.decision.EntityTypeID))},
		want{path: "entity.type", value: str(v.decision.EntityType)})
}

// entityAgain is the entity as the object that OCSF has for things of its kind.
func (v *view) entityAgain() []want {
	key := map[string]string{
		"Policy": "policy", "Device": "device", "User": "user", "Group": "group", "Organization": "org",
	}[entityCaption(v.word(v.find("$entity.type")))]
	name, rest := "displayName", []want(nil)
	switch key {
	case "":
		return nil
	case "device":
		rest = []want{{path: "entity.device.type_id", value: integer(0)}, {path: "entity.device.type", value: str("Unknown")}}
	case "user":
		name = "alternateId"
		rest = v.apply("entity.user.", []row{{from: "$entity.displayName", to: "full_name", how: asName}})
	}
	wants := v.apply("entity."+key+".", []row{
		{from: "$entity.id", to: "uid", how: asName}, {from: "$entity." + name, to: "name", how: asName},
	})
	if len(wants) == 0 {
		return nil
	}
	return append(wants, rest...)
}

// belongsTo is the policy of a rule, and the user whose password or certificate it is.
func (v *view) belongsTo() []want {
	switch v.decision.EntityType {
	case "Policy Rule":
		return v.apply("entity.", rows["policy"])
	case "Credential", "Certificate":
		if !named("user")(v) {
			return nil
		}
		return append(v.apply("entity.", rows["target"]), v.target("entity.")...)
	}
	return nil
}

// target is what a user among the targets has besides the values of its rows.
func (v *view) target(at string) []want {
	return append(v.account("target", at), v.beside(at+"user.type_id", v.find("$user.type"))...)
}

// accountAlone reports whether an account in an app is all that is known of the user.
func accountAlone(v *view) bool {
	return v.named["user"] == nil && !v.users && !actorIsUser(v) && named("account")(v)
}

// actsOnSelf reports whether the actor is also the user because no target is.
func actsOnSelf(v *view) bool {
	return v.roles.Self && v.named["user"] == nil && !v.users && v.word(v.root.at("actor.type")) != "SystemPrincipal" &&
		principal(v)
}

func actorIsUser(v *view) bool {
	return actsOnSelf(v) && (v.name("actor.id") != nil || v.name("actor.alternateId") != nil)
}

// account is the user's account in an app, where the record has a user.
func (v *view) account(group, at string) []want {
	target := named("user")(v)
	named := named("account")(v)
	fullName := v.apply(at, []row{{from: "$account.displayName", to: "user.full_name", how: asName}})
	if !named && !target && group == "user" && actorIsUser(v) {
		return fullName
	}
	if !named || !target && (group == "target" || !actorIsUser(v) && !accountAlone(v)) {
		return nil
	}
	wants := v.apply(at+"user.account.", []row{
		{from: "$account.id", to: "uid", how: asName}, {from: "$account.alternateId", to: "name", how: asName},
		{from: "$account.type", to: "type", how: asName},
	})
	wants = append(wants, want{path: at + "user.account.type_id", value: integer(99)})
	if !target {
		wants = append(wants, fullName...)
	}
	return wants
}

// findingUID is the id of the finding's subject: nil means the event's own id, which a row has.
func (v *view) findingUID() *node {
	switch v.decision.Finding {
	case classify.OrgAttack:
		if v.from.Org != "" {
			return str("okta-org-attack:" + v.from.Org)
		}
	case classify.UserRisk:
		if id := v.word(v.find("$user.id")); id != "" {
			return str("okta-user-risk:" + id)
		}
	}
	return str(v.root.at("uuid").text)
}

// groupPrivileges is the role among the targets, where the event lists no privileges.
func (v *view) groupPrivileges(string) []want {
	if name := v.word(v.find("$privilege.displayName")); name != "" && !v.listsPrivileges() {
		return []want{{path: "privileges", value: strs([]string{name})}}
	}
	return nil
}

func (v *view) listsPrivileges() bool {
	for _, name := range []string{"privilegeGranted", "privilegeRevoked"} {
		if n := v.root.at("debugContext.debugData." + name); n != nil {
			if privileges, _ := asPrivileges(v, n); privileges != nil {
				return true
			}
		}
	}
	return false
}

// access is what is said of privileges where the event lists none.
func (v *view) access(string) []want {
	if v.listsPrivileges() {
		return nil
	}
	if v.decision.Privilege != "" {
		return []want{{path: "privileges", value: strs([]string{v.decision.Privilege})}}
	}
	if wants := v.groupPrivileges(""); wants != nil {
		return wants
	}
	var names []string
	for _, target := range v.targets {
		if name := v.word(target.last("displayName")); name != "" && !v.ranks(target).Person &&
			v.ranks(target).Of[roles.Group] == 0 && target != v.named["user"] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{v.root.at("eventType").text}
	}
	return []want{{path: "privileges", value: strs(names)}}
}

// resources are the targets that are not users and have a name, the app before the others.
func (v *view) resources(at string) []want {
	var wants []want
	n := 0
	targets := slices.Clone(v.targets)
	slices.SortStableFunc(targets, func(a, b *node) int {
		return cmp.Compare(btoi(a != v.named["app"]), btoi(b != v.named["app"]))
	})
	for _, target := range targets {
		if v.ranks(target).Person && !v.tied[target] || target == v.named["user"] {
			continue
		}
		v.named["resource"] = target
		if !named("resource")(v) {
			continue
		}
		wants = append(wants, v.apply(at+"resources["+integer(int64(n)).text+"].", rows["resource"])...)
		n++
	}
	return wants
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// actorOrOkta is the actor of a class that demands one.
func (v *view) actorOrOkta(string) []want {
	if len(prune(v.apply("", rows["actor"]))) > 0 {
		return nil
	}
	if !principal(v) {
		return []want{{path: "actor.user.name", value: str("unknown")}}
	}
	return []want{{path: "actor.app_name", value: str("Okta")}}
}

// clientOrOkta is the src_endpoint of a class that demands one.
func (v *view) clientOrOkta(string) []want {
	for _, w := range v.apply("", rows["client"]) {
		if w.path == "src_endpoint.ip" || w.path == "src_endpoint.domain" {
			return nil
		}
	}
	return []want{{path: "src_endpoint.svc_name", value: str("Okta")}}
}
