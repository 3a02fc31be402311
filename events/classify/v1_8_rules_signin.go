package classify

// findingRulesV1_8 returns the rows for what Okta itself considers suspicious: class 2004,
// Detection Finding.
func findingRulesV1_8() []Rule {
	return []Rule{
		{on("security.attack.end", "security.internal.attack_end"),
			finding, findingClose, Marks{Finding: OrgAttack}, "ThreatInsight says that the attack on the org is over"},
		{on("user.risk.change", "user.internal.risk.change"),
			finding, findingUpdate, Marks{Finding: UserRisk}, "the risk level of a user changed"},
		{on("analytics.feedback.provide", "security.feedback.provide"),
			finding, other, Marks{}, "an admin judged one of Okta's detections; the event does not say which"},

		{on("security.attack.start"),
			finding, findingCreate, Marks{Finding: OrgAttack}, "ThreatInsight says that the org is under attack"},
		{on("user.risk.detect", "user.internal.risk.detect"),
			finding, findingCreate, Marks{Finding: UserRisk}, "Okta detected a risk of a user"},
		{on("security.*detected", "security.*.detect", "security.*.detect_*"),
			finding, findingCreate, Marks{}, "Okta detected a threat, a sprayed or breached password, a roaming session"},
		{on("security.request.blocked"),
			finding, findingCreate, Marks{Disposition: blocked}, "Okta blocked a request, by blocklist or threat level"},
		{on("security.events.provider.receive_event", "security.partner.report.risk", "security.risk.signal.consume",
			"security.internal.dco_*"),
			finding, findingCreate, Marks{}, "a partner, or Okta's own cyber defence, reported a risk"},
		{on("system.org.suspicious.*"),
			finding, findingCreate, Marks{}, "a suspicious IP exceeded its limit"},
		{on("user.account.report_suspicious_activity*"),
			finding, findingCreate, Marks{}, "a user reported activity as not their own"},
		{on("app.oauth2.*detect_reuse"),
			finding, findingCreate, Marks{}, "a one-time refresh token was used twice: a sign of theft"},
		{on("resource.*drift.detect"),
			finding, findingCreate, Marks{}, "entitlements differ from what governance allows"},
		{on("pam.*out_of_band"),
			finding, findingCreate, Marks{}, "a vaulted password was changed outside of Okta"},
		{on("device.signals.*timeout"),
			finding, findingCreate, Marks{}, "a device with live sessions stopped reporting"},
	}
}

