//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// everyEvent sends every type of event that Okta has published twice, and among them
// what can never be delivered.
func (w *world) everyEvent(t *testing.T) {
	types := everyType(2)
	w.send(t, types[:1000]...)
	lacking := w.poison(t)
	w.send(t, types[1000:]...)
	for d, p := range w.one {
		// What no rule would let through, but somebody may put into the queue.
		w.drop(t, p.Buffer, "no JSON: e2e-broken-"+d)
		_, detail := w.first.event(t, "user.session.start")
		w.drop(t, p.Buffer,
			`{"version":"0","id":"1","detail-type":"SystemLog","source":"`+p.Source+`","account":"999999999999","time":"2026-11-01T00:00:00Z","region":"`+
				region+`","resources":[],"detail":`+strings.Replace(string(detail), `"uuid":"`, `"uuid":"e2e-foreign-`, 1)+`}`)
	}
	for d := range w.one {
		now := w.balance(t, d)
		for uuid := range lacking {
			if l := now.dead[uuid]; l.queue != "dead" || l.reason != "missing_field" {
				t.Errorf("%s: the event without a type is in %q with reason %q", d, l.queue, l.reason)
			}
		}
		reasons := map[string]int{}
		for _, l := range now.odd {
			reasons[l.reason]++
			if l.reason == "not_json" && l.body != "no JSON: e2e-broken-"+d {
				t.Errorf("%s: the body of a dead message was changed: %q", d, l.body)
			}
		}
		for uuid, l := range now.dead {
			if strings.HasPrefix(uuid, "e2e-foreign-") {
				reasons[l.reason]++
			}
		}
		// One without a uuid, one that is no JSON, one of another account.
		if want := map[string]int{"missing_field": 1, "not_json": 1, "foreign": 1}; !maps.Equal(reasons, want) {
			t.Errorf("%s: reasons of what is dead: %v, not %v", d, reasons, want)
		}
		if d == "cloudwatch" {
			w.isOCSF(t, now, w.sent[d])
		}
	}
	w.isDatadog(t, w.first.source, w.sent["datadog"])
	for d, p := range w.one {
		host := w.host(p)
		t.Logf("%s: %d messages in %d batches, the largest %d of %d", d, host.poller.messages, host.poller.batches,
			host.poller.largest, host.poller.BatchSize)
		if host.poller.largest < host.poller.BatchSize/2 {
			t.Errorf("%s: no batch was larger than %d: nothing is batched", d, host.poller.largest)
		}
		for _, fault := range host.poller.failed {
			t.Errorf("%s: a call failed: %s", d, fault)
		}
		if strings.Contains(host.log(), "example.com") {
			t.Errorf("%s: the function's own log has content of events", d)
		}
	}
}

// poison sends, as Okta, an event without a type and one without a uuid. It gives
// the one that has a uuid.
func (w *world) poison(t *testing.T) sent {
	t.Helper()
	var entries []types.PutPartnerEventsRequestEntry
	lacking := sent{}
	for _, field := range []string{"eventType", "uuid"} {
		uuid, detail := w.first.event(t, "user.session.start")
		var fields map[string]json.RawMessage
		decode(t, detail, &fields)
		delete(fields, field)
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, w.first.entry(text))
		if field != "uuid" {
			lacking[uuid] = ""
		}
	}
	w.first.put(t, entries)
	for d := range w.sent {
		w.sent[d], w.dead[d] = w.sent[d].and(lacking), w.dead[d].and(lacking)
	}
	return lacking
}

// host is the running function of a pipeline.
func (c *cloud) host(p pipeline) *host {
	c.hosts.mu.Lock()
	defer c.hosts.mu.Unlock()
	for _, running := range c.hosts.running {
		if running.Environment.Variables["OKTASTREAM_PIPELINE"] == p.Name {
			return running
		}
	}
	panic("no function of " + p.Name + " is hosted")
}
