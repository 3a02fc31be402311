package awsfake

import (
	"bytes"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
)

// lambdaPayload is the limit of a synchronous invocation, at which the mapping
// closes a batch early (Lambda developer guide, "Lambda quotas": 6 MB).
const lambdaPayload = 6 << 20

// Batch is what the event source mapping received from a queue for one invocation of the function.
type Batch struct {
	Payload []byte   // the function's event, as Lambda passes it
	IDs     []string // of the messages, in the order of Records

	queue   *queue
	handles []string
}

// LambdaBatch receives up to n messages from a queue as the event source mapping of a Lambda
// function with batch size n does. It returns nil if there is no message: the function is then not
// invoked. Faults do not apply to it.
func (c *Cloud) LambdaBatch(queue string, n int) *Batch {
	q := c.mustQueue(queue)
	now := c.opt.Now()
	c.advanceMoves(now)
	// The next batch is likely as large as the last one; growing step by step would copy it
	// repeatedly.
	room := q.payload.Load() + 64<<10
	b := &Batch{queue: q, Payload: append(make([]byte, 0, room), `{"Records":[`...)}
	got, _ := q.receive(now, n, q.opt.VisibilityTimeout, func(r *receipt) bool {
		before := len(b.Payload)
		if before > len(`{"Records":[`) {
			b.Payload = append(b.Payload, ',')
		}
		b.Payload = appendRecord(b.Payload, r, q.arn, c.opt.Region)
		if len(b.Payload)+len("]}") > lambdaPayload {
			b.Payload = b.Payload[:before]
			return false
		}
		return true
	})
	if len(got) == 0 {
		return nil
	}
	b.Payload = append(b.Payload, "]}"...)
	q.payload.Store(int64(len(b.Payload)))
	for i := range got {
		b.IDs = append(b.IDs, got[i].id)
		b.handles = append(b.handles, got[i].handle)
	}
	return b
}

// appendRecord writes a message in the form and order of the Lambda developer
// guide, "Using Lambda with Amazon SQS".
func appendRecord(b []byte, r *receipt, arn, region string) []byte {
	str := func(key, value string) {
		b = append(b, key...)
		b = appendQuote(b, value)
	}
	str(`{"messageId":`, r.id)
	str(`,"receiptHandle":`, r.handle)
	str(`,"body":`, r.body)
	sep := `,"attributes":{`
	for _, a := range r.system() {
		str(sep, a.name)
		str(":", a.value)
		sep = ","
	}
	b = append(b, `},"messageAttributes":{`...)
	sep = ""
	for _, name := range slices.Sorted(maps.Keys(r.attributes)) {
		a := r.attributes[name]
		str(sep, name)
		str(`:{"stringValue":`, a.StringValue)
		str(`,"stringListValues":[],"binaryListValues":[],"dataType":`, a.DataType)
		b = append(b, '}')
		sep = ","
	}
	b = append(b, '}')
	if len(r.attributes) > 0 {
		str(`,"md5OfMessageAttributes":`, attributesMD5(r.attributes))
	}
	str(`,"md5OfBody":`, r.bodyMD5)
	str(`,"eventSource":`, "aws:sqs")
	str(`,"eventSourceARN":`, arn)
	str(`,"awsRegion":`, region)
	return append(b, '}')
}

// Settle ends a batch with the function's response, as the mapping does if ReportBatchItemFailures
// is on: it deletes the messages that the response does not name; the others become visible when
// their timeout ends. It returns how many it deleted and how many go back; a message that another
// consumer has received since is neither.
//
// According to the Lambda developer guide ("Implementing partial batch responses"), an absent,
// empty or null list, and an empty or null response, are a complete success; an error, a response
// that is not such JSON, and an itemIdentifier that is empty, null, misspelt or not of this batch
// are a complete failure.
func (c *Cloud) Settle(b *Batch, response []byte, err error) (deleted, returned int) {
	back, ok := failures(b, response)
	if err != nil || !ok {
		return 0, len(b.IDs)
	}
	for i, id := range b.IDs {
		if back[id] {
			returned++
			continue
		}
		if b.queue.delete(b.handles[i]) {
			deleted++
		}
	}
	return deleted, returned
}

// failures parses the response; ok is false if the whole batch fails.
func failures(b *Batch, response []byte) (back map[string]bool, ok bool) {
	if len(bytes.TrimSpace(response)) == 0 {
		return nil, true
	}
	var in struct {
		Failures []struct {
			ID *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(response, &in) != nil {
		return nil, false
	}
	if len(in.Failures) == 0 {
		return nil, true
	}
	known := make(map[string]bool, len(b.IDs))
	for _, id := range b.IDs {
		known[id] = true
	}
	back = make(map[string]bool, len(in.Failures))
	for _, f := range in.Failures {
		if f.ID == nil || !known[*f.ID] {
			return nil, false
		}
		back[*f.ID] = true
	}
	return back, true
}
