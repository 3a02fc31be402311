package awsfake

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

type receivedMessage struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]Attribute `json:",omitempty"`
}

// receiveMessage. Note that the Go SDK does not send a VisibilityTimeout of 0:
// the queue's own holds then.
func (c *Cloud) receiveMessage(r *request, in struct {
	QueueURL                    string `json:"QueueUrl"`
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}) any {
	q := c.open(r, in.QueueURL)
	max := inRange("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, sqsReceiveMax, 1)
	visibility := q.opt.VisibilityTimeout
	if s := inRange("VisibilityTimeout", in.VisibilityTimeout, 0, int(sqsVisibilityMax.Seconds()), -1); s >= 0 {
		visibility = time.Duration(s) * time.Second
	}
	wait := time.Duration(inRange("WaitTimeSeconds", in.WaitTimeSeconds, 0, int(sqsWaitMax.Seconds()), 0)) * time.Second
	wait = min(wait, longPoll)

	got, full := c.poll(r, q, max, visibility, wait)
	if len(got) == 0 && full && wait == 0 {
		// "If you reach this quota while using short polling, Amazon SQS returns the
		// OverLimit error message. If you use long polling, Amazon SQS returns no error
		// messages." Developer guide, "Amazon SQS standard queue quotas".
		sqsFail("OverLimit", "Too many messages in flight: the limit is %d.", sqsInFlight)
	}
	var out struct {
		Messages []receivedMessage `json:",omitempty"`
	}
	for i := range got {
		m := &got[i]
		attributes := chosen(m.attributes, in.MessageAttributeNames)
		out.Messages = append(out.Messages, receivedMessage{
			MessageID: m.id, ReceiptHandle: m.handle, MD5OfBody: m.bodyMD5, Body: m.body,
			Attributes:        m.chosenSystem(in.MessageSystemAttributeNames),
			MessageAttributes: attributes,
			// Only of the attributes in this response, as recorded from AWS.
			MD5OfMessageAttributes: attributesMD5(attributes),
		})
	}
	return out
}

// poll receives, and waits for messages if the call specifies that. It checks every few
// milliseconds, because the test's clock can make a message visible at any moment.
func (c *Cloud) poll(r *request, q *queue, max int, visibility, wait time.Duration) (got []receipt, full bool) {
	if longest := c.opt.LongPoll; longest > 0 {
		wait = min(wait, longest)
	}
	end := time.Now().Add(wait)
	for {
		now := c.opt.Now()
		c.advanceMoves(now)
		got, full = q.receive(now, max, visibility, nil)
		if len(got) > 0 || !time.Now().Before(end) {
			return got, full
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-r.ctx.Done():
			return nil, false
		case <-c.done:
			return nil, false
		}
	}
}

// senderID is the role of every sender.
const senderID = "AROAFAKEFAKEFAKEFAKE1:sender"

type systemAttribute struct{ name, value string }

// system gives the system attributes of a message, sorted by name.
func (r *receipt) system() []systemAttribute {
	out := make([]systemAttribute, 0, 6)
	out = append(out,
		systemAttribute{"ApproximateFirstReceiveTimestamp", strconv.FormatInt(millis(r.firstSeen), 10)},
		systemAttribute{"ApproximateReceiveCount", strconv.Itoa(r.received)})
	if r.deadFrom != "" {
		out = append(out, systemAttribute{"DeadLetterQueueSourceArn", r.deadFrom})
	}
	return append(out,
		systemAttribute{"SenderId", senderID},
		systemAttribute{"SentTimestamp", strconv.FormatInt(millis(r.sent), 10)})
}

// chosenSystem gives those that were asked for by name, or all of them by All.
func (r *receipt) chosenSystem(names []string) map[string]string {
	out := map[string]string{}
	for _, a := range r.system() {
		if slices.Contains(names, a.name) || slices.Contains(names, "All") {
			out[a.name] = a.value
		}
	}
	return out
}

// chosen gives the message attributes that were asked for: by name, or all of them
// by All (API reference, ReceiveMessage; names by a prefix are not known here).
func chosen(all map[string]Attribute, names []string) map[string]Attribute {
	if len(names) == 0 || len(all) == 0 {
		return nil
	}
	out := map[string]Attribute{}
	for name, a := range all {
		if slices.Contains(names, name) || slices.Contains(names, "All") {
			out[name] = a
		}
	}
	return out
}

func (c *Cloud) getQueueAttributes(r *request, in struct {
	QueueURL       string `json:"QueueUrl"`
	AttributeNames []string
}) any {
	all := c.open(r, in.QueueURL).attributes(r.now)
	out := struct {
		Attributes map[string]string `json:",omitempty"`
	}{map[string]string{}}
	for _, name := range in.AttributeNames {
		switch v, ok := all[name]; {
		case name == "All":
			out.Attributes = all
			return out
		case ok:
			out.Attributes[name] = v
		case name != "RedrivePolicy" && name != "Policy": // known, but this queue has none
			sqsFail("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return out
}

func (q *queue) attributes(now time.Time) map[string]string {
	n := q.counts(now)
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	all := map[string]string{
		"QueueArn":                              q.arn,
		"ApproximateNumberOfMessages":           strconv.Itoa(n[visible]),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(n[inFlight]),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(n[delayed]),
		"VisibilityTimeout":                     seconds(q.opt.VisibilityTimeout),
		"MessageRetentionPeriod":                seconds(q.opt.Retention),
		"SqsManagedSseEnabled":                  "true",
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.opt.Policy != "" {
		all["Policy"] = q.opt.Policy
	}
	if q.dead != nil {
		all["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`,
			q.dead.arn, q.opt.MaxReceiveCount)
	}
	return all
}
