package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// getQueueAttributes is the IAM action of SQS.
const getQueueAttributes = "sqs:GetQueueAttributes"

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
	var list []Check
	p.each(func(r role, url string) {
		list = append(list, Check{Link: Queues, Pipeline: p.Name, Needs: []Link{QueuePolicies},
			Look: func(ctx context.Context) Result { return d.depth(ctx, p, r, url) }})
		if r == roleBuffer && d.Metrics != nil {
			list = append(list, checks(Queues, p, d.oldest)...)
		}
	})
	return list
}

// depth judges how many messages a queue holds. A message in buffer is still to be delivered; one in
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
			" says why, when SQS deletes them, and how to replay them")
}

// messages returns about how many messages a queue holds, or a result where that cannot be read.
func (d *Doctor) messages(ctx context.Context, r role, url string) (int, *Result) {
	unknown := func(r Result) (int, *Result) { return 0, &r }
	all, err := d.attributes(ctx, url, types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed)
	if err != nil {
		return unknown(failed(getQueueAttributes, err, d.noQueue(r, url)))
	}
	waiting, err1 := strconv.Atoi(all["ApproximateNumberOfMessages"])
	inFlight, err2 := strconv.Atoi(all["ApproximateNumberOfMessagesNotVisible"])
	delayed, err3 := strconv.Atoi(all["ApproximateNumberOfMessagesDelayed"])
	if err1 != nil || err2 != nil || err3 != nil {
		return unknown(Unseen(NoAnswer, string(r)+": the response has no number of messages", "run it again"))
	}
	return waiting + inFlight + delayed, nil
}

func (d *Doctor) noQueue(r role, url string) Result {
	return Gone("the queue "+string(r)+" does not exist: "+queueName(url), d.Stack.deploy())
}

// oldest judges how long messages wait in the buffer queue. One that waits for more than 1.5 visibility
// timeouts is not received, or the function returns it; the alarm buffer-old has the same limit. SQS
// leaves out messages that were received three times or more ("Available CloudWatch metrics for
// Amazon SQS", SQS developer guide, 2026-11): a low figure does not prove that nothing waits.
func (d *Doctor) oldest(ctx context.Context, p Pipeline) Result {
	all, err := d.attributes(ctx, p.Buffer, types.QueueAttributeNameVisibilityTimeout)
	if err != nil {
		return Result{Status: OK} // depth reports it
	}
	visibility, err := strconv.Atoi(all["VisibilityTimeout"])
	if err != nil {
		return Unseen(NoAnswer, "buffer: the response has no visibility timeout", "run it again")
	}
	const window = 15 * time.Minute
	points, err := d.read(ctx, d.Now().Add(-window),
		series{"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", []string{"QueueName", queueName(p.Buffer)}})
	switch {
	case err != nil:
		return failed(getMetricData, err)
	case len(points[0]) == 0:
		return Result{Status: OK} // an empty queue reports no age
	}
	waits := time.Duration(points[0][0].value) * time.Second
	if waits > time.Duration(visibility)*time.Second*3/2 {
		return Fault("an event waits in buffer for "+age(waits),
			"see the lines mapping, function and destination")
	}
	return Fine("oldest " + age(waits))
}

// policies returns the checks of the policies of a pipeline's queues: whether they allow and deny what
// those of the stack's template do.
func (d *Doctor) policies(p Pipeline) []Check {
	if d.Queues == nil {
		return nil
	}
	var looks []look
	p.each(func(r role, url string) {
		looks = append(looks, func(ctx context.Context, p Pipeline) Result {
			all, err := d.attributes(ctx, url, types.QueueAttributeNamePolicy, types.QueueAttributeNameQueueArn)
			if err != nil {
				return failed(getQueueAttributes, err, d.noQueue(r, url))
			}
			return d.judgePolicy(p, r, all["QueueArn"], all["Policy"])
		})
	})
	return checks(QueuePolicies, p, looks...)
}

// expectation is the decision that a policy has to make about a call, and what is reported where it
// makes another.
type expectation struct {
	call call
	want decision
	seen string
}

// judgePolicy judges a queue's policy by its decisions about three calls. Buffer and dead must allow
// EventBridge to send for the pipeline's rule. They must deny that another role of the account sends,
// because what is in buffer is delivered as an event of Okta's. All queues must deny a call without
// TLS.
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

// expectations returns the decisions of the template's policy of a queue.
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
