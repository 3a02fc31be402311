package dlq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

const (
	ownSource  = "aws.partner/okta.com/example/oktastream"
	ownAccount = "111122223333"
	ownRegion  = "us-east-1"
	days14     = 14 * 24 * time.Hour
)

// clock is the emulated AWS's, and ours: it can be set ahead.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time      { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) add(d time.Duration) { c.ahead.Add(int64(d)) }

// world is the queues of a pipeline in an emulated AWS.
type world struct {
	*awsfake.Cloud
	clock                 clock
	api                   *sqs.Client
	buffer, redrive, dead string // URLs
}

func newWorld(t testing.TB) *world {
	w := &world{}
	w.Cloud = awsfake.New(t, awsfake.Options{Now: w.clock.now, Account: ownAccount, Region: ownRegion})
	w.redrive = w.AddQueue("redrive", awsfake.QueueOptions{Retention: days14})
	w.dead = w.AddQueue("dead", awsfake.QueueOptions{Retention: days14})
	w.buffer = w.AddQueue(
		"buffer",
		awsfake.QueueOptions{
			VisibilityTimeout: 365 * time.Second,
			Retention:         days14,
			MaxReceiveCount:   1,
			DeadLetter:        "redrive",
		},
	)
	w.api = w.client(nil)
	return w
}

// client is one that tries once, and has no network between: each answer counts.
func (w *world) client(change func(*sqs.Options)) *sqs.Client {
	return sqs.NewFromConfig(w.Config(), func(o *sqs.Options) {
		o.Retryer, o.HTTPClient = aws.NopRetryer{}, w.Cloud
		if change != nil {
			change(o)
		}
	})
}

