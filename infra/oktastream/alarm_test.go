//go:build !race

package oktastream

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/settings"
)

// dimensions are the resources of the template that a dimension of a metric can
// name.
func (s *synthesised) dimensions(t *testing.T) map[string]map[string]bool {
	t.Helper()
	names := map[string]map[string]bool{
		"EventBusName": {source: true}, "EventSourceName": {source: true}, "pipeline": {}, "origin": {"replay": true, "backfill": true},
	}
	for dimension, kind := range map[string]string{
		"QueueName": "AWS::SQS::Queue", "FunctionName": "AWS::Lambda::Function",
		"EventSourceMappingUUID": "AWS::Lambda::EventSourceMapping",
		"LogGroupName":           "AWS::Logs::LogGroup", "RuleName": "AWS::Events::Rule", "EventBusName": "AWS::Events::EventBus",
	} {
		if names[dimension] == nil {
			names[dimension] = map[string]bool{}
		}
		for id, r := range s.of(kind) {
			value := s.resolve(t, map[string]any{"Ref": id})
			if dimension == "QueueName" {
				value = s.resolve(t, map[string]any{"Fn::GetAtt": []any{id, "QueueName"}})
			}
			if dimension == "RuleName" {
				value = s.resolve(t, r["Properties"].(map[string]any)["Name"])
			}
			names[dimension][value.(string)] = true
		}
	}
	if name, exists := settings.ParseLogGroup(s.settings.CloudWatch.LogGroup); exists {
		names["LogGroupName"][name] = true
	}
	for _, d := range s.settings.Destinations {
		names["pipeline"][s.stack+"-"+string(d)] = true
	}
	return names
}

// TestAlarmsLookAtWhatIsThere: an alarm on a metric that does not exist would never fire.
func TestAlarmsLookAtWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		names := s.dimensions(t)
		looked := map[string]bool{}
		for id, r := range s.of("AWS::CloudWatch::Alarm") {
			properties := s.resolve(t, r["Properties"]).(map[string]any)
			returned := 0
			for _, line := range properties["Metrics"].([]any) {
				line := line.(map[string]any)
				if line["ReturnData"] == true {
					returned++
				}
				stat, ok := line["MetricStat"].(map[string]any)
				if !ok {
					continue
				}
				metric := stat["Metric"].(map[string]any)
				for _, d := range metric["Dimensions"].([]any) {
					d := d.(map[string]any)
					if !names[d["Name"].(string)][d["Value"].(string)] {
						t.Errorf("%s looks at %v, whose %s %v the template does not have", id, metric["MetricName"], d["Name"],
							d["Value"])
					}
					looked[d["Name"].(string)+"="+d["Value"].(string)] = true
				}
			}
			if returned != 1 {
				t.Errorf("%s returns %d lines", id, returned)
			}
			if text := properties["AlarmDescription"].(string); len(text) > 1024 || !strings.Contains(text, "WHAT HAPPENED") ||
				!strings.Contains(text, "WHAT IT MEANS") || !strings.Contains(text, "DO FIRST: 1. ") {
				t.Errorf("%s says %d characters: %s", id, len(text), text)
			}
			if name := properties["AlarmName"].(string); !strings.HasPrefix(name, s.stack+"-") {
				t.Errorf("%s is called %s, which the topic's policy does not know", id, name)
			}
		}
		for queue := range names["QueueName"] {
			if !looked["QueueName="+queue] {
				t.Errorf("no alarm looks at the queue %s", queue)
			}
		}
		for function := range names["FunctionName"] {
			if !looked["FunctionName="+function] {
				t.Errorf("no alarm looks at the function %s", function)
			}
		}
		for rule := range names["RuleName"] {
			if !looked["RuleName="+rule] {
				t.Errorf("no alarm looks at the rule %s", rule)
			}
		}
	})
}

// TestWhatAlarmsNotify: all alarms or none, and silence only once the stream is live.
func TestWhatAlarmsNotify(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		want := []any(nil)
		switch {
		case s.settings.AlarmTopic != "":
			want = []any{s.settings.AlarmTopic}
		case s.settings.AlarmEmail != "":
			id, _ := s.only(t, "AWS::SNS::Topic", "OktaAlarms")
			want = []any{s.account.ARN(id)}
			_, mail := s.only(t, "AWS::SNS::Subscription", "OktaAlarmsToMail")
			if mail["Endpoint"] != s.settings.AlarmEmail || mail["Protocol"] != "email" {
				t.Errorf("the subscription is %v", mail)
			}
		}
		silence := false
		for id, r := range s.of("AWS::CloudWatch::Alarm") {
			properties := s.resolve(t, r["Properties"]).(map[string]any)
			silence = silence || strings.HasSuffix(properties["AlarmName"].(string), "-silence")
			have, _ := properties["AlarmActions"].([]any)
			back, _ := properties["OKActions"].([]any)
			if !slices.Equal(have, want) || !slices.Equal(back, want) {
				t.Errorf("%s tells %v and %v, want %v", id, have, back, want)
			}
		}
		if silence != s.settings.Live {
			t.Errorf("the alarm of silence is there: %t, live: %t", silence, s.settings.Live)
		}
	})
}

