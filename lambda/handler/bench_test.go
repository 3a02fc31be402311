package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/lambda/batch"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/deliver"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// counting accepts everything.
type counting struct{ records, bytes int }

func (c *counting) Deliver(_ context.Context, records []sink.Record, answers []sink.Answer) error {
	for i := range records {
		answers[i] = sink.Answer{State: sink.Accepted, Bytes: len(records[i].Line)}
		c.bytes += len(records[i].Line)
	}
	c.records += len(records)
	return nil
}

// payload is an SQS batch of n messages with the events of testdata, each in an
// envelope, as Lambda hands it to the function.
func payload(b *testing.B, n int) []byte {
	b.Helper()
	names, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(names) == 0 {
		b.Fatalf("no events in testdata: %v", err)
	}
	var details []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		detail := line.String()
		if inner := gjson.Get(detail, "detail"); inner.Exists() {
			detail = inner.Raw
		}
		details = append(details, detail)
	}
	messages := make([]string, n)
	for i := range messages {
		messages[i] = sqsMessage(fmt.Sprintf("m-%d", i), envelopeOf(details[i%len(details)]))
	}
	return []byte(`{"Records":[` + strings.Join(messages, ",") + `]}`)
}

// BenchmarkSQS drives the function's path on one core: an SQS batch in, records
// in batches of CloudWatch Logs' limits handed to a sink that only counts. Beside
// it, gjson.Valid over the same payload: reading JSON cannot be much cheaper.
func BenchmarkSQS(b *testing.B) {
	for _, n := range []int{100, 1000} {
		in := payload(b, n)
		report := func(b *testing.B) {
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "events/s")
		}
		for _, format := range []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw} {
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				var sink counting
				h := newBench(config.CloudWatch).Handler
				h.Config.Format = format
				h.Deliver = &deliver.Loop{Sink: &sink, Limits: batch.Limits{Bytes: 1 << 20, Records: 10_000, PerRecord: 26, SpanMS: 86_400_000, Sorted: true}}
				h.Metrics, h.Log, h.Now = io.Discard, slog.New(slog.DiscardHandler), time.Now
				b.ReportAllocs()
				b.SetBytes(int64(len(in)))
				for b.Loop() {
					if _, err := h.Invoke(b.Context(), in); err != nil {
						b.Fatal(err)
					}
				}
				report(b)
			})
		}
		b.Run(fmt.Sprintf("gjson.Valid/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if !gjson.ValidBytes(in) {
					b.Fatal("not JSON")
				}
			}
			report(b)
		})
	}
}
