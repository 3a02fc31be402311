package access

import (
	"strings"
	"testing"
)

const (
	workerMaySend = `{"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ` + queueRef + `}`
	ruleMaySend   = `{"Sid": "FromRule", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": ` + queueRef + `, "Condition": {"ArnEquals": {"aws:SourceArn": "` + ruleARN + `"}}}`
	noPlainHTTP   = `{"Sid": "DenyPlain", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": ` +
		queueRef + `, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`
	// The two conditions are ANDed: a caller that is neither the rule nor the role is denied.
	noneButThese = `{"Sid": "DenyOthers", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": ` + queueRef + `, "Condition": {"ArnNotEquals": {"aws:SourceArn": "` + ruleARN + `", "aws:PrincipalArn": "` + worker + `"}}}`
)

func TestOneAccount(t *testing.T) {
	t.Run("identity alone", func(t *testing.T) {
		check(t, read(t, all(queue, aRole, rolePolicy(workerMaySend))), map[string]asked{
			"the role": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN, want: true,
				why: "Rights/PolicyDocument/Send (identity)"},
			"action in any case": {who: asRole(worker), action: "SQS:sendmessage", on: queueARN, want: true},
			"another action":     {who: asRole(worker), action: "sqs:ReceiveMessage", on: queueARN, why: "nothing allows it"},
			"another queue":      {who: asRole(worker), action: "sqs:SendMessage", on: queueARN + "2", why: "nothing allows it"},
			"no resource":        {who: asRole(worker), action: "sqs:SendMessage", on: "*"},
			"another role":       {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN},
			"an administrator": {who: admin(outsider), action: "sqs:SendMessage", on: queueARN, want: true,
				why: "its own policies"},
			"same name abroad": {who: asRole("arn:aws:iam::222222222222:role/app-Worker"), action: "sqs:SendMessage",
				on: queueARN, why: "no policy of the resource does"},
			"a service": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN},
		})
	})
	t.Run("resource policy alone", func(t *testing.T) {
		named := `{"Effect": "Allow", "Principal": {"AWS": "` + worker + `"}, "Action": "sqs:SendMessage", "Resource": "*"}`
		check(t, read(t, all(queue, aRole, queuePolicy(named))), map[string]asked{
			"the role": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN, want: true,
				why: "Guard/PolicyDocument/#0 (resource)"},
			"another role":                 {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN},
			"* is only the policy's queue": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN + "2"},
		})
	})
	t.Run("everybody", func(t *testing.T) {
		for _, principal := range []string{`"*"`, `{"AWS": "*"}`} {
			open := `{"Effect": "Allow", "Principal": ` + principal + `, "Action": "sqs:SendMessage", "Resource": "*"}`
			check(t, read(t, all(queue, queuePolicy(open))), map[string]asked{
				"a role of ours": {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN, want: true},
				"a foreign role": {who: asRole(foreign), action: "sqs:SendMessage", on: queueARN, want: true},
				"a service":      {who: service("sns.amazonaws.com"), action: "sqs:SendMessage", on: queueARN, want: true},
			})
		}
	})
	t.Run("the account delegates and does not grant", func(t *testing.T) {
		for _, principal := range []string{`"111111111111"`, `"arn:aws:iam::111111111111:root"`} {
			open := `{"Effect": "Allow", "Principal": {"AWS": ` + principal + `}, "Action": "sqs:SendMessage", "Resource": "*"}`
			check(t, read(t, all(queue, queuePolicy(open))), map[string]asked{
				"a role without rights": {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN,
					why: "leaves it to identity policies"},
				"an administrator": {who: admin(outsider), action: "sqs:SendMessage", on: queueARN, want: true},
				"another account":  {who: asRole(foreign), action: "sqs:SendMessage", on: queueARN},
			})
		}
	})
	t.Run("the strongest match counts", func(t *testing.T) {
		account := `{"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sqs:*", "Resource": "*"}`
		named := `{"Sid": "Named", "Effect": "Allow", "Principal": {"AWS": ["222222222222", "` + outsider +
			`"]}, "Action": "sqs:*", "Resource": "*"}`
		check(t, read(t, all(queue, queuePolicy(account, named, account))), map[string]asked{
			"the role":     {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN, want: true, why: "Named"},
			"another role": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN},
		})
	})
	t.Run("a policy of no role", func(t *testing.T) {
		nobody := `"P": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [""], "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}}`
		check(t, read(t, all(queue, nobody)), map[string]asked{
			"a service": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN},
		})
	})
	t.Run("an explicit deny overrides", func(t *testing.T) {
		check(t, read(t, all(queue, aRole, rolePolicy(workerMaySend), queuePolicy(ruleMaySend, noPlainHTTP))),
			map[string]asked{
				"the role by TLS": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN, want: true},
				"the role by http": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN,
					context: map[string][]string{"aws:SecureTransport": {"false"}}, why: "denied by Guard/PolicyDocument/DenyPlain " +
						"(resource)"},
				"an admin by http": {who: admin(outsider), action: "sqs:ReceiveMessage", on: queueARN,
					context: map[string][]string{"AWS:securetransport": {"false"}}, why: "DenyPlain"},
				"the service by http": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
					context: map[string][]string{"aws:SourceArn": {ruleARN}, "aws:SecureTransport": {"false"}}, why: "DenyPlain"},
			})
		deny := `{"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"}`
		named := `{"Effect": "Allow", "Principal": {"AWS": "` + worker + `"}, "Action": "sqs:*", "Resource": "*"}`
		check(t, read(t, all(queue, aRole, rolePolicy(workerMaySend, deny), queuePolicy(named))), map[string]asked{
			"identity denies what the resource allows": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN,
				why: "denied by Rights/PolicyDocument/#1 (identity)"},
			"administrator beside it": {who: admin(worker), action: "sqs:SendMessage", on: queueARN,
				why: "denied"},
			"another action": {who: asRole(worker), action: "sqs:ReceiveMessage", on: queueARN,
				want: true},
		})
	})
}

