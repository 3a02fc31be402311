package eventbridge

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// DESIGN §4, too old for Datadog; peers.md §1.6 row 14: nobody's replay knows of
// the 18 hours. The real records, in every format.
func TestTooOldForDatadogIsRestamped(t *testing.T) {
	for format, original := range map[pipeline.Format]bool{pipeline.Datadog: true, pipeline.OCSF: false, pipeline.Raw: false} {
		batch := normalised(t, format)
		for i := range batch {
			batch[i].TimeMS = testNow.Add(-maxAge - time.Millisecond).UnixMilli()
		}
		b := newBus(t)
		answers, err := deliver(New(b, config(string(format))), batch)
		if err != nil || states(answers)[sink.Accepted] != len(batch) {
			t.Fatal(states(answers), err)
		}
		for i, log := range b.logs() {
			was, is := sinktest.Members(t, batch[i].Line), sinktest.Members(t, log)
			if !answers[i].Restamped || answers[i].Bytes != len(log) || is["date"] != "2026-11-22T12:00:00.123Z" {
				t.Errorf("%s: %+v, date %v", batch[i].UUID, answers[i], is["date"])
			}
			if !original {
				if is["published"] != was["published"] {
					t.Errorf("%s: published %v", batch[i].UUID, is["published"])
				}
				continue
			}
			if is["published"] != is["date"] || is["okta"].(map[string]any)["published_original"] != was["published"] {
				t.Errorf("%s: published %v, okta %v", batch[i].UUID, is["published"], is["okta"])
			}
		}
		var detail struct {
			Batch struct{ Count, Restamped int }
		}
		for _, e := range b.accepted {
			if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil || detail.Batch.Restamped != detail.Batch.Count {
				t.Errorf("batch %+v, %v", detail.Batch, err)
			}
		}
	}
}

// The layout is events/datadog's own.
func TestDateLayout(t *testing.T) {
	for _, r := range normalised(t, pipeline.Datadog) {
		date, _ := sinktest.Members(t, r.Line)["date"].(string)
		if at, err := time.Parse(TimeLayout, date); err != nil || at.Format(TimeLayout) != date {
			t.Errorf("%s: date %q, %v", r.UUID, date, err)
		}
	}
}

func TestWhatIsRestamped(t *testing.T) {
	for name, tc := range map[string]struct {
		at   time.Time
		want bool
	}{
		"now":                 {testNow, false},
		"6 h":                 {testNow.Add(-6 * time.Hour), false},
		"more than 6 h":       {testNow.Add(-6*time.Hour - time.Millisecond), true},
		"2 h ahead":           {testNow.Add(2 * time.Hour).Truncate(time.Millisecond), false},
		"more than 2 h ahead": {testNow.Add(2*time.Hour + time.Millisecond), true},
		"no time":             {time.UnixMilli(0), true},
		"before all time":     {time.UnixMilli(-1 << 62), true},
		"after all time":      {time.UnixMilli(1 << 62), true},
	} {
		b := newBus(t)
		r := record(0, 100)
		r.TimeMS = tc.at.UnixMilli()
		if r.TimeMS%1000 == 123 && tc.at.Before(testNow) && !tc.want {
			r.TimeMS++ // testNow has more than milliseconds; a record has not
		}
		answers, err := deliver(New(b, config("raw")), []sink.Record{r})
		if err != nil || answers[0].State != sink.Accepted || answers[0].Restamped != tc.want ||
			bytes.Contains(b.logs()[0], []byte(`"date"`)) != tc.want {
			t.Errorf("%s: %+v, %v", name, answers, err)
		}
	}
}

// What cannot be given a time would be dropped without a word.
func TestWhatCannotBeRestampedIsDead(t *testing.T) {
	b := newBus(t)
	batch := records(2, 100)
	batch[0].Line, batch[0].TimeMS = []byte(`{"who":"`+canary+`"x}`), 0
	answers, err := deliver(New(b, config("datadog")), batch)
	if err != nil || answers[0].State != sink.Dead || answers[0].Reason != "refused" ||
		answers[1].State != sink.Accepted ||
		strings.Contains(answers[0].Detail, "canary") {
		t.Errorf("%+v, %v", answers, err)
	}
}
