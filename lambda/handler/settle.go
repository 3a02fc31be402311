package handler

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
)

// settle decides for each record which term of the ledger it is, and for each
// message whether it comes again.
func (b *work) settle() {
	for i := range b.records {
		e := &b.records[i]
		if b.goesBack(e) {
			m := &b.messages[e.message]
			m.returned = true
			if m.cause == nil {
				m.cause = b.origin(e).cause
			}
		}
	}
	now := b.handler.Now().UnixMilli()
	for i := range b.records {
		b.enter(&b.records[i], now)
	}
	for i := range b.messages {
		b.totals(i).BytesIn += int64(len(b.messages[i].body))
	}
}

// origin is the record itself, or the first copy of a duplicate, whose fate it
// shares.
func (b *work) origin(e *entry) *entry {
	if e.first >= 0 {
		return &b.records[e.first]
	}
	return e
}

// goesBack reports whether a record has to come again.
func (b *work) goesBack(e *entry) bool {
	e = b.origin(e)
	switch {
	case e.Filtered:
		return false
	case e.fault != nil || e.answer.State == sink.Dead:
		return !e.buried
	}
	return e.answer.State != sink.Accepted
}

// enter enters a record in the ledger.
func (b *work) enter(e *entry, now int64) {
	m := &b.messages[e.message]
	t := b.totals(e.message)
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
	case e.fault != nil || e.answer.State == sink.Dead:
		if e.buried {
			t.Dead++
			b.fates.dead(e)
			break
		}
		t.DeadLetterFailed++
		b.back(m, t)
	case e.answer.State == sink.Accepted:
		b.arrived(e, t, now)
	default:
		b.back(m, t)
	}
}

func (b *work) arrived(e *entry, t *totals, now int64) {
	if b.handler.Config.Destination == config.Datadog {
		t.AcceptedByEventBridge++
	} else {
		t.Delivered++
	}
	t.BytesOut += int64(e.answer.Bytes)
	if e.answer.Restamped {
		t.Restamped++
	}
	if e.answer.FallbackRaw {
		t.FallbackRaw++
		b.fates.fellBack(e)
	}
	t.lagMS = append(t.lagMS, max(now-e.PublishedMS, 0))
}

// back enters a record that comes again, or does so for the last time.
func (b *work) back(m *message, t *totals) {
	if m.receives >= b.handler.Config.MaxReceiveCount {
		t.Exhausted++
		return
	}
	t.Returned++
}

// answer is the response to an SQS batch: the messages that are to come again,
// by messageId. An id that is empty or unknown would bring all of them back, and
// so would a null; an empty list is success.
func (b *work) answer() []byte {
	type failure struct {
		ItemIdentifier string `json:"itemIdentifier"`
	}
	response := struct {
		BatchItemFailures []failure `json:"batchItemFailures"`
	}{[]failure{}}
	for i := range b.messages {
		if b.messages[i].returned {
			response.BatchItemFailures = append(response.BatchItemFailures, failure{b.messages[i].id})
		}
	}
	text, err := json.Marshal(response)
	if err != nil {
		panic("a list of strings cannot be written as JSON: " + err.Error())
	}
	return text
}

// fates are the records that the summary names one by one.
type fates struct {
	deads, fallbacks []string
}

// maxNamed bounds the uuids in one line of the log; the ledger has the number.
const maxNamed = 50

func (f *fates) dead(e *entry) {
	if len(f.deads) < maxNamed {
		f.deads = append(f.deads, named(e.UUID))
	}
}

func (f *fates) fellBack(e *entry) {
	if len(f.fallbacks) < maxNamed {
		f.fallbacks = append(f.fallbacks, named(e.UUID))
	}
}

// uuid is what an id may look like to be named. A record that is not Okta's can
// have anything in its place.
var uuid = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

func named(id string) string {
	if !uuid.MatchString(id) {
		return "-"
	}
	return id
}

// report writes the one line of an invocation: the ledgers, and the messages
// that go back with what sent them back. It names uuids and message ids, never
// content.
func (b *work) report(took time.Duration) {
	attributes := []any{"pipeline", b.handler.Config.Pipeline, "messages", len(b.messages), "duration_ms", took.Milliseconds(), "ledger", b.live.Ledger}
	if b.replay.Received > 0 {
		attributes = append(attributes, "replay", b.replay.Ledger)
	}
	if len(b.fates.deads) > 0 {
		attributes = append(attributes, "dead", b.fates.deads)
	}
	if len(b.fates.fallbacks) > 0 {
		attributes = append(attributes, "fallback_raw", b.fates.fallbacks)
	}
	if back := b.causes(); len(back) > 0 {
		attributes = append(attributes, "returned", back)
	}
	log := b.handler.Log.Info
	switch {
	case !b.live.Balanced() || !b.replay.Balanced():
		log = b.handler.Log.Error
		attributes = append(attributes, "fault", "the ledger does not balance: this is a fault of oktastream, please report it")
	case b.lost || b.live.DeadLetterFailed+b.replay.DeadLetterFailed > 0:
		log = b.handler.Log.Error
	case len(b.fates.deads) > 0 || b.live.Returned+b.live.Exhausted+b.replay.Returned+b.replay.Exhausted > 0:
		log = b.handler.Log.Warn
	}
	log("invocation", attributes...)
}

// causes are the messages that go back, by what sent them.
func (b *work) causes() map[string][]string {
	back := map[string][]string{}
	for i := range b.messages {
		m := &b.messages[i]
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
		back[cause] = append(back[cause], m.id)
	}
	return back
}
