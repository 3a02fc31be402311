// Package oktastream is the construct that delivers Okta System Log events from a partner event source to CloudWatch
// Logs, Datadog, Splunk, Elastic, OpenSearch or S3: bus, rules, queues, functions, and the policies that allow exactly
// these parts to call each other.
//
//	s := settings.Default()
//	s.Source = "aws.partner/okta.com/example/oktastream"
//	s.Destinations = []settings.Destination{settings.CloudWatch}
//	oktastream.New(stack, "Okta", oktastream.Props{Settings: s})
//
// The function is built from this module with the Go toolchain that runs the app;
// an app of another module runs
//
//	go get -tool github.com/oktastream/oktastream/lambda/cmd/forwarder
//
// once, so that its go.sum holds the function's modules.
//
// It uses CloudFormation's own resources and writes policies out, so that the template contains what this package
// writes. Each destination has its own pipeline, which shares only the bus, the key and the replay role with the
// others.
package oktastream

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// Props are the properties of the construct.
type Props struct {
	Settings settings.Settings
	// Name is the first part of the pipelines' names, <name>-<destination>, which
	// are the dimension of their metrics and the names of their rules. It must be
	// unique in an account's region; "" is the stack's name.
	Name string
}

// Oktastream is the construct.
type Oktastream struct {
	constructs.Construct
	// Pipelines is one for each destination, in the order of the settings.
	Pipelines []*Pipeline
	// BusName is the name of the partner event bus.
	BusName *string
	// Key encrypts stored data; nil means keys that AWS owns.
	Key *Key
	// Auditor compares every hour with Okta's System Log; nil if the stack has none.
	Auditor *AuditorFunction
	// ReplayRole is the role under which dead letters are replayed.
	ReplayRole *Role
}

// New makes the construct. The error names every fault of the settings, each
// with its fix, or says why the function cannot be built.
func New(scope constructs.Construct, id string, props Props) (*Oktastream, error) {
	stack := awscdk.Stack_Of(scope)
	b := &builder{s: props.Settings, name: props.Name}
	if b.name == "" {
		b.name = *stack.StackName()
	}
	if err := b.s.Check(region(stack)); err != nil {
		return nil, err
	}
	if most := 64 - len("-cloudwatch"); len(b.name) > most || *awscdk.Token_IsUnresolved(b.name) {
		return nil, fmt.Errorf("name %q: it must be known at synth and have at most %d characters, so that the rules' "+
			"names have at most 64", b.name, most)
	}
	for _, d := range settings.Destinations() {
		if strings.HasSuffix(b.name, "-"+string(d)) {
			return nil, fmt.Errorf("name %q: it must not end in -%s, the end of pipelines' names: the alarms of another stack "+
				"could not be distinguished from those of this one; choose another name (setting stack)", b.name, d)
		}
	}
	b.scope = constructs.NewConstruct(scope, &id)
	awscdk.Tags_Of(b.scope).Add(jsii.String("oktastream"), jsii.String(b.name), nil)
	for i, note := range b.s.Notes() {
		awscdk.Annotations_Of(b.scope).AddWarningV2(jsii.String(fmt.Sprintf("oktastream:%d", i)), jsii.String(note), nil)
	}
	o := &Oktastream{Construct: b.scope}
	b.key = b.newKey()
	o.Key = b.key
	b.newAuditorRole()
	b.replay = b.newRole(b.scope, "Replay", "Replays dead letters of "+b.name, b.replayTrust())
	o.ReplayRole = b.replay
	if err := b.newCode(stack); err != nil {
		return nil, err
	}
	b.newBus()
	o.BusName = b.bus.name
	if !b.hasFunction() {
		b.streamRuleARN = b.ruleARN(b.bus.name, b.streamRuleName())
	}
	for _, d := range b.s.Destinations {
		p, err := b.newPipeline(d)
		if err != nil {
			return nil, err
		}
		o.Pipelines = append(o.Pipelines, p)
	}
	if !b.hasFunction() {
		b.newStreamRule(o.Pipelines[0])
	}
	if err := b.newAuditor(o); err != nil {
		return nil, err
	}
	b.replay.mayUseQueues(b)
	b.replay.attach(b)
	b.newArchive()
	b.watch(o)
	for _, p := range o.Pipelines {
		if err := b.watchDetections(p); err != nil {
			return nil, err
		}
	}
	b.outputs(o)
	return o, nil
}

// region returns the stack's region, if the app knows it.
func region(stack awscdk.Stack) string {
	if *awscdk.Token_IsUnresolved(stack.Region()) {
		return os.Getenv("CDK_DEFAULT_REGION")
	}
	return *stack.Region()
}

// builder has what the parts of one construct share.
type builder struct {
	scope constructs.Construct
	s     settings.Settings
	name  string
	key   *Key
	bus   bus
	code  code
	// auditor is nil, and auditorCode empty, if the stack has none.
	auditor     *Role
	auditorCode code
	replay      *Role
	topic       *string // ARN of the topic that alarms are sent to; nil is none
	// streamRule is nil if a function counts changes of log streams.
	streamRule    *Rule
	streamRuleARN *string
}

