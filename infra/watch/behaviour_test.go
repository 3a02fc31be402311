package watch

import (
	"slices"
	"strings"
	"testing"
)

func kind(t *testing.T, name string) Alarm {
	t.Helper()
	all := kinds()
	i := slices.IndexFunc(all, func(a Alarm) bool { return a.Kind == name })
	if i < 0 {
		t.Fatalf("no alarm %s", name)
	}
	return all[i]
}

func filled(n int, v float64) series { return slices.Repeat(series{v}, n) }

// steady is data that is the same for every metric.
func steady(points series) func(*Metric) series { return func(*Metric) series { return points } }

func TestSilence(t *testing.T) {
	a := kind(t, "silence")
	quiet := filled(60, missing())
	if !fires(t, a, steady(quiet), 60) {
		t.Error("an hour without a data point is no silence")
	}
	if !fires(t, a, steady(append(series{9, 9, 9}, quiet...)), 63) {
		t.Error("an event of more than an hour ago holds the alarm back")
	}
	one := slices.Clone(quiet)
	one[3] = 1
	if fires(t, a, steady(one), 60) {
		t.Error("one event in the hour is silence")
	}
	if a.Missing != breaching {
		t.Errorf("missing data is %s", a.Missing)
	}
	// It needs no rule, so that a filter of every pipeline is no silence.
	s := Stack{Name: "okta", Source: "source", Bus: "bus", Live: true, SilenceMinutes: 30,
		Pipelines: []Pipeline{{Filtered: true}}}
	a = silence(s)
	if m := a.Queries[0].Metric; m.Name != "Events" || !slices.Equal(m.Dimensions,
		[]Dimension{{"EventSourceName", "source"}}) {
		t.Errorf("silence reads %+v", m)
	}
	s.Live = false
	if len(Alarms(s)) > 0 && Alarms(s)[0].Kind == "silence" {
		t.Error("a stack that is not live has an alarm for silence")
	}
	for minutesOf, want := range map[int][2]int{1: {60, 1}, 1440: {60, 1440}, 1441: {3600, 25}, 10080: {3600, 168}} {
		s.SilenceMinutes = minutesOf
		if a := silence(s); [2]int{a.PeriodSeconds, a.Periods} != want || a.ToAlarm != a.Periods {
			t.Errorf("%d minutes are %d periods of %d s", minutesOf, a.Periods, a.PeriodSeconds)
		}
	}
}

func TestAWeekInADeadLetterQueue(t *testing.T) {
	a := kind(t, "dead-for-a-week")
	if !fires(t, a, steady(filled(7*24, 1)), 7*24) {
		t.Error("a message that lies there for a week is not told")
	}
	// SQS reports nothing after some hours.
	if !fires(t, a, steady(append(filled(6, 3), filled(7*24-6, missing())...)), 7*24) {
		t.Error("a message in a queue that reports no more is not told")
	}
	emptied := filled(7*24, 1)
	emptied[100] = 0
	if fires(t, a, steady(emptied), 7*24) || fires(t, a, steady(filled(7*24, missing())), 7*24) {
		t.Error("a queue that was empty, or never used, is told")
	}
	if a.Missing != ignore {
		t.Errorf("missing data is %s", a.Missing)
	}
}

// In an outage the age of what SQS still counts hangs near two visibility timeouts;
// a message that came back once is one old.
func TestTheAgeThatAnOutageHas(t *testing.T) {
	for _, visibility := range []int{65, 365, 5405} {
		p := pipeline("okta", "cloudwatch", "queue", false)
		p.VisibilitySeconds = visibility
		a := named("okta", bufferOld(Stack{Name: "okta"}, p))[0]
		if fires(t, a, steady(filled(3, float64(visibility+10))), 3) || !fires(t, a, steady(filled(3,
			float64(2*visibility-10))), 3) {
			t.Errorf("visibility %d: threshold %v", visibility, a.Threshold)
		}
		if fires(t, a, steady(series{0, 4000, 6000}), 3) {
			t.Error("ten minutes are enough")
		}
	}
}

// A queue near SQS's limit, whatever a busy quarter of an hour looks like.
func TestADeepBuffer(t *testing.T) {
	a := kind(t, "buffer-deep")
	depth := func(waits, flies float64) bool {
		return fires(t, a, func(m *Metric) series {
			if m.Name == waiting {
				return filled(3, waits)
			}
			return filled(3, flies)
		}, 3)
	}
	if depth(60_000, 30_000) || !depth(2_000, 99_000) || !depth(missing(), 110_000) {
		t.Error("the alarm is for 100,000 messages, waiting or in flight")
	}
}

func TestTheShareThatComesBack(t *testing.T) {
	a := kind(t, "mapping-failing")
	share := func(failed, polled series) bool {
		return fires(t, a, func(m *Metric) series {
			if m.Name == "PolledEventCount" {
				return polled
			}
			return failed
		}, len(polled))
	}
	no := missing()
	for name, c := range map[string]struct {
		failed, polled series
		want           bool
	}{
		"nothing fails": {series{no, no, no, no, no, no}, series{900, 900, 900, 900, 900, 900},
			false},
		"nothing comes":           {series{no, no, no, no, no, no}, series{0, 0, 0, 0, 0, 0}, false},
		"the mapping is disabled": {series{no, no, no, no, no, no}, series{no, no, no, no, no, no}, false},
		"throttled now and then":  {series{50, 0, 0, 0, 30, 0}, series{900, 900, 900, 900, 900, 900}, false},
		"a bad ten minutes":       {series{900, 900, 0, 0, 0, 0}, series{900, 900, 900, 900, 900, 900}, false},
		"the destination is down": {series{900, 1800, 2700, 3600, 4500, 5400}, series{900, 1800, 2700,
			3600, 4500, 5400}, true},
		"… where one event in six minutes comes": {series{1, no, 1, 1, no, 1}, series{1, 0, 1, 1, 0, 1}, true},
	} {
		if got := share(c.failed, c.polled); got != c.want {
			t.Errorf("%s: fires %v", name, got)
		}
	}
}

