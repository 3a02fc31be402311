package awsfake_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// The form: Lambda developer guide, "Using Lambda with Amazon SQS", and recorded
// events such as aws-lambda-go's events/testdata/sqs-event.json.
func TestLambdaBatchPayload(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	id := q.Send("q", "a \"b\"\n<é>", map[string]awsfake.Attribute{
		"oktastream": {DataType: "String", StringValue: `{"v":1}`},
	})
	plain := q.Send("q", "{}", nil)
	q.clock.Add(3 * time.Second)
	b := q.LambdaBatch("q", 10)
	var in struct {
		Records []struct{ ReceiptHandle, MD5OfMessageAttributes string }
	}
	check(t, json.Unmarshal(b.Payload, &in))
	sent := newClock().Now().UnixMilli()
	system := fmt.Sprintf(`{"ApproximateFirstReceiveTimestamp":"%d","ApproximateReceiveCount":"1","SenderId":"AROAFAKEFAKEFAKEFAKE1:sender","SentTimestamp":"%d"}`, sent+3000, sent)
	want := `{"Records":[` +
		`{"messageId":"` + id + `","receiptHandle":"` + in.Records[0].ReceiptHandle + `","body":"a \"b\"\n<é>",` +
		`"attributes":` + system + `,"messageAttributes":{` +
		`"oktastream":{"stringValue":"{\"v\":1}","stringListValues":[],"binaryListValues":[],"dataType":"String"}},` +
		`"md5OfMessageAttributes":"` + in.Records[0].MD5OfMessageAttributes + `","md5OfBody":"57dcfd0e31c7d3ee673932f639093bbf",` +
		`"eventSource":"aws:sqs","eventSourceARN":"` + arnQ + `","awsRegion":"us-east-1"},` +
		`{"messageId":"` + plain + `","receiptHandle":"` + in.Records[1].ReceiptHandle + `","body":"{}",` +
		`"attributes":` + system + `,"messageAttributes":{},"md5OfBody":"99914b932bd37a50b983c5e7c90ae93b",` +
		`"eventSource":"aws:sqs","eventSourceARN":"` + arnQ + `","awsRegion":"us-east-1"}]}`
	equal(t, "payload", string(b.Payload), want)
	equal(t, "ids", strings.Join(b.IDs, " "), id+" "+plain)
	if q.LambdaBatch("q", 10) != nil {
		t.Error("a batch of an empty queue: Lambda does not invoke then")
	}
}

// 6 MB: Lambda developer guide, "Lambda quotas", synchronous invocation payload.
func TestLambdaBatchClosesAtSixMegabytes(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{})
	for range 7 {
		q.Send("q", text(1<<20), nil)
	}
	b := q.LambdaBatch("q", 10_000)
	equal(t, "messages", len(b.IDs), 5)
	equal(t, "payload is JSON", json.Valid(b.Payload), true)
	if len(b.Payload) > 6<<20 {
		t.Errorf("payload of %d bytes", len(b.Payload))
	}
	equal(t, "left visible, not received", q.count(t, "ApproximateNumberOfMessages"), "2")
	rest := q.LambdaBatch("q", 10_000)
	equal(t, "the rest", len(rest.IDs), 2)
	equal(t, "received once", q.Messages("q")[6].ReceiveCount, 1)
}

