package eventbridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

func newBus(t testing.TB) *bus { return &bus{t: t, limit: DefaultPackBytes} }

func config(format string) Config {
	id := 0
	var mu sync.Mutex
	return Config{
		Bus: testBus, Pipeline: "stack-datadog", Format: format,
		Now: func() time.Time { return testNow },
		NewID: func() string {
			mu.Lock()
			defer mu.Unlock()
			id++
			return fmt.Sprintf("batch-%06d", id)
		},
	}
}

// record is a fresh record of about that many bytes, at least 40.
func record(i, size int) sink.Record {
	line := fmt.Appendf(nil, `{"uuid":"%08d","pad":"`, i)
	line = append(line, strings.Repeat("x", max(size-len(line)-2, 0))...)
	return sink.Record{Line: append(line, `"}`...), UUID: fmt.Sprintf("%08d", i), TimeMS: testNow.UnixMilli()}
}

func records(n, size int) []sink.Record {
	list := make([]sink.Record, n)
	for i := range list {
		list[i] = record(i, size)
	}
	return list
}

// deliver delivers records as sink.Loop does, each batch once.
func deliver(s *Sink, records []sink.Record) ([]sink.Answer, error) {
	answers := make([]sink.Answer, len(records))
	var failures []error
	for _, batch := range s.Cut(records) {
		part, results := make([]sink.Record, len(batch)), make([]sink.Answer, len(batch))
		for n, i := range batch {
			part[n] = records[i]
		}
		if err := s.Deliver(context.Background(), part, results); err != nil {
			failures = append(failures, err)
		}
		for n, i := range batch {
			answers[i] = results[n]
		}
	}
	return answers, errors.Join(failures...)
}

func lines(records []sink.Record) (list [][]byte) {
	for _, r := range records {
		list = append(list, r.Line)
	}
	return list
}

func sameLines(t testing.TB, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d logs, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("log %d is %.200s, want %.200s", i, got[i], want[i])
		}
	}
}

func states(answers []sink.Answer) (count [3]int) {
	for _, a := range answers {
		count[a.State]++
	}
	return count
}
