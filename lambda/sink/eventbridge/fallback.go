package eventbridge

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/jsontree"
	"github.com/oktastream/oktastream/lambda/sink"
)

// defaultService and defaultMessage are for a log whose normalised form has none. Datadog
// requires only a message.
const (
	defaultService = "okta"
	defaultMessage = `"Okta System Log event"`
)

// maxRepeated is the longest event type, in bytes, that is repeated as message. The
// longest that Okta has has under 100: one that is longer may be what is too long.
const maxRepeated = 256

// fallback makes a Datadog log of an event's own bytes, for a record that is too long. It
// adds the least that Datadog needs to treat it like other logs:
//
//   - ddsource, or Datadog's Okta pipeline would not run; in every format, since
//     the event is Okta's own in every format
//   - message, which Datadog asks for: the event type, because the event's own
//     displayMessage may be what is too long, and is in the log anyway
//   - date, or Datadog would show the time at which it got the log
//   - service, ddtags, hostname and status, so that it is found where the others
//     are: as the record has them, if it is a Datadog log; else service alone
//
// A name that the event has itself keeps the event's value.
type fallback struct {
	raw, line jsontree.Tree
	out       []byte
	members   int // of out, none or at least one
}

// log returns the log, valid until the next.
func (f *fallback) log(r *sink.Record) ([]byte, error) {
	if err := f.raw.Parse(r.Raw); err != nil {
		return nil, err
	}
	if f.raw.Nodes[0].Kind != '{' {
		return nil, errNotObject
	}
	own := func(string) []byte { return nil }
	if f.line.Parse(r.Line) == nil && f.line.Member(0, "ddsource") != 0 {
		own = func(name string) []byte {
			if i := f.line.Member(0, name); i != 0 {
				return f.line.Raw(i)
			}
			return nil
		}
	}
	root := &f.raw.Nodes[0]
	f.out, f.members = append(f.out[:0], r.Raw[root.Start:root.End-1]...), min(int(root.Next)-1, 1)
	f.add("ddsource", quote(datadog.Source))
	service := own("service")
	if service == nil {
		service = quote(defaultService)
	}
	f.add("service", service)
	f.add("ddtags", own("ddtags"))
	f.add("hostname", own("hostname"))
	message := []byte(defaultMessage)
	if i := f.raw.Member(0, "eventType"); i != 0 && f.raw.Nodes[i].Kind == '"' && len(f.raw.Raw(i)) <= maxRepeated {
		message = f.raw.Raw(i)
	}
	f.add("message", message)
	f.add("date", quote(time.UnixMilli(r.TimeMS).UTC().Format(TimeLayout)))
	f.add("status", own("status"))
	return append(f.out, '}'), nil
}

// add adds an attribute, unless it is nil or the event's own name.
func (f *fallback) add(name string, value []byte) {
	if value == nil || f.raw.Member(0, name) != 0 {
		return
	}
	if f.members++; f.members > 1 {
		f.out = append(f.out, ',')
	}
	f.out = append(append(append(f.out, '"'), name...), '"', ':')
	f.out = append(f.out, value...)
}

func quote(text string) []byte {
	// Of text that is not UTF-8 the library makes text that is, with an error.
	quoted, _ := jsontext.AppendQuote(nil, text)
	return quoted
}
