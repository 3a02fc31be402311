package record

import (
	"bytes"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/roles"
)

// Target is one element of an event's target array. Its members are indexes of nodes in the event's
// tree, 0 if absent.
type Target struct {
	ID, Type, AlternateID, DisplayName uint32
	DetailEntry, ChangeFrom, ChangeTo  uint32
	// Person: the target's type is that of a person or of a person's account. Tied: several targets
	// could equally be the user or the account, so none of them is chosen.
	Person, Tied bool

	node  uint32
	ranks *roles.Ranks
}

// bindTargets finds the targets of the event and assigns each role to one of them. A target that is
// not an array, and an element that is not an object, stay in unmapped.
func (e *Emitter) bindTargets() {
	e.Targets = e.Targets[:0]
	e.cast, e.tied = [roles.Count]*Target{}, [roles.Count]bool{}
	array := e.Event.Node(events.Target)
	if array == 0 || e.Tree.Nodes[array].Kind != '[' {
		return
	}
	nodes := e.Tree.Nodes
	for i := array + 1; i < nodes[array].Next; i = nodes[i].Next {
		if nodes[i].Kind == '{' {
			e.Targets = append(e.Targets, e.bindTarget(i))
		}
	}
	for role := range roles.Count {
		e.cast[role] = e.choose(role)
	}
	if e.cast[roles.Account] == e.cast[roles.User] {
		e.cast[roles.Account] = nil // the account in an app is the user
	}
}

func (e *Emitter) bindTarget(i uint32) Target {
	t := Target{node: i}
	nodes := e.Tree.Nodes
	for c := i + 1; c < nodes[i].Next; c = nodes[c].Next {
		switch string(e.Tree.Key(c)) {
		case "id":
			t.ID = c
		case "type":
			t.Type = c
		case "alternateId":
			t.AlternateID = c
		case "displayName":
			t.DisplayName = c
		case "detailEntry":
			t.DetailEntry = c
		case "changeDetails":
			t.ChangeFrom, t.ChangeTo = e.Tree.Member(c, "from"), e.Tree.Member(c, "to")
		}
	}
	var typ []byte
	if t.Type != 0 && nodes[t.Type].Kind == '"' {
		typ = e.Tree.Inner(t.Type)
	}
	t.ranks = e.Roles.Ranks(typ)
	t.Person = t.ranks.Person
	return t
}

// choose returns the target for a role, or nil: the one whose type comes first in the table. If
// there are several, the prefix of their ids decides or, for the entity, whether the target has
// changeDetails. Their order never decides.
func (e *Emitter) choose(role roles.Role) *Target {
	var chosen *Target
	best, several := uint8(0), false
	for i := range e.Targets {
		switch rank := e.Targets[i].ranks.Of[role]; {
		case rank == 0 || best != 0 && rank > best:
		case rank == best:
			several = true
		default:
			best, chosen, several = rank, &e.Targets[i], false
		}
	}
	if several {
		return e.chooseAmong(role, best)
	}
	return chosen
}

func (e *Emitter) chooseAmong(role roles.Role, rank uint8) *Target {
	var claimants []*Target
	for i := range e.Targets {
		if e.Targets[i].ranks.Of[role] == rank {
			claimants = append(claimants, &e.Targets[i])
		}
	}
	if prefix := role.IDPrefix(); prefix != "" {
		claimants = prefer(claimants, func(t *Target) bool {
			return e.Says(t.ID) && bytes.HasPrefix(e.Tree.Inner(t.ID), []byte(prefix))
		})
	}
	if role == roles.Entity {
		claimants = prefer(claimants, func(t *Target) bool {
			return t.ChangeFrom != 0 && e.HasContent(t.ChangeFrom) || t.ChangeTo != 0 && e.HasContent(t.ChangeTo)
		})
	}
	chosen := claimants[0]
	for _, t := range claimants[1:] {
		if !e.sameThing(chosen, t) {
			e.tied[role] = true
			for _, tied := range claimants {
				tied.Tied = tied.Tied || role == roles.User || role == roles.Account
			}
			return nil
		}
		if e.fuller(t, chosen) {
			chosen = t
		}
	}
	return chosen
}

// prefer returns the targets for which holds is true, or all targets if it is true for none.
func prefer(list []*Target, holds func(*Target) bool) []*Target {
	var kept []*Target
	for _, t := range list {
		if holds(t) {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		return list
	}
	return kept
}

// sameThing reports whether two targets refer to the same thing.
func (e *Emitter) sameThing(a, b *Target) bool {
	if e.Says(a.ID) && e.Says(b.ID) {
		return bytes.Equal(e.Tree.Inner(a.ID), e.Tree.Inner(b.ID))
	}
	return bytes.Equal(e.Tree.Raw(a.node), e.Tree.Raw(b.node))
}

// fuller reports whether to choose a if a and b are the same thing: it has the longer text. So
// their order has no effect.
func (e *Emitter) fuller(a, b *Target) bool {
	x, y := e.Tree.Raw(a.node), e.Tree.Raw(b.node)
	if len(x) != len(y) {
		return len(x) > len(y)
	}
	return bytes.Compare(x, y) > 0
}

// Tied reports whether several targets could equally have the role, so that none has it.
func (e *Emitter) Tied(role roles.Role) bool { return e.tied[role] }

// Who returns the target that has the role, or nil.
func (e *Emitter) Who(role roles.Role) *Target { return e.cast[role] }

// Fits reports whether a target of this type may have the role.
func (t *Target) Fits(role roles.Role) bool { return t.ranks.Of[role] != 0 }

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

// String returns the member's path in the target.
func (m TargetMember) String() string {
	return [...]string{
		"id", "type", "alternateId", "displayName", "detailEntry", "changeDetails.from", "changeDetails.to",
	}[m]
}

// of returns the member's node in t, or 0.
func (m TargetMember) of(t *Target) uint32 {
	return [...]uint32{t.ID, t.Type, t.AlternateID, t.DisplayName, t.DetailEntry, t.ChangeFrom, t.ChangeTo}[m]
}
