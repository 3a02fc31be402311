package doctor

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// The IAM actions of the alarms.
const (
	describeAlarms    = "cloudwatch:DescribeAlarms"
	listSubscriptions = "sns:ListSubscriptionsByTopic"
)

const (
	// maxAlarmPages bounds the pages of alarms: 1,000 alarms (DescribeAlarms, CloudWatch API
	// reference, 2026-11).
	maxAlarmPages = 10
	// maxTopicPages bounds the pages of subscriptions: 1,000 (ListSubscriptionsByTopic, SNS
	// API reference, 2026-11: up to 100 a call).
	maxTopicPages = 10
	// namedAlarms is how many alarms a line names.
	namedAlarms = 5
)

// alarms looks at the stack's alarms, and at who is notified by them.
func (d *Doctor) alarms() []Check {
	var looks []look
	if d.Metrics != nil && d.Stack.Alarms != "" {
		looks = append(looks, d.alarmStates)
	}
	switch {
	case d.Stack.Topic == "":
		looks = append(looks, constant(
			Unseen(NotPart, "nobody is notified: the stack has no topic", "deploy with -c alarmEmail=ADDRESS")))
	case d.Topics != nil:
		looks = append(looks, d.subscribers)
	}
	return checks(Alarms, Pipeline{}, looks...)
}

// alarm is a metric alarm.
type alarm struct {
	Name    string   `xml:"AlarmName"`
	State   string   `xml:"StateValue"`
	Enabled bool     `xml:"ActionsEnabled"`
	Actions []string `xml:"AlarmActions>member"`
}

func (d *Doctor) alarmStates(ctx context.Context, _ Pipeline) Result {
	list, err := d.describeAlarms(ctx)
	if err != nil {
		return failed(describeAlarms, err)
	}
	var firing, silent []string
	for _, a := range list {
		if a.State == "ALARM" {
			firing = append(firing, strings.TrimPrefix(a.Name, d.Stack.Alarms))
		}
		if d.Stack.Topic != "" && (!a.Enabled || len(a.Actions) == 0) {
			silent = append(silent, a.Name)
		}
	}
	switch {
	case len(list) == 0:
		return Gone("the stack has no alarm", d.Stack.deploy())
	case len(firing) > 0:
		return Fault(fmt.Sprintf("%d of %d in ALARM: %s", len(firing), len(list), some(firing)),
			"fix what is broken above; the description of each alarm in CloudWatch says what to do")
	case len(silent) > 0:
		return Fault(fmt.Sprintf("%d of %d notify nobody, their actions are off: %s", len(silent), len(list), some(silent)),
			"aws cloudwatch enable-alarm-actions --alarm-names "+silent[0]+"; or deploy the stack again")
	}
	return Fine(fmt.Sprintf("%d alarms, none in ALARM", len(list)))
}

