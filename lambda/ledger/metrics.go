package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Namespace is that of all metrics.
const Namespace = "oktastream"

// maxValues is how many values an array of one metric may hold in one document
// (Embedded metric format specification, "MetricDatum", 2026-11).
const maxValues = 100

type metric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

type directive struct {
	Namespace  string     `json:"Namespace"`
	Dimensions [][]string `json:"Dimensions"`
	Metrics    []metric   `json:"Metrics"`
}

type header struct {
	Timestamp         int64       `json:"Timestamp"`
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

// words are the metrics of the ledger with their units, in the ledger's order.
func words(l Ledger) []struct {
	metric
	value int64
} {
	type word = struct {
		metric
		value int64
	}
	count := func(name string, n int64) word { return word{metric{name, "Count"}, n} }
	return []word{
		count("received", l.Received), count("delivered", l.Delivered), count("accepted_by_eventbridge", l.AcceptedByEventBridge),
		count("duplicate", l.Duplicate), count("filtered", l.Filtered), count("returned", l.Returned),
		count("exhausted", l.Exhausted), count("dead", l.Dead),
		count("unknown_type", l.UnknownType), count("conflict", l.Conflict), count("restamped", l.Restamped),
		count("dead_letter_failed", l.DeadLetterFailed), count("fallback_raw", l.FallbackRaw),
		{metric{"bytes_in", "Bytes"}, l.BytesIn}, {metric{"bytes_out", "Bytes"}, l.BytesOut}, count("batches", l.Batches),
		count("stream_changed", l.StreamChanged),
	}
}

// WriteMetrics writes the ledger and the lags of one invocation. A replay has a
// dimension of its own and none of the pipeline's, so that graphs and alarms of
// what comes from Okta are not those of what somebody brings back.
func WriteMetrics(w io.Writer, pipeline string, replay bool, at time.Time, l Ledger, lagMS []int64) error {
	dimensions := map[string]any{"pipeline": pipeline}
	names := []string{"pipeline"}
	if replay {
		dimensions["origin"] = "replay"
		names = append(names, "origin")
	}
	values := map[string]any{}
	var metrics []metric
	for _, word := range words(l) {
		metrics = append(metrics, word.metric)
		values[word.Name] = word.value
	}
	for first := true; first || len(lagMS) > 0; first = false {
		if n := min(len(lagMS), maxValues); n > 0 {
			metrics = append(metrics, metric{"lag_ms", "Milliseconds"})
			values["lag_ms"] = lagMS[:n]
			lagMS = lagMS[n:]
		}
		document := map[string]any{"_aws": header{at.UnixMilli(), []directive{{Namespace, [][]string{names}, metrics}}}}
		for _, m := range []map[string]any{dimensions, values} {
			for key, value := range m {
				document[key] = value
			}
		}
		line, err := json.Marshal(document)
		if err != nil {
			return fmt.Errorf("write the metrics of an invocation: %w", err)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write the metrics of an invocation: %w", err)
		}
		metrics, values = nil, map[string]any{}
	}
	return nil
}
