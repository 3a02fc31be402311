package access

import (
	"strings"
	"testing"
)

// One row is one operator on one key k. The outcomes are those of the IAM User
// Guide's "Condition operators" (read 2026-11-22).
func TestConditions(t *testing.T) {
	const rule = "arn:aws:events:eu-west-1:111111111111:rule/a"
	rows := []struct {
		operator string
		policy   string   // values, by comma
		request  []string // nil: the call lacks the key
		want     bool
	}{
		{"StringEquals", "a", []string{"a"}, true},
		{"StringEquals", "a", []string{"A"}, false},
		{"StringEquals", "a,b", []string{"b"}, true},
		{"StringEquals", "a*", []string{"ab"}, false},
		{"StringEquals", "a", nil, false},
		{"StringLike", "a*c?", []string{"abbbcd"}, true},
		{"StringLike", "a*c?", []string{"abbbc"}, false},
		{"StringLike", "a*", []string{"Ab"}, false},
		{"StringLike", "*", nil, false},

		{"ArnEquals", rule, []string{rule}, true},
		{"ArnEquals", rule + "*", []string{rule + "/b"}, true}, // "behave identically"
		{"ArnLike", rule + "*", []string{rule + "/b"}, true},
		{"ArnLike", rule, []string{rule + "/b"}, false},
		{"ArnLike", rule, nil, false},
		{"ArnNotEquals", rule, []string{rule}, false},
		{"ArnNotEquals", rule + "*", []string{rule + "/b"}, false},
		{"ArnNotEquals", rule, []string{rule + "b"}, true},
		{"ArnNotEquals", rule, nil, true},
		// The guide's own example of what a text pattern would match and ArnLike does not.
		{"ArnLike", "arn:aws:someservice:*:111122223333:finance/*",
			[]string{"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"}, false},
		{"ArnLike", "arn:aws:logs:eu-west-1:111111111111:log-group:a:*",
			[]string{"arn:aws:logs:eu-west-1:111111111111:log-group:a:log-stream:b"}, true},

		{"Bool", "true", []string{"True"}, true},
		{"Bool", "false", []string{"true"}, false},
		{"Bool", "false", nil, false},
		{"Null", "true", nil, true},
		{"Null", "true", []string{"a"}, false},
		{"Null", "false", nil, false},
		{"Null", "false", []string{"a"}, true},
	}
	for _, row := range rows {
		name := row.operator + " " + row.policy + " " + strings.Join(row.request, ",")
		c, err := newCondition(row.operator, "K", strings.Split(row.policy, ","))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		given := requestContext{}
		if row.request != nil {
			given["k"] = row.request
		}
		if got, err := c.holds(given); err != nil || got != row.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, row.want)
		}
	}
}

func TestConditionFaults(t *testing.T) {
	for name, c := range map[string]struct{ operator, value string }{
		"unknown operator":   {"IpAddress", "10.0.0.0/8"},
		"date operator":      {"DateLessThan", "2020-01-01T00:00:00Z"},
		"Null with a text":   {"Null", "yes"},
		"IfExists":           {"StringEqualsIfExists", "a"},
		"a set operator":     {"ForAnyValue:StringEquals", "a"},
		"wrong case":         {"stringequals", "a"},
		"negation misplaced": {"NotStringEquals", "a"},
		"Bool with a text":   {"Bool", "yes"},
		"ARN of three parts": {"ArnLike", "arn:aws:*"},
		"ARN is a star":      {"ArnLike", "*"},
		"policy variable":    {"StringEquals", "${aws:username}"},
	} {
		if _, err := newCondition(c.operator, "k", []string{c.value}); err == nil {
			t.Errorf("%s: %s %s is accepted", name, c.operator, c.value)
		}
	}
	if _, err := newCondition("Null", "k", []string{"true", "false"}); err == nil {
		t.Error("Null with two values is accepted")
	}
	if _, err := newCondition("StringEquals", "k", nil); err == nil {
		t.Error("no value is accepted")
	}
	for name, ask := range map[string]struct {
		operator, key, value string
		given                requestContext
	}{
		"several values":              {"StringEquals", "k", "a", requestContext{"k": {"a", "b"}}},
		"the call's value no ARN":     {"ArnLike", "k", "arn:aws:s3:::b", requestContext{"k": {"b"}}},
		"the call's value no boolean": {"Bool", "k", "true", requestContext{"k": {"b"}}},
		"a key that every call has":   {"StringEquals", "aws:RequestedRegion", "eu-west-1", requestContext{}},
	} {
		c, err := newCondition(ask.operator, ask.key, []string{ask.value})
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := c.holds(ask.given); err == nil {
			t.Errorf("%s is decided", name)
		}
	}
	c, _ := newCondition("StringEquals", "aws:SourceIp", []string{"192.0.2.1"})
	if got, err := c.holds(requestContext{"aws:sourceip": {}}); err != nil || got {
		t.Errorf("a key that is said to be absent: %v, %v", got, err)
	}
}

