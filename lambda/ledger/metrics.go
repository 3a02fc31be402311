package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// namespace is the namespace of all metrics.
const namespace = "oktastream"

// maxValues is the maximum number of values in an array of one metric in one document (Embedded
// metric format specification, "MetricDatum", 2026-11).
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

// Origin is where the records of a ledger come from: the value of the dimension origin.
type Origin string

// The origins.
const (
	Live     Origin = ""         // Okta streamed them; there is no dimension
	Replay   Origin = "replay"   // a person replayed dead letters
	Backfill Origin = "backfill" // a person read them from Okta's System Log API
)

// NotFromRule is the metric of the records that the function received by replays and backfills, not
// from the rule. Its only dimension is pipeline, because the alarm that compares AWS's counters has
// no room for a metric of each origin.
const NotFromRule = "not_from_rule"

// WriteMetrics writes the ledger and the lags of one invocation. Origins other than Live have the
// dimension origin, so that graphs and alarms about events that Okta streams do not include replays
// and backfills.
func WriteMetrics(out io.Writer, pipeline string, origin Origin, at time.Time, l Ledger, lagMS []int64) error {
	dimensions := map[string]any{"pipeline": pipeline}
	names := []string{"pipeline"}
	values := map[string]any{}
	var metrics []metric
	var more []directive
	if origin != Live {
		dimensions["origin"] = origin
		names = append(names, "origin")
		more = []directive{{namespace, [][]string{{"pipeline"}}, []metric{{NotFromRule, "Count"}}}}
		values[NotFromRule] = l.Received
	}
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
		directives := append([]directive{{namespace, [][]string{names}, metrics}}, more...)
		document := map[string]any{"_aws": header{at.UnixMilli(), directives}}
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
		metrics, more, values = nil, nil, map[string]any{}
	}
	return nil
}