func (w *world) open(t testing.TB, url, name string) *dlq.Queue {
	t.Helper()
	q, err := dlq.Open(context.Background(), w.api, url, name, w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// exhaust has the buffer queue's redrive policy move what is in it.
func (w *world) exhaust(t testing.TB) {
	t.Helper()
	for range 2 {
		for {
			out, err := w.api.ReceiveMessage(
				t.Context(),
				&sqs.ReceiveMessageInput{QueueUrl: &w.buffer, MaxNumberOfMessages: 10},
			)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Messages) == 0 {
				break
			}
		}
		w.clock.add(366 * time.Second)
	}
}

func recogniser(w *world) func() *dlq.Recogniser {
	return func() *dlq.Recogniser {
		return &dlq.Recogniser{BufferARN: "arn:aws:sqs:us-east-1:111122223333:buffer", Pipeline: "okta-cloudwatch"}
	}
}

// replay is one of a queue into the buffer.
func (w *world) replay(q *dlq.Queue) *dlq.Replay {
	return &dlq.Replay{
		Queue: q, Target: &dlq.Buffer{API: q.API, URL: w.buffer, Version: "v1", FirstWait: time.Millisecond}, To: w.buffer,
		Recogniser: recogniser(w), Workers: 4,
	}
}

func okta(uuid, eventType string) string {
	return fmt.Sprintf(
		`{"uuid":%q,"eventType":%q,"published":"2026-09-01T10:11:12.345Z","displayMessage":"secret of %s"}`,
		uuid,
		eventType,
		uuid,
	)
}

func envelope(detail string) string {
	return fmt.Sprintf(
		`{"version":"0","id":"e","detail-type":"SystemLog","source":%q,"account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],"detail":%s}`,
		ownSource,
		ownAccount,
		ownRegion,
		detail,
	)
}

func packed(replays int, logs ...string) string {
	return fmt.Sprintf(
		`{"version":"0","id":"e","detail-type":"oktastream.logs.v1","source":"oktastream","account":%q,"time":"2026-09-01T10:11:12Z","region":%q,"resources":[],`+
			`"detail":{"logs":[%s],"batch":{"v":1,"id":"b","pipeline":"okta-datadog","format":"datadog","packed_at":"2026-09-01T10:11:12.345Z","count":%d,"restamped":0,"replays":%d}}}`,
		ownAccount,
		ownRegion,
		strings.Join(logs, ","),
		len(logs),
		replays,
	)
}

func lambdaRecord(payload string) string {
	return fmt.Sprintf(
		`{"version":"1.0","timestamp":"2026-09-01T10:14:12.345Z","requestContext":{"requestId":"r","functionArn":"arn:aws:lambda:us-east-1:111122223333:function:f:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":%s,"responseContext":{"statusCode":200,"functionError":"Unhandled"}}`,
		payload,
	)
}

func attributes(pairs ...string) map[string]awsfake.Attribute {
	m := map[string]awsfake.Attribute{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = awsfake.Attribute{DataType: "String", StringValue: pairs[i+1]}
	}
	return m
}

func eventBridge() map[string]awsfake.Attribute {
	return attributes(
		"RULE_ARN",
		"arn:aws:events:us-east-1:111122223333:rule/r",
		"TARGET_ARN",
		"arn:aws:sqs:us-east-1:111122223333:buffer",
		"ERROR_CODE",
		"NO_PERMISSIONS",
		"ERROR_MESSAGE",
		"no secret of anybody",
		"EXHAUSTED_RETRY_CONDITION",
		"MaximumRetryAttempts",
		"RETRY_ATTEMPTS",
		"4",
	)
}

func poisoned(n deadletter.Note) map[string]awsfake.Attribute {
	n.V = deadletter.Version
	text, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return attributes("oktastream", string(text))
}

var firstSeen = time.Date(2026, 8, 1, 2, 3, 4, 0, time.UTC)

// form is a form of a dead message, and how one gets into its queue.
type form struct {
	form  dlq.Form
	queue string
	put   func(w *world, uuid string) (messageID string)
}

// forms are all of them.
var forms = []form{
	{dlq.Redrive, "redrive", func(w *world, uuid string) string {
		return w.Send("buffer", envelope(okta(uuid, "user.session.start")), nil)
	}},
	{dlq.Poison, "dead", func(w *world, uuid string) string {
		return w.Send(
			"dead",
			`{"truncated":"`+uuid,
			poisoned(deadletter.Note{Stage: "decode", Reason: "not_json", FirstSeen: firstSeen, Receives: 2}),
		)
	}},
	{dlq.Poison, "dead", func(w *world, uuid string) string {
		return w.Send(
			"dead",
			envelope(okta(uuid, "user.session.end")),
			poisoned(
				deadletter.Note{Stage: "deliver", Reason: "refused", UUID: uuid, FirstSeen: firstSeen, Receives: 2, Replays: 1},
			),
		)
	}},
	{dlq.RuleTarget, "dead", func(w *world, uuid string) string {
		return w.Send("dead", envelope(okta(uuid, "app.oauth2.as.authorize")), eventBridge())
	}},
	{dlq.APIDestination, "dead", func(w *world, uuid string) string {
		return w.Send(
			"dead",
			packed(1, okta(uuid, "user.session.start"), okta(uuid+"b", "group.user_membership.add")),
			eventBridge(),
		)
	}},
	{dlq.LambdaRecord, "dead", func(w *world, uuid string) string {
		return w.Send("dead", lambdaRecord(envelope(okta(uuid, "user.session.start"))), nil)
	}},
	{dlq.LambdaDLQ, "dead", func(w *world, uuid string) string {
		m := attributes("RequestID", "r", "ErrorMessage", "x")
		m["ErrorCode"] = awsfake.Attribute{DataType: "Number", StringValue: "200"}
		return w.Send("dead", envelope(okta(uuid, "policy.evaluate_sign_on")), m)
	}},
	{dlq.Event, "dead", func(w *world, uuid string) string {
		return w.Send(
			"dead",
			"["+envelope(okta(uuid, "user.session.start"))+","+envelope(okta(uuid+"b", "user.session.end"))+"]",
			nil,
		)
	}},
	{dlq.Unknown, "dead", func(w *world, uuid string) string {
		return w.Send("dead", `{"hello":"secret of `+uuid+`"}`, nil)
	}},
}

// fill puts n messages of all forms into the queues.
func (w *world) fill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		if f := forms[i%len(forms)]; f.form == dlq.Redrive {
			f.put(w, uuid(i))
		}
	}
	w.exhaust(t)
	for i := range n {
		if f := forms[i%len(forms)]; f.form != dlq.Redrive {
			f.put(w, uuid(i))
		}
	}
}

func uuid(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// bodies are the bodies in queues, and how often each is there.
func (w *world) bodies(queues ...string) map[string]int {
	count := map[string]int{}
	for _, q := range queues {
		for _, m := range w.Messages(q) {
			count[m.Body]++
		}
	}
	return count
}

// lost are the bodies of before that are nowhere now.
func lost(before, now map[string]int) (list []string) {
	for body := range before {
		if now[body] == 0 {
			list = append(list, body)
		}
	}
	return list
}

func contains(text, part string) bool { return strings.Contains(text, part) }

func appendText(name, text string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
