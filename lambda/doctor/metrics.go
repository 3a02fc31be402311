package doctor

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/oktastream/oktastream/lambda/awshttp"
)

// getMetricData is the IAM action of reading metrics.
const getMetricData = "cloudwatch:GetMetricData"

const (
	// lookBack is how far back the newest event is searched: a day of one-minute data
	// points, of which CloudWatch keeps 15 days and gives 100,800 a call (GetMetricData,
	// CloudWatch API reference, 2026-11).
	lookBack = 24 * time.Hour
	// minute is the period of the data points, in seconds.
	minute = 60
	// maxMetricPages bounds the pages of an answer.
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

// metricsPage is a page of the answer of GetMetricData.
type metricsPage struct {
	XMLName xml.Name `xml:"GetMetricDataResponse"`
	Next    string   `xml:"GetMetricDataResult>NextToken"`
	Results []struct {
		ID     string      `xml:"Id"`
		Times  []time.Time `xml:"Timestamps>member"`
		Values []float64   `xml:"Values>member"`
	} `xml:"GetMetricDataResult>MetricDataResults>member"`
}

// read returns the data points of each metric since then, the newest first. A metric
// that has reported nothing has none, and so has one that does not exist.
func (d *Doctor) read(ctx context.Context, since time.Time, metrics ...series) ([][]point, error) {
	points := make([][]point, len(metrics))
	form := metricsForm(since, d.Now(), metrics)
	for range maxMetricPages {
		var page metricsPage
		err := d.Metrics.Call(ctx, awshttp.Form("GetMetricData", "2010-08-01", form),
			func(_ http.Header, body []byte) error {
				page = metricsPage{}
				if xml.Unmarshal(body, &page) != nil {
					return errors.New("the response is not one of GetMetricData")
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
		for _, result := range page.Results {
			i, err := strconv.Atoi(result.ID[min(1, len(result.ID)):])
			if err != nil || i < 0 || i >= len(metrics) || len(result.Times) != len(result.Values) {
				return nil, errors.New("the response of GetMetricData is not of this request")
			}
			for n, at := range result.Times {
				points[i] = append(points[i], point{at, result.Values[n]})
			}
		}
		if page.Next == "" {
			for _, p := range points {
				slices.SortFunc(p, func(a, b point) int { return b.at.Compare(a.at) })
			}
			return points, nil
		}
		form.Set("NextToken", page.Next)
	}
	return nil, fmt.Errorf("the response of GetMetricData has more than %d pages", maxMetricPages)
}

// metricsForm are the parameters of GetMetricData.
func metricsForm(since, until time.Time, metrics []series) url.Values {
	form := url.Values{
		"StartTime": {since.UTC().Truncate(time.Minute).Format(time.RFC3339)},
		// What is being counted belongs to the minute that has begun.
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

// counter is a metric that counts what passes a hop.
type counter struct {
	hop HopName
	series
}

// atSource counts what comes from the partner event source. It was seen in a real account;
// no page of AWS's describes it (issue of silence alarms).
func (d *Doctor) atSource() counter {
	return counter{HopSource, series{"AWS/Events", "Events", "Sum", []string{"EventSourceName", d.Stack.Source}}}
}

// counters count what passes the hops of a pipeline before its destination.
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

// newest returns the check of where an event was seen last: the metrics that count it
// from the partner event source to the function. It says ok of nothing.
func (d *Doctor) newest() []Check {
	if d.Metrics == nil {
		return nil
	}
	checks := []Check{d.count("", d.atSource())}
	for _, p := range d.Stack.Pipelines {
		if counters := d.counters(p); len(counters) > 0 {
			checks = append(checks, d.count(p.Name, counters...))
		}
	}
	return checks
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
			return Failed(getMetricData, err)
		}
		result := Result{Status: OK}
		for i, c := range counters {
			result.Hops = append(result.Hops, newestOf(c.hop, c.series, points[i], since))
		}
		return result
	}}
}
