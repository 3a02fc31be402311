package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

const (
	ownSource  = "aws.partner/okta.com/example/oktastream"
	ownAccount = "111122223333"
	ownRegion  = "us-east-1"
	replayRole = "arn:aws:iam::111122223333:role/okta-replay"
	days14     = 14 * 24 * time.Hour
)

// cloud is an emulated AWS with stacks, among them okta with ingest=queue, for
// CloudWatch Logs, vault for an archive, and rules and hounds with ingest=rule, for CloudWatch Logs and
// for Datadog.
type cloud struct {
	*awsfake.Cloud
	mu      sync.Mutex
	ahead   time.Duration
	buffer  string
	buffer2 string // of the second pipeline of the stack oktastream
	env     []string
}

func (c *cloud) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func newCloud(t testing.TB) *cloud {
	c := &cloud{}
	c.Cloud = awsfake.New(t, awsfake.Options{
		Now: c.now, Account: ownAccount, Region: ownRegion, LongPoll: 50 * time.Millisecond,
	})
	queue := func(name string, o awsfake.QueueOptions) string {
		o.Retention = days14
		return c.AddQueue(name, o)
	}
	redrive, dead := queue("redrive", awsfake.QueueOptions{}), queue("dead", awsfake.QueueOptions{})
	c.buffer = queue(
		"buffer",
		awsfake.QueueOptions{VisibilityTimeout: time.Minute, MaxReceiveCount: 1, DeadLetter: "redrive"},
	)
	ruleDead, houndDead := queue("rule-dead", awsfake.QueueOptions{}), queue("hound-dead", awsfake.QueueOptions{})
	c.AddLogGroup("/okta", 400)
	c.AddBus("delivery")
	c.AddBucket("okta-archive", awsfake.BucketOptions{Versioning: "Enabled"})
	c.AddRole(replayRole)
	output := func(o pipelineOutput) map[string]string {
		o.Oktastream, o.Source, o.Account, o.Region, o.ReplayRole = 1, ownSource, ownAccount, ownRegion, replayRole
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		// The CDK writes the keys of an output in the order of the alphabet.
		var keys map[string]any
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		if text, err = json.Marshal(keys); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"Pipeline0": string(text), "PasteIntoOkta": "111122223333", "Other": `{"json":1}`}
	}
	c.AddStack(
		"okta",
		output(pipelineOutput{Name: "okta-cloudwatch", Destination: "cloudwatch", Ingest: "queue", Format: "ocsf",
			Buffer: c.buffer, Redrive: redrive, Dead: dead, LogGroup: "/okta", RetentionDays: 400,
			Bus: ownSource, Rule: "okta-cloudwatch", Function: "okta-function", Mapping: "okta-mapping",
			FunctionLogGroup: "/okta-function", Alarms: "okta-", Version: "devel"}),
	)
	c.AddBucket("an-archive", awsfake.BucketOptions{Owner: ownAccount, MaxKeys: 5})
	vault := output(pipelineOutput{Name: "vault-archive", Destination: "archive", Ingest: "queue",
		Format: "raw", Buffer: c.buffer, Redrive: redrive, Dead: dead, Bucket: "an-archive", BucketOwner: ownAccount})
	vault["Auditor"] = fmt.Sprintf(`{"bucket":"vault-state","dead":%q,"function":"vault-auditor","oktastream_auditor":1,`+
		`"org":"example","pipeline":"vault-archive","schedule":"vault","unstarted":%[1]q}`, dead)
	c.AddStack("vault", vault)
	c.AddStack(
		"rules",
		output(pipelineOutput{Name: "rules-cloudwatch", Destination: "cloudwatch", Ingest: "rule", Format: "envelope",
			Dead: ruleDead, LogGroup: "/okta", RetentionDays: 400}),
	)
	c.AddStack("hounds", output(pipelineOutput{Name: "hounds-datadog", Destination: "datadog", Ingest: "rule",
		Dead: houndDead, DeliveryBus: "delivery", PackBytes: 245760, Service: "okta", Tags: "team:sec",
		OktaDomain: "okta-emea.com"}))
	redrive2, dead2 := queue("redrive2", awsfake.QueueOptions{}), queue("dead2", awsfake.QueueOptions{})
	c.buffer2 = queue(
		"buffer2",
		awsfake.QueueOptions{VisibilityTimeout: time.Minute, MaxReceiveCount: 1, DeadLetter: "redrive2"},
	)
	two := output(
		pipelineOutput{Name: "oktastream-cloudwatch", Destination: "cloudwatch", Ingest: "queue", Format: "ocsf",
			Buffer: c.buffer, Redrive: redrive, Dead: dead, LogGroup: "/okta", RetentionDays: 400},
	)
	two["Pipeline1"] = output(pipelineOutput{Name: "oktastream-datadog", Destination: "datadog", Ingest: "queue",
		Format: "datadog", Buffer: c.buffer2, Redrive: redrive2, Dead: dead2, DeliveryBus: "delivery", PackBytes: 245760})["Pipeline0"]
	c.AddStack(defaultStack, two)
	c.AddStack("empty", map[string]string{"X": "y"})
	c.AddStack("newer", map[string]string{"X": `{ "oktastream": 2, "pipeline": "p"}`})
	c.env = []string{
		"AWS_ENDPOINT_URL=" + *c.Config().BaseEndpoint,
		"AWS_REGION=" + ownRegion,
		"AWS_ACCESS_KEY_ID=AKIAFAKE",
		"AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true",
		"BUFFER=" + c.buffer,
		"REDRIVE=" + redrive,
		"DEAD=" + dead,
	}
	return c
}

