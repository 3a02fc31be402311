package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/doctor"
)

// stackFlags choose the pipelines of a stack, and the credentials to use.
type stackFlags struct {
	Stack    string `placeholder:"NAME" help:"help_stack"`
	Pipeline string `placeholder:"NAME" help:"help_pipeline"`

	Role         string `placeholder:"ARN" help:"Assume this role, rather than the stack's own."`
	NoAssumeRole bool   `help:"Use the current credentials and assume no role."`
	awsFlags
}

// defaultStack is the stack that cdk deploy makes.
const defaultStack = "oktastream"

// useDefault chooses the default stack where that holds and none is named.
func (t *stackFlags) useDefault(holds bool) error {
	if t.Stack == "" && holds {
		t.Stack = defaultStack
	}
	return nil
}

// fault returns what is wrong with the flags.
func (t *stackFlags) fault() error {
	if t.Role != "" && t.NoAssumeRole {
		return errors.New("--role and --no-assume-role exclude each other")
	}
	return nil
}

// identity is who calls, before a role is assumed.
func (t *stackFlags) identity(ctx context.Context, sdk aws.Config) identity {
	who := t.awsFlags.identity(ctx, sdk)
	who.stack = t.Stack
	return who
}

// assume returns the configuration of calls that are made under a role, unless it is ""
// or no role is to be assumed, and who calls.
func (t *stackFlags) assume(ctx context.Context, sdk aws.Config, role string) (aws.Config, identity) {
	who := t.identity(ctx, sdk)
	if role != "" && !t.NoAssumeRole {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), role,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "oktastream" })
		sdk.Credentials = aws.NewCredentialsCache(provider)
		who.role = role
	}
	return sdk, who
}

// pipelineOutput is a pipeline as an output of its stack describes it.
type pipelineOutput doctor.Pipeline

// outputVersion is the version that this program knows.
const outputVersion = 1

// outputs are the pipelines of the stack that the flags choose.
func (t *stackFlags) outputs(ctx context.Context, sdk aws.Config, quiet *silence) ([]pipelineOutput, error) {
	outputs, err := t.allOutputs(ctx, sdk, quiet)
	if err != nil {
		return nil, err
	}
	return t.choose(outputs)
}

// allOutputs are the outputs of the stack.
func (t *stackFlags) allOutputs(ctx context.Context, sdk aws.Config, quiet *silence) ([]stackOutput, error) {
	done := quiet.begin("DescribeStacks")
	outputs, err := describeStack(ctx, sdk, t.Stack)
	done()
	if err != nil {
		return nil, stackProblem(t.identity(ctx, sdk).ask(ctx, sdk, err), err)
	}
	return outputs, nil
}

// choose returns the pipelines among the outputs of the stack that the flags choose.
func (t *stackFlags) choose(outputs []stackOutput) ([]pipelineOutput, error) {
	var all, chosen []pipelineOutput
	var names []string
	for _, output := range outputs {
		// Other outputs are not JSON, or not an object, or an object without the key oktastream.
		var o pipelineOutput
		err := json.Unmarshal([]byte(output.Value), &o)
		if o.Oktastream <= 0 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read output %s of stack %s: %w", output.Key, t.Stack, err)
		}
		if o.Oktastream > outputVersion {
			return nil, withHint(
				fmt.Errorf("stack %s was deployed by a newer oktastream: its outputs have version %d", t.Stack, o.Oktastream),
				"use the oktastream of the version that deployed it")
		}
		all, names = append(all, o), append(names, o.Name)
		if t.Pipeline == "" || t.Pipeline == o.Name || t.Pipeline == o.Destination {
			chosen = append(chosen, o)
		}
	}
	switch {
	case len(all) == 0:
		return nil, withHint(fmt.Errorf("stack %s has no output of a pipeline", t.Stack),
			"is it a stack of oktastream? dlq --queue URL names a queue itself")
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
