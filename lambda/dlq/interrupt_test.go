package dlq_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// death is a process that is killed at its nth call: nothing that it does from
// then on reaches AWS or a disk. Where late is set the call itself still does, but
// its answer is not heard.
type death struct {
	at    int
	late  bool
	then  func() // at that moment
	mu    sync.Mutex
	calls int
}

var errDead = errors.New("the process is dead")

func (d *death) kill(o *sqs.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(
			middleware.InitializeMiddlewareFunc(
				"death",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					d.mu.Lock()
					d.calls++
					dead, dying := d.calls > d.at, d.calls == d.at
					if dying && !d.late {
						d.then()
					}
					d.mu.Unlock()
					if dead || dying && !d.late {
						return middleware.InitializeOutput{}, middleware.Metadata{}, errDead
					}
					out, metadata, err := next.HandleInitialize(ctx, in)
					if dying {
						d.mu.Lock()
						d.then()
						d.mu.Unlock()
						return middleware.InitializeOutput{}, middleware.Metadata{}, errDead
					}
					return out, metadata, err
				},
			),
			middleware.Before,
		)
	})
}

// faults are drawn for each call, and each entry of a batch.
func faults(t *rapid.T) func(awsfake.Call) awsfake.Fault {
	var mu sync.Mutex
	seed := rapid.SliceOfN(rapid.IntRange(0, 19), 1, 60).Draw(t, "faults")
	n := 0
	return func(call awsfake.Call) awsfake.Fault {
		mu.Lock()
		defer mu.Unlock()
		n++
		switch seed[n%len(seed)] {
		case 0:
			return awsfake.Fault{Throttle: true}
		case 1:
			return awsfake.Fault{Status: 500}
		case 2:
			return awsfake.Fault{Reset: true}
		case 3:
			return awsfake.Fault{ResetAfter: true}
		case 4:
			return awsfake.Fault{FailEntries: []int{0, 3, 4}}
		case 5:
			return awsfake.Fault{FailEntries: []int{n % 10}, Code: "InternalError"}
		}
		return awsfake.Fault{}
	}
}

// Wherever a replay is interrupted, by a kill at any call, by Ctrl-C, by faults of
// any call and of single entries: what was in the queues is in them, or in the
// buffer, or in both; what is there twice is the same to the byte, and so has the
// same uuid; what is unknown is where it was; what is gone is in the audit. And
// going on brings all of it back.
func TestNothingIsLostWhereverItIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		n := rapid.IntRange(1, 60).Draw(rt, "messages")
		w.fill(t, n)
		before := w.bodies("redrive", "dead")
		ids := map[string]bool{}
		for _, q := range []string{"redrive", "dead"} {
			for _, m := range w.Messages(q) {
				ids[m.ID] = true
			}
		}
		name := filepath.Join(dir, "audit")
		os.Remove(name)
		var atDeath []byte
		d := &death{
			at:   rapid.IntRange(1, 40).Draw(rt, "dies at call"),
			late: rapid.Bool().Draw(rt, "late"),
			then: func() { atDeath, _ = os.ReadFile(name) },
		}
		if rapid.Bool().Draw(rt, "with faults") {
			w.SetFaults(faults(rt))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		kill := rapid.Bool().Draw(rt, "killed") // else interrupted
		if !kill {
			then := d.then
			d.then = func() { then(); cancel() }
		}
		run := func(ctx context.Context, change func(*sqs.Options)) {
			api := w.client(change)
			audit, err := dlq.OpenAudit(name, w.clock.now())
			if err != nil {
				rt.Fatal(err)
			}
			defer audit.Close()
			for _, q := range [][2]string{{w.redrive, "redrive"}, {w.dead, "dead"}} {
				queue, err := dlq.Open(ctx, api, q[0], q[1], w.clock.now)
				if err != nil {
					continue
				}
				queue.FirstWait = time.Millisecond
				r := w.replay(queue)
				r.Target = &dlq.Buffer{API: api, URL: w.buffer, FirstWait: time.Millisecond}
				r.Audit, r.Force = audit, true
				// What comes of it is seen in the queues.
				_, _ = r.Run(ctx)
			}
		}
		check := func(when string) {
			if l := lost(before, w.bodies("redrive", "dead", "buffer")); len(l) > 0 {
				rt.Fatalf("%s: %d of %d lost: %.200v", when, len(l), n, l)
			}
			for body := range w.bodies("buffer") {
				if before[body] == 0 {
					rt.Fatalf("%s: the buffer has what was never dead: %.200s", when, body)
				}
			}
			for body := range before {
				if contains(body, `"hello"`) && w.bodies("dead")[body] != 1 {
					rt.Fatalf("%s: the unknown message is not where it was", when)
				}
			}
		}
		run(ctx, d.kill)
		check("after the interruption")
		if kill && d.calls >= d.at {
			// The disk is as it was at that moment.
			if err := os.WriteFile(name, atDeath, 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		audited := map[string]bool{}
		for _, l := range lines(t, name) {
			if l.Outcome == dlq.Replayed {
				audited[l.MessageID] = true
			}
		}
		for _, m := range append(w.Messages("redrive"), w.Messages("dead")...) {
			delete(ids, m.ID)
		}
		for id := range ids {
			if !audited[id] {
				rt.Fatalf("message %s is gone and the audit does not know it", id)
			}
		}

		// Go on, without faults.
		w.SetFaults(nil)
		w.clock.add(dlq.Hidden + time.Minute)
		inBuffer := len(w.Messages("buffer"))
		waiting := 0
		for _, m := range append(w.Messages("redrive"), w.Messages("dead")...) {
			if !audited[m.ID] && !contains(m.Body, `"hello"`) {
				waiting++
			}
		}
		run(t.Context(), nil)
		check("after going on")
		if left := len(w.Messages("redrive")) + len(w.Messages("dead")); left != n/len(forms) {
			rt.Fatalf("%d left, want the %d unknown", left, n/len(forms))
		}
		if got := len(w.Messages("buffer")) - inBuffer; got != waiting {
			rt.Fatalf("going on sent %d, want %d: what the audit knows is not sent again", got, waiting)
		}
	})
}

// Ctrl-C in the middle of a send does not make copies: what has begun is ended.
func TestAnInterruptedSendIsEnded(t *testing.T) {
	w := newWorld(t)
	some(w, 100)
	ctx, cancel := context.WithCancel(t.Context())
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" {
			cancel()
			return awsfake.Fault{Delay: 20 * time.Millisecond}
		}
		return awsfake.Fault{}
	})
	report, err := w.replay(w.open(t, w.dead, "dead")).Run(ctx)
	sent, left := len(w.Messages("buffer")), len(w.Messages("dead"))
	if !errors.Is(err, context.Canceled) || sent == 0 || sent+left != 100 || report.Outcomes[dlq.Replayed] != sent {
		t.Errorf("%v: %d sent, %d left of 100, %v", err, sent, left, report.Outcomes)
	}
	if n := visible(w, "dead"); n != left {
		t.Errorf("%d of %d were given back", n, left)
	}
}
