package awsfake

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The alarms of CloudWatch and the subscriptions of SNS, for a tool that only looks.

// MetricAlarm is an alarm of CloudWatch.
type MetricAlarm struct {
	State   string // OK, ALARM or INSUFFICIENT_DATA
	Off     bool   // its actions are not enabled
	Actions []string
}

// nextToken is the token of the next page in XML.
type nextToken struct {
	XMLName xml.Name `xml:"NextToken"`
	Token   string   `xml:",chardata"`
}

type alarmsService struct {
	mu     sync.Mutex
	alarms map[string]*MetricAlarm
	topics map[string]*[]string
}

// SetAlarm declares a metric alarm; nil takes it away.
func (c *Cloud) SetAlarm(name string, a *MetricAlarm) {
	c.alarms.mu.Lock()
	defer c.alarms.mu.Unlock()
	set(&c.alarms.alarms, name, a)
}

// SetTopic declares a topic of SNS with the ARNs of its subscriptions, of which those that
// wait are "PendingConfirmation".
func (c *Cloud) SetTopic(arn string, subscriptions ...string) {
	c.alarms.mu.Lock()
	defer c.alarms.mu.Unlock()
	set(&c.alarms.topics, arn, &subscriptions)
}

// describeAlarms: CloudWatch API reference, DescribeAlarms, 2026-11. The token is the last
// name of the page before.
func (c *Cloud) describeAlarms(r *request) (any, error) {
	limit, err := strconv.Atoi(r.form.Get("MaxRecords"))
	if err != nil || limit < 1 || limit > 100 {
		return nil, metricInvalid("MaxRecords must be from 1 to 100")
	}
	type member struct {
		Name    string   `xml:"AlarmName"`
		State   string   `xml:"StateValue"`
		Enabled bool     `xml:"ActionsEnabled"`
		Actions []string `xml:"AlarmActions>member"`
	}
	type result struct {
		XMLName xml.Name `xml:"MetricAlarms"`
		Member  []member `xml:"member"`
	}
	c.alarms.mu.Lock()
	defer c.alarms.mu.Unlock()
	var page result
	for _, name := range slices.Sorted(maps.Keys(c.alarms.alarms)) {
		if !strings.HasPrefix(name, r.form.Get("AlarmNamePrefix")) || name <= r.form.Get("NextToken") {
			continue
		}
		if len(page.Member) == limit {
			return []any{page, nextToken{Token: page.Member[limit-1].Name}}, nil
		}
		a := c.alarms.alarms[name]
		page.Member = append(page.Member, member{name, a.State, !a.Off, a.Actions})
	}
	return []any{page}, nil
}

// topicPage is how many subscriptions a call returns at most (SNS API reference,
// ListSubscriptionsByTopic, 2026-11).
const topicPage = 100

// listSubscriptionsByTopic: the token is the number of subscriptions before the page.
func (c *Cloud) listSubscriptionsByTopic(r *request) (any, error) {
	type member struct {
		SubscriptionARN string `xml:"SubscriptionArn"`
		Protocol        string
		TopicARN        string `xml:"TopicArn"`
	}
	type result struct {
		XMLName xml.Name `xml:"Subscriptions"`
		Member  []member `xml:"member"`
	}
	c.alarms.mu.Lock()
	defer c.alarms.mu.Unlock()
	topic := c.alarms.topics[r.form.Get("TopicArn")]
	if topic == nil {
		return nil, &apiError{status: 404, code: "NotFound", message: "Topic does not exist"}
	}
	from := 0
	if token := r.form.Get("NextToken"); token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from > len(*topic) {
			return nil, &apiError{status: 400, code: "InvalidParameter", message: "Invalid parameter: NextToken"}
		}
	}
	to := min(from+topicPage, len(*topic))
	var page result
	for _, arn := range (*topic)[from:to] {
		page.Member = append(page.Member, member{arn, "email", r.form.Get("TopicArn")})
	}
	if to < len(*topic) {
		return []any{page, nextToken{Token: strconv.Itoa(to)}}, nil
	}
	return []any{page}, nil
}
