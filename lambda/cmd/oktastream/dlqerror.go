package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// identity is who calls AWS, and in which region and account; "" where not known.
type identity struct{ region, account, role, profile, stack, caller string }

func (c identity) String() string {
	parts := []string{"region " + c.region}
	if c.account != "" {
		parts = append(parts, "account "+c.account)
	}
	switch {
	case c.role != "":
		parts = append(parts, "role "+c.role)
	case c.profile != "":
		parts = append(parts, "profile "+c.profile)
	case c.caller != "":
		parts = append(parts, c.caller)
	default:
		parts = append(parts, "the current credentials")
	}
	return strings.Join(parts, ", ")
}

// askTime is how long it may take to ask who calls.
const askTime = 5 * time.Second

// ask adds the account and the caller, which it asks AWS for, after a call that AWS answered
// with err: the wrong account is the most common cause. It needs no permission ("GetCallerIdentity", AWS STS
// API reference, 2026-11).
func (c identity) ask(ctx context.Context, sdk aws.Config, err error) identity {
	if _, ok := errors.AsType[smithy.APIError](err); !ok {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if out, err := sts.NewFromConfig(sdk).GetCallerIdentity(ctx, nil); err == nil {
		c.account, c.caller = aws.ToString(out.Account), aws.ToString(out.Arn)
	}
	return c
}

// explain adds to an error of AWS who made the call and where, the resource, and the next step.
func (c identity) explain(err error, resource string) error {
	err = roleProblem(err)
	var p *dlq.Problem
	if !errors.As(err, &p) || p.Code == dlq.CodeInterrupted {
		return err
	}
	where := c.String()
	if resource != "" && !strings.Contains(err.Error(), resource) {
		where += ", " + resource
	}
	return withHint(fmt.Errorf("%w (%s)", err, where), c.hint(p))
}

// hint is the next step after a problem.
func (c identity) hint(p *dlq.Problem) string {
	switch {
	case p.Code == dlq.CodeNoCredentials:
		return "log in (aws sso login), or choose a profile with --profile or AWS_PROFILE"
	case strings.Contains(p.Code, "Expired"):
		return "the credentials have expired: log in again (aws sso login)"
	case p.Denied() && p.Call == "AssumeRole":
		return "your principal has to be in the stack's replayPrincipals; " +
			"--no-assume-role uses the current credentials, --role ARN another role"
	case p.Denied() && c.role != "":
		return "the role lacks the permission that is named: deploy the stack again, or use another with --role ARN"
	case p.Denied() && c.stack != "":
		return "the current credentials lack the permission that is named: " +
			"leave out --no-assume-role to use the stack's replay role, or ask for the permission"
	case p.Denied():
		return "the current credentials lack the permission that is named: " +
			"use --stack NAME, which assumes the stack's replay role, or --role ARN"
	case strings.Contains(p.Code, "NonExistentQueue") || strings.Contains(p.Code, "QueueDoesNotExist"):
		return "check the URL, the region (--region) and the account (--profile)"
	case p.Code == dlq.CodeNotAWS:
		return "the response is not AWS's: look for a proxy between here and AWS " +
			"(HTTPS_PROXY, AWS_ENDPOINT_URL), then run it again; nothing is lost"
	case p.Code == dlq.CodeNoAnswer:
		return "AWS did not answer in time: check the network (VPN, HTTPS_PROXY, AWS_ENDPOINT_URL), " +
			"then run it again; nothing is lost"
	case !p.Permanent:
		return "AWS is busy or failing: wait a minute and run it again; nothing is lost"
	}
	return "AWS's documentation of " + p.Call + " explains the code; nothing is lost"
}

// ofAWS reports whether err is of a call of AWS: it was answered with an error or not at all, or there were
// no credentials for it.
func ofAWS(err error) bool {
	_, answered := errors.AsType[*smithyhttp.ResponseError](err)
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, broken := errors.AsType[*net.OpError](err)
	return answered || unsent || broken || errors.Is(err, context.DeadlineExceeded) ||
		strings.Contains(err.Error(), "credentials")
}

// roleProblem returns the error of assuming a role, where it is the cause: the SDK
// assumes a role within the first call.
func roleProblem(err error) error {
	var op *smithy.OperationError
	for next := err; errors.As(next, &op); next = op.Err {
		if op.Operation() == "AssumeRole" {
			return fmt.Errorf("assume the replay role: %w", dlq.ProblemOf("AssumeRole", op.Err))
		}
	}
	return err
}
