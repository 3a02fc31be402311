package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Step is a hop at which an event was seen, and when.
type Step struct {
	Hop      HopName   `json:"hop"`
	Pipeline string    `json:"pipeline,omitempty"`
	At       time.Time `json:"at"`
	// Seconds is how exact At is: the event was there at most so many seconds later. Where it is not
	// 0, a metric has counted an event, which may be another one.
	Seconds int    `json:"seconds"`
	From    string `json:"from"`
	UUID    string `json:"uuid,omitempty"` // of the event, where it is known
	Type    string `json:"type,omitempty"` // its event type, at Okta
}

// Journey is the hops at which the first event since a time was seen.
type Journey struct {
	Since   time.Time `json:"since"`
	Steps   []Step    `json:"steps"`
	Missing []Hop     `json:"missing"` // where no event was seen, in the order in which an event travels
}

// Complete reports whether an event was seen at every hop that can be looked at.
func (j Journey) Complete() bool { return len(j.Missing) == 0 && len(j.Steps) > 0 }

const (
	// followEvery is the pause between two looks. CloudWatch has a metric's data points a minute or
	// more after the events that they count.
	followEvery = 10 * time.Second
	// followPages bounds the pages of a log group that one look reads.
	followPages = 20
)

// Follow waits for the first event since a time that the filters of all pipelines keep, and returns at
// which hops it was seen, and when. It ends when the event was seen at each hop, or at the time
// until. Okta's own log, where there are credentials, and log groups show the event itself, by its
// uuid. For the partner event source, rule, queue, function and other destinations, a metric shows to
// the minute that an event was counted. sleep waits; each is called for every step.
//
// The error is that of ctx, or the first of a hop that could not be looked at.
func (d *Doctor) Follow(
	ctx context.Context, since, until time.Time, sleep func(context.Context, time.Duration) error, each func(Step),
) (Journey, error) {
	j := Journey{Since: since.UTC(), Steps: []Step{}}
	hops := d.hops()
	uuid := ""
	for {
		for i := 0; i < len(hops); i++ {
			step, err := hops[i].look(ctx, since, uuid)
			if err != nil {
				return j, fmt.Errorf("follow an event to %s: %w", hops[i].Hop.Hop, err)
			}
			if step == nil {
				continue
			}
			step.Hop, step.Pipeline = hops[i].Hop.Hop, hops[i].Hop.Pipeline
			if step.UUID != "" && uuid == "" {
				uuid = step.UUID
			}
			j.Steps = append(j.Steps, *step)
			each(*step)
			hops = slices.Delete(hops, i, i+1)
			i--
		}
		if len(hops) == 0 || !d.Now().Add(followEvery).Before(until) {
			break
		}
		if err := sleep(ctx, followEvery); err != nil {
			return j, err
		}
	}
	j.Missing = []Hop{}
	for _, h := range hops {
		h.Hop.Since = j.Since
		j.Missing = append(j.Missing, h.Hop)
	}
	return j, nil
}

// followed is a hop that is looked at until an event was seen there.
type followed struct {
	Hop
	look func(ctx context.Context, since time.Time, uuid string) (*Step, error)
}

// hops returns the hops that can be looked at, in the order in which an event travels.
func (d *Doctor) hops() []followed {
	var list []followed
	add := func(hop HopName, pipeline string, look func(context.Context, time.Time, string) (*Step, error)) {
		list = append(list, followed{Hop{Hop: hop, Pipeline: pipeline}, look})
	}
	counted := func(pipeline string, counters []counter) {
		for _, c := range counters {
			add(c.hop, pipeline, func(ctx context.Context, since time.Time, _ string) (*Step, error) {
				return d.firstCounted(ctx, since, c.series)
			})
		}
	}
	if d.Okta != nil {
		add(HopOkta, "", d.firstAtOkta)
	}
	if d.Metrics != nil {
		counted("", []counter{d.atSource()})
	}
	for _, p := range d.Stack.Pipelines {
		if d.Metrics != nil {
			counted(p.Name, d.counters(p))
		}
		switch {
		case p.LogGroup != "" && d.Logs != nil:
			add(HopDestination, p.Name, func(ctx context.Context, since time.Time, uuid string) (*Step, error) {
				return d.firstRecord(ctx, p.LogGroup, since, uuid)
			})
		case d.Metrics != nil && p.Destination != "archive":
			counted(p.Name, []counter{{HopDestination, delivered(p)}})
		}
	}
	return list
}

// firstAtOkta finds the first event in Okta's log since a time.
func (d *Doctor) firstAtOkta(ctx context.Context, since time.Time, _ string) (*Step, error) {
	var first *Step
	err := eachEvent(ctx, d.Okta.Bounded(since, d.Now().Add(time.Minute)), func(e systemlog.Event) {
		if first == nil && e.UUID != "" && d.takes(e.EventType) {
			first = &Step{At: e.Published, From: "System Log", UUID: e.UUID, Type: e.EventType}
		}
	})
	kind := systemlog.KindOf(err)
	if kind == systemlog.RateLimited || kind == systemlog.Unavailable {
		return nil, nil // the next look may succeed
	}
	if errors.Is(err, errMorePages) && first != nil {
		err = nil
	}
	return first, err
}

// takes reports whether the filters of all pipelines keep an event type.
func (d *Doctor) takes(eventType string) bool {
	for _, p := range d.Stack.Pipelines {
		split := func(patterns string) []string {
			return strings.FieldsFunc(patterns, func(r rune) bool { return r == ',' })
		}
		if filter, err := events.NewFilter(split(p.Include), split(p.Exclude)); err == nil && !filter.Keeps(eventType) {
			return false
		}
	}
	return true
}

// firstCounted finds the first minute in which a metric has counted an event. The first minute that
// is looked at is that of since, which may have counted an earlier event.
func (d *Doctor) firstCounted(ctx context.Context, since time.Time, m series) (*Step, error) {
	points, err := d.read(ctx, since, m)
	if err != nil {
		return nil, err
	}
	var first *Step
	for _, p := range points[0] { // the newest first
		if p.value > 0 && !p.at.Before(since.Truncate(time.Minute)) {
			first = &Step{At: p.at.UTC(), Seconds: minute, From: m.String()}
		}
	}
	return first, nil
}

// firstRecord finds the record of the event uuid in a log group, or the first record since
// a time where uuid is "". Its time is when CloudWatch Logs took it in.
func (d *Doctor) firstRecord(ctx context.Context, group string, since time.Time, uuid string) (*Step, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: aws.Int64(since.UnixMilli())}
	for range followPages {
		out, err := d.Logs.FilterLogEvents(ctx, in, requireJSON)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			id := recordUUID(aws.ToString(e.Message))
			if id == "" || uuid != "" && id != uuid {
				continue
			}
			return &Step{At: time.UnixMilli(aws.ToInt64(e.IngestionTime)).UTC(), From: "log group", UUID: id}, nil
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("log group %s has more than %d pages since %s, and the event is not in the first: search for "+
		"its uuid in CloudWatch Logs Insights", group, followPages, since.UTC().Format(time.RFC3339))
}

// recordUUID returns the uuid of the event in a record: a raw event, an EventBridge envelope or an OCSF
// record. It is "" where there is none.
func recordUUID(record string) string {
	var in struct {
		UUID     string
		Detail   struct{ UUID string }
		Metadata struct{ UID string }
	}
	if json.Unmarshal([]byte(record), &in) != nil {
		return ""
	}
	for _, id := range []string{in.UUID, in.Detail.UUID, in.Metadata.UID} {
		if id != "" {
			return id
		}
	}
	return ""
}
