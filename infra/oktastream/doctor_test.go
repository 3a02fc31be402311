//go:build !race

package oktastream

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/doctor"
)

// deployed answers what doctor asks, from a template.
type deployed struct {
	doctor.EventsAPI // of calls that are not answered here
	t                *testing.T
	s                *synthesised
	d                settings.Destination
}

func (d deployed) DescribeEventSource(context.Context, *eventbridge.DescribeEventSourceInput,
	...func(*eventbridge.Options)) (*eventbridge.DescribeEventSourceOutput, error) {
	return &eventbridge.DescribeEventSourceOutput{State: types.EventSourceStateActive}, nil
}

func (d deployed) DescribeEventBus(context.Context, *eventbridge.DescribeEventBusInput,
	...func(*eventbridge.Options)) (*eventbridge.DescribeEventBusOutput, error) {
	return &eventbridge.DescribeEventBusOutput{}, nil
}

// rule is the rule of the template with this name.
func (d deployed) rule(bus, name *string) map[string]any {
	for _, r := range d.s.of("AWS::Events::Rule") {
		r = d.s.resolve(d.t, r["Properties"]).(map[string]any)
		if r["Name"] == *name && r["EventBusName"] == *bus {
			return r
		}
	}
	d.t.Errorf("the template has no rule %s on bus %s", *name, *bus)
	return map[string]any{}
}

func (d deployed) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput,
	_ ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	r := d.rule(in.EventBusName, in.Name)
	text, err := json.Marshal(r["EventPattern"])
	return &eventbridge.DescribeRuleOutput{State: types.RuleState(r["State"].(string)),
		EventPattern: aws.String(string(text))}, err
}

func (d deployed) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput,
	_ ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error) {
	out := &eventbridge.ListTargetsByRuleOutput{}
	for _, target := range d.rule(in.EventBusName, in.Rule)["Targets"].([]any) {
		out.Targets = append(out.Targets, types.Target{Arn: aws.String(target.(map[string]any)["Arn"].(string))})
	}
	return out, nil
}

func (d deployed) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (
	*sqs.GetQueueAttributesOutput, error) {
	all := map[string]string{"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
		"ApproximateNumberOfMessagesDelayed": "0"}
	for id := range d.s.of("AWS::SQS::Queue") {
		if d.s.resolve(d.t, map[string]any{"Ref": id}) == *in.QueueUrl {
			all["QueueArn"] = d.s.resolve(d.t, map[string]any{"Fn::GetAtt": []any{id, "Arn"}}).(string)
		}
	}
	for _, p := range d.s.of("AWS::SQS::QueuePolicy") {
		p = d.s.resolve(d.t, p["Properties"]).(map[string]any)
		if p["Queues"].([]any)[0] == *in.QueueUrl {
			text, err := json.Marshal(p["PolicyDocument"])
			if err != nil {
				return nil, err
			}
			all["Policy"] = string(text)
		}
	}
	return &sqs.GetQueueAttributesOutput{Attributes: all}, nil
}

// Call answers as Lambda.
func (d deployed) Call(_ context.Context, r awshttp.Request, read func(http.Header, []byte) error) error {
	answer := map[string]any{"State": "Active"}
	if strings.Contains(r.Path, "/functions/") {
		variables := map[string]string{}
		for name, value := range d.s.variables(d.t, d.d) {
			variables["OKTASTREAM_"+name] = value
		}
		answer["Environment"] = map[string]any{"Variables": variables}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return read(nil, text)
}

// TestDoctorFindsNothingInWhatIsDeployed: the templates have the rules, targets, policies of queues
// and functions that doctor expects, with every setting.
func TestDoctorFindsNothingInWhatIsDeployed(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		for destination, o := range s.described(t) {
			text := func(name string) string { value, _ := o[name].(string); return value }
			p := doctor.Pipeline{
				Name: text("pipeline"), Destination: text("destination"), Ingest: text("ingest"), Format: text("format"),
				Rule: text("rule"), Function: text("function"), Mapping: text("mapping"), Buffer: text("buffer"),
				Redrive: text("redrive"), Dead: text("dead"), LogGroup: text("log_group"), DeliveryBus: text("delivery_bus"),
				APIDestination: text("api_destination"), Endpoint: text("endpoint"),
			}
			made := deployed{t: t, s: s, d: destination}
			d := doctor.Doctor{
				Stack: doctor.Stack{Name: s.settings.Stack, Source: text("source"), Bus: text("bus"), Account: text("account"),
					Region: text("region"), Pipelines: []doctor.Pipeline{p}},
				Events: made, Queues: made, Lambda: made, Now: time.Now,
			}
			report, err := doctor.Run(t.Context(), s.name, d.Checks(), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Lines) < 5 {
				t.Errorf("%s: only %+v", destination, report.Lines)
			}
			for _, line := range report.Lines {
				if line.Status != doctor.OK && line.Reason != doctor.NoCredentials && line.Reason != doctor.NotPart {
					t.Errorf("%s: %+v", destination, line)
				}
			}
		}
	})
}
