// Command forwarder is the function: AWS Lambda runs it on provided.al2023 to
// deliver Okta System Log events from a queue to CloudWatch Logs, to the archive in
// Amazon S3, through an EventBridge API destination to Datadog, or over HTTPS to Splunk
// and others.
//
// It is built with
//
//	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -buildvcs=false \
//	    -ldflags "-s -w -buildid=" -tags lambda.norpc -o bootstrap ./lambda/cmd/forwarder
//
// and configured by environment variables (package config).
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/handler"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

func main() {
	c, err := config.Read(os.Getenv)
	var h *handler.Handler
	if err == nil {
		h, err = newHandler(c, awshttp.Environment(os.Getenv, noRetries), os.Stdout, 0)
	}
	if err != nil {
		// Lambda shows what is written to stderr before it starts again.
		fmt.Fprintf(os.Stderr, "oktastream: the function's configuration is wrong; deploy again with\n%v\n", err)
		os.Exit(1)
	}
	lambda.StartWithOptions(h, lambda.WithEnableSIGTERM(func() {
		// Each invocation ends what it began, so there is nothing to finish.
		h.Log.Info("shutdown")
	}))
}

// newHandler makes the handler of a function with configuration c. callTimeout
// bounds one call of the destination; 0 is its default.
func newHandler(c config.Config, sdk aws.Config, out io.Writer, callTimeout time.Duration) (*handler.Handler, error) {
	clients := config.Clients{
		Logs: cloudwatchlogs.NewFromConfig(sdk), Bus: awseventbridge.NewFromConfig(sdk),
		Secrets: secretsmanager.NewFromConfig(sdk), Credentials: sdk.Credentials,
	}
	var err error
	if c.Destination == config.Archive {
		o := archive.S3Options{Bucket: c.Bucket, Owner: c.BucketOwner}
		if clients.Objects, err = archive.NewS3(context.Background(), sdk, o); err != nil {
			return nil, err
		}
	}
	deliver, err := c.NewLoop(clients, time.Now, callTimeout)
	if err != nil {
		return nil, err
	}
	queues := sqs.NewFromConfig(sdk)
	h := &handler.Handler{
		Config:  c,
		Dead:    &deadletter.Queue{API: queues, URL: c.DeadURL},
		Buffer:  &deadletter.Queue{API: queues, URL: c.BufferURL},
		Metrics: out,
		Log:     slog.New(slog.NewJSONHandler(out, nil)),
		Now:     time.Now,
		Version: deadletter.Build(),
		Deliver: deliver,
	}
	if c.Destination == config.Datadog {
		// Batches that were packed for EventBridge come back by either transport.
		h.Unpack = &eventbridge.Unpacker{Pipeline: c.Pipeline, Account: c.Account}
	}
	return h, nil
}

// noRetries returns a retryer that makes one attempt: the only loop that tries again is sink.Loop.
func noRetries() aws.Retryer { return aws.NopRetryer{} }
