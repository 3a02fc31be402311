//go:build !race

package oktastream

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/queries"
	"github.com/oktastream/oktastream/infra/watch"
)

// dimensions are the resources of the template that a dimension of a metric can
// name.
func (s *synthesised) dimensions(t *testing.T) map[string]map[string]bool {
	t.Helper()
	names := map[string]map[string]bool{"EventBusName": {source: true}, "pipeline": {}, "origin": {"replay": true}}
	for dimension, kind := range map[string]string{
		"QueueName": "AWS::SQS::Queue", "FunctionName": "AWS::Lambda::Function", "EventSourceMappingUUID": "AWS::Lambda::EventSourceMapping",
		"LogGroupName": "AWS::Logs::LogGroup", "RuleName": "AWS::Events::Rule", "EventBusName": "AWS::Events::EventBus",
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
	for _, d := range s.settings.Destinations {
		names["pipeline"][s.stack+"-"+string(d)] = true
	}
	return names
}

// TestAlarmsLookAtWhatIsThere: an alarm on a metric that nobody writes is green
// for ever.
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
						t.Errorf("%s looks at %v, whose %s %v the template does not have", id, metric["MetricName"], d["Name"], d["Value"])
					}
					looked[d["Name"].(string)+"="+d["Value"].(string)] = true
				}
			}
			if returned != 1 {
				t.Errorf("%s returns %d lines", id, returned)
			}
			if text := properties["AlarmDescription"].(string); len(text) > 1024 || !strings.Contains(text, "WHAT HAPPENED") || !strings.Contains(text, "DO FIRST") {
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
			if !looked["RuleName="+rule] && (s.settings.Live || !strings.HasSuffix(rule, "-all")) {
				t.Errorf("no alarm looks at the rule %s", rule)
			}
		}
	})
}

// TestWhoIsTold: all alarms or none, and silence only once the stream is live.
func TestWhoIsTold(t *testing.T) {
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

// TestAnUpdateKeepsTheAlarms: an alarm that an update brings must not take the
// logical id of another, whose name is taken as long as that one stands.
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

// TestTheDashboardShowsWhatIsThere holds the dashboard's metrics against the
// template's resources.
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

// TestQueriesAreSaved: each query, in the shape that the log group holds, and the
// index that they use.
func TestQueriesAreSaved(t *testing.T) {
	want := map[string]queries.Shape{"cloudwatch": queries.OCSF, "rule-cloudwatch": queries.Envelope, "raw": queries.Raw, "lambda-cloudwatch": queries.OCSF}
	for name, shape := range want {
		t.Run(name, func(t *testing.T) {
			s := synthesise(t, name)
			id, group := s.only(t, "AWS::Logs::LogGroup", "OktaCloudWatchEvents")
			saved := map[string]string{}
			for _, r := range s.of("AWS::Logs::QueryDefinition") {
				properties := s.resolve(t, r["Properties"]).(map[string]any)
				if groups := properties["LogGroupNames"].([]any); len(groups) != 1 || groups[0] != s.resolve(t, map[string]any{"Ref": id}) {
					t.Errorf("%v asks %v", properties["Name"], groups)
				}
				saved[properties["Name"].(string)] = properties["QueryString"].(string)
			}
			for _, q := range queries.All() {
				if saved[s.stack+"/"+q.Name] != q.Text(shape) {
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

// TestPagesShowTheAlarms compares the pages' tables with what is deployed:
// each kind of alarm of any configuration, and each failure with its alarms.
func TestPagesShowTheAlarms(t *testing.T) {
	needNode(t)
	deployed := map[string]bool{}
	for name := range configurations() {
		s := synthesise(t, name)
		for _, r := range s.of("AWS::CloudWatch::Alarm") {
			deployed[r["Properties"].(map[string]any)["AlarmName"].(string)[len(s.stack)+1:]] = true
		}
	}
	var alarms, failures, saved strings.Builder
	alarms.WriteString("| alarm | what happened | what to do first | no data |\n|---|---|---|---|\n")
	kinds := map[string]bool{}
	for _, a := range watch.Kinds() {
		kinds[a.Kind] = true
		fmt.Fprintf(&alarms, "| `%s` | %s | %s | %s, because %s |\n", a.Kind, cell(a.Happened), cell(a.DoFirst), a.Missing, cell(a.WhyMissing))
		if !deployed[a.Kind] && !deployed["cloudwatch-"+a.Kind] && !deployed["datadog-"+a.Kind] {
			t.Errorf("infra/watch/README.md shows %s, which no configuration deploys", a.Kind)
		}
	}
	var names []string
	for name := range deployed {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if kind := strings.TrimPrefix(strings.TrimPrefix(name, "cloudwatch-"), "datadog-"); !kinds[kind] {
			t.Errorf("%s is deployed, and infra/watch/README.md does not show it", name)
		}
	}
	failures.WriteString("| what goes wrong | alarm | where else it shows, and why |\n|---|---|---|\n")
	for _, f := range watch.Failures() {
		var list []string
		for _, kind := range f.Kinds {
			if !kinds[kind] {
				t.Errorf("%s: there is no alarm %s", f.What, kind)
			}
			list = append(list, "`"+kind+"`")
		}
		elsewhere := cell(f.Why)
		if f.Graph != "" {
			elsewhere = "graph “" + f.Graph + "”: " + elsewhere
		}
		if f.Graph != "" && f.Why == "" {
			elsewhere = "graph “" + f.Graph + "”"
		}
		fmt.Fprintf(&failures, "| %s | %s | %s |\n", cell(f.What), strings.Join(list, ", "), elsewhere)
	}
	saved.WriteString("| query | what it answers |\n|---|---|\n")
	for _, q := range queries.All() {
		fmt.Fprintf(&saved, "| `%s` | %s |\n", q.Name, cell(q.Question))
	}
	setBlock(t, "../watch/README.md", "alarms", alarms.String())
	setBlock(t, "../watch/README.md", "failures", failures.String())
	setBlock(t, "../queries/README.md", "queries", saved.String())
}

// setBlock compares the block of a page between <!-- name --> and <!-- /name --> with
// a text. With -update it rewrites it.
func setBlock(t *testing.T, file, name, text string) {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n)(.*?)(<!-- /` + name + ` -->)`)
	parts := block.FindStringSubmatch(string(page))
	switch {
	case parts == nil:
		t.Fatalf("%s has no block %q", file, name)
	case parts[2] == text:
	case !*update:
		t.Errorf("the block %q of %s is not the code's; -update rewrites it", name, file)
	default:
		want := strings.Replace(string(page), parts[0], parts[1]+text+parts[3], 1)
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cell is a text in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// TestOutputsThatThePagesNameExist: an output is found by the name that a page gives
// it.
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
	for _, name := range []string{"both", "kms-given"} {
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