func TestServices(t *testing.T) {
	check(t, read(t, all(queue, queuePolicy(ruleMaySend))), map[string]asked{
		"the rule": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(ruleARN), want: true, why: "FromRule"},
		"another rule": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(ruleARN + "2")},
		"a rule elsewhere": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(strings.Replace(ruleARN, ours, theirs, 1))},
		"no source": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN},
		"another service": {who: service("sns.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(ruleARN)},
		"an admin, no service": {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN, context: from(ruleARN)},
		"another action of the service": {who: service("events.amazonaws.com"), action: "sqs:ReceiveMessage", on: queueARN,
			context: from(ruleARN)},
	})
}

// DESIGN §5: the buffer's policy denies sqs:SendMessage to all but the rule and
// the function's role.
func TestDenyAllBut(t *testing.T) {
	a := read(t, all(queue, aRole, rolePolicy(workerMaySend), queuePolicy(ruleMaySend, noneButThese)))
	check(t, a, map[string]asked{
		"the rule": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(ruleARN), want: true},
		"the role (no SourceArn)": {who: asRole(worker), action: "sqs:SendMessage", on: queueARN, want: true},
		"another rule": {who: service("events.amazonaws.com"), action: "sqs:SendMessage", on: queueARN,
			context: from(ruleARN + "2"), why: "DenyOthers"},
		"an administrator":          {who: admin(outsider), action: "sqs:SendMessage", on: queueARN, why: "DenyOthers"},
		"an administrator receives": {who: admin(outsider), action: "sqs:ReceiveMessage", on: queueARN, want: true},
		"a foreign role":            {who: asRole(foreign), action: "sqs:SendMessage", on: queueARN, why: "DenyOthers"},
	})
}

func TestAcrossAccounts(t *testing.T) {
	open := func(principal string) string {
		return `{"Effect": "Allow", "Principal": {"AWS": "` + principal + `"}, "Action": "sqs:SendMessage", "Resource": "*"}`
	}
	t.Run("by role", func(t *testing.T) {
		check(t, read(t, all(queue, queuePolicy(open(foreign)))), map[string]asked{
			"the foreign role": {who: asRole(foreign), action: "sqs:SendMessage", on: queueARN, want: true,
				why: "and its own policies"},
			"its neighbour": {who: asRole(foreign + "2"), action: "sqs:SendMessage", on: queueARN},
		})
	})
	t.Run("by account", func(t *testing.T) {
		check(t, read(t, all(queue, queuePolicy(open(theirs)))), map[string]asked{
			"a foreign role":  {who: asRole(foreign), action: "sqs:SendMessage", on: queueARN, want: true},
			"a third account": {who: asRole("arn:aws:iam::333333333333:role/r"), action: "sqs:SendMessage", on: queueARN},
			"a role of ours":  {who: asRole(outsider), action: "sqs:SendMessage", on: queueARN},
		})
	})
	t.Run("outwards", func(t *testing.T) {
		theirQueue := "arn:aws:sqs:eu-west-1:222222222222:q"
		may := `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "` + theirQueue + `"}`
		rows := map[string]asked{"our role": {who: asRole(worker), action: "sqs:SendMessage", on: theirQueue,
			why: "no policy of the resource does"}}
		check(t, read(t, all(aRole, rolePolicy(may))), rows)
		welcome := func(w *Where) {
			w.Policies = map[string]any{theirQueue: map[string]any{"Statement": map[string]any{"Effect": "Allow",
				"Principal": map[string]any{"AWS": ours}, "Action": "sqs:*", "Resource": "*"}}}
		}
		rows["our role"] = asked{who: asRole(worker), action: "sqs:SendMessage", on: theirQueue, want: true, why: theirQueue}
		rows["a bucket of theirs"] = asked{who: asRole(worker), action: "s3:GetObject", on: "arn:aws:s3:::b/k",
			context: map[string][]string{"aws:ResourceAccount": {theirs}}}
		rows["a role without rights"] = asked{who: asRole(outsider), action: "sqs:SendMessage", on: theirQueue}
		check(t, read(t, all(aRole, rolePolicy(may)), welcome), rows)
	})
}
