package handler

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/sink"
)

// settle counts each record in the ledger, and decides for each message whether it goes
// back to its queue.
func (w *work) settle() {
	for i := range w.records {
		e := &w.records[i]
		if w.goesBack(e) {
			m := &w.messages[e.message]
			m.returned = true
			if m.cause == nil {
				m.cause = w.origin(e).cause
			}
		}
	}
	now := w.handler.Now().UnixMilli()
	for i := range w.records {
		w.enter(&w.records[i], now)
	}
	for i := range w.messages {
		w.totalsOf(i).BytesIn += int64(len(w.messages[i].body))
	}
}

// origin is the record itself, or the first copy of a duplicate, whose result
// it shares.
func (w *work) origin(e *entry) *entry {
	if e.first >= 0 {
		return &w.records[e.first]
	}
	return e
}

// goesBack reports whether a record has to be delivered again.
func (w *work) goesBack(e *entry) bool {
	e = w.origin(e)
	switch {
	case e.Filtered:
		return false
	case e.isDead():
		return !e.deadLettered
	}
	return e.answer.State != sink.Accepted
}

// enter enters a record in the ledger.
func (w *work) enter(e *entry, now int64) {
	m := &w.messages[e.message]
	t := w.totalsOf(e.message)
	t.Received++
	if e.UnknownType {
		t.UnknownType++
	}
	if e.first < 0 && events.Match(events.LogStreamEvents, e.Type) {
		t.StreamChanged++
	}
	switch {
	case e.Filtered:
		t.Filtered++
	case e.first >= 0:
		t.Duplicate++
	case e.isDead():
		if e.deadLettered {
			t.Dead++
			addUUID(&w.deadUUIDs, e)
			break
		}
		t.DeadLetterFailed++
		w.back(m, t)
	case e.answer.State == sink.Accepted:
		w.arrived(e, t, now)
	default:
		if kind := sink.KindOf(e.cause); kind == sink.Blocked || kind == sink.Unknown {
			t.RefusedByDestination++
		}
		w.back(m, t)
	}
}

func (w *work) arrived(e *entry, t *totals, now int64) {
	if w.handler.Config.Route().Transport == config.EventBridge {
		t.AcceptedByEventBridge++
	} else {
		t.Delivered++
	}
	t.BytesOut += int64(e.answer.Bytes)
	if e.answer.Restamped {
		t.Restamped++
	}
	if e.answer.AlreadyThere {
		t.AlreadyThere++
	}
	if e.answer.FallbackRaw {
		t.FallbackRaw++
		addUUID(&w.fallbackUUIDs, e)
	}
	if t.origin != ledger.Backfill { // the age of an event that is read later is not a lag
		t.lagMS = append(t.lagMS, max(now-e.PublishedMS, 0))
	}
}

// back enters a record that goes back to its queue, or to redrive if this receive was the
// last.
func (w *work) back(m *message, t *totals) {
	if m.receives >= w.handler.Config.MaxReceiveCount {
		t.Exhausted++
		return
	}
	t.Returned++
}

// answer returns the response to an SQS batch: the messageIds of the messages that SQS has
// to deliver again. An id that is empty or unknown, or a null, would return all of them; an
// empty list is success.
func (w *work) answer() []byte {
	type failure struct {
		ItemIdentifier string `json:"itemIdentifier"`
	}
	response := struct {
		BatchItemFailures []failure `json:"batchItemFailures"`
	}{[]failure{}}
	for i := range w.messages {
		if w.messages[i].returned {
			response.BatchItemFailures = append(response.BatchItemFailures, failure{w.messages[i].id})
		}
	}
	text, err := json.Marshal(response)
	if err != nil {
		panic("a list of strings cannot be written as JSON: " + err.Error())
	}
	return text
}

// maxIDs bounds each list of ids in the line; the ledger has the number.
const maxIDs = 50

// addUUID appends the uuid of a record to a list of the line.
func addUUID(uuids *[]string, e *entry) {
	if len(*uuids) < maxIDs {
		*uuids = append(*uuids, safeID(e.UUID))
	}
}

// idPattern is the form of an id that is printed. A record that is not Okta's can have
// content there.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// safeID is id as it may be printed, "-" where it does not look like an id.
func safeID(id string) string {
	if !idPattern.MatchString(id) {
		return "-"
	}
	return id
}

// report writes the one log line of an invocation: the ledgers, and the messages that go
// back with their causes. It has uuids and message ids, never content.
func (w *work) report(took time.Duration) {
	attributes := []any{
		"pipeline", w.handler.Config.Pipeline, "messages", len(w.messages), "duration_ms", took.Milliseconds(),
	}
	var sum ledger.Ledger
	balanced := true
	for i := range w.totals {
		t := &w.totals[i]
		if i == live {
			attributes = append(attributes, "ledger", t.Ledger)
		} else if t.Received > 0 {
			attributes = append(attributes, string(t.origin), t.Ledger)
		}
		sum.Add(t.Ledger)
		balanced = balanced && t.Balanced()
	}
	if len(w.deadUUIDs) > 0 {
		attributes = append(attributes, "dead", w.deadUUIDs)
	}
	if len(w.fallbackUUIDs) > 0 {
		attributes = append(attributes, "fallback_raw", w.fallbackUUIDs)
	}
	if back, more := w.causes(); len(back) > 0 {
		attributes = append(attributes, "returned", back)
		if more > 0 {
			attributes = append(attributes, "returned_not_listed", more)
		}
	}
	log := w.handler.Log.Info
	switch {
	case !balanced:
		log = w.handler.Log.Error
		attributes = append(attributes, "fault", ledger.Unbalanced)
	case w.lost || sum.DeadLetterFailed > 0:
		log = w.handler.Log.Error
	case len(w.deadUUIDs) > 0 || sum.Returned+sum.Exhausted > 0:
		log = w.handler.Log.Warn
	}
	log("invocation", attributes...)
}

// maxCauses bounds the causes in the line.
const maxCauses = 20

// causes returns the ids of the messages that go back by their cause, at most maxIDs for
// each of at most maxCauses. more is how many others there are.
func (w *work) causes() (back map[string][]string, more int) {
	back = map[string][]string{}
	for i := range w.messages {
		m := &w.messages[i]
		if !m.returned {
			continue
		}
		cause := "unknown"
		switch {
		case m.notBuffered != nil:
			cause = m.notBuffered.Error()
		case m.cause != nil:
			cause = m.cause.Error()
		}
		if _, ok := back[cause]; len(back[cause]) == maxIDs || !ok && len(back) == maxCauses {
			more++
			continue
		}
		back[cause] = append(back[cause], safeID(m.id))
	}
	return back, more
}
