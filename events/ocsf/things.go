package ocsf

import (
	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

// entity is the thing that was managed, and entity_result what it became. OCSF
// demands an entity with a name: where no target is named, it is the kind of
// thing that the event type speaks of.
func entity() record.Part {
	return record.Both{
		record.FirstOf{
			record.ForTarget("what is managed", entityOf, &record.Object{Key: "entity", Naming: entityNames(), Rest: []record.Part{
				entityType(),
				record.Member("data", record.AsJSON, record.TargetFrom),
			}}),
			&record.Object{Key: "entity", Rest: []record.Part{
				record.Derive("name", "the kind of thing that the event type is about", func(e *record.Emitter) bool {
					if e.Decision.EntityType == "" {
						return e.Text(events.EventType)
					}
					return e.Quote(e.Decision.EntityType)
				}),
			}},
		},
		record.ForTarget("what is managed", entityOf, record.When(changed, &record.Object{Key: "entity_result", Naming: entityNames(), Rest: []record.Part{
			record.Member("data", record.AsJSON, record.TargetTo),
		}})),
	}
}

// changed reports whether the target at hand says what became of it.
func changed(e *record.Emitter) bool {
	return e.Target != nil && e.Target.ChangeTo != 0 && e.HasContent(e.Target.ChangeTo)
}

func entityNames() []record.Part {
	return []record.Part{
		record.Member("uid", record.AsText, record.TargetID),
		record.Member("name", record.AsText, record.TargetName),
	}
}

// entityCaptions are those of managed_entity.type_id that an event type can name.
var entityCaptions = map[int]string{1: "Device", 4: "Organization", entityPolicy: "Policy", 7: "Network Zone"}

// entityType is entity.type_id and type: what the event type says it is, else
// what the target says; the word beside 99 is the target's own.
func entityType() record.Part {
	of := func(e *record.Emitter) (uint32, int64, string) {
		if e.Target == nil {
			return 0, 0, ""
		}
		i := e.Target.Type
		if i == 0 || e.Tree.Nodes[i].Kind != '"' || e.Tree.Blank(i) {
			return 0, 0, ""
		}
		if id := e.Decision.EntityTypeID; id != 0 && id != record.Other {
			return i, int64(id), entityCaptions[id]
		}
		switch e.Target.Class {
		case record.UserTarget:
			return i, 2, "User"
		case record.GroupTarget:
			return i, 3, "Group"
		case record.PolicyTarget:
			return i, entityPolicy, "Policy"
		}
		return i, record.Other, ""
	}
	return record.Both{
		record.Derive("type_id", "the event type, else the target's type", func(e *record.Emitter) bool {
			i, id, _ := of(e)
			return i != 0 && e.Int(id)
		}),
		record.Captioned("type", "target (what is managed).type", of),
	}
}

// group is the group that was managed. OCSF demands one.
func group() record.Part {
	return record.FirstOf{
		record.ForTarget("the group", groupOf, &record.Object{Key: "group", Naming: []record.Part{
			record.Member("uid", record.AsText, record.TargetID),
			record.Member("name", record.AsText, record.TargetName),
		}, Rest: []record.Part{
			record.Member("type", record.AsText, record.TargetType),
			record.Member("uid_alt", record.AsText, record.TargetAlternateID),
		}}),
		&record.Object{Key: "group", Rest: []record.Part{record.Word("name", "unknown", "the event names no group")}},
	}
}

// groupResource is the application that a group was assigned to.
func groupResource() record.Part {
	return record.ForTarget("the first application", record.OfClass(record.AppTarget), &record.Object{Key: "resource", Naming: resourceNames(), Rest: resourceRest()})
}

// privileges is what was granted or revoked. OCSF demands it: the roles that
// Okta lists, else the things that the user got access to, else the event type.
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
		record.Derive("privileges", "the names of the targets that are no users", writeTargetNames),
		record.Derive("privileges", "the event type", func(e *record.Emitter) bool {
			e.Out = append(e.Out, '[')
			e.Text(events.EventType)
			e.Out = append(e.Out, ']')
			return true
		}),
	}
}

