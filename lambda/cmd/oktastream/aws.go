package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/dlq"
)

// awsFlags choose the region and the credentials of calls of AWS.
type awsFlags struct {
	Region  string `placeholder:"REGION" help:"AWS region (default: as for the AWS CLI)."`
	Profile string `placeholder:"NAME" help:"Profile of the AWS CLI's configuration."`
}

// attempts is how often the SDK tries a call: with its waits that is about a minute
// while a service throttles or fails.
const attempts = 6

// sdk is the configuration as the AWS CLI has it: environment, profiles, SSO. region is
// used where --region is not given; it may be "". Nothing of the SDK's own logging
// reaches the terminal.
func (a *awsFlags) sdk(ctx context.Context, quiet *silence, region string) (aws.Config, error) {
	options := []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), attempts) }),
		sdkconfig.WithLogger(logging.Nop{}),
		sdkconfig.WithAPIOptions([]func(*middleware.Stack) error{quiet.watch}),
	}
	if a.Profile != "" {
		options = append(options, sdkconfig.WithSharedConfigProfile(a.Profile))
	}
	if region = cmp.Or(a.Region, region); region != "" {
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

// identity is who calls, before a role is assumed.
func (a *awsFlags) identity(ctx context.Context, sdk aws.Config) identity {
	who := identity{region: sdk.Region, profile: a.Profile}
	if sdk.Credentials != nil {
		if credentials, err := sdk.Credentials.Retrieve(ctx); err == nil {
			who.account = credentials.AccountID // where they say it
		}
	}
	return who
}

// identified is the configuration of AWS's SDK with credentials, for a call of that
// name.
func (a *awsFlags) identified(ctx context.Context, call string) (aws.Config, error) {
	sdk, err := a.sdk(ctx, nil, "")
	if err != nil {
		return sdk, err
	}
	if _, err := sdk.Credentials.Retrieve(ctx); err != nil {
		who := identity{region: sdk.Region, profile: a.Profile}
		return sdk, who.explain(dlq.ProblemOf(call, fmt.Errorf("credentials: %w", err)), "")
	}
	return sdk, nil
}
