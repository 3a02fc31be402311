package access

import (
	"fmt"
	"strings"
	"testing"
)

// doubling is a chain of names, each its predecessor's twice.
func doubling() string {
	text := `"T0": {"Type": "AWS::SNS::Topic"}, "P": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "T30"}], "PolicyDocument": {"Statement": []}}}`
	for i := range 30 {
		text += fmt.Sprintf(`, "T%d": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${T%d.TopicName}${T%d.TopicName}"}}}`, i+1, i, i)
	}
	return text
}

// What cannot be evaluated is an error of every decision, and names its place.
func TestUnevaluated(t *testing.T) {
	statement := func(change string) string {
		return all(queue, queuePolicy(`{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}`,
			`{`+change+`}`))
	}
	document := func(body string) string {
		return all(queue,
			`"Guard": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": `+body+`}}`)
	}
	trust := func(change string) string {
		return `"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", ` + change + `}}}}`
	}
	const rest = `"Effect": "Allow", "Action": "sqs:*", "Resource": "*"`
	for name, row := range map[string]struct{ resources, names string }{
		"NotPrincipal":    {statement(`"NotPrincipal": "*", ` + rest), "NotPrincipal"},
		"unknown element": {statement(`"Principle": "*", ` + rest), "Principle"},
		"unknown " +
			"operator": {statement(`"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, ` + rest), "IpAddress"},
		"no condition": {statement(`"Principal": "*", "Condition": {"StringEquals": {}}, ` + rest),
			"StringEquals"},
		"condition of objects": {statement(`"Principal": "*", "Condition": {"StringEquals": {"a": {}}}, ` + rest),
			"StringEquals a"},
		"condition is a text": {statement(`"Principal": "*", "Condition": "x", ` + rest), "Condition"},
		"federated":           {statement(`"Principal": {"Federated": "x"}, ` + rest), "Federated"},
		"canonical user":      {statement(`"Principal": {"CanonicalUser": "x"}, ` + rest), "CanonicalUser"},
		"session": {statement(`"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/r/s"}, ` +
			rest), "assumed-role"},
		"unique id": {statement(`"Principal": {"AWS": "AROAEXAMPLE"}, ` + rest), "AROAEXAMPLE"},
		"wildcard role": {statement(`"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}, ` + rest),
			"role/*"},
		"wildcard service":    {statement(`"Principal": {"Service": "*"}, ` + rest), "Service"},
		"no principal":        {statement(rest), "Principal"},
		"empty principal":     {statement(`"Principal": {"AWS": []}, ` + rest), "AWS"},
		"principal is a text": {statement(`"Principal": "events.amazonaws.com", ` + rest), "Principal"},
		"no effect":           {statement(`"Principal": "*", "Action": "sqs:*", "Resource": "*"`), "Effect"},
		"wrong effect":        {statement(`"Principal": "*", "Effect": "allow", "Action": "sqs:*", "Resource": "*"`), "Effect"},
		"no action":           {statement(`"Principal": "*", "Effect": "Allow", "Resource": "*"`), "Action"},
		"both actions":        {statement(`"Principal": "*", "NotAction": "sqs:*", ` + rest), "NotAction"},
		"action of no " +
			"service": {statement(`"Principal": "*", "Effect": "Deny", "Action": "SendMessage", "Resource": "*"`),
			"SendMessage"},
		"no resource":    {statement(`"Principal": "*", "Effect": "Allow", "Action": "sqs:*"`), "Resource"},
		"both resources": {statement(`"Principal": "*", "NotResource": "*", ` + rest), "NotResource"},
		"resource is a " +
			"name": {statement(`"Principal": "*", "Effect": "Allow", "Action": "sqs:*", "Resource": "queue"`), "queue"},
		"star for the rest":        {statement(`"Principal": "*", "Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*"`), "arn:aws:sqs:*"},
		"short ARN":                {statement(`"Principal": "*", "Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs"`), "arn:aws:sqs"},
		"policy variable":          {statement(`"Principal": "*", "Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:::${aws:username}"`), "variables"},
		"Sid":                      {statement(`"Sid": 1, "Principal": "*", ` + rest), "Sid"},
		"version":                  {document(`{"Version": "2025-01-01", "Statement": []}`), "Version"},
		"unknown document element": {document(`{"Statements": []}`), "Statements"},
		"document without":         {document(`{}`), "Guard"},
		"document is a list":       {document(`[]`), "Guard"},
		"statement is a text":      {document(`{"Statement": ["x"]}`), "statement 0"},
		"document is not JSON":     {document(`"{"`), "JSON"},
		"intrinsic":                {document(`{"Fn::If": ["C", {}, {}]}`), "Fn::If"},
		"conditional policy": {`"P": {"Type": "AWS::SNS::TopicPolicy", "Condition": "C", "Properties": {}}`,
			"Condition"},
		"queue by " +
			"name": {`"P": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": ["q"], "PolicyDocument": {"Statement": []}}}`, "Queues"},
		"identity with Principal": {all(aRole, rolePolicy(`{"Principal": "*", `+rest+`}`)), "Principal"},
		"trust with Resource":     {trust(`"Action": "sts:AssumeRole", "Resource": "*"`), "no Resource"},
		"trust in another action": {trust(`"Action": "iam:PassRole"`), "sts only"},
		"trust in all actions":    {trust(`"Action": "*"`), "sts only"},
		"trust in all but":        {trust(`"NotAction": "sts:TagSession"`), "sts only"},
		"users":                   {`"P": {"Type": "AWS::IAM::Policy", "Properties": {"Users": ["u"], "PolicyDocument": {"Statement": []}}}`, "Users"},
		"permission, " +
			"property": {`"P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:*", "FunctionName": "f", "Principal": "*", "FunctionUrlAuthType": "NONE"}}`, "FunctionUrlAuthType"},
		"permission, no " +
			"function": {`"P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:*", "Principal": "a.amazonaws.com"}}`, "Resource"},
		"permission, partial " +
			"ARN": {`"P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:*", "FunctionName": "111111111111:function:f", "Principal": "*"}}`, "FunctionName"},
		"topic by " +
			"name": {`"P": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": ["t"], "PolicyDocument": {"Statement": []}}}`, "Topics"},
		"topics are an " +
			"object": {`"P": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": {}, "PolicyDocument": {"Statement": []}}}`, "Topics"},
		"log group by " +
			"name": {`"P": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"ResourceArn": "g", "PolicyDocument": {"Statement": []}}}`, "ResourceArn"},
		"inside a " +
			"role": {`"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}]}}`, "Policies"},
		"managed " +
			"policy": {`"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": {"Effect": "Allow"}}}}`, "AWS::IAM::ManagedPolicy"},
		"permission, account": {`"P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:*", "FunctionName": "f", "Principal": "111111111111"}}`, "Service"},
		"policy of one " +
			"group": {`"P": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"ResourceArn": "arn:aws:logs:::x", "PolicyDocument": {"Statement": []}}}`, "ResourceArn"},
		"name doubles itself": {doubling(), "1 MiB"},
		"two roles of a " +
			"name": {`"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}, "S": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}`, "name r"},
		"policy of unknown " +
			"type": {`"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"ResourcePolicy": {"PolicyDocument": {"Statement": [{"Effect": "Allow"}]}}}}`, "AWS::DynamoDB::Table"},
		"inline queue " +
			"policy": {`"T": {"Type": "AWS::SQS::QueueInlinePolicy", "Properties": {"PolicyDocument": {"Statement": [{"Effect": "Allow"}]}}}`, "AWS::SQS::QueueInlinePolicy"},
		"policy in a " +
			"text": {`"T": {"Type": "AWS::Made::Up", "Properties": {"Body": {"Fn::Join": ["", ["{\"Statement\": [{\"Effect\": \"Allow\"}]}"]]}}}`, "Body"},
		"policy beside the " +
			"known": {`"T": {"Type": "AWS::KMS::Key", "Properties": {"Other": {"Statement": [{"Effect": "Allow"}]}}}`, "Other"},
	} {
		t.Run(name, func(t *testing.T) {
			a := read(t, row.resources)
			_, err := a.Decide(Request{admin(outsider), "sqs:SendMessage", queueARN, nil})
			if err == nil || !strings.Contains(err.Error(), row.names) || !strings.Contains(err.Error(), "resource ") {
				t.Errorf("Decide: %v", err)
			}
			if s, err := a.Statements(); err == nil {
				t.Errorf("Statements: %v", s)
			}
		})
	}
	// A data protection policy has statements and is not a policy of access.
	a := read(t,
		`"G": {"Type": "AWS::Logs::LogGroup", "Properties": {"DataProtectionPolicy": {"Statement": [{"Sid": "audit", "DataIdentifier": [], "Operation": {}}]}}}`)
	if _, err := a.Statements(); err != nil {
		t.Error(err)
	}
}

