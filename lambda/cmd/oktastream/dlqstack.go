package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/dlq"
)

// pipelineOutput is what a stack says of a pipeline: the value of an output, told
// from others by the key oktastream.
type pipelineOutput struct {
	Oktastream      int    `json:"oktastream"` // version of this form
	Pipeline        string `json:"pipeline"`
	Destination     string `json:"destination"`
	Ingest          string `json:"ingest"`
	Format          string `json:"format"`
	Source          string `json:"source"`
	Account         string `json:"account"`
	Region          string `json:"region"`
	Buffer          string `json:"buffer"`
	Redrive         string `json:"redrive"`
	Dead            string `json:"dead"`
	LogGroup        string `json:"log_group"`
	RetentionDays   int    `json:"retention_days"`
	DeliveryBus     string `json:"delivery_bus"`
	PackBytes       int    `json:"pack_bytes"`
	Include         string `json:"include"`
	Exclude         string `json:"exclude"`
	Service         string `json:"service"`
	Tags            string `json:"tags"`
	MaxReceiveCount int    `json:"max_receive_count"`
	ReplayRole      string `json:"replay_role"`
}

// outputVersion is the version that this program knows.
const outputVersion = 1

// describesPipeline reports whether an output's value is a pipeline's: a JSON object
// with the key oktastream, wherever it stands. The CDK writes keys in the order of the
// alphabet.
func describesPipeline(value string) bool {
	var mark struct {
		Oktastream int `json:"oktastream"`
	}
	return json.Unmarshal([]byte(value), &mark) == nil && mark.Oktastream > 0
}

// attempts is how often the SDK tries a call: with its waits that is about a
// minute of a service that throttles or fails.
const attempts = 6

// sites finds the queues that are meant.
func (t *queueFlags) sites(ctx context.Context) ([]*site, error) {
	sdk, err := t.sdk(ctx)
	if err != nil {
		return nil, err
	}
	if t.Stack == "" {
		p := &site{sdk: t.assume(sdk, t.Role)}
		p.api = sqs.NewFromConfig(p.sdk)
		for _, u := range t.Queue {
			q, err := dlq.Open(ctx, p.api, u, "", now)
			if err != nil {
				return nil, dlqHint(roleProblem(err))
			}
			p.queues = append(p.queues, q)
		}
		return []*site{p}, nil
	}
	outputs, err := t.outputs(ctx, sdk)
	if err != nil {
		return nil, err
	}
	var sites []*site
	for i := range outputs {
		p, err := t.site(ctx, sdk, &outputs[i])
		if err != nil {
			return nil, dlqHint(roleProblem(err))
		}
		sites = append(sites, p)
	}
	return sites, nil
}

// site opens a pipeline's queues.
func (t *queueFlags) site(ctx context.Context, sdk aws.Config, o *pipelineOutput) (*site, error) {
	role := t.Role
	if role == "" {
		role = o.ReplayRole
	}
	p := &site{pipeline: o, sdk: t.assume(sdk, role)}
	p.api = sqs.NewFromConfig(p.sdk)
	for _, queue := range [][2]string{{redriveQueue, o.Redrive}, {deadQueue, o.Dead}} {
		if queue[1] == "" || t.In != "" && t.In != queue[0] {
			continue
		}
		q, err := dlq.Open(ctx, p.api, queue[1], queue[0], now)
		if err != nil {
			return nil, err
		}
		p.queues = append(p.queues, q)
	}
	return p, nil
}

// sdk is the configuration as the AWS CLI has it: environment, profiles, SSO.
func (t *queueFlags) sdk(ctx context.Context) (aws.Config, error) {
	options := []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), attempts) }),
	}
	if t.Profile != "" {
		options = append(options, sdkconfig.WithSharedConfigProfile(t.Profile))
	}
	region := t.Region
	if region == "" && len(t.Queue) > 0 {
		region = regionOf(t.Queue[0])
	}
	if region != "" {
		options = append(options, sdkconfig.WithRegion(region))
	}
	sdk, err := sdkconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return sdk, withHint(fmt.Errorf("read the AWS configuration: %w", err), "check --profile and AWS_PROFILE")
	}
	if sdk.Region == "" {
		return sdk, withHint(usage(errors.New("no AWS region is configured")), "name one with --region or AWS_REGION")
	}
	sdk.HTTPClient = awshttp.Client(sdk.HTTPClient)
	return sdk, nil
}

// regionOf is the region in the URL of a queue, "" where it has none.
func regionOf(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return ""
	}
	host := strings.Split(u.Hostname(), ".")
	if len(host) >= 4 && host[0] == "sqs" && host[2] == "amazonaws" {
		return host[1]
	}
	return ""
}

// assume is the configuration under a role, unless there is none to assume.
func (t *queueFlags) assume(sdk aws.Config, role string) aws.Config {
	if role == "" || t.NoAssumeRole {
		return sdk
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "oktastream-dlq" })
	sdk.Credentials = aws.NewCredentialsCache(provider)
	return sdk
}

// outputs are the pipelines of a stack that are meant.
func (t *queueFlags) outputs(ctx context.Context, sdk aws.Config) ([]pipelineOutput, error) {
	outputs, err := describeStack(ctx, sdk, t.Stack)
	if err != nil {
		return nil, stackProblem(t.Stack, err)
	}
	var all, chosen []pipelineOutput
	var names []string
	for _, output := range outputs {
		if !describesPipeline(output.Value) {
			continue
		}
		var o pipelineOutput
		if err := json.Unmarshal([]byte(output.Value), &o); err != nil {
			return nil, fmt.Errorf("read output %s of stack %s: %w", output.Key, t.Stack, err)
		}
		if o.Oktastream > outputVersion {
			return nil, withHint(
				fmt.Errorf("stack %s was deployed by a newer oktastream: its outputs have version %d", t.Stack, o.Oktastream),
				"use the oktastream of the version that deployed it")
		}
		all, names = append(all, o), append(names, o.Pipeline)
		if t.Pipeline == "" || t.Pipeline == o.Pipeline || t.Pipeline == o.Destination {
			chosen = append(chosen, o)
		}
	}
	switch {
	case len(all) == 0:
		return nil, withHint(fmt.Errorf("stack %s has no output of a pipeline", t.Stack), "is it a stack of oktastream? --queue URL names a queue itself")
	case len(chosen) == 0:
		return nil, usage(fmt.Errorf("stack %s has no pipeline %s: it has %s", t.Stack, t.Pipeline, strings.Join(names, ", ")))
	}
	return chosen, nil
}

func stackProblem(stack string, err error) error {
	p := dlq.ProblemOf("DescribeStacks", err)
	wrapped := fmt.Errorf("look at stack %s: %w", stack, p)
	if p.Code == "ValidationError" {
		return withHint(fmt.Errorf("stack %s does not exist in this account and region", stack), "check --stack, --region and --profile")
	}
	return dlqHint(wrapped)
}

// roleProblem tells a role that cannot be assumed from what is done under it: the
// SDK assumes it inside of the first call.
func roleProblem(err error) error {
	var op *smithy.OperationError
	for next := err; errors.As(next, &op); next = op.Err {
		if op.Operation() == "AssumeRole" {
			return fmt.Errorf("assume the role of replays: %w", dlq.ProblemOf("AssumeRole", op.Err))
		}
	}
	return err
}
