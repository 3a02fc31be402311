package watch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bookkept has ingest=queue, and is what the simulation simulates.
var bookkept = Pipeline{Name: "okta-cloudwatch", Destination: "cloudwatch", Ingest: "queue",
	Rule: "okta-cloudwatch", Bus: "bus",
	Buffer: "buffer", Redrive: "redrive", Dead: "dead", Function: "function", Mapping: "mapping",
	VisibilitySeconds: visibility}

// hourly is a metric by hours of the counters' clock: the first hour ends at :55.
func (m *minuteMetrics) hourly(metric *Metric, fault distortion) series {
	list := map[string][]float64{
		"MatchedEvents": m.matched, "NumberOfMessagesDeleted": m.deleted, "InvocationsSentToDlq": m.deadLettered,
		"not_from_rule": m.replayed,
	}[metric.Name]
	switch {
	case metric.Name == waiting && metric.Dimensions[0].Value == bookkept.Redrive:
		list = m.spent
	case metric.Name == waiting:
		list = m.waiting
	case metric.Name == inFlight:
		list = m.flying
	}
	if list == nil {
		panic("the simulation has no metric " + metric.Name)
	}
	var hours series
	for end := 55; end <= len(list); end += 60 {
		hours = append(hours, statistic(metric, list, max(end-60, 0), end, fault))
	}
	return hours
}

// distortion is what AWS's metrics do to the truth.
type distortion struct {
	late   int                     // minutes by which SQS's counters are filed too late
	silent map[string]map[int]bool // minutes that are not reported, by metric
	noise  float64                 // by how much gauges are wrong, either way
	tail   int                     // the last minutes of the last hour are not there yet
	sparse bool                    // what is not in flight is not reported, and redrive is not before it is used
}

func statistic(metric *Metric, list []float64, from, to int, fault distortion) float64 {
	result, any := 0.0, false
	low, high := math.Inf(1), math.Inf(-1)
	for minute := from; minute < to; minute++ {
		at := minute
		if metric.Namespace == queueNamespace && metric.Stat == "Sum" {
			at -= fault.late
		}
		if at < 0 || fault.silent[metric.Name][minute] || to+60 > len(list) && minute >= to-fault.tail {
			continue
		}
		v := list[at]
		if v == 0 && (metric.Namespace != queueNamespace || fault.sparse && (metric.Name == inFlight || unused(list,
			minute))) {
			continue // EventBridge and the function say nothing where there is nothing
		}
		if metric.Stat != "Sum" && fault.noise > 0 {
			v = math.Round(v * (1 + fault.noise*math.Sin(float64(minute*minute)))) // some number between -1 and 1
		}
		result, any = result+v, true
		low, high = min(low, v), max(high, v)
	}
	switch {
	case !any:
		return missing()
	case metric.Stat == "Minimum":
		return low
	case metric.Stat == "Maximum":
		return high
	}
	return result
}

// unused is true of a queue's gauge that was 0 all the time.
func unused(list []float64, minute int) bool {
	return !slices.ContainsFunc(list[:minute], func(v float64) bool { return v != 0 })
}

// alarms are the hours (of the simulation) after which the alarm for the counters is
// in ALARM, with the gap that it shows. CloudWatch fetches the window, or more.
func alarms(t *testing.T, m *minuteMetrics, r reading, fetched int, fault distortion) map[int]float64 {
	t.Helper()
	a := named("okta", countersAlarm(Stack{Name: "okta"}, bookkept))[0]
	firing := map[int]float64{}
	hours := len(m.matched) / 60
	for end := 3; end <= hours; end++ {
		from := max(end-fetched, 1) // the simulation's first hour is short and begins at full speed
		result, err := run(a.Queries, r, a.PeriodSeconds, end-from, func(metric *Metric) series {
			f := fault
			if end < hours {
				f.tail = 0
			}
			return m.hourly(metric, f)[from:end]
		})
		if err != nil {
			t.Fatal(err)
		}
		above, most := 0, 0.0
		for _, v := range result[max(len(result)-a.Periods, 0):] {
			if !gone(v) && v > a.Threshold {
				above, most = above+1, max(most, v)
			}
		}
		if above >= a.ToAlarm {
			firing[end] = most
		}
	}
	return firing
}

func jittered(base func(int, *rand.Rand) int, bursts ...burst) func(int, *rand.Rand) int {
	return func(second int, r *rand.Rand) int {
		n := base(second, r)
		for _, b := range bursts {
			if second%b.every >= b.from && second%b.every < b.from+b.lasting {
				n += b.n / b.lasting
			}
		}
		return n
	}
}

