package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// getQueueAttributes is the IAM action of SQS.
const getQueueAttributes = "sqs:GetQueueAttributes"

// noQueue reports whether err is SQS's for a queue that does not exist.
func noQueue(err error) bool {
	return awserror.Is(err, "QueueDoesNotExist") || awserror.Is(err, "AWS.SimpleQueueService.NonExistentQueue")
}

// attributes reads attributes of a queue.
func (d *Doctor) attributes(ctx context.Context, url string, names ...types.QueueAttributeName) (
	map[string]string, error,
) {
	out, err := d.Queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// role is what a queue is for.
type role string

const (
	roleBuffer  role = "buffer"
	roleRedrive role = "redrive"
	roleDead    role = "dead"
	// Those of the auditor.
	roleFailed    role = "failed"
	roleUnstarted role = "unstarted"
)

// each calls f with each queue that the pipeline has.
func (p Pipeline) each(f func(role, string)) {
	for _, q := range []struct {
		role role
		url  string
	}{{roleBuffer, p.Buffer}, {roleRedrive, p.Redrive}, {roleDead, p.Dead}} {
		if q.url != "" {
			f(q.role, q.url)
		}
	}
}

// queues returns the checks of what is in a pipeline's queues.
func (d *Doctor) queues(p Pipeline) []Check {
	if d.Queues == nil {
		return nil
	}
	var checks []Check
	p.each(func(r role, url string) {
		checks = append(checks, Check{Link: Queues, Pipeline: p.Name, Needs: []Link{QueuePolicies},
			Look: func(ctx context.Context) Result { return d.depth(ctx, p, r, url) }})
		if r == roleBuffer && d.Metrics != nil {
			checks = append(checks, Check{Link: Queues, Pipeline: p.Name,
				Look: func(ctx context.Context) Result { return d.oldest(ctx, url) }})
		}
	})
	return checks
}

// depth judges how many messages a queue holds. Those in buffer are on their way; one in
// redrive or dead is an event that has not arrived.
func (d *Doctor) depth(ctx context.Context, p Pipeline, r role, url string) Result {
	n, failed := d.messages(ctx, r, url)
	switch {
	case failed != nil:
		return *failed
	case r == roleBuffer || n == 0:
		return Fine(fmt.Sprintf("%s about %d", r, n))
	}
	return Fault(fmt.Sprintf("about %s in %s: events that did not arrive", many(n, "message"), r),
		"oktastream dlq list --stack "+d.Stack.Name+" --pipeline "+p.Name+
			": why, when SQS deletes them, how to replay them")
}

// messages returns about how many messages a queue holds, or the result of not knowing it.
func (d *Doctor) messages(ctx context.Context, r role, url string) (int, *Result) {
	failed := func(r Result) (int, *Result) { return 0, &r }
	all, err := d.attributes(ctx, url, types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed)
	switch {
	case noQueue(err):
		return failed(d.noQueue(r, url))
	case err != nil:
		return failed(Failed(getQueueAttributes, err))
	}
	waiting, err1 := strconv.Atoi(all["ApproximateNumberOfMessages"])
	inFlight, err2 := strconv.Atoi(all["ApproximateNumberOfMessagesNotVisible"])
	delayed, err3 := strconv.Atoi(all["ApproximateNumberOfMessagesDelayed"])
	if err1 != nil || err2 != nil || err3 != nil {
		return failed(Unseen(NoAnswer, string(r)+": the response has no number of messages", "run it again"))
	}
	return waiting + inFlight + delayed, nil
}

func (d *Doctor) noQueue(r role, url string) Result {
	return Gone("the queue "+string(r)+" does not exist: "+queueName(url), "deploy the stack: cdk deploy "+d.Stack.Name)
}

// oldest judges how long messages wait in the buffer queue. One that waits longer than it
// takes for a try to come back is not received, or is returned; that is where the alarm
// buffer-old fires too. SQS counts a message that was received three times no more
// ("Available CloudWatch metrics for Amazon SQS", SQS developer guide, 2026-11), so that a
// low figure does not prove that nothing waits.
func (d *Doctor) oldest(ctx context.Context, url string) Result {
	all, err := d.attributes(ctx, url, types.QueueAttributeNameVisibilityTimeout)
	if err != nil {
		return Result{Status: OK} // the check of the depth says so
	}
	visibility, err := strconv.Atoi(all["VisibilityTimeout"])
	if err != nil {
		return Unseen(NoAnswer, "buffer: the response has no visibility timeout", "run it again")
	}
	const window = 15 * time.Minute
	points, err := d.read(ctx, d.Now().Add(-window),
		series{"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", []string{"QueueName", queueName(url)}})
	switch {
	case err != nil:
		return Failed(getMetricData, err)
	case len(points[0]) == 0:
		return Result{Status: OK} // an empty queue reports no age
	}
	waits := time.Duration(points[0][0].value) * time.Second
	if waits > time.Duration(visibility)*time.Second*3/2 {
		return Fault("an event waits in buffer for "+age(waits),
			"see the lines mapping, function and destination: one of them does not take events")
	}
	return Fine("oldest " + age(waits))
}

// policies returns the checks of the policies of a pipeline's queues: whether they do
// what the stack's template makes them do.
func (d *Doctor) policies(p Pipeline) []Check {
	if d.Queues == nil {
		return nil
	}
	var checks []Check
	p.each(func(r role, url string) {
		checks = append(checks, Check{Link: QueuePolicies, Pipeline: p.Name, Look: func(ctx context.Context) Result {
			all, err := d.attributes(ctx, url, types.QueueAttributeNamePolicy, types.QueueAttributeNameQueueArn)
			switch {
			case noQueue(err):
				return d.noQueue(r, url)
			case err != nil:
				return Failed(getQueueAttributes, err)
			}
			return d.judgePolicy(p, r, all["QueueArn"], all["Policy"])
		}})
	})
	return checks
}

// expectation is what a policy has to do to a call, and what to say where it does not.
type expectation struct {
	call call
	want decision
	seen string
}

// judgePolicy judges a queue's policy by what it does to three calls: EventBridge sends
// for the pipeline's rule, which buffer and dead must allow; another role of the account
// sends, which they must deny, as what is in buffer is delivered as Okta's; and a call
// without TLS, which all must deny.
func (d *Doctor) judgePolicy(p Pipeline, r role, queue, text string) Result {
	deploy := "deploy the stack again; if it changes nothing, compare with cdk diff " + d.Stack.Name
	policy, err := parsePolicy(text)
	if text == "" || err != nil {
		return Fault(string(r)+" has no readable policy", deploy)
	}
	for _, e := range d.expectations(p, r, queue) {
		switch got := policy.decide(e.call); {
		case got == unknown:
			return Unseen(Unclear, "the policy of "+string(r)+" has a condition that doctor cannot judge",
				"compare it with the stack's template: cdk diff "+d.Stack.Name)
		case got != e.want:
			return Fault("the policy of "+string(r)+" "+e.seen, deploy)
		}
	}
	return Fine(string(r) + " as the template")
}

// expectations are what the template's policy of a queue does.
func (d *Doctor) expectations(p Pipeline, r role, queue string) []expectation {
	partition, _, _ := strings.Cut(strings.TrimPrefix(queue, "arn:"), ":")
	arn := func(service, region, rest string) string {
		return "arn:" + partition + ":" + service + ":" + region + ":" + d.Stack.Account + ":" + rest
	}
	send := func(secure string, keys map[string]string) call {
		keys["aws:securetransport"] = secure
		return call{principal: keys["aws:principalarn"], action: "sqs:SendMessage", resource: queue, keys: keys}
	}
	otherRole := func(secure string) call {
		return send(secure, map[string]string{"aws:principalarn": arn("iam", "", "role/oktastream-doctor-no-such-role"),
			"aws:principalaccount": d.Stack.Account, "aws:principalisawsservice": "false"})
	}
	all := []expectation{{otherRole("false"), explicitDeny, "lets calls without TLS in"}}
	if r != roleRedrive {
		all = append(all, expectation{otherRole("true"), explicitDeny, "lets other roles send"})
	}
	if p.Rule != "" && (r == roleDead || r == roleBuffer && p.Ingest == "queue") {
		rule := send("true", map[string]string{"aws:sourceaccount": d.Stack.Account, "aws:principalisawsservice": "true",
			"aws:sourcearn": arn("events", d.Stack.Region, "rule/"+d.Stack.Bus+"/"+p.Rule)})
		rule.service = "events.amazonaws.com"
		all = append(all, expectation{rule, allowed, "does not let the rule send"})
	}
	return all
}
