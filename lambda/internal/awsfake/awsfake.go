// Package awsfake has in-process fakes of Amazon CloudWatch Logs, Amazon EventBridge, Amazon SQS
// and Amazon S3, and of the few calls of AWS CloudFormation, AWS STS, AWS Secrets Manager, AWS
// Lambda, Amazon SNS and Amazon CloudWatch that the command makes, for tests only.
//
// The real AWS SDK calls them over HTTP on loopback, so that requests, responses and errors are
// serialised as with AWS, and errors are the SDK's own typed exceptions. Each fake enforces the
// limits that its service documents, and does what can make a caller lose data: partial responses,
// messages that come back, responses that never arrive. The source of each limit is next to it in
// the code; the tests check each limit at its boundary.
//
//	c := awsfake.New(t, awsfake.Options{})
//	c.AddLogGroup("/okta", 400)
//	client := cloudwatchlogs.NewFromConfig(c.Config())
//	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
//		return awsfake.Fault{Throttle: call.Operation == "PutLogEvents" && call.N < 3}
//	})
//	… the code under test …
//	stored := c.Events("/okta")
//
// If AWS documents a limit but not the response above it, the code says so.
//
// # Limits
//
// The fakes evaluate no IAM policy, queue policy, bucket policy or event pattern. They check
// signatures only for S3, which has a special rule for the path. They know only the operations that
// this product needs; any other is answered with UnknownOperationException. Queues are standard
// queues, and DelaySeconds and AWSTraceHeader are ignored.
package awsfake

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// Options are the settings of a [Cloud]; the zero value gives the defaults.
type Options struct {
	Now     func() time.Time // the clock of all services; default time.Now
	Account string           // default 111122223333
	Region  string           // default us-east-1

	// Discard stores no log events and no bus events, for tests with events that do not fit in
	// memory: [Cloud.Events] and [Cloud.Put] stay empty; [Cloud.OnLogEvents] and [Cloud.OnEvent]
	// receive everything.
	Discard bool

	// LongPoll is the longest real time that ReceiveMessage waits for a message; 0 is as long as
	// the call specifies.
	LongPoll time.Duration
}

// Cloud is one account in one region. All its methods may be called by many
// goroutines.
type Cloud struct {
	opt    Options
	server *httptest.Server
	client *http.Client
	done   chan struct{} // closed when the test ends: frees calls that hang
	serial atomic.Uint64 // of ids

	operations map[string]*operation // by X-Amz-Target
	faults     atomic.Pointer[func(Call) Fault]

	declared declarations
	logs     logsService
	events   eventsService
	sqs      sqsService
	s3       s3Service
}

// operation is one API call that the fakes know.
type operation struct {
	service, name string
	prefix        string // of its target, which tells the protocol
	run           func(*request) any
	calls         atomic.Int64
}

// New starts the fakes. They end with the test.
func New(tb testing.TB, o Options) *Cloud {
	tb.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Account = cmp.Or(o.Account, "111122223333")
	o.Region = cmp.Or(o.Region, "us-east-1")

	c := &Cloud{
		opt: o, done: make(chan struct{}), client: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
	}
	c.logs.groups = map[string]*logGroup{}
	c.events.buses = map[string]*bus{}
	c.sqs.queues = map[string]*queue{}
	c.s3.buckets = map[string]*bucket{}
	c.operations = c.table()
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	tb.Cleanup(sync.OnceFunc(func() {
		close(c.done)
		c.client.CloseIdleConnections()
		c.server.CloseClientConnections()
		c.server.Close()
	}))
	return c
}

