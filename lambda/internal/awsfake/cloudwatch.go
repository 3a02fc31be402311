package awsfake

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// The metrics and alarms of CloudWatch and the subscriptions of SNS.

// MetricAlarm is an alarm of CloudWatch.
type MetricAlarm struct {
	State   string // OK, ALARM or INSUFFICIENT_DATA
	Off     bool   // its actions are not enabled
	Actions []string
}

// SetAlarm declares a metric alarm; nil removes it.
func (c *Cloud) SetAlarm(name string, a *MetricAlarm) { declare(c, name, a) }

type subscriptions []string

// SetTopic declares a topic of SNS with the ARNs of its subscriptions, "PendingConfirmation"
// for one that is not confirmed.
func (c *Cloud) SetTopic(arn string, arns ...string) { declare(c, arn, (*subscriptions)(&arns)) }

// describeAlarms: CloudWatch API reference, DescribeAlarms, 2026-11.
func (c *Cloud) describeAlarms(r *request) any {
	limit, err := strconv.Atoi(r.form.Get("MaxRecords"))
	if err != nil || limit < 1 || limit > 100 {
		metricInvalid("MaxRecords must be from 1 to 100")
	}
	type member struct {
		Name    string   `xml:"AlarmName"`
		State   string   `xml:"StateValue"`
		Enabled bool     `xml:"ActionsEnabled"`
		Actions []string `xml:"AlarmActions>member"`
	}
	var out struct {
		Alarms []member `xml:"MetricAlarms>member"`
		Next   string   `xml:"NextToken,omitempty"`
	}
	names, next, ok := pageOf(declaredNames[MetricAlarm](c, r.form.Get("AlarmNamePrefix")), r.form.Get("NextToken"), limit)
	if !ok {
		fail(400, "InvalidNextToken", "The next token is invalid.")
	}
	out.Next = next
	for _, name := range names {
		a := declared[MetricAlarm](c, name)
		out.Alarms = append(out.Alarms, member{name, a.State, !a.Off, a.Actions})
	}
	return out
}

// topicPage is how many subscriptions a call returns at most (SNS API reference,
// ListSubscriptionsByTopic, 2026-11).
const topicPage = 100

func (c *Cloud) listSubscriptionsByTopic(r *request) any {
	type member struct {
		SubscriptionARN string `xml:"SubscriptionArn"`
		Protocol        string
		TopicARN        string `xml:"TopicArn"`
	}
	var out struct {
		Subscriptions []member `xml:"Subscriptions>member"`
		Next          string   `xml:"NextToken,omitempty"`
	}
	topic := declared[subscriptions](c, r.form.Get("TopicArn"))
	if topic == nil {
		fail(404, "NotFound", "Topic does not exist")
	}
	arns, next, ok := pageOf(*topic, r.form.Get("NextToken"), topicPage)
	if !ok {
		fail(400, "InvalidParameter", "Invalid parameter: NextToken")
	}
	out.Next = next
	for _, arn := range arns {
		out.Subscriptions = append(out.Subscriptions, member{arn, "email", r.form.Get("TopicArn")})
	}
	return out
}

// Limits of GetMetricData (CloudWatch API reference, GetMetricData, 2026-11).
const (
	metricQueries = 500
	metricPoints  = 100_800
)

// Point is a data point of a metric.
type Point struct {
	At    time.Time // beginning of its period
	Value float64
}

// SetMetric sets the points of a metric, for every statistic. dimensions alternates names and
// values.
func (c *Cloud) SetMetric(namespace, name string, points []Point, dimensions ...string) {
	of := map[string]string{}
	for i := 0; i+1 < len(dimensions); i += 2 {
		of[dimensions[i]] = dimensions[i+1]
	}
	declare(c, metricKey(namespace, name, of), &points)
}

type metricPage int

// metricStatus is the status of all results.
type metricStatus string

