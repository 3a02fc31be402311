package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// cloudWorld are the fakes of AWS with a stack whose destinations and alarms work.
type cloudWorld struct {
	*awsfake.Cloud
	d    *Doctor
	logs *cloudwatchlogs.Client
}

const (
	groupName = "/okta/events"
	topicARN  = "arn:aws:sns:us-east-1:111122223333:okta-alarms"
)

func newCloudWorld(t *testing.T) *cloudWorld {
	c := awsfake.New(t, awsfake.Options{Now: clock})
	sdk := c.Config()
	bus := eventbridge.NewFromConfig(sdk)
	w := &cloudWorld{Cloud: c, logs: cloudwatchlogs.NewFromConfig(sdk), d: &Doctor{
		Stack: Stack{Name: "okta", Region: "us-east-1", Account: "111122223333", Alarms: "okta-", Topic: topicARN,
			Pipelines: []Pipeline{toLogs, toDatadog}},
		Now: clock, Logs: cloudwatchlogs.NewFromConfig(sdk), Delivery: bus,
		Metrics: awshttp.New(sdk, awshttp.Service{ID: "CloudWatch", Name: "monitoring"}, awshttp.Options{}),
		Topics:  awshttp.New(sdk, awshttp.Service{ID: "SNS", Name: "sns"}, awshttp.Options{}),
	}}
	c.AddLogGroup(groupName, 400)
	c.ProtectLogGroup(groupName)
	c.AddLogGroup(groupName+"-2", 1)
	c.AddBus("delivery")
	c.SetEventRule("delivery", "to-datadog", &awsfake.EventRule{State: "ENABLED"})
	c.SetConnection("okta-connection", &awsfake.Connection{State: "AUTHORIZED"})
	c.SetAPIDestination("okta-intake", "ACTIVE")
	for _, name := range []string{"okta-cloudwatch-lag", "okta-cloudwatch-exhausted", "other-lag"} {
		c.SetAlarm(name, &awsfake.MetricAlarm{State: "OK", Actions: []string{topicARN}})
	}
	c.SetTopic(topicARN, topicARN+":1")
	return w
}

func (w *cloudWorld) put(t *testing.T, group string, at time.Time) {
	t.Helper()
	w.putText(t, group, at, `{"uuid":"u"}`)
}

