package sink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink"
)

func records(n int) []sink.Record {
	list := make([]sink.Record, n)
	for i := range list {
		list[i] = sink.Record{Line: fmt.Appendf(nil, `{"n":%d}`, i), UUID: fmt.Sprint(i)}
	}
	return list
}

func lines(text []byte) [][]byte {
	if len(text) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// The sinks that speak to AWS run the same test, in their own packages.
func TestConformance(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		sinktest.Conform(t, func(*testing.T) sinktest.Fixture {
			m := &sinktest.Memory{}
			return sinktest.Fixture{Sink: m, Arrived: func() [][]byte { return m.Lines }}
		})
	})
	t.Run("writer", func(t *testing.T) {
		sinktest.Conform(t, func(*testing.T) sinktest.Fixture {
			var b bytes.Buffer
			return sinktest.Fixture{Sink: &sink.Writer{W: &b}, Arrived: func() [][]byte { return lines(b.Bytes()) }}
		})
	})
	t.Run("dir", func(t *testing.T) {
		sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
			d := newDir(t, filepath.Join(t.TempDir(), "out[1]"))
			return sinktest.Fixture{Sink: d, Arrived: func() [][]byte { return lines(contents(t, d)) }}
		})
	})
}

func newDir(t *testing.T, path string) *sink.Dir {
	t.Helper()
	d, err := sink.NewDir(path, "ocsf")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// contents are those of all files of a Dir, in their order.
func contents(t *testing.T, d *sink.Dir) []byte {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(strings.ReplaceAll(filepath.Join(d.Path(), "*.jsonl"), "[", "\\["))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

func TestDirBeginsANewFileWhenOneIsFull(t *testing.T) {
	path := t.TempDir()
	d := newDir(t, path)
	d.Size = 100
	for range 4 {
		batch := records(13)
		if err := d.Deliver(context.Background(), batch, make([]sink.Answer, len(batch))); err != nil {
			t.Fatal(err)
		}
	}
	contents(t, d)
	for n := 1; n <= 4; n++ {
		if _, err := os.Stat(filepath.Join(path, fmt.Sprintf("ocsf-%05d.jsonl", n))); err != nil {
			t.Error(err)
		}
	}
}

type shortWriter struct{ n int }

func (w shortWriter) Write([]byte) (int, error) { return w.n, errors.New("disk full") }

func TestWriterAcceptsOnlyWhatWasWrittenWhole(t *testing.T) {
	batch := records(3)
	line := len(batch[0].Line) + 1
	for n, accepted := range map[int]int{0: 0, line - 1: 0, line: 1, 2*line + 3: 2, 3 * line: 3} {
		answers := make([]sink.Answer, len(batch))
		w := sink.Writer{W: shortWriter{n}}
		if err := w.Deliver(context.Background(), batch, answers); err == nil {
			t.Error("the error is lost")
		}
		for i, a := range answers {
			if (a.State == sink.Accepted) != (i < accepted) {
				t.Errorf("%d bytes written, record %d: %v", n, i, a)
			}
		}
	}
}

func TestDirRefusesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ocsf-00007.jsonl"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.NewDir(dir, "ocsf"); !errors.Is(err, os.ErrExist) {
		t.Errorf("NewDir = %v, want that a file exists", err)
	}
	if _, err := sink.NewDir(dir, "raw"); err != nil {
		t.Errorf("files of another name are in nobody's way: %v", err)
	}
}

// A directory that is continued gets new files, behind those that are there.
func TestContinueDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out[1]")
	for i, want := range []string{"ocsf-00001.jsonl", "ocsf-00002.jsonl", "ocsf-00003.jsonl"} {
		d, err := sink.ContinueDir(path, "ocsf")
		if err != nil {
			t.Fatal(err)
		}
		answers := make([]sink.Answer, 2)
		if err := errors.Join(d.Deliver(t.Context(), records(2), answers), d.Close()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(path, want))
		if err != nil || len(lines(text)) != 2 {
			t.Fatalf("run %d: %s holds %q, %v", i, want, text, err)
		}
	}
}
