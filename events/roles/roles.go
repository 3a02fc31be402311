// Package roles says which target of an Okta event plays which role: who is the user to whom it was done, what is the
// thing that was changed, which is the app, the policy, the enrolment.
//
// Okta documents no order of target[], and its order is not stable, so nothing here looks at it: a role goes to the
// target whose type the table (table.go) names for the family of the event type. Where the table names no type, a type
// that is called like the event type plays the role of the entity (Flow in workflows.user.flow.delete).
//
// The package is pure: decisions depend on the event type and the target types only.
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
	User      Role = iota // to whom it was done: a person, or a service that acts as one
	Account               // that user's account in an app
	Group                 // the group that was changed, or that something was given to
	Entity                // the thing that was managed
	Container             // what the entity is part of: the app of a flow, the authorization server of a scope
	App                   // the app that the event is about
	Policy                // the policy that decided, or that the entity belongs to
	Enrolment             // the authenticator enrolment that was used or changed
	Privilege             // the admin role that was given or taken
	Agent                 // the agent or other software whose life changed
	Count                 // how many there are
)

// String is the role's name.
func (r Role) String() string {
	return [Count]string{"user", "account", "group", "entity", "container", "app", "policy", "enrolment", "privilege",
		"agent"}[r]
}

// IDPrefix is what the ids of things that play the role begin with in Okta, "" where they have no common beginning. Of
// several targets of one type it tells which is meant.
func (r Role) IDPrefix() string {
	return [Count]string{User: "00u", Account: "0ua", Group: "00g", App: "0oa", Policy: "00p"}[r]
}

// Ranks are how well a target type fits each role: 0 not at all, else the lower the better.
type Ranks struct {
	Of     [Count]uint8
	Person bool // it is the type of people or of their accounts
}

// Decision is what the tables say of one event type. It must not be changed.
type Decision struct {
	Row *Row // the row that decided
	// Self: people act on themselves, so the actor is the user where no target is. SelfWhy is why.
	Self    bool
	SelfWhy string

	types  [Count]string // as Types shows them
	levels [Count][]level
	ranks  map[string]*Ranks
}

// Types are the target types that may play role r, best first: "|" stands between equals, ">" before what counts only
// where nothing before it is there, "*" for any characters. Upper and lower case do not differ.
func (d *Decision) Types(r Role) string { return d.types[r] }

// maxTypes bounds the target types whose ranks are remembered for one event type; Okta has a handful for each. A name
// that is longer than maxName is not remembered, nor looked at for nouns.
const (
	maxTypes = 64
	maxName  = 256
)

// Ranks says how well a target of the type fits each role.
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

// Decide says which target types play which role in events of the type. It takes any string.
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

// levelsOf are the tests that one level of the notation stands for.
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

// namedLevels look for a type that is called like a word of the event type, the last word first: a type of just that
// name or one that ends in it, then one that contains a word. The types of people are never meant.
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

// minNoun leaves out words such as "as" and "ca", which many longer words contain.
const minNoun = 3

// nounsOf are the words of an event type that can name a thing, the last first: all but the verb, short words, and
// words that stand in many types and name nothing.
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

// plain is a name without what different parts of Okta put around it: pam_server, privileged_accounts,
// NetworkZoneEntity.
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
