package oktastream

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/settings"
)

// environmentOverHTTPS returns the variables for a destination that the function calls itself: the secret's name, never
// the secret.
func (b *builder) environmentOverHTTPS(d settings.Destination) map[string]*string {
	set := b.s.Of(d)
	variables := map[string]*string{
		"SECRET": jsii.String(b.s.Secret(d)), "SECRET_FIELD": jsii.String(""), "AUTH": jsii.String(b.s.Auth(d)),
		"ENDPOINT": jsii.String(set.Endpoint), "INDEX": jsii.String(set.Index), "DATA_STREAM": jsii.String(set.DataStream),
		"CA_CERTIFICATE": jsii.String(""),
	}
	if b.s.Secret(d) != "" {
		variables["SECRET_FIELD"] = jsii.String(set.SecretField)
	}
	if set.CACertificate != "" {
		certificates, _ := settings.Certificates(set.CACertificate) // checked with the settings
		variables["CA_CERTIFICATE"] = jsii.String(certificates)
	}
	switch d {
	case settings.Splunk:
		variables["SOURCETYPE"], variables["HEC_SOURCE"] = jsii.String(set.Sourcetype), jsii.String(set.HECSource)
		if set.Ack {
			variables["ACK"] = jsii.String("true")
		}
	case settings.Datadog:
		host, _ := settings.SiteHost(set.Site) // checked with the settings
		variables["TRANSPORT"], variables["SITE"] = jsii.String(set.Transport), jsii.String(host)
	}
	return variables
}

// mayCall lets the role read the secret of a destination that the function calls itself, or call
// the destination if the function signs its requests with this role, and lets Lambda connect the
// function to a VPC.
func (r *Role) mayCall(b *builder, d settings.Destination) {
	if secret := b.s.Secret(d); secret != "" {
		r.mayRead(settings.SecretARN(secret, *awscdk.Aws_PARTITION(), *awscdk.Aws_REGION(), *awscdk.Aws_ACCOUNT_ID()))
	}
	if to, ok := b.s.SignedTo(d); ok {
		region := awscdk.Aws_REGION()
		if to.Region != "" {
			region = &to.Region
		}
		r.may("CallsTheDestination", []string{to.Action}, join("arn:", awscdk.Aws_PARTITION(),
			":"+to.Service+":", region, ":", awscdk.Aws_ACCOUNT_ID(), ":"+to.Resource))
	}
	if len(b.s.Of(d).VPC) > 0 {
		r.mayConnect()
	}
}

// mayRead lets the role read a secret, and decrypt it if its key belongs to the account: only
// through Secrets Manager and only this secret, which the encryption context names (Secrets Manager
// user guide, "Secret encryption and decryption", read 2026-11). The key's own policy must allow it
// too. A key that AWS manages needs none of this.
func (r *Role) mayRead(secret string) {
	r.may("ReadsTheSecret", []string{"secretsmanager:GetSecretValue"}, secret)
	r.policy = append(r.policy, allow("DecryptsTheSecret", nil, []string{"kms:Decrypt"},
		join("arn:", awscdk.Aws_PARTITION(), ":kms:", awscdk.Aws_REGION(), ":*:key/*"),
		condition{
			"StringEquals": {"kms:ViaService": via("secretsmanager")},
			"StringLike":   {"kms:EncryptionContext:SecretARN": secret},
		}))
}

// mayConnect lets Lambda create, with the role, the network interfaces that connect the function to
// a VPC (managed policy AWSLambdaVPCAccessExecutionRole, 2024-01). The resources of these actions
// do not exist yet, so the policy cannot name them. The function's own code may not call these
// actions: its calls have lambda:SourceFunctionArn, and calls that Lambda makes for it do not
// (Lambda developer guide, "Using source function ARN to control function access behavior", read
// 2026-11).
func (r *Role) mayConnect() {
	r.policy = append(r.policy, allow("NetworkInterfaces", nil, []string{
		"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
		"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
	}, "*", condition{"Null": {"lambda:SourceFunctionArn": "true"}}))
}

// vpc returns the VPC of a function, nil if it has none.
func vpc(overHTTPS bool, set *settings.Pipeline) *awslambda.CfnFunction_VpcConfigProperty {
	if !overHTTPS || len(set.VPC) == 0 {
		return nil
	}
	subnets, groups := set.VPCParts()
	return &awslambda.CfnFunction_VpcConfigProperty{
		SubnetIds: jsii.Strings(subnets...), SecurityGroupIds: jsii.Strings(groups...),
	}
}
