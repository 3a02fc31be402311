package backfill

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Plan is what a backfill would read and send.
type Plan struct {
	// Hours are the hours of the window, in order.
	Hours []HourPlan
	// Events, Bytes and Pages are of the whole window.
	Events, Bytes, Pages int64
	// Exact is true where all hours are. Events that Okta stores later are not counted.
	Exact bool
	// Time is how long the read takes at Rate; 0 where the rate is not known.
	Time time.Duration
	Rate systemlog.Rate
	Kept systemlog.Kept
}

// HourPlan is one hour of a plan, or the part of it that is in the window.
type HourPlan struct {
	Hour   Hour
	Events int64
	// Exact is true where the events were counted. Otherwise Events is an estimate, from the first page
	// of the hour or of an earlier hour.
	Exact bool
}

// maxPlanRequests bounds the requests of a plan.
const maxPlanRequests = 200

// Plan reads the window without sending anything. It counts the events of an hour that has at most a
// page of them, and estimates those of an hour that has more from the first page. It makes at most 200
// requests: where there are more such hours, it estimates several from one page. progress gets the
// share of the window that has been read, from 0 to 1; it may be nil.
func (j *Job) Plan(ctx context.Context, progress func(share float64)) (Plan, error) {
	p := planner{job: j, plan: Plan{Kept: j.Client.Kept(j.Since), Exact: true}, at: j.Since.UTC()}
	if j.Until.After(j.Now()) {
		return p.plan, errFuture
	}
	for p.requests = 0; p.at.Before(j.Until); p.requests++ {
		page, err := j.Client.Bounded(p.at, j.Until).Next(ctx)
		if err != nil && !errors.Is(err, io.EOF) {
			return p.plan, err
		}
		p.take(page, err != nil || page.Cursor.Done)
		if progress != nil {
			progress(j.share(p.at))
		}
	}
	return p.end(), nil
}

// planner makes a plan.
type planner struct {
	job           *Job
	plan          Plan
	at            time.Time // what is before has been looked at
	requests      int
	sample, bytes int64 // events that were read, and their bytes
}

// take adds the first page of the window that begins at p.at.
func (p *planner) take(page systemlog.Page, last bool) {
	if page.Rate != (systemlog.Rate{}) {
		p.plan.Rate = page.Rate
	}
	hours := map[Hour]int64{}
	newest := p.at
	for i := range page.Events {
		e := &page.Events[i]
		p.sample++
		p.bytes += int64(len(e.JSON))
		hours[HourOf(e.Published)]++
		if e.Published.After(newest) {
			newest = e.Published
		}
	}
	if last {
		p.count(hours, p.job.Until)
		return
	}
	hour := newest.Truncate(time.Hour)
	if hour.After(p.at) {
		p.count(hours, hour) // the hour that the page ends in is asked again
		return
	}
	// The page ends in the hour in which it began.
	span := max(newest.Sub(p.at), time.Millisecond)
	perHour := float64(len(page.Events)) / span.Hours()
	// The requests that are left are spread over the hours that are left: the estimate counts for all
	// hours until the next request.
	skip := math.Ceil(p.job.Until.Sub(hour).Hours() / float64(max(maxPlanRequests-p.requests-1, 0)))
	for done := 0.0; done < max(skip, 1) && p.at.Before(p.job.Until); done++ {
		end := p.endOfHour()
		p.add(int64(math.Round(perHour*end.Sub(p.at).Hours())), false)
		p.at = end
	}
}

// count adds the hours from p.at to until as counted.
func (p *planner) count(hours map[Hour]int64, until time.Time) {
	for p.at.Before(until) {
		p.add(hours[HourOf(p.at)], true)
		p.at = p.endOfHour()
	}
}

func (p *planner) add(events int64, exact bool) {
	p.plan.Hours = append(p.plan.Hours, HourPlan{Hour: HourOf(p.at), Events: events, Exact: exact})
	p.plan.Events += events
	p.plan.Exact = p.plan.Exact && exact
}

// endOfHour is the end of the hour of p.at, or of the window.
func (p *planner) endOfHour() time.Time {
	end := p.at.Truncate(time.Hour).Add(time.Hour)
	if end.After(p.job.Until) {
		return p.job.Until.UTC()
	}
	return end
}

func (p *planner) end() Plan {
	if p.sample > 0 {
		p.plan.Bytes = int64(float64(p.bytes) / float64(p.sample) * float64(p.plan.Events))
	}
	p.plan.Pages = p.plan.Events/systemlog.MaxPage + 1
	if perMinute := p.plan.Rate.PerMinute; perMinute > 0 {
		p.plan.Time = time.Duration(float64(p.plan.Pages) / perMinute * float64(time.Minute)).Round(time.Second)
	}
	return p.plan
}
