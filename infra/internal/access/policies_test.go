package access

import "testing"

func TestCarriers(t *testing.T) {
	const (
		worker2 = "arn:aws:iam::111111111111:role/w/two"
		events  = "events.amazonaws.com"
		group   = "arn:aws:logs:eu-west-1:111111111111:log-group:"
	)
	a := read(t, all(
		`"Two": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "two", "Path": "/w/",
			"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow",
				"Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}}}`,
		`"Exclusive": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x", "Roles": ["two"], "PolicyDocument": {"Statement": {"Effect": "Allow", "NotAction": "sqs:*", "NotResource": ["arn:aws:sns:*:*:secret"]}}}}`,
		`"Topic": {"Type": "AWS::SNS::Topic"}`,
		`"TopicGuard": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": {"Ref": "Topic"}}}}}`,
		`"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "okta"}}`,
		`"Scoped": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "scoped", "ResourcePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "own.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"}}}}`,
		`"GroupGuard": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyName": "g", "PolicyDocument": {"Fn::Join": ["", ["{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"events.amazonaws.com\",\"delivery.logs.amazonaws.com\"]},\"Action\":[\"logs:CreateLogStream\",\"logs:PutLogEvents\"],\"Resource\":\"", {"Fn::GetAtt": ["Group", "Arn"]}, "\"}]}"]]}}}`,
		`"Fn": {"Type": "AWS::Lambda::Function"}`,
		`"FnByRule": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Fn"}, "Principal": "events.amazonaws.com", "SourceArn": "`+ruleARN+`", "SourceAccount": {"Ref": "AWS::AccountId"}}}`,
		`"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}}`,
		`"BusGuard": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "s", "Statement": {"Effect": "Allow", "Principal": {"AWS": "`+foreign+`"}, "Action": "events:PutEvents", "Resource": {"Fn::GetAtt": ["Bus", "Arn"]}}}}`,
		`"Bucket": {"Type": "AWS::S3::Bucket"}`,
		`"BucketGuard": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [
			{"Effect": "Allow", "Principal": {"AWS": "`+foreign+`"}, "Action": "s3:*", "Resource": ["arn:aws:s3:::*"]},
			{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/kept/*"]]}}]}}}`,
	))
	two := asRole(worker2)
	bothSources := map[string][]string{"aws:SourceArn": {ruleARN}, "aws:SourceAccount": {ours}}
	fn, bus := a.ARN("Fn"), a.ARN("Bus")
	check(t, a, map[string]asked{
		"NotAction": {who: two, action: "sns:Publish", on: "arn:aws:sns:eu-west-1:111111111111:x",
			want: true, why: "Exclusive/"},
		"NotAction, excluded": {who: two, action: "sqs:PurgeQueue", on: queueARN},
		"topic": {who: service("cloudwatch.amazonaws.com"), action: "sns:Publish",
			on: a.ARN("Topic"), want: true, why: "TopicGuard/"},
		"topic, other action": {who: service("cloudwatch.amazonaws.com"), action: "sns:Subscribe", on: a.ARN("Topic")},
		"log stream": {who: service(events), action: "logs:PutLogEvents", on: group +
			"okta:log-stream:s", want: true, why: "GroupGuard/"},
		"log group": {who: service(events), action: "logs:CreateLogStream", on: group + "okta:*",
			want: true},
		"another log group": {who: service(events), action: "logs:PutLogEvents", on: group + "okta2:log-stream:s"},
		"another service's group": {who: service("lambda.amazonaws.com"), action: "logs:PutLogEvents", on: group +
			"okta:log-stream:s"},
		"group's own policy": {who: service("own.amazonaws.com"), action: "logs:PutLogEvents", on: group +
			"scoped:log-stream:s", want: true},
		"group's own, elsewhere": {who: service("own.amazonaws.com"), action: "logs:PutLogEvents", on: group +
			"okta:log-stream:s"},
		"function": {who: service(events), action: "lambda:InvokeFunction", on: fn,
			context: bothSources, want: true, why: "FnByRule/permission/#0 (permission)"},
		"function, other rule": {who: service(events), action: "lambda:InvokeFunction", on: fn,
			context: map[string][]string{"aws:SourceArn": {ruleARN + "2"}, "aws:SourceAccount": {ours}}},
		"function, other account": {who: service(events), action: "lambda:InvokeFunction", on: fn,
			context: map[string][]string{"aws:SourceArn": {ruleARN}, "aws:SourceAccount": {theirs}}},
		"function, no account": {who: service(events), action: "lambda:InvokeFunction", on: fn, context: from(ruleARN)},
		"function, no source": {who: service(events), action: "lambda:InvokeFunction", on: fn,
			context: map[string][]string{"aws:SourceAccount": {ours}}},
		"function, other service": {who: service("sns.amazonaws.com"), action: "lambda:InvokeFunction", on: fn,
			context: bothSources},
		"another function": {who: service(events), action: "lambda:InvokeFunction", on: fn + "2",
			context: bothSources},
		"bus": {who: asRole(foreign), action: "events:PutEvents", on: bus, want: true,
			why: "BusGuard/"},
		"bucket": {who: asRole(foreign), action: "s3:ListBucket", on: "arn:aws:s3:::app-bucket", want: true,
			why: "BucketGuard/"},
		"object":             {who: asRole(foreign), action: "s3:GetObject", on: "arn:aws:s3:::app-bucket/a/b", want: true},
		"object, denied":     {who: admin(outsider), action: "s3:DeleteObject", on: "arn:aws:s3:::app-bucket/kept/b"},
		"object, elsewhere":  {who: admin(outsider), action: "s3:DeleteObject", on: "arn:aws:s3:::app-bucket/a", want: true},
		"object, other role": {who: asRole(foreign + "2"), action: "s3:GetObject", on: "arn:aws:s3:::app-bucket/a/b"},
		"bus, other role":    {who: asRole(foreign + "2"), action: "events:PutEvents", on: bus},
	})
}

