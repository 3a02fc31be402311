package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// namespace is that of all metrics.
const namespace = "oktastream"

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

// WriteMetrics writes the ledger and the lags of one invocation. A replay has a
// dimension of its own, so that graphs and alarms of what comes from Okta do not
// count what is replayed.
func WriteMetrics(out io.Writer, pipeline string, replay bool, at time.Time, l Ledger, lagMS []int64) error {
	dimensions := map[string]any{"pipeline": pipeline}
	names := []string{"pipeline"}
	if replay {
		dimensions["origin"] = "replay"
		names = append(names, "origin")
	}
	values := map[string]any{}
	var metrics []metric
	for _, w := range words {
		metrics = append(metrics, metric{w.name, w.unit})
		values[w.name] = *w.of(&l)
	}
	for first := true; first || len(lagMS) > 0; first = false {
		if n := min(len(lagMS), maxValues); n > 0 {
			metrics = append(metrics, metric{"lag_ms", "Milliseconds"})
			values["lag_ms"] = lagMS[:n]
			lagMS = lagMS[n:]
		}
		document := map[string]any{"_aws": header{at.UnixMilli(), []directive{{namespace, [][]string{names}, metrics}}}}
		for _, m := range []map[string]any{dimensions, values} {
			for key, value := range m {
				document[key] = value
			}
		}
		line, err := json.Marshal(document)
		if err != nil {
			return fmt.Errorf("write the metrics of an invocation: %w", err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write the metrics of an invocation: %w", err)
		}
		metrics, values = nil, map[string]any{}
	}
	return nil
}
