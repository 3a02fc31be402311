// Package pipeline is what happens to every record, in AWS and on a laptop
// alike: decode, filter, normalise. It has no clock, no network and no state but
// its memory.
package pipeline

import (
	"fmt"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/ocsf"
	"github.com/oktastream/oktastream/lambda/dedup"
)

// Format is what a record looks like.
type Format string

// The formats.
const (
	OCSF    Format = "ocsf"    // OCSF 1.8.0
	Datadog Format = "datadog" // the raw event with Datadog's attributes beside
	Raw     Format = "raw"     // the event's own bytes
)

var formats = [...]Format{OCSF, Datadog, Raw}

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	for _, f := range formats {
		if name == string(f) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown format %q: it is one of %v", name, formats)
}

// Config is what a pipeline does.
type Config struct {
	Format  Format
	Filter  events.Filter
	Datadog datadog.Settings // for Format Datadog
}

// Panic is the reason of a record that made us panic. It is that record's fate
// and nobody else's.
const Panic events.Reason = "panic"

// Record is what became of one record.
type Record struct {
	UUID        string // "" where the record has none
	Type        string
	PublishedMS int64
	Hash        dedup.Hash // of the event's bytes as they came
	// Filtered: it is not wanted, and nothing else is said of it than UUID and Type.
	Filtered bool
	// UnknownType: Okta had not published its type when this was built.
	UnknownType bool
	// Start and End delimit the normalised record in what Process returns.
	Start, End int
	// Fault tells why there is none. It is valid until Process goes on.
	Fault *events.Fault
	Stage string // of Fault: decode or normalise
}

// Pipeline processes records. It is for one goroutine.
type Pipeline struct {
	config     Config
	decoder    events.Decoder
	normaliser normaliser
}

type normaliser interface {
	Append(dst []byte, e *events.Event) []byte
}

type rawNormaliser struct{}

func (rawNormaliser) Append(dst []byte, e *events.Event) []byte { return e.AppendLine(dst) }

// New makes a pipeline.
func New(c Config) *Pipeline {
	p := &Pipeline{config: c}
	switch c.Format {
	case Datadog:
		p.normaliser = datadog.New(c.Datadog)
	case Raw:
		p.normaliser = rawNormaliser{}
	default:
		p.normaliser = ocsf.New()
	}
	return p
}

// Process takes text apart, which is one JSON value in any of the forms that
// events.Decoder knows, calls visit for each record in it, in order, and returns
// dst with the normalised records appended, one after the other.
func (p *Pipeline) Process(dst, text []byte, visit func(*Record)) []byte {
	p.decoder.Decode(text, func(e *events.Event, fault *events.Fault) {
		if fault != nil {
			visit(&Record{UUID: fault.UUID, Fault: fault, Stage: "decode"})
			return
		}
		r := Record{UUID: string(e.UUID), Type: string(e.Type), PublishedMS: e.PublishedMS}
		if !p.config.Filter.Keeps(r.Type) {
			r.Filtered = true
			visit(&r)
			return
		}
		r.Hash = e.Hash()
		r.UnknownType = !catalogue.Known(r.Type)
		r.Start = len(dst)
		if dst, fault = p.normalise(dst, e); fault != nil {
			fault.UUID = r.UUID
			r.Fault, r.Stage = fault, "normalise"
		}
		r.End = len(dst)
		visit(&r)
	})
	return dst
}

func (p *Pipeline) normalise(dst []byte, e *events.Event) (out []byte, fault *events.Fault) {
	defer func() {
		if recover() != nil {
			// What recover returns can quote the event.
			out, fault = dst, &events.Fault{Reason: Panic, Text: "oktastream panicked on it: this is a fault of oktastream, please report it", Body: e.Text()}
		}
	}()
	return p.normaliser.Append(dst, e), nil
}
