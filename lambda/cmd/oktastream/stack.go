package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The SDK's client of CloudFormation is as much code to compile as all the others
// together. This is the one call that is needed of it, on the SDK's own signer,
// credentials and retryer.

// stackOutput is an output of a stack.
type stackOutput struct {
	Key   string `xml:"OutputKey"`
	Value string `xml:"OutputValue"`
}

const (
	// maxStackAnswer bounds the response in bytes: a page of DescribeStacks is at most
	// 1 MB (DescribeStacks, API reference, 2026-11).
	maxStackAnswer = 2 << 20
	// stackTimeout is how long one attempt may take.
	stackTimeout = 10 * time.Second
)

// describeStack returns the outputs of a stack. An error response is a
// smithy.APIError in a smithyhttp.ResponseError, as those of the SDK's clients are.
func describeStack(ctx context.Context, sdk aws.Config, name string) ([]stackOutput, error) {
	endpoint, err := stackEndpoint(ctx, sdk)
	if err != nil {
		return nil, err
	}
	retryer := sdk.Retryer()
	for attempt := 1; ; attempt++ {
		outputs, err := describeStackOnce(ctx, sdk, endpoint, name)
		if err == nil || attempt >= retryer.MaxAttempts() || !retryer.IsErrorRetryable(err) {
			return outputs, err
		}
		wait, waitErr := retryer.RetryDelay(attempt, err)
		if waitErr != nil {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func describeStackOnce(ctx context.Context, sdk aws.Config, endpoint, name string) ([]stackOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, stackTimeout)
	defer cancel()
	form := url.Values{"Action": {"DescribeStacks"}, "Version": {"2010-05-15"}, "StackName": {name}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("call CloudFormation at %s: %w", endpoint, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	credentials, err := sdk.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(form))
	hash := hex.EncodeToString(sum[:])
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hash, "cloudformation", sdk.Region, now()); err != nil {
		return nil, fmt.Errorf("sign the call of CloudFormation: %w", err)
	}
	client := sdk.HTTPClient
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, &smithyhttp.RequestSendError{Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxStackAnswer+1))
	switch {
	case err != nil:
		return nil, responseError(response, err)
	case len(body) > maxStackAnswer:
		return nil, responseError(response, errors.New("the response is too long"))
	case response.StatusCode != http.StatusOK:
		return nil, responseError(response, stackError(body))
	}
	outputs, err := stackOutputs(body)
	if err != nil {
		return nil, responseError(response, err)
	}
	return outputs, nil
}

func responseError(response *http.Response, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: err}
}

// stackError is what an error response says (CloudFormation API reference, "Common
// errors"). A page of a proxy has no code.
func stackError(body []byte) error {
	var answer struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
	}
	if xml.Unmarshal(body, &answer) != nil {
		return &smithy.GenericAPIError{}
	}
	return &smithy.GenericAPIError{Code: answer.Code, Message: answer.Message}
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

// stackEndpoint is where CloudFormation is called: as for the SDK's clients, what is
// configured for the service goes before what is configured for all, and that before
// the endpoint of the region ("Service-specific endpoints", AWS SDKs and Tools
// Reference Guide, 2026-11).
func stackEndpoint(ctx context.Context, sdk aws.Config) (string, error) {
	const service = "AWS_ENDPOINT_URL_CLOUDFORMATION"
	_, all := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv(service)
	if own || !all {
		for _, source := range sdk.ConfigSources {
			if s, ok := source.(interface {
				GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
			}); ok {
				if ignore, found, err := s.GetIgnoreConfiguredEndpoints(ctx); err == nil && found && ignore {
					break
				}
			}
			if s, ok := source.(interface {
				GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
			}); ok {
				if endpoint, found, err := s.GetServiceBaseEndpoint(ctx, "CloudFormation"); err == nil && found {
					return endpoint, nil
				}
			}
		}
	}
	if endpoint := aws.ToString(sdk.BaseEndpoint); endpoint != "" {
		return endpoint, nil
	}
	return regionEndpoint(sdk.Region)
}

// regionEndpoint is CloudFormation's endpoint in a region of the partitions aws,
// aws-us-gov and aws-cn ("AWS CloudFormation endpoints and quotas", AWS General
// Reference, 2026-11).
func regionEndpoint(region string) (string, error) {
	odd := func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') }
	if region == "" || strings.ContainsFunc(region, odd) {
		return "", fmt.Errorf("invalid AWS region %q", region)
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://cloudformation." + region + "." + domain, nil
}
