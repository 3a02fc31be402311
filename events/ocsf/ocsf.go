// Package ocsf writes Okta System Log events as OCSF records.
//
// One table (schema.go and the files next to it) describes the record of each class and has the
// same structure as the record; another (package classify) maps event types to classes. A value is
// either in an attribute of that table or stays in unmapped under Okta's own name. Only values
// without content are left out.
package ocsf

import (
	"slices"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/classify"
	"github.com/oktastream/oktastream/events/record"
	"github.com/oktastream/oktastream/events/roles"
)

// Normaliser writes records. It must not be used by two goroutines at once: it keeps its memory
// between events, but no content.
type Normaliser struct {
	schema     *schema
	classifier *events.Memo[*classify.Decision]
	roles      *events.Memo[*roles.Decision]
	emitter    *record.Emitter
	head, tail []record.Part
	observer   *observer // nil: records have no observables
}

// Option is a part of a record that only some callers want.
type Option func(*Normaliser)

// WithObservables adds OCSF's observables[] as the last attribute of each record: the values by
// which analysts search events of all classes (user names, ids, addresses, …), each once, with its
// attribute.
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

// Append appends the record of e to dst: one line of JSON without a line break. The same event and
// provenance always give the same bytes.
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

// Explain normalises e and returns every step: first those that wrote attributes, in order, then
// what stays in unmapped, then what was left out because it has no content.
func (n *Normaliser) Explain(e *events.Event) []record.Step {
	n.emitter.Trace()
	n.Append(nil, e)
	return n.emitter.Steps()
}

// Fields lists what a record of a class can have before unmapped, in order.
func (n *Normaliser) Fields(class int) []record.Step {
	return record.Describe(slices.Concat(n.head, n.schema.records[class], n.tail))
}

// Decide returns the class and activity of an event type, and the rule that determines them.
func (n *Normaliser) Decide(eventType string) classify.Decision {
	return *n.classifier.Of([]byte(eventType))
}
