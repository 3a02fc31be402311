package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// entity is the thing that was managed, and entity_result what it became. Where no target is that thing, but one is
// what it is part of, the record says that this was read or updated; to say that it was created or deleted would be
// wrong. OCSF requires an entity with a name: where there is neither, the record says that it is unknown, and of what
// kind by the type of the event.
func entity() record.Part {
	const why = "the kind of thing that the event type is about"
	unknown := []record.Part{
		record.Const("name", "unknown", "the event does not say which it is"),
		record.Derive("type_id", why, func(e *record.Emitter) bool { return e.Int(int64(e.Decision.EntityTypeID)) }),
		record.Derive("type", why, func(e *record.Emitter) bool { return e.Quote(e.Decision.EntityType) }),
		belongsTo(),
	}
	return record.FirstOf{
		managedTarget(roles.Entity),
		record.When(touchesContainer, managedTarget(roles.Container)),
		&record.Object{Key: "entity", Rest: unknown},
	}
}

// managedTarget has entity and entity_result for the target with the role.
func managedTarget(role roles.Role) record.Part {
	return record.ForRole(role,
		&record.Object{Key: "entity", AtLeastOne: names(), Rest: []record.Part{
			entityType(),
			entityAs(entityPolicy, "policy", names()),
			entityAs(entityDevice, "device", names(), record.Number("type_id", 0, "the event does not say"),
				record.Const("type", "Unknown", "its caption")),
			entityAs(entityUser, "user", userNames(), record.Member("full_name", record.AsName, record.TargetName)),
			entityAs(entityGroup, "group", names()),
			entityAs(entityOrg, "org", names()),
			belongsTo(),
			record.Member("data", record.AsChange, record.TargetFrom),
		}},
		record.When(changed, &record.Object{Key: "entity_result", AtLeastOne: names(),
			Rest: []record.Part{record.Member("data", record.AsChange, record.TargetTo)}}))
}

// touchesContainer reports whether an action on a part of a thing is also an action on the thing.
func touchesContainer(e *record.Emitter) bool {
	switch e.Decision.Activity {
	case entityRead, entityUpdate, record.Other:
		return true
	}
	return false
}

// belongsTo is the policy that a rule belongs to, and the user whose password kept for an app was read or for whom a
// certificate is.
func belongsTo() record.Part {
	of := func(kind string) func(*record.Emitter) bool {
		return func(e *record.Emitter) bool { return e.Decision.EntityType == kind }
	}
	return record.All{
		record.When(of("Policy Rule"), record.ForRole(roles.Policy, &record.Object{Key: "policy", AtLeastOne: names(),
			Rest: []record.Part{record.Member("type", record.AsName, record.TargetType)}})),
		record.When(of("Credential"), targetUser()),
		record.When(of("Certificate"), targetUser()),
	}
}

// entityAs writes the entity again as the object that OCSF has for things of its kind.
func entityAs(kind int64, key string, names []record.Part, rest ...record.Part) record.Part {
	return record.When(func(e *record.Emitter) bool {
		_, id, _ := entityKind(e)
		return id == kind
	}, &record.Object{Key: key, AtLeastOne: names, Rest: rest})
}

// changed reports whether the current target has a new state.
func changed(e *record.Emitter) bool {
	return e.Target != nil && e.Target.ChangeTo != 0 && e.HasContent(e.Target.ChangeTo)
}

// names are the id and the name of the current target.
func names() []record.Part {
	return []record.Part{
		record.Member("uid", record.AsName, record.TargetID),
		record.Member("name", record.AsName, record.TargetName),
	}
}

func userNames() []record.Part {
	return []record.Part{
		record.Member("uid", record.AsName, record.TargetID),
		record.Member("name", record.AsName, record.TargetAlternateID),
	}
}

// The kinds of managed_entity.type_id (OCSF 1.8.0) that Okta has.
const (
	entityDevice = 1
	entityUser   = 2
	entityGroup  = 3
	entityOrg    = 4
	entityPolicy = 5
	entityZone   = 7
)

// entityKinds maps the end of a target type to the kind of thing, ignoring case.
var entityKinds = []struct {
	ending string
	kind   kind
}{
	{"policyentity", kind{entityPolicy, "Policy"}},
	{"policy", kind{entityPolicy, "Policy"}},
	{"networkzone", kind{entityZone, "Network Zone"}},
	{"networkzoneentity", kind{entityZone, "Network Zone"}},
	{"device", kind{entityDevice, "Device"}},
}

// entityWords maps whole target types to the kind of thing.
var entityWords = map[string]kind{
	"User": {entityUser, "User"}, "NewUser": {entityUser, "User"}, "user": {entityUser, "User"},
	"UserGroup": {entityGroup, "Group"}, "AppGroup": {entityGroup, "Group"}, "Group": {entityGroup, "Group"},
	"Org": {entityOrg, "Organization"}, "Organization": {entityOrg, "Organization"},
}

