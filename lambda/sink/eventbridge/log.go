package eventbridge

import (
	"fmt"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// Logs makes of records the logs that Datadog takes, for every way to Datadog. It is a
// sink.Encoder.
type Logs struct {
	Format string // of the records: ocsf, datadog or raw
	Most   int    // bytes of a log
	Limit  string // how the detail of a record that is too long names the limit

	stamper  stamper
	fallback fallback
}

// Append appends the log of r: r.Line, with the time stamp instead of its own where stamp
// is not the zero time, or else the event's own bytes where these are too long.
func (l *Logs) Append(dst []byte, r *sink.Record, stamp time.Time) ([]byte, sink.Answer) {
	if !r.IsObject() {
		// It would spoil the array, and with it the logs around it.
		return dst, refused("not a JSON object on one line")
	}
	if len(r.Line) <= l.Most {
		out, err := l.append(dst, r.Line, l.Format, stamp)
		if err != nil {
			// With its own time Datadog would drop it after a 202.
			return dst, refused("cannot be given a new time: " + err.Error())
		}
		if len(out)-len(dst) <= l.Most {
			return out, sink.Answer{}
		}
		dst = out[:len(dst)]
	}
	if len(r.Raw) > 0 && len(r.Raw) <= l.Most {
		if log, err := l.fallback.log(r); err == nil {
			out, err := l.append(dst, log, datadogFormat, stamp)
			if err == nil && len(out)-len(dst) <= l.Most {
				return out, sink.Answer{FallbackRaw: true}
			}
			dst = out[:len(dst)]
		}
	}
	return dst, sink.Answer{State: sink.Dead, Reason: events.TooLarge, Detail: fmt.Sprintf(
		"%d bytes, the event's own %d; %s", len(r.Line), len(r.Raw), l.Limit)}
}

// append appends a log, with the time stamp instead of its own where stamp is not the zero
// time.
func (l *Logs) append(dst, log []byte, format string, stamp time.Time) ([]byte, error) {
	if stamp.IsZero() {
		return append(dst, log...), nil
	}
	return l.stamper.append(dst, log, format, stamp)
}

func refused(why string) sink.Answer {
	return sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: why}
}
