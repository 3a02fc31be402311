package awsfake_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

func TestStacksTellTheirOutputs(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	c.AddStack("okta", map[string]string{"B": `{"a":"<&>"}`, "A": "1"})
	client := cloudformation.NewFromConfig(c.Config(), func(o *cloudformation.Options) { o.Retryer = aws.NopRetryer{} })
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("okta")})
	check(t, err)
	equal(t, "stacks", len(out.Stacks), 1)
	equal(t, "name", *out.Stacks[0].StackName, "okta")
	equal(t, "outputs", len(out.Stacks[0].Outputs), 2)
	equal(t, "key", *out.Stacks[0].Outputs[1].OutputKey, "B")
	equal(t, "value", *out.Stacks[0].Outputs[1].OutputValue, `{"a":"<&>"}`)

	_, err = client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("other")})
	isCode(t, err, "ValidationError")
	c.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Status: 403, Code: "AccessDenied"} })
	_, err = client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("okta")})
	isCode(t, err, "AccessDenied")
}

func TestAnAssumedRoleCalls(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/okta-replay"
	c := awsfake.New(t, awsfake.Options{})
	url := c.AddQueue("q", awsfake.QueueOptions{})
	var roles []string
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		roles = append(roles, call.Operation+" "+call.Role)
		return awsfake.Fault{}
	})
	assumed := c.Config()
	assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c.Config()), role))
	queue := sqs.NewFromConfig(assumed, func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })

	_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
	isCode(t, err, "AccessDenied")
	c.AddRole(role)
	_, err = queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
	check(t, err)
	equal(t, "calls", len(roles), 3)
	equal(t, "the last call", roles[2], "SendMessage "+role)
}