func TestMatching(t *testing.T) {
	const group = "arn:aws:logs:eu-west-1:111111111111:log-group:"
	for _, row := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", "*", true},
		{"*", queueARN, true},
		{queueARN, queueARN, true},
		{queueARN, queueARN + "2", false},
		{queueARN, "*", false},
		{"arn:aws:sqs:*:111111111111:app-?ueue", queueARN, true},
		{"arn:aws:sqs:*:111111111111:app-Queue?", queueARN, false},
		{"arn:aws:sqs:*:app-Queue", queueARN, false},                          // no colon is crossed
		{"arn:aws:sqs:*:222222222222:*", queueARN + ":222222222222:x", false}, // nor here
		{"arn:aws:sns:*:*:*", queueARN, false},
		{"arn:*:sqs:eu-west-1:111111111111:*", queueARN, true},
		{group + "app:*", group + "app:log-stream:2026", true},
		{group + "app:*", group + "app", false}, // the group is named with ":*"
		{group + "app:*", group + "app2:log-stream:2026", false},
		{group + "app", group + "app:log-stream:2026", false},
		{group + "app*", group + "app:log-stream:2026", true},
		{"arn:aws:iam::111111111111:role/*", "arn:aws:iam::111111111111:role/path/name", true},
		{"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", true},
		{"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", false},
		{"arn:aws:sqs:eu-west-1:111111111111:APP-queue", queueARN, false}, // names have case
	} {
		if got := resourceMatches(row.pattern, row.arn); got != row.want {
			t.Errorf("%s on %s: %v", row.pattern, row.arn, got)
		}
	}
	for _, row := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "sqs:SendMessage", true}, {"sqs:*", "SQS:sendmessage", true}, {"sqs:Send*", "sqs:SendMessageBatch", true},
		{"sqs:SendMessage", "sqs:SendMessageBatch", false}, {"sqs:?endMessage", "sqs:SendMessage", true}, {"sns:*",
			"sqs:SendMessage", false},
	} {
		if got := actionMatches(row.pattern, row.action); got != row.want {
			t.Errorf("%s on %s: %v", row.pattern, row.action, got)
		}
	}
	for _, row := range []struct {
		pattern, text string
		want          bool
	}{
		{"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false}, {"?", "é", true}, {"??", "é", false}, {"*é", "aéé",
			true}, {"", "", true}, {"*", "", true}, {"?", "", false}, {"a**", "a", true},
	} {
		if got := glob(row.pattern, row.text); got != row.want {
			t.Errorf("glob %q on %q: %v", row.pattern, row.text, got)
		}
	}
}

// The context that the call itself tells.
func TestContextDefaults(t *testing.T) {
	allowIf := func(condition string) *Account {
		return read(t, all(queue,
			queuePolicy(`{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": `+condition+`}`)))
	}
	const act = "sqs:SendMessage"
	check(t, allowIf(`{"Bool": {"aws:SecureTransport": true}}`), map[string]asked{
		"TLS unless said": {who: asRole(outsider), action: act, on: queueARN, want: true},
		"an empty list removes it": {who: asRole(outsider), action: act, on: queueARN,
			context: map[string][]string{"aws:SecureTransport": {}}},
	})
	check(t,
		allowIf(`{"StringEquals": {"aws:PrincipalArn": "`+outsider+`", "aws:PrincipalAccount": "111111111111", "aws:ResourceAccount": "111111111111"}, "Bool": {"aws:PrincipalIsAWSService": "false"}}`), map[string]asked{
			"a role":       {who: asRole(outsider), action: act, on: queueARN, want: true},
			"another role": {who: asRole(worker), action: act, on: queueARN},
			"a service":    {who: service("events.amazonaws.com"), action: act, on: queueARN},
			"overridden": {who: asRole(outsider), action: act, on: queueARN,
				context: map[string][]string{"aws:PrincipalAccount": {theirs}}},
		})
	check(t,
		allowIf(`{"Bool": {"aws:PrincipalIsAWSService": "true"}, "StringEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}`), map[string]asked{
			"a service":       {who: service("events.amazonaws.com"), action: act, on: queueARN, want: true},
			"another service": {who: service("sns.amazonaws.com"), action: act, on: queueARN},
			"a role":          {who: asRole(outsider), action: act, on: queueARN},
		})
}
