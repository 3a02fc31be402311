package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/infra/settings"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/archive"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// TestSizes measures, over the events of testdata, what the code takes an event to
// be: as Okta writes it, in EventBridge's envelope, and as the function delivers it
// in its own format.
func TestSizes(t *testing.T) {
	all := details(t)
	raw, enveloped := 0, 0
	for _, detail := range all {
		raw += len(detail)
		enveloped += len(envelopeOf(detail))
	}
	mean := func(total int) float64 { return float64(total) / float64(len(all)) }
	about(t, "rawBytes", quantity("rawBytes"), mean(raw), 0.02)
	about(t, "envelopeBytes", quantity("envelopeBytes"), mean(enveloped), 0.02)
	for d, inCode := range map[config.Destination]float64{config.CloudWatch: quantity("ocsfBytes"), config.Datadog: quantity("datadogBytes")} {
		to := &taking{}
		h := function(t, d, &sink.Loop{Sink: to}, &bytes.Buffer{})
		if _, err := h.Invoke(t.Context(), payload(t, all)); err != nil {
			t.Fatal(err)
		}
		if to.records != len(all) {
			t.Fatalf("%d of %d events delivered", to.records, len(all))
		}
		about(t, "bytes delivered to "+string(d), inCode, mean(to.bytes), 0.02)
	}
}

// objects counts what is put.
type objects struct{ objects, bytes int }

func (o *objects) Put(_ context.Context, _ string, body []byte) error {
	o.objects++
	o.bytes += len(body)
	return nil
}

// TestObjects sends batches through the function and the real sink of the archive: each is
// one object, which shrinks more than the code takes it to.
func TestObjects(t *testing.T) {
	all := details(t)
	for n, inCode := range map[int]float64{20: quantity("corpusFactor20"), len(all): quantity("corpusFactorAll")} {
		to := &objects{}
		s := archive.New(to, archive.Config{Now: func() time.Time { return now(t) }})
		h := function(t, config.Archive, &sink.Loop{Sink: s}, &bytes.Buffer{})
		batches, enveloped := 0, 0
		for start := 0; start+n <= len(all); start += n {
			if _, err := h.Invoke(t.Context(), payload(t, all[start:start+n])); err != nil {
				t.Fatal(err)
			}
			batches++
			for _, detail := range all[start : start+n] {
				enveloped += len(envelopeOf(detail))
			}
		}
		factor := float64(enveloped) / float64(to.bytes)
		about(t, fmt.Sprintf("the factor of %d events an object", n), inCode, factor, 0.03)
		if to.objects != batches || factor < 1.3*quantity("gzipFactor") {
			t.Errorf("%d objects of %d batches of %d events, %.1f times smaller; quantities.csv says %g", to.objects, batches, n,
				factor, quantity("gzipFactor"))
		}
	}
}

// TestOwnLog measures what the function writes to its own log, for batches small
// and full, and which metrics CloudWatch makes of it.
func TestOwnLog(t *testing.T) {
	all := details(t)
	for _, n := range []int{1, 12, 100} {
		var out bytes.Buffer
		h := function(t, config.CloudWatch, &sink.Loop{Sink: &taking{}}, &out)
		if _, err := h.Invoke(t.Context(), payload(t, all[:n])); err != nil {
			t.Fatal(err)
		}
		about(t, "bytes of log of an invocation", quantity("logBytesAnInvocation")+float64(n)*quantity("logBytesAnEvent"),
			float64(out.Len()), 0.05)
		if n == 100 {
			if got := float64(len(metricNames(t, out.Bytes()))); got != quantity("ledgerMetrics") {
				t.Errorf("the function writes %g metrics and quantities.csv says %g", got, quantity("ledgerMetrics"))
			}
		}
	}
}

// platformLines are what Lambda itself writes into that log for each invocation (Lambda developer guide, "Working with
// function logs", 2026-11; log format text).
const platformLines = "START RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189 Version: $LATEST\n" +
	"END RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189\n" +
	"REPORT RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189\tDuration: 134.56 ms\tBilled Duration: 135 ms\t" +
	"Memory Size: 256 MB\tMax Memory Used: 48 MB\t\n"

func TestPlatformLines(t *testing.T) {
	near(t, "bytes", quantity("platformBytes"), float64(len(platformLines)), 0)
	near(t, "lines", quantity("platformLines"), float64(strings.Count(platformLines, "\n")), 0)
}

// metricNames are the names of all metrics in lines of the embedded metric format.
func metricNames(t *testing.T, log []byte) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for line := range bytes.Lines(log) {
		var document struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if err := json.Unmarshal(line, &document); err != nil {
			t.Fatal(err)
		}
		for _, directive := range document.AWS.CloudWatchMetrics {
			if len(directive.Dimensions) != 1 {
				t.Errorf("%d sets of dimensions: each set is a metric of its own", len(directive.Dimensions))
			}
			for _, m := range directive.Metrics {
				names[m.Name] = true
			}
		}
	}
	return names
}

// bus counts what PutEvents is charged for.
type bus struct{ entries, chunks int }

func (b *bus) PutEvents(_ context.Context, in *awseventbridge.PutEventsInput,
	_ ...func(*awseventbridge.Options)) (*awseventbridge.PutEventsOutput, error) {
	out := &awseventbridge.PutEventsOutput{Entries: make([]types.PutEventsResultEntry, len(in.Entries))}
	for i, e := range in.Entries {
		out.Entries[i].EventId = aws.String("e")
		b.entries++
		b.chunks += (len(*e.Detail) + len(*e.DetailType) + len(*e.Source) + 65_535) / 65_536
	}
	return out, nil
}

// TestPacking sends batches of each size through the function and the real sink of
// Datadog's, and compares the entries and their chunks of 64 KB with what the
// code's arithmetic says of an average batch.
func TestPacking(t *testing.T) {
	all := details(t)
	set := settings.Default().Datadog
	for _, n := range []int{2, 12, 50, 100} {
		b := &bus{}
		s := eventbridge.New(b, eventbridge.Config{Bus: "delivery", Pipeline: "oktastream-datadog", Format: "datadog",
			PackBytes: set.PackBytes,
			Now:       func() time.Time { return now(t) }})
		h := function(t, config.Datadog, &sink.Loop{Sink: s}, &bytes.Buffer{})
		batches := 0
		for start := 0; start+n <= len(all); start += n {
			if _, err := h.Invoke(t.Context(), payload(t, all[start:start+n])); err != nil {
				t.Fatal(err)
			}
			batches++
		}
		pack := packOf(float64(n), quantity("datadogBytes"), float64(set.PackBytes))
		about(t, "entries of a batch", pack.entries, float64(b.entries)/float64(batches), 0.01)
		about(t, "chunks of a batch", pack.chunks, float64(b.chunks)/float64(batches), 0.15)
	}
}
