package watch

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func each(t *testing.T, f func(t *testing.T, s Stack, a Alarm)) {
	t.Helper()
	for name, s := range stacks() {
		t.Run(name, func(t *testing.T) {
			for _, a := range Alarms(s) {
				f(t, s, a)
			}
		})
	}
}

var ascii = regexp.MustCompile(`^[a-zA-Z0-9-]{1,255}$`)

func TestNamesAreUniqueAndWithinTheLimit(t *testing.T) {
	for name, s := range stacks() {
		seen := map[string]bool{}
		for _, a := range Alarms(s) {
			if seen[a.Name] || !ascii.MatchString(a.Name) || !strings.HasSuffix(a.Name, "-"+a.Kind) ||
				!strings.HasPrefix(a.Name, s.Name) {
				t.Errorf("%s: name %q of %s", name, a.Name, a.Kind)
			}
			seen[a.Name] = true
		}
	}
}

var sentence = regexp.MustCompile(`^[A-Z][^\n]+\.$`)

func TestEveryAlarmSaysWhatHappenedAndWhatToDoFirst(t *testing.T) {
	each(t, func(t *testing.T, s Stack, a Alarm) {
		if !sentence.MatchString(a.Happened) || !sentence.MatchString(a.Means) || len(a.Do) == 0 ||
			strings.Contains(a.Description(), "{") {
			t.Errorf("%s: %q %q %q", a.Name, a.Happened, a.Means, a.Do)
		}
		if !slices.Contains([]string{notBreaching, breaching, ignore}, a.Missing) || len(a.WhyMissing) < 20 ||
			strings.HasSuffix(a.WhyMissing, ".") {
			t.Errorf("%s: missing data is %q, because %q", a.Name, a.Missing, a.WhyMissing)
		}
		d := a.Description()
		for _, part := range append([]string{a.Happened, a.Means, a.Missing, a.WhyMissing}, a.Do...) {
			if !strings.Contains(d, part) {
				t.Errorf("%s: the description lacks %q", a.Name, part)
			}
		}
		// CloudWatch's limit is for characters; a token would be longer than it looks.
		if n := len([]rune(d)); n > 1024 || strings.Contains(d, "Token[") {
			t.Errorf("%s: the description has %d characters: %s", a.Name, n, d)
		}
	})
}

// metrics is how many metrics an alarm reads, which AWS charges for ("Amazon
// CloudWatch pricing", alarm metrics, 2026-11).
func metrics(a Alarm) int {
	n := 0
	for _, q := range a.Queries {
		if q.Metric != nil {
			n++
		}
	}
	return n
}

func TestEveryMetricExists(t *testing.T) {
	list := known(t)
	each(t, func(t *testing.T, s Stack, a Alarm) {
		for _, q := range a.Queries {
			if q.Metric == nil {
				continue
			}
			if fault := check(list, q.Metric.Namespace, q.Metric.Name, q.Metric.Dimensions); fault != "" {
				t.Errorf("%s: %s", a.Name, fault)
			}
			if !slices.Contains([]string{"Sum", "Minimum", "Maximum", "p99"}, q.Metric.Stat) {
				t.Errorf("%s: statistic %q", a.Name, q.Metric.Stat)
			}
		}
	})
}

