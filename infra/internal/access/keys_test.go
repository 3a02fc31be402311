package access

import (
	"strings"
	"testing"
)

// key is a KMS key with these statements; none leaves KeyPolicy out.
func key(statements ...string) string {
	if statements == nil {
		return `"Key": {"Type": "AWS::KMS::Key"}`
	}
	return `"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [` +
		strings.Join(statements, ",") + `]}}}`
}

const (
	delegate      = `{"Sid": "Delegate", "Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}, "Action": "kms:*", "Resource": "*"}`
	workerDecrypt = `{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Fn::GetAtt": ["Key", "Arn"]}}`
)

// "Unless the key policy explicitly allows it, you cannot use IAM policies to
// allow access to a KMS key." (KMS Developer Guide, "Key policies".)
func TestKeys(t *testing.T) {
	arn := read(t, key()).ARN("Key")
	asks := func(who Principal, want bool, why string) asked {
		return asked{who: who, action: "kms:Decrypt", on: arn, want: want, why: why}
	}
	for name, policy := range map[string]string{"delegated": key(delegate), "default policy": key()} {
		t.Run(name, func(t *testing.T) {
			check(t, read(t, all(policy, aRole, rolePolicy(workerDecrypt))), map[string]asked{
				"the role":            asks(asRole(worker), true, "and Rights/PolicyDocument/#0 (identity)"),
				"a role without":      asks(asRole(outsider), false, "leaves it to identity policies"),
				"an administrator":    asks(admin(outsider), true, ""),
				"another account":     asks(asRole(foreign), false, ""),
				"a service":           asks(service("sqs.amazonaws.com"), false, ""),
				"another key of ours": {who: asRole(worker), action: "kms:Decrypt", on: arn[:len(arn)-1] + "x"},
			})
		})
	}
	t.Run("not delegated", func(t *testing.T) {
		named := `{"Effect": "Allow", "Principal": {"AWS": "` + worker + `"}, "Action": "kms:Decrypt", "Resource": "*"}`
		check(t, read(t, all(key(named), aRole)), map[string]asked{
			"the role, no identity policy": asks(asRole(worker), true, "(key)"),
			"an administrator":             asks(admin(outsider), false, "no policy of the resource does"),
		})
		other := `{"Effect": "Allow", "Principal": {"AWS": "` + outsider + `"}, "Action": "kms:Decrypt", "Resource": "*"}`
		check(t, read(t, all(key(other), aRole, rolePolicy(workerDecrypt))), map[string]asked{
			"identity policy alone": asks(asRole(worker), false, "no policy of the resource does"),
		})
	})
	t.Run("through a service", func(t *testing.T) {
		via := `{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "111111111111", "kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}}`
		viaSQS := map[string][]string{"kms:ViaService": {"sqs.eu-west-1.amazonaws.com"}}
		check(t, read(t, key(via)), map[string]asked{
			"via sqs":         {who: asRole(outsider), action: "kms:Decrypt", on: arn, context: viaSQS, want: true},
			"directly":        {who: asRole(outsider), action: "kms:Decrypt", on: arn},
			"another account": {who: asRole(foreign), action: "kms:Decrypt", on: arn, context: viaSQS},
			"another action":  {who: asRole(outsider), action: "kms:Encrypt", on: arn, context: viaSQS},
			"a wildcard": {who: asRole(outsider), action: "kms:GenerateDataKeyWithoutPlaintext", on: arn,
				context: viaSQS, want: true},
		})
	})
	t.Run("a service with its encryption context", func(t *testing.T) {
		logs := `{"Effect": "Allow", "Principal": {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}}, "Action": "kms:*", "Resource": "*", "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111111111111:log-group:app-*"}}}`
		context := func(group string) map[string][]string {
			return map[string][]string{"kms:EncryptionContext:aws:logs:arn": {"arn:aws:logs:eu-west-1:111111111111:log-group:" + group}}
		}
		check(t, read(t, key(logs)), map[string]asked{
			"its group": {who: service("logs.eu-west-1.amazonaws.com"), action: "kms:Decrypt", on: arn,
				context: context("app-a"), want: true},
			"another group": {who: service("logs.eu-west-1.amazonaws.com"), action: "kms:Decrypt", on: arn,
				context: context("other")},
			"another name": {who: service("logs.amazonaws.com"), action: "kms:Decrypt", on: arn, context: context("app-a")},
		})
	})
	t.Run("a given key", func(t *testing.T) {
		given := "arn:aws:kms:eu-west-1:111111111111:key/given"
		may := `{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "` + given + `"}`
		rows := map[string]asked{"the role": {who: asRole(worker), action: "kms:Decrypt", on: given, want: true,
			why: "default key policy"}}
		check(t, read(t, all(aRole, rolePolicy(may))), rows)
		rows["the role"] = asked{who: asRole(worker), action: "kms:Decrypt", on: given, why: "no policy of the resource does"}
		check(t, read(t, all(aRole, rolePolicy(may)), func(w *Where) {
			w.Policies = map[string]any{given: `{"Statement": {"Effect": "Allow", "Principal": {"Service": "sqs.amazonaws.com"}, "Action": "kms:*", "Resource": "*"}}`}
		}), rows)
	})
}

func TestTrust(t *testing.T) {
	trusting := func(principal string) string {
		return `"Replay": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app-replay", "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": ` + principal + `, "Action": "sts:AssumeRole"}]}}}`
	}
	const replay = "arn:aws:iam::111111111111:role/app-replay"
	asks := func(who Principal, want bool) asked {
		return asked{who: who, action: "sts:AssumeRole", on: replay, want: want}
	}
	t.Run("a service", func(t *testing.T) {
		check(t, read(t, trusting(`{"Service": "lambda.amazonaws.com"}`)), map[string]asked{
			"it":               asks(service("lambda.amazonaws.com"), true),
			"another service":  asks(service("events.amazonaws.com"), false),
			"an administrator": asks(admin(outsider), false),
			// A trust policy decides who assumes the role, and nothing else about it.
			"passing the role": {who: admin(outsider), action: "iam:PassRole", on: replay, want: true, why: "its own policies"},
			"passing another":  {who: admin(outsider), action: "iam:PassRole", on: replay + "2", want: true},
		})
	})
	t.Run("the account", func(t *testing.T) {
		check(t, read(t, trusting(`{"AWS": "111111111111"}`)), map[string]asked{
			"an administrator": asks(admin(outsider), true),
			"a role without":   asks(asRole(outsider), false),
			"another account":  asks(asRole(foreign), false),
			"a service":        asks(service("lambda.amazonaws.com"), false),
		})
	})
	t.Run("a role", func(t *testing.T) {
		check(t, read(t, trusting(`{"AWS": ["`+outsider+`", "`+foreign+`"]}`)), map[string]asked{
			"it":               asks(asRole(outsider), true),
			"the foreign one":  asks(asRole(foreign), true),
			"an administrator": asks(admin(outsider+"2"), false),
			"passing the role": {who: asRole(outsider), action: "iam:PassRole", on: replay},
		})
	})
	t.Run("a role outside", func(t *testing.T) {
		check(t, read(t, all(aRole, rolePolicy(`{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}`)),
			func(w *Where) {
				w.Policies = map[string]any{foreign: map[string]any{"Statement": map[string]any{"Effect": "Allow",
					"Principal": map[string]any{"AWS": ours}, "Action": "sts:AssumeRole"}}}
			}), map[string]asked{
			"our role": {who: asRole(worker), action: "sts:AssumeRole", on: foreign, want: true},
			"another":  {who: asRole(outsider), action: "sts:AssumeRole", on: foreign},
		})
	})
}
