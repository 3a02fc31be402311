//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// doctored breaks ten links of a deployed stack in turn. doctor names that link, no other,
// and the next step; between two breaks everything is as it was deployed.
func (w *world) doctored(t *testing.T, okta *fakeOkta, secret, tokenFile string) {
	p, parts := w.one["cloudwatch"], w.parts(t, "gap")
	examine := func(t *testing.T) (gjson.Result, []gjson.Result) {
		t.Helper()
		command := exec.Command(w.binary, "doctor", "--stack", "gap", "--org-url", okta.url, "--token-file", tokenFile, "--json")
		command.Env = w.environment()
		var stderr strings.Builder
		command.Stderr = &stderr
		out, err := command.Output()
		report := gjson.ParseBytes(out)
		if !report.Get("lines").IsArray() {
			t.Fatalf("oktastream doctor: %v\n%s%s", err, out, stderr.String())
		}
		var broken []gjson.Result
		want := 0
		for _, line := range report.Get("lines").Array() {
			switch {
			case line.Get("status").String() == "broken":
				broken = append(broken, line)
			// The emulator answers GetBucketVersioning with another element than S3, and makes no metrics of logs.
			case line.Get("status").String() == "not looked at" && line.Get("reason").String() != "not part of this stack":
				want = 3
			}
		}
		if len(broken) > 0 {
			want = 1
		}
		if command.ProcessState.ExitCode() != want {
			t.Errorf("exit code %d, want %d: %s%s", command.ProcessState.ExitCode(), want, report.Get("lines").Raw, stderr.String())
		}
		return report, broken
	}
	if report, broken := examine(t); len(broken) > 0 {
		t.Fatalf("nothing is broken, and doctor says: %s", report.Get("lines").Raw)
	}
	for _, link := range w.links(t, p, parts, okta, secret) {
		began := time.Now()
		t.Run(link.name, func(t *testing.T) {
			link.breaks()
			report, broken := examine(t)
			links := []string{}
			for _, line := range broken {
				links = append(links, line.Get("link").String())
				if !strings.Contains(line.Get("next").String(), link.next) {
					t.Errorf("next step %q, want %q", line.Get("next").String(), link.next)
				}
			}
			if links = slices.Compact(links); !slices.Equal(links, []string{link.link}) {
				t.Errorf("broken are %v, want %s: %s", links, link.link, report.Get("lines").Raw)
			}
			link.restores()
		})
		t.Logf("%5.1f s %s", time.Since(began).Seconds(), link.name)
	}
}

// parts is what the stack's output says of the parts of its first pipeline.
func (w *world) parts(t *testing.T, stack string) gjson.Result {
	t.Helper()
	for _, text := range w.outputs(t, stack) {
		if output := gjson.Parse(text); output.Get("oktastream").Exists() && output.Get("function").Exists() {
			return output
		}
	}
	t.Fatalf("stack %s does not describe its parts", stack)
	return gjson.Result{}
}

// broken is a link with what breaks it and what makes it whole again.
type broken struct {
	name             string
	breaks, restores func()
	link, next       string // what doctor says
}

