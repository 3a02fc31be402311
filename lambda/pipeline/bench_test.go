package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// fixtures are the events of testdata, each on one line as it would come off the
// wire, and their number of bytes.
func fixtures(b *testing.B) (lines [][]byte, size int) {
	b.Helper()
	names, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(names) == 0 {
		b.Fatalf("no events in testdata: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		lines = append(lines, line.Bytes())
		size += line.Len()
	}
	return lines, size
}

// BenchmarkProcess decodes, filters and normalises the events of testdata on one
// core, format by format.
func BenchmarkProcess(b *testing.B) {
	lines, size := fixtures(b)
	for _, format := range formats {
		b.Run(string(format), func(b *testing.B) {
			p := New(Config{Format: format})
			var out []byte
			written := 0
			b.ReportAllocs()
			b.SetBytes(int64(size / len(lines)))
			i := 0
			for b.Loop() {
				out = p.Process(out[:0], lines[i%len(lines)], func(r *Record) {
					if r.Fault != nil {
						b.Fatal(r.Fault)
					}
				})
				written += len(out)
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(written)/float64(b.N), "out-B/event")
		})
	}
}