var id = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Limits of PutMetricAlarm and of MetricDataQuery (CloudWatch API Reference,
// 2026-11), and of wall clock windows ("Alarm evaluation window", 2026-11).
func TestAlarmsAreWithinCloudWatchsLimits(t *testing.T) {
	each(t, func(t *testing.T, s Stack, a Alarm) {
		expressions, returned := 0, 0
		for _, q := range a.Queries {
			if (q.Metric == nil) == (q.Expression == "") || !id.MatchString(q.ID) || len(q.Expression) > 1024 {
				t.Errorf("%s: line %q: %q, %d characters", a.Name, q.ID, q.Expression, len(q.Expression))
			}
			if q.Metric == nil {
				expressions++
			}
			if q.Return {
				returned++
			}
		}
		if metrics(a) < 1 || metrics(a) > 10 || expressions > 10 || returned != 1 {
			t.Errorf("%s: %d metrics, %d expressions, %d returned", a.Name, metrics(a), expressions, returned)
		}
		limit := 24 * 3600
		if a.PeriodSeconds >= 3600 {
			limit *= 7
		}
		if a.PeriodSeconds%60 != 0 || a.PeriodSeconds < 60 || a.PeriodSeconds*a.Periods > limit || a.ToAlarm < 1 ||
			a.ToAlarm > a.Periods {
			t.Errorf("%s: %d of %d periods of %d s", a.Name, a.ToAlarm, a.Periods, a.PeriodSeconds)
		}
		if a.Clock != "" && !slices.Contains([]int{60, 300, 3600, 86400, 604800}, a.PeriodSeconds) {
			t.Errorf("%s: no wall clock window has periods of %d s", a.Name, a.PeriodSeconds)
		}
		if !slices.Contains([]string{atLeast, moreThan, lessThan}, a.Comparison) {
			t.Errorf("%s: %s", a.Name, a.Comparison)
		}
		// Each expression must be one that the evaluator, which is strict, understands.
		for _, r := range readings() {
			if _, err := run(a.Queries, r, a.PeriodSeconds, 5, func(*Metric) series {
				return series{1, missing(), 3, 2,
					0}
			}); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
		}
	})
}

// fires reports whether an alarm is in ALARM when these are the newest values of
// its metrics. CloudWatch fetches more than the window; where it gets as many points
// as the window has periods, it takes the newest of them, and looks at how missing
// ones are to be taken only where it does not ("Configuring how CloudWatch alarms
// treat missing data", CloudWatch User Guide, 2026-11).
func fires(t *testing.T, a Alarm, data func(*Metric) series, length int) bool {
	t.Helper()
	result, err := run(a.Queries, readings()[0], a.PeriodSeconds, length, data)
	if err != nil {
		t.Fatal(err)
	}
	points := slices.DeleteFunc(slices.Clone(result), gone)
	points = points[max(len(points)-a.Periods, 0):]
	n := 0
	if a.Missing == breaching {
		n = a.Periods - len(points)
	}
	for _, v := range points {
		if a.Comparison == atLeast && v >= a.Threshold || a.Comparison == moreThan && v > a.Threshold ||
			a.Comparison == lessThan && v < a.Threshold {
			n++
		}
	}
	return n >= a.ToAlarm
}

// A single event that is lost or dead fires.
func TestASingleEventIsEnough(t *testing.T) {
	once := []string{"stream-changed", "rule-failed", "rule-lost", "delivery-failed", "delivery-lost",
		"dead-not-empty", "redrive-not-empty",
		"function-errors", "async-lost", "async-dropped", "dead-letter-failed", "exhausted", "conflict", "ledger-unbalanced",
		"destination-refuses-us", "gap", "gap-unfilled", "auditor-failing"}
	seen := map[string]bool{}
	for _, a := range kinds() {
		none := filled(a.Periods, missing())
		usual := none
		if a.Kind == "auditor-behind" {
			usual = filled(a.Periods, 0) // each run writes it
		}
		one := func(hit *Metric) func(*Metric) series {
			return func(m *Metric) series {
				if m == hit {
					return append(slices.Clone(usual[1:]), 1)
				}
				return none
			}
		}
		for _, q := range a.Queries {
			if q.Metric == nil {
				continue
			}
			if fires(t, a, one(q.Metric), a.Periods) != slices.Contains(once, a.Kind) {
				t.Errorf("%s with one %s: fires %v", a.Kind, q.Metric.Name, !slices.Contains(once, a.Kind))
			}
			seen[a.Kind] = true
		}
		if want := a.Kind == "silence" || a.Kind == "auditor-behind"; fires(t, a, steady(none), a.Periods) != want {
			t.Errorf("%s with no data at all: fires %v", a.Kind, !want)
		}
	}
	for _, kind := range once {
		if !seen[kind] {
			t.Errorf("no alarm %s", kind)
		}
	}
}