// hasFunction reports whether a pipeline of the stack has a function.
func (b *builder) hasFunction() bool {
	return slices.ContainsFunc(b.s.Destinations, func(d settings.Destination) bool {
		return b.s.Of(d).Ingest != settings.IngestRule
	})
}

// Pipeline is the pipeline of one destination.
type Pipeline struct {
	Destination settings.Destination
	Name        string // <name>-<destination>
	// Buffer and Redrive are nil with ingest=rule.
	Buffer, Redrive, Dead *Queue
	Function              *Function // nil with ingest=rule
	// Rule is the rule on the partner event bus.
	Rule *Rule
	// LogGroup is the log group in CloudWatch Logs with the events; nil for other destinations.
	LogGroup *LogGroup
	// Delivery is the path to Datadog through EventBridge; nil for other destinations, and if the
	// function calls Datadog itself.
	Delivery *Delivery
	// Archive stores events as objects; nil for other destinations.
	Archive *Archive
}

func (b *builder) newPipeline(d settings.Destination) (*Pipeline, error) {
	title := title(d)
	scope := constructs.NewConstruct(b.scope, &title)
	p := &Pipeline{Destination: d, Name: b.name + "-" + string(d)}
	set := b.s.Of(d)
	rule := b.ruleARN(b.bus.name, p.Name)
	p.Dead = b.newQueue(scope, "Dead", queueProps{})
	if set.Ingest != settings.IngestRule {
		p.Redrive = b.newQueue(scope, "Redrive", queueProps{})
		p.Buffer = b.newQueue(scope, "Buffer", queueProps{
			visibility: set.VisibilitySeconds(), redrive: p.Redrive, receives: set.MaxReceiveCount(),
		})
	}
	switch {
	case d == settings.CloudWatch:
		p.LogGroup = b.newEventGroup(scope, set)
		b.saveQueries(scope, p.LogGroup, set)
	case d == settings.Archive:
		p.Archive = b.newS3Archive(scope, p, set)
		if err := b.saveAthenaQueries(scope, p.Archive, set); err != nil {
			return nil, err
		}
	case !b.s.HTTPS(d):
		p.Delivery = b.newDelivery(scope, p, set)
	}
	if set.Ingest != settings.IngestRule {
		p.Function = b.newFunction(scope, p, set)
	}
	if p.Delivery != nil {
		b.busPolicy(scope, p)
	}
	p.Rule = b.newRule(scope, p, set, rule)
	b.queuePolicies(scope, p, set, rule)
	b.replayOf(p)
	return p, nil
}

// join makes one string of parts: strings, and tokens of type *string.
func join(parts ...any) *string {
	var list []*string
	for _, part := range parts {
		if text, ok := part.(string); ok {
			part = &text
		}
		list = append(list, part.(*string))
	}
	return awscdk.Fn_Join(jsii.String(""), &list)
}

// accountRoot returns the ARN of the stack's account.
func accountRoot() *string {
	return join("arn:", awscdk.Aws_PARTITION(), ":iam::", awscdk.Aws_ACCOUNT_ID(), ":root")
}

// via returns the endpoint of a service in the stack's region, as used in kms:ViaService.
func via(service string) *string {
	return join(service+".", awscdk.Aws_REGION(), ".", awscdk.Aws_URL_SUFFIX())
}

// arn returns the ARN of a resource in the stack's account and region.
func arn(service, resource string, name *string) *string {
	return join("arn:", awscdk.Aws_PARTITION(), ":"+service+":", awscdk.Aws_REGION(),
		":",
		awscdk.Aws_ACCOUNT_ID(), ":"+resource, name)
}

// ruleARN returns the ARN of a rule on a bus that is not the default one. It is built from the
// name, so that a rule can be created after the policies that name it: a rule created before them
// would lose the events it matches.
func (b *builder) ruleARN(bus *string, name string) *string {
	return join(arn("events", "rule/", bus), "/"+name)
}

// keep sets what happens to a resource with data on delete and on replacement. A resource that a
// first deployment created is deleted when that is rolled back: it is empty, and a retained bus
// would make the second deployment fail.
func (b *builder) keep(resources ...awscdk.CfnResource) {
	policy := awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
	if b.s.Removal == settings.RemovalDestroy {
		policy = awscdk.RemovalPolicy_DESTROY
	}
	for _, r := range resources {
		r.ApplyRemovalPolicy(policy, &awscdk.RemovalPolicyOptions{ApplyToUpdateReplacePolicy: jsii.Bool(true)})
	}
}

func commas(list []string) *string { return jsii.String(strings.Join(list, ",")) }

// title returns a destination's name as its vendor writes it.
func title(d settings.Destination) string {
	return map[settings.Destination]string{
		settings.CloudWatch: "CloudWatch", settings.Datadog: "Datadog", settings.Splunk: "Splunk",
		settings.Elastic: "Elastic", settings.OpenSearch: "OpenSearch",
		// Archive is the id of EventBridge's archive, see archiveDays.
		settings.Archive: "S3Archive",
	}[d]
}
