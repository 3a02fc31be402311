package ocsf

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// actor is the one who acted, with session and OAuth client.
func actor() record.Part {
	return &record.Object{Key: "actor", AtLeastOne: []record.Part{
		record.When(record.ActorIsPrincipal, &record.Object{Key: "user", AtLeastOne: []record.Part{
			record.Field("uid", record.AsName, events.ActorID),
			record.Field("name", record.AsName, events.ActorAlternateID),
		}, Rest: []record.Part{
			record.Field("full_name", record.AsName, events.ActorDisplayName),
			record.Field("email_addr", record.AsEmail, events.ActorAlternateID),
			record.Field("domain", record.AsDomain, events.ActorAlternateID),
			userType("actor.type", func(e *record.Emitter) uint32 { return e.Event.Node(events.ActorType) }),
			&record.Object{Key: "programmatic_credentials", List: true, Rest: []record.Part{
				record.Field("uid", record.AsName, events.RequestAPITokenID),
			}},
		}}),
		&record.Object{Key: "session", Rest: []record.Part{
			record.Field("uid", record.AsName, events.ExternalSessionID),
			record.Field("uid_alt", record.AsName, events.RootSessionID),
			record.Field("issuer", record.AsName, events.IssuerID),
		}},
		record.Field("app_uid", record.AsName, events.ClientID),
	}}
}

// actorOrOkta is for classes that require an actor. An event without an actor was caused by Okta
// itself; an event with only an address was caused by a client that Okta does not know.
func actorOrOkta() record.Part {
	return record.FirstOf{
		actor(),
		record.When(record.ActorIsPrincipal, &record.Object{Key: "actor", Rest: []record.Part{
			record.Const("app_name", "Okta", "the event names no actor"),
		}}),
		&record.Object{Key: "actor", Rest: []record.Part{&record.Object{Key: "user", Rest: []record.Part{
			record.Const("name", "unknown", "the event names only an address"),
		}}}},
	}
}

// session writes the actor's session again in the attribute that class 3002 has for the user's
// session. If the user is not the actor, the user's session is not known.
func session() record.Part {
	return record.When(actorIsUser, &record.Object{Key: "session", Rest: []record.Part{
		record.Field("uid", record.AsName, events.ExternalSessionID),
	}})
}

// actorIsUser reports whether the actor is the record's user.
func actorIsUser(e *record.Emitter) bool {
	t := e.Who(roles.User)
	if t == nil {
		return actsOnSelf(e)
	}
	same := func(f events.Field, i uint32) bool {
		actor := e.Inner(f)
		return actor != nil && e.Says(i) && bytes.Equal(actor, e.Tree.Inner(i))
	}
	if e.Inner(events.ActorID) != nil && e.Says(t.ID) {
		return same(events.ActorID, t.ID)
	}
	return same(events.ActorAlternateID, t.AlternateID)
}

// actsOnSelf reports whether the actor is also the user because no target is: in events of types in
// which people act on themselves, and never for Okta's own principal or an address.
func actsOnSelf(e *record.Emitter) bool {
	return e.Roles.Self && e.Who(roles.User) == nil && !e.Tied(roles.User) &&
		!e.Is(e.Event.Node(events.ActorType), "SystemPrincipal") && record.ActorIsPrincipal(e)
}

// userType is user.type_id and user.type. The type is Okta's own text if OCSF allows that: a number
// other than 99 requires OCSF's caption.
func userType(where string, of func(*record.Emitter) uint32) record.Part {
	known := func(e *record.Emitter) (i uint32, id int64, caption string) {
		i = of(e)
		if !e.Says(i) {
			return 0, 0, ""
		}
		switch word := e.Tree.Inner(i); {
		case bytes.EqualFold(word, []byte("User")), string(word) == "NewUser":
			return i, 1, "User"
		case string(word) == "SystemPrincipal":
			return i, 3, "System"
		case bytes.HasPrefix(word, []byte("PublicClientApp")), string(word) == "ApiServiceIntegration":
			return i, 4, "Service"
		}
		return i, record.Other, ""
	}
	return record.All{
		record.Derive("type_id", "the kind of principal", func(e *record.Emitter) bool {
			i, id, _ := known(e)
			return i != 0 && e.Int(id)
		}),
		record.Captioned("type", where, known),
	}
}

