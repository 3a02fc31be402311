package classify

// groupRulesV1_8 returns the rows of class 3006, Group Management. ByVerb cannot be used here:
// "add" can mean a member, a privilege or a group.
func groupRulesV1_8() []Rule {
	return []Rule{
		// Okta logs the application.provision.group types on failure only.
		{on("application.provision.group_membership.add"),
			groupMgmt, groupAddUser, Marks{Status: failure}, "a member could not be added to an app's group"},
		{on("application.provision.group_membership.remove"),
			groupMgmt, groupRemoveUser, Marks{Status: failure}, "a member could not be removed from an app's group"},
		{on("application.provision.group.add"),
			groupMgmt, groupCreate, Marks{Status: failure}, "a group could not be created in an app"},
		{on("application.provision.group.remove"),
			groupMgmt, groupDelete, Marks{Status: failure}, "a group could not be deleted from an app"},
		{on("application.provision.group.*", "application.provision.group_membership.*"),
			groupMgmt, other, Marks{Status: failure}, "a step with an app's group failed"},

		{on("group.lifecycle.create", "pam.group.create", "system.*.group.create",
			"app.user_management.user_group_import.upsert_success"),
			groupMgmt, groupCreate, Marks{}, "a group was created, or imported from an app"},
		{on("group.lifecycle.delete", "pam.group.delete", "system.*.group.delete",
			"app.user_management.user_group_import.delete_success",
			"application.provision.group_push.delete_appgroup", "application.provision.group_push.removed"),
			groupMgmt, groupDelete, Marks{}, "a group was deleted, here or in an app"},
		{on("application.provision.group_push.*", "app.user_management*"),
			groupMgmt, other, Marks{}, "groups, members and mappings exchanged with an app"},

		{on("group.user_membership.add", "directory.*.group.membership.add", "pam.member.add",
			"system.identity_sources.group.user.assign"),
			groupMgmt, groupAddUser, Marks{}, "a user joined a group"},
		{on("group.user_membership.remove", "directory.*.group.membership.remove", "pam.member.remove",
			"system.identity_sources.group.user.revoke"),
			groupMgmt, groupRemoveUser, Marks{}, "a user left a group"},
		{on("group.privilege.grant", "group.application_assignment.add", "workflows.user.role.group.add",
			"pam.project.add_group"),
			groupMgmt, groupAssign, Marks{}, "a group was given a role or an app"},
		{on("group.privilege.revoke", "group.application_assignment.remove", "workflows.user.role.group.remove",
			"pam.project.remove_group"),
			groupMgmt, groupRevoke, Marks{}, "a group lost a role or an app"},
		{on("group.user_membership.*", "group.application_assignment.*", "group.profile.*", "pam.group.*",
			"system.*.group.update"),
			groupMgmt, other, Marks{}, "a group's rules, profile or assignments changed"},
	}
}

// accessRulesV1_8 returns the rows of class 3005, User Access Management: who may use what.
func accessRulesV1_8() []Rule {
	return []Rule{
		{on("user.session.impersonation.*"),
			userAccess, ByVerb, Marks{Privilege: "impersonation"}, "the right to act as a user was given or taken"},
		{on("application.user_membership.*", "master_application.user_membership.*"),
			userAccess, ByVerb, Marks{}, "assignment of an app to a user"},
		{on("app.access_request.approver.*"),
			userAccess, other, Marks{}, "one of the approvers answered; the grant is a separate event"},
		{on("app.access_request.*", "app.request_new.*"),
			userAccess, ByVerb, Marks{}, "a request for access to an app"},
		{on("app.oauth2.client.privilege.*", "integration.api_service.lifecycle.*"),
			userAccess, ByVerb, Marks{}, "what a client or a service app may do in Okta"},
		{on("system.directory.debugger.grant", "system.directory.debugger.extend",
			"system.directory.debugger.revoke", "workflows.user.role.user.*"),
			userAccess, ByVerb, Marks{}, "Okta support's access to a directory, a user's role in Workflows"},
		{on("pam.resource.checkin.start"),
			userAccess, other, Marks{}, "the end of the exclusive use of a resource began"},
		{on("pam.resource.checkin.*"),
			userAccess, revokePrivileges, Marks{}, "the exclusive use of a resource ended"},
		{on("pam.resource.checkout"),
			userAccess, assignPrivileges, Marks{}, "the exclusive use of a resource was given"},
		{on("iam.resourceset.bindings.add"),
			userAccess, assignPrivileges, Marks{ForGroup: ClassActivity{groupMgmt, groupAssign}},
			"a user was given an admin role over a resource set; Group Management where it is a group"},
		{on("iam.resourceset.bindings.delete"),
			userAccess, revokePrivileges, Marks{ForGroup: ClassActivity{groupMgmt, groupRevoke}},
			"an admin role over a resource set was taken from a user; Group Management where it is a group"},
	}
}
