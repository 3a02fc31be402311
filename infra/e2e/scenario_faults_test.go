//go:build e2e

package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// throttled: CloudWatch Logs answers two calls in three with a throttle, for a while.
func (w *world) throttled(t *testing.T) {
	var calls atomic.Int64
	w.gate.set(rule{refuse: func(operation, _ string) string {
		if operation != "PutLogEvents" {
			return ""
		}
		if n := calls.Add(1); n <= 18 && n%3 != 0 {
			return "ThrottlingException"
		}
		return ""
	}})
	w.send(t, some(400)...)
	for d := range w.one {
		w.balance(t, d)
	}
	if refused := w.gate.set(rule{}); refused["ThrottlingException"] < 4 {
		t.Errorf("calls that were throttled: %v; the scenario shows nothing", refused)
	}
}

// killed: of each pipeline's function one environment dies when the destination has
// taken the batch and the function does not know yet, and one before the destination
// has got it.
func (w *world) killed(t *testing.T) {
	copies := map[string]int{}
	hosts := map[string]*host{}
	for d, p := range w.one {
		now := w.standing(t, p)
		copies[d] = now.copies()
		hosts[d] = w.host(p)
	}
	var after, before [2]atomic.Bool
	which := func(operation string) (int, *host) {
		switch operation {
		case "PutLogEvents":
			return 0, hosts["cloudwatch"]
		case "PutEvents":
			return 1, hosts["datadog"]
		}
		return 0, nil
	}
	w.gate.set(rule{
		after: func(operation, function string) {
			if i, h := which(operation); h != nil && after[i].CompareAndSwap(false, true) {
				h.kill(function)
			}
		},
		refuse: func(operation, function string) string {
			if i, h := which(operation); h != nil && after[i].Load() && before[i].CompareAndSwap(false, true) {
				h.kill(function)
				return "KilledMeanwhile"
			}
			return ""
		},
	})
	w.send(t, some(300)...)
	for d := range w.one {
		now := w.balance(t, d)
		if now.copies() <= copies[d] {
			t.Errorf("%s: no event came twice; the function was not killed where it should be", d)
		}
		gone := 0
		for _, fault := range hosts[d].poller.failed {
			if fault == errGone.Error() {
				gone++
			}
		}
		if gone != 2 {
			t.Errorf("%s: %d calls broke off, not 2: %q", d, gone, hosts[d].poller.failed)
		}
	}
	w.gate.set(rule{})
}

// busy: Datadog answers one POST after EventBridge has stopped waiting, and others
// with each status that EventBridge repeats. RetryInvocationAttempts of the delivery
// rule, which the alarm delivery-retrying reads, counts each of them.
func (w *world) busy(t *testing.T) {
	p := w.one["datadog"]
	before := w.standing(t, p)
	w.intake.set(func(n int) mood {
		switch n {
		case 0:
			return mood{slow: 5500 * time.Millisecond}
		case 1, 3:
			return mood{status: 429, retryAfter: "1"}
		case 2:
			return mood{status: 503}
		case 4:
			return mood{status: 401}
		case 5:
			return mood{status: 407}
		case 6:
			return mood{status: 409}
		}
		return mood{}
	})
	repeated := w.repeated(t, "to-datadog")
	w.send(t, some(400)...)
	now := w.balance(t, "datadog")
	w.balance(t, "cloudwatch")
	// What came too late for EventBridge came all the same.
	for end := time.Now().Add(20 * time.Second); now.copies() == before.copies() &&
		time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		now = w.standing(t, p)
	}
	if now.copies() == before.copies() {
		t.Errorf("nothing came twice; the slow answer was in time")
	}
	if posts := w.intake.set(nil); posts < 7 {
		t.Errorf("%d POSTs: the scenario shows nothing", posts)
	}
	// The repetition of the slow POST comes after all events have arrived, so this is
	// asked only now that it has come.
	if n := w.repeated(t, "to-datadog") - repeated; n < 7 {
		t.Errorf("RetryInvocationAttempts of the delivery rule is %d, want 7 or more", n)
	}
}

// repeated is RetryInvocationAttempts of a rule, as the emulator counts it.
func (w *world) repeated(t *testing.T, rule string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "retries"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasSuffix(strings.TrimSpace(line), " "+rule) {
			n++
		}
	}
	return n
}

// hanging: SendMessage to the queue dead gets no answer while poison arrives among
// good events. The good ones are delivered, no call of the function runs out of
// time, and the poison is dead once SQS answers again.
func (w *world) hanging(t *testing.T) {
	p := w.one["cloudwatch"]
	failed := len(w.host(p).poller.failed)
	var calls atomic.Int64
	w.gate.set(rule{hang: func(operation, body string) bool {
		hangs := operation == "SendMessage" && strings.Contains(body, p.Dead[strings.LastIndexByte(p.Dead, '/'):])
		if hangs {
			calls.Add(1)
		}
		return hangs
	}})
	for i := range 5 {
		w.drop(t, p.Buffer, "{not JSON "+strings.Repeat("x", i))
	}
	good := w.send(t, some(100)...)
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		now := w.standing(t, p)
		if len(now.missing(good)) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d good events are not delivered while the queue dead hangs", len(now.missing(good)))
		}
	}
	w.gate.set(rule{})
	if calls.Load() == 0 {
		t.Error("nothing was sent to the queue dead: the scenario shows nothing")
	}
	now := w.balance(t, "cloudwatch")
	w.balance(t, "datadog")
	poison := 0
	for _, l := range now.odd {
		if l.reason == "not_json" && l.queue == "dead" {
			poison++
		}
	}
	if poison < 5 {
		t.Errorf("%d poison messages are dead as not_json, want 5", poison)
	}
	if list := w.host(p).poller.failed[failed:]; len(list) > 0 {
		t.Errorf("calls of the function failed as a whole: %q", list)
	}
}
