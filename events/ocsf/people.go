package ocsf

import (
	"bytes"
	"github.com/oktastream/oktastream/events/record"

	"github.com/oktastream/oktastream/events"
)

// actor is who did it, in which session and by which OAuth client.
func actor() record.Part {
	return &record.Object{Key: "actor", Naming: []record.Part{
		&record.Object{Key: "user", Naming: []record.Part{
			record.Field("uid", record.AsText, events.ActorID),
			record.Field("name", record.AsText, events.ActorAlternateID),
		}, Rest: []record.Part{
			record.Field("full_name", record.AsText, events.ActorDisplayName),
			record.Field("email_addr", record.AsEmail, events.ActorAlternateID),
			record.Field("domain", record.AsDomain, events.ActorAlternateID),
			userType("actor.type", func(e *record.Emitter) uint32 { return e.Event.Node(events.ActorType) }),
			&record.Object{Key: "programmatic_credentials", List: true, Rest: []record.Part{
				record.Field("uid", record.AsText, events.RequestAPITokenID),
			}},
		}},
		&record.Object{Key: "session", Rest: []record.Part{
			record.Field("uid", record.AsText, events.ExternalSessionID),
			record.Field("uid_alt", record.AsText, events.RootSessionID),
			record.Field("issuer", record.AsText, events.IssuerID),
		}},
		record.Field("app_uid", record.AsText, events.ClientID),
	}}
}

// actorOrOkta is for classes that demand an actor: what has none was done by
// Okta itself.
func actorOrOkta() record.Part {
	return record.FirstOf{actor(), &record.Object{Key: "actor", Rest: []record.Part{record.Word("app_name", "Okta", "nobody is named")}}}
}

// session repeats the actor's session where OCSF has an attribute of its own
// for it: class 3002.
func session() record.Part {
	return &record.Object{Key: "session", Rest: []record.Part{record.Field("uid", record.AsText, events.ExternalSessionID)}}
}

// userType is user.type_id and user.type. The word is Okta's own wherever OCSF
// lets it be: a number other than 99 goes with OCSF's caption.
func userType(where string, of func(*record.Emitter) uint32) record.Part {
	known := func(e *record.Emitter) (i uint32, id int64, caption string) {
		i = of(e)
		if i == 0 || e.Tree.Nodes[i].Kind != '"' || e.Tree.Blank(i) {
			return 0, 0, ""
		}
		switch word := e.Tree.Inner(i); {
		case string(word) == "User":
			return i, 1, "User"
		case string(word) == "SystemPrincipal":
			return i, 3, "System"
		case bytes.HasPrefix(word, []byte("PublicClientApp")):
			return i, 4, "Service"
		}
		return i, record.Other, ""
	}
	return record.Both{
		record.Derive("type_id", "what kind of principal it is", func(e *record.Emitter) bool {
			i, id, _ := known(e)
			return i != 0 && e.Int(id)
		}),
		record.Captioned("type", where, known),
	}
}

// user is the one to whom it was done: the first user among the targets, else
// the actor, else nobody that the event names. OCSF demands one.
func user() record.Part {
	return record.FirstOf{targetUser(), actorAsUser(), &record.Object{Key: "user", Rest: []record.Part{record.Word("name", "unknown", "the event names nobody")}}}
}

func targetUser() record.Part {
	return record.ForTarget("the first user", record.OfClass(record.UserTarget), targetUserObject())
}

func targetUserObject() *record.Object {
	return &record.Object{Key: "user", Naming: []record.Part{
		record.Member("uid", record.AsText, record.TargetID),
		record.Member("name", record.AsText, record.TargetAlternateID),
	}, Rest: []record.Part{
		record.Member("full_name", record.AsText, record.TargetName),
		record.Member("email_addr", record.AsEmail, record.TargetAlternateID),
		userType("target (the first user).type", func(e *record.Emitter) uint32 {
			if e.Target == nil {
				return 0
			}
			return e.Target.Type
		}),
	}}
}

// actorAsUser repeats who the actor is, no more: the rest is there already.
func actorAsUser() record.Part {
	return &record.Object{Key: "user", Naming: []record.Part{
		record.Field("uid", record.AsText, events.ActorID),
		record.Field("name", record.AsText, events.ActorAlternateID),
	}}
}

// groupUser is the user that came into or out of a group, where there is one.
func groupUser() record.Part { return targetUser() }

// device is the device that Okta knows by its own id, with profile host.
func device() record.Part {
	return &record.Object{Key: "device", Naming: []record.Part{
		record.Field("uid", record.AsText, events.DeviceID),
		record.Field("name", record.AsText, events.DeviceName),
	}, Rest: []record.Part{
		record.Derive("type_id", "by its platform", func(e *record.Emitter) bool { return e.Int(deviceKind(e.Inner(events.DeviceOSPlatform)).id) }),
		record.Derive("type", "its caption", func(e *record.Emitter) bool { return e.Quote(deviceKind(e.Inner(events.DeviceOSPlatform)).caption) }),
		&record.Object{Key: "os", Naming: []record.Part{record.Field("name", record.AsText, events.DeviceOSPlatform)}, Rest: []record.Part{
			record.Derive("type_id", "by its name", func(e *record.Emitter) bool { return e.Int(osKind(e.Inner(events.DeviceOSPlatform)).id) }),
			record.Derive("type", "its caption", func(e *record.Emitter) bool { return osCaption(e, events.DeviceOSPlatform) }),
			record.Field("version", record.AsText, events.DeviceOSVersion),
		}},
		record.Field("is_managed", record.AsBoolean, events.DeviceManaged),
	}}
}

// hasDevice reports whether device will be written.
func hasDevice(e *record.Emitter) bool {
	for _, f := range [...]events.Field{events.DeviceID, events.DeviceName} {
		if i := e.Event.Node(f); i != 0 && !e.Tree.Blank(i) && e.Tree.Nodes[i].Kind != '{' && e.Tree.Nodes[i].Kind != '[' {
			return true
		}
	}
	return false
}
