package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// stackOutput is an output of a stack.
type stackOutput struct {
	Key   string `xml:"OutputKey"`
	Value string `xml:"OutputValue"`
}

// describeStack returns the outputs of a stack. A page of DescribeStacks is at most 1 MB
// (DescribeStacks, API reference, 2026-11).
func describeStack(ctx context.Context, sdk aws.Config, name string) ([]stackOutput, error) {
	caller := awshttp.New(sdk, awshttp.Service{ID: "CloudFormation", Name: "cloudformation"},
		awshttp.Options{Retryer: sdk.Retryer(), Now: now})
	var outputs []stackOutput
	err := caller.Call(ctx, awshttp.Form("DescribeStacks", "2010-05-15", url.Values{"StackName": {name}}),
		func(_ http.Header, body []byte) (err error) {
			outputs, err = stackOutputs(body)
			return err
		})
	return outputs, err
}

// stackOutputs reads a response, which has to describe one stack.
func stackOutputs(body []byte) ([]stackOutput, error) {
	var answer struct {
		XMLName xml.Name `xml:"DescribeStacksResponse"`
		Stacks  []struct {
			Name    string        `xml:"StackName"`
			Outputs []stackOutput `xml:"Outputs>member"`
		} `xml:"DescribeStacksResult>Stacks>member"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		return nil, errors.New("the response is not one of DescribeStacks")
	}
	if len(answer.Stacks) != 1 || answer.Stacks[0].Name == "" {
		return nil, fmt.Errorf("the response describes %d stacks", len(answer.Stacks))
	}
	return answer.Stacks[0].Outputs, nil
}
