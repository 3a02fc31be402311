package doctor

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// Stack is a stack as its outputs describe it.
type Stack struct {
	Name      string
	Source    string // name of the partner event source
	Bus       string
	Account   string
	Region    string
	Topic     string // ARN of the topic of the alarms; "" is none
	Alarms    string // prefix of the alarms' names
	Version   string // of oktastream, which the functions carry
	Pipelines []Pipeline
	Auditor   *AuditorParts // nil is none
}

// deploy returns the step that makes again what belongs to the stack.
func (s *Stack) deploy() string { return "deploy the stack: cdk deploy " + s.Name }

// Pipeline is a pipeline of a stack: the value of an output of the stack that has the key oktastream. A
// member is "" where the pipeline has no such part.
type Pipeline struct {
	Oktastream  int    `json:"oktastream"` // version of this form
	Name        string `json:"pipeline"`
	Destination string `json:"destination"`
	Transport   string `json:"transport"` // "" is the destination's default
	Ingest      string `json:"ingest"`    // queue, lambda or rule
	Format      string `json:"format"`
	Observables bool   `json:"observables"`
	Include     string `json:"include"` // with Exclude the filter: patterns of event types with commas between
	Exclude     string `json:"exclude"`
	Service     string `json:"service"` // with Tags those of Datadog logs
	Tags        string `json:"tags"`
	OktaDomain  string `json:"okta_domain"`

	Source           string `json:"source"` // name of the partner event source
	Account          string `json:"account"`
	Region           string `json:"region"`
	Bus              string `json:"bus"`
	Rule             string `json:"rule"`               // name of the rule on the partner event bus
	Function         string `json:"function"`           // name
	FunctionLogGroup string `json:"log_group_function"` // where the function writes its own log
	Mapping          string `json:"mapping"`            // UUID of the event source mapping
	Buffer           string `json:"buffer"`             // URL, as Redrive and Dead
	Redrive          string `json:"redrive"`
	Dead             string `json:"dead"`
	MaxReceiveCount  int    `json:"max_receive_count"` // receives of a message before SQS moves it to redrive
	ReplayRole       string `json:"replay_role"`       // ARN

	LogGroup       string `json:"log_group"`
	RetentionDays  int    `json:"retention_days"`
	DeliveryBus    string `json:"delivery_bus"`
	DeliveryRule   string `json:"delivery_rule"` // name of the rule on it
	PackBytes      int    `json:"pack_bytes"`
	APIDestination string `json:"api_destination"` // name
	Connection     string `json:"connection"`      // name
	Endpoint       string `json:"endpoint"`
	Auth           string `json:"auth"`
	Index          string `json:"index"`
	DataStream     string `json:"data_stream"`
	Bucket         string `json:"bucket"`
	BucketOwner    string `json:"bucket_owner"`
	BucketKey      string `json:"bucket_key"` // ARN of the KMS key of a bucket that the stack made
	Lock           string `json:"lock"`       // off, governance or compliance
	LockYears      int    `json:"lock_years"` // of the default retention
	DigestKey      string `json:"digest_key"`

	Topic   string `json:"topic"`   // ARN of the topic of the stack's alarms
	Alarms  string `json:"alarms"`  // prefix of the alarms' names
	Version string `json:"version"` // of oktastream, which the functions carry
}

// Doctor makes the checks of a stack.
type Doctor struct {
	Stack   Stack
	Version string // of this program

	Events    EventsAPI
	Queues    QueuesAPI
	Lambda    Caller
	Schedules Caller // EventBridge Scheduler
	Metrics   Caller
	Okta      OktaAPI
	Logs      LogsAPI
	Delivery  DeliveryAPI
	Topics    Caller
	// Archives returns the bucket with this name, which the account owner has to own; "" is any.
	Archives func(ctx context.Context, bucket, owner string) (ObjectsAPI, error)
	Endpoints
	// A link whose client is nil is left out.

	Now func() time.Time
}

// Caller calls a service whose SDK client is not linked. It is an awshttp.Caller.
type Caller interface {
	Call(ctx context.Context, r awshttp.Request, read func(header http.Header, body []byte) error) error
}

// EventsAPI are the calls of EventBridge.
type EventsAPI interface {
	DescribeEventSource(context.Context, *eventbridge.DescribeEventSourceInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeEventSourceOutput, error)
	DescribeEventBus(context.Context, *eventbridge.DescribeEventBusInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeEventBusOutput, error)
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeRuleOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (
		*eventbridge.ListTargetsByRuleOutput, error)
}

// QueuesAPI is the call of SQS.
type QueuesAPI interface {
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (
		*sqs.GetQueueAttributesOutput, error)
}

// look makes the calls of a check of a pipeline.
type look func(context.Context, Pipeline) Result

// checks returns a check of a link of a pipeline for each look.
func checks(link Link, p Pipeline, looks ...look) (list []Check) {
	for _, l := range looks {
		list = append(list, Check{Link: link, Pipeline: p.Name,
			Look: func(ctx context.Context) Result { return l(ctx, p) }})
	}
	return list
}

// constant returns a look that makes no call.
func constant(r Result) look { return func(context.Context, Pipeline) Result { return r } }

// unnamed is the result of a check of what the outputs of an older stack do not name.
func (d *Doctor) unnamed(context.Context, Pipeline) Result {
	return Unseen(Unclear, "the stack's outputs do not name it",
		"deploy the stack with this version of oktastream: cdk deploy "+d.Stack.Name)
}

// Checks returns the checks of the stack, in the order in which an event travels.
func (d *Doctor) Checks() []Check {
	all := slices.Concat(d.okta(), checks(PartnerSource, Pipeline{}, d.source), checks(Bus, Pipeline{}, d.bus))
	for _, p := range d.Stack.Pipelines {
		all = slices.Concat(all, d.rule(p), d.policies(p), d.mapping(p), d.function(p), d.destination(p), d.queues(p))
	}
	return slices.Concat(all, d.auditor(), d.alarms(), d.newest())
}
