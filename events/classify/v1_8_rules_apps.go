package classify

// agentRulesV1_8 returns the rows of class 6002, Application Lifecycle: Okta's own software on the
// customer's machines. Commands that an agent carries out are API Activity.
func agentRulesV1_8() []Rule {
	return []Rule{
		{on("system.agent.*.read_*", "system.agent.*.write_*", "system.agent.*.import_*", "system.agent.*.invoke*",
			"system.agent.*.upload_*", "system.agent.*.dirsync.*"),
			apiActivity, other, Marks{}, "an agent carried out a command"},
		{on("system.agent.*", "system.agent_pools.*"),
			appLifecycle, ByVerb, Marks{}, "life of a directory or provisioning agent"},
		{on("system.iwa.use_default"),
			appLifecycle, other, Marks{}, "no primary agent was found; the agents did not change"},
		{on("system.iwa.*", "system.iwa_agentless.*", "system.iwa_agentless_kerberos.*"),
			appLifecycle, ByVerb, Marks{}, "life of desktop single sign-on"},
		{on("app.radius.agent.*"),
			appLifecycle, ByVerb, Marks{}, "life of a RADIUS agent"},
		{on("plugin.*"),
			appLifecycle, ByVerb, Marks{}, "life of the browser plugin"},
		{on("pam.client.*", "pam.unbound_client.*"),
			appLifecycle, ByVerb, Marks{}, "life of a Privileged Access client"},
	}
}

// errorRulesV1_8 returns the rows of class 6008, Application Error: something between Okta and an
// app failed, and no person caused it.
func errorRulesV1_8() []Rule {
	return []Rule{
		{on("app.office365.*error*", "app.office365.*failed", "app.office365.*cleanup.job.invalid*",
			"app.office365.*cleanup.job.skipping*", "app.office365.*cleanup.job.unable*"),
			appError, generalError, Marks{}, "Office 365 integration failed"},
		{on("app.rum.*error"),
			appError, generalError, Marks{}, "remote user management failed"},
		{on("app.ad.api.user_import.warn.*", "app.ldap.import.*missing"),
			appError, generalError, Marks{}, "a directory import met bad data"},
		{on("app.user_management.*error*", "app.user_management.*fail*", "app.realtimesync.*failed",
			"app.app_instance.*failed"),
			appError, generalError, Marks{}, "an import, push or synchronisation failed"},
		{on("application.provision.group_push.*.failed*"),
			appError, generalError, Marks{}, "a pushed group could not be changed"},
		{on("application.appuser.mapping.invalid*", "application.configuration.detect_error", "core.el.evaluate"),
			appError, generalError, Marks{}, "a mapping, an expression or an app is misconfigured"},
		{on("application.integration.*failure", "core.user_auth.*failure", "pki.*failure", "entitlement.*.fail"),
			appError, generalError, Marks{}, "an app's API, a revocation list or a migration failed"},
	}
}

