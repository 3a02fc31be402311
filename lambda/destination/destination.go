// Package destination makes what delivers the records of a pipeline: the sink of
// its destination and the loop that tries again. The function and the command
// deliver by the same.
package destination

import (
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// concurrency is how many batches are on their way at once. A batch is up to a
// MiB, so that four of them and the records they are made of stay far below the
// function's memory.
const concurrency = 4

// Clients are what the destinations are called with. Only that of the pipeline's
// own destination is used.
type Clients struct {
	Logs cloudwatch.API
	Bus  eventbridge.API
}

// New makes the loop that delivers the records of the pipeline of c. callTimeout
// bounds one call of the destination; 0 is the sink's default, 10 s.
func New(c config.Config, clients Clients, now func() time.Time, callTimeout time.Duration) *sink.Loop {
	if c.Destination == config.Datadog {
		return &sink.Loop{Concurrency: concurrency, Sink: eventbridge.New(clients.Bus, eventbridge.Config{
			Bus: c.DeliveryBus, Pipeline: c.Pipeline, Format: string(c.Format), PackBytes: c.PackBytes,
			Now: now, CallTimeout: callTimeout,
		})}
	}
	return &sink.Loop{Concurrency: concurrency, Sink: cloudwatch.New(clients.Logs, cloudwatch.Config{
		LogGroup: c.LogGroup, RetentionDays: c.RetentionDays, Now: now, CallTimeout: callTimeout,
	})}
}