type burst struct{ every, from, lasting, n int }

// healthy are worlds in which nothing is lost.
func healthy() map[string]world {
	return map[string]world{
		"steady, 10,000 an hour":  {arrivals: perHour(10_000), hours: 12},
		"steady, 300,000 an hour": {arrivals: perHour(300_000), hours: 8},
		"five events an hour":     {arrivals: perHour(5), hours: 30},
		"nobody there":            {arrivals: perHour(0), hours: 30},
		"an import of 20,000 on each hour": {arrivals: jittered(perHour(500), burst{3600, 0, 5, 20_000}),
			hours: 12},
		"imports at each quarter, some minutes": {arrivals: jittered(perHour(2000), burst{900, 0, 180, 9_000}),
			hours: 12},
		"an import longer than the function keeps up": {arrivals: jittered(perHour(1000), burst{86_400, 4 * 3600, 10,
			400_000}), hours: 9},
		"night and morning": {arrivals: func(s int, r *rand.Rand) int {
			return perHour(200+int(10_000*(1-math.Cos(float64(s)/4/3600*math.Pi))))(s, r)
		}, hours: 18},
		"an outage of three hours":       {arrivals: perHour(10_000), down: between(3.3, 6.4), hours: 12},
		"an outage that ends in redrive": {arrivals: perHour(8_000), down: between(2.2, 10.7), hours: 16},
		"… and a move task brings it back": {arrivals: perHour(8_000), down: between(2.2, 10.7),
			redriven: at(12.4), hours: 17},
		"a rule whose target is gone for two hours": {arrivals: perHour(6_000), deaf: between(3.5, 5.5), hours: 10},
		"3,000 replayed": {arrivals: perHour(2_000), replayed: replay(4.4, 3000, 50), hours: 9},
		"20,000 replayed over an edge, slowly": {arrivals: perHour(2_000), replayed: replay(4.8, 20_000, 10),
			hours: 9},
		"3,000 replayed while the mapping is disabled": {arrivals: perHour(2_000), replayed: replay(4.4, 3000, 50),
			idle: between(4.3, 5.2), hours: 9},
		"… until a moment before an edge": {arrivals: perHour(2_000), replayed: replay(4.4, 3000, 50),
			idle: between(4.3, 5.914), hours: 9},
		"the mapping is disabled for two hours": {arrivals: perHour(12_000), idle: between(4.3, 6.4), hours: 10},
		"one in five hundred is deleted twice":  {arrivals: perHour(10_000), twice: 0.002, hours: 10},
		"a short outage in each hour": {arrivals: perHour(5_000),
			down: func(s int) bool { return s%3600 < 240 }, hours: 10},
		"an outage from a minute before an edge": {arrivals: perHour(10_000), down: between(3.9, 6.4), hours: 9},
		"an outage over an edge, twenty minutes": {arrivals: perHour(30_000), down: between(4.8, 5.13), hours: 9},
	}
}

// replay sends n events of the queue dead from an hour on, so many a second.
func replay(from float64, n, rate int) func(int) int {
	return func(second int) int {
		if first := int(from * 3600); second >= first && second < first+n/rate {
			return rate
		}
		return 0
	}
}

// distortions are what AWS documents or is known to do to metrics.
func distortions() map[string]distortion {
	return map[string]distortion{
		"none": {},
		"SQS counts a minute later than EventBridge": {late: 1},
		"gauges say nothing where there is nothing":  {sparse: true},
		"gauges are wrong by up to 2 %":              {noise: 0.02},
		"the last minutes are not there yet":         {tail: 12},
	}
}

func TestTheCountersAreQuietWhereNothingIsLost(t *testing.T) {
	for name, w := range healthy() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				m := simulate(w, seed)
				for what, fault := range distortions() {
					for _, r := range readings() {
						fetched := 3 + 2*int(seed) // the window, or more
						if firing := alarms(t, m, r, fetched, fault); len(firing) > 0 {
							t.Errorf("seed %d, %s, %+v, %d hours fetched: alarms %v", seed, what, r, fetched, firing)
						}
					}
				}
			}
		})
	}
}

// A service may fail to report a minute. In a steady hour that is 1.67 %.
func TestAMinuteThatIsNotReportedIsNoGap(t *testing.T) {
	m := simulate(world{arrivals: perHour(36_000), hours: 8}, 1)
	for _, name := range []string{"MatchedEvents", "NumberOfMessagesDeleted"} {
		if firing := alarms(t, m, readings()[0], 3,
			distortion{silent: map[string]map[int]bool{name: {200: true}}}); len(firing) > 0 {
			t.Errorf("%s: %v", name, firing)
		}
	}
}

