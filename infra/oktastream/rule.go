package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/internal/pattern"
	"github.com/oktastream/oktastream/infra/settings"
)

// bus is the partner event bus.
type bus struct {
	resource awsevents.CfnEventBus // nil if somebody else made it
	name     *string
	arn      *string
}

// newBus makes the partner event bus, which associates the partner event source with it, or uses an
// existing one. Its name must be that of the source (EventBridge API reference, CreateEventBus,
// read 2026-11).
func (b *builder) newBus() {
	b.bus.name = jsii.String(b.s.Source)
	b.bus.arn = arn("events", "event-bus/", b.bus.name)
	if b.s.Bus == settings.BusExisting {
		return
	}
	b.bus.resource = awsevents.NewCfnEventBus(b.scope, jsii.String("Bus"), &awsevents.CfnEventBusProps{
		Name: b.bus.name, EventSourceName: b.bus.name,
		Description:      jsii.String("Okta System Log events, associated with the partner event source of the same name"),
		KmsKeyIdentifier: b.key.arnOrNil(),
	})
	b.keep(b.bus.resource)
}

// newArchive makes the EventBridge archive of archiveDays.
func (b *builder) newArchive() {
	if b.s.ArchiveDays == 0 {
		return
	}
	archive := awsevents.NewCfnArchive(b.scope, jsii.String("Archive"), &awsevents.CfnArchiveProps{
		SourceArn: b.bus.arn, RetentionDays: jsii.Number(b.s.ArchiveDays),
		Description:  jsii.String("Okta System Log events of " + b.name),
		EventPattern: pattern.For(b.s.Source, nil, nil).Pattern, KmsKeyIdentifier: b.key.arnOrNil(),
	})
	if b.bus.resource != nil {
		archive.AddResourceDependency(b.bus.resource, nil)
	}
	b.keep(archive)
}

// busesWithDLQ returns the ARNs of the buses that send their own dead letters to this pipeline's
// queue. A bus has dead letters only with a customer managed key: events that it cannot encrypt or
// decrypt (EventBridge user guide, "Using dead-letter queues to capture encrypted event errors",
// read 2026-11).
func (b *builder) busesWithDLQ(p *Pipeline) []*string {
	if b.key == nil {
		return nil
	}
	var buses []*string
	if b.takesDeadLettersOfBus(p) {
		b.bus.resource.SetDeadLetterConfig(&awsevents.CfnEventBus_DeadLetterConfigProperty{Arn: p.Dead.ARN})
		buses = append(buses, b.bus.arn)
	}
	if p.Delivery != nil {
		buses = append(buses, p.Delivery.busARN)
	}
	return buses
}

// takesDeadLettersOfBus is true for the first pipeline of a stack that creates the partner event
// bus and encrypts it with a customer managed key.
func (b *builder) takesDeadLettersOfBus(p *Pipeline) bool {
	return b.key != nil && b.bus.resource != nil && b.s.Destinations[0] == p.Destination
}

// Rule is a rule on an event bus.
type Rule struct {
	resource awsevents.CfnRule
	// Name of the rule, and its ARN.
	Name, ARN *string
}

// after makes CloudFormation create these resources before the rule.
func (r *Rule) after(resources ...awscdk.CfnResource) {
	for _, resource := range resources {
		r.resource.AddResourceDependency(resource, nil)
	}
}

// Retry bounds of EventBridge, which are also its defaults (EventBridge user
// guide, "Retrying event delivery", read 2026-11).
const (
	longestAge   = 24 * 3600 // seconds
	mostAttempts = 185
)

// target returns a rule's target that EventBridge retries for age seconds; events that it gives up
// go to the queue dead.
func target(id string, arn *string, dead *Queue, age int) *awsevents.CfnRule_TargetProperty {
	return &awsevents.CfnRule_TargetProperty{
		Id: &id, Arn: arn, DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: dead.ARN},
		RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{
			MaximumEventAgeInSeconds: jsii.Number(age), MaximumRetryAttempts: jsii.Number(mostAttempts),
		},
	}
}

// putRule makes a rule with one target, after the resources that it needs.
func (b *builder) putRule(scope constructs.Construct, id, name, description string, bus *string, pattern any,
	to *awsevents.CfnRule_TargetProperty, needed ...awscdk.CfnResource) *Rule {
	rule := awsevents.NewCfnRule(scope, &id, &awsevents.CfnRuleProps{
		Name: &name, EventBusName: bus, EventPattern: pattern, Description: &description, Targets: []any{to},
		State: jsii.String("ENABLED"),
	})
	r := &Rule{resource: rule, Name: &name, ARN: b.ruleARN(bus, name)}
	if b.bus.resource != nil && bus == b.bus.name {
		r.after(b.bus.resource)
	}
	r.after(needed...)
	return r
}

// newRule puts the pipeline's rule on the partner event bus.
func (b *builder) newRule(scope constructs.Construct, p *Pipeline, set *settings.Pipeline, ruleARN *string) *Rule {
	to := target("Target", nil, p.Dead, longestAge)
	var needed []awscdk.CfnResource
	switch {
	case set.Ingest == settings.IngestQueue:
		to.Arn = p.Buffer.ARN
	case set.Ingest == settings.IngestLambda:
		to.Arn = p.Function.ARN
		needed = append(needed, b.invokePermission(scope, p.Function, ruleARN))
	case p.Destination == settings.CloudWatch:
		to.Arn = p.LogGroup.targetARN
		needed = append(needed, b.logPolicy(scope, "RuleToEvents", p.Name, p.LogGroup, ruleARN))
	default:
		to = p.Delivery.direct(p.Dead, set)
	}
	return b.putRule(scope, "Rule", p.Name, "Okta System Log events to "+string(p.Destination), b.bus.name,
		pattern.For(b.s.Source, set.Include, set.Exclude).Pattern, to, needed...)
}
