// Package classify decides what an Okta System Log event is in OCSF terms:
// from its eventType alone it names the event class and the activity.
//
// The decision is a table, not code. A [Table] holds one OCSF version's facts
// (classes and the captions of their activities) and an ordered list of rows
// ([Rule]); each row is a pattern of event types and what they are. Rows stand
// most specific first and the first row that matches decides. Okta adds about
// fourteen event types a month, so rows name families and let the verb, the
// last word of the type, choose the activity ([ByVerb]): a type that did not
// exist when the table was written still gets a sensible class the day it
// appears.
//
// # Patterns
//
// A pattern is an event type in which each "*" stands for any run of
// characters, none and dots included. Matching is case-sensitive, as Okta's
// types are.
//
// # Guarantees
//
// Every string has a decision: one whose first word is no family of Okta's is
// a Base Event (class 0, activity 99), which is valid for any input. Decisions
// depend on the string only. The package has no clock, no network, no state,
// and does not read the rest of an event: what a field says (outcome, risk,
// targets) is for the caller to add.
package classify

// ByVerb as a [Rule]'s Activity means: the last word of the event type decides,
// by the verbs the table lists for the rule's class. A word that is no verb of
// that class gives activity 99.
const ByVerb = -1

// other is the activity_id every OCSF class has for "none of the named ones".
const other = 99

// A Table is what one OCSF version needs to classify Okta events. Another
// version is another Table; nothing else in this package knows a version.
// A Table given to [New] must not be changed afterwards.
type Table struct {
	Version  string         // OCSF version, as metadata.version carries it
	Classes  []Class        // the classes the rules use
	Verbs    map[int][]Verb // by class UID: how ByVerb chooses the activity
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
	Patterns []string // event types this row decides; see the package comment
	Class    int      // OCSF class_uid
	Activity int      // OCSF activity_id, or ByVerb
	Marks             // what else the type alone tells, where it tells anything
	Why      string   // the reason, for a person who asks why an event landed here
}

// Marks are facts that the event type alone settles, so that no code after this
// package has to look at event types again. A zero field says nothing: the
// event's own fields decide.
type Marks struct {
	// EntityType and EntityTypeID are managed_entity.type and type_id, for class
	// 3004: what kind of thing the event manages.
	EntityType   string
	EntityTypeID int
	// Status is the status_id the type itself states, whatever outcome.result
	// says (2 Failure for types that Okta logs only when something failed).
	Status int
	// Disposition is the disposition_id the type itself states.
	Disposition int
	// Protocol is the auth_protocol_id the type itself names.
	Protocol int
	// AccountSwitch is the account_switch_type_id of an Account Switch.
	AccountSwitch int
	// Finding says of what a finding is, where several events tell of the same: an attack on the org, the risk of a user.
	Finding FindingOf
	// ForGroup is the class and the activity where no user is among the targets but a group is.
	ForGroup ClassActivity
	// MFA says that the event is about an authentication factor: it belongs in
	// auth_factors and, in class 3002, sets is_mfa.
	MFA bool
	// Privilege names the privilege in class 3005 when the event names none.
	Privilege string
}

// ClassActivity is a class_uid with an activity_id.
type ClassActivity struct{ Class, Activity int }

// FindingOf is what several events of class 2004 can tell of. The zero value: each event is a finding of its own.
type FindingOf uint8

// What findings are of.
const (
	OrgAttack FindingOf = iota + 1
	UserRisk
)

// A Decision is what the table says about one event type. Class and Rule point
// into the table and must not be changed.
type Decision struct {
	Class    *Class // never nil
	Activity int    // OCSF activity_id
	// ActivityName is the activity's caption. For 99 it is the event type
	// itself, since OCSF wants the source's own word there ("Other" only when
	// the event type is empty).
	ActivityName string
	Rule         *Rule  // the row that decided; never nil
	Pattern      string // the row's pattern that matched
	Verb         string // the word that chose the activity; "" when none did
	Family       bool   // the first word is one of Table.Families
	Marks               // the row's marks
	// ForGroup is the decision where no user is among the targets but a group is; nil where that makes no difference.
	ForGroup *Decision
}
