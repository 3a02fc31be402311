package oktastream

import (
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/settings"
)

// outputs adds the outputs: where to look after a deployment, and for each pipeline one line for
// the command oktastream.
func (b *builder) outputs(o *Oktastream) {
	stack := awscdk.Stack_Of(b.scope)
	// A logical id has only letters and digits; the id of a construct can have more.
	prefix := regexp.MustCompile(`[^A-Za-z0-9]`).ReplaceAllString(*b.scope.Node().Id(), "")
	atTop := *b.scope.Node().Scope().Node().Path() == *stack.Node().Path()
	out := func(id, description string, value *string) {
		output := awscdk.NewCfnOutput(b.scope, &id, &awscdk.CfnOutputProps{Description: &description, Value: value})
		if atTop {
			// The name as in the README, without the CDK's hash. Below another construct the hash
			// distinguishes two.
			output.OverrideLogicalId(jsii.String(prefix + id))
		}
	}
	_, stream, _ := events.ParseSource(b.s.Source)
	out("OktaEventSource", "Okta: Reports, Log Streaming: the AWS EventBridge stream with this event source name, "+
		"account and region",
		join(stream+" ", awscdk.Aws_ACCOUNT_ID(), " ", awscdk.Aws_REGION()))
	out("ReplayRoleArn", "The role under which dead letters are replayed, also in the SQS console", b.replay.ARN)
	if b.key != nil && b.key.given {
		out("KeyPolicyStatements", "Statements that the policy of the key in the setting kms must "+
			"contain", stack.ToJsonString(b.key.statements, nil))
	}
	if a := o.Auditor; a != nil {
		org, _, _ := events.ParseSource(b.s.Source)
		out("AuditorOutput", "What oktastream doctor reads about the auditor", stack.ToJsonString(map[string]any{
			"oktastream_auditor": 1, "function": a.Name, "bucket": a.DigestBucket, "org": org, "schedule": a.Schedule,
			"dead": a.Failed.URL, "unstarted": a.Unstarted.URL,
			"pipeline": a.Pipeline.Name, "log_group_function": a.LogGroup.Name,
		}, nil))
	}
	for _, p := range o.Pipelines {
		title := title(p.Destination)
		if p.LogGroup != nil {
			out(title+"LogGroup", "Where to query with CloudWatch Logs Insights", p.LogGroup.Name)
		}
		if p.Archive != nil {
			out(title+"Bucket", "Where events are kept as objects, below "+eventsPrefix, p.Archive.BucketName)
			out(title+"Athena", "Athena: workgroup, then table", jsii.String(p.Archive.WorkGroup+" "+p.Archive.Database+"."+
				p.Archive.Table))
		}
		if _, signs := b.s.SignedTo(p.Destination); signs && p.Function != nil {
			out(title+"RoleArn", "The function's role, which OpenSearch must allow to write", p.Function.Role.ARN)
		}
		out(title+"DeadUrl", "The queue of events that cannot be delivered, each with its reason", p.Dead.URL)
		if p.Redrive != nil {
			out(title+"RedriveUrl", "The queue of events that were tried for outageHours", p.Redrive.URL)
			out(title+"BufferUrl", "The queue between rule and function", p.Buffer.URL)
		}
		out(title+"Pipeline", "What oktastream --stack reads", stack.ToJsonString(b.describe(p), nil))
	}
}

// describe returns a pipeline in the form that `oktastream dlq`, `reconcile` and `doctor` read.
func (b *builder) describe(p *Pipeline) map[string]any {
	set := b.s.Of(p.Destination)
	d := map[string]any{
		"oktastream": 1, "pipeline": p.Name, "destination": string(p.Destination), "ingest": set.Ingest, "format": set.Format,
		"source": b.s.Source, "account": awscdk.Aws_ACCOUNT_ID(), "region": awscdk.Aws_REGION(),
		"dead": p.Dead.URL, "replay_role": b.replay.ARN,
		"include": strings.Join(set.Include, ","), "exclude": strings.Join(set.Exclude, ","),
	}
	if set.Observables {
		d["observables"] = true
	}
	if p.Buffer != nil {
		d["buffer"], d["redrive"], d["max_receive_count"] = p.Buffer.URL, p.Redrive.URL, set.MaxReceiveCount()
	}
	if p.LogGroup != nil {
		d["log_group"], d["retention_days"] = p.LogGroup.Name, p.LogGroup.days
	}
	// The place that oktastream reconcile searches.
	if p.Destination == settings.Elastic || p.Destination == settings.OpenSearch {
		d["endpoint"], d["auth"] = set.Endpoint, b.s.Auth(p.Destination)
		d["index"], d["data_stream"] = set.Index, set.DataStream
	}
	if p.Archive != nil {
		d["bucket"], d["bucket_owner"], d["lock"] = p.Archive.BucketName, awscdk.Aws_ACCOUNT_ID(), set.Lock
		if set.Lock != settings.LockOff {
			d["lock_years"] = set.LockYears
		}
		if b.key != nil && set.Bucket == "" { // an existing bucket has its own
			d["bucket_key"] = b.key.ARN
		}
		if p.Archive.DigestKeyARN != nil {
			d["digest_key"] = p.Archive.DigestKeyARN
		}
	}
	if p.Delivery != nil {
		d["delivery_bus"], d["pack_bytes"] = p.Delivery.busName, set.PackBytes
	}
	if p.Destination == settings.Datadog {
		d["transport"], d["service"] = set.Transport, set.Service
		d["tags"], d["okta_domain"] = strings.Join(set.Tags, ","), set.OktaDomain
	}
	b.describeParts(p, d)
	return d
}

// describeParts adds the parts that `oktastream doctor` checks.
func (b *builder) describeParts(p *Pipeline, d map[string]any) {
	d["bus"], d["rule"], d["alarms"], d["version"] = b.bus.name, p.Rule.Name, b.name+"-", version()
	if b.topic != nil {
		d["topic"] = b.topic
	}
	if f := p.Function; f != nil {
		d["function"], d["mapping"], d["log_group_function"] = f.Name, f.mapping, f.LogGroup.Name
	}
	if p.Delivery != nil {
		d["delivery_rule"] = p.Delivery.rule.Name
		d["api_destination"], d["connection"] = p.Delivery.destination.Ref(), p.Delivery.connection.Ref()
	}
}