func (w *cloudWorld) putText(t *testing.T, group string, at time.Time, message string) {
	t.Helper()
	stream, ms := "s", at.UnixMilli()
	_, _ = w.logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	_, err := w.logs.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, LogEvents: []types.InputLogEvent{{Message: &message, Timestamp: &ms}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	toLogs    = Pipeline{Name: "okta-cloudwatch", Destination: "cloudwatch", LogGroup: groupName, RetentionDays: 400}
	toDatadog = Pipeline{Name: "okta-datadog", Destination: "datadog", DeliveryBus: "delivery", DeliveryRule: "to-datadog",
		Connection: "okta-connection", APIDestination: "okta-intake"}
)

// deny denies one operation, with the code of its service.
func deny(operation string) func(*cloudWorld) {
	return func(w *cloudWorld) {
		w.SetFaults(func(c awsfake.Call) awsfake.Fault {
			switch {
			case c.Operation != operation:
				return awsfake.Fault{}
			case c.Service == awsfake.SNS:
				return awsfake.Fault{Status: 403, Code: "AuthorizationError"}
			}
			return awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
		})
	}
}

// Each break of a destination and of the alarms is named by its link and no other, with
// the next step; a permission that lacks is named, and hides nothing else.
func TestDestinationsAndAlarms(t *testing.T) {
	alarm := func(name string, a *awsfake.MetricAlarm) func(*cloudWorld) {
		return func(w *cloudWorld) { w.SetAlarm(name, a) }
	}
	topic := func(subscriptions ...string) func(*cloudWorld) {
		return func(w *cloudWorld) { w.SetTopic(topicARN, subscriptions...) }
	}
	policy := func(days int) func(*cloudWorld) {
		return func(w *cloudWorld) { w.AddRetentionPolicy("all-of-us", "/okta", days) }
	}
	for name, test := range map[string]struct {
		change func(*cloudWorld)
		link   Link
		status Status
		seen   string
		next   string
		action string
	}{
		"all is well": {func(*cloudWorld) {}, Destination, OK, "keeps events 400 days, protected from deletion", "", ""},
		"log group gone": {func(w *cloudWorld) { w.RemoveLogGroup(groupName) }, Destination, Broken,
			"log group /okta/events does not exist", "deploy the stack", ""},
		"retention cut by the account": {policy(90), Destination, Broken,
			"the account's retention policy all-of-us keeps events 90 days; the stack has 400 days", "exempt /okta/events", ""},
		"retention longer by the account": {policy(0), Destination, OK,
			"keeps events for ever by the account's policy all-of-us", "", ""},
		"retention cut by hand": {func(w *cloudWorld) {
			days := int32(30)
			group := groupName
			_, _ = w.logs.PutRetentionPolicy(t.Context(),
				&cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: &days})
		}, Destination, Broken, "keeps events 30 days; the stack has 400 days", "--retention-in-days 400", ""},
		"log groups denied": {deny("DescribeLogGroups"), Destination, NotLookedAt, "logs:DescribeLogGroups", "ask for",
			"logs:DescribeLogGroups"},
		"events denied": {deny("FilterLogEvents"), Newest, NotLookedAt, "logs:FilterLogEvents", "ask for",
			"logs:FilterLogEvents"},
		"delivery rule off": {func(w *cloudWorld) {
			w.SetEventRule("delivery", "to-datadog", &awsfake.EventRule{State: "DISABLED"})
		}, Destination, Broken, "rule to-datadog of bus delivery is DISABLED",
			"aws events enable-rule --name to-datadog --event-bus-name delivery", ""},
		"delivery rule gone": {func(w *cloudWorld) { w.SetEventRule("delivery", "to-datadog", nil) }, Destination, Broken,
			"rule to-datadog of bus delivery does not exist", "deploy", ""},
		"connection de-authorized": {func(w *cloudWorld) {
			w.SetConnection("okta-connection", &awsfake.Connection{State: "DEAUTHORIZED", Reason: "The secret was deleted."})
		}, Destination, Broken, "connection okta-connection is DEAUTHORIZED: The secret was deleted", "-c secretVersion=", ""},
		"connection in between": {func(w *cloudWorld) {
			w.SetConnection("okta-connection", &awsfake.Connection{State: "AUTHORIZING"})
		}, Destination, NotLookedAt, "AUTHORIZING", "in a minute", ""},
		"connection gone": {func(w *cloudWorld) { w.SetConnection("okta-connection", nil) }, Destination, Broken,
			"connection okta-connection does not exist", "deploy", ""},
		"connection denied": {deny("DescribeConnection"), Destination, NotLookedAt, "events:DescribeConnection", "ask for",
			"events:DescribeConnection"},
		"API destination inactive": {func(w *cloudWorld) { w.SetAPIDestination("okta-intake", "INACTIVE") }, Destination, Broken,
			"API destination okta-intake is INACTIVE", "look at its connection", ""},
		"API destination gone": {func(w *cloudWorld) { w.SetAPIDestination("okta-intake", "") }, Destination, Broken,
			"API destination okta-intake does not exist", "deploy", ""},
		"API destination denied": {deny("DescribeApiDestination"), Destination, NotLookedAt, "events:DescribeApiDestination",
			"ask for", "events:DescribeApiDestination"},
		"in ALARM": {alarm("okta-cloudwatch-lag", &awsfake.MetricAlarm{State: "ALARM", Actions: []string{topicARN}}), Alarms,
			Broken, "1 of 2 in ALARM: cloudwatch-lag", "the description of each alarm in CloudWatch", ""},
		"another stack's alarm": {alarm("other-lag", &awsfake.MetricAlarm{State: "ALARM"}), Alarms, OK,
			"2 alarms, none in ALARM; 1 notified", "", ""},
		"alarms of a stack okta-prod": {func(w *cloudWorld) {
			for _, name := range []string{"okta-prod-silence", "okta-prod-cloudwatch-lag", "okta-cloudwatch2-cloudwatch-lag"} {
				w.SetAlarm(name, &awsfake.MetricAlarm{State: "ALARM"})
			}
		}, Alarms, OK, "2 alarms, none in ALARM; 1 notified", "", ""},
		"the stack is silent": {alarm("okta-silence", &awsfake.MetricAlarm{State: "ALARM", Actions: []string{topicARN}}), Alarms,
			Broken, "1 of 3 in ALARM: silence", "the description of each alarm in CloudWatch", ""},
		"actions off": {alarm("okta-cloudwatch-lag", &awsfake.MetricAlarm{State: "OK", Off: true, Actions: []string{topicARN}}),
			Alarms, Broken, "1 of 2 notify nobody", "enable-alarm-actions --alarm-names okta-cloudwatch-lag", ""},
		"alarms gone": {func(w *cloudWorld) {
			w.SetAlarm("okta-cloudwatch-lag", nil)
			w.SetAlarm("okta-cloudwatch-exhausted", nil)
		}, Alarms, Broken, "the stack has no alarm", "deploy", ""},
		"alarms denied": {deny("DescribeAlarms"), Alarms, NotLookedAt, "cloudwatch:DescribeAlarms", "ask for",
			"cloudwatch:DescribeAlarms"},
		"mail not confirmed": {topic("PendingConfirmation"), Alarms, Broken, "nobody is notified: 1 of 1 subscriptions await",
			"follow the link in the mail", ""},
		"nobody subscribed": {topic(), Alarms, Broken, "nobody is notified: the topic has no subscription", "aws sns subscribe", ""},
		"one of two confirmed": {topic("PendingConfirmation", topicARN+":1"), Alarms, OK, "1 notified, 1 not confirmed",
			"follow the link", ""},
		"topic gone": {func(w *cloudWorld) { w.d.Stack.Topic += "-2" }, Alarms, Broken, "okta-alarms-2 does not exist",
			"the setting alarmTopic", ""},
		"subscriptions denied": {deny("ListSubscriptionsByTopic"), Alarms, NotLookedAt, "sns:ListSubscriptionsByTopic", "ask for",
			"sns:ListSubscriptionsByTopic"},
		"no topic": {func(w *cloudWorld) { w.d.Stack.Topic = "" }, Alarms, NotLookedAt, "nobody is notified",
			"-c alarmEmail=ADDRESS", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCloudWorld(t)
			test.change(w)
			report := run(t, append(append(w.d.destination(toLogs), w.d.destination(toDatadog)...), w.d.alarms()...)...)
			listed := func(p permission) bool { return p.Link == test.link && p.Action == test.action }
			if test.action != "" && !slices.ContainsFunc(permissions(), listed) {
				t.Errorf("%s is not in the table of permissions", test.action)
			}
			found := 0
			for _, line := range report.Lines {
				switch {
				case line.Link == test.link && line.Status == test.status && strings.Contains(line.Seen, test.seen) &&
					strings.Contains(line.Next, test.next) && line.Action == test.action:
					found++
				case line.Status != OK:
					found = -9
				}
			}
			if found != 1 {
				t.Errorf("%+v", report.Lines)
			}
			text(t, report)
		})
	}
}

