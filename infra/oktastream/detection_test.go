//go:build !race

package oktastream

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/watch"
)

// TestDetectionsAlarm: with detections=true each detection with an alarm has a metric filter on the group of events
// with the pattern of its shape, and an alarm on its metric; without, there is none.
func TestDetectionsAlarm(t *testing.T) {
	for name, shape := range map[string]queries.Shape{"detections": queries.OCSF, "detections-rule": queries.Envelope} {
		t.Run(name, func(t *testing.T) {
			s := synthesise(t, name)
			filters, alarms := map[string]map[string]any{}, map[string]map[string]any{}
			for _, r := range s.of("AWS::Logs::MetricFilter") {
				properties := s.resolve(t, r["Properties"]).(map[string]any)
				filters[properties["FilterName"].(string)] = properties
			}
			for _, r := range s.of("AWS::CloudWatch::Alarm") {
				properties := s.resolve(t, r["Properties"]).(map[string]any)
				alarms[properties["AlarmName"].(string)] = properties
			}
			group := s.resolve(t, first(t, s, "AWS::Logs::QueryDefinition")["LogGroupNames"]).([]any)[0]
			want := 0
			for _, q := range queries.All() {
				if q.Detection == nil || !q.Detection.Alarm {
					continue
				}
				want++
				metric := s.stack + "-cloudwatch-" + q.Name
				pattern, err := q.FilterPattern(shape)
				if err != nil {
					t.Fatal(err)
				}
				f := filters[metric]
				if f == nil || f["FilterPattern"] != pattern || f["LogGroupName"] != group {
					t.Errorf("the metric filter of %s is %v", q.Name, f)
					continue
				}
				made := f["MetricTransformations"].([]any)[0].(map[string]any)
				if made["MetricName"] != metric || made["MetricNamespace"] != watch.DetectionsNamespace || made["MetricValue"] != "1" {
					t.Errorf("%s counts in %v", q.Name, made)
				}
				a := alarms[s.stack+"-cloudwatch-detection-"+q.Name]
				if a == nil || !strings.Contains(a["AlarmDescription"].(string), "detections/"+q.Name) {
					t.Errorf("the alarm of %s is %v", q.Name, a)
					continue
				}
				read := a["Metrics"].([]any)[0].(map[string]any)["MetricStat"].(map[string]any)["Metric"].(map[string]any)
				if read["MetricName"] != metric || read["Namespace"] != watch.DetectionsNamespace {
					t.Errorf("the alarm of %s reads %v", q.Name, read)
				}
			}
			if len(filters) != want || want == 0 {
				t.Errorf("%d metric filters, want %d", len(filters), want)
			}
		})
	}
	if s := synthesise(t, "cloudwatch"); len(s.of("AWS::Logs::MetricFilter")) > 0 {
		t.Error("there are metric filters without detections=true")
	}
}

// first is the properties of a resource of the type.
func first(t *testing.T, s *synthesised, kind string) map[string]any {
	t.Helper()
	for _, r := range s.of(kind) {
		return r["Properties"].(map[string]any)
	}
	t.Fatalf("no %s", kind)
	return nil
}
