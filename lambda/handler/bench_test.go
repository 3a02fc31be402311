package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/cloudwatch"
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

// Cut cuts as the sink of CloudWatch Logs does.
func (c *counting) Cut(records []sink.Record) [][]int {
	return cloudwatch.New(nil, cloudwatch.Config{}).Cut(records)
}

// function is the function as it runs in Lambda, but for its destination, and
// for its log and metrics, which go nowhere.
func function(format pipeline.Format, to *counting) *Handler {
	h := newBench(config.CloudWatch).Handler
	h.Config.Format = format
	h.Deliver = &sink.Loop{Sink: to}
	h.Metrics, h.Log, h.Now = io.Discard, slog.New(slog.NewJSONHandler(io.Discard, nil)), time.Now
	return h
}

// subject is something that is measured.
type subject struct {
	name string
	run  func()
	took time.Duration
}

// measure runs it some times in a row, so that the garbage that another subject
// has left behind is a small part of it.
func (s *subject) measure(times int) {
	began := time.Now()
	for range times {
		s.run()
	}
	s.took += time.Since(began)
}

// BenchmarkSQS drives the function's path: an SQS batch in, records in batches
// of CloudWatch Logs' limits handed to a sink that only counts. It uses one core.
//
// What it is compared with takes turns with it, so that whatever else the machine
// does slows both. gjson.Valid goes over the same payload; nothing that reads JSON
// with care can be faster. typed is what a program does that knows the events'
// fields: aws-lambda-go's types and encoding/json to each event, which is read as
// a struct and written again. encoding/json is that last step of it alone, on
// events that are already cut out of their messages.
//
// t/gjson.Valid is the time as a multiple of the first's; typed/t and
// encoding/json/t are those of the others as multiples of ours.
func BenchmarkSQS(b *testing.B) {
	for _, n := range []int{100, 1000} {
		in := payload(b, n)
		var details [][]byte
		for i := range n {
			details = append(details, []byte(gjson.Get(gjson.GetBytes(in, fmt.Sprintf("Records.%d.body", i)).Str, "detail").Raw))
		}
		valid := func() {
			if !gjson.ValidBytes(in) {
				b.Fatal("not JSON")
			}
		}
		roundTrip := func() {
			for _, d := range details {
				var e typedEvent
				if err := json.Unmarshal(d, &e); err != nil {
					b.Fatal(err)
				}
				if _, err := json.Marshal(&e); err != nil {
					b.Fatal(err)
				}
			}
		}
		typed := func() {
			if err := typedFunction(in); err != nil {
				b.Fatal(err)
			}
		}
		references := []subject{
			{name: "gjson.Valid", run: valid},
			{name: "encoding/json", run: roundTrip},
			{name: "typed", run: typed},
		}
		subjects := slices.Clone(references)
		for _, format := range []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw} {
			var sink counting
			h := function(format, &sink)
			subjects = append(subjects, subject{name: string(format), run: func() {
				before := sink.records
				if _, err := h.Invoke(b.Context(), in); err != nil || sink.records-before != n {
					b.Fatalf("%d of %d records delivered: %v", sink.records-before, n, err)
				}
			}})
		}
		for _, of := range subjects {
			b.Run(fmt.Sprintf("%s/%d", of.name, n), func(b *testing.B) {
				of.run() // what is kept from one invocation to the next is there now
				// One core, of which the collector of garbage has its share. The flag
				// -cpu comes too late for the first benchmark.
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				of, valid, roundTrip, typed := of, references[0], references[1], references[2]
				times := 2000 / n
				for b.Loop() {
					of.measure(times)
					valid.measure(times)
					roundTrip.measure(times)
					typed.measure(times)
				}
				runs := b.N * times
				b.ReportMetric(float64(of.took)/float64(runs), "ns/op")
				b.ReportMetric(float64(runs*n)/of.took.Seconds(), "events/s")
				b.ReportMetric(float64(runs*len(in))/1e6/of.took.Seconds(), "MB/s")
				b.ReportMetric(float64(of.took)/float64(valid.took), "t/gjson.Valid")
				b.ReportMetric(float64(typed.took)/float64(of.took), "typed/t")
				b.ReportMetric(float64(roundTrip.took)/float64(of.took), "encoding/json/t")
				bytes, objects := allocated(of.run)
				b.ReportMetric(float64(bytes)/float64(n), "B/event")
				b.ReportMetric(float64(objects)/float64(n), "allocs/event")
			})
		}
	}
}

// allocated is what a run allocates in the mean of a few.
func allocated(run func()) (bytes, objects uint64) {
	const runs = 5
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs, (after.Mallocs - before.Mallocs) / runs
}
