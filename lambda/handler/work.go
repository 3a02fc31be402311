package handler

import (
	"bytes"
	"context"
	"errors"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// work is one invocation.
type work struct {
	handler  *Handler
	messages []message
	records  []entry
	out      []byte // normalised records, one after the other

	// Which message is being read, and how many of its records have been.
	reading, nth int

	totals [3]totals // by live, replay and backfill
	lost   bool      // something was neither delivered nor buffered

	// The uuids of records that the line of the invocation lists.
	deadUUIDs, fallbackUUIDs []string
}

// The indexes of work.totals.
const (
	live = iota
	replay
	backfill
)

// totals is the ledger of what has one origin.
type totals struct {
	ledger.Ledger
	origin ledger.Origin
	lagMS  []int64
}

func newWork(h *Handler, messages []message) *work {
	return &work{
		handler: h, messages: messages, out: h.out[:0], records: h.records[:0],
		totals: [3]totals{{origin: ledger.Live}, {origin: ledger.Replay}, {origin: ledger.Backfill}},
	}
}

// entry is one record and what becomes of it.
type entry struct {
	pipeline.Record
	message int
	nth     int    // of the message's records
	packed  []byte // the record of a packed batch: it is normalised already
	fault   *events.Fault
	first   int // index of the first copy, where it is a duplicate; -1
	answer  sink.Answer
	cause   error // why it goes back, if it does

	deadLettered bool // copied to the queue `dead`
}

// suspectAfter is the number of receives from which a message is delivered after the fresh
// ones: it may be what makes them fail.
const suspectAfter = 3

// decode takes the messages apart.
func (w *work) decode() {
	take := w.take // bound once for all messages
	for m := range w.messages {
		w.reading, w.nth = m, 0
		w.messages[m].readNote()
		body := w.messages[m].body
		if w.handler.Unpack != nil {
			if records, packed, fault := w.handler.Unpack.Unpack(body); packed {
				w.packed(m, records, fault)
				continue
			}
		}
		w.out = w.handler.pipeline.Process(w.out, body, take)
	}
}

// take adds a record of the message that is being read.
func (w *work) take(r *pipeline.Record) {
	e := entry{Record: *r, message: w.reading, nth: w.nth, first: -1}
	w.nth++
	if r.Fault != nil {
		fault := *r.Fault
		fault.Body = bytes.Clone(fault.Body)
		e.fault, e.Record.Fault = &fault, nil
	} else if !r.Filtered {
		verdict, of := w.handler.window.Add(r.UUID, r.Hash, len(w.records))
		switch verdict {
		case pipeline.Duplicate:
			e.first = of
		case pipeline.Conflict:
			w.totalsOf(w.reading).Conflict++
		}
	}
	w.records = append(w.records, e)
}

// packed adds the records of a packed batch.
func (w *work) packed(m int, records []sink.Record, fault *events.Fault) {
	if fault != nil {
		w.records = append(w.records, entry{
			message: m, first: -1, fault: fault, Record: pipeline.Record{Stage: "decode"},
		})
		return
	}
	for nth, r := range records {
		w.records = append(w.records, entry{
			message: m, nth: nth, first: -1, packed: r.Line,
			Record: pipeline.Record{UUID: r.UUID, PublishedMS: r.TimeMS},
		})
	}
}

// deliver sends the records to the destination: the fresh ones first, then those
// of messages that have come back often.
func (w *work) deliver(ctx context.Context) {
	var fresh, old []int
	for i := range w.records {
		switch e := &w.records[i]; {
		case e.fault != nil || e.Filtered || e.first >= 0:
		case w.messages[e.message].receives >= suspectAfter:
			old = append(old, i)
		default:
			fresh = append(fresh, i)
		}
	}
	for _, list := range [][]int{fresh, old} {
		w.send(ctx, list)
	}
}

func (w *work) send(ctx context.Context, list []int) {
	if len(list) == 0 {
		return
	}
	records := make([]sink.Record, len(list))
	for n, i := range list {
		e := &w.records[i]
		records[n] = sink.Record{
			Line: e.packed, UUID: e.UUID, TimeMS: e.PublishedMS, Org: e.Org, Raw: e.Raw,
			Replays: w.messages[e.message].replays(),
		}
		if e.packed == nil {
			records[n].Line = w.out[e.Start:e.End]
		}
	}
	outcome := w.handler.Deliver.Deliver(ctx, records)
	for n, i := range list {
		e := &w.records[i]
		e.answer = outcome.Answers[n]
		if e.answer.State == sink.Retry {
			e.cause = errNoTime
			if c := outcome.Causes[n]; c >= 0 {
				e.cause = outcome.Errors[c]
			}
		}
	}
	w.totals[live].Batches += int64(outcome.Batches)
}

// errNoTime is the cause of a record that goes back and was not refused.
var errNoTime = errors.New("no time left")

// totalsOf returns the ledger that a message belongs to.
func (w *work) totalsOf(m int) *totals {
	switch note := w.messages[m].note; {
	case note == nil:
	case note.Replays > 0:
		return &w.totals[replay]
	case note.Origin == deadletter.OriginBackfill:
		return &w.totals[backfill]
	}
	return &w.totals[live]
}
