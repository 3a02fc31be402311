package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// newTopic returns the ARN of the topic for alarms: the one in the setting alarmTopic, or a new one
// for alarmEmail; nil if no alarm is sent.
func (b *builder) newTopic() *string {
	switch {
	case b.s.AlarmTopic != "":
		return jsii.String(b.s.AlarmTopic)
	case b.s.AlarmEmail == "":
		return nil
	}
	topic := awssns.NewCfnTopic(b.scope, jsii.String("Alarms"), &awssns.CfnTopicProps{
		DisplayName: jsii.String("oktastream"), KmsMasterKeyId: b.topicKey(),
	})
	awssns.NewCfnTopicPolicy(b.scope, jsii.String("AlarmsPolicy"), &awssns.CfnTopicPolicyProps{
		Topics: &[]*string{topic.Ref()},
		PolicyDocument: document(
			allow("AlarmsOfTheStack", service("cloudwatch.amazonaws.com"), []string{"sns:Publish"}, topic.Ref(), condition{
				"ArnLike":      {"aws:SourceArn": join(arn("cloudwatch", "alarm:", &b.name), "-*")},
				"StringEquals": {"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
			}),
			deny("OnlyTLS", []string{"sns:Publish"}, topic.Ref(), condition{"Bool": {"aws:SecureTransport": "false"}}),
		),
	})
	awssns.NewCfnSubscription(b.scope, jsii.String("AlarmsToMail"), &awssns.CfnSubscriptionProps{
		TopicArn: topic.Ref(), Protocol: jsii.String("email"), Endpoint: jsii.String(b.s.AlarmEmail),
	})
	return topic.Ref()
}

// topicKey returns the key of the topic. An alarm cannot use a key that AWS manages: the policy of
// alias/aws/sns allows no service and cannot be changed (SNS developer guide, "Key management",
// read 2026-11). So the topic gets a separate key, which is the only one of such a stack.
func (b *builder) topicKey() *string {
	if b.key != nil {
		return b.key.ARN
	}
	key := awskms.NewCfnKey(b.scope, jsii.String("AlarmsKey"), &awskms.CfnKeyProps{
		Description: jsii.String("Alarms of " + b.name), EnableKeyRotation: jsii.Bool(true),
		KeyPolicy: document(keyOfAccount(), keyForAlarms()),
	})
	// It encrypts nothing that is stored.
	key.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	return key.AttrArn()
}

// keyForAlarms lets CloudWatch send to an encrypted topic (SNS developer guide,
// "Enable compatibility between event sources from AWS services and encrypted
// topics", read 2026-11).
func keyForAlarms() statement {
	return allow("Alarms", service("cloudwatch.amazonaws.com"), []string{"kms:Decrypt", "kms:GenerateDataKey"}, "*",
		condition{
			"StringEquals": {"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
		})
}
