package ocsf_test

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
	if tunnels := v.typed[v.root.at("debugContext.debugData.tunnels")]; len(anonymisers) == 0 && tunnels != nil && tunnels.kind == '[' {
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
	if v.text(from) == nil {
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
	if word := v.word(v.root.at("debugContext.debugData.factor")); word != "" {
		return word
	}
	for _, target := range v.targets {
		if name := v.word(target.last("displayName")); name != "" && v.word(target.last("type")) == "AuthenticatorEnrollment" {
			return name
		}
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
	if v.decision.MFA {
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
	if v.decision.NewLogon {
		wants = append(wants, want{path: "is_new_logon", value: boolean(true)})
	}
	if v.decision.AccountSwitch != 0 {
		wants = append(wants, want{path: "account_switch_type_id", value: integer(2)},
			want{path: "account_switch_type", value: str("Impersonate")})
	}
	return wants
}

func (v *view) entity(string) []want {
	if entityNamed(v) {
		return v.beside("entity.type_id", v.find("$entity.type"))
	}
	kind := v.decision.EntityType
	if kind == "" {
		kind = v.root.at("eventType").text
	}
	return []want{{path: "entity.name", value: str(kind)}}
}

// access is what is said of privileges where the event lists none.
func (v *view) access(string) []want {
	for _, name := range []string{"privilegeGranted", "privilegeRevoked"} {
		if n := v.root.at("debugContext.debugData." + name); n != nil {
			if privileges, _ := asPrivileges(v, n); privileges != nil {
				return nil
			}
		}
	}
	if v.decision.Privilege != "" {
		return []want{{path: "privileges", value: strs([]string{v.decision.Privilege})}}
	}
	var names []string
	for _, target := range v.targets {
		if name := v.word(target.last("displayName")); name != "" && targetKind(target) != "user" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{v.root.at("eventType").text}
	}
	return []want{{path: "privileges", value: strs(names)}}
}

// resources are the targets that are no users and have a name.
func (v *view) resources(at string) []want {
	var wants []want
	n := 0
	for _, target := range v.targets {
		if targetKind(target) == "user" {
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

// actorOrOkta is the actor of a class that demands one.
func (v *view) actorOrOkta(string) []want {
	if len(prune(v.apply("", rows["actor"]))) > 0 {
		return nil
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
