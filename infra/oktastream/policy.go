package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// statement is a statement of an IAM policy, in IAM's own words.
type statement map[string]any

// condition is a statement's conditions: operator, key, values.
type condition map[string]map[string]any

func allow(sid string, principal any, actions []string, resource any, c condition) statement {
	s := statement{"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
	if principal != nil {
		s["Principal"] = principal
	}
	if c != nil {
		s["Condition"] = c
	}
	return s
}

func deny(sid string, actions []string, resource any, c condition) statement {
	return statement{"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resource,
		"Condition": c}
}

func service(name string) map[string]any { return map[string]any{"Service": name} }

func document(statements ...statement) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

// fromSources is the condition that EventBridge calls on behalf of one of these rules or buses, not
// of a rule with another name or in another account.
func fromSources(sources []*string) condition {
	return condition{"ArnEquals": {"aws:SourceArn": sources}}
}

// noneOf is the condition that the caller is neither one of these roles nor EventBridge on behalf
// of one of these sources. Both parts must be true; a key that a request does not have counts as
// "not equal" (IAM user guide, "Condition operators", read 2026-11).
func noneOf(roles, sources []*string) condition {
	keys := map[string]any{}
	if len(roles) > 0 {
		keys["aws:PrincipalArn"] = roles
	}
	if len(sources) > 0 {
		keys["aws:SourceArn"] = sources
	}
	return condition{"ArnNotEquals": keys}
}

// Role is an IAM role. Its policy is written when all its statements are known.
type Role struct {
	resource awsiam.CfnRole
	scope    constructs.Construct
	policy   []statement
	// ARN of the role.
	ARN *string
}

func (b *builder) newRole(scope constructs.Construct, id, description string, trust ...statement) *Role {
	role := awsiam.NewCfnRole(scope, jsii.String(id), &awsiam.CfnRoleProps{
		AssumeRolePolicyDocument: document(trust...), Description: &description,
	})
	return &Role{resource: role, scope: scope, ARN: role.AttrArn()}
}

// trust lets a service assume a role.
func trust(name string) statement {
	return statement{"Effect": "Allow", "Principal": service(name), "Action": "sts:AssumeRole"}
}

// ofAccount is the condition that a service calls on behalf of a resource of this account
// (EventBridge user guide, "Cross-service confused deputy prevention", read 2026-11).
func ofAccount() condition {
	return condition{"StringEquals": {"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}
}

func (r *Role) may(sid string, actions []string, resource any) {
	r.policy = append(r.policy, allow(sid, nil, actions, resource, nil))
}

// mayUseQueues lets the role read and write encrypted queues: SQS calls KMS as the role (SQS
// developer guide, "Key management", read 2026-11).
func (r *Role) mayUseQueues(b *builder) {
	if b.key != nil {
		r.policy = append(r.policy, allow("KeyOfQueues", nil, []string{"kms:Decrypt", "kms:GenerateDataKey"}, b.key.ARN,
			condition{
				"StringEquals": {"kms:ViaService": via("sqs")},
			}))
	}
}

// attach writes the role's policy. It is a separate resource, so that a key's policy can name the
// role without a circular dependency.
func (r *Role) attach(b *builder) awsiam.CfnPolicy {
	if len(r.policy) == 0 {
		return nil
	}
	id := *r.resource.Node().Id() + "Policy"
	return awsiam.NewCfnPolicy(r.scope, &id, &awsiam.CfnPolicyProps{
		PolicyName: jsii.String("oktastream"), PolicyDocument: document(r.policy...), Roles: &[]*string{r.resource.Ref()},
	})
}
