package oktastream

import (
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/internal/pattern"
	"github.com/oktastream/oktastream/infra/settings"
)

// Function is a pipeline's function.
type Function struct {
	resource  awslambda.CfnFunction
	Name, ARN *string
	Role      *Role
	LogGroup  *LogGroup
	mapping   *string // id of the event source mapping
}

// functionLogDays is the retention of the function's own log: longer than that of a dead letter (14
// days), and as long as Okta keeps events.
const functionLogDays = 90

func (b *builder) newFunction(scope constructs.Construct, p *Pipeline, set *settings.Pipeline) *Function {
	f := &Function{Role: b.newRole(scope, "FunctionRole", "The function of "+p.Name, trust("lambda.amazonaws.com"))}
	f.LogGroup = b.newLogGroup(scope, "FunctionLog", functionLogDays)
	streams := []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	f.Role.may("OwnLog", streams, f.LogGroup.ARN)
	f.Role.may("ReadsTheBuffer", []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
		p.Buffer.ARN)
	f.Role.may("SendsDeadLetters", []string{"sqs:SendMessage"}, p.Dead.ARN)
	if set.Ingest == settings.IngestLambda {
		f.Role.may("RequeuesFailed", []string{"sqs:SendMessage"}, p.Buffer.ARN)
	}
	switch {
	case p.LogGroup != nil:
		f.Role.may("Delivers", streams, p.LogGroup.ARN)
	case p.Delivery != nil:
		f.Role.may("PutsBatches", []string{"events:PutEvents"}, p.Delivery.busARN)
	case p.Archive != nil:
		f.Role.mayArchive(b, p.Archive)
	default:
		f.Role.mayCall(b, p.Destination)
	}
	f.Role.mayUseQueues(b)
	policy := f.Role.attach(b)

	f.build(scope, b.code, policy, b.environment(p, set), &awslambda.CfnFunctionProps{
		Description: jsii.String("Okta System Log events to " + string(p.Destination)),
		Timeout:     jsii.Number(set.TimeoutSeconds()), MemorySize: jsii.Number(set.Memory),
		VpcConfig: vpc(b.s.HTTPS(p.Destination), set),
	})

	mapping := awslambda.NewCfnEventSourceMapping(scope, jsii.String("FromBuffer"), &awslambda.CfnEventSourceMappingProps{
		FunctionName: f.Name, EventSourceArn: p.Buffer.ARN, Enabled: jsii.Bool(true),
		BatchSize: jsii.Number(set.Batch), MaximumBatchingWindowInSeconds: jsii.Number(set.Window),
		FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
		// No reserved concurrency in addition: a throttled poll counts as a receive, and
		// outageHours is counted in receives.
		ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{
			MaximumConcurrency: jsii.Number(set.Concurrency),
		},
		MetricsConfig: &awslambda.CfnEventSourceMapping_MetricsConfigProperty{Metrics: jsii.Strings("EventCount")},
	})
	f.mapping = mapping.Ref()
	if set.Ingest == settings.IngestLambda {
		// Two retries and six hours are Lambda's maximum (Lambda developer guide, "Asynchronous
		// invocation", read 2026-11).
		f.async(scope, policy, 2, 6*3600, p.Dead)
	}
	return f
}

// build makes the resource, with the properties that all functions share.
func (f *Function) build(scope constructs.Construct, zip code, policy awscdk.CfnResource,
	environment map[string]*string, set *awslambda.CfnFunctionProps) {
	set.Architectures, set.Runtime = jsii.Strings("arm64"), jsii.String("provided.al2023")
	set.Handler = jsii.String("bootstrap")
	set.Code = &awslambda.CfnFunction_CodeProperty{S3Bucket: zip.bucket, S3Key: zip.key}
	set.Role, set.LoggingConfig = f.Role.ARN, &awslambda.CfnFunction_LoggingConfigProperty{LogGroup: f.LogGroup.Name}
	set.Environment = &awslambda.CfnFunction_EnvironmentProperty{Variables: environment}
	f.resource = awslambda.NewCfnFunction(scope, jsii.String("Function"), set)
	f.resource.AddResourceDependency(policy, nil)
	f.Name, f.ARN = f.resource.Ref(), f.resource.AttrArn()
}

// async sets the retries and the maximum age in seconds of asynchronous invocations, and the queue
// for those that fail.
func (f *Function) async(scope constructs.Construct, policy awscdk.CfnResource, retries, seconds int, failed *Queue) {
	awslambda.NewCfnEventInvokeConfig(scope, jsii.String("Async"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName: f.Name, Qualifier: jsii.String("$LATEST"),
		MaximumRetryAttempts: jsii.Number(retries), MaximumEventAgeInSeconds: jsii.Number(seconds),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: failed.ARN},
		},
	}).AddResourceDependency(policy, nil)
}

// environment returns the variables that package lambda/config reads.
func (b *builder) environment(p *Pipeline, set *settings.Pipeline) map[string]*string {
	left := pattern.For(b.s.Source, set.Include, set.Exclude)
	variables := map[string]*string{
		"PIPELINE": &p.Name, "SOURCE": jsii.String(b.s.Source), "ACCOUNT": awscdk.Aws_ACCOUNT_ID(),
		"DESTINATION": jsii.String(string(p.Destination)), "FORMAT": jsii.String(set.Format),
		"BUFFER_URL": p.Buffer.URL, "DEAD_URL": p.Dead.URL, "MAX_RECEIVE_COUNT": number(set.MaxReceiveCount()),
		"INCLUDE": commas(left.Include), "EXCLUDE": commas(left.Exclude),
	}
	switch {
	case p.LogGroup != nil:
		variables["LOG_GROUP"] = p.LogGroup.Name
		variables["RETENTION_DAYS"] = number(p.LogGroup.days)
	case p.Delivery != nil:
		variables["DELIVERY_BUS"] = p.Delivery.busName
		variables["PACK_BYTES"] = number(set.PackBytes)
	case p.Archive != nil:
		variables["BUCKET"], variables["BUCKET_OWNER"] = p.Archive.BucketName, awscdk.Aws_ACCOUNT_ID()
	default:
		maps.Copy(variables, b.environmentOverHTTPS(p.Destination))
	}
	if p.Destination == settings.Datadog {
		variables["SERVICE"], variables["TAGS"] = jsii.String(set.Service), commas(set.Tags)
	}
	variables["OBSERVABLES"] = jsii.String("")
	if set.Observables {
		variables["OBSERVABLES"] = jsii.String("true")
	}
	variables["OKTA_DOMAIN"] = jsii.String(set.OktaDomain) // "" if the destination has no such setting
	written := map[string]*string{}
	for name, value := range variables {
		if *value != "" {
			written["OKTASTREAM_"+name] = value
		}
	}
	return written
}

func number(n int) *string { return jsii.String(fmt.Sprint(n)) }

// invokePermission lets the rule invoke the function.
func (b *builder) invokePermission(scope constructs.Construct, f *Function, ruleARN *string) awscdk.CfnResource {
	return awslambda.NewCfnPermission(scope, jsii.String("RuleToFunction"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: f.Name, Principal: jsii.String("events.amazonaws.com"),
		SourceArn: ruleARN, SourceAccount: awscdk.Aws_ACCOUNT_ID(),
	})
}