// user is the one acted on: the target with role User, or else the actor if people act on
// themselves, or else the owner of an account in an app that is among the targets. OCSF requires a
// user: if the event does not name one, the record says that.
func user() record.Part {
	return record.FirstOf{
		targetUser(),
		record.When(actsOnSelf, &record.Object{Key: "user", AtLeastOne: []record.Part{
			record.Field("uid", record.Repeated(record.AsName), events.ActorID),
			record.Field("name", record.Repeated(record.AsName), events.ActorAlternateID),
		}, Rest: accountOfUser()}),
		record.When(noUserNamed, &record.Object{Key: "user", AtLeastOne: accountOfUser()[:1], Rest: accountOfUser()[1:]}),
		&record.Object{Key: "user", Rest: []record.Part{record.Const("name", "unknown", "the event does not name the user")}},
	}
}

func noUserNamed(e *record.Emitter) bool { return e.Who(roles.User) == nil && !e.Tied(roles.User) }

func targetUser() record.Part { return record.ForRole(roles.User, targetUserObject()) }

func targetUserObject() *record.Object {
	return &record.Object{Key: "user", AtLeastOne: []record.Part{
		record.Member("uid", record.AsName, record.TargetID),
		record.Member("name", record.AsName, record.TargetAlternateID),
	}, Rest: []record.Part{
		record.Member("full_name", record.AsName, record.TargetName),
		record.Member("email_addr", record.AsEmail, record.TargetAlternateID),
		userType("target (user).type", func(e *record.Emitter) uint32 {
			if e.Target == nil {
				return 0
			}
			return e.Target.Type
		}),
		record.ForRole(roles.Account, account()),
	}}
}

// accountOfUser is an account in an app, and its owner by name, if the owner is not a target.
func accountOfUser() []record.Part {
	return []record.Part{
		record.ForRole(roles.Account, account()),
		record.ForRole(roles.Account, record.Member("full_name", record.AsName, record.TargetName)),
	}
}

// account is the user's account in an app, Okta's AppUser.
func account() record.Part {
	return &record.Object{Key: "account", AtLeastOne: []record.Part{
		record.Member("uid", record.AsName, record.TargetID),
		record.Member("name", record.AsName, record.TargetAlternateID),
	}, Rest: []record.Part{
		record.Number("type_id", record.Other, "OCSF has no number for an account in an app"),
		record.Member("type", record.AsName, record.TargetType),
	}}
}

// device is the device with Okta's own device id, with profile host.
func device() record.Part {
	return &record.Object{Key: "device", AtLeastOne: []record.Part{
		record.Field("uid", record.AsName, events.DeviceID),
		record.Field("name", record.AsName, events.DeviceName),
	}, Rest: []record.Part{
		record.Derive("type_id", "from its platform", func(e *record.Emitter) bool {
			return e.Int(deviceKind(e.Inner(events.DeviceOSPlatform)).id)
		}),
		record.Derive("type", "its caption", func(e *record.Emitter) bool {
			return e.Quote(deviceKind(e.Inner(events.DeviceOSPlatform)).caption)
		}),
		&record.Object{Key: "os", AtLeastOne: []record.Part{
			record.Field("name", record.AsName, events.DeviceOSPlatform),
		}, Rest: []record.Part{
			record.Derive("type_id", "from its name", func(e *record.Emitter) bool {
				return e.Int(osKind(e.Inner(events.DeviceOSPlatform)).id)
			}),
			record.Derive("type", "its caption", func(e *record.Emitter) bool { return osCaption(e, events.DeviceOSPlatform) }),
			record.Field("version", record.AsName, events.DeviceOSVersion),
		}},
		record.Field("is_managed", record.AsBoolean, events.DeviceManaged),
	}}
}

// hasDevice reports whether device will be written.
func hasDevice(e *record.Emitter) bool {
	for _, f := range [...]events.Field{events.DeviceID, events.DeviceName} {
		i := e.Event.Node(f)
		if i == 0 {
			continue
		}
		switch e.Tree.Nodes[i].Kind {
		case '"':
			if e.Says(i) {
				return true
			}
		case '0', 't', 'f':
			return true
		}
	}
	return false
}
