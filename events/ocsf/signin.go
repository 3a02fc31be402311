package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// service is the application that the user signed in to, with the label that the admin gave it
// (alternateId), or else Okta itself: class 3002 requires a service or a dst_endpoint.
func service() record.Part {
	return record.FirstOf{
		record.ForRole(roles.App, &record.Object{Key: "service", AtLeastOne: names(), Rest: []record.Part{
			record.Member("labels", record.AsOneName, record.TargetAlternateID),
		}}),
		&record.Object{Key: "service", Rest: []record.Part{record.Const("name", "Okta", "no application is named")}},
	}
}

// signInPolicy is the policy that decided, with profile security_control.
func signInPolicy() record.Part {
	return record.ForRole(roles.Policy, &record.Object{Key: "policy", AtLeastOne: names(), Rest: []record.Part{
		record.Member("type", record.AsName, record.TargetType),
	}})
}

// protocols maps the sign-on modes of Okta's applications to OCSF's numbers, where OCSF has one
// (Okta, Apps API, signOnMode).
var protocols = map[string]int{
	"SAML 2.0": 5, "SAML_2_0": 5, "SAML 1.1": 5, "SAML_1_1": 5,
	"OpenID Connect": 4, "OPENID_CONNECT": 4,
	"BASIC_AUTH": 11, "Basic Auth": 11,
}

var protocolCaptions = map[int]string{
	2: "Kerberos", 4: "OpenID", 5: "SAML", 6: "OAUTH 2.0", 10: "RADIUS", 11: "Basic Authentication", 12: "LDAP",
}

// authProtocol is the protocol: from the application's sign-on mode, or else from the event type.
// The sign-on mode also stays in unmapped.
func authProtocol() record.Part {
	protocol := func(e *record.Emitter) int {
		if id, ok := protocols[string(e.Inner(events.DebugSignOnMode))]; ok {
			return id
		}
		return e.Decision.Protocol
	}
	return record.All{
		record.Derive("auth_protocol_id", "debugData.signOnMode, else the event type", func(e *record.Emitter) bool {
			id := protocol(e)
			return id != 0 && e.Int(int64(id))
		}),
		record.Derive("auth_protocol", "its caption", func(e *record.Emitter) bool {
			caption := protocolCaptions[protocol(e)]
			return caption != "" && e.Quote(caption)
		}),
	}
}

// factors maps words in Okta's names of authenticators to OCSF's factor types. The first word that
// a name contains decides, so special words come before general ones. OCSF has no type for Okta
// FastPass (SIGNED_NONCE), nor for a phone if the event does not say whether it was a text message
// or a call.
var factors = []struct {
	part string
	kind kind
}{
	{"signed_nonce", kind{record.Other, ""}},
	{"fastpass", kind{record.Other, ""}},
	{"push", kind{5, "Push Notification"}},
	{"webauthn", kind{10, "WebAuthn"}},
	{"fido", kind{10, "WebAuthn"}},
	{"passkey", kind{10, "WebAuthn"}},
	{"u2f", kind{9, "U2F"}},
	{"sms", kind{1, "SMS"}},
	{"call", kind{3, "Phone Call"}},
	{"voice", kind{3, "Phone Call"}},
	{"question", kind{2, "Security Question"}},
	{"security key", kind{10, "WebAuthn"}},
	{"hard", kind{6, "Hardware Token"}},
	{"yubikey", kind{6, "Hardware Token"}},
	{"rsa", kind{6, "Hardware Token"}},
	{"symantec", kind{6, "Hardware Token"}},
	{"otp", kind{7, "OTP"}},
	{"soft_token", kind{7, "OTP"}},
	{"enter a code", kind{7, "OTP"}}, // of Okta Verify or another app
	{"token:software", kind{7, "OTP"}},
	{"google", kind{7, "OTP"}},
	{"email", kind{8, "Email"}},
	{"password", kind{11, "Password"}},
	{"biometric", kind{4, "Biometric"}},
}

func factorKind(name []byte) kind {
	for i := range factors {
		if containsFold(name, factors[i].part) {
			return factors[i].kind
		}
	}
	return kind{record.Other, ""}
}

// factor returns the node that names the authenticator: the method that its enrolment says was used
// (a phone can receive a text message or a call), or else debugData.factor, or else the enrolment's
// name, or else the kind of credential.
func factor(e *record.Emitter) uint32 {
	enrolment := e.Who(roles.Enrolment)
	if method := methodUsed(e, enrolment); method != 0 {
		return method
	}
	if e.Inner(events.DebugFactor) != nil {
		return e.Event.Node(events.DebugFactor)
	}
	if enrolment != nil && e.Says(enrolment.DisplayName) {
		return enrolment.DisplayName
	}
	if e.Inner(events.CredentialType) != nil {
		return e.Event.Node(events.CredentialType)
	}
	return 0
}

// methodUsed returns the node of an enrolment's detailEntry.methodTypeUsed if it has content, or 0.
func methodUsed(e *record.Emitter, enrolment *record.Target) uint32 {
	if enrolment == nil || enrolment.DetailEntry == 0 {
		return 0
	}
	if method := e.Tree.Member(enrolment.DetailEntry, "methodTypeUsed"); e.Says(method) {
		return method
	}
	return 0
}

