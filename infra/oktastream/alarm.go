package oktastream

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/watch"
)

// watch makes the alarms, the topic that they notify, and the dashboard.
func (b *builder) watch(o *Oktastream) {
	stack := watch.Stack{
		Name: b.name, Partition: *awscdk.Aws_PARTITION(), Region: *awscdk.Aws_REGION(), Account: *awscdk.Aws_ACCOUNT_ID(),
		Source: b.s.Source, Bus: *b.bus.name, Live: b.s.Live, SilenceMinutes: b.s.SilenceMinutes,
	}
	for _, p := range o.Pipelines {
		stack.Pipelines = append(stack.Pipelines, b.seen(p))
	}
	if b.streamRule != nil {
		stack.StreamRule = *b.streamRule.Name
	}
	if a := o.Auditor; a != nil {
		stack.Auditor = &watch.Auditor{Pipeline: a.Pipeline.Name, Function: *a.Name, LogGroup: *a.LogGroup.Name,
			Failed: *a.Failed.Name, Unstarted: *a.Unstarted.Name, EveryMinutes: b.s.OktaEvery}
	}
	b.topic = b.newTopic()
	for _, alarm := range watch.Alarms(stack) {
		// The id is made from the name, not from a number: a new alarm must not change the ids of
		// others, because their names are in use while they exist.
		b.newAlarm("Alarm-"+strings.TrimPrefix(alarm.Name, b.name+"-"), alarm)
	}
	awscloudwatch.NewCfnDashboard(b.scope, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: &b.name, DashboardBody: awscdk.Stack_Of(b.scope).ToJsonString(watch.Dashboard(stack), nil),
	})
}

// seen describes a pipeline for package watch.
func (b *builder) seen(p *Pipeline) watch.Pipeline {
	set := b.s.Of(p.Destination)
	seen := watch.Pipeline{
		Name: p.Name, Destination: string(p.Destination), Ingest: set.Ingest, Rule: *p.Rule.Name, Bus: *b.bus.name,
		Filtered: len(set.Include)+len(set.Exclude) > 0, Dead: *p.Dead.Name,
		OutageHours: set.OutageHours, VisibilitySeconds: set.VisibilitySeconds(), HTTPS: b.s.HTTPS(p.Destination),
	}
	if p.Function != nil {
		seen.Buffer, seen.Redrive, seen.Function, seen.Mapping = *p.Buffer.Name, *p.Redrive.Name, *p.Function.Name,
			*p.Function.mapping
	}
	if p.LogGroup != nil {
		seen.LogGroup = *p.LogGroup.Name
	}
	if p.Archive != nil {
		seen.Bucket = *p.Archive.BucketName
	}
	if p.Delivery != nil {
		seen.DeliveryRule, seen.DeliveryBus = *p.Delivery.rule.Name, *p.Delivery.busName
	}
	return seen
}

func (b *builder) newAlarm(id string, a watch.Alarm) {
	var metrics []any
	for _, q := range a.Queries {
		metrics = append(metrics, dataQuery(q, a.PeriodSeconds))
	}
	props := &awscloudwatch.CfnAlarmProps{
		AlarmName: &a.Name, AlarmDescription: jsii.String(a.Description()),
		Metrics: metrics, ComparisonOperator: &a.Comparison, Threshold: jsii.Number(a.Threshold),
		EvaluationPeriods: jsii.Number(a.Periods), DatapointsToAlarm: jsii.Number(a.ToAlarm), TreatMissingData: &a.Missing,
	}
	if a.Clock != "" {
		props.EvaluationWindow = &awscloudwatch.CfnAlarm_EvaluationWindowProperty{
			WallClockWindow: &awscloudwatch.CfnAlarm_WallClockWindowProperty{Timezone: &a.Clock},
		}
	}
	if b.topic != nil {
		props.AlarmActions, props.OkActions = &[]any{b.topic}, &[]any{b.topic}
	}
	awscloudwatch.NewCfnAlarm(b.scope, &id, props)
}

func dataQuery(q watch.Query, period int) *awscloudwatch.CfnAlarm_MetricDataQueryProperty {
	out := &awscloudwatch.CfnAlarm_MetricDataQueryProperty{Id: &q.ID, ReturnData: jsii.Bool(q.Return)}
	if q.Label != "" {
		out.Label = &q.Label
	}
	if q.Metric == nil {
		out.Expression = &q.Expression
		return out
	}
	var dimensions []any
	for _, d := range q.Metric.Dimensions {
		dimensions = append(dimensions, &awscloudwatch.CfnAlarm_DimensionProperty{Name: &d.Name, Value: &d.Value})
	}
	out.MetricStat = &awscloudwatch.CfnAlarm_MetricStatProperty{
		Metric: &awscloudwatch.CfnAlarm_MetricProperty{Namespace: &q.Metric.Namespace, MetricName: &q.Metric.Name,
			Dimensions: dimensions},
		Period: jsii.Number(period), Stat: &q.Metric.Stat,
	}
	return out
}
