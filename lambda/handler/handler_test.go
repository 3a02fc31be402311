package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
)

func TestABatchIsDelivered(t *testing.T) {
	b := newBench(config.CloudWatch)
	if ids := b.returned(t, sqsMessage("m1", envelope("u-1")), sqsMessage("m2", envelope("u-2"))); len(ids) != 0 {
		t.Errorf("%v come again", ids)
	}
	if len(b.delivered) != 1 || len(b.delivered[0]) != 2 ||
		!strings.Contains(string(b.delivered[0][1].Line), `"uid":"u-2"`) {
		t.Errorf("%v", b.delivered)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "delivered": 2})
	if !strings.Contains(b.emf.String(), `"lag_ms":[655,655]`) {
		t.Errorf("lag: %s", b.emf.String())
	}
}

func TestAnEmptyListIsSuccess(t *testing.T) {
	b := newBench(config.CloudWatch)
	answer, err := b.Invoke(t.Context(), []byte(`{"Records":[]}`))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", answer, err)
	}
}

// The Datadog Go forwarder answers with receipt handles, which brings the whole
// batch back for ever.
func TestTheIdentifierIsTheMessageID(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.err = errors.New("PutLogEvents: ThrottlingException")
	b.outcome = func(r sink.Record) sink.Answer {
		if r.UUID == "u-3" || r.UUID == "u-7" {
			return sink.Answer{}
		}
		return sink.Answer{State: sink.Accepted}
	}
	var messages []string
	for i := range 10 {
		messages = append(messages, sqsMessage(fmt.Sprintf("m%d", i), envelope(fmt.Sprintf("u-%d", i))))
	}
	if ids := b.returned(t, messages...); !slices.Equal(ids, []string{"m3", "m7"}) {
		t.Errorf("%v come again, want those of the records that the sink refused", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 10, "delivered": 8, "returned": 2})
	if log := b.log.String(); !strings.Contains(log, `"returned":{"PutLogEvents: ThrottlingException":["m3","m7"]}`) {
		t.Errorf("the summary does not say why they go back: %s", log)
	}
}

func TestPoisonIsCopiedWithItsReasonAndAcknowledged(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		reason events.Reason
	}{
		"not JSON":        {`{"truncated":`, events.NotJSON},
		"empty":           {``, events.NotJSON},
		"not Okta":        {`{"source":"aws.ec2","detail-type":"x","detail":{}}`, events.NotOkta},
		"no uuid":         {envelopeOf(`{"eventType":"a.b","published":"2026-09-01T10:11:12.345Z"}`), events.MissingField},
		"no eventType":    {envelopeOf(`{"uuid":"u","published":"2026-09-01T10:11:12.345Z"}`), events.MissingField},
		"no published":    {envelopeOf(`{"uuid":"u","eventType":"a.b"}`), events.MissingField},
		"another account": {strings.Replace(envelope("u-1"), ownAccount, "444455556666", 1), events.Foreign},
		"another source":  {strings.Replace(envelope("u-1"), "example", "evil", 1), events.Foreign},
		"another region":  {strings.Replace(envelope("u-1"), ownRegion, "eu-west-1", 1), events.Foreign},
		"no envelope":     {okta("u-1"), events.Foreign},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(config.CloudWatch)
			if ids := b.returned(t, sqsMessage("good", envelope("u-9")), messageOf("bad", test.body, 2, "")); len(ids) != 0 {
				t.Errorf("%v come again", ids)
			}
			if len(b.dead) != 1 || b.dead[0].body != test.body {
				t.Fatalf("dead: %+v", b.dead)
			}
			n := b.dead[0].note
			if n.Reason != string(test.reason) || n.Stage != "decode" || n.Detail == "" || n.Receives != 2 ||
				n.Version != "v1" ||
				n.FirstSeen.IsZero() {
				t.Errorf("%+v", n)
			}
			b.wantLedger(t, map[string]float64{"received": 2, "delivered": 1, "dead": 1})
		})
	}
}

