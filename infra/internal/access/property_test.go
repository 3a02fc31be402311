package access

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// lot generates policies and calls from a vocabulary so small that they often match.
type lot struct{ *rand.Rand }

func one[T any](l lot, of ...T) T { return of[l.IntN(len(of))] }

func (l lot) statement(effect, kind, keyARN string) map[string]any {
	s := map[string]any{"Effect": effect}
	s[one(l, "Action", "Action", "Action", "NotAction")] = one(l, "*", "sqs:*", "sqs:SendMessage", "kms:Decrypt", "kms:*")
	s[one(l, "Resource", "Resource", "Resource", "NotResource")] = one(l, "*", queueARN, keyARN, "arn:aws:sqs:*:*:*",
		"arn:aws:*:*:111111111111:*")
	if kind != identityPolicy {
		s["Principal"] = one[any](l, "*", map[string]any{"AWS": ours}, map[string]any{"AWS": theirs},
			map[string]any{"AWS": worker},
			map[string]any{"AWS": foreign}, map[string]any{"Service": "events.amazonaws.com"})
	}
	if l.IntN(3) == 0 {
		s["Condition"] = map[string]any{
			one(l, "ArnLike", "ArnNotEquals", "ArnEquals"): map[string]any{
				one(l, "aws:SourceArn", "aws:PrincipalArn"): one(l, ruleARN, worker, "arn:aws:*:*:*:*")},
			"StringEquals": map[string]any{one(l, "aws:SourceAccount", "aws:PrincipalAccount"): one(l, ours, theirs)},
		}
	}
	return s
}

// stack is a queue, a key and a role with random policies, extra added to one.
func (l lot) stack(t *testing.T, keyARN string) (base map[string][]any, read func(extra map[string]any,
	to string) *Account) {
	base = map[string][]any{}
	for _, kind := range []string{identityPolicy, resourcePolicy, keyPolicy} {
		base[kind] = []any{}
		for range l.IntN(4) {
			base[kind] = append(base[kind], l.statement(one(l, "Allow", "Allow", "Allow", "Allow", "Deny"), kind, keyARN))
		}
	}
	return base, func(extra map[string]any, to string) *Account {
		document := func(kind string) map[string]any {
			list := append([]any{}, base[kind]...)
			if kind == to {
				list = append(list, extra)
			}
			return map[string]any{"Version": "2012-10-17", "Statement": list}
		}
		a, err := Read(map[string]any{"Resources": map[string]any{
			"Queue": map[string]any{"Type": "AWS::SQS::Queue"},
			"Guard": map[string]any{"Type": "AWS::SQS::QueuePolicy",
				"Properties": map[string]any{"Queues": []any{fn("Ref", "Queue")}, "PolicyDocument": document(resourcePolicy)}},
			"Key": map[string]any{"Type": "AWS::KMS::Key", "Properties": map[string]any{"KeyPolicy": document(keyPolicy)}},
			"Worker": map[string]any{"Type": "AWS::IAM::Role",
				"Properties": map[string]any{"AssumeRolePolicyDocument": map[string]any{"Statement": []any{}}}},
			"Rights": map[string]any{"Type": "AWS::IAM::Policy", "Properties": map[string]any{"Roles": []any{fn("Ref",
				"Worker")}, "PolicyDocument": document(identityPolicy)}},
		}}, here)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func (l lot) request(keyARN string) Request {
	r := Request{Principal: one(l, asRole(worker), asRole(worker), asRole(outsider), admin(outsider),
		admin(worker), asRole(foreign), service("events.amazonaws.com")), Context: map[string][]string{}}
	r.Action, r.Resource = "sqs:SendMessage", queueARN
	if l.IntN(2) == 0 {
		r.Action, r.Resource = "kms:Decrypt", keyARN
	}
	if l.IntN(2) == 0 {
		r.Context["aws:SourceArn"] = []string{one(l, ruleARN, ruleARN+"2")}
	}
	if l.IntN(2) == 0 {
		r.Context["aws:SourceAccount"] = []string{one(l, "true", ours)}
	}
	return r
}

// A Deny more never allows more; an Allow more never denies more.
func TestMonotonic(t *testing.T) {
	l := lot{rand.New(rand.NewPCG(1, 2))}
	keyARN := read(t, key()).ARN("Key")
	changed := map[string]int{}
	for range 1500 {
		base, stack := l.stack(t, keyARN)
		kind := one(l, identityPolicy, resourcePolicy, keyPolicy)
		effect := one(l, "Allow", "Deny")
		extra := l.statement(effect, kind, keyARN)
		before, after := stack(nil, ""), stack(extra, kind)
		for range 10 {
			request := l.request(keyARN)
			was, err := before.Decide(request)
			if err != nil {
				t.Fatal(err)
			}
			is, err := after.Decide(request)
			if err != nil {
				t.Fatal(err)
			}
			if was.Allowed != is.Allowed {
				changed[effect]++
			}
			if effect == "Deny" && is.Allowed && !was.Allowed || effect == "Allow" && was.Allowed && !is.Allowed {
				policies, _ := json.Marshal(base)
				t.Fatalf("%v\nwas %v, is %v, by one more %s in %s: %v\nthe others: %s", request, was, is, effect, kind, extra,
					policies)
			}
		}
	}
	// The property says nothing where the statement never decides.
	if changed["Allow"] < 100 || changed["Deny"] < 100 {
		t.Errorf("the added statement changed too few decisions: %v", changed)
	}
}

// FuzzRead checks that Read and the methods of its result return without a panic for any template.
func FuzzRead(f *testing.F) {
	for _, resources := range []string{
		all(queue, aRole, queuePolicy(ruleMaySend, noPlainHTTP, noneButThese), rolePolicy(workerMaySend), key(delegate)),
		`"R": {"Type": "AWS::Events::Rule", "Properties": {"EventBusName": {"Fn::Sub": ["a/${b}", {"b": {"Ref": "P"}}]}}}`,
		`"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${B}${B}"}}}, "B": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "A"}}}`,
		`"L": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": {"Fn::Join": ["", ["{\"Statement\":", "[]}"]]}}}`,
		`"P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "events.amazonaws.com"}}`,
		`"E": {"Type": "AWS::Events::EventBusPolicy", "Properties": {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}}}`,
	} {
		f.Add([]byte(`{"Parameters": {"P": {"Type": "String", "Default": "p"}}, "Resources": {` + resources + `}}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var template map[string]any
		if json.Unmarshal(text, &template) != nil {
			return
		}
		a, err := Read(template, here)
		if err != nil {
			return
		}
		statements, err := a.Statements()
		for _, s := range statements {
			if s.Effect != "Allow" && s.Effect != "Deny" || s.Resource == "" || s.Actions == nil && s.NotActions == nil {
				t.Errorf("an incomplete statement: %+v", s)
			}
		}
		for _, who := range []Principal{asRole(worker), service("events.amazonaws.com"), asRole(foreign)} {
			if _, failed := a.Decide(Request{who, "sqs:SendMessage", queueARN, from(ruleARN)}); err != nil && failed == nil {
				t.Error("decided what cannot be evaluated")
			}
		}
		_, _ = a.Resolve(template)
	})
}