// signInRulesV1_8 returns the rows of class 3002, Authentication. One sign-in makes several events: its steps are
// Preauth, but user.session.start, the verification of each factor (auth_via_mfa, verify) and the sign-on to each app
// (sso, authorize) are all Logon. Counting sign-ins to Okta means counting user.session.start.
func signInRulesV1_8() []Rule {
	return []Rule{
		// Post-authentication evaluation and telemetry.
		{on("policy.auth_reevaluate.*", "policy.continuous_access*", "policy.entity_risk.*"),
			authentication, other, Marks{}, "a policy was evaluated again after sign-in"},
		{on("user.session.context.*", "user.internal.session_context*", "user.internal.authentication.*"),
			authentication, other, Marks{}, "a session's context changed, or telemetry of a sign-in"},
		{on("app.ad.credential.verify"),
			authentication, other, Marks{}, "a stored credential was checked; Okta: not a real authentication, no session"},

		{on("pam.security_policy.evaluate"),
			authentication, other, Marks{}, "a security policy decided on access to a resource"},

		// Steps before or inside a sign-in.
		{on("policy.evaluate_sign_on"),
			authentication, preauth, Marks{}, "sign-on policy decided to allow, deny or challenge"},
		{
			on("user.mfa.okta_verify.deny_push*"),
			authentication,
			preauth,
			Marks{MFA: true, Status: failure, Disposition: rejected},
			"the user or the device rejected a push",
		},
		{on("user.mfa.okta_verify*"),
			authentication, preauth, Marks{MFA: true}, "a factor was answered"},
		{on("user.mfa.attempt_bypass", "user.mfa.promote_enrollment"),
			authentication, preauth, Marks{}, "the bypass of a factor was requested, or a factor was offered: none was used"},
		{on("system.push.send_factor_verify_push", "system.*.send_factor_verify_message",
			"system.voice.send_mfa_challenge_call", "system.email.challenge_factor_redeemed"),
			authentication, preauth, Marks{MFA: true}, "a factor challenge was sent, or answered by e-mail"},
		{on("user.authentication.auth_identifier_not_in_policy", "user.authentication.auth_unconfigured_identifier",
			"user.authentication.dsso_via_non_priority_source"),
			authentication, preauth, Marks{}, "a remark on the identifier or source used in a sign-in"},
		{on("user.identity_verification*", "user.identity_snapshot.*"),
			authentication, preauth, Marks{}, "a step of identity proofing"},
		{on("security.protected_action.attempt"),
			authentication, preauth, Marks{}, "step-up before an admin action"},
		{on("app.oauth2.interact.*", "app.oauth2.as.interact.*"),
			authentication, preauth, Marks{Protocol: oauth2}, "a step of an OAuth 2.0 interaction flow"},
		{on("system.idp.select", "system.iwa_agentless.redirect"),
			authentication, preauth, Marks{}, "the sign-in was routed to an identity provider or page"},

		// Impersonation by Okta support: granting it is access (3005), using it is an Account
		// Switch.
		{on("user.session.impersonation.initiate"),
			authentication, accountSwitch, Marks{AccountSwitch: impersonate}, "a session as another user began"},
		{on("user.session.impersonation.end"),
			authentication, logoff, Marks{}, "a session as another user ended"},

		// Ends of sessions.
		{on("user.authentication.universal_logout.scheduled", "device.desktop_mfa.device_logout.started"),
			authentication, other, Marks{}, "a logout was requested; when it is done, Okta logs a separate event"},
		{on("user.session.end", "user.session.clear", "user.session.expire", "user.device_session.end"),
			authentication, logoff, Marks{}, "a session was ended by its user or an admin, or expired"},
		{on("user.authentication.slo", "user.authentication.universal_logout*", "device.desktop_mfa.device_logout.*"),
			authentication, logoff, Marks{}, "the user was signed out of apps or of a device"},
		{on("system.ldapi.unbind"),
			authentication, logoff, Marks{Protocol: ldap}, "an LDAP Interface session ended"},

		// Sign-ins.
		{on("user.session.start"),
			authentication, logon, Marks{}, "a user signed in to Okta"},
		{on("user.session.access_admin_app", "user.account.access_*_app"),
			authentication, logon, Marks{}, "a user entered an Okta app with extra power"},
		{on("user.device_session.start"),
			authentication, logon, Marks{}, "a user established a device session"},
		{on("user.authentication.auth_via_mfa"),
			authentication, logon, Marks{MFA: true}, "a factor was verified; in Identity Engine also the first one"},
		{
			on("app.kerberos_rich_client.*found", "app.kerberos_rich_client.invalid_*",
				"system.iwa_agentless.*not_found"),
			authentication,
			logon,
			Marks{Status: failure, Protocol: kerberos},
			"Kerberos sign-on found no such user, app or org",
		},
		{on("app.kerberos_rich_client.*", "system.iwa_agentless.auth*", "user.authentication.auth_via_iwa"),
			authentication, logon, Marks{Protocol: kerberos}, "sign-in with the Windows logon"},
		{on("user.authentication.auth_via_LDAP_agent", "system.ldapi.bind"),
			authentication, logon, Marks{Protocol: ldap}, "an LDAP agent or Okta's LDAP Interface checked the password"},
		{on("user.authentication.auth_via_inbound_SAML"),
			authentication, logon, Marks{Protocol: saml}, "a user signed in with a SAML assertion"},
		{on("user.authentication.auth_via_radius"),
			authentication, logon, Marks{Protocol: radius}, "a user signed in through RADIUS"},
		{on("user.authentication.*"),
			authentication, logon, Marks{}, "a user signed in, or tried to"},

		{
			on("app.generic.unauth_app_access_attempt"),
			authentication,
			logon,
			Marks{Status: failure, Disposition: unauthorized},
			"access to an app the user is not assigned to: always a failure",
		},
		{
			on("application.policy.sign_on.deny_access"),
			authentication,
			logon,
			Marks{Status: failure, Disposition: blocked},
			"an app's sign-on policy denied access: always a failure",
		},
		{on("app.oauth2.invalid_client_*"),
			authentication, logon, Marks{Status: failure, Protocol: oauth2}, "a client failed to authenticate, repeatedly"},
		{on("app.oauth2.*scope_denied"),
			authentication, logon, Marks{Status: failure, Protocol: oauth2}, "policy denied the scopes a client asked for"},
		{on("app.oauth2.as.authorize*"),
			authentication, logon, Marks{Protocol: oauth2}, "sign-on through a custom authorization server"},
		{on("app.oauth2.authorize*", "app.oauth2.signon"),
			authentication, logon, Marks{Protocol: openID}, "OpenID Connect sign-on to an app"},
		{on("app.inbound_del_auth.*"),
			authentication, logon, Marks{}, "delegated authentication for an app"},
		{on("device.platform_sso.authentication", "device.password_sync.authentication", "pam.server.ssh_login"),
			authentication, logon, Marks{}, "sign-in at a device or a managed server"},
		{on("security.internal.authentication"),
			authentication, logon, Marks{}, "the steps of one sign-in, summed up in one event"},
	}
}