// apiRulesV1_8 returns the rows of class 6003, API Activity: tokens, keys and
// consent, limits, hooks, messages, and runs of jobs.
func apiRulesV1_8() []Rule {
	return []Rule{
		// Tokens, keys, consent.
		{on("system.*.request_outside_allowed_range"),
			apiActivity, other, Marks{Status: failure, Disposition: blocked}, "a token was used from outside its network zone"},
		{on("app.oauth2.*token.grant*", "app.oauth2.*consent.grant*"),
			apiActivity, apiCreate, Marks{}, "a token was issued, or someone consented to a scope"},
		{on("app.oauth2.*token.revoke*", "app.oauth2.*consent.revoke*"),
			apiActivity, apiDelete, Marks{}, "a token was revoked, or consent withdrawn"},
		{on("app.oauth2.token.*", "app.oauth2.as.token.*", "system.api_token.*"),
			apiActivity, ByVerb, Marks{}, "life of a token"},
		{on("app.oauth2.*key.rollover", "app.keys.*", "app.saml.sensitive.*"),
			apiActivity, ByVerb, Marks{}, "life of a signing key or of a sensitive SAML attribute"},
		{on("app.oauth2.as.evaluate.*"),
			apiActivity, other, Marks{Status: failure}, "Okta logs this when a claim could not be evaluated"},
		{on("pam.*.issue", "pam.apikey.*", "pam.*.api_key.*"),
			apiActivity, ByVerb, Marks{}, "life of a Privileged Access credential"},
		{on("workflows.user.connection.*"),
			apiActivity, ByVerb, Marks{}, "life of a Workflows connection and its token"},
		{on("oauth2.tokens.*", "saml.tokens.*", "tokens.transform.*"),
			apiActivity, other, Marks{}, "a hook changed a token"},

		// Limits. A warning is not a failure. A violation is one: requests were refused.
		{on("core.*limit.violation", "system.*limit.violation", "workflows.*limit.violation",
			"application.integration.rate_limit_exceeded", "system.ldapi.*limit_exceeded"),
			apiActivity, other, Marks{Status: failure}, "a rate, concurrency or size limit was exceeded"},
		{on("application.configuration.update_rate_limits", "system.rate_limit.configuration.*"),
			apiActivity, ByVerb, Marks{}, "rate limits were set"},
		{on("app.oauth2.client_id_rate_limit*", "system.*rate_limit.*", "workflows.*limit.*"),
			apiActivity, other, Marks{}, "a limit is near or was reached; no request was refused"},

		// Reads of data.
		{on("analytics.reports.*", "app.audit_report.download"),
			apiActivity, ByVerb, Marks{}, "a report was requested, created or fetched"},
		{on("app.audit_report.download.*", "personal.user.*export", "system.ldapi.search",
			"system.directory.debugger.query*"),
			apiActivity, apiRead, Marks{}, "someone read or exported data"},
		{on("application.integration.api_query"),
			apiActivity, apiRead, Marks{Status: failure}, "Okta could not query an app's API"},
		{on("application.integration.transfer_files"),
			apiActivity, other, Marks{Status: failure}, "Okta could not hand a user's files over"},
		{on("application.provision.integration.*"),
			apiActivity, other, Marks{}, "Okta called an app's API"},
		{
			on("app.radius.info_access.no_permission"),
			apiActivity,
			other,
			Marks{Status: failure, Disposition: unauthorized},
			"RADIUS app data was asked for without permission",
		},
		{on("app.radius.info_access.*"),
			apiActivity, other, Marks{}, "RADIUS app data was asked for with part of the permission"},

		// Hooks and messages.
		{on("event_hook.delivery", "webhook.delivery", "inline_hook.executed", "inline_hook.response.*"),
			apiActivity, other, Marks{}, "Okta called a hook, or tried to"},
		{on("system.email.template.*"),
			entityMgmt, ByVerb, thing("Okta Setting", 99), "an e-mail template, not a message"},
		{on("system.email.*", "system.sms.*", "system.voice.*", "system.billing.sms*", "device.custom_push.*"),
			apiActivity, other, Marks{}, "a message was sent or its delivery reported"},
		{on("org.not_configured_origin.*"),
			apiActivity, other, Marks{}, "a redirect went to an origin that is not configured"},

		// Runs of jobs: they are started, ended or postponed, and no verb of this class means that.
		{on("system.import.*", "system.identity_sources.*", "app.ad.password_migration_campaign.*",
			"app.ai_agent_provider.import*", "app.app_instance.*_job.*"),
			apiActivity, other, Marks{}, "an import, migration or synchronisation run"},
		{on("app.office365.provisioning_app*"),
			apiActivity, ByVerb, Marks{}, "the app in Microsoft Entra ID through which Okta provisions, or its secret"},
		{on("app.office365.*remove.domain.federation.success"),
			entityMgmt, entityDelete, thing("Domain Federation", 99), "an Office 365 domain no longer signs in through Okta"},
		{on("app.office365.*domain.federation.success"),
			entityMgmt, entityUpdate, thing("Domain Federation", 99), "federation of an Office 365 domain was set or changed"},
		{on("app.office365.*"),
			apiActivity, other, Marks{}, "an Office 365 integration run"},
		{on("directory.realm.*execution_*", "entitlement.migration.*", "policy.execute.*", "policy.scheduled.*",
			"policy.rule.action.*", "workflows.user.delegatedflow.run"),
			apiActivity, other, Marks{}, "a scheduled policy, realm assignment, migration or delegated flow ran"},
		{on("pam.*rotation.start", "pam.*rotation.end", "pam.credential_verification.*", "pam.*discovery.complete"),
			apiActivity, other, Marks{}, "a rotation, verification or discovery run"},
	}
}
