package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// Key is the customer managed key that encrypts stored data.
type Key struct {
	// ARN of the key.
	ARN *string
	// statements are those that the key's policy must have.
	statements []statement
	given      bool
}

// newKey makes the key, or uses the one in the setting; nil means keys that AWS owns.
func (b *builder) newKey() *Key {
	if b.s.KMS == settings.KMSAWS {
		return nil
	}
	key := &Key{statements: b.keyStatements()}
	if b.s.KMS != settings.KMSOwn {
		key.given = true
		key.ARN = jsii.String(b.s.KMS)
		return key
	}
	made := awskms.NewCfnKey(b.scope, jsii.String("Key"), &awskms.CfnKeyProps{
		Description:       jsii.String("Okta System Log events of " + b.name + " in queues, log groups and on buses"),
		EnableKeyRotation: jsii.Bool(true),
		KeyPolicy:         document(append([]statement{keyOfAccount()}, key.statements...)...),
		Tags: &[]*awscdk.CfnTag{{
			// EventBridge encrypts a connection only with a key that has this tag (EventBridge user
			// guide, "Encrypting connections", read 2026-11).
			Key: jsii.String("EventBridgeApiDestinations"), Value: jsii.String("true"),
		}},
	})
	b.keep(made)
	awskms.NewCfnAlias(b.scope, jsii.String("KeyAlias"), &awskms.CfnAliasProps{
		AliasName: jsii.String("alias/" + b.name), TargetKeyId: made.Ref(),
	})
	key.ARN = made.AttrArn()
	return key
}

// keyOfAccount is AWS's default statement: without it no principal could change the key again, and
// the roles' own policies would have no effect (KMS developer guide, "Default key policy", read
// 2026-11).
func keyOfAccount() statement {
	return statement{
		"Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
		"Principal": map[string]any{"AWS": accountRoot()},
	}
}

// keyStatements returns the statements that AWS's services need in the key's policy.
func (b *builder) keyStatements() []statement {
	calls := []string{"kms:Decrypt", "kms:GenerateDataKey"}
	var buses []*string
	if b.s.Bus == settings.BusCreate {
		buses = append(buses, arn("events", "event-bus/", jsii.String(b.s.Source)))
	}
	if b.s.ByEventBridge() {
		// The delivery bus: its name begins with the stack's, see newDelivery.
		buses = append(buses, arn("events", "event-bus/", join(awscdk.Aws_STACK_NAME(), "-*-delivery")))
	}
	var statements []statement
	if len(buses) > 0 {
		// EventBridge user guide, "Authorizing EventBridge to use a customer managed
		// key", read 2026-11: DescribeKey has no condition there.
		statements = append(statements,
			allow("EventBuses", service("events.amazonaws.com"), calls, "*", condition{
				"ArnLike":      {"aws:SourceArn": buses, "kms:EncryptionContext:aws:events:event-bus:arn": buses},
				"StringEquals": {"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
			}),
			allow("EventBusesAndConnections", service("events.amazonaws.com"), []string{"kms:DescribeKey"}, "*", nil))
	}
	if b.s.ArchiveDays > 0 {
		// EventBridge user guide, "Encrypting archives", read 2026-11.
		statements = append(statements, allow("Archive", service("events.amazonaws.com"),
			[]string{"kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"}, "*", nil))
	}
	statements = append(statements,
		// The statement is the one that AWS documents for targets and DLQs (EventBridge user guide,
		// "Event bus targets", read 2026-11). Like that one it has no condition: "Adding the
		// aws:SourceAccount and aws:SourceArn to a KMS policy is not supported for
		// EventBridge-to-encrypted topics" (SNS developer guide, "Key management"). A condition
		// that EventBridge does not meet would lose every event, because the DLQs are encrypted
		// too. The queues' policies determine which rule may send to which queue.
		allow("EncryptedQueues", service("events.amazonaws.com"), calls, "*", nil),
		allow("LogGroups", map[string]any{"Service": via("logs")}, []string{
			"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
			"kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey",
		}, "*", condition{
			// CloudWatch Logs user guide, "Encrypt log data using KMS", read 2026-11.
			"ArnLike": {"kms:EncryptionContext:aws:logs:arn": b.encryptedGroups()},
		}))
	if b.s.AlarmEmail != "" {
		statements = append(statements, keyForAlarms())
	}
	return statements
}

// encryptedGroups returns the log groups that the key encrypts. Their names begin with the stack's
// if CloudFormation chooses them.
func (b *builder) encryptedGroups() any {
	named := join(arn("logs", "log-group:", awscdk.Aws_STACK_NAME()), "-*")
	name, exists := settings.ParseLogGroup(b.s.CloudWatch.LogGroup)
	if !b.s.Has(settings.CloudWatch) || exists || name == "" {
		return named
	}
	return []*string{named, arn("logs", "log-group:", &name)}
}

// arnOrNil returns the key's ARN, nil if AWS owns the key.
func (k *Key) arnOrNil() *string {
	if k == nil {
		return nil
	}
	return k.ARN
}
