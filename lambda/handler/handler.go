// Package handler handles the invocations of the function: it takes an invocation apart,
// delivers the records to the destination and answers for each message.
//
// A message is acknowledged only when each of its records has been accepted, is filtered,
// or has been copied to the queue `dead` with its reason. Every other message goes back to
// its queue. The function answers before its deadline, even if a call hangs.
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

// deliverer delivers records to the destination, and tries again until ctx ends.
type deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// deadQueue is the queue `dead`.
type deadQueue interface {
	Send(ctx context.Context, body []byte, note deadletter.Note) error
}

// bufferQueue is the buffer queue, to which an event that came without a queue is sent
// when the destination does not accept it now.
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
	// Memory that the next invocation uses again.
	parser  parser
	window  pipeline.Window
	records []entry
	out     []byte
}

// Invoke handles one invocation and returns its response. The response to an SQS batch
// names the messages that SQS has to deliver again. To any other payload it is empty, or an
// error, after which Lambda tries again.
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
	clear(w.records) // so that their content is not kept
	if in.queue {
		return w.answer(), nil
	}
	return nil, err
}

// steps divide the end of an invocation: each step after delivery has one second,
// or a sixth of the time that is left, where that is less. The last is for the response.
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

// run runs do with a context that leaves the time of `after` more steps.
func (s steps) run(ctx context.Context, after int, do func(context.Context)) {
	if !s.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, s.deadline.Add(-time.Duration(after)*s.each))
		defer cancel()
	}
	do(ctx)
}

// errNoPayload is the error of an invocation without a payload.
var errNoPayload = errors.New(
	"the invocation has no payload: invoke the function with an SQS batch or with EventBridge events")

// errNotTaken is the error of an event that came without a queue and could be sent neither
// to the destination nor to the buffer queue.
var errNotTaken = errors.New("the event was neither delivered nor buffered; Lambda will try again")

// buffer sends what an invocation without a queue could not deliver to the buffer queue,
// which delivers it again for outageHours; Lambda alone would give up after three minutes.
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
