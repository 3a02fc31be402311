package ocsf_test

import (
	"strings"
	"testing"
)

func TestEveryFormOfRisk(t *testing.T) {
	risk := func(value string) string { return debug("risk", value) }
	for name, row := range map[string]struct{ member, id, caption, details, rest string }{
		"2026": {`"securityContext":{"risk":{"level":"HIGH","reasons":["New IP","New Device"]}}`, "3", `"High"`, `"New IP, New Device"`,
			`{"securityContext":{"risk":{"level":"HIGH","reasons":["New IP","New Device"]}}}`},
		"map":              {risk(`"{level=LOW}"`), "1", `"Low"`, "", `{"level":"LOW"}`},
		"reasons last":     {risk(`"{level=MEDIUM, reasons=New IP, New Device}"`), "2", `"Medium"`, `"New IP, New Device"`, `{"level":"MEDIUM","reasons":["New IP","New Device"]}`},
		"reasons first":    {risk(`"{reasons=New IP, New Device, level=HIGH}"`), "3", `"High"`, `"New IP, New Device"`, `{"reasons":["New IP","New Device"],"level":"HIGH"}`},
		"no reasons":       {risk(`"{level=LOW, reasons=}"`), "1", `"Low"`, "", `{"level":"LOW"}`},
		"null as reasons":  {risk(`"{level=LOW, reasons=null}"`), "1", `"Low"`, "", `{"level":"LOW","reasons":["null"]}`},
		"JSON in a string": {risk(quote(`{"level":"HIGH","reasons":"a"}`)), "3", `"High"`, `"a"`, `{"level":"HIGH","reasons":["a"]}`},
		"object":           {risk(`{"level":"HIGH","reasons":"a, b"}`), "3", `"High"`, `"a, b"`, `{"level":"HIGH","reasons":["a","b"]}`},
		"an odd level":     {risk(`"{level=EXTREME}"`), "", "", "", `{"level":"EXTREME"}`},
		"unterminated":     {risk(`"{level=LOW"`), "", "", "", `"{level=LOW"`},
		"free text":        {risk(`"rather low"`), "", "", "", `"rather low"`},
		"log only": {debug("logOnlySecurityData", quote(`{"risk":{"level":"MEDIUM","reasons":"x"},"behaviors":{"New IP":"NEGATIVE"}}`)), "2", `"Medium"`, `"x"`,
			`{"debugContext":{"debugData":{"logOnlySecurityData":{"risk":{"level":"MEDIUM","reasons":["x"]},"behaviors":{"New IP":"NEGATIVE"}}}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			want := says{"risk_level_id": row.id, "risk_level": row.caption, "risk_details": row.details}
			if row.member[:14] == `"debugContext"` && name != "log only" {
				want["unmapped"] = `{"debugContext":{"debugData":{"risk":` + row.rest + `}}}`
			} else {
				want["unmapped"] = row.rest
			}
			for _, eventType := range []string{typeSignIn, typeEntity, typeFinding, typeBase} {
				expect(t, eventType, members(row.member), want)
			}
		})
	}
	expect(t, typeEntity, members(risk(`"{level=HIGH}"`)), says{"metadata.profiles": `["security_control"]`})
	expect(
		t,
		"user.risk.change",
		members(`"securityContext":{"risk":{"level":"HIGH","previousLevel":"LOW"}}`, targets(bob)),
		says{
			"evidences[0].user.risk_level_id":             "3",
			"evidences[0].user.risk_level":                `"High"`,
			"unmapped.securityContext.risk.previousLevel": `"LOW"`,
		},
	)
}

func TestEveryFormOfBehaviors(t *testing.T) {
	const typed = `{"New Geo-Location":"NEGATIVE","New Device":"POSITIVE"}`
	for name, row := range map[string]struct{ value, want string }{
		"map":              {`"{New Geo-Location=NEGATIVE, New Device=POSITIVE}"`, typed},
		"JSON in a string": {quote(typed), typed},
		"object":           {typed, typed},
		"list":             {`["New Geo-Location=NEGATIVE","New Device=POSITIVE"]`, typed},
		"keys alone":       {`{"New Geo-Location=NEGATIVE":null,"New Device=POSITIVE":null}`, typed},
		"a colon in a key": {`"{Anomalous Location: Country=NEGATIVE}"`, `{"Anomalous Location: Country":"NEGATIVE"}`},
		"a comma in a key": {`"{New, odd=POSITIVE}"`, `"{New, odd=POSITIVE}"`},
		"free text":        {`"New Device was seen"`, `"New Device was seen"`},
		"a broken list":    {`["New Device=POSITIVE","x"]`, `["New Device=POSITIVE","x"]`},
	} {
		t.Run(name, func(t *testing.T) {
			expect(
				t,
				typeSignIn,
				members(debug("behaviors", row.value)),
				says{"unmapped.debugContext.debugData.behaviors": row.want},
			)
		})
	}
	// Two members of one name would lose one of them in most readers.
	expect(t, typeSignIn, members(debug("behaviors", `"{New IP=POSITIVE, New IP=NEGATIVE}"`)),
		says{"unmapped.debugContext.debugData.behaviors": `"{New IP=POSITIVE, New IP=NEGATIVE}"`})
	expect(t, typeSignIn, members(debug("risk", `"{level=LOW, level=HIGH}"`)),
		says{"unmapped.debugContext.debugData.risk": `"{level=LOW, level=HIGH}"`})
}

func TestJSONInStrings(t *testing.T) {
	expect(
		t,
		typeFinding,
		members(debug("threatDetections", quote(`{"Password Spray":"HIGH","Login Failures":"LOW"}`))),
		says{
			"finding_info.types": `["Password Spray","Login Failures"]`,
			"unmapped":           `{"debugContext":{"debugData":{"threatDetections":{"Password Spray":"HIGH","Login Failures":"LOW"}}}}`,
		},
	)
	expect(
		t,
		typeFinding,
		members(debug("threatDetections", `{"":"HIGH","null":"LOW"}`)),
		says{"finding_info.types": "", "severity_id": "4"},
	)
	expect(t, typeFinding, members(debug("threatDetections", `"{Password Spray=HIGH}"`)), says{
		"finding_info.types": `["Password Spray"]`,
		"unmapped":           `{"debugContext":{"debugData":{"threatDetections":"{Password Spray=HIGH}"}}}`,
	})
	expect(t, typeEntity, members(`"device":{"deviceIntegrator":"{\"edr\":{\"id\":\"x\",\"none\":null}}"}`),
		says{"unmapped": `{"device":{"deviceIntegrator":{"edr":{"id":"x"}}}}`})
	// Other fields are never parsed: Okta does not document that they have JSON.
	expect(
		t,
		typeEntity,
		members(debug("novel", quote(`{"a":1}`))),
		says{"unmapped.debugContext.debugData.novel": quote(`{"a":1}`)},
	)
}

func TestFactors(t *testing.T) {
	kinds := map[string]string{
		"SMS":       `{"factor_type_id":1,"factor_type":"SMS"}`,
		"Question":  `{"factor_type_id":2,"factor_type":"Security Question"}`,
		"Phone":     `{"factor_type_id":3,"factor_type":"Phone Call"}`,
		"Biometric": `{"factor_type_id":4,"factor_type":"Biometric"}`,
		"Push":      `{"factor_type_id":5,"factor_type":"Push Notification"}`,
		"Hardware":  `{"factor_type_id":6,"factor_type":"Hardware Token"}`,
		"OTP":       `{"factor_type_id":7,"factor_type":"OTP"}`,
		"Email":     `{"factor_type_id":8,"factor_type":"Email"}`,
		"U2F":       `{"factor_type_id":9,"factor_type":"U2F"}`,
		"WebAuthn":  `{"factor_type_id":10,"factor_type":"WebAuthn"}`,
		"Password":  `{"factor_type_id":11,"factor_type":"Password"}`,
	}
	for word, kind := range map[string]string{
		"SMS_FACTOR": "SMS", "QUESTION": "Question", "Security Question": "Question", "CALL_FACTOR": "Phone", "Voice Call": "Phone",
		"VOICE": "Phone", "OKTA_VERIFY_PUSH": "Push", "Okta Verify (push)": "Push", "YUBIKEY_OTP_FACTOR": "Hardware", "token:hardware": "Hardware",
		"HARD_TOKEN": "Hardware", "RSA_TOKEN": "Hardware", "SYMANTEC_VIP": "Hardware", "GOOGLE_AUTH": "OTP", "token:software:x": "OTP", "OKTA_SOFT_TOTP": "OTP", "OKTA_SOFT_TOKEN": "OTP",
		"EMAIL_FACTOR": "Email", "FIDO_WEBAUTHN": "WebAuthn", "FIDO_U2F": "WebAuthn", "FIDO2": "WebAuthn", "webauthn": "WebAuthn", "Passkeys": "WebAuthn",
		"u2f": "U2F", "PASSWORD_AS_FACTOR": "Password", "Biometrics": "Biometric",
		"Security Key or Biometric": "WebAuthn",
		// OCSF has no type for Okta FastPass, nor for products of other vendors.
		"SIGNED_NONCE": "", "Phone": "", "Okta FastPass": "", "Okta FastPass (push)": "", "DUO_SECURITY": "",
	} {
		want := kinds[kind]
		if kind == "" {
			want = `{"factor_type_id":99,"factor_type":` + quote(word) + `}`
		}
		for _, eventType := range []string{"user.authentication.auth_via_mfa", "user.mfa.factor.activate"} {
			expect(t, eventType, members(debug("factor", quote(word))),
				says{"auth_factors": `[` + want + `]`, "unmapped.debugContext.debugData.factor": quote(word)})
		}
		// An account that changes in another way has no factor.
		expect(t, typeAccount, members(debug("factor", quote(word))), says{"auth_factors": ""})
	}
	// The enrolment's name is the provider where the event names no other.
	provided := func(factor, by string) string { return strings.TrimSuffix(factor, "}") + `,"provider":"` + by + `"}` }
	for _, row := range []struct{ enrolments, factor, isMFA string }{
		{enrolment("a", "Email", ""), provided(kinds["Email"], "Email"), "true"},
		{enrolment("a", "Password", "Password"), provided(kinds["Password"], "Password"), ""},
		{enrolment("a", "Phone", "sms"), provided(kinds["SMS"], "Phone"), "true"},
		{enrolment("a", "Phone", "voice"), provided(kinds["Phone"], "Phone"), "true"},
		{enrolment("a", "Okta Verify", "Get a push notification"), provided(kinds["Push"], "Okta Verify"), "true"},
		{enrolment("a", "Okta Verify", "Enter a code"), provided(kinds["OTP"], "Okta Verify"), "true"},
		{enrolment("a", "Okta Verify", "Use Okta FastPass"), provided(`{"factor_type_id":99,"factor_type":"Use Okta FastPass"}`, "Okta Verify"), "true"},
		{enrolment("a", "Okta Verify", "unknown"), provided(`{"factor_type_id":99,"factor_type":"Okta Verify"}`, "Okta Verify"), "true"},
		{enrolment("a", "Password", "") + "," + enrolment("b", "Email", ""), "", "true"},
		{enrolment("a", "Password", "") + "," + enrolment("b", "Password", ""), "", ""},
	} {
		want := row.factor
		if want != "" {
			want = "[" + want + "]"
		}
		expect(
			t,
			"user.authentication.auth_via_mfa",
			members(targets(ann+","+row.enrolments)),
			says{"auth_factors": want, "is_mfa": row.isMFA},
		)
	}
	// The method that was used is more precise than debugData.factor.
	expect(
		t,
		"user.mfa.factor.activate",
		members(debug("factor", `"OKTA_VERIFY"`), targets(ann+","+enrolment("a", "Okta Verify", "Get a push notification"))),
		says{"auth_factors": "[" + provided(kinds["Push"], "Okta Verify") + "]"},
	)
	expect(t, "user.authentication.auth_via_mfa",
		members(`"authenticationContext":{"credentialProvider":"DUO"}`, targets(ann+","+enrolment("a", "Email", ""))),
		says{"auth_factors": "[" + provided(kinds["Email"], "DUO") + "]"})
	expect(t, "user.authentication.auth_via_mfa", members(debug("factor", `"PASSWORD_AS_FACTOR"`)), says{"is_mfa": ""})
	expect(
		t,
		typeSignIn,
		members(
			`"authenticationContext":{"credentialType":"PASSWORD","credentialProvider":"OKTA_CREDENTIAL_PROVIDER","authenticationProvider":"LDAP"}`,
		),
		says{
			"auth_factors": `[{"factor_type_id":11,"factor_type":"Password","provider":"OKTA_CREDENTIAL_PROVIDER"}]`,
			"is_mfa":       "",
			"unmapped":     `{"authenticationContext":{"credentialType":"PASSWORD","authenticationProvider":"LDAP"}}`,
		},
	)
	expect(t, typeSignIn, members(`"authenticationContext":{"credentialProvider":"DUO"}`),
		says{"auth_factors": "", "unmapped": `{"authenticationContext":{"credentialProvider":"DUO"}}`})
}

// enrolment is an AuthenticatorEnrollment among the targets.
func enrolment(id, name, method string) string {
	return `{"id":"` + id + `","type":"AuthenticatorEnrollment","displayName":"` + name + `","detailEntry":{"methodTypeUsed":"` + method + `"}}`
}

// A risk changes, an attack ends: an update must refer to the finding that was created.
func TestFindingsOfWhichSeveralEventsTell(t *testing.T) {
	for eventType, want := range map[string]says{
		"user.risk.detect":           {"activity_id": "1", "finding_info.uid": `"okta-user-risk:00u2"`},
		"user.risk.change":           {"activity_id": "2", "finding_info.uid": `"okta-user-risk:00u2"`},
		"analytics.feedback.provide": {"activity_id": "99", "status_id": "0", "finding_info.uid": quote(uuid)},
		"security.threat.detected":   {"activity_id": "1", "finding_info.uid": quote(uuid)},
	} {
		expect(t, eventType, members(targets(bob)), want)
	}
	for _, eventType := range []string{"security.attack.start", "security.attack.end", "security.internal.attack_end"} {
		inEnvelope := `{"version":"0","id":"e1","detail-type":"SystemLog","source":"aws.partner/okta.com/example/oktastream",` +
			`"account":"111122223333","time":"2026-09-01T10:11:12Z","region":"us-east-1","resources":[],"detail":` + okta(
			eventType,
		) + `}`
		if got := parse(
			t,
			normalised(t, inEnvelope),
		).at(
			"finding_info.uid",
		); got == nil ||
			got.text != "okta-org-attack:example" {
			t.Errorf("%s: the finding is %v", eventType, got)
		}
	}
}

// A log level says little about a finding: Okta's attacks and breaches are of Medium severity at
// least.
func TestSeverityOfFindings(t *testing.T) {
	for _, row := range []struct{ eventType, severity, members, want, why string }{
		{"security.attack.start", "WARN", "", `"Medium"`, "the org is under attack"},
		{"security.breached_credential.detected", "INFO", "", `"Medium"`, "a password of the org's is known to others"},
		{"user.account.report_suspicious_activity_by_enduser", "WARN", "", `"Medium"`, "a user says that it was not them"},
		{"app.oauth2.token.detect_reuse", "", "", `"Medium"`, "a stolen token"},
		{"security.threat.detected", "WARN", debug("threatDetections", quote(`{"Password Spray":"HIGH"}`)), `"High"`, "Okta says so"},
		{"user.risk.change", "INFO", "", `"Informational"`, "a risk may fall, too"},
		{"user.risk.change", "INFO", debug("risk", `"{level=HIGH}"`), `"High"`, "Okta says so"},
		{"security.attack.end", "INFO", "", `"Informational"`, "it is over"},
		{"analytics.feedback.provide", "INFO", "", `"Informational"`, "an admin judged a finding"},
	} {
		more := []string{}
		if row.members != "" {
			more = append(more, row.members)
		}
		expect(t, row.eventType, members(append(more, `"severity":"`+row.severity+`"`)...), says{"severity": row.want})
	}
}

func TestProtocol(t *testing.T) {
	for _, row := range []struct{ eventType, mode, id, caption string }{
		{"user.authentication.sso", "SAML 2.0", "5", `"SAML"`},
		{"user.authentication.sso", "SAML_2_0", "5", `"SAML"`},
		{"user.authentication.sso", "SAML 1.1", "5", `"SAML"`},
		{"user.authentication.sso", "SAML_1_1", "5", `"SAML"`},
		{"user.authentication.sso", "OpenID Connect", "4", `"OpenID"`},
		{"user.authentication.sso", "OPENID_CONNECT", "4", `"OpenID"`},
		{"user.authentication.sso", "Basic Auth", "11", `"Basic Authentication"`},
		{"user.authentication.sso", "BASIC_AUTH", "11", `"Basic Authentication"`},
		{"user.authentication.sso", "Secure Web Authentication", "", ""},
		{"user.authentication.auth_via_radius", "", "10", `"RADIUS"`},
		{"user.authentication.auth_via_LDAP_agent", "", "12", `"LDAP"`},
		{"user.authentication.auth_via_iwa", "", "2", `"Kerberos"`},
		{"user.authentication.auth_via_inbound_SAML", "", "5", `"SAML"`},
		{"app.oauth2.as.authorize.code", "", "6", `"OAUTH 2.0"`},
		{"app.oauth2.signon", "", "4", `"OpenID"`},
		{"app.oauth2.signon", "SAML 2.0", "5", `"SAML"`},
		{"app.oauth2.signon", "Novel", "4", `"OpenID"`},
	} {
		want := says{"class_uid": "3002", "auth_protocol_id": row.id, "auth_protocol": row.caption}
		if row.mode != "" {
			want["unmapped.debugContext.debugData.signOnMode"] = quote(row.mode)
		}
		expect(t, row.eventType, members(debug("signOnMode", quote(row.mode))), want)
	}
}

func TestWhatASignInTypeTells(t *testing.T) {
	expect(t, typeSignIn, nil, says{"is_new_logon": "", "is_mfa": "", "account_switch_type_id": ""})
	expect(
		t,
		typeSignIn,
		members(debug("behaviors", `"{New Device=POSITIVE, New IP=NEGATIVE}"`)),
		says{"is_new_logon": "true"},
	)
	expect(
		t,
		typeSignIn,
		members(debug("behaviors", `"{New Device=NEGATIVE, New IP=POSITIVE}"`)),
		says{"is_new_logon": ""},
	)
	expect(
		t,
		typeSignIn,
		members(`"securityContext":{"userBehaviors":[{"name":"New Device","result":"POSITIVE"}]}`),
		says{"is_new_logon": "true"},
	)
	expect(t, "user.authentication.verify", nil, says{"is_new_logon": ""})
}

// Positive behaviors are labels, with any name an admin gives them.
func TestLabels(t *testing.T) {
	expect(t, typeSignIn, nil, says{"metadata.labels": ""})
	for _, row := range []struct{ behaviors, labels string }{
		{`"{New Device=POSITIVE, New IP=NEGATIVE, Odd \u00e9 hour=POSITIVE}"`, `["New Device=POSITIVE","Odd é hour=POSITIVE"]`},
		{`"{New Device=NEGATIVE, POSITIVE=UNKNOWN}"`, ""},
		{`"POSITIVE"`, ""},
	} {
		expect(t, typeSignIn, members(debug("behaviors", row.behaviors)), says{"metadata.labels": row.labels})
	}
	expect(t, "policy.evaluate_sign_on",
		members(debug("logOnlySecurityData", `"{\"behaviors\":{\"New City\":\"POSITIVE\"}}"`)),
		says{"metadata.labels": `["New City=POSITIVE"]`})
	expect(t, "user.authentication.auth_via_mfa", nil, says{"is_mfa": "true", "auth_factors": ""})
	expect(t, "user.session.impersonation.initiate", nil,
		says{"activity_id": "7", "account_switch_type_id": "2", "account_switch_type": `"Impersonate"`})
}

func TestEvidencesOfAFinding(t *testing.T) {
	expect(t, typeFinding, nil, says{"evidences": ""})
	expect(
		t,
		typeFinding,
		members(debug("ja4", `"t13d"`)),
		says{"evidences": "", "unmapped.debugContext.debugData.ja4": `"t13d"`},
	)
	expect(
		t,
		typeFinding,
		members(
			`"client":{"ipAddress":"192.0.2.1","userAgent":{"rawUserAgent":"curl"}}`,
			debug("ja4", `"t13d"`),
			targets(app),
		),
		says{
			"src_endpoint": "",
			"http_request": "",
			"unmapped":     "",
			"evidences": `[{"src_endpoint":{"ip":"192.0.2.1"},"resources":[{"uid":"0oa1","name":"Payroll","type":"AppInstance"}],` +
				`"http_request":{"user_agent":"curl"},"ja4_fingerprint_list":[{"value":"t13d","type_id":1,"type":"JA4"}]}]`,
		},
	)
}
