package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

type document struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
}

func write(t *testing.T, origin Origin, l Ledger, lag []int64) (documents []document, values []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteMetrics(&b, "okta-cloudwatch", origin, time.UnixMilli(1788257472345), l, lag); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		var d document
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		documents, values = append(documents, d), append(values, v)
	}
	return documents, values
}

func TestEveryWordOfTheLedgerIsAMetric(t *testing.T) {
	var l Ledger
	fields := reflect.ValueOf(&l).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetInt(int64(i + 1))
	}
	documents, values := write(t, Live, l, nil)
	if len(documents) != 1 {
		t.Fatalf("%d documents", len(documents))
	}
	directive := documents[0].AWS.CloudWatchMetrics[0]
	if directive.Namespace != "oktastream" || fmt.Sprint(directive.Dimensions) != "[[pipeline]]" || values[0]["pipeline"] != "okta-cloudwatch" ||
		documents[0].AWS.Timestamp != 1788257472345 {
		t.Errorf("%+v", documents[0])
	}
	names := map[string]string{}
	for _, m := range directive.Metrics {
		names[m.Name] = m.Unit
	}
	var keys map[string]float64
	if err := json.Unmarshal(l.JSON(), &keys); err != nil {
		t.Fatal(err)
	}
	for key, value := range keys {
		unit := "Count"
		if strings.HasPrefix(key, "bytes_") {
			unit = "Bytes"
		}
		if names[key] != unit || values[0][key] != value {
			t.Errorf("%s: unit %q, value %v, want %s, %v", key, names[key], values[0][key], unit, value)
		}
	}
	if len(names) != len(keys) {
		t.Errorf("%d metrics for %d words", len(names), len(keys))
	}
}

// An EMF array holds 100 values at most, so lag for 1,000 events is ten
// documents, and the ledger is counted once.
func TestLagComesInArraysOf100(t *testing.T) {
	lag := make([]int64, 1000)
	for i := range lag {
		lag[i] = int64(i)
	}
	documents, values := write(t, Live, Ledger{Received: 1000, Delivered: 1000}, lag)
	if len(documents) != 10 {
		t.Fatalf("%d documents", len(documents))
	}
	next := 0.0
	for i, v := range values {
		list := v["lag_ms"].([]any)
		if len(list) != 100 {
			t.Errorf("document %d holds %d values", i, len(list))
		}
		for _, value := range list {
			if value != next {
				t.Fatalf("%v, want %v", value, next)
			}
			next++
		}
		if _, counted := v["received"]; counted != (i == 0) {
			t.Errorf("document %d counts the ledger: %v", i, counted)
		}
	}
}

// Replayed and backfilled records count under [pipeline, origin], and under [pipeline] only once,
// as NotFromRule.
func TestEveryOriginButLiveHasItsOwnDimension(t *testing.T) {
	for _, origin := range []Origin{Replay, Backfill} {
		documents, values := write(t, origin, Ledger{Received: 3}, make([]int64, 150))
		if len(documents) != 2 {
			t.Fatalf("%d documents", len(documents))
		}
		for i, d := range documents {
			own := d.AWS.CloudWatchMetrics[0]
			if got := fmt.Sprint(own.Dimensions); got != "[[pipeline origin]]" || values[i]["origin"] != string(origin) {
				t.Errorf("%s, %v: %s must not count under [pipeline]", got, values[i]["origin"], origin)
			}
			more := d.AWS.CloudWatchMetrics[1:]
			if i > 0 {
				if len(more) > 0 || values[i][NotFromRule] != nil {
					t.Errorf("document %d counts %s again", i, NotFromRule)
				}
				continue
			}
			if len(more) != 1 || fmt.Sprint(more[0].Dimensions) != "[[pipeline]]" || len(more[0].Metrics) != 1 ||
				more[0].Metrics[0].Name != NotFromRule || values[i][NotFromRule] != 3.0 {
				t.Errorf("%s: %+v, %v", origin, more, values[i][NotFromRule])
			}
		}
	}
	if _, values := write(t, Live, Ledger{Received: 3}, nil); values[0][NotFromRule] != nil {
		t.Error("what Okta streams counts as not from the rule")
	}
}
