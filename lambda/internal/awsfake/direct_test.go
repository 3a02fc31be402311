package awsfake_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// Without a network the fakes do the same: answers, errors, and calls that break
// off before or after their work.
func TestCallsWithoutANetwork(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	url := c.AddQueue("q", awsfake.QueueOptions{})
	client := sqs.NewFromConfig(c.Config(), func(o *sqs.Options) { o.Retryer, o.HTTPClient = aws.NopRetryer{}, c })
	send := func(ctx context.Context) error {
		_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
		return err
	}
	check(t, send(ctx))
	for _, test := range []struct {
		fault awsfake.Fault
		is    error
		code  string
		held  int
	}{
		{fault: awsfake.Fault{Throttle: true}, code: "RequestThrottled", held: 1},
		{fault: awsfake.Fault{Reset: true}, is: syscall.ECONNRESET, held: 1},
		{fault: awsfake.Fault{ResetAfter: true}, is: syscall.ECONNRESET, held: 2},
		{fault: awsfake.Fault{Hang: true}, is: context.DeadlineExceeded, held: 2},
	} {
		c.SetFaults(func(awsfake.Call) awsfake.Fault { return test.fault })
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		err := send(short)
		cancel()
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%+v: %v", test.fault, err)
		}
		if test.code != "" {
			isCode(t, err, test.code)
		}
		equal(t, "messages", len(c.Messages("q")), test.held)
	}
}
