package handler

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/sink"
)

const (
	// maxConcurrentCopies is how many dead letters are sent at the same time.
	maxConcurrentCopies = 8
	// maxDeadLetters is how many dead letters one message may become. A message of
	// more dead records is copied once, as a whole.
	maxDeadLetters = 100
)

// letter is one copy for the queue `dead` and the records that it holds.
type letter struct {
	note    deadletter.Note
	body    []byte
	records []*entry
}

// sendDeadLetters copies the records that can never be delivered to the queue `dead`, until
// ctx ends. A record that is not copied by then goes back with its message.
func (w *work) sendDeadLetters(ctx context.Context) {
	var copies sync.WaitGroup
	gate := make(chan struct{}, maxConcurrentCopies)
	for rest := w.records; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].message == rest[0].message {
			n++
		}
		var dead []*entry
		for i := range rest[:n] {
			if e := &rest[i]; e.isDead() {
				e.cause = errNoTime
				dead = append(dead, e)
			}
		}
		rest = rest[n:]
		if len(dead) == 0 || ctx.Err() != nil {
			continue
		}
		for _, l := range w.letters(dead) {
			select {
			case gate <- struct{}{}:
			case <-ctx.Done():
				continue
			}
			copies.Go(func() {
				defer func() { <-gate }()
				err := w.handler.Dead.Send(ctx, l.body, l.note)
				for _, e := range l.records {
					e.cause, e.deadLettered = err, err == nil
				}
			})
		}
	}
	copies.Wait()
}

// isDead reports whether a record can never be delivered.
func (e *entry) isDead() bool { return e.fault != nil || e.answer.State == sink.Dead }

// letters returns the dead letters of the dead records of one message: each record alone
// with the envelope that it had, or the whole body once where there are too many.
func (w *work) letters(dead []*entry) []letter {
	m := &w.messages[dead[0].message]
	if len(dead) > maxDeadLetters {
		note := w.note(dead[0])
		note.UUID, note.Count = "", len(dead)
		note.Detail = fmt.Sprintf("%d records of this message; of the first: %s", len(dead), note.Detail)
		return []letter{{note, m.body, dead}}
	}
	list := make([]letter, len(dead))
	var refused []int // by the destination: places in list
	for i, e := range dead {
		list[i] = letter{note: w.note(e), records: dead[i : i+1]}
		if e.fault != nil {
			list[i].body = e.fault.Body
		} else {
			refused = append(refused, i)
		}
	}
	if len(refused) == 0 {
		return list
	}
	places := make([]int, len(refused))
	for n, i := range refused {
		places[n] = dead[i].nth
	}
	var bodies [][]byte
	if dead[refused[0]].packed != nil {
		bodies = w.handler.Unpack.Alone(m.body, places)
	} else {
		bodies = envelopes(m.body, places)
	}
	for n, i := range refused {
		list[i].body = m.body
		if n < len(bodies) && bodies[n] != nil {
			list[i].body = bodies[n]
		}
	}
	return list
}

// note returns the note of a dead letter of e.
func (w *work) note(e *entry) deadletter.Note {
	m := &w.messages[e.message]
	note := deadletter.Note{
		UUID:      e.UUID,
		Version:   w.handler.Version,
		FirstSeen: w.handler.Now().UTC(),
		Receives:  m.receives,
	}
	if before := m.note; before != nil {
		// It was a dead letter before, and keeps the time at which it became one first.
		note.Replays, note.EventBridge, note.Origin = before.Replays, before.EventBridge, before.Origin
		if !before.FirstSeen.IsZero() {
			note.FirstSeen = before.FirstSeen
		}
	}
	if e.fault != nil {
		note.Stage, note.Reason, note.Detail = e.Stage, string(e.fault.Reason), e.fault.Text
		return note
	}
	note.Stage, note.Reason, note.Detail = "deliver", string(e.answer.Reason), e.answer.Detail
	return note
}

// envelopes returns the records of body at places, which ascend: each event with the
// envelope that it came in. It decodes the body a second time.
func envelopes(body []byte, places []int) (list [][]byte) {
	// A record that made the decoder panic does so again, after the records returned here.
	defer func() { _ = recover() }()
	var d events.Decoder
	nth := 0
	d.Decode(body, func(event *events.Event, _ *events.Fault) {
		if len(list) < len(places) && places[len(list)] == nth {
			var envelope []byte
			if event != nil {
				envelope = bytes.Clone(event.Carrier())
			}
			list = append(list, envelope)
		}
		nth++
	})
	return list
}
