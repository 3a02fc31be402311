// Package datadoglog makes of records the logs that Datadog takes, for every sink that
// sends to Datadog: it has Datadog's limits, gives old records another time, and falls
// back to the event's own bytes where a record is too long.
package datadoglog

import (
	"fmt"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// Datadog, POST /api/v2/logs, before compression (datadog-api-client-go v2.67.0,
// 2026-10). A longer log is cut by Datadog, with a 202.
const (
	MaxLogs     = 1000      // of an array
	MaxArray    = 5_000_000 // bytes of an array
	MaxLogBytes = 1_000_000 // of one log
)

// Datadog drops a log that is older or further ahead, after its 202
// (docs.datadoghq.com, "Log Date Remapper", 2026-11).
const (
	MaxAge   = 18 * time.Hour
	MaxAhead = 2 * time.Hour
)

// TimeLayout is how events/datadog writes a date; batches say theirs alike.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Maker makes logs. It is for one goroutine and keeps its memory from log to log.
type Maker struct {
	Format string // of the records: ocsf, datadog or raw
	Limit  string // how the detail of a record that is too long names the limit

	stamper  stamper
	fallback fallback
}

// Make makes the log of r, of at most limit bytes. stamp is the zero time, or the time
// that the log gets instead of its own. The log is r.Line itself, or stands at the end
// of grown, which is dst with what was appended. The answer is Dead, with its reason,
// where there can be no log; otherwise only Restamped and FallbackRaw are set.
func (m *Maker) Make(dst []byte, r *sink.Record, stamp time.Time, limit int) (grown, log []byte, a sink.Answer) {
	if !r.IsObject() {
		// It would spoil the array, and with it the logs around it.
		return dst, nil, refused("not a JSON object on one line")
	}
	a.Restamped = !stamp.IsZero()
	if len(r.Line) <= limit {
		if !a.Restamped {
			return dst, r.Line, a
		}
		out, err := m.stamper.append(dst, r.Line, m.Format, stamp)
		if err != nil {
			// With its own time Datadog would drop it after a 202.
			return dst, nil, refused("cannot be given a new time: " + err.Error())
		}
		if log = made(out, len(dst)); len(log) <= limit {
			return out, log, a
		}
		dst = out[:len(dst)]
	}
	a.FallbackRaw = true
	if out, ok := m.fallBack(dst, r, stamp, limit); ok {
		if log = made(out, len(dst)); len(log) <= limit {
			return out, log, a
		}
		dst = out[:len(dst)]
	}
	return dst, nil, sink.Answer{State: sink.Dead, Reason: events.TooLarge, Detail: fmt.Sprintf(
		"%d bytes, the event's own %d; %s", len(r.Line), len(r.Raw), m.Limit)}
}

// fallBack appends the event's own bytes as a log, and reports false where there are
// none.
func (m *Maker) fallBack(dst []byte, r *sink.Record, stamp time.Time, limit int) ([]byte, bool) {
	if len(r.Raw) == 0 || len(r.Raw) > limit {
		return dst, false
	}
	log, err := m.fallback.log(r)
	if err != nil {
		return dst, false
	}
	if stamp.IsZero() {
		return append(dst, log...), true
	}
	out, err := m.stamper.append(dst, log, datadogFormat, stamp)
	return out, err == nil
}

// made is what has been appended since start. The memory may move when it grows; what
// has been made stays where it is.
func made(out []byte, start int) []byte { return out[start:len(out):len(out)] }

func refused(why string) sink.Answer {
	return sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: why}
}

// Memory returns about how many bytes a Maker holds on to.
func (m *Maker) Memory() int { return m.stamper.memory() + m.fallback.memory() }
