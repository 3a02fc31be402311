// Command auditor is the function that audits a pipeline: AWS Lambda runs it on provided.al2023,
// invoked by a schedule. Package auditor describes what it does.
//
// It is built as the forwarder is (lambda/cmd/forwarder), and configured by environment variables:
// those of the pipeline's forwarder, and those in settings.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/auditor"
	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

const (
	// runTime is how long a run works. The function's timeout is Lambda's maximum, 900 s ("Lambda
	// quotas", developer guide, 2026-11): the rest is for the call in flight when runTime ends.
	runTime = 12 * time.Minute
	// pollSeconds is the long polling time when receiving from a dead-letter queue.
	pollSeconds = 2
	// attempts is the maximum number of attempts of a call to AWS.
	attempts = 6
	// secretTimeout is how long one read of the secret may take.
	secretTimeout = 30 * time.Second
)

func main() {
	ctx := context.Background()
	s, err := read(os.Getenv)
	var a *auditor.Auditor
	if err == nil {
		a, err = newAuditor(ctx, s, awshttp.Environment(os.Getenv, retries), os.Stdout, time.Now)
	}
	if err != nil {
		// Lambda shows what is written to stderr before it starts again.
		fmt.Fprintf(os.Stderr, "oktastream: the auditor's configuration is wrong; deploy again with\n%v\n", err)
		os.Exit(1)
	}
	lambda.StartWithOptions(func(ctx context.Context) error {
		_, err := a.Run(ctx)
		return err
	})
}

// newAuditor makes the auditor of a pipeline.
func newAuditor(ctx context.Context, s settings, sdk aws.Config, out io.Writer, now func() time.Time) (
	*auditor.Auditor, error,
) {
	retryer := sdk.Retryer()
	bucket := func(name string) (*archive.S3, error) {
		o := archive.S3Options{Bucket: name, Owner: s.Account, Retryer: retryer}
		if name == s.Bucket {
			o.Owner = s.BucketOwner // the archive's bucket may belong to another account
		}
		return archive.NewS3(ctx, sdk, o)
	}
	digests, err := bucket(s.digests)
	if err != nil {
		return nil, err
	}
	state, err := bucket(s.state)
	if err != nil {
		return nil, err
	}
	options := archive.Options{Now: now}
	if s.digestKey != "" {
		if options.Signer, err = archive.NewKMS(sdk, s.digestKey, retryer); err != nil {
			return nil, err
		}
	}
	queues := sqs.NewFromConfig(sdk)
	a := &auditor.Auditor{
		Pipeline: s.Pipeline, Org: s.orgURL, Since: s.since, Requests: s.requests, Time: runTime, Filter: s.Filter,
		Okta: auditor.Okta{URL: s.orgURL, Secret: secret(secretsmanager.NewFromConfig(sdk), s.secret)},
		Queues: &auditor.PipelineQueues{
			API: queues, Buffer: s.BufferURL, Dead: s.dead, Now: now, Wait: pollSeconds,
		},
		Send: &backfill.Queue{
			API: queues, URL: s.BufferURL, Filter: s.Filter, Version: deadletter.Build(), Now: now,
			Own: pipeline.Origin{Source: s.Source, Account: s.Account, Region: s.Region},
		},
		Bucket: state, StateKey: auditor.StateKey(s.org),
		Chain: func(ctx context.Context, since time.Time) (auditor.Digests, error) {
			return archive.Open(ctx, digests, s.org, since, options)
		},
		Metrics: out, Log: slog.New(slog.NewJSONHandler(out, nil)), Now: now,
	}
	if s.Destination == config.Archive {
		a.Held = auditor.Archive{Archive: &reconcile.Archive{Store: digests, Org: s.org}}
		return a, nil
	}
	group := &reconcile.LogGroup{API: cloudwatchlogs.NewFromConfig(sdk), Name: s.LogGroup, Now: now}
	a.Held, a.Outside = auditor.LogGroup{LogGroup: group}, true
	a.KeptFor = time.Duration(s.RetentionDays) * 24 * time.Hour
	return a, nil
}

// secret returns the reader of the current value of a secret. Its errors do not contain the value.
func secret(api *secretsmanager.Client, id string) func(context.Context) ([]byte, error) {
	const call = "GetSecretValue"
	return func(ctx context.Context) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, secretTimeout)
		defer cancel()
		out, err := api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id},
			func(o *secretsmanager.Options) { o.APIOptions = append(o.APIOptions, awserror.RequireJSON) })
		if err != nil {
			return nil, awserror.New(call, err, time.Now())
		}
		if out.SecretString == nil {
			return nil, errors.New(call + ": the secret is binary and must be text")
		}
		return []byte(*out.SecretString), nil
	}
}

// retries returns a retryer that makes several attempts.
func retries() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), attempts) }