// factorParts has the attributes of an auth_factor. Okta's own name of it stays in unmapped.
func factorParts() (required, rest []record.Part) {
	of := func(e *record.Emitter) (uint32, int64, string) {
		i := factor(e)
		if i == 0 {
			return 0, 0, ""
		}
		k := factorKind(e.Tree.Inner(i))
		return i, k.id, k.caption
	}
	const why = "the method that the enrolment says was used, else debugData.factor, else the enrolment's name"
	required = []record.Part{record.Derive("factor_type_id", why, func(e *record.Emitter) bool {
		i, id, _ := of(e)
		return i != 0 && e.Int(id)
	})}
	return required, []record.Part{
		record.Derive("factor_type", "its caption, or Okta's own name", func(e *record.Emitter) bool {
			i, id, caption := of(e)
			if id == record.Other {
				return i != 0 && e.Raw(i)
			}
			return e.Quote(caption)
		}),
		record.FirstOf{
			record.Field("provider", record.AsName, events.CredentialProvider, events.AuthenticationProvider),
			record.ForRole(roles.Enrolment, record.Member("provider", record.AsName, record.TargetName)),
		},
	}
}

// authFactors has the factors of a sign-in and is_mfa. is_mfa is true if the event type is about a
// factor other than a password: in Identity Engine the type is logged for the first factor too.
func authFactors() record.Part {
	required, rest := factorParts()
	return record.All{
		&record.Object{Key: "auth_factors", List: true, AtLeastOne: required, Rest: rest},
		record.Derive("is_mfa", "the event type is about a factor, which is not a password", func(e *record.Emitter) bool {
			return e.Decision.MFA && !onlyPassword(e) && e.True()
		}),
	}
}

const factorPassword = 11 // auth_factor.factor_type_id

// onlyPassword reports whether a password is the only factor that the event names.
func onlyPassword(e *record.Emitter) bool {
	isPassword := func(i uint32) bool { return factorKind(e.Tree.Inner(i)).id == factorPassword }
	if !e.Tied(roles.Enrolment) {
		i := factor(e)
		return i != 0 && isPassword(i)
	}
	for i := range e.Targets {
		t := &e.Targets[i]
		if t.Fits(roles.Enrolment) && !(e.Says(t.DisplayName) && isPassword(t.DisplayName)) {
			return false
		}
	}
	return true
}

// accountFactors are the factors that were added to an account or removed from it.
func accountFactors() record.Part {
	required, rest := factorParts()
	o := &record.Object{Key: "auth_factors", List: true, AtLeastOne: required, Rest: rest}
	return record.When(func(e *record.Emitter) bool { return e.Decision.MFA }, o)
}

// newDevice is how Verdict.Behaviors says that Okta had not seen the device before.
var newDevice = []byte(`"New Device":"POSITIVE"`)

// logonKind has what the event says about the kind of sign-in. OCSF's is_new_logon is a logon from
// a device that was not seen before.
func logonKind() record.Part {
	return record.All{
		record.Derive("is_new_logon", "behavior New Device is POSITIVE", func(e *record.Emitter) bool {
			return e.Decision.Activity == activityLogon && bytes.Contains(e.Verdict.Behaviors, newDevice) && e.True()
		}),
		record.Derive("account_switch_type_id", "the event type is an impersonation", func(e *record.Emitter) bool {
			return e.Decision.AccountSwitch != 0 && e.Int(int64(e.Decision.AccountSwitch))
		}),
		record.Derive("account_switch_type", "its caption", func(e *record.Emitter) bool {
			return e.Decision.AccountSwitch == 2 && e.Quote("Impersonate")
		}),
	}
}

// findingInfo identifies a finding.
func findingInfo() record.Part {
	return &record.Object{Key: "finding_info", Rest: []record.Part{
		record.FirstOf{
			record.Derive("uid", "the same for all events about one attack on the org, or one user's risk", writeFindingUID),
			record.Field("uid", record.Repeated(record.AsText), events.UUID),
		},
		record.Field("title", record.Repeated(record.AsName), events.DisplayMessage),
		record.Derive("types", "the threats in debugData.threatDetections", writeThreats),
	}}
}

// writeFindingUID writes an id that is the same for all events about one attack on the org or about
// one user's risk, so that an Update or a Close refers to the finding that was created.
func writeFindingUID(e *record.Emitter) bool {
	switch e.Decision.Finding {
	case classify.OrgAttack:
		org := e.Event.Provenance.Org
		return org != "" && e.Quote("okta-org-attack:"+org)
	case classify.UserRisk:
		user := e.Who(roles.User)
		if user == nil || !e.Says(user.ID) {
			return false
		}
		e.Out = append(append(append(e.Out, `"okta-user-risk:`...), e.Tree.Inner(user.ID)...), '"')
		return true
	}
	return false
}

func writeThreats(e *record.Emitter) bool {
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	for _, name := range e.Verdict.Threats {
		if len(e.Out) > start+1 {
			e.Out = append(e.Out, ',')
		}
		e.Quote(string(name))
	}
	if len(e.Out) == start+1 {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}

// evidences has the people and things that a finding is about. OCSF requires one of several objects
// in it; an event without any of them has no evidences.
func evidences() record.Part {
	return &record.Object{Key: "evidences", List: true, AtLeastOne: []record.Part{
		actor(),
		riskUser(),
		sourceEndpoint(),
		resources(),
		device(),
	}, Rest: []record.Part{
		httpRequest(),
		&record.Object{Key: "ja4_fingerprint_list", List: true, AtLeastOne: []record.Part{
			record.Field("value", record.AsName, events.DebugJA4),
		}, Rest: []record.Part{
			record.Number("type_id", 1, "JA4: the fingerprint of a TLS client"),
			record.Const("type", "JA4", "its caption"),
		}},
	}}
}

// riskUser is the user that a finding about risk concerns.
func riskUser() record.Part {
	user := targetUserObject()
	user.Rest = append(user.Rest,
		record.Derive("risk_level_id", "Okta's verdict on the risk", writeRiskID),
		record.Derive("risk_level", "its caption", writeRiskCaption))
	return record.ForRole(roles.User, user)
}
