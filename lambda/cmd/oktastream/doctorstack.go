package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/doctor"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// doctorAttempts is how often a call of doctor's is tried: a check has 20 s.
const doctorAttempts = 3

// doctor returns what makes the checks of the stack. They are made with the current
// credentials or under --role: the stack's replay role may do what replays need and no more.
func (k *doctorCommand) doctor(ctx context.Context, quietness *silence) (*doctor.Doctor, error) {
	sdk, err := k.sdk(ctx, quietness, "")
	if err != nil {
		return nil, err
	}
	all, err := k.allOutputs(ctx, sdk, quietness)
	if err != nil {
		return nil, err
	}
	outputs, err := k.choose(all)
	if err != nil {
		return nil, err
	}
	auditor, err := auditorOf(all)
	if err != nil {
		return nil, err
	}
	sdk, _ = k.assume(ctx, sdk, k.Role)
	sdk.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), doctorAttempts) }
	service := func(id, name string) *awshttp.Caller {
		return awshttp.New(sdk, awshttp.Service{ID: id, Name: name}, awshttp.Options{Retryer: sdk.Retryer(), Now: now})
	}
	events := eventbridge.NewFromConfig(sdk)
	d := &doctor.Doctor{
		Stack: doctorStack(k.Stack, sdk.Region, outputs), Version: version(), Now: now,
		Events: events, Queues: sqs.NewFromConfig(sdk), Logs: cloudwatchlogs.NewFromConfig(sdk), Delivery: events,
		Lambda: service("Lambda", "lambda"), Metrics: service("CloudWatch", "monitoring"), Topics: service("SNS", "sns"),
		Schedules: service("Scheduler", "scheduler"),
		Endpoints: doctor.Endpoints{
			Secrets: secretsmanager.NewFromConfig(sdk), Credentials: sdk.Credentials, Resolver: net.DefaultResolver,
		},
	}
	d.Stack.Auditor = auditor
	d.Archives = func(ctx context.Context, bucket, owner string) (doctor.ObjectsAPI, error) {
		return archive.NewS3(ctx, sdk, archive.S3Options{Bucket: bucket, Owner: owner, Retryer: sdk.Retryer()})
	}
	if k.hasOkta() {
		k.tries = doctorAttempts
		client, err := k.oktaFlags.client(ctx, &k.awsFlags, quietness, nil)
		if err != nil {
			return nil, err
		}
		d.Okta = client
	}
	return d, nil
}

// doctorStack is what the outputs say of a stack.
func doctorStack(name, region string, outputs []pipelineOutput) doctor.Stack {
	first := outputs[0] // there is one
	stack := doctor.Stack{
		Name: name, Source: first.Source, Bus: cmp.Or(first.Bus, first.Source), Account: first.Account,
		Region: cmp.Or(first.Region, region), Topic: first.Topic, Alarms: first.Alarms, Version: first.Version,
	}
	for _, o := range outputs {
		stack.Pipelines = append(stack.Pipelines, doctor.Pipeline(o))
	}
	return stack
}

// auditorOf returns what the outputs say of the stack's auditor; nil is none.
func auditorOf(outputs []stackOutput) (*doctor.AuditorParts, error) {
	for _, output := range outputs {
		var o doctor.AuditorParts
		// Other outputs are not JSON, or not an object.
		if json.Unmarshal([]byte(output.Value), &o) != nil || o.Version == 0 {
			continue
		}
		if o.Version > outputVersion {
			return nil, withHint(fmt.Errorf("output %s has version %d: a newer oktastream deployed the auditor", output.Key,
				o.Version), "use the oktastream of the version that deployed it")
		}
		return &o, nil
	}
	return nil, nil
}
