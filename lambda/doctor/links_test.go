package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

const (
	ownSource  = "aws.partner/okta.com/example/oktastream"
	ownAccount = "111122223333"
	ownRegion  = "us-east-1"
	ruleARN    = "arn:aws:events:us-east-1:111122223333:rule/aws.partner/okta.com/example/oktastream/s-cloudwatch"
	roleOfOurs = "arn:aws:iam::111122223333:role/s-function"
	ownPattern = `{"source":["` + ownSource + `"],"account":["` + ownAccount + `"],"detail-type":["SystemLog"]}`
)

// queuePolicy is a policy such as the template has: who may send, and TLS. An empty
// sender, role or rule leaves that statement out.
func queuePolicy(queue, rule string, deny, tls bool) string {
	arn := "arn:aws:sqs:us-east-1:111122223333:" + queue
	var all []string
	if rule != "" {
		all = append(all, fmt.Sprintf(`{"Sid":"EventsOfTheRule","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},
"Action":["sqs:SendMessage"],"Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":[%q]}}}`, arn, rule))
	}
	if deny {
		all = append(all, fmt.Sprintf(`{"Sid":"NobodyElseSends","Effect":"Deny","Principal":"*","Action":["sqs:SendMessage"],
"Resource":%q,"Condition":{"ArnNotEquals":{"aws:PrincipalArn":[%q],"aws:SourceArn":[%q]}}}`, arn, roleOfOurs, rule))
	}
	if tls {
		all = append(all, fmt.Sprintf(`{"Sid":"OnlyTLS","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":%q,
"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, arn))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
}

// recentMetric lets a metric of the function count something two minutes ago.
func recentMetric(c *awsfake.Cloud, name string, value float64) {
	c.SetMetric("AWS/Lambda", name, []awsfake.Point{{At: noon.Add(-2 * time.Minute), Value: value}}, "FunctionName", "f")
}

// healthy is a stack with nothing wrong, and the doctor of it.
func healthy(t *testing.T) (*awsfake.Cloud, *Doctor) {
	c := awsfake.New(t, awsfake.Options{Now: clock, Account: ownAccount, Region: ownRegion})
	c.SetEventSource(ownSource, &awsfake.EventSource{State: "ACTIVE", Created: noon.Add(-100 * time.Hour)})
	c.AddBus(ownSource)
	c.SetBusCreated(ownSource, noon.Add(-99*time.Hour))
	c.SetEventRule(ownSource, "s-cloudwatch", &awsfake.EventRule{State: "ENABLED", Pattern: ownPattern,
		Targets: []string{"arn:aws:sqs:us-east-1:111122223333:buffer"}})
	p := Pipeline{Name: "s-cloudwatch", Destination: "cloudwatch", Ingest: "queue", Format: "ocsf", Rule: "s-cloudwatch",
		Function: "f", FunctionLogGroup: "/f", Mapping: "u", LogGroup: "/okta", RetentionDays: 400}
	retention := 14 * 24 * time.Hour
	p.Redrive = c.AddQueue("redrive", awsfake.QueueOptions{Retention: retention})
	p.Dead = c.AddQueue("dead", awsfake.QueueOptions{Retention: retention})
	p.Buffer = c.AddQueue("buffer", awsfake.QueueOptions{Retention: retention, VisibilityTimeout: 6 * time.Minute,
		DeadLetter: "redrive", MaxReceiveCount: 60})
	c.SetQueuePolicy("redrive", queuePolicy("redrive", "", false, true))
	c.SetQueuePolicy("dead", queuePolicy("dead", ruleARN, true, true))
	c.SetQueuePolicy("buffer", queuePolicy("buffer", ruleARN, true, true))
	c.SetMapping("u", &awsfake.LambdaMapping{State: "Enabled", LastProcessingResult: "OK",
		EventSourceArn: "arn:aws:sqs:us-east-1:111122223333:buffer"})
	stack := Stack{Name: "s", Source: ownSource, Bus: ownSource, Account: ownAccount, Region: ownRegion,
		Version: "v1.0.0", Alarms: "s-", Topic: topicARN, Pipelines: []Pipeline{p}}
	variables := map[string]string{"OKTASTREAM_INCLUDE": "user.*"}
	for name, value := range p.environment(stack) {
		if value != "" {
			variables[name] = value
		}
	}
	c.SetFunction("f", &awsfake.LambdaFunction{State: "Active", LastUpdateStatus: "Successful", Variables: variables})
	sent := func(ago time.Duration) []awsfake.Point { return []awsfake.Point{{At: noon.Add(-ago), Value: 3}} }
	c.SetMetric("AWS/Events", "Events", sent(2*time.Minute), "EventSourceName", ownSource)
	c.SetMetric("AWS/Events", "MatchedEvents", sent(2*time.Minute), "EventBusName", ownSource, "RuleName",
		"s-cloudwatch")
	c.SetMetric("AWS/SQS", "NumberOfMessagesSent", sent(3*time.Minute), "QueueName", "buffer")
	c.SetMetric("oktastream", "received", sent(4*time.Minute), "pipeline", "s-cloudwatch")
	c.AddLogGroup("/okta", 400)
	c.ProtectLogGroup("/okta")
	c.SetAlarm("s-cloudwatch-lag", &awsfake.MetricAlarm{State: "OK", Actions: []string{topicARN}})
	c.SetTopic(topicARN, topicARN+":1")
	sdk := c.Config()
	sdk.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	service := func(id, name string) *awshttp.Caller {
		return awshttp.New(sdk, awshttp.Service{ID: id, Name: name}, awshttp.Options{})
	}
	buses := eventbridge.NewFromConfig(sdk)
	return c, &Doctor{Stack: stack, Version: "v1.0.0", Events: buses, Delivery: buses, Queues: sqs.NewFromConfig(sdk),
		Logs: cloudwatchlogs.NewFromConfig(sdk), Lambda: service("Lambda", "lambda"), Topics: service("SNS", "sns"),
		Metrics: service("CloudWatch", "monitoring"), Schedules: service("Scheduler", "scheduler"), Now: clock}
}

// withRule is a rule of the partner event bus.
func withRule(pattern, state string, targets ...string) *awsfake.EventRule {
	return &awsfake.EventRule{State: state, Pattern: pattern, Targets: targets}
}

// TestEachBrokenLink breaks one thing after the other: doctor names that link, no other
// as broken, and the next step.
func TestEachBrokenLink(t *testing.T) {
	const buffer = "arn:aws:sqs:us-east-1:111122223333:buffer"
	rule := func(r *awsfake.EventRule) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetEventRule(ownSource, "s-cloudwatch", r) }
	}
	mapping := func(m *awsfake.LambdaMapping) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetMapping("u", m) }
	}
	function := func(f *awsfake.LambdaFunction) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetFunction("f", f) }
	}
	policy := func(queue, rule string, deny, tls bool) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetQueuePolicy(queue, queuePolicy(queue, rule, deny, tls)) }
	}
	source := func(s *awsfake.EventSource) func(*awsfake.Cloud) {
		return func(c *awsfake.Cloud) { c.SetEventSource(ownSource, s) }
	}
	for name, test := range map[string]struct {
		breaks     func(*awsfake.Cloud)
		link       Link
		seen, next string
	}{
		"no source": {source(nil), PartnerSource, "does not exist", "Log Streaming"},
		"source deleted": {source(&awsfake.EventSource{State: "DELETED"}), PartnerSource, "was deleted in Okta",
			"add the stream again"},
		"source pending": {source(&awsfake.EventSource{State: "PENDING", Created: noon.Add(-200 * time.Hour)}),
			PartnerSource,
			"PENDING, although its bus exists", "delete-event-bus --name " + ownSource},
		"source made again": {source(&awsfake.EventSource{State: "PENDING", Created: noon.Add(-time.Hour)}), PartnerSource,
			"made again 2026-11-28 under its name, after the bus", "delete-event-bus"},
		"no bus": {func(c *awsfake.Cloud) {
			c.RemoveBus(ownSource)
			c.SetEventSource(ownSource, &awsfake.EventSource{State: "PENDING", Expires: noon.Add(100 * time.Hour)})
		}, Bus, "does not exist", "cdk deploy s"},
		"no rule": {rule(nil), Rule, "rule s-cloudwatch does not exist", "cdk deploy s"},
		"rule disabled": {rule(withRule(ownPattern, "DISABLED", buffer)), Rule, "DISABLED",
			"aws events enable-rule --event-bus-name " + ownSource + " --name s-cloudwatch"},
		"no target": {rule(withRule(ownPattern, "ENABLED")), Rule, "no target", "cdk deploy s"},
		"another target": {rule(withRule(ownPattern, "ENABLED", buffer+"2")), Rule,
			"not the buffer queue but " + buffer + "2", "cdk deploy s"},
		"another source": {rule(withRule(`{"source":["aws.partner/okta.com/other/x"]}`, "ENABLED", buffer)), Rule,
			"does not match the source", "cdk deploy s"},
		"another account": {rule(withRule(`{"account":["222233334444"]}`, "ENABLED", buffer)), Rule,
			"does not match the account", "cdk deploy s"},
		"rule cannot send": {policy("buffer", ruleARN+"2", true, true), QueuePolicies, "buffer does not let the rule send",
			"deploy"},
		"no dead letters": {policy("dead", "", true, true), QueuePolicies, "dead does not let the rule send", "deploy"},
		"others send": {policy("buffer", ruleARN, false, true), QueuePolicies, "buffer lets other roles send",
			"deploy"},
		"without TLS": {policy("redrive", "", false, false), QueuePolicies, "redrive lets calls without TLS in",
			"deploy"},
		"no policy": {func(c *awsfake.Cloud) { c.SetQueuePolicy("dead", "") }, QueuePolicies,
			"dead has no readable policy", "deploy"},
		"no queue": {func(c *awsfake.Cloud) { c.RemoveQueue("dead") }, QueuePolicies,
			"the queue dead does not exist", "cdk deploy s"},
		"no mapping": {mapping(nil), Mapping, "does not exist", "cdk deploy s"},
		"mapping disabled": {mapping(&awsfake.LambdaMapping{State: "Disabled", StateTransitionReason: "USER_INITIATED"}),
			Mapping,
			"Disabled (USER_INITIATED)", "update-event-source-mapping --enabled --uuid u"},
		"mapping of another queue": {mapping(&awsfake.LambdaMapping{State: "Enabled", EventSourceArn: buffer + "2"}),
			Mapping, "not the buffer queue", "cdk deploy s"},
		"mapping fails": {mapping(&awsfake.LambdaMapping{State: "Enabled",
			LastProcessingResult: "PROBLEM: Function call failed",
			EventSourceArn:       buffer}), Mapping, "PROBLEM: Function call failed", "aws logs tail /f"},
		"no function": {function(nil), Function, "does not exist", "cdk deploy s"},
		"function failed": {function(&awsfake.LambdaFunction{State: "Failed", StateReason: "no image"}), Function,
			"state Failed no image", "cdk deploy s"},
		"update failed": {function(&awsfake.LambdaFunction{State: "Active", LastUpdateStatus: "Failed"}), Function,
			"the last update failed", "cdk deploy s"},
		"environment changed": {func(c *awsfake.Cloud) {
			c.SetFunction("f", &awsfake.LambdaFunction{State: "Active",
				Variables: map[string]string{"OKTASTREAM_SOURCE": ownSource}})
		}, Function, "not the stack's: OKTASTREAM_ACCOUNT, OKTASTREAM_BUFFER_URL, ", "cdk deploy s"},
		"function errors": {func(c *awsfake.Cloud) { recentMetric(c, "Errors", 4) }, Function,
			"4 failed invocations in the last hour, the last 2m ago", "aws logs tail /f --since 1h"},
		"function throttled": {func(c *awsfake.Cloud) { recentMetric(c, "Throttles", 1) }, Function,
			"1 throttled invocation in", "concurrency"},
		"dead letters": {func(c *awsfake.Cloud) { c.Send("dead", "x", nil) }, Queues, "about 1 message in dead",
			"oktastream dlq list --stack s --pipeline s-cloudwatch"},
		"exhausted": {func(c *awsfake.Cloud) { c.Send("redrive", "x", nil) }, Queues, "about 1 message in redrive",
			"oktastream dlq list"},
		"buffer is not emptied": {func(c *awsfake.Cloud) {
			c.SetMetric("AWS/SQS", "ApproximateAgeOfOldestMessage", []awsfake.Point{{At: noon.Add(-time.Minute), Value: 541}},
				"QueueName", "buffer")
		}, Queues, "an event waits in buffer for 9m", "mapping, function and destination"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := healthy(t)
			broke(t, c, d, test.breaks, test.link, test.seen, test.next)
		})
	}
}

// A pattern with a prefix, an old error, a message in the buffer queue and another version are not
// called broken.
func TestWhatIsNoFault(t *testing.T) {
	c, d := healthy(t)
	c.SetEventRule(ownSource, "s-cloudwatch",
		withRule(`{"source":[{"prefix":"aws.partner/okta.com"}],"detail":{"eventType":["a"]}}`,
			"ENABLED", "arn:aws:sqs:us-east-1:111122223333:other", "arn:aws:sqs:us-east-1:111122223333:buffer"))
	c.SetMapping("u", &awsfake.LambdaMapping{State: "Updating", LastProcessingResult: "No records processed"})
	c.SetMetric("AWS/Lambda", "Errors", []awsfake.Point{{At: noon.Add(-40 * time.Minute), Value: 2}}, "FunctionName",
		"f")
	c.SetMetric("AWS/SQS", "ApproximateAgeOfOldestMessage", []awsfake.Point{{At: noon.Add(-time.Minute), Value: 300}},
		"QueueName", "buffer")
	c.Send("buffer", "x", nil)
	c.SetMetricPage(1)
	d.Version = "v1.1.0"
	report := run(t, d.Checks()...)
	got := text(t, report)
	for _, want := range []string{"ENABLED, with a filter; target the buffer queue",
		"Updating, last result No records processed",
		"2 failed invocations in the last hour, the last 40m", "version v1.0.0, this command is v1.1.0",
		"buffer about 1; oldest 5m", "s-cloudwatch               ?      2m    2m      3m        4m         none",
		"none: none in 24h (source, rule, buffer, function), 7d (destination))"} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%q is missing: %s", want, got)
		}
	}
	if slices.ContainsFunc(report.Lines, func(l Line) bool { return l.Status == Broken }) {
		t.Errorf("%s", got)
	}
}

// A policy or pattern that doctor cannot judge is not called broken.
func TestWhatCannotBeJudged(t *testing.T) {
	for name, breaks := range map[string]func(*awsfake.Cloud){
		"policy": func(c *awsfake.Cloud) {
			c.SetQueuePolicy("buffer", strings.Replace(queuePolicy("buffer", ruleARN, true, true), `"ArnEquals"`,
				`"NumericEquals"`, 1))
		},
		"pattern": func(c *awsfake.Cloud) {
			c.SetEventRule(ownSource, "s-cloudwatch", withRule(`{"source":[{"anything-but":"x"}]}`, "ENABLED",
				"arn:aws:sqs:us-east-1:111122223333:buffer"))
		},
	} {
		c, d := healthy(t)
		breaks(c)
		report := run(t, d.Checks()...)
		unclear := slices.ContainsFunc(report.Lines, func(l Line) bool { return l.Reason == Unclear })
		if !unclear || report.ExitCode() != ExitNotLookedAt {
			t.Errorf("%s: %s", name, text(t, report))
		}
	}
}

// iamServices are the names of the services in IAM actions, by those of the fakes.
func iamServices() map[string]string {
	return map[string]string{awsfake.Events: "events", awsfake.SQS: "sqs", awsfake.Lambda: "lambda",
		awsfake.CloudWatch: "cloudwatch", awsfake.Logs: "logs", awsfake.SNS: "sns", awsfake.Secrets: "secretsmanager",
		awsfake.S3: "s3", awsfake.Scheduler: "scheduler"}
}

// iamActions are the IAM actions of operations that have another name (Service Authorization
// Reference, Amazon S3, 2026-11).
func iamActions() map[string]string {
	return map[string]string{"ListObjectsV2": "ListBucket", "GetBucketEncryption": "GetEncryptionConfiguration",
		"GetObjectLockConfiguration": "GetBucketObjectLockConfiguration"}
}

// denying makes all checks of stacks with every kind of pipeline while an action is denied,
// and returns the links that say so. called gets every action that is asked for.
func denying(t *testing.T, action string, called map[string]bool) []Link {
	var mu sync.Mutex
	fault := func(call awsfake.Call) awsfake.Fault {
		this := iamServices()[call.Service] + ":" + cmp.Or(iamActions()[call.Operation], call.Operation)
		mu.Lock()
		defer mu.Unlock()
		called[this] = true
		if this == action {
			return awsfake.Fault{Status: 403, Code: "AccessDeniedException"}
		}
		return awsfake.Fault{}
	}
	c, d := healthy(t)
	c.AddInfrequentLogGroup("/okta/infrequent")
	c.AddBus("delivery")
	c.SetEventRule("delivery", "to-datadog", &awsfake.EventRule{State: "ENABLED"})
	c.SetConnection("okta-connection", &awsfake.Connection{State: "AUTHORIZED"})
	c.SetAPIDestination("okta-intake", "ACTIVE")
	withArchive(t, c, d)
	withAuditor(t, c, d)
	d.Stack.Pipelines = append(d.Stack.Pipelines, toDatadog,
		Pipeline{Name: "s-infrequent", Destination: "cloudwatch", LogGroup: "/okta/infrequent"})
	c.SetFaults(fault)
	w := newEndpointWorld(t, "splunk", hec())
	w.faults = fault
	w.start()
	report := run(t, slices.Concat(d.Checks(), w.d.destination(w.p))...)
	var links []Link
	for _, line := range report.Lines {
		switch {
		case line.Status == Broken:
			t.Errorf("%s is denied: %+v", action, line)
		case line.Reason != NoPermission:
			continue
		case line.Action != action || !strings.Contains(line.Seen, action) || line.Status != NotLookedAt:
			t.Errorf("%s is denied: %+v", action, line)
		}
		if !slices.Contains(links, line.Link) {
			links = append(links, line.Link)
		}
	}
	if report.ExitCode() != ExitNotLookedAt {
		t.Errorf("%s is denied: exit code %d", action, report.ExitCode())
	}
	return links
}

// TestPermissions denies one action after the other: exactly the links that the table
// names for it say that they were not looked at, and for lack of what. No call needs an
// action that is not in the table, and each in the table is called.
func TestPermissions(t *testing.T) {
	links := map[string][]Link{}
	for _, p := range permissions() {
		// Only a pending source is looked at with the second one: TestPendingWithoutPermission.
		if p.Link != PartnerSource || p.Action != describeEventBus {
			links[p.Action] = append(links[p.Action], p.Link)
		}
	}
	called := map[string]bool{}
	for _, action := range slices.Sorted(maps.Keys(links)) {
		got, want := denying(t, action, called), links[action]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%s is denied: %v say so, want %v", action, got, want)
		}
	}
	if got, want := slices.Sorted(maps.Keys(called)), slices.Sorted(maps.Keys(links)); !slices.Equal(got, want) {
		t.Errorf("the actions\n%v are called, and the table has\n%v", got, want)
	}
}

// A source that is pending says what is missing where its bus may not be looked at.
func TestPendingWithoutPermission(t *testing.T) {
	c, d := healthy(t)
	c.SetEventSource(ownSource, &awsfake.EventSource{State: "PENDING"})
	c.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "DescribeEventBus" {
			return awsfake.Fault{Status: 403}
		}
		return awsfake.Fault{}
	})
	got := text(t, run(t, d.Checks()...))
	if !strings.Contains(got, "PENDING: no event bus receives its events") || !strings.Contains(got,
		"events:DescribeEventBus") {
		t.Errorf("%s", got)
	}
}
