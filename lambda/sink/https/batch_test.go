package https_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

var update = flag.Bool("update", false, "write the golden files")

// recorded is a client that keeps the last request and its body, decompressed.
type recorded struct {
	head string
	body []byte
}

func (c *recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	if c.body, err = io.ReadAll(z); err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, r.Header.Get(name))
	}
	c.head = b.String()
	return &http.Response{StatusCode: 503, Body: http.NoBody, Header: http.Header{}}, nil
}

// The exact bytes of one batch of each preset, made of real events by the pipeline.
func TestTheBytesOfABatch(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/benchmark.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitN(text, []byte("\n"), 4)[:3]
	for name, open := range targets() {
		d := open()
		format := pipeline.Raw
		if name == "datadog" {
			format = pipeline.Datadog
		}
		p := pipeline.New(pipeline.Config{Format: format, Datadog: datadog.Settings{}, Org: "example"})
		var list []sink.Record
		for _, line := range lines {
			out := p.Process(nil, line, func(r *pipeline.Record) {
				if r.Fault != nil {
					t.Fatal(r.Fault)
				}
				list = append(list, sink.Record{UUID: r.UUID, TimeMS: r.PublishedMS})
			})
			list[len(list)-1].Line = out
		}
		d.config.Endpoint, d.config.Index = "https://destination.example", "okta"
		// Two hours after the last event: all times are kept but the one that is old.
		last := slices.MaxFunc(list, func(a, b sink.Record) int { return int(a.TimeMS - b.TimeMS) }).TimeMS
		d.config.Now = func() time.Time { return time.UnixMilli(last).Add(2 * time.Hour) }
		list[0].TimeMS = last - (20 * time.Hour).Milliseconds()
		var c recorded
		d.config.Client = &http.Client{Transport: &c}
		s, err := https.New(d.config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := deliver(t.Context(), s, list); sink.KindOf(err) != sink.Transient {
			t.Fatal(err)
		}
		got := c.head + "\n" + string(c.body) + "\n"
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, want)
		}
	}
}

// No batch that Cut makes has more bytes or records than the preset's limits, and none
// is cut where the next record would fit.
func TestBatchesKeepTheLimits(t *testing.T) {
	for _, p := range https.Presets() {
		open := targets()[p.Name]
		rapid.Check(t, func(t *rapid.T) {
			sizes := rapid.SliceOfN(rapid.IntRange(2, 300_000), 1, 30).Draw(t, "sizes")
			old := rapid.Bool().Draw(t, "old")
			list := make([]sink.Record, len(sizes))
			for i, size := range sizes {
				list[i] = sink.Record{
					Line:   fmt.Appendf(nil, `{"uuid":"u","ddsource":"okta","p":%q}`, strings.Repeat("x", size)),
					TimeMS: time.Now().UnixMilli(),
				}
				if old {
					list[i].TimeMS = 0
				}
			}
			d := open()
			var c recorded
			d.config.Endpoint, d.config.Client = "https://destination.example", &http.Client{Transport: &c}
			s, err := https.New(d.config)
			if err != nil {
				t.Fatal(err)
			}
			limit := map[string]int{
				"splunk": 1_000_000, "datadog": 5_000_000, "elastic": 1_000_000, "opensearch": 1_000_000,
			}[p.Name]
			for n, batch := range s.Cut(list) {
				part := make([]sink.Record, len(batch))
				for k, i := range batch {
					part[k] = list[i]
				}
				_, _ = deliver(t.Context(), s, part)
				if len(c.body) > limit || len(batch) > 1000 {
					t.Fatalf("batch %d has %d records and %d bytes", n, len(batch), len(c.body))
				}
			}
		})
	}
}

// A log that Datadog would drop for its age gets the current time.
func TestDatadogsRuleOfAge(t *testing.T) {
	for age, want := range map[time.Duration]bool{
		0: false, 17 * time.Hour: false, 17*time.Hour + 30*time.Minute: false, 17*time.Hour + 45*time.Minute: true,
		18*time.Hour + time.Second: true, 1000 * time.Hour: true, -time.Hour: false, -2*time.Hour - time.Second: true,
	} {
		d := datadogTarget()
		s, _ := d.start(t, nil)
		at := time.Now().Add(-age)
		date := at.UTC().Format(eventbridge.TimeLayout)
		r := sink.Record{TimeMS: at.UnixMilli(), Line: fmt.Appendf(nil, `{"uuid":"u","published":%q,"date":%q}`, date, date)}
		answers, err := deliver(t.Context(), s, []sink.Record{r})
		if err != nil || states(answers) != "a" || answers[0].Restamped != want {
			t.Fatalf("%v: %+v, %v", age, answers, err)
		}
		var log struct {
			Date string
			Okta map[string]string
		}
		if err := json.Unmarshal(d.arrived()[0], &log); err != nil {
			t.Fatal(err)
		}
		if (log.Date != date) != want || (log.Okta["published_original"] == date) != want {
			t.Errorf("%v: %+v", age, log)
		}
	}
}

// What is too long for Datadog is sent as the event's own bytes, or is dead.
func TestTooLongForDatadog(t *testing.T) {
	long := strings.Repeat("x", eventbridge.MaxLogBytes)
	raw := []byte(`{"uuid":"u","eventType":"a.b","published":"2026-11-22T11:59:00.000Z"}`)
	list := records(3)
	list[0].Line, list[0].Raw = []byte(`{"uuid":"u","p":"`+long+`"}`), raw
	list[1].Line, list[1].Raw = list[0].Line, list[0].Line
	d := datadogTarget()
	s, _ := d.start(t, nil)
	answers, err := deliver(t.Context(), s, list)
	if err != nil || states(answers) != "ada" || !answers[0].FallbackRaw || answers[1].Reason != "too_large" {
		t.Errorf("%s, %+v, %v", states(answers), answers, err)
	}
	if len(d.arrived()) != 2 || !bytes.Contains(d.arrived()[0], []byte(`"ddsource":"okta"`)) {
		t.Errorf("%d logs", len(d.arrived()))
	}
	s, calls := d.start(t, nil)
	if answers, err := deliver(t.Context(), s, list[1:2]); err != nil || states(answers) != "d" || calls.Load() != 0 {
		t.Errorf("%s in %d calls, %v", states(answers), calls.Load(), err)
	}
}
