package config

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// concurrency is how many batches are sent at the same time. A batch is up to a MiB, for
// Datadog over HTTPS up to 5 MB; the payload of an invocation has 6 MB at most, so that
// batches and records need far less than the function's memory.
const concurrency = 4

// Clients are the clients of the destinations. Only those that the pipeline's own
// destination needs are used.
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

// NewLoop makes the loop that delivers the records of the pipeline. callTimeout bounds one
// call of the destination; 0 is sink.CallTimeout. The error is of settings of a destination
// over HTTPS that Read would not have accepted.
func (c Config) NewLoop(clients Clients, now func() time.Time, callTimeout time.Duration) (*sink.Loop, error) {
	loop := &sink.Loop{Concurrency: concurrency}
	switch route := c.Route(); {
	case route.Destination == Archive:
		loop.Sink = archive.New(clients.Objects, archive.Config{Now: now, CallTimeout: callTimeout})
	case route.Transport == EventBridge:
		loop.Sink = eventbridge.New(clients.Bus, eventbridge.Config{
			Bus: c.DeliveryBus, Pipeline: c.Pipeline, Format: string(c.Format), PackBytes: c.PackBytes,
			Now: now, CallTimeout: callTimeout,
		})
	case route.Transport == HTTPS:
		h := c.HTTPS
		h.Preset, h.Format = string(c.Destination), string(c.Format)
		h.Credentials, h.Client, h.Now, h.CallTimeout = clients.Credentials, clients.HTTP, now, callTimeout
		switch {
		case clients.Secret != nil:
			h.Secret = clients.Secret
		case c.Secret != "":
			h.Secret = secret(clients.Secrets, c.Secret, c.SecretField, now)
		}
		s, err := https.New(h)
		if err != nil {
			return nil, fmt.Errorf("destination %s: %w", c.Destination, err)
		}
		loop.Sink = s
	default:
		loop.Sink = cloudwatch.New(clients.Logs, cloudwatch.Config{
			LogGroup: c.LogGroup, RetentionDays: c.RetentionDays, Now: now, CallTimeout: callTimeout,
		})
	}
	return loop, nil
}
