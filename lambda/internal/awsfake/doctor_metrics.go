package awsfake

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

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

type metricsService struct {
	mu     sync.Mutex
	points map[string][]Point
	page   int    // results a page; 0 is all
	status string // of all results; "" is Complete
}

// SetMetric sets what a metric holds, whatever its statistic. Dimensions are names and
// values by turns.
func (c *Cloud) SetMetric(namespace, name string, points []Point, dimensions ...string) {
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	if c.metrics.points == nil {
		c.metrics.points = map[string][]Point{}
	}
	of := map[string]string{}
	for i := 0; i+1 < len(dimensions); i += 2 {
		of[dimensions[i]] = dimensions[i+1]
	}
	c.metrics.points[metricKey(namespace, name, of)] = points
}

// SetMetricPage sets how many metrics a page of GetMetricData has.
func (c *Cloud) SetMetricPage(n int) {
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	c.metrics.page = n
}

// SetMetricStatus sets the status of all results of GetMetricData, such as InternalError; "" is
// Complete.
func (c *Cloud) SetMetricStatus(status string) {
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	c.metrics.status = status
}

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

func metricInvalid(format string, args ...any) *apiError {
	return &apiError{status: 400, code: "ValidationError", message: fmt.Sprintf(format, args...)}
}

// getMetricData answers with the points as they were set: it does no sums. The newest
// comes first.
func (c *Cloud) getMetricData(r *request) (any, error) {
	since, err1 := time.Parse(time.RFC3339, r.form.Get("StartTime"))
	until, err2 := time.Parse(time.RFC3339, r.form.Get("EndTime"))
	if err1 != nil || err2 != nil || !since.Before(until) {
		return nil, metricInvalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	c.metrics.mu.Lock()
	defer c.metrics.mu.Unlock()
	var results []metricResult
	seen, asked := map[string]bool{}, 0
	for i := 1; ; i++ {
		at := fmt.Sprintf("MetricDataQueries.member.%d.", i)
		id := r.form.Get(at + "Id")
		if id == "" {
			break
		}
		metric := at + "MetricStat.Metric."
		period, err := strconv.Atoi(r.form.Get(at + "MetricStat.Period"))
		switch {
		case i > metricQueries:
			return nil, metricInvalid("more than %d queries", metricQueries)
		case !metricID.MatchString(id) || seen[id]:
			return nil, metricInvalid("The value %q is not a unique id.", id)
		case err != nil || period < 1 || period%60 != 0 || r.form.Get(at+"MetricStat.Stat") == "":
			return nil, metricInvalid("a query needs Stat, and a Period that is a multiple of 60")
		}
		if asked += int(until.Sub(since).Seconds())/period + 1; asked > metricPoints {
			return nil, metricInvalid("more than %d data points", metricPoints)
		}
		seen[id] = true
		dimensions := map[string]string{}
		for n := 1; r.form.Get(fmt.Sprintf("%sDimensions.member.%d.Name", metric, n)) != ""; n++ {
			of := fmt.Sprintf("%sDimensions.member.%d.", metric, n)
			dimensions[r.form.Get(of+"Name")] = r.form.Get(of + "Value")
		}
		name := r.form.Get(metric + "MetricName")
		result := metricResult{ID: id, Label: name, StatusCode: cmp.Or(c.metrics.status, "Complete")}
		points := slices.Clone(c.metrics.points[metricKey(r.form.Get(metric+"Namespace"), name, dimensions)])
		slices.SortFunc(points, func(a, b Point) int { return b.At.Compare(a.At) })
		for _, p := range points {
			if !p.At.Before(since) && p.At.Before(until) {
				result.Timestamps = append(result.Timestamps, p.At.UTC().Format(time.RFC3339))
				result.Values = append(result.Values, p.Value)
			}
		}
		results = append(results, result)
	}
	return c.metrics.pageOf(results, r.form.Get("NextToken"))
}

// pageOf cuts out a page. Its token is where the next begins.
func (m *metricsService) pageOf(results []metricResult, token string) (any, error) {
	from, _ := strconv.Atoi(token)
	to := len(results)
	if m.page > 0 {
		to = min(to, from+m.page)
	}
	type list struct {
		XMLName xml.Name       `xml:"MetricDataResults"`
		Member  []metricResult `xml:"member"`
	}
	out := []any{list{Member: results[min(from, to):to]}}
	if to < len(results) {
		out = append(out, nextToken{Token: strconv.Itoa(to)})
	}
	return out, nil
}