// The newest record is found whatever its age within a week, in groups of both classes; of
// the class Infrequent Access up to an hour late.
func TestNewestRecord(t *testing.T) {
	for _, ago := range []time.Duration{-time.Hour, time.Second, 13 * time.Hour, 6 * 24 * time.Hour, 8 * 24 * time.Hour} {
		for _, infrequent := range []bool{false, true} {
			t.Run(fmt.Sprint(ago, infrequent), func(t *testing.T) {
				w, p := newCloudWorld(t), toLogs
				if infrequent {
					p.LogGroup = "/okta/infrequent"
					w.AddInfrequentLogGroup(p.LogGroup)
				}
				at := noon.Add(-ago)
				w.put(t, p.LogGroup, at.Add(-time.Hour))
				w.put(t, p.LogGroup, at)
				report := run(t, w.d.destination(p)...)
				if len(report.Hops) != 1 {
					t.Fatalf("%+v", report)
				}
				hop := report.Hops[0]
				if ago > 7*24*time.Hour {
					if hop.Newest != nil {
						t.Errorf("%+v", hop)
					}
					return
				}
				if hop.Newest == nil || !hop.Newest.Equal(at) || (hop.Seconds > 0) != infrequent {
					t.Errorf("%+v, want %s", hop, at)
				}
			})
		}
	}
}

// What the destination has taken is read of the metrics of what delivers there.
func TestNewestAtADestination(t *testing.T) {
	w := newCloudWorld(t)
	at := noon.Add(-3 * time.Minute)
	w.SetMetric("AWS/Events", "SuccessfulInvocationAttempts", []awsfake.Point{{At: at, Value: 2}},
		"EventBusName", "delivery", "RuleName", "to-datadog")
	report := run(t, w.d.destination(toDatadog)...)
	if len(report.Hops) != 1 || report.Hops[0].Newest == nil || !report.Hops[0].Newest.Equal(at) {
		t.Errorf("%+v", report.Hops)
	}
}
