package oktastream

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/watch"
)

// watchDetections counts the events of each detection that a single event can match, with a metric
// filter on the pipeline's log group, and makes an alarm that fires at the first. CloudWatch
// creates the metric when an event matches.
func (b *builder) watchDetections(p *Pipeline) error {
	set := b.s.Of(p.Destination)
	if p.LogGroup == nil || !set.Detections {
		return nil
	}
	for _, q := range queries.All() {
		if q.Detection == nil || !q.Detection.Alarm {
			continue
		}
		pattern, err := q.FilterPattern(shape(set))
		if err != nil {
			return fmt.Errorf("make the alarm of a detection: %w", err)
		}
		metric := p.Name + "-" + q.Name
		awslogs.NewCfnMetricFilter(b.scope, jsii.String("Detection-"+q.Name), &awslogs.CfnMetricFilterProps{
			LogGroupName: p.LogGroup.Name, FilterName: &metric, FilterPattern: &pattern,
			MetricTransformations: []any{&awslogs.CfnMetricFilter_MetricTransformationProperty{
				MetricNamespace: jsii.String(watch.DetectionsNamespace), MetricName: &metric, MetricValue: jsii.String("1"),
			}},
		})
		alarm := watch.Detected(p.Name, q.Name, q.Question, q.Look, metric)
		b.newAlarm("Alarm-"+strings.TrimPrefix(alarm.Name, b.name+"-"), alarm)
	}
	return nil
}