func TestCovers(t *testing.T) {
	const group = "arn:aws:logs:eu-west-1:111111111111:log-group:"
	for _, row := range []struct {
		target, resource string
		want             bool
	}{
		{queueARN, queueARN, true}, {queueARN, queueARN + "2", false}, {queueARN, queueARN + "/x", false},
		{group + "g:*", group + "g", true}, {group + "g:*", group + "g:*", true}, {group + "g:*", group +
			"g:log-stream:s", true},
		{group + "g", group + "g:log-stream:s", true}, {group + "g:*", group + "g2", false}, {group + "g", group +
			"g2:log-stream:s", false},
		{"arn:aws:logs:eu-west-1:111111111111:*", group + "g:log-stream:s", true},
		{"arn:aws:s3:::b", "arn:aws:s3:::b/k", true}, {"arn:aws:s3:::b", "arn:aws:s3:::b2/k", false},
		{"arn:aws:logs:eu-west-1:222222222222:*", group + "g", false},
	} {
		if got := covers(row.target, row.resource); got != row.want {
			t.Errorf("%s on %s: %v", row.target, row.resource, got)
		}
	}
}

func TestStatements(t *testing.T) {
	a := read(t, all(queue, aRole, queuePolicy(ruleMaySend, noPlainHTTP), rolePolicy(workerMaySend), key(delegate)))
	statements, err := a.Statements()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Statement{}
	for _, s := range statements {
		got[s.Resource+"/"+s.Kind+"/"+s.Sid] = s
	}
	if len(got) != 5 {
		t.Fatalf("%d statements: %v", len(got), got)
	}
	if s := got["Guard/resource/FromRule"]; s.Effect != "Allow" || s.Principals[0] != "events.amazonaws.com" ||
		s.Resources[0] != queueARN || s.Actions[0] != "sqs:SendMessage" ||
		s.Conditions["ArnEquals"]["aws:SourceArn"][0] != ruleARN {
		t.Errorf("%+v", s)
	}
	if s := got["Rights/identity/Send"]; len(s.Principals) != 1 || s.Principals[0] != worker {
		t.Errorf("the holders of an identity policy: %+v", s)
	}
	if s := got["Key/key/Delegate"]; s.Principals[0] != "arn:aws:iam::111111111111:root" || s.Resources[0] != "*" {
		t.Errorf("%+v", s)
	}
	if s := got["Worker/trust/"]; s.Resources != nil || s.Actions[0] != "sts:AssumeRole" {
		t.Errorf("%+v", s)
	}
}
