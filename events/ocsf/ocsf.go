// Package ocsf writes Okta System Log events as OCSF records.
//
// What a record of each class holds is a table (schema.go and the files beside
// it) that reads like the record itself; which class an event type is of is
// another (package classify). A value has either a place in that table or stays
// in unmapped under Okta's own name: nothing but what says nothing is left out.
package ocsf

import (
	"slices"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// Normaliser writes records. It is for one goroutine: it keeps its memory from
// event to event, and nothing else.
type Normaliser struct {
	schema     *schema
	classifier *events.Memo[*classify.Decision]
	roles      *events.Memo[*roles.Decision]
	emitter    *record.Emitter
	head, tail []record.Part
	observer   *observer // nil: records have no observables
}

// Option is what a record has only where it is asked for.
type Option func(*Normaliser)

// WithObservables adds OCSF's observables[] as the last attribute of each record: the values by which events of all
// classes are searched (user names, ids, addresses, …), each once, with the attribute that holds it.
func WithObservables() Option { return func(n *Normaliser) { n.observer = newObserver() } }

// New makes a Normaliser for OCSF Version.
func New(options ...Option) *Normaliser {
	schema := schemaV1_8()
	n := &Normaliser{
		schema:     schema,
		classifier: classify.Remember(classify.New(schema.table)),
		roles:      events.NewMemo(roles.Decide),
		emitter:    record.New(),
		head:       head(),
		tail:       tail(),
	}
	for _, option := range options {
		option(n)
	}
	return n
}

// Append appends to dst the record of e, one line of JSON without its end. The
// same event and provenance always give the same bytes.
func (n *Normaliser) Append(dst []byte, e *events.Event) []byte {
	start := len(dst)
	n.emitter.Begin(append(dst, '{'), e, n.classifier.Of(e.Type), n.roles.Of(e.Type))
	n.emitter.Write(n.head)
	n.emitter.Write(n.schema.records[n.emitter.Decision.Class.UID])
	n.emitter.Write(n.tail)
	n.emitter.Rest("unmapped")
	out := n.emitter.End()
	if n.observer != nil {
		out = n.observer.append(out, start)
	}
	return append(out, '}')
}

// Explain normalises e and tells every step: first those that wrote attributes,
// in their order, then what stays in unmapped, then what was left out because it
// says nothing.
func (n *Normaliser) Explain(e *events.Event) []record.Step {
	n.emitter.Trace()
	n.Append(nil, e)
	return n.emitter.Steps()
}

// Fields tells what a record of a class can hold, in order, before unmapped.
func (n *Normaliser) Fields(class int) []record.Step {
	return record.Describe(slices.Concat(n.head, n.schema.records[class], n.tail))
}

// Decide says what class and activity an event type is, and which rule says so.
func (n *Normaliser) Decide(eventType string) classify.Decision {
	return *n.classifier.Of([]byte(eventType))
}
