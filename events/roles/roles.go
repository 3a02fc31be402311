// Package roles assigns the targets of an Okta event to roles: the user that was acted on, the
// thing that was changed, the app, the policy, the enrolment.
//
// Okta does not document the order of target[], and the order is not stable. So the order is never
// used: a role goes to the target with the type that the table (table.go) names for the family of
// the event type. If the table names no type, a type with the same name as a word of the event type
// has the role Entity (Flow in workflows.user.flow.delete).
//
// The package is pure: decisions depend only on the event type and the target types.
package roles

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

// Role is what a target can be in an event.
type Role uint8

// The roles.
const (
	User      Role = iota // the one acted on: a person, or a service that acts as one
	Account               // that user's account in an app
	Group                 // the group that was changed, or that was given something
	Entity                // the thing that was managed
	Container             // what the entity is part of: the app of a flow, the authorization server of a scope
	App                   // the app that the event is about
	Policy                // the policy that decided, or that the entity belongs to
	Enrolment             // the authenticator enrolment that was used or changed
	Privilege             // the admin role that was given or taken
	Agent                 // the agent or other software that was started, stopped or changed
	Count                 // the number of roles
)

// String returns the role's name.
func (r Role) String() string {
	return [Count]string{"user", "account", "group", "entity", "container", "app", "policy", "enrolment", "privilege",
		"agent"}[r]
}

// IDPrefix returns the beginning of the Okta ids of things with this role, or "" if they have no
// common beginning. It selects one of several targets of the same type.
func (r Role) IDPrefix() string {
	return [Count]string{User: "00u", Account: "0ua", Group: "00g", App: "0oa", Policy: "00p"}[r]
}

// Ranks says how well a target type fits each role: 0 not at all, otherwise lower is better.
type Ranks struct {
	Of     [Count]uint8
	Person bool // the type is that of a person or of a person's account
}

// Decision is the table's answer for one event type. It must not be changed.
type Decision struct {
	Row *Row // the row that decided
	// Self: people act on themselves, so the actor is the user if no target is. SelfWhy is the
	// reason.
	Self    bool
	SelfWhy string

	types  [Count]string // as returned by Types
	levels [Count][]level
	ranks  map[string]*Ranks
}

// Types returns the target types that may have role r, best first. "|" separates equals; a type
// after ">" counts only if no type before it is present; "*" is any characters. Case is ignored.
func (d *Decision) Types(r Role) string { return d.types[r] }

// maxTypes bounds the target types per event type whose ranks are cached; Okta has few for each. A
// name longer than maxName is neither cached nor searched for nouns.
const (
	maxTypes = 64
	maxName  = 256
)

// Ranks returns how well a target of the type fits each role.
func (d *Decision) Ranks(targetType []byte) *Ranks {
	if r := d.ranks[string(targetType)]; r != nil {
		return r
	}
	r := d.rank(string(targetType))
	if len(d.ranks) < maxTypes && len(targetType) <= maxName {
		d.ranks[string(targetType)] = r
	}
	return r
}

func (d *Decision) rank(targetType string) *Ranks {
	lower := strings.ToLower(targetType)
	ranks := &Ranks{Person: isPerson(lower)}
	for role, levels := range d.levels {
		ranks.Of[role] = uint8(1 + slices.IndexFunc(levels, func(l level) bool { return l(lower) }))
	}
	return ranks
}

// A level is a test of a target type in lower case.
type level func(lower string) bool

// Decide returns the target types for each role in events of the type. It accepts any string.
func Decide(eventType string) *Decision {
	d := &Decision{Row: &table[len(table)-1], ranks: map[string]*Ranks{}}
	for i := range table {
		if matches(table[i].Patterns, eventType) {
			d.Row = &table[i]
			break
		}
	}
	for _, s := range self {
		if matches(s.patterns, eventType) {
			d.Self, d.SelfWhy = true, s.why
			break
		}
	}
	nouns := nounsOf(eventType)
	for role := range Count {
		d.types[role] = cmp.Or(d.Row.Cast[role], usual[role])
		if d.types[role] == NoTarget {
			continue
		}
		var types []string
		for _, names := range strings.Split(d.types[role], " > ") {
			d.levels[role] = append(d.levels[role], levelsOf(names, nouns)...)
			if names == named {
				types = append(types, withStars(nouns)...)
			} else {
				types = append(types, names)
			}
		}
		d.types[role] = cmp.Or(strings.Join(types, " > "), NoTarget)
	}
	return d
}

func matches(patterns []string, eventType string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return events.Match(p, eventType) })
}

// levelsOf parses one level of the notation into its tests.
func levelsOf(names string, nouns []string) []level {
	switch names {
	case named:
		return namedLevels(nouns)
	case other:
		return []level{func(lower string) bool {
			return !isPerson(lower) && !matches(containers, lower) && !matches(wholes, lower)
		}}
	case thing:
		return []level{func(lower string) bool { return !isPerson(lower) && !matches(containers, lower) }}
	}
	patterns := strings.Split(strings.ToLower(names), "|")
	return []level{func(lower string) bool { return matches(patterns, lower) }}
}

// namedLevels match types with the name of a word of the event type, last word first: a type that
// is the word or ends in it, then a type that contains it. The types of people never match.
func namedLevels(nouns []string) []level {
	var levels []level
	add := func(noun string, fits func(name, noun string) bool) {
		levels = append(levels, func(lower string) bool { return !isPerson(lower) && fits(plain(lower), noun) })
	}
	for _, noun := range nouns {
		add(noun, func(name, noun string) bool { return name == noun })
		add(noun, strings.HasSuffix)
	}
	for _, noun := range nouns {
		add(noun, strings.Contains)
	}
	return levels
}

// minNoun excludes words such as "as" and "ca", which many longer words contain.
const minNoun = 3

// nounsOf returns the words of an event type that can name a thing, last word first: all except the
// verb, short words, and words that are in many types and name nothing.
func nounsOf(eventType string) []string {
	words := strings.Split(strings.ToLower(eventType), ".")
	if len(eventType) > maxName {
		return nil
	}
	var nouns []string
	for i := len(words) - 2; i >= 0; i-- {
		word := plain(words[i])
		if len(word) < minNoun || slices.Contains(fillers, word) {
			continue
		}
		nouns = append(nouns, word)
	}
	return nouns
}

// plain returns a name without the prefixes and suffixes that parts of Okta add: pam_server,
// privileged_accounts, NetworkZoneEntity.
func plain(lower string) string {
	name := separators.Replace(strings.TrimPrefix(lower, "pam_"))
	name = strings.TrimSuffix(name, "entity")
	if len(name) > 3 && !strings.HasSuffix(name, "ss") {
		name = strings.TrimSuffix(name, "s")
	}
	return name
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

var fillers = []string{
	"lifecycle",
	"user",
	"system",
	"app",
	"application",
	"security",
	"iam",
	"pam",
	"internal",
	"core",
}

func withStars(nouns []string) []string {
	stars := make([]string, len(nouns))
	for i, noun := range nouns {
		stars[i] = "*" + noun + "*"
	}
	return stars
}

func isPerson(lower string) bool { return matches(persons, lower) }