func share(p float64, when func(int) bool) func(int) float64 {
	return func(second int) float64 {
		if when(second) {
			return p
		}
		return 0
	}
}

// until are arrivals that end.
func until(end float64, n int) func(int, *rand.Rand) int {
	return func(s int, r *rand.Rand) int {
		if s >= int(end*3600) {
			return 0
		}
		return perHour(n)(s, r)
	}
}

// always is the whole simulation.
func always(int) bool { return true }

func TestTheCountersSeeWhatIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		world
		from int     // the first hour after which the alarm must be on
		gap  float64 // about how many events it must show
		// What vanishes was in flight, so that the gauge's fall to 0 is all there is to see.
		inFlight bool
	}{
		"2 % of 20,000 an hour": {world{arrivals: perHour(20_000), lost: share(0.02, always),
			hours: 8}, 3, 400, false},
		"3 % of 100,000 an hour, SQS behind": {world{arrivals: perHour(100_000), lost: share(0.03, always),
			hours: 6}, 3, 3000, false},
		"a rule that loses everything for 10 minutes": {world{arrivals: perHour(6_000), lost: share(1, between(4.2,
			4.2+1.0/6)), hours: 9}, 6, 1000, false},
		"20 of the 100 events of an hour": {world{arrivals: perHour(100), lost: share(1, between(4, 4.2)),
			hours: 9}, 6, 20, false},
		"5 % while the queue grows": {world{arrivals: perHour(10_000), lost: share(0.05, between(4,
			9)), down: between(3, 8.5), hours: 10}, 6, 500, false},
		"the buffer is purged at night": {world{arrivals: until(5.2, 10_000), down: between(3, 12),
			vanish: at(8.5), hours: 12}, 10, 22_000, true},
		"somebody sends 900 to the buffer": {world{arrivals: perHour(5_000), forged: replay(4.2, 900, 1),
			hours: 8}, 6, 900, false},
		"redrive is purged": {world{arrivals: perHour(8_000), down: between(2.2, 10.7),
			emptied: at(13.5), hours: 17}, 15, 20_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := simulate(c.world, 3)
			for what, fault := range distortions() {
				if fault.sparse && c.inFlight {
					continue // what SQS does not say cannot be seen
				}
				for _, r := range readings() {
					if !r.missingZero {
						continue // under the reading that the page contradicts it need not see, only be quiet
					}
					firing := alarms(t, m, r, 3, fault)
					shown, ok := firing[c.from]
					if !ok {
						shown, ok = firing[c.from+1]
					}
					if !ok || shown < c.gap/2 || shown > c.gap*2 {
						t.Errorf("%s, %+v: alarms %v, want about %v after hour %d", what, r, firing, c.gap, c.from)
					}
				}
			}
		})
	}
}

// The smallest steady loss that the counters see, for the README.
func TestTheSmallestLossThatTheCountersSee(t *testing.T) {
	for hourly, limit := range map[int]float64{100: 20, 1_000: 2.5, 10_000: 2.25, 100_000: 2.25} {
		seen := 0.0
		for percent := 0.25; percent < 40 && seen == 0; percent += 0.25 {
			m := simulate(world{arrivals: perHour(hourly), lost: share(percent/100, always), hours: 8}, 5)
			if len(alarms(t, m, readings()[0], 3, distortion{})) >= 4 {
				seen = percent
			}
		}
		t.Logf("%d events an hour: a loss of %v %% is seen", hourly, seen)
		if seen == 0 || seen > limit || seen < 100*countersShare {
			t.Errorf("%d events an hour: a loss of %v %% is seen, want one of at most %v", hourly, seen, limit)
		}
	}
}

// What the README says that the counters cannot show.
func TestTheCountersDoNotSee(t *testing.T) {
	for name, w := range map[string]world{
		"one event an hour": {arrivals: perHour(1_000),
			lost: func(s int) float64 { return truth(s%3600 == 1800) }, hours: 12},
		"a purge while the queue fills": {arrivals: perHour(10_000), down: between(3, 7), vanish: at(5.5), hours: 9},
		"what vanishes in the hour of a replay": {arrivals: perHour(5_000), lost: share(0.1, between(4, 4.8)),
			replayed: replay(4.4, 1000, 10), hours: 6},
		"1 % of the events": {arrivals: perHour(20_000), lost: share(0.01, always), hours: 8},
	} {
		if firing := alarms(t, simulate(w, 2), readings()[0], 3, distortion{}); len(firing) > 0 {
			t.Errorf("%s is seen: %v; the README may promise it", name, firing)
		}
	}
}
