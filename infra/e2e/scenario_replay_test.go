//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// refused: Datadog has withdrawn the key, and later is down for longer than
// EventBridge tries. Everything is dead with a reason; once Datadog is well again,
// one command brings it all back.
func (w *world) refused(t *testing.T) {
	p := w.one["datadog"]
	w.intake.set(func(int) mood { return mood{status: 403} })
	batch := w.send(t, some(150)...)
	now := w.counts(t, p, w.sent["datadog"])
	w.areDead(t, p, now, batch, "dead", "SDK_CLIENT_ERROR")

	w.intake.set(func(int) mood { return mood{status: 503} })
	later := w.send(t, some(40)...)
	now = w.counts(t, p, w.sent["datadog"])
	w.areDead(t, p, now, later, "dead", "SDK_CLIENT_ERROR")

	w.intake.set(nil)
	if n := w.listed(t, "one", p, "SDK_CLIENT_ERROR"); n != len(batch)+len(later) {
		t.Errorf("dlq list finds %d events that Datadog refused, not %d", n, len(batch)+len(later))
	}
	w.replay(t, "one", p, "--reason", "SDK_CLIENT_ERROR")
	w.balance(t, "datadog")
	w.balance(t, "cloudwatch")
}

// exhausted: the function may not write into the log group for longer than the
// outage budget.
func (w *world) exhausted(t *testing.T) {
	p := w.one["cloudwatch"]
	w.hasten(t, p, time.Second)
	w.gate.set(rule{refuse: func(operation, _ string) string {
		if operation == "PutLogEvents" {
			return "AccessDeniedException"
		}
		return ""
	}})
	batch := w.send(t, some(150)...)
	now := w.counts(t, p, w.sent["cloudwatch"])
	w.areDead(t, p, now, batch, "redrive", "exhausted")
	if refused := w.gate.set(rule{}); refused["AccessDeniedException"] < p.MaxReceiveCount {
		t.Errorf("calls that were refused: %v: a message was not tried %d times", refused, p.MaxReceiveCount)
	}
	if n := w.listed(t, "one", p, "exhausted"); n != len(batch) {
		t.Errorf("dlq list finds %d exhausted events, not %d", n, len(batch))
	}
	w.hasten(t, p, calm)
	w.replay(t, "one", p, "--in", "redrive")
	w.balance(t, "cloudwatch")
	w.balance(t, "datadog")
}

// areDead checks that all of these are dead in a queue for a reason, and were not
// delivered.
func (w *world) areDead(t *testing.T, p pipeline, now standing, all sent, queue, reason string) {
	t.Helper()
	for uuid := range all {
		if l := now.dead[uuid]; l.queue != queue || l.reason != reason || len(now.delivered[uuid]) > 0 {
			t.Errorf("%s: event %s is dead in %q for %q and delivered %d times; it should be dead in %s for %s alone",
				p.Name, uuid, l.queue, l.reason, len(now.delivered[uuid]), queue, reason)
			return
		}
	}
	t.Logf("%s: %d dead in %s: %s", p.Name, len(all), queue, reason)
}

// listed is how many events `dlq list` finds for a reason.
func (w *world) listed(t *testing.T, stack string, p pipeline, reason string) int {
	t.Helper()
	out := w.oktastream(t, "dlq", "list", "--stack", stack, "--pipeline", p.Name, "--reason", reason, "--json")
	n := 0
	for _, group := range gjson.Get(out, "groups").Array() {
		n += int(group.Get("events").Int())
	}
	return n
}

// replay brings dead messages back: a dry run first, which changes nothing, then in
// earnest, with an audit of each.
func (w *world) replay(t *testing.T, stack string, p pipeline, which ...string) {
	t.Helper()
	arguments := append([]string{"dlq", "replay", "--stack", stack, "--pipeline", p.Name, "--json"}, which...)
	var planned, done struct {
		Queues []struct{ Outcomes map[string]int }
	}
	sum := func(queues []struct{ Outcomes map[string]int }, outcome string) (n int) {
		for _, q := range queues {
			n += q.Outcomes[outcome]
		}
		return n
	}
	decode(t, []byte(w.oktastream(t, arguments...)), &planned)
	audit := filepath.Join(w.dir, "audit.jsonl")
	decode(t, []byte(w.oktastream(t, append(arguments, "--yes", "--audit", audit)...)), &done)
	if would, did := sum(planned.Queues, "would_replay"), sum(done.Queues, "replayed"); would == 0 || would != did {
		t.Errorf("%s: a dry run would bring %d messages back, and %d came: %+v", p.Name, would, did, done)
	}
	text, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if !json.Valid(line) {
			t.Errorf("a line of the audit is no JSON: %s", line)
		}
	}
	t.Logf("%s: %d messages replayed", p.Name, sum(done.Queues, "replayed"))
}
