package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func records(n int) []Record {
	list := make([]Record, n)
	for i := range list {
		list[i] = Record{Line: fmt.Appendf(nil, `{"n":%d}`, i), UUID: fmt.Sprint(i)}
	}
	return list
}

// Every sink answers for every record, in its place, and has what it accepted.
func TestConformance(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (Sink, func() []byte){
		"memory": func(*testing.T) (Sink, func() []byte) {
			m := &Memory{}
			return m, func() []byte { return append(bytes.Join(m.Lines, []byte("\n")), '\n') }
		},
		"writer": func(*testing.T) (Sink, func() []byte) {
			var b bytes.Buffer
			return &Writer{W: &b}, b.Bytes
		},
		"dir": func(t *testing.T) (Sink, func() []byte) {
			d, err := NewDir(filepath.Join(t.TempDir(), "out[1]"), "ocsf")
			if err != nil {
				t.Fatal(err)
			}
			d.size = 100
			return d, func() []byte {
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				var all []byte
				files, _ := os.ReadDir(d.path)
				if len(files) != 4 {
					t.Errorf("%d files, want 4: a new one after 100 bytes", len(files))
				}
				for _, f := range files {
					text, err := os.ReadFile(filepath.Join(d.path, f.Name()))
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, text...)
				}
				return all
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := open(t)
			var want []byte
			for range 4 {
				batch := records(13)
				answers := make([]Answer, len(batch))
				if err := s.Deliver(context.Background(), batch, answers); err != nil {
					t.Fatal(err)
				}
				for i, a := range answers {
					if a.State != Accepted {
						t.Errorf("record %d: %v", i, a)
					}
					want = append(append(want, batch[i].Line...), '\n')
				}
			}
			if got := got(); !bytes.Equal(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

type shortWriter struct{ n int }

func (w shortWriter) Write([]byte) (int, error) { return w.n, errors.New("disk full") }

func TestWriterAcceptsOnlyWhatWasWrittenWhole(t *testing.T) {
	batch := records(3)
	line := len(batch[0].Line) + 1
	for n, accepted := range map[int]int{0: 0, line - 1: 0, line: 1, 2*line + 3: 2, 3 * line: 3} {
		answers := make([]Answer, len(batch))
		w := Writer{W: shortWriter{n}}
		if err := w.Deliver(context.Background(), batch, answers); err == nil {
			t.Error("the error is lost")
		}
		for i, a := range answers {
			if (a.State == Accepted) != (i < accepted) {
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
	if _, err := NewDir(dir, "ocsf"); !errors.Is(err, os.ErrExist) {
		t.Errorf("NewDir = %v, want that a file exists", err)
	}
	if _, err := NewDir(dir, "raw"); err != nil {
		t.Errorf("files of another name are in nobody's way: %v", err)
	}
}
