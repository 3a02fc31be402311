// Package doctor looks at every link between an Okta org and a destination, and reports for each
// whether it works, what was seen and what to do next. It changes nothing.
//
// One or more checks look at a link, with a call or two each. A check reports ok or broken only for
// what it has seen. Where it lacks a permission or gets no answer it reports that, with the
// permission.
package doctor

import (
	"context"
	"time"
)

// Link is a part of the chain. Its text is stable: --json has it.
type Link string

// The links, in the order in which an event travels.
const (
	OktaStream    Link = "okta-stream"
	PartnerSource Link = "partner-source"
	Bus           Link = "bus"
	Rule          Link = "rule"
	QueuePolicies Link = "queue-policies"
	Mapping       Link = "mapping"
	Function      Link = "function"
	Destination   Link = "destination"
	Archive       Link = "archive"
	Auditor       Link = "auditor"
	Queues        Link = "queues"
	Alarms        Link = "alarms"
	Newest        Link = "newest"
)

// Status is what is known about a link.
type Status string

const (
	OK          Status = "ok"
	Broken      Status = "broken"
	NotLookedAt Status = "not looked at"
)

// Reason says why a link was not looked at.
type Reason string

const (
	NoPermission  Reason = "no permission"
	NoCredentials Reason = "no credentials"
	NoAnswer      Reason = "no answer"
	// Unclear is a response that a check cannot judge, or a fault that follows from a broken link.
	Unclear Reason = "unclear"
	// NotPart is a link that this stack does not have. It does not change the exit code.
	NotPart Reason = "not part of this stack"
)

// Line is a line of the report.
type Line struct {
	Link     Link   `json:"link"`
	Pipeline string `json:"pipeline,omitempty"` // "" is the whole stack
	Status   Status `json:"status"`
	Reason   Reason `json:"reason,omitempty"` // of NotLookedAt
	Seen     string `json:"seen"`
	Next     string `json:"next,omitempty"`   // the next step
	Action   string `json:"action,omitempty"` // the permission that was lacking
}

// Result is what a check has found.
type Result struct {
	Status Status
	Reason Reason
	Seen   string
	Next   string
	Action string

	// Missing is true where a resource does not exist. Where a link of Check.Needs is broken, that
	// follows from it, and the link is not called broken too.
	Missing bool
	// Confirmable is not "" where the result becomes ok once another check has seen an event of the
	// stream within the last hour. It is what is reported then.
	Confirmable string
	Hops        []Hop
}

// Fine returns the result of a check that found nothing wrong. seen is what it saw, in a few words; ""
// makes no line.
func Fine(seen string) Result { return Result{Status: OK, Seen: seen} }

// Fault returns the result of a check that found something broken, and the next step.
func Fault(seen, next string) Result { return Result{Status: Broken, Seen: seen, Next: next} }

// Gone returns the result of a check whose resource does not exist.
func Gone(seen, next string) Result {
	return Result{Status: Broken, Seen: seen, Next: next, Missing: true}
}

// Unseen returns the result of a check that could not look.
func Unseen(reason Reason, seen, next string) Result {
	return Result{Status: NotLookedAt, Reason: reason, Seen: seen, Next: next}
}

// Check looks at one part of a link.
type Check struct {
	Link     Link
	Pipeline string // "" is the whole stack
	// Needs are the links without which the resource of this one cannot exist: see Result.Missing.
	Needs []Link
	// Budget bounds Look; 0 is 20 s, which is two attempts of a call.
	Budget time.Duration
	// Look makes the calls. It returns when ctx ends.
	Look func(ctx context.Context) Result
}

// HopName is a place where an event can be seen.
type HopName string

// The hops, in the order in which an event travels.
const (
	HopOkta        HopName = "okta"
	HopSource      HopName = "source"
	HopRule        HopName = "rule"
	HopBuffer      HopName = "buffer"
	HopFunction    HopName = "function"
	HopDestination HopName = "destination"
)

// Hop says when the newest event was seen at a place.
type Hop struct {
	Hop      HopName    `json:"hop"`
	Pipeline string     `json:"pipeline,omitempty"`
	Newest   *time.Time `json:"newest"` // nil: none since Since
	Since    time.Time  `json:"since"`  // how far back was looked
	// Seconds is how exact Newest is: the event was seen at most so many seconds later.
	Seconds int `json:"seconds"`
	// From is where it was read: a metric, a log group.
	From string `json:"from"`
}
