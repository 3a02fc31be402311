package classify

import "slices"

// V1_8 returns a new copy of the table for OCSF 1.8.0 (schema of 2026-03-18),
// written against Okta's event types of release 2026.08.1 and the types retired
// before it, which archives still hold.
func V1_8() *Table {
	return &Table{
		Version:  "1.8.0",
		Classes:  classesV1_8(),
		Verbs:    verbsV1_8(),
		Families: familiesV1_8(),
		Rules: slices.Concat(
			findingRulesV1_8(),
			signInRulesV1_8(),
			accountRulesV1_8(),
			agentRulesV1_8(),
			errorRulesV1_8(),
			groupRulesV1_8(),
			accessRulesV1_8(),
			apiRulesV1_8(),
			entityRulesV1_8(),
			familyRulesV1_8(),
		),
	}
}

// familiesV1_8 returns the first words of Okta's event types. The last four
// occur in archives only.
func familiesV1_8() []string {
	return words(`
		access account analytics app application certification core credential
		device directory entitlement event_hook governance group iam inline_hook
		integration master_application mim network_zone oauth2 org pam personal
		pki plugin policy resource resource_servers scheduled_action security
		self_service support system task user workflows workload_principal zone
		omm saml tokens webhook`)
}

// on names the patterns of a row.
func on(patterns ...string) []string { return patterns }

// thing is the kind of object that an Entity Management row manages, with its
// managed_entity.type_id: 1 Device, 3 Group, 4 Organization, 5 Policy, 7 Network Zone, and 99 for
// kinds without a number in OCSF.
func thing(kind string, id int) Marks { return Marks{EntityType: kind, EntityTypeID: id} }