func TestRequestFaults(t *testing.T) {
	const boundary = `"Worker": {"Type": "AWS::IAM::Role", "Properties": {"PermissionsBoundary": "arn:aws:iam::111111111111:policy/b", "AssumeRolePolicyDocument": {"Statement": []}}}`
	const managedByAWS = `"Worker": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}], "AssumeRolePolicyDocument": {"Statement": []}}}`
	const lambdaRole = "arn:aws:iam::111111111111:role/app-Worker"
	for name, row := range map[string]struct {
		resources string
		request   Request
		names     string
	}{
		"nobody": {queue, Request{Principal{}, "sqs:SendMessage", queueARN, nil}, "exactly one"},
		"two": {queue, Request{Principal{Service: "a.amazonaws.com", Role: outsider},
			"sqs:SendMessage", queueARN, nil}, "exactly one"},
		"administrative service": {queue, Request{Principal{Service: "a.amazonaws.com", Administrator: true},
			"sqs:SendMessage", queueARN, nil}, "Administrator"},
		"role by name": {queue, Request{asRole("worker"), "sqs:SendMessage", queueARN, nil}, "worker"},
		"user as role": {queue, Request{asRole("arn:aws:iam::111111111111:user/u"), "sqs:SendMessage",
			queueARN, nil}, "user/u"},
		"session as role": {queue, Request{asRole("arn:aws:sts::111111111111:assumed-role/r/s"),
			"sqs:SendMessage", queueARN, nil}, "assumed-role"},
		"action with a star":       {queue, Request{asRole(outsider), "sqs:*", queueARN, nil}, "sqs:*"},
		"action without a service": {queue, Request{asRole(outsider), "SendMessage", queueARN, nil}, "SendMessage"},
		"resource by name":         {queue, Request{asRole(outsider), "sqs:SendMessage", "Queue", nil}, "Queue"},
		"no account in the ARN": {queue, Request{asRole(outsider), "s3:GetObject", "arn:aws:s3:::b/k", nil},
			"aws:ResourceAccount"},
		"a key twice": {queue, Request{asRole(outsider), "sqs:SendMessage", queueARN,
			map[string][]string{"aws:SourceArn": nil, "AWS:SourceArn": nil}}, "twice"},
		"both elsewhere": {queue, Request{asRole(foreign), "sqs:SendMessage",
			"arn:aws:sqs:eu-west-1:222222222222:q", nil}, "neither"},
		"key by its alias": {queue, Request{asRole(outsider), "kms:Decrypt",
			"arn:aws:kms:eu-west-1:111111111111:alias/a", nil}, "alias/a"},
		"trust of an unknown role": {queue, Request{asRole(outsider), "sts:AssumeRole", lambdaRole, nil}, "Where.Policies"},
		"role with another path": {aRole, Request{asRole("arn:aws:iam::111111111111:role/path/app-Worker"),
			"sqs:SendMessage", queueARN, nil}, worker},
		"role with a boundary": {boundary, Request{asRole(lambdaRole), "sqs:SendMessage", queueARN, nil}, "PermissionsBoundary"},
		"role with AWS's own policy": {managedByAWS, Request{asRole(lambdaRole), "sqs:SendMessage", queueARN, nil},
			"AWSLambdaBasicExecutionRole"},
		"a condition without its key": {all(queue,
			queuePolicy(`{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}`)),
			Request{asRole(outsider), "sqs:SendMessage", queueARN, nil}, "aws:RequestedRegion"},
	} {
		if got, err := read(t, row.resources).Decide(row.request); err == nil || !strings.Contains(err.Error(), row.names) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// The other roles of such a template are decided.
	if _, err := read(t, managedByAWS).Decide(Request{asRole(outsider), "sqs:SendMessage", queueARN, nil}); err != nil {
		t.Error(err)
	}
}

func TestReadFaults(t *testing.T) {
	good := map[string]any{"Resources": map[string]any{"Q": map[string]any{"Type": "AWS::SQS::Queue"}}}
	for name, row := range map[string]struct {
		template map[string]any
		where    Where
	}{
		"no resources": {map[string]any{}, here},
		"nil":          {nil, here},
		"no type":      {map[string]any{"Resources": map[string]any{"Q": map[string]any{}}}, here},
		"logical " +
			"id": {map[string]any{"Resources": map[string]any{"Q/x": map[string]any{"Type": "AWS::SQS::Queue"}}},
			here},
		"properties": {map[string]any{"Resources": map[string]any{"Q": map[string]any{"Type": "T",
			"Properties": 1}}}, here},
		"not JSON": {map[string]any{"Resources": func() {}}, here},
		"account":  {good, Where{Account: "1", Region: "r", StackName: "s"}},
		"region":   {good, Where{Account: ours, StackName: "s"}},
		"stack":    {good, Where{Account: ours, Region: "r"}},
	} {
		if _, err := Read(row.template, row.where); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	for name, policies := range map[string]map[string]any{
		"not an ARN":      {"queue": map[string]any{"Statement": []any{}}},
		"in the template": {queueARN: map[string]any{"Statement": []any{}}},
		"no policy":       {"arn:aws:sqs:eu-west-1:111111111111:other": 1},
	} {
		a := read(t, queue, func(w *Where) { w.Policies = policies })
		if _, err := a.Statements(); err == nil {
			t.Errorf("a given policy, %s, is read", name)
		}
	}
}
