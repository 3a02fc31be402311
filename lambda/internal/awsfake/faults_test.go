package awsfake_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// all is a fake of everything with one call of each service to fault.
type all struct {
	*awsfake.Cloud
	url  string
	call map[string]func(context.Context) error
}

func newAll(t testing.TB) all {
	c := awsfake.New(t, awsfake.Options{})
	c.AddBus("b")
	c.AddLogGroup("g", 0)
	url := c.AddQueue("q", awsfake.QueueOptions{})
	l, e, q := logsClient(c), eventsClient(c), sqsClient(c)
	_, err := l.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	check(t, err)
	return all{c, url, map[string]func(context.Context) error{
		awsfake.Logs: func(ctx context.Context) error {
			_, err := l.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
				LogEvents: []logstypes.InputLogEvent{{Message: aws.String("x"), Timestamp: aws.Int64(time.Now().UnixMilli())}},
			})
			return err
		},
		awsfake.Events: func(ctx context.Context) error {
			_, err := e.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventstypes.PutEventsRequestEntry{entry(`{}`)}})
			return err
		},
		awsfake.SQS: func(ctx context.Context) error {
			_, err := q.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
			return err
		},
	}}
}

// done counts what all the services hold.
func (a all) done() int { return len(a.Events("g")) + len(a.Put("b")) + len(a.Messages("q")) }

func always(f awsfake.Fault) func(awsfake.Call) awsfake.Fault {
	return func(awsfake.Call) awsfake.Fault { return f }
}

func TestThrottleIsTheServicesOwnException(t *testing.T) {
	a := newAll(t)
	a.SetFaults(always(awsfake.Fault{Throttle: true, RetryAfter: 1500 * time.Millisecond}))
	for service, call := range a.call {
		err := call(ctx)
		switch service {
		case awsfake.Logs:
			is[*logstypes.ThrottlingException](t, err)
		case awsfake.Events:
			is[*eventstypes.ThrottlingException](t, err)
		case awsfake.SQS:
			is[*sqstypes.RequestThrottled](t, err)
		}
		equal(t, "Retry-After", is[*awshttp.ResponseError](t, err).Response.Header.Get("Retry-After"), "2")
	}
	equal(t, "done", a.done(), 0)
}

func TestStatusAndCode(t *testing.T) {
	a := newAll(t)
	for name, tt := range map[string]struct {
		fault  awsfake.Fault
		status int
		code   string // "" where it differs between the services
	}{
		"500":         {awsfake.Fault{Status: 500}, 500, "InternalFailure"},
		"502":         {awsfake.Fault{Status: 502}, 502, "InternalFailure"},
		"503":         {awsfake.Fault{Status: 503}, 503, ""},
		"429":         {awsfake.Fault{Status: 429}, 429, "ThrottlingException"},
		"403":         {awsfake.Fault{Status: 403}, 403, "AccessDeniedException"},
		"400":         {awsfake.Fault{Status: 400}, 400, "ValidationException"},
		"code alone":  {awsfake.Fault{Code: "UnrecognizedClientException"}, 400, "UnrecognizedClientException"},
		"code chosen": {awsfake.Fault{Status: 500, Code: "KMSInternalException"}, 500, "KMSInternalException"},
	} {
		t.Run(name, func(t *testing.T) {
			a.SetFaults(always(tt.fault))
			for service, call := range a.call {
				err := call(ctx)
				equal(t, "status", is[*awshttp.ResponseError](t, err).HTTPStatusCode(), tt.status)
				switch {
				case tt.code != "":
					isCode(t, err, tt.code)
				case service == awsfake.Logs:
					is[*logstypes.ServiceUnavailableException](t, err)
				default:
					isCode(t, err, "ServiceUnavailable")
				}
			}
		})
	}
	equal(t, "done", a.done(), 0)
}

func TestResetBeforeAndAfterTheWork(t *testing.T) {
	operation := map[string]string{awsfake.Logs: "PutLogEvents", awsfake.Events: "PutEvents", awsfake.SQS: "SendMessage"}
	for name, tt := range map[string]struct {
		fault awsfake.Fault
		done  int
	}{
		"before": {awsfake.Fault{Reset: true}, 0},
		"after":  {awsfake.Fault{ResetAfter: true}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAll(t)
			for service, call := range a.call {
				check(t, call(ctx)) // so that the connection is a used one, which HTTP clients retry on
				a.SetFaults(always(tt.fault))
				if err := call(ctx); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: error %v, want a connection reset", service, err)
				}
				a.SetFaults(nil)
				equal(t, "calls that arrived", a.Calls(service, operation[service]), 2)
			}
			equal(t, "done", a.done(), 3+tt.done)
		})
	}
}

func TestHangLastsUntilTheClientGivesUp(t *testing.T) {
	a := newAll(t)
	a.SetFaults(always(awsfake.Fault{Hang: true}))
	for service, call := range a.call {
		short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		if err := call(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, want the deadline", service, err)
		}
		cancel()
	}
	equal(t, "done", a.done(), 0)
	// One that hangs while the test ends must not hold it up.
	go a.call[awsfake.SQS](ctx)
}

