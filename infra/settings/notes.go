package settings

import (
	"fmt"

	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/infra/internal/pattern"
)

// notes collects what somebody who deploys should know, one line each; prefix is written before each.
type notes struct {
	prefix string
	all    []string
}

func (n *notes) when(so bool, format string, arguments ...any) {
	if so {
		n.all = append(n.all, n.prefix+fmt.Sprintf(format, arguments...))
	}
}

// Notes returns what somebody who deploys these settings should know, one line each.
func (s *Settings) Notes() []string {
	var n notes
	for _, d := range s.Destinations {
		n.prefix = string(d) + ": "
		s.notesOf(&n, d)
	}
	n.prefix = ""
	n.when(s.AlarmEmail == "" && s.AlarmTopic == "",
		"NO ALARM NOTIFIES ANYBODY: alarms show in CloudWatch only; set alarmEmail or alarmTopic")
	n.when(!s.Live, "the alarm silence does not exist yet: set live=true once events flow, or no alarm fires when Okta "+
		"switches the stream off")
	n.when(keyForm.MatchString(s.KMS), "THE KEY'S POLICY MUST ALLOW WHAT THE OUTPUT OktaKeyPolicyStatements SAYS, and "+
		"the key must carry the tag EventBridgeApiDestinations=true where EventBridge delivers to Datadog: without both "+
		"nothing can be stored")
	return n.all
}

func (s *Settings) notesOf(n *notes, d Destination) {
	p := s.Of(d)
	n.when(p.Ack && p.TimeoutSeconds() != p.Timeout, "ack=true: the function's timeout is %d s, not %d, so that it can "+
		"wait for the indexers; the visibility timeout is %d s, and an event is tried %d "+
		"times", p.TimeoutSeconds(), p.Timeout,
		p.VisibilitySeconds(), p.MaxReceiveCount())
	to, signs := s.SignedTo(d)
	n.when(signs && !to.Known, "the endpoint does not name the domain or collection, so the function's role may call %s "+
		"on every one of the account (%s); set the endpoint that AWS gave, which names it", to.Action, to.Resource)
	n.when(s.HTTPS(d) && len(p.VPC) > 0, "vpc: the function reaches SQS, Secrets Manager and the destination through the "+
		"subnets only: they need a NAT gateway, or interface endpoints for sqs and secretsmanager whose security groups let "+
		"the function in")
	_, exists := ParseLogGroup(p.LogGroup)
	n.when(exists, "logGroup: the stack does not change an existing log group: its retention, class, encryption and "+
		"deletion protection stay, and it gets no field indexes")
	if d == Archive {
		n.when(p.Lock == LockCompliance, "NOBODY CAN DELETE AN OBJECT FOR %d YEARS: lock=compliance", p.LockYears)
		n.when(p.Bucket != "", "bucket: the stack does not change an existing bucket: turn on versioning, a policy that "+
			"denies plain http, and a default retention yourself (infra/README.md, Archive)")
		n.when(p.Bucket != "" && s.KMS == KMSAWS, "bucket: if a KMS key of yours encrypts the bucket, set kms to the key's "+
			"ARN, or the function may not write")
		n.when(p.DigestKey == "", "digests are not signed: a role that may write to the bucket can make a new chain of "+
			"digests; set digestKey=own")
	}
	// PutIndexPolicy, API reference, "Only log groups in the Standard log class"; "Logs Insights QL commands supported in
	// log classes", user guide; AWS's announcement of 2023-11 names the rest, and AWS's answer to FilterLogEvents is
	// quoted in aws/karpenter-provider-aws, pull request 9567 (2026-09). Read 2026-11.
	n.when(p.LogClass == LogClassInfrequent, "logClass=infrequent has no field indexes, no metric filters, no Live Tail "+
		"and no data protection, and Logs Insights reads it without pattern, diff, filterIndex and unmask; the stack's "+
		"alarms and saved queries need none of these (AWS's page \"Log classes\" has the whole list). FilterLogEvents "+
		"cannot read it, so that oktastream reconcile --against cloudwatch fails. A group keeps its class: another class "+
		"is another group")
	if p.Ingest != IngestRule {
		for _, why := range pattern.For(s.Source, p.Include, p.Exclude).Why {
			n.when(true, "%s", why)
		}
	}
	n.unpublished("include", p.Include)
	n.unpublished("exclude", p.Exclude)
}

// unpublished notes patterns that match no event type that Okta has published.
func (n *notes) unpublished(name string, types []string) {
	for _, wanted := range types {
		hint := "check the spelling (case matters)"
		if suggestion := catalogue.Suggest(wanted); suggestion != "" {
			hint = "did you mean " + suggestion + "?"
		}
		n.when(len(catalogue.Matching(wanted)) == 0, "%s %s matches none of the %d event types that Okta has published; %s",
			name, wanted, len(catalogue.All()), hint)
	}
}
