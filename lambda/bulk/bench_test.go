package bulk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// manyEvents are n events of the benchmark's fixture, one a line, each with a
// uuid of its own.
func manyEvents(t testing.TB, n int) []byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/benchmark.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	var out bytes.Buffer
	for i := range n {
		before, after, ok := strings.Cut(lines[i%len(lines)], `"uuid":"`)
		if !ok {
			t.Fatal("no uuid")
		}
		// All but the last twelve digits of it are the same.
		fmt.Fprintf(&out, `%s"uuid":"%s%012d%s`, before, after[:24], i, after[36:])
	}
	return out.Bytes()
}

// BenchmarkRun is run over 10,000 lines in memory, on one core, two, and so on as
// far as the machine has them: what each is worth. Reading and writing in order
// are not spread over cores.
func BenchmarkRun(b *testing.B) {
	const n = 10_000
	text := manyEvents(b, n)
	for _, format := range []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw} {
		for cores := 1; cores <= runtime.NumCPU(); cores *= 2 {
			b.Run(fmt.Sprintf("%s/cores=%d", format, cores), func(b *testing.B) {
				// The flag -cpu comes too late for the first of its numbers.
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					job := Job{
						Inputs: []Input{
							{Name: "in", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }},
						},
						Config:  pipeline.Config{Format: format},
						Workers: cores,
						Sink:    delivering(func(sink.Record) {}),
						Bad:     func(l *deadletter.Letter) error { return fmt.Errorf("a bad record: %s", l.Detail) },
					}
					if l, err := job.Run(b.Context()); err != nil || l.Delivered != n {
						b.Fatalf("%v, ledger %s", err, l.JSON())
					}
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
