package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"

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

	live, replay totals
	lost         bool // something was neither delivered nor buffered
	fates        fates
}

// totals is the ledger of what has one origin.
type totals struct {
	ledger.Ledger
	lagMS []int64
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
	buried  bool // copied to the queue `dead`
	cause   error
}

// tired is the number of receives from which a message goes after the fresh
// ones: what has come back so often may be what the others fail for.
const tired = 3

// decode takes the messages apart.
func (b *work) decode() {
	take := b.take // bound once for all messages
	for m := range b.messages {
		b.reading, b.nth = m, 0
		body := b.messages[m].body
		if b.handler.Unpack != nil {
			if records, packed, fault := b.handler.Unpack.Unpack(body); packed {
				b.packed(m, records, fault)
				continue
			}
		}
		b.out = b.handler.pipeline.Process(b.out, body, take)
	}
}

// take takes over a record of the message that is being read.
func (b *work) take(r *pipeline.Record) {
	e := entry{Record: *r, message: b.reading, nth: b.nth, first: -1}
	b.nth++
	if r.Fault != nil {
		fault := *r.Fault
		fault.Body = bytes.Clone(fault.Body)
		e.fault, e.Record.Fault = &fault, nil
	} else if !r.Filtered {
		verdict, of := b.handler.window.Add(r.UUID, r.Hash, len(b.records))
		switch verdict {
		case pipeline.Duplicate:
			e.first = of
		case pipeline.Conflict:
			b.totals(b.reading).Conflict++
		}
	}
	b.records = append(b.records, e)
}

// packed takes over the records of a packed batch.
func (b *work) packed(m int, records []sink.Record, fault *events.Fault) {
	if fault != nil {
		b.records = append(b.records, entry{message: m, first: -1, fault: fault, Record: pipeline.Record{Stage: "decode"}})
		return
	}
	for nth, r := range records {
		b.records = append(b.records, entry{message: m, nth: nth, first: -1, packed: r.Line, Record: pipeline.Record{UUID: r.UUID, PublishedMS: r.TimeMS}})
	}
}

// deliver brings the records to the destination: the fresh ones first, then
// those of messages that have come back often.
func (b *work) deliver(ctx context.Context) {
	var fresh, old []int
	for i := range b.records {
		switch e := &b.records[i]; {
		case e.fault != nil || e.Filtered || e.first >= 0:
		case b.messages[e.message].receives >= tired:
			old = append(old, i)
		default:
			fresh = append(fresh, i)
		}
	}
	for _, list := range [][]int{fresh, old} {
		b.offer(ctx, list)
	}
}

func (b *work) offer(ctx context.Context, list []int) {
	if len(list) == 0 {
		return
	}
	records := make([]sink.Record, len(list))
	for n, i := range list {
		e := &b.records[i]
		records[n] = sink.Record{Line: e.packed, UUID: e.UUID, TimeMS: e.PublishedMS, Raw: e.Raw}
		if e.packed == nil {
			records[n].Line = b.out[e.Start:e.End]
		}
		if note := b.messages[e.message].note(); note != nil {
			records[n].Replays = note.Replays
		}
	}
	outcome := b.handler.Deliver.Deliver(ctx, records)
	for n, i := range list {
		e := &b.records[i]
		e.answer = outcome.Answers[n]
		if e.answer.State == sink.Retry {
			e.cause = errNoTime
			if c := outcome.Causes[n]; c >= 0 {
				e.cause = outcome.Errors[c]
			}
		}
	}
	b.live.Batches += int64(outcome.Batches)
}

// errNoTime is why a record goes back that nobody has refused.
var errNoTime = errors.New("no time left")

// burials is how many copies are on their way at once.
const burials = 8

// bury copies what can never be delivered to the queue `dead`: a record alone,
// with the envelope that carries it.
func (b *work) bury(ctx context.Context) {
	var waiting sync.WaitGroup
	gate := make(chan struct{}, burials)
	for i := range b.records {
		e := &b.records[i]
		if e.fault == nil && e.answer.State != sink.Dead {
			continue
		}
		note, body := b.obituary(e)
		gate <- struct{}{}
		waiting.Go(func() {
			defer func() { <-gate }()
			if err := b.handler.Dead.Send(ctx, body, note); err != nil {
				e.cause = err
				return
			}
			e.buried = true
		})
	}
	waiting.Wait()
}

// obituary is what is to be kept of a record that is dead.
func (b *work) obituary(e *entry) (note deadletter.Note, body []byte) {
	m := &b.messages[e.message]
	note = deadletter.Note{UUID: e.UUID, Version: b.handler.Version, FirstSeen: b.handler.Now().UTC(), Receives: m.receives}
	if before := m.note(); before != nil {
		// It has died before: that is when it was seen first.
		note.Replays, note.EventBridge = before.Replays, before.EventBridge
		if !before.FirstSeen.IsZero() {
			note.FirstSeen = before.FirstSeen
		}
	}
	if e.fault != nil {
		note.Stage, note.Reason, note.Detail = e.Stage, string(e.fault.Reason), e.fault.Text
		return note, e.fault.Body
	}
	note.Stage, note.Reason, note.Detail = "deliver", e.answer.Reason, e.answer.Detail
	return note, b.carrier(e)
}

// carrier is what brought a record, so that it can come again alone: its event
// with the envelope that it had. That is rare enough to decode the message anew.
func (b *work) carrier(e *entry) []byte {
	body := b.messages[e.message].body
	if e.packed != nil {
		return b.handler.Unpack.Alone(body, e.nth)
	}
	var carrier []byte
	var d events.Decoder
	nth := 0
	d.Decode(body, func(event *events.Event, _ *events.Fault) {
		if event != nil && nth == e.nth {
			carrier = bytes.Clone(event.Carrier())
		}
		nth++
	})
	return carrier
}

// note is our attribute of a message, nil where it has none that can be read.
func (m *message) note() *deadletter.Note {
	if m.attribute == "" {
		return nil
	}
	var n deadletter.Note
	if json.Unmarshal([]byte(m.attribute), &n) != nil {
		return nil
	}
	return &n
}

// totals is the ledger that a message belongs to.
func (b *work) totals(m int) *totals {
	if n := b.messages[m].note(); n != nil && n.Replays > 0 {
		return &b.replay
	}
	return &b.live
}