func TestPoisonWhoseCopyFailsGoesBack(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.deadErr = errors.New("SendMessage: AccessDenied")
	if ids := b.returned(
		t,
		sqsMessage("good", envelope("u-1")),
		sqsMessage("bad", `nonsense`),
	); !slices.Equal(
		ids,
		[]string{"bad"},
	) {
		t.Errorf("%v come again", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "delivered": 1, "returned": 1, "dead_letter_failed": 1})
	if log := b.log.String(); !strings.Contains(log, `"level":"ERROR"`) ||
		!strings.Contains(log, `{"SendMessage: AccessDenied":["bad"]}`) {
		t.Errorf("log: %s", log)
	}
}

// What goes back because the destination refuses us is counted apart: an alarm names it.
func TestARefusalOfTheDestinationIsCounted(t *testing.T) {
	for kind, refused := range map[sink.Kind]float64{sink.Transient: 0, sink.Blocked: 2, sink.Unknown: 2} {
		b := newBench(config.Splunk)
		b.outcome = func(sink.Record) sink.Answer { return sink.Answer{} }
		b.err = &sink.Error{Kind: kind, Err: errors.New("splunk: code 4, invalid token: correct the setting secret")}
		ids := b.returned(t, messageOf("m1", envelope("u-1"), 1, ""), messageOf("m2", envelope("u-2"), 1, ""))
		if len(ids) != 2 || !strings.Contains(b.log.String(), "correct the setting secret") {
			t.Errorf("%v come again: %s", ids, b.log.String())
		}
		b.wantLedger(t, map[string]float64{"received": 2, "returned": 2, "refused_by_destination": refused})
	}
	b := newBench(config.Splunk)
	b.outcome = func(sink.Record) sink.Answer { return sink.Answer{State: sink.Accepted, AlreadyThere: true} }
	if ids := b.returned(t, messageOf("m1", envelope("u-1"), 1, "")); len(ids) != 0 {
		t.Errorf("%v come again", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 1, "delivered": 1, "already_there": 1})
}

func TestTheLastReceiveIsExhausted(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.outcome = func(sink.Record) sink.Answer { return sink.Answer{} }
	ids := b.returned(t, messageOf("m1", envelope("u-1"), 4, ""), messageOf("m2", envelope("u-2"), 5, ""))
	if len(ids) != 2 {
		t.Errorf("%v come again", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "returned": 1, "exhausted": 1})
}

func TestMessagesThatCameBackOftenGoAfterTheFreshOnes(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.returned(
		t,
		messageOf("m1", envelope("u-1"), 3, ""),
		messageOf("m2", envelope("u-2"), 2, ""),
		messageOf("m3", envelope("u-3"), 9, ""),
		messageOf("m4", envelope("u-4"), 1, ""),
	)
	var order []string
	for _, call := range b.delivered {
		var uuids []string
		for _, r := range call {
			uuids = append(uuids, r.UUID)
		}
		order = append(order, strings.Join(uuids, " "))
	}
	if got := strings.Join(order, " | "); got != "u-2 u-4 | u-1 u-3" {
		t.Errorf("delivered %s", got)
	}
}

func TestDuplicatesEndLikeTheirFirstCopy(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		b := newBench(config.CloudWatch)
		b.outcome = func(sink.Record) sink.Answer {
			if accepted {
				return sink.Answer{State: sink.Accepted}
			}
			return sink.Answer{}
		}
		other := strings.Replace(envelope("u-1"), "user.session.start", "user.session.end", 1)
		ids := b.returned(t, sqsMessage("m1", envelope("u-1")), sqsMessage("m2", envelope("u-1")), sqsMessage("m3", other))
		if accepted && len(ids) != 0 || !accepted && !slices.Equal(ids, []string{"m1", "m2", "m3"}) {
			t.Errorf("accepted %v: %v come again", accepted, ids)
		}
		if n := len(b.delivered[0]); n != 2 {
			t.Errorf("%d records delivered: a copy goes once, other bytes under the same uuid go too", n)
		}
		want := map[string]float64{"received": 3, "duplicate": 1, "conflict": 1}
		want[map[bool]string{true: "delivered", false: "returned"}[accepted]] = 2
		b.wantLedger(t, want)
	}
}

