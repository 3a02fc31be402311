package bulk

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oktastream/oktastream/lambda/sink"
)

// start runs in a bubble, in which synctest.Wait waits until all goroutines are blocked.
func (b *testRun) start(ctx context.Context, inputs ...Input) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		b.run(ctx, inputs...)
	}()
	return done
}

func isDone(done chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// part is what comes at a time, and how many records have come whole by then.
type part struct {
	text    string
	records int
}

// A record is written before the next one arrives: the run does not wait until a chunk is full.
func TestNothingWaitsForInput(t *testing.T) {
	for name, parts := range map[string][]part{
		"lines":        {{signIn(1) + "\n", 1}, {signIn(2) + "\n", 2}, {signIn(3) + "\r\n", 3}, {signIn(4), 4}},
		"two at once":  {{signIn(1) + "\n" + signIn(2)[:20], 1}, {signIn(2)[20:] + "\n", 2}, {signIn(3) + "\n" + signIn(4) + "\n", 4}},
		"an array":     {{"[" + signIn(1), 1}, {"," + signIn(2) + ", ", 2}, {signIn(3), 3}, {"]\n" + signIn(4) + "\n", 4}},
		"pretty":       {{pretty(signIn(1)) + "\n", 1}, {pretty(envelope(signIn(2))) + "\n", 2}},
		"messages":     {{`{"Records":[` + message(signIn(1)) + ",", 1}, {message("[" + signIn(2) + "," + signIn(3) + "]"), 3}, {"]}\n", 3}},
		"bad lines":    {{"not JSON\n" + signIn(1) + "\n", 1}, {"}{\n", 1}, {signIn(2) + "\n", 2}},
		"flushed gzip": flushed(signIn(1)+"\n", signIn(2)+"\n", signIn(3)+"\n"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				var out []string
				b := testRun{workers: 2, to: delivering(func(r sink.Record) { out = append(out, string(r.Line)) })}
				done := b.start(t.Context(), source("in", r))
				for i, part := range parts {
					if _, err := io.WriteString(w, part.text); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if len(out) != part.records {
						t.Errorf("after part %d: %d records are out, want %d", i, len(out), part.records)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if !isDone(done) || b.err != nil || !b.ledger.Balanced() {
					t.Errorf("at the end: %v, ledger %s", b.err, b.ledger.JSON())
				}
				for i, line := range out {
					if line != signIn(i+1) {
						t.Errorf("record %d is %s", i+1, line)
					}
				}
			})
		})
	}
}

// flushed is one gzip stream, a record a part.
func flushed(records ...string) (parts []part) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for i, r := range records {
		_, err := io.WriteString(w, r)
		if err = errors.Join(err, w.Flush()); err == nil && i == len(records)-1 {
			err = w.Close()
		}
		if err != nil {
			panic("a buffer cannot be written: " + err.Error())
		}
		parts = append(parts, part{b.String(), i + 1})
		b.Reset()
	}
	return parts
}

// A reader that hangs blocks nothing: the records read before it are delivered and counted.
func TestInterruptedWhileReading(t *testing.T) {
	for name, content := range map[string]string{"nothing": "", "two": lines(signIn(1), signIn(2)), "two and a half": lines(signIn(1), signIn(2)) + signIn(3)[:9]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				b := testRun{workers: 2}
				done := b.start(ctx, source("in", r), Input{Name: "next", Open: func() (io.ReadCloser, error) {
					t.Error("the next input is opened")
					return nil, io.EOF
				}})
				if content != "" {
					if _, err := io.WriteString(w, content); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				if isDone(done) {
					t.Fatal("it did not wait for input")
				}
				cancel()
				synctest.Wait()
				if !isDone(done) {
					t.Error("it still waits for input")
				}
				if n := strings.Count(
					content,
					"\n",
				); !errors.Is(b.err, context.Canceled) || len(b.memory.Lines) != n || b.ledger.Delivered != int64(n) || !b.ledger.Balanced() ||
					b.broken != nil {
					t.Errorf("%v, %q unreadable, ledger %s", b.err, b.broken, b.ledger.JSON())
				}
				if err := w.Close(); err != nil { // lets the reader go
					t.Fatal(err)
				}
			})
		})
	}
}

var errStop = errors.New("enough")

// Input without end ends with the context, and with its cause.
func TestInterruptedAmidPlenty(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var got []string
	b := testRun{workers: 2, to: delivering(func(r sink.Record) {
		got = append(got, r.UUID)
		if len(got) == 3000 {
			cancel(errStop)
		}
	})}
	b.run(ctx, source("in", &numbered{template: []byte(signIn(1000000000) + "\n")}))
	if !errors.Is(b.err, errStop) || b.ledger.Delivered != int64(len(got)) || !b.ledger.Balanced() {
		t.Errorf("%v after %d records, ledger %s", b.err, len(got), b.ledger.JSON())
	}
	for i, uuid := range got {
		if uuid != strings.Replace("u-1000000000", "000000000", nine(i), 1) {
			t.Fatalf("record %d is %s", i, uuid)
		}
	}
}

func TestInterruptedBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := (&testRun{}).run(ctx, Input{Name: "in", Open: func() (io.ReadCloser, error) {
		t.Error("the input is opened")
		return nil, io.EOF
	}})
	if !errors.Is(b.err, context.Canceled) || b.ledger.Received != 0 {
		t.Errorf("%v, ledger %s", b.err, b.ledger.JSON())
	}
}
