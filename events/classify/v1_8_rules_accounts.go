package classify

// accountRulesV1_8 returns the rows of class 3001, Account Change: the lifecycle of a person's
// account in Okta, in a directory or in an app, its passwords and its factors.
func accountRulesV1_8() []Rule {
	return []Rule{
		// Imports also log their progress, beside the changes of accounts and groups.
		{on("system.import.user.start", "system.import.user.complete", "system.import.group.start",
			"system.import.group.complete"),
			apiActivity, other, Marks{}, "an import run started or ended; nothing changed yet"},
		{on("system.agent.*.import_user"),
			apiActivity, other, Marks{}, "an agent ran an import command; the import logs each account"},

		// Factors. Attackers disable them to take over an account.
		{on("user.mfa.factor.activate", "user.mfa.factor.unsuspend"),
			accountChange, accountFactorEnable, Marks{MFA: true}, "a user gained a factor"},
		{on("user.mfa.factor.deactivate", "user.mfa.factor.suspend", "user.mfa.factor.reset_all"),
			accountChange, accountFactorDisable, Marks{MFA: true}, "a user lost a factor, or all of them"},
		{on("user.mfa.factor.*"),
			accountChange, other, Marks{MFA: true}, "something else about a user's factor"},
		{
			on("user.credential.enroll"),
			entityMgmt,
			entityEnroll,
			thing("Certificate", 99),
			"a Device Trust certificate was enrolled: it is not a factor of the user",
		},
		{on("device.token.enrollment.create"),
			accountChange, other, Marks{}, "a token to enroll another device was created; no device is enrolled yet"},
		{on("credential.register", "device.*.enrollment.create"),
			accountChange, accountFactorEnable, Marks{MFA: true}, "a user enrolled a credential or a device as factor"},
		{on("credential.revoke"),
			accountChange, accountFactorDisable, Marks{MFA: true}, "a user's credential was revoked"},

		// Okta accounts.
		{on("user.lifecycle.delete.initiated"),
			accountChange, other, Marks{}, "the deletion of an account began; it logs delete.completed when it is done"},
		{on("user.lifecycle.delete.*"),
			accountChange, accountDelete, Marks{}, "an account was deleted"},
		{on("user.lifecycle.password_mass_expiry"),
			accountChange, other, Marks{}, "the expiry of every user's password was initiated"},
		{on("user.lifecycle.jit.error.*"),
			accountChange, other, Marks{Status: failure}, "just-in-time creation of an account failed"},
		{on("user.lifecycle.*"),
			accountChange, ByVerb, Marks{}, "life of an Okta account"},
		{on("user.account.lock*", "app.ad.api.user_import.account_locked"),
			accountChange, accountLock, Marks{}, "an account was locked"},
		{on("user.account.unlock_token"),
			accountChange, other, Marks{}, "a token to unlock was issued; the unlock is a separate event"},
		{on("user.account.unlock_failure"),
			accountChange, accountUnlock, Marks{Status: failure}, "an account could not be unlocked"},
		{on("user.account.unlock*"),
			accountChange, accountUnlock, Marks{}, "an account was unlocked"},
		{on("pam.password.reset"),
			accountChange, other, Marks{}, "a password reset was requested; it logs pam.password.change when it is done"},
		{on("user.account.reset_password", "user.account.expire_password"),
			accountChange, accountPasswordReset, Marks{}, "the password no longer works or must be changed"},
		{on("application.user_membership.show_password"),
			entityMgmt, entityRead, thing("Credential", 99), "someone saw the password kept for an app"},
		{on("user.account.update_password", "user.import.password", "pam.password.change",
			"application.user_membership.*_password"),
			accountChange, accountPasswordChange, Marks{}, "the password for Okta or for an app changed"},
		{on("user.account.use_token"),
			accountChange, other, Marks{Status: failure}, "Okta logs this for an invalid recovery token only"},

		// Privileges on an account are access: see accessRulesV1_8.
		{on("user.account.privilege.*", "user.privileged_account.privilege.*"),
			userAccess, ByVerb, Marks{}, "admin roles of a user"},
		{on("user.account.*", "application.user_membership.change_username", "user.privileged_account.*",
			"user.behavior.*", "user.chrome.*", "user.realm.*", "account.user.*"),
			accountChange, other, Marks{}, "profile, name, preferences or belongings of an account"},
		{on("scheduled_action.user_suspension.completed"),
			accountChange, accountDisable, Marks{}, "the planned suspension took place"},
		{on("scheduled_action.user_suspension.*"),
			accountChange, other, Marks{}, "a suspension was planned, changed or cancelled"},

		// Accounts in apps.
		{on("application.provision.user.delete.schedule"),
			accountChange, other, Marks{}, "a deletion was planned; it logs the delete event when it happens"},
		{on("application.provision.user.remove_entitlements*"),
			accountChange, other, Marks{}, "entitlements of an account were removed, not the account"},
		{on("application.provision.user.import"),
			accountChange, other, Marks{Status: failure}, "Okta failed to download users; no account was created"},
		{on("application.provision.user.push", "app.user_management.push_new_user_success",
			"device.local_account.create"),
			accountChange, accountCreate, Marks{}, "an account was created in an app or on a device"},
		{on("application.provision.user.*"),
			accountChange, ByVerb, Marks{}, "life of an account in an app"},
		{on("app.office365.user.delete.success"),
			accountChange, accountDelete, Marks{}, "an Office 365 account was deleted"},
		{on("app.ldap.password.change.failed"),
			accountChange, accountPasswordChange, Marks{Status: failure}, "a password could not be changed"},

		// Accounts from directories and other sources.
		{on("app.ad.password_migration_campaign.user.*", "system.csv.import_user", "device.user_os_account.*"),
			accountChange, other, Marks{}, "an account was migrated, skipped by an import, or seen on a device"},
		{on("app.realtimesync.import.details.*", "system.import.user.*", "system.identity_sources.user.*",
			"system.agent.*user*"),
			accountChange, ByVerb, Marks{}, "an account changed through an import or a directory agent"},

		{on("pam.user.*"),
			accountChange, ByVerb, Marks{}, "life of an account in Privileged Access"},
	}
}
