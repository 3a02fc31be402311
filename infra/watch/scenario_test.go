package watch

import (
	"slices"
	"testing"
)

// TestDatadogSays401Then429ThenIsSlowForAnHour simulates EventBridge's API
// destination through an outage of Datadog and evaluates the alarms' own
// expressions on the metrics that EventBridge would have counted. A batch comes
// every minute; EventBridge waits 5 s for an answer, repeats with exponential
// back-off, and gives up after 8 h.
func TestDatadogSays401Then429ThenIsSlowForAnHour(t *testing.T) {
	status := func(second int) int {
		switch minute := second / 60; {
		case minute < 30:
			return 202
		case minute < 50:
			return 401
		case minute < 70:
			return 429
		case minute < 130:
			return 0 // no answer in 5 s
		}
		return 202
	}
	const minutes = 180
	retries, failed := make(series, minutes*60), make(series, minutes*60)
	for begun := 0; begun < minutes*60; begun += 60 {
		for at, wait := begun, 1; at < minutes*60 && status(at) != 202; wait = min(2*wait, 600) {
			if at-begun > 8*3600 {
				failed[at]++
				break
			}
			if at += wait; at < minutes*60 {
				retries[at]++
			}
		}
	}
	// In periods of 300 s, without a point where the counter is zero.
	points := func(counted series) series {
		var all series
		for period := range slices.Chunk(counted, 300) {
			sum := 0.0
			for _, n := range period {
				sum += n
			}
			if sum == 0 {
				sum = missing()
			}
			all = append(all, sum)
		}
		return all
	}
	data := map[string]series{"RetryInvocationAttempts": points(retries), "FailedInvocations": points(failed)}
	at := func(kindOf string, minute int) bool {
		a := kind(t, kindOf)
		end := minute / 5
		return fires(t, a, func(m *Metric) series { return data[m.Name][end-a.Periods : end] }, a.Periods)
	}
	for _, c := range []struct {
		minute int
		want   bool
	}{{30, false}, {40, false}, {45, true}, {60, true}, {75, true}, {100, true}, {130, true}, {160, false}, {180, false}} {
		if got := at("delivery-retrying", c.minute); got != c.want {
			t.Errorf("minute %d: delivery-retrying fires %v, want %v", c.minute, got, c.want)
		}
		if at("delivery-failed", c.minute) {
			t.Errorf("minute %d: delivery-failed fires, although nothing was given up", c.minute)
		}
	}
}
