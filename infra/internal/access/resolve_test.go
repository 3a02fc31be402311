package access

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func resolveStack(t testing.TB) *Account {
	t.Helper()
	a, err := Read(map[string]any{
		"Resources": map[string]any{
			"Queue": map[string]any{"Type": "AWS::SQS::Queue"},
			"Named": map[string]any{"Type": "AWS::SQS::Queue",
				"Properties": map[string]any{"QueueName": map[string]any{"Fn::Sub": "${AWS::StackName}-x"}}},
			"Strange": map[string]any{"Type": "AWS::Strange::Thing"},
			"Looped": map[string]any{"Type": "AWS::SNS::Topic",
				"Properties": map[string]any{"TopicName": map[string]any{"Ref": "Looped2"}}},
			"Looped2": map[string]any{"Type": "AWS::SNS::Topic",
				"Properties": map[string]any{"TopicName": map[string]any{"Ref": "Looped"}}},
			"Maybe": map[string]any{"Type": "AWS::SNS::Topic", "Condition": "C"},
		},
	}, Where{Account: ours, Region: "eu-west-1", StackName: "app"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func fn(name string, argument any) map[string]any { return map[string]any{name: argument} }

func TestResolve(t *testing.T) {
	a := resolveStack(t)
	list := func(elements ...any) []any { return elements }
	queueArn := "arn:aws:sqs:eu-west-1:111111111111:app-Queue"
	for name, row := range map[string]struct{ value, want any }{
		"text":   {"{{resolve:secretsmanager:x}}", "{{resolve:secretsmanager:x}}"},
		"number": {3.5, 3.5},
		"pseudo": {list(fn("Ref", "AWS::AccountId"), fn("Ref", "AWS::Region"), fn("Ref", "AWS::Partition"),
			fn("Ref", "AWS::StackName"), fn("Ref", "AWS::URLSuffix")), list(ours, "eu-west-1", "aws", "app",
			"amazonaws.com")},
		"queue": {list(fn("Ref", "Queue"), fn("Fn::GetAtt", list("Queue", "QueueName"))),
			list("https://sqs.eu-west-1.amazonaws.com/111111111111/app-Queue", "app-Queue")},
		"GetAtt as a text": {fn("Fn::GetAtt", "Queue.Arn"), queueArn},
		"explicit name":    {fn("Fn::GetAtt", list("Named", "QueueName")), "app-x"},
		"join":             {fn("Fn::Join", list("-", list("a", 2, true, fn("Ref", "AWS::Region")))), "a-2-true-eu-west-1"},
		"sub":              {fn("Fn::Sub", "${AWS::Region}/${Queue.Arn}/"), "eu-west-1/" + queueArn + "/"},
	} {
		got, err := a.Resolve(row.value)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, row.want)
		}
	}
	for name, row := range map[string]struct {
		value any
		names string // what the error must name
	}{
		"condition":          {fn("Fn::If", []any{"C", 1, 2}), "Fn::If"},
		"import":             {fn("Fn::ImportValue", "x"), "Fn::ImportValue"},
		"unknown id":         {fn("Ref", "Nobody"), "Nobody"},
		"unknown type":       {fn("Ref", "Strange"), "AWS::Strange::Thing"},
		"unknown attribute":  {fn("Fn::GetAtt", []any{"Queue", "Colour"}), "Colour"},
		"own name":           {fn("Ref", "Looped"), "refers to itself"},
		"conditional":        {fn("Ref", "Maybe"), "Maybe"},
		"parameter":          {fn("Ref", "BootstrapVersion"), "BootstrapVersion"},
		"no value":           {fn("Ref", "AWS::NoValue"), "AWS::NoValue"},
		"two keys":           {map[string]any{"Ref": "Queue", "x": 1}, "Ref"},
		"join of a text":     {fn("Fn::Join", []any{"", "x"}), "Fn::Join"},
		"join of objects":    {fn("Fn::Join", []any{"", []any{map[string]any{}}}), "Fn::Join"},
		"sub with a map":     {fn("Fn::Sub", []any{"${x}", map[string]any{"x": "y"}}), "Fn::Sub"},
		"sub of a literal":   {fn("Fn::Sub", "${!Literal}"), "!Literal"},
		"sub of nobody":      {fn("Fn::Sub", "${Nobody}"), "Nobody"},
		"sub not closed":     {fn("Fn::Sub", "${Queue"), "Fn::Sub"},
		"sub of no value":    {fn("Fn::Sub", "${AWS::NoValue}"), "AWS::NoValue"},
		"inside a structure": {map[string]any{"a": []any{fn("Fn::FindInMap", 1)}}, "Fn::FindInMap"},
	} {
		if got, err := a.Resolve(row.value); err == nil || !strings.Contains(err.Error(), row.names) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	const prefix = "arn:aws:%:eu-west-1:111111111111:"
	uuid := `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	a := read(t, all(
		`"Rule": {"Type": "AWS::Events::Rule"}`,
		`"OnBus": {"Type": "AWS::Events::Rule", "Properties": {"EventBusName": {"Ref": "Bus"}}}`,
		`"ByARN": {"Type": "AWS::Events::Rule", "Properties": {"Name": "n", "EventBusName": {"Fn::GetAtt": ["Bus", "Arn"]}}}`,
		`"ByDefault": {"Type": "AWS::Events::Rule", "Properties": {"EventBusName": "default"}}`,
		`"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "aws.partner/okta.com/org/stream"}}`,
		`"Connection": {"Type": "AWS::Events::Connection"}`, `"Destination": {"Type": "AWS::Events::ApiDestination"}`,
		`"Archive": {"Type": "AWS::Events::Archive"}`,
		`"Role": {"Type": "AWS::IAM::Role"}`,
		`"Pathed": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "Path": "/a/b/"}}`,
		`"Key": {"Type": "AWS::KMS::Key"}`, `"Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x"}}`,
		`"Topic": {"Type": "AWS::SNS::Topic"}`, `"Fn": {"Type": "AWS::Lambda::Function"}`,
		`"Mapping": {"Type": "AWS::Lambda::EventSourceMapping"}`,
		`"Group": {"Type": "AWS::Logs::LogGroup"}`, `"Query": {"Type": "AWS::Logs::QueryDefinition"}`,
		`"Alarm": {"Type": "AWS::CloudWatch::Alarm"}`, `"Board": {"Type": "AWS::CloudWatch::Dashboard"}`,
	))
	const partnerBus = "aws.partner/okta.com/org/stream"
	for reference, want := range map[string]string{
		"Rule": "app-Rule", "Rule.Arn": prefix + "rule/app-Rule",
		"OnBus": partnerBus + "|app-OnBus", "OnBus.Arn": prefix + "rule/" + partnerBus + "/app-OnBus",
		"ByARN": partnerBus + "|n", "ByARN.Arn": prefix + "rule/" + partnerBus + "/n",
		"ByDefault": "app-ByDefault", "ByDefault.Arn": prefix + "rule/app-ByDefault",
		"Bus": partnerBus, "Bus.Arn": prefix + "event-bus/" + partnerBus, "Bus.Name": partnerBus,
		"Connection": "app-Connection", "Connection.Arn": prefix + "connection/app-Connection/UUID",
		"Connection.SecretArn": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:events!connection/app-Connection/UUID-......",
		"Destination":          "app-Destination", "Destination.Arn": prefix + "api-destination/app-Destination/UUID",
		"Destination.ArnForPolicy": prefix + "api-destination/app-Destination",
		"Archive":                  "app-Archive", "Archive.Arn": prefix + "archive/app-Archive",
		"Role": "app-Role", "Role.Arn": "arn:aws:iam::111111111111:role/app-Role", "Role.RoleId": "AROA.{16}",
		"Pathed": "r", "Pathed.Arn": "arn:aws:iam::111111111111:role/a/b/r",
		"Key": "UUID", "Key.KeyId": "UUID", "Key.Arn": "arn:aws:kms:eu-west-1:111111111111:key/UUID", "Alias": "alias/x",
		"Topic":          "arn:aws:sns:eu-west-1:111111111111:app-Topic",
		"Topic.TopicArn": "arn:aws:sns:eu-west-1:111111111111:app-Topic", "Topic.TopicName": "app-Topic",
		"Fn": "app-Fn", "Fn.Arn": "arn:aws:lambda:eu-west-1:111111111111:function:app-Fn", "Mapping": "UUID",
		"Group": "app-Group", "Group.Arn": `arn:aws:logs:eu-west-1:111111111111:log-group:app-Group:\*`,
		"Query": "UUID", "Query.QueryDefinitionId": "UUID",
		"Alarm": "app-Alarm", "Alarm.Arn": "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:app-Alarm",
		"Board": "app-Board",
	} {
		value := fn("Ref", reference)
		if strings.Contains(reference, ".") {
			value = fn("Fn::GetAtt", reference)
		}
		got, err := a.Resolve(value)
		want = strings.NewReplacer("%", "events", "UUID", uuid, "|", `\|`).Replace(want)
		if err != nil || !regexp.MustCompile("^"+want+"$").MatchString(got.(string)) {
			t.Errorf("%s: %v, %v; want %s", reference, got, err, want)
		}
	}
	if got := a.Of("AWS::Events::Rule"); !reflect.DeepEqual(got, []string{"ByARN", "ByDefault", "OnBus", "Rule"}) {
		t.Error(got)
	}
	if got := a.ARN("Group"); got != "arn:aws:logs:eu-west-1:111111111111:log-group:app-Group:*" {
		t.Error(got)
	}
	for _, id := range []string{"Nobody"} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, id) {
					t.Errorf("ARN of %s: %v", id, text)
				}
			}()
			a.ARN(id)
		}()
	}
	// The same in every run and reading.
	if b := read(t, `"Key": {"Type": "AWS::KMS::Key"}`); b.ARN("Key") != a.ARN("Key") {
		t.Error(b.ARN("Key"))
	}
}
