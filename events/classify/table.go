// Package classify maps an Okta eventType to an OCSF event class and activity.
//
// The decision is a table, not code. A [Table] has one OCSF version's facts (classes and the
// captions of their activities) and an ordered list of rows ([Rule]). Each row has patterns of
// event types, and their class and activity. The most specific rows come first, and the first row
// that matches decides. Okta adds about fourteen event types a month. So rows name families, and
// the verb, the last word of the type, selects the activity ([ByVerb]): a type that is newer than
// the table also gets a suitable class.
//
// # Patterns
//
// A pattern is an event type in which each "*" matches any number of characters, also none, and
// also dots. Matching is case-sensitive, as Okta's types are.
//
// # Guarantees
//
// Every string has a decision. If its first word is not a known family, that is Base Event (class
// 0, activity 99), which is valid for any input. Decisions depend only on the string. The package
// has no clock, no network and no state, and does not read the rest of an event: the caller adds
// what the fields say (outcome, risk, targets).
package classify

// ByVerb as a [Rule]'s Activity means that the last word of the event type selects the activity,
// from the table's verbs for the rule's class. Any other word gives activity 99.
const ByVerb = -1

// other is the activity_id that every OCSF class has for "none of the named ones".
const other = 99

// A Table has the facts of one OCSF version for classifying Okta events. Nothing else in this
// package depends on the version. A Table given to [New] must not be changed afterwards.
type Table struct {
	Version  string         // OCSF version, as metadata.version carries it
	Classes  []Class        // the classes the rules use
	Verbs    map[int][]Verb // by class UID: the verbs from which ByVerb selects the activity
	Families []string       // the known first words of Okta's event types, sorted
	Rules    []Rule         // most specific first; the last one's pattern is "*"
}

// A Class is an OCSF event class, with captions exactly as OCSF spells them.
type Class struct {
	UID          int
	Name         string
	CategoryUID  int
	CategoryName string
	Activities   map[int]string // activity_id to caption, 0 and 99 included
}

// A Verb maps last words of event types to one activity of a class.
type Verb struct {
	Activity int
	Words    []string
}

// A Rule is one row of the table.
type Rule struct {
	Patterns []string // event types of this row; see the package comment
	Class    int      // OCSF class_uid
	Activity int      // OCSF activity_id, or ByVerb
	Marks             // further facts that follow from the type alone
	Why      string   // the reason, which explain prints
}

// Marks are facts that the event type alone determines, so that only this package looks at event
// types. A zero field determines nothing: the event's own fields decide.
type Marks struct {
	// EntityType and EntityTypeID are managed_entity.type and type_id, for class
	// 3004: what kind of thing the event manages.
	EntityType   string
	EntityTypeID int
	// Status is the status_id that follows from the type, whatever outcome.result says (2 Failure
	// for types that Okta logs only when something failed).
	Status int
	// Disposition is the disposition_id that follows from the type.
	Disposition int
	// Protocol is the auth_protocol_id that follows from the type.
	Protocol int
	// AccountSwitch is the account_switch_type_id of an Account Switch.
	AccountSwitch int
	// Finding is the subject of a finding that several events report: an attack on the org, or the
	// risk of a user.
	Finding FindingOf
	// ForGroup is the class and the activity if the targets include a group but no user.
	ForGroup ClassActivity
	// MFA: the event is about an authentication factor. It is written to auth_factors and, in class
	// 3002, sets is_mfa.
	MFA bool
	// Privilege is the privilege in class 3005 if the event names none.
	Privilege string
}

// ClassActivity is a class_uid with an activity_id.
type ClassActivity struct{ Class, Activity int }

// FindingOf is the subject that several events of class 2004 share. The zero value: each event is a
// separate finding.
type FindingOf uint8

// The subjects of findings.
const (
	OrgAttack FindingOf = iota + 1
	UserRisk
)

// A Decision is the table's answer for one event type. Class and Rule point into the table and must
// not be changed.
type Decision struct {
	Class    *Class // never nil
	Activity int    // OCSF activity_id
	// ActivityName is the activity's caption. For 99 it is the event type, because OCSF wants the
	// source's own text there ("Other" only if the event type is empty).
	ActivityName string
	Rule         *Rule  // the row that decided; never nil
	Pattern      string // the row's pattern that matched
	Verb         string // the word that selected the activity; "" if none did
	Family       bool   // the first word is one of Table.Families
	Marks               // the row's marks
	// ForGroup is the decision if the targets include a group but no user; nil if it is the same.
	ForGroup *Decision
}
