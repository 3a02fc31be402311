package access

import (
	"encoding/json"
	"strings"
	"testing"
)

// The stack of every test stands here.
var here = Where{Account: "111111111111", Region: "eu-west-1", StackName: "app"}

const (
	ours     = "111111111111"
	theirs   = "222222222222"
	outsider = "arn:aws:iam::111111111111:role/outsider"
	foreign  = "arn:aws:iam::222222222222:role/foreign"
	queueARN = "arn:aws:sqs:eu-west-1:111111111111:app-Queue"
	ruleARN  = "arn:aws:events:eu-west-1:111111111111:rule/app-Rule"
)

// read takes the Resources of a template as JSON, without the outer braces.
func read(t testing.TB, resources string, change ...func(*Where)) *Account {
	t.Helper()
	where := here
	for _, f := range change {
		f(&where)
	}
	var template map[string]any
	if err := json.Unmarshal([]byte(`{"Resources": {`+resources+`}}`), &template); err != nil {
		t.Fatalf("the test's template: %v", err)
	}
	a, err := Read(template, where)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// asked is one row: a request, and whether it must be allowed and why.
type asked struct {
	who     Principal
	action  string
	on      string
	context map[string][]string
	want    bool
	why     string // a part of Decision.Why
}

func check(t *testing.T, a *Account, rows map[string]asked) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			got, err := a.Decide(Request{row.who, row.action, row.on, row.context})
			if err != nil {
				t.Fatal(err)
			}
			if got.Allowed != row.want || !strings.Contains(got.Why, row.why) || got.Why == "" {
				t.Errorf("allowed %v: %s; want %v: …%s…", got.Allowed, got.Why, row.want, row.why)
			}
		})
	}
}

func service(name string) Principal { return Principal{Service: name} }
func asRole(arn string) Principal   { return Principal{Role: arn} }
func admin(arn string) Principal    { return Principal{Role: arn, Administrator: true} }

func from(arn string) map[string][]string {
	return map[string][]string{"aws:SourceArn": {arn}}
}

// Parts of templates.
const (
	queue    = `"Queue": {"Type": "AWS::SQS::Queue"}`
	aRole    = `"Worker": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}}}`
	worker   = "arn:aws:iam::111111111111:role/app-Worker"
	queueRef = `{"Fn::GetAtt": ["Queue", "Arn"]}`
)

// queuePolicy is a QueuePolicy on Queue with these statements.
func queuePolicy(statements ...string) string {
	return `"Guard": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}}}`
}

// rolePolicy is a policy on Worker with these statements.
func rolePolicy(statements ...string) string {
	return `"Rights": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": [{"Ref": "Worker"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}}}`
}

func all(parts ...string) string { return strings.Join(parts, ",") }
