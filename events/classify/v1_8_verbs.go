package classify

import "strings"

// verbsV1_8 returns, for each class, which last words of an event type mean
// which activity. Okta writes a verb in the base form for most types
// ("user.lifecycle.create") and in the past form for some ("inline_hook.created"),
// so both stand here. A word that is missing is activity 99, which is honest:
// add a word only when it can mean nothing else in its class.
func verbsV1_8() map[int][]Verb {
	return map[int][]Verb{
		accountChange: {
			{accountCreate, words("create created add added")},
			{accountEnable, words("activate activated reactivate reactivated unsuspend unsuspended enable enabled")},
			{accountPasswordChange, words("password")},
			{accountPasswordReset, words("reset expire")},
			{accountDisable, words("deactivate deactivated suspend suspended disable disabled")},
			{accountDelete, words("delete deleted remove removed deprovision deprovisioned")},
			{accountLock, words("lock locked")},
			{accountUnlock, words("unlock unlocked")},
		},
		entityMgmt: {
			{entityCreate, words("create created add added register registered issue issued generate generated " +
				"apply applied assign assigned bootstrap discovered duplicate")},
			{entityRead, words("read view viewed reveal revealed show download downloaded export exported")},
			// A request or a review still exists after it is cancelled, rejected or expired, and so
			// does an object that is verified or rolled back.
			{entityUpdate, words("update updated change changed modify modified rename renamed reset rotate rotated " +
				"renew renewed save upload import publish overwrite promote rollback revert stage reassign " +
				"verify verified invalidate remediate decide confirm ignore resolve launch close " +
				"cancel canceled cancelled reject rejected expire expired")},
			{entityDelete, words("delete deleted remove removed revoke revoked unassign unassigned unregister")},
			{entityMove, words("move moved")},
			{entityEnroll, words("enroll enrolled")},
			{entityUnenroll, words("unenroll unenrolled")},
			{entityEnable, words("enable enabled")},
			{entityDisable, words("disable disabled")},
			{entityActivate, words("activate activated")},
			{entityDeactivate, words("deactivate deactivated")},
			{entitySuspend, words("suspend suspended hold")},
			{entityResume, words("unsuspend unsuspended resume resumed")},
		},
		userAccess: {
			{assignPrivileges, words("grant add assign provision approve authorize restore extend checkout")},
			{revokePrivileges, words("revoke remove unassign deprovision checkin")},
		},
		appLifecycle: {
			{appInstall, words("create register enroll install downloaded")},
			{appRemove, words("delete remove uninstall")},
			{appStart, words("start online")},
			{appStop, words("stop offline")},
			{appRestart, words("restart")},
			{appEnable, words("activate reactivate enable")},
			{appDisable, words("deactivate disable")},
			{appUpdate, words("update upgrade change promote")},
		},
		apiActivity: {
			{apiCreate, words("create grant issue generate")},
			{apiRead, words("read download export query search")},
			{apiUpdate, words("update rotate rollover enable")},
			{apiDelete, words("delete revoke")},
		},
	}
}

// words splits a list of verbs at blanks.
func words(list string) []string { return strings.Fields(list) }
