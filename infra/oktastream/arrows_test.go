//go:build !race

package oktastream

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/settings"
)

// An arrow of the picture in the README: who does what to which resource, and as whom. All of its
// calls must be allowed. A neighbour is a call that differs from an arrow in one point, and must be
// denied.
type arrow struct {
	name       string
	calls      []access.Request
	neighbours []access.Request
}

// TestEveryArrowIsAllowedAndItsNeighboursAreNot compares the synthesised policies with the picture.
func TestEveryArrowIsAllowedAndItsNeighboursAreNot(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		list := s.arrows(t)
		if len(list) < 4 {
			t.Fatalf("%d arrows only", len(list))
		}
		for _, a := range list {
			for _, call := range a.calls {
				s.decide(t, a.name, call, true)
			}
			if len(a.neighbours) == 0 {
				t.Errorf("%s: no neighbour", a.name)
			}
			for _, call := range a.neighbours {
				s.decide(t, a.name, call, false)
			}
		}
	})
}

func (s *synthesised) decide(t *testing.T, name string, call access.Request, want bool) {
	t.Helper()
	d, err := s.account.Decide(call)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if d.Allowed != want {
		t.Errorf("%s: %s of %+v on %s with %v: allowed %t, want %t: %s", name, call.Action, call.Principal,
			call.Resource, call.Context, d.Allowed, want, d.Why)
	}
}

// Another account and another key, for neighbours.
const (
	otherAccount = "999988887777"
	otherKey     = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
)

// byRule is EventBridge calling on behalf of a rule or a bus.
func byRule(arn, action, resource string) access.Request {
	return access.Request{
		Principal: access.Principal{Service: "events.amazonaws.com"}, Action: action, Resource: resource,
		Context: map[string][]string{"aws:SourceArn": {arn}, "aws:SourceAccount": {strings.Split(arn, ":")[4]}},
	}
}

func byRole(role, action, resource string) access.Request {
	return access.Request{Principal: access.Principal{Role: role}, Action: action, Resource: resource}
}

// byAdmin is a role of the account whose own policy allows everything.
func byAdmin(action, resource string) access.Request {
	return access.Request{Principal: access.Principal{Role: "arn:aws:iam::" + account + ":role/admin",
		Administrator: true}, Action: action, Resource: resource}
}

func byOtherAccount(action, resource string) access.Request {
	return access.Request{Principal: access.Principal{Role: "arn:aws:iam::" + otherAccount + ":role/admin"},
		Action: action, Resource: resource}
}

func in(call access.Request, key, value string) access.Request {
	context := map[string][]string{key: {value}}
	for k, v := range call.Context {
		if k != key {
			context[k] = v
		}
	}
	call.Context = context
	return call
}

func plainHTTP(call access.Request) access.Request { return in(call, "aws:SecureTransport", "false") }

// ruleNeighbours are the calls of other rules, other buses and other accounts.
func ruleNeighbours(rule, action, resource string) []access.Request {
	parts := strings.Split(rule, ":")
	elsewhere := strings.Replace(rule, ":"+account+":", ":"+otherAccount+":", 1)
	region := strings.Replace(rule, ":"+parts[3]+":", ":eu-west-1:", 1)
	return []access.Request{
		byRule(rule+"2", action, resource),
		byRule(strings.Replace(rule, "/example/", "/other/", 1)+"x", action, resource),
		byRule(elsewhere, action, resource),
		byRule(region, action, resource),
		plainHTTPOf(rule, action, resource),
	}
}

func plainHTTPOf(rule, action, resource string) access.Request {
	return plainHTTP(byRule(rule, action, resource))
}

// arrows are the arrows of the picture under this configuration.
func (s *synthesised) arrows(t *testing.T) []arrow {
	var list []arrow
	for _, d := range s.settings.Destinations {
		p := &drawn{s: s, t: t, d: d, set: s.settings.Of(d), key: s.keyARN(t)}
		p.name = s.stack + "-" + string(d)
		p.rule = "arn:aws:events:" + here + ":" + account + ":rule/" + source + "/" + p.name
		p.dead = p.arn("AWS::SQS::Queue", "Dead")
		p.replay = s.roleARN(t, "OktaReplay")
		list = append(list, p.ofRule()...)
		list = append(list, p.ofDeadLetters()...)
		list = append(list, p.ofReplay()...)
		if p.set.Ingest != settings.IngestRule {
			list = append(list, p.ofFunction()...)
		}
		if p.byEventBridge() {
			list = append(list, p.ofDelivery()...)
		}
		list = append(list, p.ofKey()...)
		list = append(list, p.ofLock()...)
	}
	list = append(list, s.ofStreamRule(t)...)
	list = append(list, s.ofAuditor(t)...)
	return append(list, s.ofAlarms(t)...)
}

// ofAlarms are the arrows from alarms to the topic.
func (s *synthesised) ofAlarms(t *testing.T) []arrow {
	if s.settings.AlarmEmail == "" {
		return nil
	}
	id, properties := s.only(t, "AWS::SNS::Topic", "OktaAlarms")
	topic, key := s.account.ARN(id), s.resolve(t, properties["KmsMasterKeyId"]).(string)
	by := func(name, owner, action, resource string) access.Request {
		return access.Request{
			Principal: access.Principal{Service: "cloudwatch.amazonaws.com"}, Action: action, Resource: resource,
			Context: map[string][]string{"aws:SourceArn": {"arn:aws:cloudwatch:" + here + ":" + owner + ":alarm:" + name},
				"aws:SourceAccount": {owner}},
		}
	}
	const publish, decrypt = "sns:Publish", "kms:Decrypt"
	ours := s.stack + "-cloudwatch-dead-not-empty"
	events := by(ours, account, publish, topic)
	events.Principal.Service = "events.amazonaws.com"
	return []arrow{
		{name: "alarm → topic", calls: []access.Request{by(ours, account, publish, topic)}, neighbours: []access.Request{
			by("x"+ours, account, publish, topic), by(s.stack+"2-dead", account, publish, topic), by(ours, otherAccount,
				publish, topic), plainHTTP(by(ours, account, publish, topic)),
			byOtherAccount(publish, topic), events, by(ours, account, "sns:Subscribe", topic),
		}},
		{name: "alarm → topic's key", calls: []access.Request{by(ours, account, decrypt, key), by(ours, account,
			"kms:GenerateDataKey", key)}, neighbours: []access.Request{
			by(ours, otherAccount, decrypt, key), by(ours, account, decrypt, otherKey), by(ours, account,
				"kms:CreateGrant", key),
		}},
	}
}

func (s *synthesised) keyARN(t *testing.T) string {
	switch s.settings.KMS {
	case settings.KMSAWS:
		return ""
	case settings.KMSOwn:
		id, _ := s.only(t, "AWS::KMS::Key", "OktaKey")
		return s.account.ARN(id)
	}
	return given
}

func (s *synthesised) roleARN(t *testing.T, prefix string) string {
	id, _ := s.only(t, "AWS::IAM::Role", prefix)
	return s.account.ARN(id)
}