// entityKind is entity.type_id with its caption, from the current target's type. The event type
// says what the event is about, which may be another thing than this target.
func entityKind(e *record.Emitter) (i uint32, id int64, caption string) {
	if e.Target == nil || !e.Says(e.Target.Type) {
		return 0, 0, ""
	}
	i = e.Target.Type
	word := e.Tree.Inner(i)
	if k, ok := entityWords[string(word)]; ok {
		return i, k.id, k.caption
	}
	for k := range entityKinds {
		if ending := entityKinds[k].ending; len(word) >= len(ending) &&
			bytes.EqualFold(word[len(word)-len(ending):], []byte(ending)) {
			return i, entityKinds[k].kind.id, entityKinds[k].kind.caption
		}
	}
	return i, record.Other, ""
}

// entityType is entity.type_id and type; with 99, type is the target's own type.
func entityType() record.Part {
	return record.All{
		record.Derive("type_id", "from the target's type", func(e *record.Emitter) bool {
			i, id, _ := entityKind(e)
			return i != 0 && e.Int(id)
		}),
		record.Captioned("type", "target (entity).type", entityKind),
	}
}

// group is the group that was managed. OCSF requires one: if the event names none, the record says
// that.
func group() record.Part {
	return record.FirstOf{
		record.ForRole(roles.Group, &record.Object{Key: "group", AtLeastOne: names(), Rest: []record.Part{
			record.Member("type", record.AsName, record.TargetType),
			record.Member("uid_alt", record.AsName, record.TargetAlternateID),
		}}),
		&record.Object{Key: "group", Rest: []record.Part{record.Const("name", "unknown", "the event names no group")}},
	}
}

// groupResource is the application that was assigned to a group.
func groupResource() record.Part {
	return record.ForRole(roles.App, &record.Object{Key: "resource", AtLeastOne: names(), Rest: resourceRest()})
}

// privileges is what was granted or revoked. OCSF requires it: the roles that Okta lists, or else
// what the event type grants, or else the role among the targets, or else the things that the user
// got access to, or else the event type.
func privileges() record.Part {
	return record.FirstOf{
		listedPrivileges(),
		record.Derive("privileges", "what the event type itself grants", func(e *record.Emitter) bool {
			if e.Decision.Privilege == "" {
				return false
			}
			e.Out = append(e.Out, '[')
			e.Quote(e.Decision.Privilege)
			e.Out = append(e.Out, ']')
			return true
		}),
		rolePrivilege(),
		record.Derive("privileges", "the names of the targets that are neither users nor groups", writeTargetNames),
		record.Derive("privileges", "the event type", func(e *record.Emitter) bool {
			e.Out = append(e.Out, '[')
			e.Text(events.EventType)
			e.Out = append(e.Out, ']')
			return true
		}),
	}
}

func groupPrivileges() record.Part { return record.FirstOf{listedPrivileges(), rolePrivilege()} }

func listedPrivileges() record.Part {
	return record.Field("privileges", record.AsPrivileges, events.DebugPrivilegeGranted, events.DebugPrivilegeRevoked)
}

// rolePrivilege is the admin role among the targets.
func rolePrivilege() record.Part {
	return record.ForRole(
		roles.Privilege,
		record.Derive("privileges", "the name of the role", func(e *record.Emitter) bool {
			if e.Target == nil || !e.Says(e.Target.DisplayName) {
				return false
			}
			e.Out = append(e.Out, '[')
			e.Raw(e.Target.DisplayName)
			e.Out = append(e.Out, ']')
			return true
		}),
	)
}

func writeTargetNames(e *record.Emitter) bool {
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	for i := range e.Targets {
		if t := &e.Targets[i]; !t.Person && t != e.Who(roles.User) && !t.Fits(roles.Group) && e.Says(t.DisplayName) {
			if e.Out[len(e.Out)-1] != '[' {
				e.Out = append(e.Out, ',')
			}
			e.Raw(t.DisplayName)
		}
	}
	if e.Out[len(e.Out)-1] == '[' {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}

// resources are the targets that are not users, and targets that could equally be the user.
func resources() record.Part {
	return record.EachTarget("resources", "no user", roles.App,
		func(e *record.Emitter, t *record.Target) bool { return (!t.Person || t.Tied) && t != e.Who(roles.User) },
		&record.Object{AtLeastOne: names(), Rest: resourceRest()})
}

func resourceRest() []record.Part {
	return []record.Part{
		record.Member("type", record.AsName, record.TargetType),
		record.Member("uid_alt", record.AsName, record.TargetAlternateID),
		record.Member("data", record.AsJSON, record.TargetDetail),
	}
}

// application is what was started, stopped or changed: usually an agent. OCSF requires a product
// with a name or uid.
func application() record.Part {
	return record.FirstOf{
		record.ForRole(roles.Agent, &record.Object{Key: "app", AtLeastOne: names()}),
		&record.Object{Key: "app", Rest: []record.Part{record.Const("name", "Okta", "no application is named")}},
	}
}

// api is the call: Okta names an operation by its event type.
func api() record.Part {
	return &record.Object{Key: "api", AtLeastOne: []record.Part{
		record.Field("operation", record.Repeated(record.AsText), events.EventType),
	}, Rest: []record.Part{
		&record.Object{Key: "request", AtLeastOne: []record.Part{
			record.Field("uid", record.Repeated(record.AsName), events.DebugRequestID),
		}},
	}}
}
