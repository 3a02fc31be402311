package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// onceRetryer tries retryable errors again at once.
type onceRetryer struct{ aws.NopRetryer }

func (onceRetryer) MaxAttempts() int { return 3 }
func (onceRetryer) IsErrorRetryable(err error) bool {
	return awserror.New("x", err, time.Time{}).Kind == sink.Transient
}
func (onceRetryer) RetryDelay(int, error) (time.Duration, error) {
	return time.Millisecond, nil
}

func stackConfig(url string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(url), Retryer: func() aws.Retryer { return onceRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIAFAKE", "secret", "token"),
	}
}

const oneStack = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>
<member><StackName>s</StackName><Outputs><member><OutputKey>K</OutputKey><OutputValue>{"a":"&lt;1&gt;"}</OutputValue></member>
<member><OutputKey>L</OutputKey><OutputValue>v</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`

// A stack's outputs are read with one signed request of the query protocol.
func TestDescribeStack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		if r.Method != "POST" || r.FormValue("Action") != "DescribeStacks" || r.FormValue("Version") != "2010-05-15" ||
			r.FormValue("StackName") != "a&b" || r.Header.Get("X-Amz-Security-Token") != "token" ||
			!strings.Contains(authorization, "/eu-west-1/cloudformation/aws4_request") {
			t.Errorf("%s %v %v", r.Method, r.Form, r.Header)
		}
		_, _ = w.Write([]byte(oneStack))
	}))
	defer server.Close()
	outputs, err := describeStack(t.Context(), stackConfig(server.URL), "a&b")
	want := []stackOutput{{"K", `{"a":"<1>"}`}, {"L", "v"}}
	if err != nil || len(outputs) != 2 || outputs[0] != want[0] || outputs[1] != want[1] {
		t.Errorf("%+v, %v", outputs, err)
	}
}

// Every response but a description of one stack is an error, judged as those of the
// other calls are.
func TestDescribeStackErrors(t *testing.T) {
	const failure = `<ErrorResponse><Error><Type>Sender</Type><Code>%</Code><Message>m</Message></Error></ErrorResponse>`
	code := func(c string) string { return strings.Replace(failure, "%", c, 1) }
	for name, test := range map[string]struct {
		status int
		body   string
		want   string
		calls  int
	}{
		"missing":   {400, code("ValidationError"), "DescribeStacks: ValidationError (HTTP 400)", 1},
		"denied":    {403, code("AccessDenied"), "DescribeStacks: AccessDenied (HTTP 403)", 1},
		"throttled": {400, code("Throttling"), "DescribeStacks: Throttling (HTTP 400)", 3},
		"empty":     {200, "", "DescribeStacks: unreadable response (HTTP 200)", 3},
		"a page":    {200, "<html></html>", "DescribeStacks: unreadable response (HTTP 200)", 3},
		"no stack":  {200, "<DescribeStacksResponse/>", "DescribeStacks: unreadable response (HTTP 200)", 3},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			_, err := describeStack(t.Context(), stackConfig(server.URL), "s")
			if err == nil || awserror.New("DescribeStacks", err, time.Time{}).Error() != test.want || calls != test.calls {
				t.Errorf("%v, %d calls", awserror.New("DescribeStacks", err, time.Time{}), calls)
			}
		})
	}
}

func TestDescribeStackIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }))
	defer server.Close()
	if _, err := describeStack(ctx, stackConfig(server.URL), "s"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
