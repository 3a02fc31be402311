//go:build !race

package oktastream

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/access"
	"github.com/oktastream/oktastream/infra/settings"
)

// ofAuditor are the arrows of the auditor.
func (s *synthesised) ofAuditor(t *testing.T) []arrow {
	d, audited := s.settings.Audited()
	if !audited {
		return nil
	}
	p := &drawn{s: s, t: t, d: d, set: s.settings.Of(d)}
	role, starter := s.roleARN(t, "OktaAuditorFunctionRole"), s.roleARN(t, "OktaAuditorScheduleRole")
	id, _ := s.only(t, "AWS::Lambda::Function", "OktaAuditorFunction")
	function := s.account.ARN(id)
	queue := func(prefix string) string {
		id, _ := s.only(t, "AWS::SQS::Queue", prefix)
		return s.account.ARN(id)
	}
	failed, unstarted := queue("OktaAuditorFailed"), queue("OktaAuditorUnstarted")
	buffer, redrive, dead := p.arn("AWS::SQS::Queue", "Buffer"), p.arn("AWS::SQS::Queue", "Redrive"),
		p.arn("AWS::SQS::Queue", "Dead")
	const send, receive = "sqs:SendMessage", "sqs:ReceiveMessage"
	scheduler := in(access.Request{Principal: access.Principal{Service: "scheduler.amazonaws.com"}, Action: "sts:AssumeRole",
		Resource: starter}, "aws:SourceAccount", account)
	list := []arrow{
		{name: "schedule → auditor", calls: []access.Request{scheduler, byRole(starter, "lambda:InvokeFunction", function),
			byRole(starter, send, unstarted)},
			neighbours: []access.Request{
				in(scheduler, "aws:SourceAccount", otherAccount), byOtherAccount("sts:AssumeRole", starter),
				byRole(starter, "lambda:InvokeFunction", function+"2"), byRole(starter, send, failed), byAdmin(send, unstarted),
				byRole(starter, send, buffer), plainHTTP(byRole(starter, send, unstarted)),
			}},
		{name: "auditor → queues", calls: []access.Request{
			byRole(role, send, buffer), byRole(role, "sqs:GetQueueAttributes", buffer), byRole(role, receive, redrive),
			byRole(role, receive, dead), byRole(role, "sqs:ChangeMessageVisibility", dead), byRole(role, send, failed),
		}, neighbours: []access.Request{
			byRole(role, receive, buffer), byRole(role, "sqs:DeleteMessage", redrive), byRole(role, "sqs:DeleteMessage", dead),
			byRole(role, "sqs:PurgeQueue", dead), byRole(role, send, dead), byRole(role, send, redrive),
			byRole(role, send, unstarted), byAdmin(send, failed), plainHTTP(byRole(role, send, buffer)),
		}},
		p.reads(role, s.settings.OktaSecret),
	}
	return append(list, s.ofAuditorObjects(t, role, d)...)
}

// ofAuditorObjects returns the calls of the auditor to the pipeline's events, and to its own state
// and digests.
func (s *synthesised) ofAuditorObjects(t *testing.T, role string, d settings.Destination) []arrow {
	const get, put, list = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
	id, _ := s.only(t, "AWS::S3::Bucket", "OktaAuditorState")
	state := s.account.ARN(id)
	digests := state
	if d == settings.Archive {
		digests = "arn:aws:s3:::" + s.bucket(t)
	}
	fresh := func(call access.Request) access.Request {
		return in(in(call, "s3:ObjectCreationOperation", "true"), "s3:if-none-match", "*")
	}
	listing := func(bucket, prefix string) access.Request { return in(byRole(role, list, bucket), "s3:prefix", prefix) }
	digest, saved := digests+"/digest/org=example/0000000001.json", state+"/auditor/org=example/state.json"
	a := arrow{name: "auditor → state and digests", calls: []access.Request{
		byRole(role, get, saved), in(byRole(role, put, saved), "s3:ObjectCreationOperation", "true"), byRole(role, get, digest),
		fresh(byRole(role, put, digest)), listing(digests, "digest/org=example/"), listing(state, "auditor/org=example/"),
	}, neighbours: []access.Request{
		byRole(role, "s3:DeleteObject", saved), byRole(role, "s3:DeleteObject", digest), byRole(role, list, digests),
		listing(digests, "digest/org=other/"), in(byRole(role, put, digest), "s3:ObjectCreationOperation", "true"),
		plainHTTP(byRole(role, get, saved)), fresh(byRole(role, put, digests+"/okta/org=example/x")),
		byRole(role, "s3:PutBucketPolicy", state), byOtherAccount(get, saved),
	}}
	if d != settings.Archive {
		group := s.account.ARN(func() string {
			id, _ := s.only(t, "AWS::Logs::LogGroup", "OktaCloudWatchEvents")
			return id
		}())
		return []arrow{a, {name: "auditor → log group", calls: []access.Request{byRole(role, "logs:FilterLogEvents", group)},
			neighbours: []access.Request{byRole(role, "logs:PutLogEvents", strings.TrimSuffix(group, "*")+"log-stream:x"),
				byRole(role, "logs:DeleteLogGroup", group)}}}
	}
	object := digests + "/okta/org=example/dt=2026-11-28/hour=10/0a.jsonl.gz"
	return []arrow{a, {name: "auditor → archive", calls: []access.Request{byRole(role, get, object),
		listing(digests, "okta/org=example/dt=2026-11-28/")}, neighbours: []access.Request{
		fresh(byRole(role, put, object)), byRole(role, "s3:DeleteObjectVersion", object), listing(digests, "okta/org=x/"),
	}}}
}