// SetMetricPage sets how many metrics a page of GetMetricData has; the default is all.
func (c *Cloud) SetMetricPage(n int) { declare(c, "", (*metricPage)(&n)) }

// SetMetricStatus sets the status of all results of GetMetricData, such as InternalError; the
// default is Complete.
func (c *Cloud) SetMetricStatus(status string) { declare(c, "", (*metricStatus)(&status)) }

func metricKey(namespace, name string, dimensions map[string]string) string {
	key := namespace + " " + name
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		key += " " + d + "=" + dimensions[d]
	}
	return key
}

type metricResult struct {
	ID         string    `xml:"Id"`
	Label      string    `xml:"Label"`
	Timestamps []string  `xml:"Timestamps>member"`
	Values     []float64 `xml:"Values>member"`
	StatusCode string    `xml:"StatusCode"`
}

var metricID = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

func metricInvalid(format string, args ...any) { fail(400, "ValidationError", format, args...) }

// getMetricData returns the points as they were set, without computing anything. The newest comes
// first.
func (c *Cloud) getMetricData(r *request) any {
	since, err1 := time.Parse(time.RFC3339, r.form.Get("StartTime"))
	until, err2 := time.Parse(time.RFC3339, r.form.Get("EndTime"))
	if err1 != nil || err2 != nil || !since.Before(until) {
		metricInvalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	var results []metricResult
	seen, asked := map[string]bool{}, 0
	for i := 1; ; i++ {
		at := fmt.Sprintf("MetricDataQueries.member.%d.", i)
		id := r.form.Get(at + "Id")
		if id == "" {
			break
		}
		period, err := strconv.Atoi(r.form.Get(at + "MetricStat.Period"))
		switch {
		case i > metricQueries:
			metricInvalid("more than %d queries", metricQueries)
		case !metricID.MatchString(id) || seen[id]:
			metricInvalid("The value %q is not a unique id.", id)
		case err != nil || period < 1 || period%60 != 0 || r.form.Get(at+"MetricStat.Stat") == "":
			metricInvalid("a query needs Stat, and a Period that is a multiple of 60")
		}
		if asked += int(until.Sub(since).Seconds())/period + 1; asked > metricPoints {
			metricInvalid("more than %d data points", metricPoints)
		}
		seen[id] = true
		results = append(results, c.metric(r, id, at+"MetricStat.Metric.", since, until))
	}
	size := orDefault(declared[metricPage](c, ""), math.MaxInt32)
	page, next, ok := pageOf(results, r.form.Get("NextToken"), int(size))
	if !ok {
		metricInvalid("The next token is invalid.")
	}
	return struct {
		Results []metricResult `xml:"MetricDataResults>member"`
		Next    string         `xml:"NextToken,omitempty"`
	}{page, next}
}

// metric answers one query; the members of the form that begin with at describe its metric.
func (c *Cloud) metric(r *request, id, at string, since, until time.Time) metricResult {
	dimensions := map[string]string{}
	for n := 1; ; n++ {
		of := fmt.Sprintf("%sDimensions.member.%d.", at, n)
		name := r.form.Get(of + "Name")
		if name == "" {
			break
		}
		dimensions[name] = r.form.Get(of + "Value")
	}
	name := r.form.Get(at + "MetricName")
	result := metricResult{ID: id, Label: name, StatusCode: string(orDefault(declared[metricStatus](c, ""), "Complete"))}
	points := declared[[]Point](c, metricKey(r.form.Get(at+"Namespace"), name, dimensions))
	for _, p := range slices.SortedFunc(slices.Values(*cmp.Or(points, &[]Point{})), newestFirst) {
		if !p.At.Before(since) && p.At.Before(until) {
			result.Timestamps = append(result.Timestamps, p.At.UTC().Format(time.RFC3339))
			result.Values = append(result.Values, p.Value)
		}
	}
	return result
}

func newestFirst(a, b Point) int { return b.At.Compare(a.At) }
