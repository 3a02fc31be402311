package ocsf

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

// service is the application that the user signed in to, else Okta itself:
// class 3002 demands a service or a dst_endpoint.
func service() record.Part {
	return record.FirstOf{
		record.ForTarget("the first application", record.OfClass(record.AppTarget), &record.Object{Key: "service", Naming: []record.Part{
			record.Member("uid", record.AsText, record.TargetID),
			record.Member("name", record.AsText, record.TargetName),
		}}),
		&record.Object{Key: "service", Rest: []record.Part{record.Word("name", "Okta", "no application is named")}},
	}
}

// signInPolicy is the policy that decided, with profile security_control.
func signInPolicy() record.Part {
	return record.ForTarget("the first policy", record.OfClass(record.PolicyTarget), &record.Object{Key: "policy", Naming: []record.Part{
		record.Member("uid", record.AsText, record.TargetID),
		record.Member("name", record.AsText, record.TargetName),
	}, Rest: []record.Part{
		record.Member("type", record.AsText, record.TargetType),
	}})
}

// protocols are the sign-on modes of Okta's applications that OCSF has a number
// for (Okta, Apps API, signOnMode).
var protocols = map[string]int{
	"SAML 2.0": 5, "SAML_2_0": 5, "SAML 1.1": 5, "SAML_1_1": 5,
	"OpenID Connect": 4, "OPENID_CONNECT": 4,
	"BASIC_AUTH": 11, "Basic Auth": 11,
}

var protocolCaptions = map[int]string{
	2: "Kerberos", 4: "OpenID", 5: "SAML", 6: "OAUTH 2.0", 10: "RADIUS", 11: "Basic Authentication", 12: "LDAP",
}

// authProtocol is by which protocol: the application's sign-on mode, else what
// the event type itself names. The sign-on mode stays in unmapped as it came.
func authProtocol() record.Part {
	protocol := func(e *record.Emitter) int {
		if id, ok := protocols[string(e.Inner(events.DebugSignOnMode))]; ok {
			return id
		}
		return e.Decision.Protocol
	}
	return record.Both{
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

// factors are the words by which Okta names an authenticator, and what OCSF
// calls it. The first that a name holds decides; the order is from the special
// to the general. Okta FastPass (SIGNED_NONCE) is none of OCSF's kinds.
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
	{"phone", kind{3, "Phone Call"}},
	{"question", kind{2, "Security Question"}},
	{"hard", kind{6, "Hardware Token"}},
	{"yubikey", kind{6, "Hardware Token"}},
	{"rsa", kind{6, "Hardware Token"}},
	{"symantec", kind{6, "Hardware Token"}},
	{"otp", kind{7, "OTP"}},
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

// factor is the node that names the authenticator: debugData.factor, else the
// AuthenticatorEnrollment among the targets, else the kind of credential.
func factor(e *record.Emitter) uint32 {
	if e.Inner(events.DebugFactor) != nil {
		return e.Event.Node(events.DebugFactor)
	}
	enrollment := e.First(func(t *record.Target) bool {
		return e.Is(t.Type, "AuthenticatorEnrollment") && t.DisplayName != 0 &&
			e.Tree.Nodes[t.DisplayName].Kind == '"' && !e.Tree.Blank(t.DisplayName)
	})
	if enrollment != nil {
		return enrollment.DisplayName
	}
	if e.Inner(events.CredentialType) != nil {
		return e.Event.Node(events.CredentialType)
	}
	return 0
}

// factorParts is an auth_factor. Okta's own word for it stays in unmapped.
func factorParts() ([]record.Part, []record.Part) {
	of := func(e *record.Emitter) (uint32, int64, string) {
		i := factor(e)
		if i == 0 {
			return 0, 0, ""
		}
		k := factorKind(e.Tree.Inner(i))
		return i, k.id, k.caption
	}
	return []record.Part{
			record.Derive("factor_type_id", "debugData.factor, else the authenticator among the targets", func(e *record.Emitter) bool {
				i, id, _ := of(e)
				return i != 0 && e.Int(id)
			}),
		}, []record.Part{
			record.Derive("factor_type", "its caption, or Okta's word for it", func(e *record.Emitter) bool {
				i, id, caption := of(e)
				if id == record.Other {
					return i != 0 && e.Raw(i)
				}
				return e.Quote(caption)
			}),
			record.Field("provider", record.AsText, events.CredentialProvider, events.AuthenticationProvider),
		}
}

// authFactors are the factors of a sign-in, and whether there was more than one
// kind: an event type about a factor is about multi-factor authentication.
func authFactors() record.Part {
	naming, rest := factorParts()
	return record.Both{
		&record.Object{Key: "auth_factors", List: true, Naming: naming, Rest: rest},
		record.Derive("is_mfa", "the event type is about a factor", func(e *record.Emitter) bool { return e.Decision.MFA && e.True() }),
	}
}

// accountFactors are the factors that an account won or lost.
func accountFactors() record.Part {
	naming, rest := factorParts()
	o := &record.Object{Key: "auth_factors", List: true, Naming: naming, Rest: rest}
	return record.When(func(e *record.Emitter) bool { return e.Decision.MFA }, o)
}

// logonKind is what a sign-in event type tells of the session.
func logonKind() record.Part {
	return record.Both{
		record.Derive("is_new_logon", "the event type opens a session", func(e *record.Emitter) bool { return e.Decision.NewLogon && e.True() }),
		record.Derive("account_switch_type_id", "the event type is an impersonation", func(e *record.Emitter) bool {
			return e.Decision.AccountSwitch != 0 && e.Int(int64(e.Decision.AccountSwitch))
		}),
		record.Derive("account_switch_type", "its caption", func(e *record.Emitter) bool {
			return e.Decision.AccountSwitch == 2 && e.Quote("Impersonate")
		}),
	}
}

// findingInfo is what a finding is called.
func findingInfo() record.Part {
	return &record.Object{Key: "finding_info", Rest: []record.Part{
		record.Field("uid", record.Repeated(record.AsText), events.UUID),
		record.Field("title", record.Repeated(record.AsText), events.DisplayMessage),
		record.Derive("types", "the threats in debugData.threatDetections", func(e *record.Emitter) bool {
			if len(e.Verdict.Threats) == 0 {
				return false
			}
			e.Out = append(e.Out, '[')
			for n, name := range e.Verdict.Threats {
				if n > 0 {
					e.Out = append(e.Out, ',')
				}
				e.Quote(string(name))
			}
			e.Out = append(e.Out, ']')
			return true
		}),
	}}
}

// evidences hold who and what a finding is about. OCSF demands one of several
// things in them; an event that has none of them has no evidences.
func evidences() record.Part {
	return &record.Object{Key: "evidences", List: true, Naming: []record.Part{
		actor(),
		riskUser(),
		sourceEndpoint(),
		resources(),
		device(),
	}, Rest: []record.Part{
		httpRequest(),
		&record.Object{Key: "ja4_fingerprint_list", List: true, Naming: []record.Part{record.Field("value", record.AsText, events.DebugJA4)}, Rest: []record.Part{
			record.Number("type_id", 1, "JA4: the fingerprint of a TLS client"),
			record.Word("type", "JA4", "its caption"),
		}},
	}}
}

// riskUser is the user whose risk a finding is about.
func riskUser() record.Part {
	user := targetUserObject()
	user.Rest = append(user.Rest,
		record.Derive("risk_level_id", "Okta's verdict on the risk", writeRiskID),
		record.Derive("risk_level", "its caption", writeRiskCaption))
	return record.ForTarget("the first user", record.OfClass(record.UserTarget), user)
}