func (w *world) links(t *testing.T, p pipeline, parts gjson.Result, okta *fakeOkta, secret string) []broken {
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	rule, bus := aws.String(parts.Get("rule").String()), aws.String(parts.Get("bus").String())
	targets, err := w.buses.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: rule, EventBusName: bus})
	must("list the rule's targets", err)
	set := func(queue string, attributes map[string]string) {
		t.Helper()
		_, err := w.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &queue, Attributes: attributes})
		must("set the attributes of a queue", err)
	}
	attributes, err := w.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &p.Dead,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNamePolicy}})
	must("read the attributes of dead", err)
	function := "/2015-03-31/functions/" + parts.Get("function").String() + "/configuration"
	environment := gjson.GetBytes(w.call(t, "lambda", http.MethodGet, function, "", nil), "Environment").Raw
	lambda := func(path string, body string) {
		t.Helper()
		must("change "+path, w.caller("Lambda", "lambda").Call(t.Context(),
			awshttp.Request{Method: http.MethodPut, Path: path, Body: []byte(body)}, unread))
	}
	mapping := "/2015-03-31/event-source-mappings/" + parts.Get("mapping").String()
	retention := func(days int64) {
		t.Helper()
		_, err := w.logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &p.LogGroup,
			RetentionInDays: aws.Int32(int32(days))})
		must("set the retention", err)
	}
	stream := func(change string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, okta.url+"/api/v1/logStreams/0oaoktastream/lifecycle/"+change, nil)
		must("make a request", err)
		r.Header.Set("Authorization", "SSWS "+secret)
		response, err := http.DefaultClient.Do(r)
		must("change the log stream", err)
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s the log stream: %s", change, response.Status)
		}
	}
	source := parts.Get("source").String()
	return []broken{
		{"the rule is disabled", func() {
			_, err := w.buses.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: rule, EventBusName: bus})
			must("disable the rule", err)
		}, func() {
			_, err := w.buses.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: rule, EventBusName: bus})
			must("enable the rule", err)
		}, "rule", "aws events enable-rule"},
		{"the rule has no target", func() {
			var ids []string
			for _, target := range targets.Targets {
				ids = append(ids, *target.Id)
			}
			_, err := w.buses.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: ids})
			must("remove the targets", err)
		}, func() {
			_, err := w.buses.PutTargets(t.Context(),
				&eventbridge.PutTargetsInput{Rule: rule, EventBusName: bus, Targets: targets.Targets})
			must("put the targets back", err)
		}, "rule", "cdk deploy gap"},
		{"dead lets anybody in", func() { set(p.Dead, map[string]string{"Policy": ""}) },
			func() { set(p.Dead, map[string]string{"Policy": attributes.Attributes["Policy"]}) }, "queue-policies", "deploy"},
		{"the mapping is disabled", func() { lambda(mapping, `{"Enabled":false}`) },
			func() { lambda(mapping, `{"Enabled":true}`) }, "mapping", "aws lambda update-event-source-mapping --enabled"},
		{"the function has another environment", func() { lambda(function, `{"Environment":{"Variables":{"OKTASTREAM_FORMAT":"raw"}}}`) },
			func() { lambda(function, `{"Environment":`+environment+`}`) }, "function", "cdk deploy gap"},
		{"the retention is cut", func() { retention(1) }, func() { retention(parts.Get("retention_days").Int()) },
			"destination", "aws logs put-retention-policy"},
		{"an event is dead", func() {
			_, err := w.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &p.Dead, MessageBody: aws.String("x")})
			must("send a message to dead", err)
		}, func() {
			_, err := w.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &p.Dead})
			must("purge dead", err)
		}, "queues", "oktastream dlq list --stack gap"},
		{"an alarm fires", func() { w.alarm(t, p.Name+"-lag", "ALARM") }, func() { w.alarm(t, p.Name+"-lag", "OK") },
			"alarms", "fix what is broken above"},
		{"the log stream is switched off", func() { stream("deactivate") }, func() { stream("activate") }, "okta-stream",
			"Activate; then oktastream backfill --stack gap --since "},
		{"the partner event source is deleted", func() {
			_, err := w.buses.DeletePartnerEventSource(t.Context(),
				&eventbridge.DeletePartnerEventSourceInput{Account: aws.String(account), Name: &source})
			must("delete the partner event source", err)
		}, func() {}, "partner-source", "Log Streaming"},
	}
}

// caller calls a service whose SDK client the module does not have.
func (w *world) caller(id, name string) *awshttp.Caller {
	config := aws.Config{Region: region, BaseEndpoint: &w.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", "")}
	return awshttp.New(config, awshttp.Service{ID: id, Name: name}, awshttp.Options{})
}

// unread leaves the response of a call unread.
func unread(http.Header, []byte) error { return nil }

// alarm sets the state of an alarm.
func (w *world) alarm(t *testing.T, name, state string) {
	t.Helper()
	reason, err := json.Marshal(map[string]string{"by": "the test"})
	if err != nil {
		t.Fatal(err)
	}
	err = w.caller("CloudWatch", "monitoring").Call(t.Context(), awshttp.Form("SetAlarmState", "2010-08-01", url.Values{"AlarmName": {name},
		"StateValue": {state}, "StateReason": {"a test"}, "StateReasonData": {string(reason)}}),
		unread)
	if err != nil {
		t.Fatalf("set the state of alarm %s: %v", name, err)
	}
}
