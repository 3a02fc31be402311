package oktastream

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// Queue is a standard SQS queue.
type Queue struct {
	resource       awssqs.CfnQueue
	ARN, URL, Name *string
	policy         awssqs.CfnQueuePolicy
}

type queueProps struct {
	visibility int // seconds; 0 is SQS's 30
	redrive    *Queue
	receives   int
}

// retention is SQS's maximum, 14 days, in seconds (SQS developer guide, "Message quotas", read
// 2026-11).
const retention = 14 * 24 * 3600

func (b *builder) newQueue(scope constructs.Construct, id string, props queueProps) *Queue {
	set := &awssqs.CfnQueueProps{MessageRetentionPeriod: jsii.Number(retention)}
	if b.key == nil {
		set.SqsManagedSseEnabled = jsii.Bool(true)
	} else {
		set.KmsMasterKeyId = b.key.ARN
		// The maximum: each data key is a KMS call, which costs money and can fail.
		set.KmsDataKeyReusePeriodSeconds = jsii.Number(86400)
	}
	if props.visibility > 0 {
		set.VisibilityTimeout = jsii.Number(props.visibility)
	}
	if props.redrive != nil {
		set.RedrivePolicy = map[string]any{"deadLetterTargetArn": props.redrive.ARN, "maxReceiveCount": props.receives}
	}
	if id != "Redrive" {
		// No queue may use this one as its dead-letter queue: SQS would move messages here without
		// checking the queue's policy. For redrive, byQueue would have to name the buffer, which
		// names redrive: a circular dependency, unless CloudFormation did not choose the queues'
		// names.
		set.RedriveAllowPolicy = map[string]any{"redrivePermission": "denyAll"}
	}
	queue := awssqs.NewCfnQueue(scope, &id, set)
	b.keep(queue)
	return &Queue{resource: queue, ARN: queue.AttrArn(), URL: queue.Ref(), Name: queue.AttrQueueName()}
}

// queuePolicies sets who may send to a pipeline's queues: the rules, the function, and for the
// buffer the replay role and replayPrincipals. Messages in the buffer are delivered as Okta's, so
// no other principal may send. SQS itself moves messages to the queue redrive; AWS does not
// document whether a deny there would stop it, so there is none.
//
// The policies are retained with the queues: without its policy a retained queue would accept plain
// HTTP.
func (b *builder) queuePolicies(scope constructs.Construct, p *Pipeline, set *settings.Pipeline, rule *string) {
	rules := []*string{rule}
	if p.Delivery != nil {
		rules = append(rules, p.Delivery.ruleARN)
	}
	if b.streamRuleARN != nil && b.s.Destinations[0] == p.Destination {
		rules = append(rules, b.streamRuleARN)
	}
	from := slices.Concat(rules, b.busesWithDLQ(p))
	var own []*string
	if p.Function != nil {
		own = append(own, p.Function.Role.ARN)
	}
	b.newQueuePolicy(scope, "DeadPolicy", p, p.Dead,
		allow("DeadLetters", service("events.amazonaws.com"), []string{"sqs:SendMessage"}, p.Dead.ARN, fromSources(from)),
		deny("NobodyElseSends", []string{"sqs:SendMessage"}, p.Dead.ARN, noneOf(own, from)),
	)
	p.Rule.after(p.Dead.policy)
	if b.takesDeadLettersOfBus(p) {
		b.bus.resource.AddResourceDependency(p.Dead.policy, nil)
	}
	if p.Delivery != nil {
		p.Delivery.rule.after(p.Dead.policy)
	}
	if p.Buffer == nil {
		return
	}
	b.newQueuePolicy(scope, "RedrivePolicy", p, p.Redrive)
	senders := append([]*string{p.Function.Role.ARN, b.replay.ARN}, b.auditorOf(p)...)
	for _, principal := range b.s.ReplayPrincipals {
		senders = append(senders, jsii.String(principal))
	}
	var buffer []statement
	var sources []*string
	if set.Ingest == settings.IngestQueue {
		sources = []*string{rule}
		buffer = append(buffer, allow("EventsOfTheRule", service("events.amazonaws.com"), []string{"sqs:SendMessage"},
			p.Buffer.ARN, fromSources(sources)))
	}
	b.newQueuePolicy(scope, "BufferPolicy", p, p.Buffer,
		append(buffer, deny("NobodyElseSends", []string{"sqs:SendMessage"}, p.Buffer.ARN, noneOf(senders, sources)))...)
	p.Rule.after(p.Buffer.policy, p.Redrive.policy)
}

func (b *builder) newQueuePolicy(scope constructs.Construct, id string, p *Pipeline, q *Queue,
	statements ...statement) {
	if lock := b.lock(p, q); lock != nil {
		statements = append(statements, lock)
	}
	statements = append(statements, deny("OnlyTLS", []string{"sqs:*"}, q.ARN,
		condition{"Bool": {"aws:SecureTransport": "false"}}))
	q.policy = awssqs.NewCfnQueuePolicy(scope, &id, &awssqs.CfnQueuePolicyProps{
		PolicyDocument: document(statements...), Queues: &[]*string{q.URL},
	})
	b.keep(q.policy)
}

// lock denies all principals except the function, the replay role, replayPrincipals and the roles
// of lockQueues to read, delete or reconfigure a queue, which somebody could do to hide an event.
// CloudFormation changes queues too: its role must be one of lockQueues.
func (b *builder) lock(p *Pipeline, q *Queue) statement {
	if len(b.s.LockQueues) == 0 {
		return nil
	}
	roles := []*string{b.replay.ARN}
	if p.Function != nil {
		roles = append(roles, p.Function.Role.ARN)
	}
	roles = append(roles, b.auditorOf(p)...)
	for _, principal := range slices.Concat(b.s.ReplayPrincipals, b.s.LockQueues) {
		roles = append(roles, jsii.String(principal))
	}
	return deny("Lock", []string{
		"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:SetQueueAttributes", "sqs:AddPermission",
		"sqs:RemovePermission", "sqs:DeleteQueue",
	}, q.ARN, noneOf(roles, nil))
}