func (c *Cloud) table() map[string]*operation {
	t := map[string]*operation{}
	add := func(prefix, service string, ops map[string]func(*request) any) {
		for name, run := range ops {
			t[prefix+name] = &operation{service: service, name: name, prefix: prefix, run: run}
		}
	}
	type ops = map[string]func(*request) any
	add("Logs_20140328.", Logs, ops{
		"CreateLogGroup":     typed(c.createLogGroup),
		"CreateLogStream":    typed(c.createLogStream),
		"DescribeLogGroups":  typed(c.describeLogGroups),
		"DescribeLogStreams": typed(c.describeLogStreams),
		"FilterLogEvents":    typed(c.filterLogEvents),
		"PutLogEvents":       typed(c.putLogEvents),
		"PutRetentionPolicy": typed(c.putRetentionPolicy),
	})
	add("AWSEvents.", Events, ops{
		"DescribeApiDestination": typed(c.describeAPIDestination),
		"DescribeConnection":     typed(c.describeConnection),
		"DescribeEventBus":       typed(c.describeEventBus),
		"DescribeEventSource":    typed(c.describeEventSource),
		"DescribeRule":           typed(c.describeRule),
		"ListTargetsByRule":      typed(c.listTargetsByRule),
		"PutEvents":              typed(c.putEvents),
	})
	add("AmazonSQS.", SQS, ops{
		"CancelMessageMoveTask":        typed(c.cancelMessageMoveTask),
		"ChangeMessageVisibility":      typed(handleOne(c, changeByHandle)),
		"ChangeMessageVisibilityBatch": typed(batch(c, nil, changeByHandle)),
		"DeleteMessage":                typed(handleOne(c, deleteByHandle)),
		"DeleteMessageBatch":           typed(batch(c, nil, deleteByHandle)),
		"GetQueueAttributes":           typed(c.getQueueAttributes),
		"ListMessageMoveTasks":         typed(c.listMessageMoveTasks),
		"ReceiveMessage":               typed(c.receiveMessage),
		"SendMessage":                  typed(c.sendMessage),
		"SendMessageBatch":             typed(batch(c, checkBatchSize, c.send)),
		"StartMessageMoveTask":         typed(c.startMessageMoveTask),
	})
	add("secretsmanager.", Secrets, ops{"GetSecretValue": typed(c.getSecretValue)})
	add(s3Prefix, S3, c.s3Operations())
	add(queryPrefix, CloudFormation, ops{"DescribeStacks": c.describeStacks})
	add(queryPrefix, CloudWatch, ops{"GetMetricData": c.getMetricData, "DescribeAlarms": c.describeAlarms})
	add(queryPrefix, SNS, ops{"ListSubscriptionsByTopic": c.listSubscriptionsByTopic})
	add(queryPrefix, STS, ops{"AssumeRole": c.assumeRole, "GetCallerIdentity": c.getCallerIdentity})
	add(restPrefix, Lambda, ops{
		"GetEventSourceMapping":    c.getEventSourceMapping,
		"GetFunctionConfiguration": c.getFunctionConfiguration,
	})
	add(restPrefix, Scheduler, ops{"GetSchedule": c.getSchedule})
	return t
}

// Config makes the SDK call the fakes. The retryer is the SDK's default; a client that must not
// retry sets that in its options.
func (c *Cloud) Config() aws.Config {
	return aws.Config{
		Region:       c.opt.Region,
		BaseEndpoint: aws.String(c.server.URL),
		HTTPClient:   awshttp.Client(c.client),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAFAKE", "secret", ""),
	}
}

// Calls returns the number of calls of an operation that have arrived, including those with a
// fault.
func (c *Cloud) Calls(service, operation string) int {
	for _, op := range c.operations {
		if op.service == service && op.name == operation {
			return int(op.calls.Load())
		}
	}
	panic(fmt.Sprintf("awsfake: no operation %s of %s", operation, service))
}

// newID makes an id of AWS's form. It is computed from a counter, so that a test that makes its
// calls in one order gets the same ids in each run. A factor (Knuth, multiplicative hashing)
// spreads the ids, so that they are not in order.
func (c *Cloud) newID() string {
	n := c.serial.Add(1)
	h := n * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", h>>32, h>>16&0xffff, h>>4&0xfff, n>>48&0xfff, n&(1<<48-1))
}

// arn is an ARN of this account and region.
func (c *Cloud) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + c.opt.Region + ":" + c.opt.Account + ":" + resource
}

func millis(t time.Time) int64 { return t.UnixMilli() }