func TestABodyWithManyRecords(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.outcome = func(r sink.Record) sink.Answer {
		switch r.UUID {
		case "u-2":
			return sink.Answer{}
		case "u-3":
			return sink.Answer{State: sink.Dead, Reason: "too_large", Detail: "longer than anything"}
		}
		return sink.Answer{State: sink.Accepted}
	}
	body := "[" + strings.Join([]string{envelope("u-1"), envelope("u-2"), envelope("u-3"), `7`}, ",") + "]"
	if ids := b.returned(
		t,
		sqsMessage("m1", body),
		sqsMessage("m2", envelope("u-4")),
	); !slices.Equal(
		ids,
		[]string{"m1"},
	) {
		t.Errorf("%v: a message comes again if any of its records has to", ids)
	}
	bodies := map[string]string{}
	for _, d := range b.dead {
		bodies[d.note.Reason] = d.body
	}
	if len(b.dead) != 2 || bodies["too_large"] != envelope("u-3") || bodies["not_okta"] != "7" {
		t.Errorf("dead: %v; each dead record is copied alone, with its envelope", bodies)
	}
	b.wantLedger(t, map[string]float64{"received": 5, "delivered": 2, "returned": 1, "dead": 2})
}

func TestFilteredEventsAreAcknowledged(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.Config.Filter, _ = events.NewFilter(nil, []string{"user.*"})
	pipe := strings.Replace(envelope("u-2"), "user.session.start", "system.log_stream.lifecycle.deactivate", 1)
	if ids := b.returned(t, sqsMessage("m1", envelope("u-1")), sqsMessage("m2", pipe)); len(ids) != 0 {
		t.Errorf("%v come again", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "filtered": 1, "delivered": 1, "stream_changed": 1})
}

func TestAnUnknownTypeIsDeliveredAndCounted(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.returned(t, sqsMessage("m1", strings.Replace(envelope("u-1"), "user.session.start", "user.quantum.leap", 1)))
	b.wantLedger(t, map[string]float64{"received": 1, "delivered": 1, "unknown_type": 1})
}

func TestNotesOfTheSink(t *testing.T) {
	b := newBench(config.Datadog)
	b.outcome = func(sink.Record) sink.Answer {
		return sink.Answer{State: sink.Accepted, Restamped: true, FallbackRaw: true, Bytes: 77}
	}
	b.returned(t, sqsMessage("m1", envelope("u-1")))
	b.wantLedger(t, map[string]float64{"received": 1, "accepted_by_eventbridge": 1, "restamped": 1, "fallback_raw": 1})
	if got := b.ledger(t, "")["bytes_out"]; got != 77 {
		t.Errorf("bytes_out %v", got)
	}
	if !strings.Contains(b.log.String(), `"fallback_raw":["u-1"]`) {
		t.Errorf("the uuid is not in the summary: %s", b.log.String())
	}
}

// Ingest lambda: the function is the rule's own target.
func TestASingleEvent(t *testing.T) {
	b := newBench(config.CloudWatch)
	answer, err := b.Invoke(t.Context(), []byte(envelope("u-1")))
	if err != nil || answer != nil || len(b.buffered) != 0 {
		t.Fatalf("%s, %v, buffered %v", answer, err, b.buffered)
	}
	b.wantLedger(t, map[string]float64{"received": 1, "delivered": 1})

	b = newBench(config.CloudWatch)
	b.err = errors.New("PutLogEvents: ServiceUnavailableException")
	b.outcome = func(sink.Record) sink.Answer { return sink.Answer{} }
	if _, err := b.Invoke(
		t.Context(),
		[]byte(envelope("u-1")),
	); err != nil ||
		!slices.Equal(b.buffered, []string{envelope("u-1")}) {
		t.Errorf("%v, buffered %v: a transient failure goes to the buffer and is acknowledged", err, b.buffered)
	}
	b.wantLedger(t, map[string]float64{"received": 1, "returned": 1})

	b.bufferErr = errors.New("SendMessage: no answer")
	if _, err := b.Invoke(t.Context(), []byte(envelope("u-1"))); err == nil {
		t.Error("what is neither delivered nor buffered must not be acknowledged")
	}

	b = newBench(config.CloudWatch)
	if _, err := b.Invoke(t.Context(), []byte(`{"not":"okta"}`)); err != nil || len(b.dead) != 1 {
		t.Errorf("poison: %v, %v", err, b.dead)
	}
	b.deadErr = errors.New("SendMessage: AccessDenied")
	if _, err := b.Invoke(t.Context(), []byte(`{"not":"okta"}`)); err != nil || len(b.buffered) != 1 {
		t.Errorf("poison that cannot be copied: %v, buffered %v", err, b.buffered)
	}
}

