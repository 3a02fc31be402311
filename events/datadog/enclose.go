package datadog

import (
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/record"
)

// Appender writes records; a Normaliser of any format is one.
type Appender interface {
	Append(dst []byte, e *events.Event) []byte
}

// NewRaw makes a Normaliser of logs with the raw event and the attributes that every log in Datadog
// needs: ddsource, service, ddtags and date.
func NewRaw(s Settings) *Normaliser { return newNormaliser(needed(s.withDefaults())) }

// OCSF writes logs with an OCSF record under ocsf, where Datadog reads it ("OCSF Common Data
// Model", docs.datadoghq.com, 2026-11), and with the attributes that every log in Datadog needs. At
// the top of a log Datadog would read OCSF's status "Failure" as the level emergency. It must not
// be used by two goroutines at once.
type OCSF struct {
	needed *Normaliser
	ocsf   Appender
}

// NewOCSF makes an OCSF; ocsf writes the OCSF records.
func NewOCSF(s Settings, ocsf Appender) *OCSF { return &OCSF{NewRaw(s), ocsf} }

// Append appends the log of e to dst: one line of JSON without a line break.
func (o *OCSF) Append(dst []byte, e *events.Event) []byte {
	n := o.needed
	n.emitter.Begin(append(dst, '{'), e, n.classifier.Of(e.Type), n.roles.Of(e.Type))
	n.emitter.Write(n.parts)
	return append(o.ocsf.Append(append(n.emitter.End(), `,"ocsf":`...), e), '}')
}

// needed are the attributes that every log in Datadog needs.
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
