//go:build e2e

package e2e

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// secondStack are the settings of the second stack, on a bus that is not its own and
// with a key that is.
func (w *world) secondStack(more ...string) []string {
	return append([]string{"source=" + w.second.source, "bus=existing", "destination=cloudwatch,datadog",
		"secret=datadog/api-key", "kms=own"}, more...)
}

// single: the rule calls the function, one event a call, on a bus that somebody has
// made in the console.
func (w *world) single(t *testing.T) {
	if _, err := w.buses.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &w.second.source,
		EventSourceName: &w.second.source}); err != nil {
		t.Fatalf("associate the source by hand: %v", err)
	}
	w.two = w.deploy(t, "two", w.secondStack("ingest=lambda", "window=1")...)
	for _, p := range w.two {
		w.hasten(t, p, 2*time.Second)
		w.hosts.up(t, p.Name)
	}
	w.hasOneKey(t)
	w.twoSent = w.second.send(t, some(150)...)
	w.balanceTwo(t)

	p := w.two["cloudwatch"]
	h := w.host(p)
	before := h.poller.messages
	// What cannot be delivered goes to the buffer queue, and comes again from there.
	var down atomic.Bool
	down.Store(true)
	w.gate.set(rule{refuse: func(operation, _ string) string {
		if operation == "PutLogEvents" && down.Load() {
			return "AccessDeniedException"
		}
		return ""
	}})
	w.twoSent = w.twoSent.and(w.second.send(t, some(30)...))
	for end := time.Now().Add(patience); !w.hosts.idle() && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if n := w.depth(t, p.Buffer); n != 30 {
		t.Errorf("the buffer queue has %d messages, not the 30 that could not be delivered", n)
	}
	down.Store(false)
	w.balanceTwo(t)
	if h.poller.messages < before+30 {
		t.Errorf("%d messages came from the buffer queue", h.poller.messages-before)
	}

	// Where the buffer queue does not take it either, Lambda calls again, and then
	// keeps what it has called with.
	w.gate.set(rule{refuse: func(operation, _ string) string {
		switch operation {
		case "PutLogEvents", "SendMessage", "SendMessageBatch":
			return "AccessDeniedException"
		}
		return ""
	}})
	lost := w.second.send(t, some(8)...)
	w.twoSent = w.twoSent.and(lost)
	now := w.counts(t, p, w.twoSent)
	w.areDead(t, p, now, lost, "dead", "RetriesExhausted")
	w.gate.set(rule{})
	w.replay(t, "two", p, "--reason", "RetriesExhausted")
	w.balanceTwo(t)
	w.isOCSF(t, w.standing(t, p), w.twoSent)
}

// hasOneKey checks that all queues of the second stack are encrypted with the key that
// the stack has made. Of a log group's key moto knows nothing.
func (w *world) hasOneKey(t *testing.T) {
	t.Helper()
	keys := map[string][]string{}
	for _, p := range w.two {
		for _, queue := range []string{p.Buffer, p.Redrive, p.Dead} {
			out, err := w.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queue,
				AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameKmsMasterKeyId}})
			if err != nil {
				t.Fatalf("look at queue %s: %v", queue, err)
			}
			key := out.Attributes["KmsMasterKeyId"]
			keys[key] = append(keys[key], queue)
		}
	}
	for key := range keys {
		if len(keys) > 1 || !strings.HasPrefix(key, "arn:aws:kms:") {
			t.Errorf("queues by their keys: %v; want one key for all", keys)
			return
		}
	}
}

// balanceTwo compares the counts of the second stack: everything is delivered.
func (w *world) balanceTwo(t *testing.T) {
	t.Helper()
	for _, p := range w.two {
		now := w.counts(t, p, w.twoSent)
		now.all(t, p, w.twoSent)
		t.Logf("%s: %d sent = %d delivered + %d dead; %d copies", p.Name, len(w.twoSent), len(now.delivered),
			len(now.dead), now.copies())
	}
}

// direct: the function goes, and the rule's target is the destination itself.
func (w *world) direct(t *testing.T) {
	names := []string{w.two["cloudwatch"].Name, w.two["datadog"].Name}
	w.two = w.deploy(t, "two", w.secondStack("ingest=rule")...)
	for _, name := range names {
		if w.isDeployed(t, name) {
			t.Errorf("the function of %s is still there", name)
		}
		w.hosts.down(name)
	}
	plain := w.second.send(t, some(100)...)
	w.twoSent = w.twoSent.and(plain)
	w.balanceTwo(t)
	now := w.standing(t, w.two["cloudwatch"])
	logs := w.intake.all()
	for uuid := range plain {
		isEnvelope(t, now.delivered[uuid][0], w.second.source)
		for _, r := range logs[uuid] {
			if r.array || r.query != "ddsource=okta&service=okta" || r.log["eventType"] != plain[uuid] {
				t.Errorf("event %s came to Datadog as an array: %v, query %q, type %v", uuid, r.array, r.query, r.log["eventType"])
			}
		}
	}

	p := w.two["datadog"]
	w.intake.set(func(int) mood { return mood{status: 403} })
	dead := w.second.send(t, some(30)...)
	w.twoSent = w.twoSent.and(dead)
	w.areDead(t, p, w.counts(t, p, w.twoSent), dead, "dead", "SDK_CLIENT_ERROR")
	w.intake.set(nil)
	// There is no queue to go back to: the command hands them over itself.
	w.replay(t, "two", p)
	w.balanceTwo(t)
	for uuid := range dead {
		if r := w.intake.all()[uuid]; len(r) != 1 || r[0].log["ddsource"] != "okta" {
			t.Errorf("event %s was replayed to Datadog as %v", uuid, r)
		}
	}
}
