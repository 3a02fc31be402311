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

func write(t *testing.T, replay bool, l Ledger, lag []int64) (documents []document, values []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteMetrics(&b, "okta-cloudwatch", replay, time.UnixMilli(1788257472345), l, lag); err != nil {
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
	documents, values := write(t, false, l, nil)
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
	documents, values := write(t, false, Ledger{Received: 1000, Delivered: 1000}, lag)
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

func TestAReplayHasItsOwnDimension(t *testing.T) {
	documents, values := write(t, true, Ledger{Received: 1}, []int64{5})
	if got := fmt.Sprint(documents[0].AWS.CloudWatchMetrics[0].Dimensions); got != "[[pipeline origin]]" || values[0]["origin"] != "replay" {
		t.Errorf("%s, %v: a replay must not count under [pipeline]", got, values[0]["origin"])
	}
}
