// Package handler is the function: it takes an invocation apart, delivers the
// records to the destination and answers for each message.
//
// A message is acknowledged only when each of its records has been accepted, is
// filtered, or has been copied to the queue `dead` with its reason. Everything
// else goes back. Whichever call hangs, the function answers before its deadline.
package handler

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// deliverer delivers records to the destination, trying again while ctx lasts.
type deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// deadQueue is the queue `dead`.
type deadQueue interface {
	Send(ctx context.Context, body []byte, note deadletter.Note) error
}

// bufferQueue is the buffer queue, to which an event that came without it is sent
// when the destination does not take it now.
type bufferQueue interface {
	Forward(ctx context.Context, body []byte, attribute string) error
}

// Handler handles invocations. It is for one at a time, which is how Lambda
// invokes a function.
type Handler struct {
	Config  config.Config
	Deliver deliverer
	Dead    deadQueue
	Buffer  bufferQueue
	Unpack  *eventbridge.Unpacker // nil where the destination packs nothing
	Metrics io.Writer
	Log     *slog.Logger
	Now     func() time.Time
	Version string

	pipeline *pipeline.Pipeline
	// What the last invocation needed, for the next one.
	parser  parser
	window  pipeline.Window
	records []entry
	out     []byte
}

// Invoke handles one invocation: payload is what invoked the function, the
// result what it answers. An SQS batch is answered with the messages that are to
// come again; everything else with nothing, or with an error so that Lambda
// tries again.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, errNoPayload
	}
	if h.pipeline == nil {
		h.pipeline = h.Config.NewPipeline()
	}
	started := h.Now()
	in, err := h.parser.parse(payload)
	if err != nil {
		// What is not JSON cannot have come from EventBridge, SQS or Lambda.
		in = invocation{messages: []message{{body: payload}}}
	}
	steps := stepsOf(ctx)
	w := newWork(h, in.messages)
	h.window.Reset()
	w.decode()
	h.out, h.records = w.out, w.records
	after := 2 // steps that come after delivery
	if !in.queue {
		after = 3
	}
	steps.run(ctx, after, w.deliver)
	steps.run(ctx, after-1, w.sendDeadLetters)
	w.settle()
	err = nil
	if !in.queue {
		steps.run(ctx, 1, func(ctx context.Context) { err = w.buffer(ctx) })
	}
	w.account()
	w.report(h.Now().Sub(started))
	clear(w.records) // what they held is not kept
	if in.queue {
		return w.answer(), nil
	}
	return nil, err
}

// steps divide the end of an invocation: each step after delivery has one second,
// or a sixth of the time there is, where that is less. The last is for answering.
type steps struct {
	deadline time.Time // the zero time without one
	each     time.Duration
}

func stepsOf(ctx context.Context) steps {
	deadline, ok := ctx.Deadline()
	if !ok {
		return steps{}
	}
	return steps{deadline, min(time.Second, max(time.Until(deadline), 0)/6)}
}

// run runs do with a context that ends so early that after more steps have time.
func (s steps) run(ctx context.Context, after int, do func(context.Context)) {
	if !s.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, s.deadline.Add(-time.Duration(after)*s.each))
		defer cancel()
	}
	do(ctx)
}

// errNoPayload is the answer to an invocation without a payload, in which there
// is nothing to deliver or to keep.
var errNoPayload = errors.New(
	"the invocation has no payload: invoke the function with an SQS batch or with EventBridge events")

// errNotTaken is the answer to an event that came without a queue and could be
// sent neither to the destination nor to the queue.
var errNotTaken = errors.New("the event was neither delivered nor buffered; Lambda will try again")

// buffer sends what an invocation without a queue could not deliver to the
// buffer queue, from where it comes again for as long as the outage budget says;
// Lambda alone would give up after three minutes.
func (w *work) buffer(ctx context.Context) error {
	for i := range w.messages {
		m := &w.messages[i]
		if !m.returned {
			continue
		}
		if err := w.handler.Buffer.Forward(ctx, m.body, m.attribute); err != nil {
			m.notBuffered = err
			w.lost = true
		}
	}
	if w.lost {
		return errNotTaken
	}
	return nil
}

// account writes the ledgers as metrics.
func (w *work) account() {
	for i := range w.totals {
		t := &w.totals[i]
		if t.Received == 0 {
			continue
		}
		err := ledger.WriteMetrics(w.handler.Metrics, w.handler.Config.Pipeline, t.origin, w.handler.Now(), t.Ledger, t.lagMS)
		if err != nil {
			w.handler.Log.Error("metrics were not written", "error", err.Error())
		}
	}
}
