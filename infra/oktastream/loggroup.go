package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// LogGroup is a log group of CloudWatch Logs.
type LogGroup struct {
	resource awslogs.CfnLogGroup
	// Name is the group's name. ARN ends in :* and matches the group's streams.
	Name, ARN *string
	targetARN *string // the ARN for a rule's target, without :*
	days      int     // that it keeps events; 0 is without an end, or not known
}

// newEventGroup returns the log group for events: a new one, with the name in the setting or one
// that CloudFormation chooses, or an existing one.
func (b *builder) newEventGroup(scope constructs.Construct, set *settings.Pipeline) *LogGroup {
	name, exists := settings.ParseLogGroup(set.LogGroup)
	if exists {
		target := arn("logs", "log-group:", &name)
		return &LogGroup{Name: &name, ARN: join(target, ":*"), targetARN: target}
	}
	id, infrequent := "Events", set.LogClass == settings.LogClassInfrequent
	if infrequent {
		// CloudFormation does not update the class of a group. When logClass changes, the stack
		// gets another group, and the old one is retained with its events (AWS::Logs::LogGroup,
		// LogGroupClass, read 2026-11).
		id = "InfrequentEvents"
	}
	group := b.newLogGroup(scope, id, set.RetentionDays)
	if name != "" {
		group.resource.SetLogGroupName(&name)
	}
	if infrequent {
		group.resource.SetLogGroupClass(jsii.String("INFREQUENT_ACCESS"))
	} else {
		// Only groups of the class Standard can have indexes (CloudWatch Logs API
		// reference, PutIndexPolicy, read 2026-11).
		group.index(set)
	}
	return group
}

func (b *builder) newLogGroup(scope constructs.Construct, id string, days int) *LogGroup {
	set := &awslogs.CfnLogGroupProps{
		// Protects against deletion by mistake in the console.
		DeletionProtectionEnabled: jsii.Bool(b.s.Removal == settings.RemovalRetain),
	}
	if days > 0 {
		set.RetentionInDays = jsii.Number(days)
	}
	if b.key != nil {
		set.KmsKeyId = b.key.ARN
	}
	group := awslogs.NewCfnLogGroup(scope, &id, set)
	b.keep(group)
	if b.s.Removal == settings.RemovalRetain {
		// A protected group cannot be deleted when the first deployment is rolled back, which would
		// make the rollback fail.
		group.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	}
	return &LogGroup{resource: group, Name: group.Ref(), ARN: group.AttrArn(), days: days,
		targetARN: arn("logs", "log-group:", group.Ref())}
}

// logPolicy lets a rule write into a log group. For a rule CloudWatch Logs does not accept a role,
// only a resource policy, of which an account can have ten in a region (EventBridge user guide,
// "Using resource-based policies", and CloudWatch Logs API reference, PutResourcePolicy, read
// 2026-11).
func (b *builder) logPolicy(scope constructs.Construct, id, name string, g *LogGroup,
	ruleARN *string) awscdk.CfnResource {
	writers := map[string]any{"Service": []string{"events.amazonaws.com", "delivery.logs.amazonaws.com"}}
	text := awscdk.Stack_Of(scope).ToJsonString(document(
		// AWS documents no condition for this case.
		allow("Streams", writers, []string{"logs:CreateLogStream"}, g.ARN, nil),
		allow("Events", writers, []string{"logs:PutLogEvents"}, g.ARN, fromSources([]*string{ruleARN})),
	), nil)
	return awslogs.NewCfnResourcePolicy(scope, &id, &awslogs.CfnResourcePolicyProps{PolicyName: &name,
		PolicyDocument: text})
}
