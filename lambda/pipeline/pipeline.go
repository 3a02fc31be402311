// Package pipeline decodes, filters and normalises events, for both the function and the command.
// It uses no clock and no network.
package pipeline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/ocsf"
)

// Format is the format of a record.
type Format string

// The formats.
const (
	OCSF    Format = "ocsf"    // OCSF 1.8.0
	Datadog Format = "datadog" // the raw event plus Datadog's attributes
	Raw     Format = "raw"     // the event's own bytes
)

var formats = [...]Format{OCSF, Datadog, Raw}

// ParseFormat parses the name of a format. Its error suggests the format that was probably meant.
func ParseFormat(name string) (Format, error) {
	var names []string
	for _, f := range formats {
		if name == string(f) {
			return f, nil
		}
		names = append(names, string(f))
	}
	if meant := catalogue.Nearest(name, names); meant != "" {
		return "", fmt.Errorf("unknown format %q: did you mean %s?", name, meant)
	}
	last := len(names) - 1
	return "", fmt.Errorf("unknown format %q: it must be %s or %s", name, strings.Join(names[:last], ", "), names[last])
}

// Config is the configuration of a pipeline.
type Config struct {
	Format Format
	// Observables adds OCSF's observables[] to records of Format OCSF.
	Observables bool
	Filter      events.Filter
	Datadog     datadog.Settings // for Format Datadog, and DatadogLogs
	// DatadogLogs adds the attributes that every log in Datadog needs to records of the other
	// formats.
	DatadogLogs bool
	// Org is the Okta org of events without an envelope, "" if it is not known.
	Org string
	// Own is where events must come from. An event from elsewhere, or without an envelope, is
	// foreign. Nil accepts events from everywhere.
	Own *Origin
	// AnyEnvelope also reads the envelopes of other systems (events.Decoder). It is false in AWS,
	// where events arrive only from the pipeline's queue.
	AnyEnvelope bool
	// Envelope writes records of Format Raw with their EventBridge envelope. An event that came
	// without one gets an envelope that says who made it.
	Envelope bool
	// KeepRaw is the size in bytes above which a record also keeps the event's own bytes, for a
	// destination that does not accept the longer record. 0 keeps none.
	KeepRaw int
}

// Origin is where the events of one stack come from.
type Origin struct {
	Source, Account, Region string
}

// Record is the result for one record.
type Record struct {
	UUID        string // "" if the record has none
	Type        string
	PublishedMS int64
	Org         string // the Okta org, from the envelope or else Config.Org
	Hash        Hash   // of the event's original bytes
	// Filtered: the filter drops it. Only UUID, Type and PublishedMS are set.
	Filtered bool
	// UnknownType: when this was built, Okta had not published the type.
	UnknownType bool
	// Start and End delimit the normalised record in the result of Process.
	Start, End int
	// Raw is the event's own bytes as one line, if Config.KeepRaw asks for it.
	Raw []byte
	// Carrier is the event's envelope, unchanged, or else the event itself. Like the Record, it is
	// valid until visit returns.
	Carrier []byte
	// Fault is why there is no record. Like the Record, it is valid until visit returns.
	Fault *events.Fault
	Stage string // of Fault: decode or normalise
}

// Pipeline processes records. It must not be used by two goroutines at once.
type Pipeline struct {
	config     Config
	decoder    events.Decoder
	normaliser normaliser
	types      *events.Memo[eventType]

	// The state of Process while it runs.
	dst      []byte
	record   Record
	visit    func(*Record)
	visiting bool
	decoded  func(*events.Event, *events.Fault) // the method, bound once for all calls
}

// eventType has the decisions that depend only on an event's type. It is cached, since thousands of
// events have the same type.
type eventType struct {
	name          string
	known, wanted bool
}

type normaliser interface {
	Append(dst []byte, e *events.Event) []byte
}

type rawNormaliser struct{}

func (rawNormaliser) Append(dst []byte, e *events.Event) []byte { return e.AppendLine(dst) }

// envelopeNormaliser writes events in their envelopes. An envelope that it makes has the form of
// Okta's, so that the same readers can read it; its org is Config.Org, or events.NoOrg.
type envelopeNormaliser struct{}

func (envelopeNormaliser) Append(dst []byte, e *events.Event) []byte {
	if e.Provenance.Source != "" {
		return e.AppendCarrier(dst)
	}
	from := events.Provenance{
		ID:     string(e.UUID),
		Source: events.SourcePrefix + cmp.Or(e.Provenance.Org, events.NoOrg) + "/" + envelopeBy,
		TimeMS: e.PublishedMS,
	}
	return events.AppendEnvelope(dst, from, envelopeBy, e.AppendLine(nil))
}