// TestTheAuditor checks that the variables of lambda/cmd/auditor are set, that one run works at a
// time, and that failed runs go to a queue.
func TestTheAuditor(t *testing.T) {
	each(t, func(t *testing.T, s *synthesised) {
		d, audited := s.settings.Audited()
		if n := len(s.of("AWS::Scheduler::Schedule")); (n == 1) != audited {
			t.Fatalf("%d schedules", n)
		}
		if !audited {
			return
		}
		_, function := s.only(t, "AWS::Lambda::Function", "OktaAuditorFunction")
		have := s.resolve(t, function["Environment"]).(map[string]any)["Variables"].(map[string]any)
		_, forwarder := s.only(t, "AWS::Lambda::Function", "Okta"+title(d)+"Function")
		for name, value := range s.resolve(t, forwarder["Environment"]).(map[string]any)["Variables"].(map[string]any) {
			if have[name] != value {
				t.Errorf("%s is %v, the pipeline's function has %v", name, have[name], value)
			}
			delete(have, name)
		}
		id, _ := s.only(t, "AWS::S3::Bucket", "OktaAuditorState")
		want := map[string]any{"OKTASTREAM_AUDIT_ORG_URL": "https://example.okta.com", "OKTASTREAM_AUDIT_SECRET": "okta/api",
			"OKTASTREAM_AUDIT_BUCKET": s.resolve(t, map[string]any{"Ref": id}), "OKTASTREAM_AUDIT_REQUESTS": "900"}
		if d == settings.Archive {
			key, _ := s.only(t, "AWS::KMS::Key", "OktaS3ArchiveDigestKey")
			want["OKTASTREAM_AUDIT_REQUESTS"], want["OKTASTREAM_AUDIT_SINCE"] = "300", "2026-11-01"
			want["OKTASTREAM_AUDIT_DIGEST_KEY"] = s.account.ARN(key)
		}
		var urls []string
		for _, queue := range []string{"Redrive", "Dead"} {
			id, _ := s.only(t, "AWS::SQS::Queue", "Okta"+title(d)+queue)
			urls = append(urls, s.resolve(t, map[string]any{"Ref": id}).(string))
		}
		want["OKTASTREAM_AUDIT_DEAD_URLS"] = strings.Join(urls, ",")
		if !maps.Equal(have, want) {
			t.Errorf("the auditor reads %v, want %v", have, want)
		}
		_, schedule := s.only(t, "AWS::Scheduler::Schedule", "OktaAuditorSchedule")
		_, async := s.only(t, "AWS::Lambda::EventInvokeConfig", "OktaAuditorAsync")
		target := schedule["Target"].(map[string]any)
		if function["ReservedConcurrentExecutions"] != 1.0 || function["Timeout"] != 900.0 ||
			schedule["ScheduleExpression"] != map[int]string{15: "rate(15 minutes)", 5: "rate(5 minutes)"}[s.settings.OktaEvery] ||
			target["DeadLetterConfig"] == nil || async["DestinationConfig"] == nil || async["MaximumRetryAttempts"] != 0.0 {
			t.Errorf("the function is %v, the schedule %v, %v", function, schedule, async)
		}
		if !slices.Contains(slices.Collect(maps.Keys(s.template["Outputs"].(map[string]any))), "OktaAuditorOutput") {
			t.Error("no output describes the auditor")
		}
		s.watchesTheAuditor(t)
	})
}

// watchesTheAuditor: alarms and dashboard read the auditor's function, log group and queues.
func (s *synthesised) watchesTheAuditor(t *testing.T) {
	t.Helper()
	alarms, err := json.Marshal(s.resolve(t, s.template["Resources"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"gap", "gap-unfilled", "auditor-failing", "okta-unreachable", "auditor-behind"} {
		if !strings.Contains(string(alarms), `"AlarmName":"`+s.stack+"-"+kind+`"`) {
			t.Errorf("there is no alarm %s", kind)
		}
	}
	ref := func(kind, prefix string) string {
		id, _ := s.only(t, kind, prefix)
		return s.resolve(t, map[string]any{"Ref": id}).(string)
	}
	_, failing := s.only(t, "AWS::CloudWatch::Alarm", "OktaAlarmauditorfailing")
	text, err := json.Marshal(s.resolve(t, failing["Metrics"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{ref("AWS::SQS::Queue", "OktaAuditorFailed"), ref("AWS::SQS::Queue", "OktaAuditorUnstarted"),
		ref("AWS::Lambda::Function", "OktaAuditorFunction")} {
		if name := url[strings.LastIndex(url, "/")+1:]; !strings.Contains(string(text), `"`+name+`"`) {
			t.Errorf("auditor-failing does not read %s: %s", name, text)
		}
	}
	_, dashboard := s.only(t, "AWS::CloudWatch::Dashboard", "OktaDashboard")
	body, _ := s.resolve(t, dashboard["DashboardBody"]).(string)
	if group := ref("AWS::Logs::LogGroup", "OktaAuditorFunctionLog"); !strings.Contains(body, "SOURCE '"+group+"' | ") {
		t.Errorf("the dashboard does not read the log group %s: %.2000s", group, body)
	}
}