// exhaust has the redrive policies of the buffer queues move what is in them.
func (c *cloud) exhaust() error {
	api := sqs.NewFromConfig(c.Config())
	for _, buffer := range []string{c.buffer, c.buffer2, c.buffer, c.buffer2} {
		for {
			out, err := api.ReceiveMessage(
				context.Background(),
				&sqs.ReceiveMessageInput{QueueUrl: &buffer, MaxNumberOfMessages: 10},
			)
			if err != nil {
				return err
			}
			if len(out.Messages) == 0 {
				break
			}
		}
		c.wait(time.Minute + time.Second)
	}
	return nil
}

// wait sets the clock of the emulated AWS ahead.
func (c *cloud) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// hide receives all messages of a queue, which hides them for a while.
func (c *cloud) hide(queue string) error {
	api := sqs.NewFromConfig(c.Config())
	url := strings.TrimSuffix(c.buffer, "buffer") + queue
	for {
		out, err := api.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 600,
		})
		if err != nil || len(out.Messages) == 0 {
			return err
		}
	}
}

func oktaEvent(uuid, eventType string) string {
	return fmt.Sprintf(
		`{"uuid":%q,"eventType":%q,"published":"2026-09-01T10:11:12.345Z","displayMessage":"secret"}`,
		uuid,
		eventType,
	)
}

func oktaEnvelope(detail string) string {
	return fmt.Sprintf(
		`{"version":"0","id":"e","detail-type":"SystemLog","source":%q,"account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],"detail":%s}`,
		ownSource,
		ownAccount,
		ownRegion,
		detail,
	)
}

// clouds are those of the scripts, by their working directory.
type clouds struct {
	t  testing.TB
	mu sync.Mutex
	of map[string]*cloud
}

func (c *clouds) get(ts *testscript.TestScript) *cloud {
	c.mu.Lock()
	defer c.mu.Unlock()
	dir := ts.Getenv("WORK")
	if c.of[dir] == nil {
		c.of[dir] = newCloud(c.t)
		for _, v := range c.of[dir].env {
			name, value, _ := strings.Cut(v, "=")
			ts.Setenv(name, value)
		}
	}
	return c.of[dir]
}