// TestAnUpdateKeepsTheAlarms: a new alarm must not take the logical id of another one, because that
// one's name is still in use.
func TestAnUpdateKeepsTheAlarms(t *testing.T) {
	names := func(s *synthesised) map[string]any {
		list := map[string]any{}
		for id, r := range s.of("AWS::CloudWatch::Alarm") {
			list[id] = r["Properties"].(map[string]any)["AlarmName"]
		}
		for id, r := range s.of("AWS::Logs::QueryDefinition") {
			list[id] = r["Properties"].(map[string]any)["Name"]
		}
		return list
	}
	before, after := names(synthesise(t, "cloudwatch")), names(synthesise(t, "mail-live-both"))
	if len(after) <= len(before) {
		t.Fatalf("%d names before, %d after", len(before), len(after))
	}
	for id, name := range before {
		if after[id] != name {
			t.Errorf("%s is %v before an update and %v after", id, name, after[id])
		}
	}
}

// TestTheDashboardShowsWhatIsThere compares the dashboard's metrics with the template's resources.
func TestTheDashboardShowsWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		names := s.dimensions(t)
		_, dashboard := s.only(t, "AWS::CloudWatch::Dashboard", "OktaDashboard")
		text := s.resolve(t, dashboard["DashboardBody"]).(string)
		var body struct {
			Widgets []struct {
				Properties struct{ Metrics [][]any }
			}
		}
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		metrics := 0
		for _, w := range body.Widgets {
			for _, m := range w.Properties.Metrics {
				if len(m) < 4 {
					continue // an expression
				}
				metrics++
				for i := 2; i+1 < len(m); i += 2 {
					name, ok := m[i].(string)
					if !ok {
						break
					}
					if !names[name][fmt.Sprint(m[i+1])] {
						t.Errorf("the dashboard shows %v of %s %v, which the template does not have", m[1], name, m[i+1])
					}
				}
			}
		}
		if metrics < 5 {
			t.Errorf("the dashboard shows %d metrics", metrics)
		}
	})
}

// TestQueriesAreSaved checks that each query is saved in the form for the log group, with the index
// that they use.
func TestQueriesAreSaved(t *testing.T) {
	want := map[string]queries.Shape{"cloudwatch": queries.OCSF, "rule-cloudwatch": queries.Envelope,
		"raw": queries.Raw, "lambda-cloudwatch": queries.OCSF}
	for name, shape := range want {
		t.Run(name, func(t *testing.T) {
			s := synthesise(t, name)
			id, group := s.only(t, "AWS::Logs::LogGroup", "OktaCloudWatchEvents")
			saved := map[string]string{}
			for _, r := range s.of("AWS::Logs::QueryDefinition") {
				properties := s.resolve(t, r["Properties"]).(map[string]any)
				if groups := properties["LogGroupNames"].([]any); len(groups) != 1 || groups[0] != s.resolve(t,
					map[string]any{"Ref": id}) {
					t.Errorf("%v asks %v", properties["Name"], groups)
				}
				saved[properties["Name"].(string)] = properties["QueryString"].(string)
			}
			for _, q := range queries.All() {
				if saved[s.stack+"/"+q.Path()] != q.Text(shape) {
					t.Errorf("%s is not saved as it should be for %s", q.Name, shape)
				}
			}
			if len(saved) != len(queries.All()) {
				t.Errorf("%d queries are saved, want %d", len(saved), len(queries.All()))
			}
			var fields []any
			for _, f := range queries.Indexes(shape) {
				fields = append(fields, f)
			}
			if index := group["FieldIndexPolicies"].([]any)[0].(map[string]any)["Fields"].([]any); !slices.Equal(index, fields) {
				t.Errorf("the index is %v, want %v", index, fields)
			}
		})
	}
	if s := synthesise(t, "datadog"); len(s.of("AWS::Logs::QueryDefinition")) > 0 {
		t.Error("a stack without a log group of events has queries")
	}
}

// TestThePageShowsTheDeployedAlarms compares the alarms of every configuration
// with those of the page, which package watch writes.
func TestThePageShowsTheDeployedAlarms(t *testing.T) {
	page, err := os.ReadFile("../watch/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "<!-- alarms -->")
	block, _, _ = strings.Cut(block, "<!-- /alarms -->")
	shown, seen := map[string]bool{}, map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(block, -1) {
		shown[row[1]] = true
	}
	each(t, func(t *testing.T, s *synthesised) {
		for _, r := range s.of("AWS::CloudWatch::Alarm") {
			kind := r["Properties"].(map[string]any)["AlarmName"].(string)[len(s.stack)+1:]
			if strings.Contains(kind, "-detection-") {
				continue // the page of package queries shows which detections have an alarm
			}
			for _, d := range settings.Destinations() {
				kind = strings.TrimPrefix(kind, string(d)+"-")
			}
			seen[kind] = true
			if !shown[kind] {
				t.Errorf("the alarm %s is deployed, and the page does not show it", kind)
			}
		}
	})
	for kind := range shown {
		if !seen[kind] {
			t.Errorf("the page shows the alarm %s, which no configuration deploys", kind)
		}
	}
}

// TestOutputsThatThePagesNameExist finds each output by its name on a page.
func TestOutputsThatThePagesNameExist(t *testing.T) {
	needNode(t)
	var pages []byte
	for _, file := range []string{"../../README.md", "../README.md", "../e2e/README.md"} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page...)
	}
	there := map[string]bool{}
	for _, name := range []string{"both", "kms-given", "opensearch", "archive", "auditor"} {
		for id := range synthesise(t, name).template["Outputs"].(map[string]any) {
			there[id] = true
		}
	}
	named := regexp.MustCompile("output\\s+`(\\w+)`").FindAllStringSubmatch(string(pages), -1)
	if len(named) < 3 {
		t.Errorf("the pages name %d outputs", len(named))
	}
	for _, match := range named {
		if !there[match[1]] {
			t.Errorf("the pages name the output %s, which no stack has", match[1])
		}
	}
}