func TestAnArrayOfEvents(t *testing.T) {
	b := newBench(config.CloudWatch)
	if _, err := b.Invoke(t.Context(), []byte("["+envelope("u-1")+","+envelope("u-2")+"]")); err != nil {
		t.Fatal(err)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "delivered": 2})
}

// What comes back out of a queue: Lambda's record of an asynchronous call that
// failed, and a packed batch of our own.
func TestFormsThatComeBack(t *testing.T) {
	b := newBench(config.CloudWatch)
	record := fmt.Sprintf(
		`{"version":"1.0","timestamp":"2026-09-01T10:14:12.345Z","requestContext":{"requestId":"r","functionArn":"f","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":%s,"responseContext":{"statusCode":200,"functionError":"Unhandled"}}`,
		envelope("u-1"),
	)
	if ids := b.returned(
		t,
		sqsMessage("m1", record),
	); len(ids) != 0 || len(b.delivered) != 1 ||
		b.delivered[0][0].UUID != "u-1" {
		t.Errorf("%v, %v", ids, b.delivered)
	}

	b = newBench(config.Datadog)
	log := `{"uuid":"u-1","date":"2026-09-01T10:11:12.345Z","ddsource":"okta"}`
	batch := func(account string) string {
		return fmt.Sprintf(
			`{"id":"e","detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"detail":{"logs":[%s,%s],"batch":{"v":1,"id":"b","pipeline":"okta-datadog","format":"datadog","packed_at":"2026-09-01T10:11:12.345Z","count":2,"restamped":0,"replays":0}}}`,
			account,
			log,
			strings.Replace(log, "u-1", "u-2", 1),
		)
	}
	b.outcome = func(r sink.Record) sink.Answer {
		if r.UUID == "u-2" {
			return sink.Answer{State: sink.Dead, Reason: "refused", Detail: "no"}
		}
		return sink.Answer{State: sink.Accepted}
	}
	if ids := b.returned(t, sqsMessage("m1", batch(ownAccount))); len(ids) != 0 || string(b.delivered[0][0].Line) != log {
		t.Errorf("%v, %s: records of a packed batch go out as they are", ids, b.delivered[0][0].Line)
	}
	if len(b.dead) != 1 || !strings.Contains(b.dead[0].body, `"u-2"`) || strings.Contains(b.dead[0].body, `"u-1"`) {
		t.Errorf("the dead one is copied alone, packed: %v", b.dead)
	}
	b.wantLedger(t, map[string]float64{"received": 2, "accepted_by_eventbridge": 1, "dead": 1})

	b = newBench(config.Datadog)
	b.returned(t, sqsMessage("m1", batch("444455556666")))
	if len(b.dead) != 1 || b.dead[0].note.Reason != "foreign" || len(b.delivered) != 0 {
		t.Errorf("a batch of another account: %v", b.dead)
	}
}

// What is backfilled counts apart, has no lag, and is checked like all else; a replay of
// what was dead-lettered of it counts as a replay.
func TestABackfillIsCountedApart(t *testing.T) {
	b := newBench(config.CloudWatch)
	mark := func(replays int) string {
		return fmt.Sprintf(`{"v":1,"stage":"","reason":"","detail":"","version":"v1","receives":0,"replays":%d,"origin":"backfill"}`,
			replays)
	}
	foreign := strings.Replace(envelope("u-2"), ownAccount, "444455556666", 1)
	ids := b.returned(t,
		messageOf("m1", envelope("u-1"), 1, mark(0)), messageOf("m2", foreign, 1, mark(0)),
		messageOf("m3", envelope("u-1"), 1, mark(0)), messageOf("m4", envelope("u-4"), 1, mark(1)),
		sqsMessage("m5", envelope("u-5")))
	if len(ids) != 0 {
		t.Fatalf("%v go back", ids)
	}
	backfill := b.ledger(t, "backfill")
	for word, want := range map[string]float64{"received": 3, "delivered": 1, "duplicate": 1, "dead": 1, "not_from_rule": 3} {
		if backfill[word] != want {
			t.Errorf("backfill: %v %s, want %v", backfill[word], word, want)
		}
	}
	if live, replay := b.ledger(t, ""), b.ledger(t, "replay"); live["received"] != 1 || replay["received"] != 1 {
		t.Errorf("live %v, replay %v", live, replay)
	}
	for line := range strings.Lines(b.emf.String()) {
		if strings.Contains(line, `"origin":"backfill"`) == strings.Contains(line, "lag_ms") {
			t.Errorf("all but a backfill have a lag: %s", line)
		}
	}
	if n := b.dead[0].note; n.Origin != "backfill" || n.Reason != "foreign" {
		t.Errorf("a dead letter forgets where it comes from: %+v", n)
	}
	if !strings.Contains(b.log.String(), `"backfill":{"received":3`) {
		t.Errorf("the log has no ledger of the backfill: %s", b.log.String())
	}
}