// commands are what a script can do to its emulated AWS.
func (c *clouds) commands() map[string]func(*testscript.TestScript, bool, []string) {
	type run = func(ts *testscript.TestScript, neg bool, args []string)
	return map[string]run{
		// cloud starts it.
		"cloud": func(ts *testscript.TestScript, _ bool, _ []string) { c.get(ts) },
		// send QUEUE BODYFILE [NAME=VALUE]... puts a message into a queue, as an AWS
		// service does. $ID is its message id.
		"send": func(ts *testscript.TestScript, _ bool, args []string) {
			attributes := map[string]awsfake.Attribute{}
			for _, pair := range args[2:] {
				name, value, _ := strings.Cut(pair, "=")
				attributes[name] = awsfake.Attribute{DataType: "String", StringValue: value}
			}
			ts.Setenv("ID", c.get(ts).Send(args[0], strings.TrimSuffix(ts.ReadFile(args[1]), "\n"), attributes))
		},
		// event QUEUE UUID TYPE [NAME=VALUE]... does so with an event in its envelope.
		"event": func(ts *testscript.TestScript, _ bool, args []string) {
			attributes := map[string]awsfake.Attribute{}
			for _, pair := range args[3:] {
				name, value, _ := strings.Cut(pair, "=")
				attributes[name] = awsfake.Attribute{DataType: "String", StringValue: value}
			}
			ts.Setenv("ID", c.get(ts).Send(args[0], oktaEnvelope(oktaEvent(args[1], args[2])), attributes))
		},
		// exhaust spends the outage budget of what is in the buffer queue.
		"exhaust": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(c.get(ts).exhaust()) },
		// holds QUEUE N wants so many messages in a queue, all of them visible.
		"holds": func(ts *testscript.TestScript, _ bool, args []string) {
			messages := c.get(ts).Messages(args[0])
			if strconv.Itoa(len(messages)) != args[1] {
				ts.Fatalf("%s holds %d messages, want %s", args[0], len(messages), args[1])
			}
			for _, m := range messages {
				if m.InFlight {
					ts.Fatalf("message %s of %s is hidden", m.ID, args[0])
				}
			}
		},
		// messages QUEUE FILE writes what is in a queue to a file, a line each: the
		// attribute oktastream, a blank, and the body.
		"messages": func(ts *testscript.TestScript, _ bool, args []string) {
			var b strings.Builder
			for _, m := range c.get(ts).Messages(args[0]) {
				fmt.Fprintf(&b, "%d %s %s\n", len(m.Attributes), m.Attributes["oktastream"].StringValue, m.Body)
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
		},
		// later DURATION moves the emulated AWS's clock.
		"later": func(ts *testscript.TestScript, _ bool, args []string) {
			d, err := time.ParseDuration(args[0])
			ts.Check(err)
			c.get(ts).wait(d)
		},
		// hide QUEUE receives all messages of a queue, as another reader does.
		"hide": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(c.get(ts).hide(args[0])) },
		// sample REASON sets $ID to the sample id of the row with this reason in stdout.
		"sample": func(ts *testscript.TestScript, _ bool, args []string) {
			_, rest, _ := strings.Cut(ts.ReadFile("stdout"), "  "+args[0]+" ")
			_, rest, _ = strings.Cut(rest, "  sample    ")
			id, _, _ := strings.Cut(rest, "\n")
			ts.Setenv("ID", id)
		},
		// logged FILE and bused FILE write what the log group and the delivery bus have.
		"logged": func(ts *testscript.TestScript, _ bool, args []string) {
			var b strings.Builder
			for _, e := range c.get(ts).Events("/okta") {
				fmt.Fprintf(&b, "%s\n", e.Message)
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
		},
		"bused": func(ts *testscript.TestScript, _ bool, args []string) {
			var b strings.Builder
			for _, e := range c.get(ts).Put("delivery") {
				fmt.Fprintf(&b, "%s\n", e.Detail)
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
		},
		// archived FILE writes what the bucket of the archive has: the hour and the line of each record.
		"archived": func(ts *testscript.TestScript, _ bool, args []string) {
			var b strings.Builder
			for _, o := range c.get(ts).Objects("okta-archive", "") {
				zip, err := gzip.NewReader(bytes.NewReader(o.Body))
				ts.Check(err)
				text, err := io.ReadAll(zip)
				ts.Check(err)
				for line := range strings.Lines(string(text)) {
					b.WriteString(o.Key[:strings.LastIndexByte(o.Key, '/')] + " " + line)
				}
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
		},
		// fault OPERATION CODE [STATUS] fails every call of an operation; fault none ends
		// it. OPERATION/ENTRY fails that entry of each batch.
		"fault": func(ts *testscript.TestScript, _ bool, args []string) {
			if args[0] == "none" {
				c.get(ts).SetFaults(nil)
				return
			}
			operation, entry, one := strings.Cut(args[0], "/")
			f := awsfake.Fault{Code: args[1]}
			if one {
				n, err := strconv.Atoi(entry)
				ts.Check(err)
				f.FailEntries = []int{n}
			}
			if len(args) > 2 {
				status, err := strconv.Atoi(args[2])
				ts.Check(err)
				f.Status = status
			}
			c.get(ts).SetFaults(func(call awsfake.Call) awsfake.Fault {
				if call.Operation == operation {
					return f
				}
				return awsfake.Fault{}
			})
		},
		// deny OPERATION N denies the N-th call of an operation from now on, and no other.
		"deny": func(ts *testscript.TestScript, _ bool, args []string) {
			nth, err := strconv.Atoi(args[1])
			ts.Check(err)
			nth += c.get(ts).Calls(awsfake.SQS, args[0])
			c.get(ts).SetFaults(func(call awsfake.Call) awsfake.Fault {
				if call.Operation == args[0] && call.N == nth {
					return awsfake.Fault{Status: 403, Code: "AccessDeniedException"}
				}
				return awsfake.Fault{}
			})
		},
		// many QUEUE N puts events into a queue, and delayed QUEUE N sends some with a delay
		// of 15 minutes.
		"many": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			for i := range n {
				c.get(ts).Send(args[0], oktaEnvelope(oktaEvent(fmt.Sprintf("u-many-%d", i), "user.session.end")), nil)
			}
		},
		"delayed": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			url := strings.TrimSuffix(c.get(ts).buffer, "buffer") + args[0]
			for range n {
				_, err := sqs.NewFromConfig(c.get(ts).Config()).SendMessage(context.Background(), &sqs.SendMessageInput{
					QueueUrl: &url, MessageBody: aws.String(oktaEnvelope(oktaEvent("u-late", "user.session.end"))), DelaySeconds: 900,
				})
				ts.Check(err)
			}
		},
		// deployed declares what else the stack okta has: source, bus, rule, policies,
		// mapping and function. deployed rule STATE changes the rule.
		"deployed": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) == 0 {
				c.get(ts).deploy()
				return
			}
			c.get(ts).setRule(args[1])
		},
		// only-role fails every call that is not made under the role of replays, but
		// for those that find it.
		"only-role": func(ts *testscript.TestScript, _ bool, _ []string) {
			c.get(ts).SetFaults(func(call awsfake.Call) awsfake.Fault {
				if call.Role != replayRole && call.Service != awsfake.CloudFormation && call.Service != awsfake.STS {
					return awsfake.Fault{Status: 403, Code: "AccessDeniedException"}
				}
				return awsfake.Fault{}
			})
		},
	}
}