// some names the first of a list.
func some(names []string) string {
	if len(names) > namedAlarms {
		return strings.Join(names[:namedAlarms], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

// ofStack are the kinds of the alarms that the stack has once. infra/watch names them STACK-KIND, and
// the alarms of a pipeline PIPELINE-KIND.
var ofStack = []string{"silence", "stream-changed", "gap", "gap-unfilled", "auditor-failing", "auditor-behind",
	"okta-unreachable"}

// HasAlarm reports whether the alarm with this name belongs to the stack. The prefix STACK- is not
// enough: the alarms of a stack named STACK-2 have it too.
func (s *Stack) HasAlarm(name string) bool {
	kind, found := strings.CutPrefix(name, s.Alarms)
	return found && slices.Contains(ofStack, kind) ||
		slices.ContainsFunc(s.Pipelines, func(p Pipeline) bool { return strings.HasPrefix(name, p.Name+"-") })
}

// describeAlarms returns the metric alarms of the stack.
func (d *Doctor) describeAlarms(ctx context.Context) ([]alarm, error) {
	var all []alarm
	form := url.Values{"AlarmNamePrefix": {d.Stack.Alarms}, "MaxRecords": {"100"}}
	for range maxAlarmPages {
		var page struct {
			XMLName xml.Name `xml:"DescribeAlarmsResponse"`
			Next    string   `xml:"DescribeAlarmsResult>NextToken"`
			Alarms  []alarm  `xml:"DescribeAlarmsResult>MetricAlarms>member"`
		}
		if err := query(ctx, d.Metrics, awshttp.Form("DescribeAlarms", "2010-08-01", form), &page); err != nil {
			return nil, err
		}
		for _, a := range page.Alarms {
			if d.Stack.HasAlarm(a.Name) {
				all = append(all, a)
			}
		}
		if page.Next == "" {
			return all, nil
		}
		form.Set("NextToken", page.Next)
	}
	return nil, incomplete("more than %d pages", maxAlarmPages)
}

// query makes a call of the protocol AWS Query, and reads the XML of its response into out, whose
// XMLName says which response it has to be.
func query(ctx context.Context, c Caller, r awshttp.Request, out any) error {
	return c.Call(ctx, r, func(_ http.Header, body []byte) error {
		if xml.Unmarshal(body, out) != nil {
			return incomplete("the response is not the XML of this call")
		}
		return nil
	})
}

// subscribers looks at the subscriptions of the topic. A subscription by mail is
// PendingConfirmation until the link in SNS's mail is followed, and SNS deletes it after
// three days ("Subscribing an email address", SNS developer guide, 2026-11).
func (d *Doctor) subscribers(ctx context.Context, _ Pipeline) Result {
	confirmed, pending := 0, 0
	form := url.Values{"TopicArn": {d.Stack.Topic}}
	for range maxTopicPages {
		var page struct {
			XMLName xml.Name `xml:"ListSubscriptionsByTopicResponse"`
			Next    string   `xml:"ListSubscriptionsByTopicResult>NextToken"`
			ARNs    []string `xml:"ListSubscriptionsByTopicResult>Subscriptions>member>SubscriptionArn"`
		}
		err := query(ctx, d.Topics, awshttp.Form("ListSubscriptionsByTopic", "2010-03-31", form), &page)
		if err != nil {
			return failed(listSubscriptions, err, Gone("topic "+d.Stack.Topic+" does not exist",
				d.Stack.deploy()+"; or correct the setting alarmTopic"))
		}
		for _, arn := range page.ARNs {
			switch {
			case arn == "PendingConfirmation":
				pending++
			case strings.HasPrefix(arn, "arn:"): // not Deleted
				confirmed++
			}
		}
		if page.Next == "" {
			return d.notified(confirmed, pending)
		}
		form.Set("NextToken", page.Next)
	}
	if confirmed > 0 {
		return d.notified(confirmed, pending)
	}
	return Unseen(Unclear, fmt.Sprintf("no confirmed subscription in the first %d pages of the topic's", maxTopicPages),
		"SNS, Topics, "+d.Stack.Topic+" shows all subscriptions")
}

// notified judges the numbers of confirmed and of pending subscriptions of the topic.
func (d *Doctor) notified(confirmed, pending int) Result {
	const confirm = "follow the link in the mail \"AWS Notification - Subscription Confirmation\""
	again := "aws sns subscribe --topic-arn " + d.Stack.Topic + " --protocol email --notification-endpoint ADDRESS"
	switch {
	case confirmed == 0 && pending == 0:
		return Fault("nobody is notified: the topic has no subscription", again)
	case confirmed == 0:
		return Fault(fmt.Sprintf("nobody is notified: %d of %d subscriptions await confirmation", pending, pending),
			confirm+"; no mail? "+again)
	case pending > 0:
		return Result{Status: OK, Seen: fmt.Sprintf("%d notified, %d not confirmed", confirmed, pending), Next: confirm}
	}
	return Fine(fmt.Sprintf("%d notified", confirmed))
}
