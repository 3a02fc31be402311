package record

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
)

// Target is one element of an event's target array. Its members are indexes
// into the event's tree, 0 where it has none.
type Target struct {
	Class TargetClass

	ID, Type, AlternateID, DisplayName uint32
	DetailEntry, ChangeFrom, ChangeTo  uint32
}

// TargetClass is what an element's type says it is. "Search target by type, not
// by position" (Okta, System Log API).
type TargetClass uint8

const (
	OtherTarget TargetClass = iota
	UserTarget
	GroupTarget
	AppTarget
	PolicyTarget
	AgentTarget
)

// classOf sorts the types of Okta's catalogue (release 2026.08.1) and of real
// events, in any case of letters.
func classOf(typ []byte) TargetClass {
	is := func(names ...string) bool {
		for _, name := range names {
			if bytes.EqualFold(typ, []byte(name)) {
				return true
			}
		}
		return false
	}
	switch {
	case is("User", "AppUser"):
		return UserTarget
	case is("UserGroup", "AppGroup", "Group"):
		return GroupTarget
	case is("AppInstance", "App"):
		return AppTarget
	case is("PolicyEntity", "Policy"):
		return PolicyTarget
	case bytes.Contains(typ, []byte("Agent")) || bytes.Contains(typ, []byte("agent")):
		return AgentTarget
	}
	return OtherTarget
}

// bindTargets finds the targets of the event. A target that is not an array, and
// an element that is not an object, are left where they are.
func (e *Emitter) bindTargets() {
	e.Targets = e.Targets[:0]
	array := e.Event.Node(events.Target)
	if array == 0 || e.Tree.Nodes[array].Kind != '[' {
		return
	}
	nodes := e.Tree.Nodes
	for i := array + 1; i < nodes[array].Next; i = nodes[i].Next {
		if nodes[i].Kind != '{' {
			continue
		}
		var t Target
		for c := i + 1; c < nodes[i].Next; c = nodes[c].Next {
			switch string(e.Tree.Key(c)) {
			case "id":
				t.ID = c
			case "type":
				t.Type = c
				if nodes[c].Kind == '"' {
					t.Class = classOf(e.Tree.Inner(c))
				}
			case "alternateId":
				t.AlternateID = c
				e.dropUnknown(c)
			case "displayName":
				t.DisplayName = c
			case "detailEntry":
				t.DetailEntry = c
			case "changeDetails":
				t.ChangeFrom, t.ChangeTo = e.Tree.Member(c, "from"), e.Tree.Member(c, "to")
			}
		}
		e.Targets = append(e.Targets, t)
	}
}

// dropUnknown leaves out "unknown" in any case of letters. Okta writes it for
// an absent alternateId, operating system, browser and device, and only there
// does it mean that.
func (e *Emitter) dropUnknown(i uint32) {
	if i != 0 && e.Tree.Nodes[i].Kind == '"' && bytes.EqualFold(e.Tree.Inner(i), []byte("unknown")) {
		e.states[i] = dropped
	}
}

// First is the first target that fits, or nil.
func (e *Emitter) First(fits func(*Target) bool) *Target {
	for i := range e.Targets {
		if fits(&e.Targets[i]) {
			return &e.Targets[i]
		}
	}
	return nil
}

// OfClass chooses the first target of a class.
func OfClass(c TargetClass) func(*Emitter) *Target {
	return func(e *Emitter) *Target { return e.First(func(t *Target) bool { return t.Class == c }) }
}

// TargetMember names a member of a target.
type TargetMember uint8

// The members of a target.
const (
	TargetID TargetMember = iota
	TargetType
	TargetAlternateID
	TargetName
	TargetDetail
	TargetFrom
	TargetTo
)

// String is the member's path in the target.
func (m TargetMember) String() string {
	return [...]string{"id", "type", "alternateId", "displayName", "detailEntry", "changeDetails.from", "changeDetails.to"}[m]
}

// of is the member's node in t, or 0.
func (m TargetMember) of(t *Target) uint32 {
	return [...]uint32{t.ID, t.Type, t.AlternateID, t.DisplayName, t.DetailEntry, t.ChangeFrom, t.ChangeTo}[m]
}
