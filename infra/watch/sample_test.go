package watch

import "strings"

// sample is a metric of the simulated night in n periods of so many minutes, made
// up where the simulation has none.
func (m *minuteMetrics) sample(metric *Metric, minutes, n int) series {
	result := make(series, n)
	for i := range result {
		from, to := i*minutes, min((i+1)*minutes, len(m.matched))
		total := func(list []float64) float64 {
			sum := 0.0
			for _, v := range list[from:to] {
				sum += v
			}
			return sum
		}
		gauge := func(list []float64) float64 {
			low, high := list[from], list[from]
			for _, v := range list[from:to] {
				low, high = min(low, v), max(high, v)
			}
			if metric.Stat == "Minimum" {
				return low
			}
			return high
		}
		deleted, matched, held := total(m.deleted), total(m.matched), gauge(m.flying)
		outage := truth(held > 300)
		last := metric.Dimensions[len(metric.Dimensions)-1].Value
		made := map[string]float64{
			"MatchedEvents": matched, "NumberOfMessagesDeleted": deleted, "InvocationsSentToDlq": total(m.deadLettered),
			"FailedInvocations":            total(m.deadLettered),
			"SuccessfulInvocationAttempts": matched - total(m.deadLettered), "RetryInvocationAttempts": 30 * outage,
			waiting: gauge(m.waiting), inFlight: held, oldest: 5 + 700*outage,
			"delivered": deleted, "accepted_by_eventbridge": deleted, "duplicate": deleted / 90,
			"returned":               held * float64(minutes*60) / visibility * outage,
			"lag_ms":                 3_000 + 900_000*outage*truth(deleted > 0),
			"FailedInvokeEventCount": held * float64(minutes*60) / visibility * outage,
			"bytes_in":               deleted * 1900, "bytes_out": deleted * 2700, "IncomingBytes": deleted * 2726,
			"Invocations": 12 * float64(minutes),
			"Duration":    240 + 52_000*outage, "ConcurrentExecutions": 2 + 8*outage, "unknown_type": truth(i%37 == 5),
			"IngestionToInvocationSuccessLatency": 450, "restamped": 20 * outage * truth(deleted > 0),
		}
		result[i] = made[metric.Name]
		switch {
		case metric.Name == waiting && strings.Contains(last, "Dead"):
			result[i] = truth(total(m.deadLettered) > 0 || i > n/4) * 7
		case metric.Name == waiting && strings.Contains(last, "Redrive"):
			result[i] = gauge(m.spent)
		case strings.HasSuffix(last, "-log-stream") || last == "replay":
			result[i] = missing()
		case metric.Stat == "p99" || metric.Stat == "Maximum" && metric.Name == "Duration":
			result[i] *= 1.7
		}
	}
	return result
}
