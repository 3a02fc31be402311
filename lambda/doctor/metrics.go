package doctor

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// getMetricData is the IAM action of reading metrics.
const getMetricData = "cloudwatch:GetMetricData"

const (
	// lookBack is how far back the newest event is searched: a day of one-minute data points. A call
	// returns at most 100,800 of them, and CloudWatch keeps them for 15 days (GetMetricData,
	// CloudWatch API reference, 2026-11).
	lookBack = 24 * time.Hour
	// minute is the period of the data points, in seconds.
	minute = 60
	// maxMetricPages bounds the pages of a response.
	maxMetricPages = 20
)

// series is a metric with a statistic.
type series struct {
	namespace, name, stat string
	dimensions            []string // name and value by turns
}

func (s series) String() string { return s.namespace + " " + s.name }

// point is a data point.
type point struct {
	at    time.Time // beginning of its minute
	value float64
}

// metricsPage is a page of the response of GetMetricData. The status of a result is Complete, or says why
// data points are not in it: PartialData (more pages follow), InternalError or Forbidden
// (MetricDataResult, CloudWatch API reference, 2026-11).
type metricsPage struct {
	XMLName xml.Name `xml:"GetMetricDataResponse"`
	Next    string   `xml:"GetMetricDataResult>NextToken"`
	Results []struct {
		ID     string      `xml:"Id"`
		Status string      `xml:"StatusCode"`
		Times  []time.Time `xml:"Timestamps>member"`
		Values []float64   `xml:"Values>member"`
	} `xml:"GetMetricDataResult>MetricDataResults>member"`
}

// read returns the data points of each metric since a time, the newest first. A metric that has reported
// nothing has none, and so has one that does not exist. It is an error where CloudWatch did not
// return all data points.
func (d *Doctor) read(ctx context.Context, since time.Time, metrics ...series) ([][]point, error) {
	points, status := make([][]point, len(metrics)), make([]string, len(metrics))
	form := metricsForm(since, d.Now(), metrics)
	for range maxMetricPages {
		var page metricsPage
		if err := query(ctx, d.Metrics, awshttp.Form("GetMetricData", "2010-08-01", form), &page); err != nil {
			return nil, err
		}
		for _, result := range page.Results {
			i, err := strconv.Atoi(result.ID[min(1, len(result.ID)):])
			if err != nil || i < 0 || i >= len(metrics) || len(result.Times) != len(result.Values) {
				return nil, incomplete("the response does not belong to the request")
			}
			status[i] = result.Status
			for n, at := range result.Times {
				points[i] = append(points[i], point{at, result.Values[n]})
			}
		}
		if page.Next == "" {
			for i, p := range points {
				if status[i] != "Complete" {
					return nil, incomplete("not all data points of %s were returned: status %q", metrics[i], status[i])
				}
				slices.SortFunc(p, func(a, b point) int { return b.at.Compare(a.at) })
			}
			return points, nil
		}
		form.Set("NextToken", page.Next)
	}
	return nil, incomplete("more than %d pages", maxMetricPages)
}

// metricsForm are the parameters of GetMetricData.
func metricsForm(since, until time.Time, metrics []series) url.Values {
	form := url.Values{
		"StartTime": {since.UTC().Truncate(time.Minute).Format(time.RFC3339)},
		// The current minute has begun, and may have counted an event already.
		"EndTime": {until.UTC().Truncate(time.Minute).Add(time.Minute).Format(time.RFC3339)},
	}
	for i, m := range metrics {
		query := fmt.Sprintf("MetricDataQueries.member.%d.", i+1)
		stat := query + "MetricStat."
		form.Set(query+"Id", fmt.Sprint("m", i))
		form.Set(stat+"Stat", m.stat)
		form.Set(stat+"Period", strconv.Itoa(minute))
		form.Set(stat+"Metric.Namespace", m.namespace)
		form.Set(stat+"Metric.MetricName", m.name)
		for n := 0; n+1 < len(m.dimensions); n += 2 {
			dimension := fmt.Sprintf("%sMetric.Dimensions.member.%d.", stat, n/2+1)
			form.Set(dimension+"Name", m.dimensions[n])
			form.Set(dimension+"Value", m.dimensions[n+1])
		}
	}
	return form
}

// newestOf returns the hop that a metric counts.
func newestOf(hop HopName, m series, points []point, since time.Time) Hop {
	h := Hop{Hop: hop, Since: since, Seconds: minute, From: m.String()}
	for _, p := range points {
		if p.value > 0 {
			at := p.at.UTC()
			h.Newest = &at
			break
		}
	}
	return h
}

// counter is a metric that counts events at a hop.
type counter struct {
	hop HopName
	series
}

// atSource counts the events of the partner event source. The metric was seen in a real account; AWS
// does not document it.
func (d *Doctor) atSource() counter {
	return counter{HopSource, series{"AWS/Events", "Events", "Sum", []string{"EventSourceName", d.Stack.Source}}}
}

// counters returns the metrics that count events at the hops of a pipeline before its destination.
func (d *Doctor) counters(p Pipeline) []counter {
	var counters []counter
	if p.Rule != "" {
		counters = append(counters, counter{HopRule, series{"AWS/Events", "MatchedEvents", "Sum",
			[]string{"EventBusName", d.Stack.Bus, "RuleName", p.Rule}}})
	}
	if p.Buffer != "" && p.Ingest == "queue" {
		counters = append(counters, counter{HopBuffer, series{"AWS/SQS", "NumberOfMessagesSent", "Sum",
			[]string{"QueueName", queueName(p.Buffer)}}})
	}
	if p.Function != "" {
		// Written by the function itself: lambda/ledger.
		counters = append(counters, counter{HopFunction, series{"oktastream", "received", "Sum",
			[]string{"pipeline", p.Name}}})
	}
	return counters
}

// newest returns the checks of when an event was last counted at each hop from the partner event source
// to the function. They make no line.
func (d *Doctor) newest() []Check {
	if d.Metrics == nil {
		return nil
	}
	list := []Check{d.count("", d.atSource())}
	for _, p := range d.Stack.Pipelines {
		if counters := d.counters(p); len(counters) > 0 {
			list = append(list, d.count(p.Name, counters...))
		}
	}
	return list
}

func (d *Doctor) count(pipeline string, counters ...counter) Check {
	return Check{Link: Newest, Pipeline: pipeline, Look: func(ctx context.Context) Result {
		since := d.Now().Add(-lookBack)
		var metrics []series
		for _, c := range counters {
			metrics = append(metrics, c.series)
		}
		points, err := d.read(ctx, since, metrics...)
		if err != nil {
			return failed(getMetricData, err)
		}
		result := Result{Status: OK}
		for i, c := range counters {
			result.Hops = append(result.Hops, newestOf(c.hop, c.series, points[i], since))
		}
		return result
	}}
}
