package doctor

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
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
	var checks []Check
	if d.Metrics != nil && d.Stack.Alarms != "" {
		checks = append(checks, Check{Link: Alarms, Look: d.alarmStates})
	}
	switch {
	case d.Stack.Topic == "":
		checks = append(checks, Check{Link: Alarms, Look: func(context.Context) Result {
			return Unseen(NotPart, "nobody is notified: the stack has no topic", "deploy with -c alarmEmail=ADDRESS")
		}})
	case d.Topics != nil:
		checks = append(checks, Check{Link: Alarms, Look: d.subscribers})
	}
	return checks
}

// alarm is a metric alarm.
type alarm struct {
	Name    string   `xml:"AlarmName"`
	State   string   `xml:"StateValue"`
	Enabled bool     `xml:"ActionsEnabled"`
	Actions []string `xml:"AlarmActions>member"`
}

func (d *Doctor) alarmStates(ctx context.Context) Result {
	list, err := d.describeAlarms(ctx)
	if err != nil {
		return Failed(describeAlarms, err)
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
		return Gone("the stack has no alarm", deployAgain)
	case len(firing) > 0:
		return Fault(fmt.Sprintf("%d of %d in ALARM: %s", len(firing), len(list), some(firing)),
			"correct what is broken above; each alarm's description in CloudWatch says more")
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

// ofStack are the alarms of the stack as a whole: infra/watch names them STACK-KIND, and those
// of a pipeline PIPELINE-KIND.
var ofStack = []string{"silence", "stream-changed", "gap", "gap-unfilled", "auditor-failing", "auditor-behind",
	"okta-unreachable"}

// HasAlarm reports whether the alarm with this name is the stack's. Its prefix alone does not say
// so: STACK- also begins the alarms of a stack STACK-2.
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
	return nil, fmt.Errorf("more than %d pages of alarms", maxAlarmPages)
}

// query makes a call of the Query protocol, and reads its response into out.
func query(ctx context.Context, c Caller, r awshttp.Request, out any) error {
	return c.Call(ctx, r, func(_ http.Header, body []byte) error {
		if xml.Unmarshal(body, out) != nil {
			return errors.New("the response is not that of the call")
		}
		return nil
	})
}

// subscribers looks at who gets what is sent to the topic. A subscription by mail is
// PendingConfirmation until the link in SNS's mail is followed, and SNS deletes it after
// three days ("Subscribing an email address", SNS developer guide, 2026-11).
func (d *Doctor) subscribers(ctx context.Context) Result {
	confirmed, pending := 0, 0
	form := url.Values{"TopicArn": {d.Stack.Topic}}
	for range maxTopicPages {
		var page struct {
			XMLName xml.Name `xml:"ListSubscriptionsByTopicResponse"`
			Next    string   `xml:"ListSubscriptionsByTopicResult>NextToken"`
			ARNs    []string `xml:"ListSubscriptionsByTopicResult>Subscriptions>member>SubscriptionArn"`
		}
		err := query(ctx, d.Topics, awshttp.Form("ListSubscriptionsByTopic", "2010-03-31", form), &page)
		switch {
		case awserror.Is(err, "NotFound"), awserror.Is(err, "NotFoundException"):
			return Gone("topic "+d.Stack.Topic+" does not exist", "deploy the stack again, or correct the setting alarmTopic")
		case err != nil:
			return Failed(listSubscriptions, err)
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
	return d.notified(confirmed, pending)
}

// notified is the result of so many subscriptions of the topic.
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