// envelopeBy names this program in the envelopes that it makes.
const envelopeBy = "oktastream"

// New makes a pipeline.
func New(c Config) *Pipeline {
	p := &Pipeline{config: c}
	p.types = events.NewMemo(p.typeOf)
	p.decoded = p.event
	p.decoder.AnyEnvelope = c.AnyEnvelope
	p.normaliser = c.normaliser()
	return p
}

func (c *Config) normaliser() normaliser {
	switch {
	case c.Format == Datadog:
		return datadog.New(c.Datadog)
	case c.Format == Raw && c.DatadogLogs:
		return datadog.NewRaw(c.Datadog)
	case c.Format == Raw && c.Envelope:
		return envelopeNormaliser{}
	case c.Format == Raw:
		return rawNormaliser{}
	}
	var options []ocsf.Option
	if c.Observables {
		options = append(options, ocsf.WithObservables())
	}
	if c.DatadogLogs {
		return datadog.NewOCSF(c.Datadog, ocsf.New(options...))
	}
	return ocsf.New(options...)
}

// Process decodes text, which is one JSON value in any of the forms that events.Decoder knows, and
// calls visit for each record in it, in order. It returns dst with the normalised records appended,
// one after the other.
func (p *Pipeline) Process(dst, text []byte, visit func(*Record)) (out []byte) {
	p.dst, p.visit, p.visiting = dst, visit, false
	defer func() {
		// A panic while decoding is a fault of that record only. A panic in visit is the caller's.
		if !p.visiting && recover() != nil {
			p.record = Record{Stage: "decode", Fault: &events.Fault{Reason: events.Panic, Text: panicked, Body: text}}
			p.show()
		}
		out, p.dst, p.visit = p.dst, nil, nil
	}()
	p.decoder.Decode(text, p.decoded)
	return p.dst
}

// show calls visit with the record.
func (p *Pipeline) show() {
	p.visiting = true
	p.visit(&p.record)
	p.visiting = false
}

// event handles one event or fault of the decoder.
func (p *Pipeline) event(e *events.Event, fault *events.Fault) {
	p.describe(e, fault)
	p.show()
}

// describe makes the record of an event or a fault.
func (p *Pipeline) describe(e *events.Event, fault *events.Fault) {
	r := &p.record
	if fault != nil {
		*r = Record{UUID: fault.UUID, Fault: fault, Stage: "decode"}
		return
	}
	is := p.types.Of(e.Type)
	*r = Record{
		UUID: string(e.UUID), Type: is.name, PublishedMS: e.PublishedMS, Carrier: e.Carrier(),
		Org: cmp.Or(e.Provenance.Org, p.config.Org),
	}
	if r.Fault = p.foreign(e); r.Fault != nil {
		r.Stage = "decode"
		return
	}
	if r.Filtered = !is.wanted; r.Filtered {
		return
	}
	r.Hash = e.Hash()
	r.UnknownType = !is.known
	r.Start = len(p.dst)
	if p.dst, fault = p.normalise(p.dst, e); fault != nil {
		fault.UUID = r.UUID
		r.Fault, r.Stage = fault, "normalise"
	}
	r.End = len(p.dst)
	if p.config.KeepRaw > 0 && r.End-r.Start > p.config.KeepRaw {
		r.Raw = e.AppendLine(nil)
	}
}

func (p *Pipeline) typeOf(name string) eventType {
	return eventType{name: name, known: catalogue.Known(name), wanted: p.config.Filter.Keeps(name)}
}

// foreign returns the fault of an event that is not from the stack's own source. Without this
// check, everyone who may send to the queue could write into the log.
func (p *Pipeline) foreign(e *events.Event) *events.Fault {
	own := p.config.Own
	if own == nil {
		return nil
	}
	text := ""
	switch from := &e.Provenance; {
	case from.Source == "":
		text = "it came without an EventBridge envelope"
	case from.Source != own.Source:
		text = "its source is not the stack's own"
	case from.Account != own.Account:
		text = "its account is not the stack's own"
	case from.Region != own.Region:
		text = "its region is not the stack's own"
	default:
		return nil
	}
	return &events.Fault{Reason: events.Foreign, Text: text, UUID: string(e.UUID), Body: e.Carrier()}
}

const panicked = "oktastream panicked on it: this is a fault of oktastream, please report it"

func (p *Pipeline) normalise(dst []byte, e *events.Event) (out []byte, fault *events.Fault) {
	defer func() {
		if recover() != nil {
			// The value from recover can quote the event.
			out, fault = dst, &events.Fault{Reason: events.Panic, Text: panicked, Body: e.Carrier()}
		}
	}()
	if e.Provenance.Org == "" {
		e.Provenance.Org = p.config.Org
	}
	return p.normaliser.Append(dst, e), nil
}
