package awsfake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// Rules, buses and sources are described as they were declared, by the SDK's own client.
func TestDescribeEvents(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	made := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c.AddBus("b")
	c.SetBusCreated("b", made)
	c.SetEventSource("b", &awsfake.EventSource{State: "PENDING", Created: made, Expires: made.Add(time.Hour)})
	c.SetEventRule("b", "r", &awsfake.EventRule{State: "DISABLED", Pattern: `{"source":["b"]}`,
		Targets: []string{"arn:1", "arn:2"}})
	api := eventbridge.NewFromConfig(c.Config())
	source, err := api.DescribeEventSource(t.Context(), &eventbridge.DescribeEventSourceInput{Name: aws.String("b")})
	if err != nil || source.State != "PENDING" || !source.ExpirationTime.Equal(made.Add(time.Hour)) {
		t.Errorf("%+v, %v", source, err)
	}
	bus, err := api.DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: aws.String("b")})
	if err != nil || !bus.CreationTime.Equal(made) || !strings.HasSuffix(*bus.Arn, ":event-bus/b") {
		t.Errorf("%+v, %v", bus, err)
	}
	rule := &eventbridge.DescribeRuleInput{EventBusName: aws.String("b"), Name: aws.String("r")}
	described, err := api.DescribeRule(t.Context(), rule)
	if err != nil || described.State != "DISABLED" || *described.EventPattern != `{"source":["b"]}` {
		t.Errorf("%+v, %v", described, err)
	}
	targets, err := api.ListTargetsByRule(t.Context(),
		&eventbridge.ListTargetsByRuleInput{EventBusName: rule.EventBusName, Rule: rule.Name})
	if err != nil || len(targets.Targets) != 2 || *targets.Targets[1].Arn != "arn:2" {
		t.Errorf("%+v, %v", targets, err)
	}
	c.SetEventRule("b", "r", nil)
	if _, err := api.DescribeRule(t.Context(), rule); !awserror.Is(err, "ResourceNotFoundException") {
		t.Errorf("%v", err)
	}
	c.RemoveBus("b")
	if _, err := api.DescribeEventBus(t.Context(),
		&eventbridge.DescribeEventBusInput{Name: aws.String("b")}); !awserror.Is(err, "ResourceNotFoundException") {
		t.Errorf("%v", err)
	}
}

// Functions and mappings are read by REST, and their errors are those of Lambda.
func TestLambda(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	c.SetFunction("f", &awsfake.LambdaFunction{State: "Active", LastUpdateStatus: "Successful",
		Variables: map[string]string{"A": "b"}})
	c.SetMapping("u", &awsfake.LambdaMapping{State: "Enabled", LastProcessingResult: "OK"})
	api := awshttp.New(c.Config(), awshttp.Service{ID: "Lambda", Name: "lambda"}, awshttp.Options{})
	get := func(path string) (out map[string]any, err error) {
		err = api.Call(t.Context(), awshttp.Request{Method: "GET", Path: path},
			func(_ http.Header, body []byte) error { return json.Unmarshal(body, &out) })
		return out, err
	}
	f, err := get("/2015-03-31/functions/f/configuration")
	if err != nil || f["State"] != "Active" ||
		f["Environment"].(map[string]any)["Variables"].(map[string]any)["A"] != "b" {
		t.Errorf("%v, %v", f, err)
	}
	m, err := get("/2015-03-31/event-source-mappings/u")
	if err != nil || m["State"] != "Enabled" || m["UUID"] != "u" {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := get("/2015-03-31/event-source-mappings/none"); !awserror.Is(err, "ResourceNotFoundException") {
		t.Errorf("%v", err)
	}
	c.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Status: 403} })
	if _, err := get("/2015-03-31/functions/f/configuration"); !awserror.Is(err, "AccessDeniedException") {
		t.Errorf("%v", err)
	}
}

// GetMetricData pages, and refuses what CloudWatch refuses.
func TestGetMetricData(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	c.SetMetric("N", "m", []awsfake.Point{{At: at, Value: 1}, {At: at.Add(time.Minute), Value: 2.5}}, "A", "1", "B", "2")
	c.SetMetricPage(1)
	api := awshttp.New(c.Config(), awshttp.Service{ID: "CloudWatch", Name: "monitoring"}, awshttp.Options{})
	call := func(change map[string]string) (answer string, err error) {
		form := url.Values{"StartTime": {"2026-11-28T11:00:00Z"}, "EndTime": {"2026-11-28T13:00:00Z"}}
		for i, id := range []string{"a", "b"} {
			q := "MetricDataQueries.member." + string(rune('1'+i)) + "."
			m := q + "MetricStat.Metric."
			form.Set(q+"Id", id)
			form.Set(q+"MetricStat.Period", "60")
			form.Set(q+"MetricStat.Stat", "Sum")
			form.Set(m+"Namespace", "N")
			form.Set(m+"MetricName", "m")
			form.Set(m+"Dimensions.member.1.Name", "B")
			form.Set(m+"Dimensions.member.1.Value", "2")
			form.Set(m+"Dimensions.member.2.Name", "A")
			form.Set(m+"Dimensions.member.2.Value", string(rune('1'+i)))
		}
		for name, value := range change {
			form.Set(name, value)
		}
		err = api.Call(t.Context(), awshttp.Form("GetMetricData", "2010-08-01", form),
			func(_ http.Header, body []byte) error { answer = string(body); return nil })
		return answer, err
	}
	first, err := call(nil)
	want := "<member><Id>a</Id><Label>m</Label><Timestamps><member>2026-11-28T12:01:00Z</member><member>2026-11-28T12:00:00Z</member>" +
		"</Timestamps><Values><member>2.5</member><member>1</member></Values><StatusCode>Complete</StatusCode></member>" +
		"</MetricDataResults><NextToken>1</NextToken></GetMetricDataResult>"
	if err != nil || !strings.Contains(first, want) {
		t.Errorf("%s, %v", first, err)
	}
	second, err := call(map[string]string{"NextToken": "1"})
	if err != nil || !strings.Contains(second, "<Id>b</Id><Label>m</Label><Timestamps></Timestamps>") ||
		strings.Contains(second, "NextToken") {
		t.Errorf("%s, %v", second, err)
	}
	for _, bad := range []map[string]string{
		{"EndTime": "2026-11-28T11:00:00Z"}, {"MetricDataQueries.member.2.Id": "a"}, {"MetricDataQueries.member.2.Id": "B"},
		{"MetricDataQueries.member.1.MetricStat.Period": "61"}, {"StartTime": "2020-11-28T11:00:00Z"},
	} {
		if _, err := call(bad); !awserror.Is(err, "ValidationError") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