func TestDelay(t *testing.T) {
	a := newAll(t)
	a.SetFaults(always(awsfake.Fault{Delay: 30 * time.Millisecond}))
	for _, call := range a.call {
		start := time.Now()
		check(t, call(ctx))
		if took := time.Since(start); took < 30*time.Millisecond {
			t.Errorf("took %v", took)
		}
	}
	equal(t, "done", a.done(), 3)
	a.SetFaults(always(awsfake.Fault{Delay: time.Hour}))
	for service, call := range a.call {
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		if err := call(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, want the deadline", service, err)
		}
		cancel()
	}
	equal(t, "done by those who gave up", a.done(), 3)
}

func TestFaultsAreAskedAboutEachCall(t *testing.T) {
	a := newAll(t)
	var mu sync.Mutex
	var seen []awsfake.Call
	a.SetFaults(func(c awsfake.Call) awsfake.Fault {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c)
		return awsfake.Fault{Throttle: c.N == 2}
	})
	for i := range 3 {
		err := a.call[awsfake.SQS](ctx)
		equal(t, "failed", err != nil, i == 1)
	}
	check(t, a.call[awsfake.Events](ctx))
	var n []int
	for _, c := range seen {
		n = append(n, c.N)
		if c.Size < 20 || c.Size > 200 {
			t.Errorf("size %d of %+v", c.Size, c)
		}
	}
	if !slices.Equal(n, []int{1, 2, 3, 1}) {
		t.Errorf("calls counted %v", n)
	}
	equal(t, "service", seen[0].Service+" "+seen[0].Operation, "sqs SendMessage")
	equal(t, "service", seen[3].Service+" "+seen[3].Operation, "events PutEvents")
}

// The SDK's own retryer sees the faults for what they are: it tries again.
func TestSDKRetriesWhatTheFaultsAre(t *testing.T) {
	for name, fault := range map[string]awsfake.Fault{
		"throttle": {Throttle: true}, "500": {Status: 500}, "503": {Status: 503}, "reset": {Reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAll(t)
			a.SetFaults(func(c awsfake.Call) awsfake.Fault {
				if c.N == 1 {
					return fault
				}
				return awsfake.Fault{}
			})
			client := sqs.NewFromConfig(a.Config(), func(o *sqs.Options) {
				o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxBackoff = time.Millisecond })
			})
			_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &a.url, MessageBody: aws.String("x")})
			check(t, err)
			equal(t, "calls", a.Calls(awsfake.SQS, "SendMessage"), 2)
		})
	}
}

func TestFailEntries(t *testing.T) {
	for name, tt := range map[string]struct {
		fault awsfake.Fault
		code  string
	}{
		"by itself":     {awsfake.Fault{FailEntries: []int{1, 3}}, "InternalFailure"},
		"with Throttle": {awsfake.Fault{FailEntries: []int{1, 3}, Throttle: true}, "ThrottlingException"},
		"with Code":     {awsfake.Fault{FailEntries: []int{1, 3, 99}, Code: "AccessDeniedException"}, "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAll(t)
			var events []eventstypes.PutEventsRequestEntry
			var send []sqstypes.SendMessageBatchRequestEntry
			for _, id := range []string{"a", "b", "c", "d"} {
				events = append(events, entry(`{"id":"`+id+`"}`))
				send = append(send, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String(id)})
			}
			a.SetFaults(always(tt.fault))
			put, err := eventsClient(a.Cloud).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: events})
			check(t, err)
			equal(t, "FailedEntryCount", put.FailedEntryCount, 2)
			for i, e := range put.Entries {
				equal(t, "ErrorCode", aws.ToString(e.ErrorCode), []string{"", tt.code, "", tt.code}[i])
			}
			equal(t, "second accepted", a.Put("b")[1].Detail, `{"id":"c"}`)

			q := sqsClient(a.Cloud)
			sent, err := q.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &a.url, Entries: send})
			check(t, err)
			failed := func(got []sqstypes.BatchResultErrorEntry) {
				t.Helper()
				equal(t, "failed", len(got), 2)
				for i, e := range got {
					equal(t, "id", *e.Id, []string{"b", "d"}[i])
					equal(t, "code", *e.Code, tt.code)
					equal(t, "SenderFault", e.SenderFault, false)
				}
			}
			failed(sent.Failed)
			equal(t, "messages", len(a.Messages("q")), 2)

			a.SetFaults(nil)
			_, err = q.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &a.url, Entries: send[:2]})
			check(t, err)
			got, err := q.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &a.url, MaxNumberOfMessages: 10})
			check(t, err)
			var del []sqstypes.DeleteMessageBatchRequestEntry
			for i, m := range got.Messages {
				del = append(del, sqstypes.DeleteMessageBatchRequestEntry{Id: send[i].Id, ReceiptHandle: m.ReceiptHandle})
			}
			a.SetFaults(always(tt.fault))
			gone, err := q.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &a.url, Entries: del})
			check(t, err)
			failed(gone.Failed)
			equal(t, "messages left", len(a.Messages("q")), 2)
		})
	}
}

func TestUnknownOperationAndUnsignedCall(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	_, err := logsClient(c).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("g")})
	isCode(t, err, "UnknownOperationException")
	r, err := http.NewRequest("POST", *c.Config().BaseEndpoint, http.NoBody)
	check(t, err)
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	resp.Body.Close()
	equal(t, "status", resp.StatusCode, 403)
}
