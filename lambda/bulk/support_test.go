package bulk

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// testRun is what came out of a run, and the run's settings.
type testRun struct {
	pipeline.Config
	workers   int
	maxRecord int
	to        sink.Sink                      // instead of memory
	refuse    func(*deadletter.Letter) error // asked before a letter is taken
	progress  func(int)
	remote    *Remote

	memory  sinktest.Memory
	letters []deadletter.Letter
	broken  []string // "name: error"
	unread  []error  // the same, without names
	ledger  Result
	notes   []Note
	err     error
}

// run runs the inputs. The format is raw where none is chosen, so that what
// comes out is what went in.
func (b *testRun) run(ctx context.Context, inputs ...Input) *testRun {
	if b.Format == "" {
		b.Format = pipeline.Raw
	}
	job := Job{
		Inputs: inputs, Config: b.Config, MaxRecord: b.maxRecord, Workers: max(b.workers, 1), Sink: &b.memory,
		Bad: func(l *deadletter.Letter) error {
			if b.refuse != nil {
				if err := b.refuse(l); err != nil {
					return err
				}
			}
			kept := *l
			kept.BodyBase64 = bytes.Clone(l.BodyBase64)
			b.letters = append(b.letters, kept)
			return nil
		},
		Unreadable: func(name string, err error) {
			b.broken, b.unread = append(b.broken, fmt.Sprintf("%s: %v", name, err)), append(b.unread, err)
		},
		Progress: b.progress,
		Note:     func(n Note) { b.notes = append(b.notes, n) },
		Now:      func() time.Time { return time.Date(2026, 9, 1, 10, 11, 12, 0, time.UTC) },
		Version:  "v1.2.3",
	}
	if b.to != nil {
		job.Sink = b.to
	}
	job.Remote = b.remote
	b.ledger, b.err = job.Run(ctx)
	return b
}

func (b *testRun) output() string {
	var out strings.Builder
	for _, line := range b.memory.Lines {
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.String()
}

// summary is all that a run says, to compare runs by.
func (b *testRun) summary(t *testing.T) string {
	letters, err := json.Marshal(b.letters)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s%s\n%q\n%s\n%v", b.output(), letters, b.broken, b.ledger.JSON(), b.err)
}

func (b *testRun) lines() []string {
	list := make([]string, len(b.memory.Lines))
	for i, line := range b.memory.Lines {
		list[i] = string(line)
	}
	return list
}

func event(uuid, eventType string) string {
	return fmt.Sprintf(
		`{"uuid":%q,"eventType":%q,"published":"2026-09-01T10:11:12.345Z","actor":{"displayName":"Ada"}}`,
		uuid,
		eventType,
	)
}

func signIn(n int) string { return event(fmt.Sprintf("u-%d", n), "user.session.start") }

func envelope(event string) string {
	return `{"version":"0","id":"e","detail-type":"SystemLog","source":"aws.partner/okta.com/example/s","account":"111122223333","region":"us-east-1","detail":` + event + `}`
}

// message is an SQS message as it stands in a batch.
func message(body string) string {
	text, err := json.Marshal(body)
	if err != nil {
		panic("a string cannot be written as JSON: " + err.Error())
	}
	return `{"messageId":"m","eventSource":"aws:sqs","body":` + string(text) + `}`
}

func letterOf(body string) string {
	l := deadletter.Letter{Note: deadletter.Note{Stage: "read", Reason: "not_json"}, File: "old.jsonl", Line: 3}
	l.SetBody([]byte(body))
	line, err := l.AppendLine(nil)
	if err != nil {
		panic("a letter cannot be written: " + err.Error())
	}
	return strings.TrimSpace(string(line))
}

func pretty(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		panic("not JSON: " + err.Error())
	}
	return b.String()
}

func source(name string, r io.Reader) Input {
	return Input{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
}

func text(name, content string) Input { return source(name, strings.NewReader(content)) }

func lines(list ...string) string { return strings.Join(list, "\n") + "\n" }

func missing(name string) Input {
	return Input{Name: name, Open: func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }}
}

func packed(content string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, content)
	if err = errors.Join(err, w.Close()); err != nil {
		panic("a buffer cannot be written: " + err.Error())
	}
	return b.Bytes()
}

// crumbs reads a little at a time, never the same.
type crumbs struct {
	r    io.Reader
	dice *rand.Rand
	most int
}

func inCrumbs(content string, most int) io.Reader {
	return &crumbs{strings.NewReader(content), rand.New(rand.NewPCG(1, 2)), most}
}

func (c *crumbs) Read(p []byte) (int, error) {
	return c.r.Read(p[:min(len(p), 1+c.dice.IntN(c.most))])
}
