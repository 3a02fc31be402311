package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/dlq"
)

// pipelineOutput describes a pipeline: the value of an output of a stack that has the
// key oktastream.
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
	OktaDomain      string `json:"okta_domain"`
	MaxReceiveCount int    `json:"max_receive_count"`
	ReplayRole      string `json:"replay_role"`
}

// outputVersion is the version that this program knows.
const outputVersion = 1

// describesPipeline reports whether an output's value describes a pipeline: a JSON
// object with the key oktastream, in any order of the keys.
func describesPipeline(value string) bool {
	var mark struct {
		Oktastream int `json:"oktastream"`
	}
	return json.Unmarshal([]byte(value), &mark) == nil && mark.Oktastream > 0
}

// attempts is how often the SDK tries a call: with its waits that is about a minute
// while a service throttles or fails.
const attempts = 6

// session is what a command works with: the queues, and what shows on a terminal that
// it is at work.
type session struct {
	sites []*site
	bar   *progress
	quiet *silence
	c     console
}

// open finds the queues.
func (t *queueFlags) open(ctx context.Context, c console) (*session, error) {
	s := &session{c: c, bar: &progress{}, quiet: newSilence(c)}
	sdk, err := t.sdk(ctx, s.quiet)
	if err == nil {
		s.sites, err = t.sites(ctx, sdk, s.quiet)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	visible := int64(0)
	for _, p := range s.sites {
		for _, q := range p.queues {
			visible += int64(q.Visible)
		}
	}
	s.bar = newCount(c, visible)
	s.bar.silence = s.quiet
	s.quiet.over(c, s.bar)
	return s, nil
}

// close takes the progress bar away. It may be called twice.
func (s *session) close() {
	s.bar.end()
	s.quiet.end()
}

// note says what a person has to know of a reading.
func (s *session) note(q *dlq.Queue, read dlq.Read) {
	if read.Hidden > 0 {
		s.bar.say(s.c.err, fmt.Sprintf("note: %s: %s could not be made visible again; SQS does so within %v",
			q.Name, count(read.Hidden, "message"), dlq.Hidden))
	}
}

// sites finds the queues that the flags choose.
func (t *queueFlags) sites(ctx context.Context, sdk aws.Config, quiet *silence) ([]*site, error) {
	if t.Stack == "" {
		p := t.newSite(ctx, sdk, t.Role)
		for _, u := range t.Queue {
			if err := p.open(ctx, u, ""); err != nil {
				return nil, err
			}
		}
		return []*site{p}, nil
	}
	outputs, err := t.outputs(ctx, sdk, quiet)
	if err != nil {
		return nil, err
	}
	var sites []*site
	for i := range outputs {
		o := &outputs[i]
		p := t.newSite(ctx, sdk, cmp.Or(t.Role, o.ReplayRole))
		p.pipeline, p.identity.account = o, cmp.Or(o.Account, p.identity.account)
		for _, queue := range [][2]string{{dlq.RedriveQueue, o.Redrive}, {dlq.DeadQueue, o.Dead}} {
			if queue[1] == "" || t.In != "" && t.In != queue[0] {
				continue
			}
			if err := p.open(ctx, queue[1], queue[0]); err != nil {
				return nil, err
			}
		}
		sites = append(sites, p)
	}
	return sites, nil
}

// newSite is a site without queues, called under a role unless it is "" or no role is
// to be assumed.
func (t *queueFlags) newSite(ctx context.Context, sdk aws.Config, role string) *site {
	p := &site{sdk: sdk, identity: t.identity(ctx, sdk)}
	if role != "" && !t.NoAssumeRole {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), role,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "oktastream-dlq" })
		p.sdk.Credentials = aws.NewCredentialsCache(provider)
		p.identity.role = role
	}
	p.api = sqs.NewFromConfig(p.sdk)
	return p
}

// identity is who calls, before a role is assumed.
func (t *queueFlags) identity(ctx context.Context, sdk aws.Config) identity {
	account := ""
	if len(t.Queue) > 0 {
		account = accountIn(t.Queue[0])
	}
	return identity{
		region: sdk.Region, account: cmp.Or(account, accountOf(ctx, sdk)), profile: t.Profile, stack: t.Stack,
	}
}

// open opens a queue of the site.
func (p *site) open(ctx context.Context, url, name string) error {
	q, err := dlq.Open(ctx, p.api, url, name, now)
	if err != nil {
		return p.identity.explain(err, url)
	}
	p.queues = append(p.queues, q)
	return nil
}

// sdk is the configuration as the AWS CLI has it: environment, profiles, SSO. Nothing
// of the SDK's own logging reaches the terminal.
func (t *queueFlags) sdk(ctx context.Context, quiet *silence) (aws.Config, error) {
	options := []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), attempts) }),
		sdkconfig.WithLogger(logging.Nop{}),
		sdkconfig.WithAPIOptions([]func(*middleware.Stack) error{quiet.watch}),
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

// accountIn is the account in the URL of a queue, "" where it has none.
func accountIn(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return ""
	}
	account, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if _, err := strconv.ParseUint(account, 10, 64); err != nil || len(account) != 12 {
		return ""
	}
	return account
}

// outputs are the pipelines of the stack that the flags choose.
func (t *queueFlags) outputs(ctx context.Context, sdk aws.Config, quiet *silence) ([]pipelineOutput, error) {
	done := quiet.begin("DescribeStacks")
	outputs, err := describeStack(ctx, sdk, t.Stack)
	done()
	if err != nil {
		return nil, stackProblem(t.identity(ctx, sdk), err)
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
		return nil, withHint(fmt.Errorf("stack %s has no output of a pipeline", t.Stack),
			"is it a stack of oktastream? --queue URL names a queue itself")
	case len(chosen) == 0:
		return nil, usage(fmt.Errorf("stack %s has no pipeline %s: it has %s",
			t.Stack, t.Pipeline, strings.Join(names, ", ")))
	}
	return chosen, nil
}

// stackProblem is what the error of looking for a stack means.
func stackProblem(who identity, err error) error {
	p := dlq.ProblemOf("DescribeStacks", err)
	if p.Code == "ValidationError" {
		// The role is that of the stack, which was not found.
		return withHint(fmt.Errorf("stack %s does not exist (%s)", who.stack, who),
			"check --stack, --region and --profile")
	}
	return who.explain(fmt.Errorf("read the outputs of stack %s: %w", who.stack, p), "")
}
