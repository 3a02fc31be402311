// Package sinktest is the conformance test of sinks: the guarantees of every sink, for every
// destination. It is for tests only.
package sinktest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Fixture is a sink and a way to read what has arrived at its destination.
type Fixture struct {
	Sink sink.Sink
	// Arrived returns the records at the destination, unchanged, in the order in which they were
	// accepted.
	Arrived func() [][]byte
}

// Conform runs the conformance test. open makes a sink with an empty destination.
func Conform(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	t.Run("every record is answered and arrives once, unchanged", func(t *testing.T) {
		f := open(t)
		var want []string
		for round, n := range []int{1, 13, 0, 250} {
			batch := records(fmt.Sprint(round), n)
			for i, a := range deliver(t, f.Sink, batch) {
				if a.State != sink.Accepted || a.Restamped || a.FallbackRaw {
					t.Errorf("record %d of %d: %+v", i, n, a)
				}
				want = append(want, string(batch[i].Line))
			}
		}
		equal(t, f.Arrived(), want)
	})
	t.Run("records of the same time stay in order", func(t *testing.T) {
		f := open(t)
		batch := records("same", 100)
		for i := range batch {
			batch[i].TimeMS = batch[0].TimeMS
		}
		deliver(t, f.Sink, batch)
		for i, line := range f.Arrived() {
			if i < len(batch) && !bytes.Equal(line, batch[i].Line) {
				t.Fatalf("record %d is %s, want %s", i, line, batch[i].Line)
			}
		}
	})
	t.Run("results are correct, whenever ctx ends", func(t *testing.T) {
		f := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		batch := records("late", 20)
		answers := make([]sink.Answer, len(batch))
		_ = f.Sink.Deliver(ctx, batch, answers)
		arrived := map[string]bool{}
		for _, line := range f.Arrived() {
			arrived[string(line)] = true
		}
		for i, a := range answers {
			if a.State == sink.Dead || (a.State == sink.Accepted) != arrived[string(batch[i].Line)] {
				t.Errorf("record %d: %+v, and it has arrived: %v", i, a, arrived[string(batch[i].Line)])
			}
		}
	})
	t.Run("a sink does not change its input", func(t *testing.T) {
		f := open(t)
		batch := records("kept", 5)
		before := records("kept", 5)
		deliver(t, f.Sink, batch)
		for i := range batch {
			if !bytes.Equal(batch[i].Line, before[i].Line) || batch[i].UUID != before[i].UUID {
				t.Errorf("record %d was changed", i)
			}
		}
	})
}

func deliver(t *testing.T, s sink.Sink, batch []sink.Record) []sink.Answer {
	t.Helper()
	answers := make([]sink.Answer, len(batch))
	if err := s.Deliver(t.Context(), batch, answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// records returns n records of different lengths and of the last minutes.
func records(prefix string, n int) []sink.Record {
	list := make([]sink.Record, n)
	for i := range list {
		uuid := fmt.Sprintf("%s-%04d", prefix, i)
		line := fmt.Appendf(nil, `{"uuid":%q,"metadata":{"uid":%q},"text":"é %s"}`,
			uuid, uuid, strings.Repeat("x", i*37%900))
		list[i] = sink.Record{Line: line, UUID: uuid, TimeMS: time.Now().Add(-time.Minute).UnixMilli() + int64(i)}
	}
	return list
}

func equal(t *testing.T, arrived [][]byte, want []string) {
	t.Helper()
	var got []string
	for _, line := range arrived {
		got = append(got, string(line))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d records arrived and %d were sent, or they are not the same", len(got), len(want))
	}
}

// Memory is a sink that keeps the lines it receives.
type Memory struct {
	Lines [][]byte
}

// Deliver accepts every record.
func (m *Memory) Deliver(_ context.Context, records []sink.Record, answers []sink.Answer) error {
	for i, r := range records {
		m.Lines = append(m.Lines, append([]byte(nil), r.Line...))
		answers[i].State = sink.Accepted
	}
	return nil
}
