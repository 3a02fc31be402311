package awsfake_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

var ctx = context.Background()

// clock is the time of the fakes in tests that move it.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// The clients do not retry, so that each test sees the one answer it asked for.

func logsClient(c *awsfake.Cloud) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(c.Config(), func(o *cloudwatchlogs.Options) { o.Retryer = aws.NopRetryer{} })
}

func eventsClient(c *awsfake.Cloud) *eventbridge.Client {
	return eventbridge.NewFromConfig(c.Config(), func(o *eventbridge.Options) { o.Retryer = aws.NopRetryer{} })
}

func sqsClient(c *awsfake.Cloud) *sqs.Client {
	return sqs.NewFromConfig(c.Config(), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is asserts that an error is the SDK's typed exception T.
func is[T error](t testing.TB, err error) T {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Fatalf("error %v, want a %T", err, want)
	}
	return want
}

// isCode asserts the code of an error for which the SDK has no type.
func isCode(t testing.TB, err error, code string) {
	t.Helper()
	if e := is[smithy.APIError](t, err); e.ErrorCode() != code {
		t.Fatalf("error %v with code %s, want code %s", err, e.ErrorCode(), code)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func text(n int) string { return strings.Repeat("x", n) }
