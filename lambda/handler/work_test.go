package handler

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
)

// arrayOf is the body of a message of n events.
func arrayOf(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = envelope(fmt.Sprintf("u-%d", i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// packedOf is a packed batch of n logs.
func packedOf(n int) string {
	logs := make([]string, n)
	for i := range logs {
		logs[i] = fmt.Sprintf(`{"uuid":"u-%d","date":"2026-09-01T10:11:12.345Z","ddsource":"okta"}`, i)
	}
	return fmt.Sprintf(
		`{"id":"e","detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"detail":{"logs":[%s],`+
			`"batch":{"v":1,"id":"b","pipeline":"okta-datadog","format":"datadog","packed_at":"2026-09-01T10:11:12.345Z",`+
			`"count":%d,"restamped":0,"replays":0}}}`,
		ownAccount,
		strings.Join(logs, ","),
		n,
	)
}

func batchOf(messages ...string) []byte {
	return []byte(`{"Records":[` + strings.Join(messages, ",") + `]}`)
}

const replayed = `{"v":1,"stage":"deliver","reason":"refused","detail":"d","version":"v1",` +
	`"first_seen":"2026-06-22T22:37:12Z","receives":3,"replays":1,"eb":{"ERROR_CODE":"NO_PERMISSIONS"}}`

// What a message says of itself is read once, not for each of its records.
func TestTheAttributeIsReadOnceAMessage(t *testing.T) {
	invoke := func(attribute string) (bytes, objects uint64) {
		b := newBench(config.CloudWatch)
		payload := batchOf(messageOf("m1", arrayOf(1000), 1, attribute))
		run := func() {
			b.emf.Reset()
			b.log.Reset()
			b.delivered = nil
			if _, err := b.Invoke(t.Context(), payload); err != nil {
				t.Fatal(err)
			}
		}
		run() // what is kept from one invocation to the next is there now
		return allocated(run)
	}
	bytes, objects := invoke("")
	replayedBytes, replayedObjects := invoke(replayed)
	if float64(replayedObjects) > 1.1*float64(objects) || float64(replayedBytes) > 1.1*float64(bytes) {
		t.Errorf("1,000 events cost %d allocations of %d bytes, and with the attribute %d of %d",
			objects, bytes, replayedObjects, replayedBytes)
	}
}

// What is refused of one message is cut out of its body in one pass.
func TestRefusedRecordsOfAMessageAreCutOutInOnePass(t *testing.T) {
	const n = 2000
	for destination, body := range map[config.Destination]string{config.CloudWatch: arrayOf(n), config.Datadog: packedOf(n)} {
		payload := batchOf(sqsMessage("m1", body))
		fastest := func(state sink.State) time.Duration {
			b := newBench(destination)
			b.outcome = func(r sink.Record) sink.Answer {
				if r.UUID == "u-0" {
					return sink.Answer{State: sink.Accepted}
				}
				return sink.Answer{State: state, Reason: events.Refused, Detail: "no"}
			}
			best := time.Hour
			for range 3 {
				start := time.Now()
				if _, err := b.Invoke(t.Context(), payload); err != nil {
					t.Fatal(err)
				}
				best = min(best, time.Since(start))
			}
			return best
		}
		accepted, refused := fastest(sink.Accepted), fastest(sink.Dead)
		if refused > 10*accepted {
			t.Errorf("%s: %d refused take %v, accepted %v", destination, n, refused, accepted)
		}
	}
}

// Each letter is cut out by itself up to the limit, and the work for that is one
// pass, too.
func TestEachOfAHundredRefusedRecordsIsCopiedAlone(t *testing.T) {
	for destination, body := range map[config.Destination]string{
		config.CloudWatch: arrayOf(maxDeadLetters + 20), config.Datadog: packedOf(maxDeadLetters + 20),
	} {
		b := newBench(destination)
		b.outcome = func(r sink.Record) sink.Answer {
			if n, _ := strconv.Atoi(strings.TrimPrefix(r.UUID, "u-")); n < 20 {
				return sink.Answer{State: sink.Accepted}
			}
			return sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "no"}
		}
		if ids := b.returned(t, sqsMessage("m1", body)); len(ids) != 0 || len(b.dead) != maxDeadLetters {
			t.Fatalf("%s: %v come again, %d dead letters", destination, ids, len(b.dead))
		}
		for _, d := range b.dead {
			if strings.Count(d.body, `"uuid"`) != 1 || !strings.Contains(d.body, fmt.Sprintf("%q", d.note.UUID)) ||
				d.note.Count != 0 {
				t.Errorf("%s: the letter of %s is %s", destination, d.note.UUID, d.body)
			}
		}
	}
}

// A message of more is copied once, with their number.
func TestAMessageOfVeryManyDeadRecordsIsCopiedOnce(t *testing.T) {
	body := "[" + strings.Repeat("1,", 19_999) + "1]"
	b := newBench(config.CloudWatch)
	if ids := b.returned(t, sqsMessage("m1", body), sqsMessage("m2", envelope("u-1"))); len(ids) != 0 || len(b.dead) != 1 {
		t.Fatalf("%v come again, %d dead letters", ids, len(b.dead))
	}
	if d := b.dead[0]; d.body != body || d.note.Count != 20_000 || d.note.Reason != string(events.NotOkta) ||
		d.note.UUID != "" {
		t.Errorf("%+v", d.note)
	}
	b.wantLedger(t, map[string]float64{"received": 20_001, "delivered": 1, "dead": 20_000})

	b = newBench(config.CloudWatch)
	b.deadErr = context.DeadlineExceeded
	if ids := b.returned(t, sqsMessage("m1", body)); len(ids) != 1 {
		t.Errorf("%v come again", ids)
	}
	b.wantLedger(t, map[string]float64{"received": 20_000, "returned": 20_000, "dead_letter_failed": 20_000})
}

func TestTheSummaryIsBounded(t *testing.T) {
	b := newBench(config.CloudWatch)
	b.outcome = func(sink.Record) sink.Answer { return sink.Answer{} }
	messages := make([]string, 6700)
	for i := range messages {
		messages[i] = sqsMessage(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), envelope(fmt.Sprintf("u-%d", i)))
	}
	if ids := b.returned(t, messages...); len(ids) != len(messages) {
		t.Errorf("%d come again", len(ids))
	}
	if line := b.log.String(); len(line) > 8<<10 || !strings.Contains(line, `"returned_not_listed":6650`) {
		t.Errorf("a line of %d bytes", len(line))
	}
}

func TestNoPayloadIsNotTakenForAnEvent(t *testing.T) {
	b := newBench(config.CloudWatch)
	if _, err := b.Invoke(
		t.Context(),
		nil,
	); err == nil || !strings.Contains(err.Error(), "no payload") ||
		len(b.dead)+len(b.buffered) != 0 {
		t.Errorf("%v, %v, %v", err, b.dead, b.buffered)
	}
}