// The ledger's equation, over metrics that the function writes.
func TestTheLedgersAlarm(t *testing.T) {
	a := kind(t, "ledger-unbalanced")
	values := map[string]float64{"received": 100, "accepted_by_eventbridge": 80, "duplicate": 5, "filtered": 6,
		"returned": 4, "exhausted": 3, "dead": 2}
	data := func(m *Metric) series { return series{values[m.Name]} }
	if fires(t, a, data, 1) {
		t.Error("a ledger that balances is told")
	}
	for _, word := range append(terms(), "received") {
		values[word]++
		if !fires(t, a, data, 1) {
			t.Errorf("one %s too many is not told", word)
		}
		values[word]--
	}
}

// A replay can fail hours after whoever began it has gone home.
func TestReplaysAreWatchedToo(t *testing.T) {
	for _, name := range []string{"dead-letter-failed", "exhausted", "destination-refuses-us"} {
		if !slices.ContainsFunc(kind(t, name).Queries, func(q Query) bool {
			return q.Metric != nil && slices.Contains(q.Metric.Dimensions, Dimension{"origin", "replay"})
		}) {
			t.Errorf("%s does not count what is replayed", name)
		}
	}
}

// Each ingest has the alarms of what is there, and no more.
func TestWhichAlarmsAStackHas(t *testing.T) {
	const (
		rule     = "rule-failed rule-lost"
		retrying = "delivery-retrying"
		delivery = "delivery-failed delivery-lost"
		dead     = "dead-not-empty dead-for-a-week"
		queues   = "redrive-not-empty redrive-for-a-week buffer-deep buffer-old"
		function = "function-errors function-throttled mapping-failing"
		async    = "async-lost async-dropped"
		refuses  = "destination-refuses-us"
		ledger   = "lag dead-letter-failed exhausted conflict ledger-unbalanced"
	)
	for name, want := range map[string][]string{
		"default":               {"stream-changed", rule, dead, queues, function, ledger, "counters-disagree"},
		"queue cloudwatch live": {"silence stream-changed", rule, dead, queues, function, ledger, "counters-disagree"},
		"lambda datadog":        {"stream-changed", rule, retrying, delivery, dead, queues, function, async, ledger},
		"lambda splunk":         {"stream-changed", rule, dead, queues, function, async, ledger, refuses},
		"queue elastic,opensearch": {"stream-changed", rule, dead, queues, function, ledger, refuses, "counters-disagree",
			rule, dead, queues, function, ledger, refuses, "counters-disagree"},
		"rule cloudwatch": {"stream-changed", rule, retrying, dead},
		"rule datadog":    {"stream-changed", rule, retrying, delivery, dead},
		"queue cloudwatch,datadog": {"stream-changed", rule, dead, queues, function, ledger, "counters-disagree", rule,
			retrying, delivery, dead, queues, function, ledger, "counters-disagree"},
	} {
		var have []string
		for _, a := range Alarms(stacks()[name]) {
			have = append(have, a.Kind)
		}
		if got := strings.Join(have, " "); got != strings.Join(want, " ") {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// stream-changed reads the function's metric where there is a function, else a
// rule's.
func TestWhoCountsChangesOfAStream(t *testing.T) {
	for name, want := range map[string]string{"default": "stream_changed", "lambda datadog": "stream_changed",
		"rule datadog": "MatchedEvents"} {
		if m, _ := streamChanges(stacks()[name]); m == nil || m.Name != want {
			t.Errorf("%s: %v, want %s", name, m, want)
		}
	}
	if m, _ := streamChanges(Stack{Name: "s", Pipelines: []Pipeline{{Name: "p"}}}); m != nil {
		t.Error("an alarm on a rule that does not exist")
	}
}

// An outage of Datadog fires after a quarter of an hour; a repeated call does not.
func TestDeliveriesThatAreRepeated(t *testing.T) {
	a := kind(t, "delivery-retrying")
	for name, c := range map[string]struct {
		points series
		want   bool
	}{
		"none": {filled(3, missing()), false}, "one in a while": {series{missing(), 4, missing()}, false},
		"ten minutes": {series{missing(), 30, 30}, false}, "a quarter of an hour": {series{1, 30, 200}, true},
	} {
		if got := fires(t, a, steady(c.points), 3); got != c.want {
			t.Errorf("%s: fires %v", name, got)
		}
	}
}

// AWS charges for each metric that an alarm reads: what a stack costs is to be
// changed on purpose only.
func TestWhatAlarmsCost(t *testing.T) {
	for name, want := range map[string][2]int{
		"default": {18, 38}, "queue cloudwatch live": {19, 39}, "queue cloudwatch,datadog live": {39, 79},
		"queue splunk live":      {20, 41},
		"lambda cloudwatch live": {20, 31}, "rule datadog live": {9, 10}, "cloudwatch with auditor": {23, 45},
	} {
		alarms, read := Alarms(stacks()[name]), 0
		for _, a := range alarms {
			read += metrics(a)
		}
		if got := [2]int{len(alarms), read}; got != want {
			t.Errorf("%s: %d alarms that read %d metrics, want %v", name, got[0], got[1], want)
		}
	}
}
