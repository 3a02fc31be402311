package classify

// The classes of Okta events, by class_uid.
const (
	baseEvent      = 0
	finding        = 2004
	accountChange  = 3001
	authentication = 3002
	entityMgmt     = 3004
	userAccess     = 3005
	groupMgmt      = 3006
	appLifecycle   = 6002
	apiActivity    = 6003
	appError       = 6008
)

// The activities that rules name, by class. Rows that are ByVerb need no name for theirs.
const (
	findingCreate, findingUpdate, findingClose = 1, 2, 3

	accountCreate, accountEnable, accountPasswordChange, accountPasswordReset = 1, 2, 3, 4
	accountDisable, accountDelete, accountLock, accountUnlock                 = 5, 6, 9, 12
	accountFactorEnable, accountFactorDisable                                 = 10, 11

	logon, logoff, preauth, accountSwitch = 1, 2, 6, 7

	entityCreate, entityRead, entityUpdate, entityDelete   = 1, 2, 3, 4
	entityMove, entityEnroll, entityUnenroll, entityEnable = 5, 6, 7, 8
	entityDisable, entityActivate, entityDeactivate        = 9, 10, 11
	entitySuspend, entityResume                            = 12, 13

	assignPrivileges, revokePrivileges = 1, 2

	groupAssign, groupRevoke, groupAddUser, groupRemoveUser = 1, 2, 3, 4
	groupDelete, groupCreate                                = 5, 6

	appInstall, appRemove, appStart, appStop     = 1, 2, 3, 4
	appRestart, appEnable, appDisable, appUpdate = 5, 6, 7, 8

	apiCreate, apiRead, apiUpdate, apiDelete = 1, 2, 3, 4

	generalError = 1
)

// Values of the other OCSF enumerations in the rules.
const (
	failure = 2 // status_id

	blocked, rejected, unauthorized = 2, 25, 26 // disposition_id

	kerberos, openID, saml, oauth2, radius, ldap = 2, 4, 5, 6, 10, 12 // auth_protocol_id

	impersonate = 2 // account_switch_type_id
)

// classesV1_8 returns the facts of the classes in use, with captions as in the OCSF 1.8.0 schema
// (2026-03-18). Authorize Session (3003) is absent because no Okta event is one: privileges given
// to a person are 3005, to a group 3006.
func classesV1_8() []Class {
	return []Class{
		{
			UID: 0, Name: "Base Event",
			CategoryUID: 0, CategoryName: "Uncategorized",
			Activities: map[int]string{
				0: "Unknown", 99: "Other",
			},
		},
		{
			UID: 2004, Name: "Detection Finding",
			CategoryUID: 2, CategoryName: "Findings",
			Activities: map[int]string{
				0: "Unknown", 1: "Create", 2: "Update", 3: "Close",
				99: "Other",
			},
		},
		{
			UID: 3001, Name: "Account Change",
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			Activities: map[int]string{
				0: "Unknown", 1: "Create", 2: "Enable", 3: "Password Change",
				4: "Password Reset", 5: "Disable", 6: "Delete", 7: "Attach Policy",
				8: "Detach Policy", 9: "Lock", 10: "MFA Factor Enable", 11: "MFA Factor Disable",
				12: "Unlock", 99: "Other",
			},
		},
		{
			UID: 3002, Name: "Authentication",
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			Activities: map[int]string{
				0: "Unknown", 1: "Logon", 2: "Logoff", 3: "Authentication Ticket",
				4: "Service Ticket Request", 5: "Service Ticket Renew", 6: "Preauth", 7: "Account Switch",
				99: "Other",
			},
		},
		{
			UID: 3004, Name: "Entity Management",
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			Activities: map[int]string{
				0: "Unknown", 1: "Create", 2: "Read", 3: "Update",
				4: "Delete", 5: "Move", 6: "Enroll", 7: "Unenroll",
				8: "Enable", 9: "Disable", 10: "Activate", 11: "Deactivate",
				12: "Suspend", 13: "Resume", 99: "Other",
			},
		},
		{
			UID: 3005, Name: "User Access Management",
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			Activities: map[int]string{
				0: "Unknown", 1: "Assign Privileges", 2: "Revoke Privileges", 99: "Other",
			},
		},
		{
			UID: 3006, Name: "Group Management",
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			Activities: map[int]string{
				0: "Unknown", 1: "Assign Privileges", 2: "Revoke Privileges", 3: "Add User",
				4: "Remove User", 5: "Delete", 6: "Create", 7: "Add Subgroup",
				8: "Remove Subgroup", 99: "Other",
			},
		},
		{
			UID: 6002, Name: "Application Lifecycle",
			CategoryUID: 6, CategoryName: "Application Activity",
			Activities: map[int]string{
				0: "Unknown", 1: "Install", 2: "Remove", 3: "Start",
				4: "Stop", 5: "Restart", 6: "Enable", 7: "Disable",
				8: "Update", 99: "Other",
			},
		},
		{
			UID: 6003, Name: "API Activity",
			CategoryUID: 6, CategoryName: "Application Activity",
			Activities: map[int]string{
				0: "Unknown", 1: "Create", 2: "Read", 3: "Update",
				4: "Delete", 99: "Other",
			},
		},
		{
			UID: 6008, Name: "Application Error",
			CategoryUID: 6, CategoryName: "Application Activity",
			Activities: map[int]string{
				0: "Unknown", 1: "General Error", 2: "Translation Error", 99: "Other",
			},
		},
	}
}