func TestAReplayIsCountedApart(t *testing.T) {
	b := newBench(config.CloudWatch)
	attribute := `{"v":1,"stage":"decode","reason":"foreign","first_seen":"2026-08-01T00:00:00Z","receives":7,"replays":2,"eb":{"ERROR_CODE":"X"}}`
	b.returned(
		t,
		messageOf("m1", envelope("u-1"), 1, attribute),
		messageOf("m2", `nonsense`, 1, attribute),
		sqsMessage("m3", envelope("u-3")),
	)
	if live := b.ledger(t, ""); live["received"] != 1 || live["delivered"] != 1 {
		t.Errorf("live: %v", live)
	}
	if replay := b.ledger(t, "replay"); replay["received"] != 2 || replay["delivered"] != 1 || replay["dead"] != 1 {
		t.Errorf("replay: %v", replay)
	}
	for _, r := range b.delivered[0] {
		if want := map[string]int{"u-1": 2}[r.UUID]; r.Replays != want {
			t.Errorf("%s goes out with %d replays, want %d", r.UUID, r.Replays, want)
		}
	}
	n := b.dead[0].note
	if n.Replays != 2 || n.FirstSeen.Format("2006-01-02") != "2026-08-01" || n.EventBridge["ERROR_CODE"] != "X" {
		t.Errorf("what dies again remembers: %+v", n)
	}
}

// A record that makes us panic is poison; its neighbours are not.
func TestAPanicIsOneRecords(t *testing.T) {
	// pipeline.TestAPanicIsOneRecords makes one; here it is enough that a fault
	// of stage normalise goes the way of all poison.
	b := newBench(config.CloudWatch)
	w := work{handler: b.Handler, messages: []message{{id: "m1", body: []byte(envelope("u-1"))}}}
	w.records = []entry{{first: -1, fault: &events.Fault{Reason: "panic", Text: "x", Body: []byte("body")}}}
	w.records[0].Stage = "normalise"
	w.sendDeadLetters(t.Context())
	w.settle()
	if len(b.dead) != 1 || b.dead[0].note.Reason != "panic" || w.messages[0].returned || w.totals[live].Dead != 1 {
		t.Errorf("%+v, %+v", b.dead, w.totals[live])
	}
}

func TestWhatIsNoJSONIsPoison(t *testing.T) {
	b := newBench(config.CloudWatch)
	if _, err := b.Invoke(
		t.Context(),
		[]byte("\xff\xfe"),
	); err != nil || len(b.dead) != 1 ||
		b.dead[0].body != "\xff\xfe" {
		t.Errorf("%v, %v", err, b.dead)
	}
}

// The summary is one line, and names no more than ids.
func TestOneSummaryLine(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.returned(
		t,
		sqsMessage("m1", envelope("u-1")),
		sqsMessage("m2", envelopeOf(`{"uuid":"Homer Simpson <homer@example.com>","eventType":"a.b"}`)),
	)
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d lines: %s", len(lines), b.log.String())
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatal(err)
	}
	if line["msg"] != "invocation" || line["messages"] != 2.0 || line["ledger"] == nil {
		t.Errorf("%v", line)
	}
	if strings.Contains(lines[0], "homer") || strings.Contains(b.emf.String(), "homer") {
		t.Errorf("content in the log: %s", lines[0])
	}
}
