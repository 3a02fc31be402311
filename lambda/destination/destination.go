// Package destination makes what delivers the records of a pipeline: the sink of
// its destination and the loop that tries again. The function and the command
// deliver by the same.
package destination

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// concurrency is how many batches are on their way at once. A batch is up to a
// MiB, for Datadog over HTTPS up to 5 MB; the payload of an invocation has 6 MB at most,
// so that the batches and the records they are made of stay far below the function's
// memory.
const concurrency = 4

// Clients are what the destinations are called with. Only those that the pipeline's
// own destination needs are used.
type Clients struct {
	Logs cloudwatch.API
	Bus  eventbridge.API
	// Objects is the store of the archive.
	Objects archive.Putter
	// Secrets reads the secret of a destination over HTTPS, unless Secret has it.
	Secrets SecretsAPI
	Secret  https.Secret
	// Credentials sign requests to a destination that asks for SigV4.
	Credentials aws.CredentialsProvider
	// HTTP is the client of a destination over HTTPS; nil is the sink's own.
	HTTP *http.Client
}

// New makes the loop that delivers the records of the pipeline of c. callTimeout
// bounds one call of the destination; 0 is the sink's default, 10 s. The error is of
// settings of a destination over HTTPS that config.Read would not have accepted.
func New(c config.Config, clients Clients, now func() time.Time, callTimeout time.Duration) (*sink.Loop, error) {
	s, err := newSink(c, clients, now, callTimeout)
	if err != nil {
		return nil, fmt.Errorf("destination %s: %w", c.Destination, err)
	}
	return &sink.Loop{Concurrency: concurrency, Sink: s}, nil
}

func newSink(
	c config.Config, clients Clients, now func() time.Time, callTimeout time.Duration,
) (sink.BatchSink, error) {
	switch route := c.Route(); {
	case route.Destination == config.Archive:
		return archive.New(clients.Objects, archive.Config{Now: now, CallTimeout: callTimeout}), nil
	case route.Transport == config.EventBridge:
		return eventbridge.New(clients.Bus, eventbridge.Config{
			Bus: c.DeliveryBus, Pipeline: c.Pipeline, Format: string(c.Format), PackBytes: c.PackBytes,
			Now: now, CallTimeout: callTimeout,
		}), nil
	case route.Transport == config.HTTPS:
		h := c.HTTPS
		h.Preset, h.Format = string(c.Destination), string(c.Format)
		h.Credentials, h.Client, h.Now, h.CallTimeout = clients.Credentials, clients.HTTP, now, callTimeout
		switch {
		case clients.Secret != nil:
			h.Secret = clients.Secret
		case c.Secret != "":
			h.Secret = secret(clients.Secrets, c.Secret, c.SecretField, now)
		}
		return https.New(h)
	}
	return cloudwatch.New(clients.Logs, cloudwatch.Config{
		LogGroup: c.LogGroup, RetentionDays: c.RetentionDays, Now: now, CallTimeout: callTimeout,
	}), nil
}
