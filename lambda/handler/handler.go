// Package handler is the function: it takes whatever invokes it apart, brings
// the records to the destination and answers for each message.
//
// A message is acknowledged only when each of its records has been accepted, is
// not wanted, or has been copied to the queue `dead` with its reason. Everything
// else goes back.
package handler

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// Deliverer brings records to the destination, trying again while ctx lasts.
type Deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// Dead is the queue `dead`.
type Dead interface {
	Send(ctx context.Context, body []byte, note deadletter.Note) error
}

// Buffer is the buffer queue, to which an event that came without it is sent
// when the destination does not take it now.
type Buffer interface {
	Forward(ctx context.Context, body []byte, attribute string) error
}

// Unpacker takes a batch of ours apart that came back out of a queue.
type Unpacker interface {
	// Unpack returns the records of a packed batch as they were put into it, and
	// false where body is no packed batch.
	Unpack(body []byte) (records []sink.Record, packed bool, fault *events.Fault)
	// Alone is the packed batch body with nothing in it but its nth record.
	Alone(body []byte, nth int) []byte
}

// Handler handles invocations. It is for one at a time, which is how Lambda
// invokes a function.
type Handler struct {
	Config  config.Config
	Deliver Deliverer
	Dead    Dead
	Buffer  Buffer
	Unpack  Unpacker // nil where the destination packs nothing
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

// margin is how long before the deadline delivery stops: time to copy poison, to
// write the metrics and to answer.
const margin = 2 * time.Second

// Own is the pipeline of a function with configuration c.
func Own(c config.Config) *pipeline.Pipeline {
	return pipeline.New(pipeline.Config{
		Format:  c.Format,
		Filter:  c.Filter,
		Datadog: c.Datadog,
		Own:     &pipeline.Origin{Source: c.Source, Account: c.Account, Region: c.Region},
		KeepRaw: c.KeepRaw(),
	})
}

// Invoke handles one invocation: payload is what invoked the function, the
// result what it answers. An SQS batch is answered with the messages that are to
// come again; everything else with nothing, or with an error so that Lambda
// tries again.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.pipeline == nil {
		h.pipeline = Own(h.Config)
	}
	started := h.Now()
	in, err := h.parser.parse(payload)
	if err != nil {
		// What is no JSON cannot have come from EventBridge, SQS or Lambda.
		in = invocation{messages: []message{{body: payload}}}
	}
	b := &work{handler: h, messages: in.messages, out: h.out[:0], records: h.records[:0]}
	h.window.Reset()
	b.decode()
	h.out, h.records = b.out, b.records
	delivery, cancel := withMargin(ctx)
	defer cancel()
	b.deliver(delivery)
	b.bury(ctx)
	b.settle()
	if !in.queue {
		err = b.buffer(ctx)
	} else {
		err = nil
	}
	b.account()
	b.report(h.Now().Sub(started))
	clear(b.records) // what they held is not kept
	if in.queue {
		return b.answer(), nil
	}
	return nil, err
}

func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-margin))
	}
	return context.WithCancel(ctx)
}

// errNotTaken is the answer to an event that came without a queue and could be
// brought neither to the destination nor to the queue.
var errNotTaken = errors.New("the event was neither delivered nor buffered; Lambda will try again")

// buffer sends what an invocation without a queue could not deliver to the
// buffer queue, from where it comes again for as long as the outage budget says;
// Lambda alone would give up after three minutes.
func (b *work) buffer(ctx context.Context) error {
	for i := range b.messages {
		m := &b.messages[i]
		if !m.returned {
			continue
		}
		if err := b.handler.Buffer.Forward(ctx, m.body, m.attribute); err != nil {
			m.notBuffered = err
			b.lost = true
		}
	}
	if b.lost {
		return errNotTaken
	}
	return nil
}

// account writes the ledgers as metrics.
func (b *work) account() {
	for _, origin := range []struct {
		replay bool
		totals *totals
	}{{false, &b.live}, {true, &b.replay}} {
		if origin.totals.Received == 0 {
			continue
		}
		if err := ledger.WriteMetrics(b.handler.Metrics, b.handler.Config.Pipeline, origin.replay, b.handler.Now(), origin.totals.Ledger, origin.totals.lagMS); err != nil {
			b.handler.Log.Error("metrics were not written", "error", err.Error())
		}
	}
}