// Lambda developer guide, "Implementing partial batch responses" for SQS.
func TestSettle(t *testing.T) {
	for name, tt := range map[string]struct {
		response string // {1} is the second message's id
		err      error
		deleted  int
	}{
		"empty list":                     {`{"batchItemFailures":[]}`, nil, 3},
		"null list":                      {`{"batchItemFailures":null}`, nil, 3},
		"no list":                        {`{}`, nil, 3},
		"null":                           {`null`, nil, 3},
		"nothing":                        {``, nil, 3},
		"another answer":                 {`{"statusCode":200}`, nil, 3},
		"one":                            {`{"batchItemFailures":[{"itemIdentifier":"{1}"}]}`, nil, 2},
		"one, twice":                     {`{"batchItemFailures":[{"itemIdentifier":"{1}"},{"itemIdentifier":"{1}"}]}`, nil, 2},
		"error":                          {`{"batchItemFailures":[]}`, errors.New("panic"), 0},
		"not JSON":                       {`{"batchItemFailures":[`, nil, 0},
		"of another form":                {`{"batchItemFailures":["{1}"]}`, nil, 0},
		"not an object":                  {`"ok"`, nil, 0},
		"unknown id":                     {`{"batchItemFailures":[{"itemIdentifier":"{1}"},{"itemIdentifier":"x"}]}`, nil, 0},
		"empty id":                       {`{"batchItemFailures":[{"itemIdentifier":""}]}`, nil, 0},
		"null id":                        {`{"batchItemFailures":[{"itemIdentifier":null}]}`, nil, 0},
		"misspelt key":                   {`{"batchItemFailures":[{"itemidentifier":"{1}"}]}`, nil, 0},
		"receipt handle, as a peer does": {`{"batchItemFailures":[{"itemIdentifier":"AQEB"}]}`, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
			for i := range 3 {
				q.Send("q", fmt.Sprint(i), nil)
			}
			b := q.LambdaBatch("q", 10)
			deleted, returned := q.Settle(b, []byte(strings.ReplaceAll(tt.response, "{1}", b.IDs[1])), tt.err)
			equal(t, "deleted", deleted, tt.deleted)
			equal(t, "returned", returned, 3-tt.deleted)
			equal(t, "held", len(q.Messages("q")), returned)
			if q.LambdaBatch("q", 10) != nil {
				t.Error("what came back is visible before its timeout")
			}
			q.clock.Add(time.Minute)
			if again := q.LambdaBatch("q", 10); returned > 0 && len(again.IDs) != returned {
				t.Errorf("%d come again, want %d", len(again.IDs), returned)
			}
			if tt.deleted == 2 {
				equal(t, "which stays", q.Messages("q")[0].Body, "1")
			}
		})
	}
}

// Standard queues promise no order; this one keeps it, so that tests are
// repeatable.
func TestBatchComesBackInItsOrder(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	for i := range 50 {
		q.Send("q", fmt.Sprint(i), nil)
	}
	first := q.LambdaBatch("q", 100)
	q.clock.Add(time.Minute)
	second := q.LambdaBatch("q", 100)
	equal(t, "ids", strings.Join(second.IDs, " "), strings.Join(first.IDs, " "))
}

// A function that outlives the visibility timeout cannot delete what another
// has received meanwhile.
func TestSettleTooLate(t *testing.T) {
	q := newQueue(t, awsfake.QueueOptions{VisibilityTimeout: time.Minute})
	q.Send("q", "x", nil)
	slow := q.LambdaBatch("q", 10)
	q.clock.Add(time.Minute)
	quick := q.LambdaBatch("q", 10)
	deleted, returned := q.Settle(slow, nil, nil)
	equal(t, "deleted by the slow", deleted+returned, 0)
	deleted, _ = q.Settle(quick, nil, nil)
	equal(t, "deleted by the quick", deleted, 1)
}

// Whatever senders, several mappings and the inspectors do together: each message
// is deleted once, or dies, or is there still.
func TestConcurrentSendersAndPollers(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	c.AddQueue("dead", awsfake.QueueOptions{})
	// Short enough that batches do time out while they are worked on.
	url := c.AddQueue("q", awsfake.QueueOptions{VisibilityTimeout: 5 * time.Millisecond, MaxReceiveCount: 3, DeadLetter: "dead"})
	q := queue{client: sqsClient(c), url: url}
	const senders, each = 4, 250
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				body := fmt.Sprintf("%d-%d", s, i)
				if i%25 > 0 {
					c.Send("q", body, nil)
				} else if _, err := q.send(body, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var deleted atomic.Int64
	for range 4 {
		wg.Go(func() {
			for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
				if int(deleted.Load())+len(c.Messages("dead")) == senders*each {
					return
				}
				b := c.LambdaBatch("q", 7)
				if b == nil {
					time.Sleep(time.Millisecond)
					continue
				}
				var in struct {
					Records []struct{ MessageID, Body string }
				}
				if err := json.Unmarshal(b.Payload, &in); err != nil {
					t.Error(err)
					return
				}
				var poison []string
				for _, r := range in.Records {
					if strings.HasSuffix(r.Body, "5") {
						poison = append(poison, `{"itemIdentifier":"`+r.MessageID+`"}`)
					}
				}
				n, _ := c.Settle(b, []byte(`{"batchItemFailures":[`+strings.Join(poison, ",")+`]}`), nil)
				deleted.Add(int64(n))
			}
		})
	}
	wg.Wait()
	dead := c.Messages("dead")
	equal(t, "deleted and dead", int(deleted.Load())+len(dead), senders*each)
	equal(t, "left", len(c.Messages("q")), 0)
	poison := 0
	for _, m := range dead {
		if strings.HasSuffix(m.Body, "5") {
			poison++
		}
	}
	equal(t, "dead of those that always fail", poison, senders*each/10)
}
