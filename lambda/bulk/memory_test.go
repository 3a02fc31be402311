package bulk

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

var memoryMB = flag.Int64("memory.mb", 300, "how much of input TestMemory reads, in MB")

func nine(n int) string { return fmt.Sprintf("%09d", n) }

// numbered is one record over and over, each with a separate number in the
// place of the nine zeros.
type numbered struct {
	template []byte
	n        int
	rest     []byte
	line     []byte
}

func (s *numbered) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(s.rest) == 0 {
			s.line = bytes.Replace(s.template, []byte("000000000"), []byte(nine(s.n)), 1)
			s.rest = s.line
			s.n++
		}
		k := copy(p[n:], s.rest)
		n, s.rest = n+k, s.rest[k:]
	}
	return n, nil
}

// heap is the most memory in use while a function runs, beyond what was before.
func heap(f func()) (most int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := int(m.HeapInuse)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			runtime.ReadMemStats(&m)
			most = max(most, int(m.HeapInuse)-before)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most
}

// underRace reports whether the race detector runs: it makes everything ten
// times as slow.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// Memory does not grow with the input.
func TestMemory(t *testing.T) {
	event, err := os.ReadFile(filepath.Join("..", "..", "testdata", "events", "session-start-success.json"))
	if err != nil {
		t.Fatal(err)
	}
	size := *memoryMB * 1e6
	if underRace() || testing.Short() {
		size = 30e6
	}
	var compact bytes.Buffer
	for line := range strings.Lines(string(event)) {
		compact.WriteString(strings.TrimSpace(line))
	}
	line := bytes.Replace(compact.Bytes(), []byte(`"uuid": "`), []byte(`"uuid": "000000000`), 1)
	if bytes.Equal(line, compact.Bytes()) {
		t.Fatal("the event has no uuid to number")
	}
	var written int64
	b := testRun{workers: 2, to: delivering(func(r sink.Record) { written += int64(len(r.Line)) })}
	most := heap(func() {
		b.run(context.Background(), source("in", io.LimitReader(&numbered{template: append(line, '\n')}, size)))
	})
	// Cut off at its size, the last line is not a record.
	if l := b.ledger; b.err != nil || !l.Balanced() || l.Dead > 1 || l.Delivered != size/int64(len(line)+1) ||
		l.BytesOut != written+l.Delivered {
		t.Fatalf("%v, ledger %s", b.err, l.JSON())
	}
	const limit = 48 << 20
	t.Logf("%d MB in, %d records, %d MB of heap", size/1e6, b.ledger.Delivered, most/1e6)
	if most > limit {
		t.Errorf("%d MiB of heap for %d MiB of input, want %d at most", most>>20, size>>20, limit>>20)
	}
}

// A record that is too long is never in memory as a whole.
func TestMemoryOfALongRecord(t *testing.T) {
	length := int64(200 << 20)
	if underRace() || testing.Short() {
		length = 20 << 20
	}
	long := io.MultiReader(
		strings.NewReader(signIn(1)+"\n"+`{"x":"`),
		io.LimitReader(endless('x'), length),
		strings.NewReader("\"}\n"+signIn(2)+"\n"),
	)
	b := testRun{workers: 2, maxRecord: 1 << 20}
	most := heap(func() { b.run(context.Background(), source("in", long)) })
	if !slices.Equal(b.lines(), []string{signIn(1), signIn(2)}) || len(b.letters) != 1 ||
		b.letters[0].Bytes != length+int64(len(`{"x":""}`)) {
		t.Errorf("%q, %+v", b.lines(), b.letters)
	}
	if limit := 16 << 20; most > limit {
		t.Errorf("%d MiB of heap for a record of %d MiB, want %d at most", most>>20, length>>20, limit>>20)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestAChunkForgetsWhatWasHuge(t *testing.T) {
	c := chunk{text: make([]byte, 9*chunkBytes), out: make([]byte, 9*chunkBytes)}
	if c.reset(); cap(c.text)+cap(c.out) != 0 {
		t.Errorf("it keeps %d bytes", cap(c.text)+cap(c.out))
	}
	c = chunk{text: make([]byte, chunkBytes), items: make([]item, 3), results: make([]result, 3), bytes: 7}
	if c.reset(); cap(c.text) != chunkBytes || len(c.text)+len(c.items)+len(c.results)+c.bytes != 0 {
		t.Error("it should keep its memory, and nothing in it")
	}
}
