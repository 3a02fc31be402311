package datadog

import (
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

// Appender writes records: a Normaliser of any format.
type Appender interface {
	Append(dst []byte, e *events.Event) []byte
}

// NewRaw makes a Normaliser of logs that are the raw event with what Datadog needs of every log: ddsource, service,
// ddtags and date.
func NewRaw(s Settings) *Normaliser { return newNormaliser(needed(s.withDefaults())) }

// OCSF writes logs that hold an OCSF record under ocsf, where Datadog reads it ("OCSF Common Data Model",
// docs.datadoghq.com, 2026-11), beside what Datadog needs of every log. At the top of a log OCSF's status "Failure"
// would be read as the level emergency. It is for one goroutine.
type OCSF struct {
	needed *Normaliser
	ocsf   Appender
}

// NewOCSF makes an OCSF of what writes the records.
func NewOCSF(s Settings, ocsf Appender) *OCSF { return &OCSF{NewRaw(s), ocsf} }

// Append appends to dst the log of e, one line of JSON without its end.
func (o *OCSF) Append(dst []byte, e *events.Event) []byte {
	n := o.needed
	n.emitter.Begin(append(dst, '{'), e, n.classifier.Of(e.Type), n.roles.Of(e.Type))
	n.emitter.Write(n.parts)
	return append(o.ocsf.Append(append(n.emitter.End(), `,"ocsf":`...), e), '}')
}

// needed is what Datadog needs of every log.
func needed(s Settings) []record.Part {
	return []record.Part{
		record.Const("ddsource", Source, "makes Datadog run its Okta pipeline"),
		record.Const("service", s.Service, "the setting"),
		tags(s),
		record.Derive("date", "published, in UTC", func(e *record.Emitter) bool {
			return e.Quote(time.UnixMilli(e.Event.PublishedMS).UTC().Format("2006-01-02T15:04:05.000Z"))
		}),
	}
}