func groupPrivileges() record.Part { return listedPrivileges() }

func listedPrivileges() record.Part {
	return record.Field("privileges", record.AsPrivileges, events.DebugPrivilegeGranted, events.DebugPrivilegeRevoked)
}

func writeTargetNames(e *record.Emitter) bool {
	start := len(e.Out)
	e.Out = append(e.Out, '[')
	for i := range e.Targets {
		name := e.Targets[i].DisplayName
		if e.Targets[i].Class == record.UserTarget || name == 0 || e.Tree.Nodes[name].Kind != '"' || e.Tree.Blank(name) {
			continue
		}
		if e.Out[len(e.Out)-1] != '[' {
			e.Out = append(e.Out, ',')
		}
		e.Raw(name)
	}
	if e.Out[len(e.Out)-1] == '[' {
		e.Out = e.Out[:start]
		return false
	}
	e.Out = append(e.Out, ']')
	return true
}

// resources are the targets that are no users.
func resources() record.Part {
	return record.EachTarget("resources", "no user",
		func(t *record.Target) bool { return t.Class != record.UserTarget },
		&record.Object{Naming: resourceNames(), Rest: resourceRest()})
}

func resourceNames() []record.Part {
	return []record.Part{
		record.Member("uid", record.AsText, record.TargetID),
		record.Member("name", record.AsText, record.TargetName),
	}
}

func resourceRest() []record.Part {
	return []record.Part{
		record.Member("type", record.AsText, record.TargetType),
		record.Member("uid_alt", record.AsText, record.TargetAlternateID),
		record.Member("data", record.AsJSON, record.TargetDetail),
	}
}

// application is what was started, stopped or changed: an agent, as a rule.
// OCSF demands a product with a name or uid.
func application() record.Part {
	return record.FirstOf{
		record.ForTarget("the agent or application", applicationOf, &record.Object{Key: "app", Naming: []record.Part{
			record.Member("uid", record.AsText, record.TargetID),
			record.Member("name", record.AsText, record.TargetName),
		}}),
		&record.Object{Key: "app", Rest: []record.Part{record.Word("name", "Okta", "no application is named")}},
	}
}

// api is the call: Okta names an operation by its event type.
func api() record.Part {
	return &record.Object{Key: "api", Naming: []record.Part{
		record.Field("operation", record.Repeated(record.AsText), events.EventType),
	}, Rest: []record.Part{
		&record.Object{Key: "request", Naming: []record.Part{record.Field("uid", record.Repeated(record.AsText), events.DebugRequestID)}},
	}}
}

// groupOf is the group that an event is about: a group, else the first thing
// that is no user.
func groupOf(e *record.Emitter) *record.Target {
	if t := record.OfClass(record.GroupTarget)(e); t != nil {
		return t
	}
	return e.First(func(t *record.Target) bool { return t.Class != record.UserTarget })
}

// entityOf is the thing that an event manages: of the kind that the event type
// names, else the first thing that is no user, else the first.
func entityOf(e *record.Emitter) *record.Target {
	if e.Decision.EntityTypeID == entityPolicy {
		if t := record.OfClass(record.PolicyTarget)(e); t != nil {
			return t
		}
	}
	if t := e.First(func(t *record.Target) bool { return t.Class != record.UserTarget }); t != nil {
		return t
	}
	return e.First(func(*record.Target) bool { return true })
}

// applicationOf is the application of an application lifecycle event: an agent,
// else the first thing that is no user.
func applicationOf(e *record.Emitter) *record.Target {
	if t := record.OfClass(record.AgentTarget)(e); t != nil {
		return t
	}
	return e.First(func(t *record.Target) bool { return t.Class != record.UserTarget })
}
