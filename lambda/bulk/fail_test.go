package bulk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/sink"
)

// unwilling answers nothing, and calls that no error.
type unwilling struct{}

func (unwilling) Deliver(context.Context, []sink.Record, []sink.Answer) error { return nil }

func TestNoRecordIsLostInSilence(t *testing.T) {
	b := testRun{to: unwilling{}}
	b.run(context.Background(), text("in", lines(signIn(1), signIn(2))))
	if b.err == nil || b.ledger.Received != 0 || !b.ledger.Balanced() {
		t.Errorf("%v, ledger %s", b.err, b.ledger.JSON())
	}
}

func TestASinkThatFailsEndsTheRun(t *testing.T) {
	var content strings.Builder
	for n := range 5000 {
		content.WriteString(signIn(n) + "\n")
	}
	read := 0
	b := testRun{workers: 4, to: &failing{left: 300, err: errFull}, progress: func(n int) { read += n }}
	b.run(context.Background(), text("in", content.String()), Input{Name: "next", Open: func() (io.ReadCloser, error) {
		t.Error("the next input is opened")
		return nil, io.EOF
	}})
	if !errors.Is(b.err, errFull) || b.ledger.Delivered != 300 || b.ledger.Received != 300 {
		t.Errorf("%v, ledger %s", b.err, b.ledger.JSON())
	}
}

// closing fails when it is closed.
type closing struct{ io.Reader }

func (closing) Close() error { return errors.New("nobody is listening") }

// An input that cannot be read is reported in its turn, after the records before it, and the run
// continues.
func TestUnreadable(t *testing.T) {
	var all []string
	for n := range 3000 {
		all = append(all, signIn(n))
	}
	whole := lines(all...)
	short := packed(whole)[:len(packed(whole))/2]
	damaged := packed(whole)
	damaged[len(damaged)-5] ^= 0xff // in the checksum

	for name, test := range map[string]struct {
		input Input
		fault string
		some  bool // of the events come through; else all or none
		all   bool
	}{
		"missing":          {missing("it"), "it: file does not exist", false, false},
		"a directory":      {Input{Name: "it", Open: func() (io.ReadCloser, error) { return os.Open(t.TempDir()) }}, "is a directory", false, false},
		"a gzip cut short": {source("it", bytes.NewReader(short)), "unexpected EOF", true, false},
		"a gzip damaged":   {source("it", bytes.NewReader(damaged)), "invalid checksum", false, true},
		"gzip, then text":  {source("it", bytes.NewReader(append(packed(whole), whole...))), "it: unpack gzip after", false, true},
		"no gzip at all":   {text("it", "\x1f\x8b and so on"), "it: unpack gzip after 0 bytes", false, false},
		"a failing disk": {source("it", io.MultiReader(strings.NewReader(whole), iotest.ErrReader(errFull))),
			"disk full", false, true},
		"a failing close": {Input{Name: "it", Open: func() (io.ReadCloser, error) { return closing{strings.NewReader(whole)}, nil }},
			"it: close it: nobody is listening", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := testRun{workers: 2}
			b.run(context.Background(), text("before", lines(signIn(-1))), test.input, text("after", lines("bad", signIn(-2))))
			if len(b.broken) != 1 || !strings.Contains(b.broken[0], test.fault) {
				t.Errorf("unreadable: %q, want %q", b.broken, test.fault)
			}
			got := b.lines()
			if b.err != nil || len(got) < 2 || got[0] != signIn(-1) || got[len(got)-1] != signIn(-2) || !b.ledger.Balanced() {
				t.Fatalf("%v, ledger %s", b.err, b.ledger.JSON())
			}
			got = got[1 : len(got)-1]
			if !slices.Equal(got, all[:len(got)]) {
				t.Error("what came through is not the first of what was there, in order")
			}
			if n := len(got); test.some != (n > 0 && n < len(all)) || !test.some && test.all != (n == len(all)) {
				t.Errorf("%d of %d came through", n, len(all))
			}
			if len(b.letters) != 1 || b.letters[0].File != "after" {
				t.Errorf("letters: %+v; what is cut off by a fault of the disk is not a bad record", b.letters)
			}
		})
	}
}

func TestUnreadableComesAfterWhatWasBeforeIt(t *testing.T) {
	b := testRun{}
	var order []string
	job := Job{
		Inputs: []Input{
			text("a", lines(signIn(1))),
			missing("b"),
			text("c", lines(signIn(2))),
		},
		Config:     b.Config,
		Workers:    2,
		Sink:       delivering(func(r sink.Record) { order = append(order, r.UUID) }),
		Bad:        func(*deadletter.Letter) error { return nil },
		Unreadable: func(name string, _ error) { order = append(order, name) },
	}
	if _, err := job.Run(context.Background()); err != nil || len(order) != 3 {
		t.Fatalf("%v, %q", err, order)
	}
	if order[0] != "u-1" || slices.Index(order, "b") < 1 {
		t.Errorf("%q", order)
	}
}

// delivering is a sink that takes everything, record by record.
type delivering func(sink.Record)

func (d delivering) Deliver(_ context.Context, records []sink.Record, answers []sink.Answer) error {
	for i, r := range records {
		d(r)
		answers[i].State = sink.Accepted
	}
	return nil
}

func TestLetters(t *testing.T) {
	noTime := strings.Replace(signIn(5), "published", "unpublished", 1)
	long := `{"x":"` + strings.Repeat("x", 500) + `"}`
	content := lines(signIn(1), "not JSON", "  "+envelope(noTime), "\xff", long, "["+signIn(2)+", 7", "")
	for _, most := range []int{7, 1 << 20} {
		b := (&testRun{maxRecord: 400}).run(
			context.Background(),
			source("in", &crumbs{strings.NewReader(content), rand.New(rand.NewPCG(1, 2)), most}),
		)
		at := func(line int) int64 {
			return int64(len(strings.Join(strings.SplitAfter(content, "\n")[:line-1], "")))
		}
		noBytes := ""
		body := func(s string) *string { return &s }
		want := []deadletter.Letter{
			{Note: deadletter.Note{Stage: "read", Reason: "not_json"}, Line: 2, Offset: at(2), Body: body("not JSON")},
			{
				Note:   deadletter.Note{Stage: "decode", Reason: "missing_field", UUID: "u-5"},
				Line:   3,
				Offset: at(3) + 2,
				Body:   body(envelope(noTime)),
			},
			{Note: deadletter.Note{Stage: "read", Reason: "not_json"}, Line: 4, Offset: at(4), BodyBase64: []byte("\xff")},
			{Note: deadletter.Note{Stage: "read", Reason: "too_large"}, Line: 5, Offset: at(5), Bytes: int64(len(long))},
			{
				Note:   deadletter.Note{Stage: "decode", Reason: "not_okta"},
				Line:   6,
				Offset: at(6) + int64(len("["+signIn(2)+", ")),
				Body:   body("7"),
			},
			{Note: deadletter.Note{Stage: "read", Reason: "not_json"}, Line: 6, Offset: at(7) - 1, Body: &noBytes},
		}
		if len(b.letters) != len(want) {
			t.Fatalf("%d letters, want %d: %+v", len(b.letters), len(want), b.letters)
		}
		for i, got := range b.letters {
			w := want[i]
			if got.Detail == "" || got.Version != "v1.2.3" || got.FirstSeen.Year() != 2026 || got.File != "in" {
				t.Errorf("letter %d: %+v", i, got)
			}
			if got.Stage != w.Stage || got.Reason != w.Reason || got.UUID != w.UUID || got.Line != w.Line ||
				got.Offset != w.Offset ||
				got.Bytes != w.Bytes {
				t.Errorf("letter %d: %+v, want %+v", i, got, w)
			}
			if (got.Body == nil) != (w.Body == nil) || got.Body != nil && *got.Body != *w.Body ||
				!bytes.Equal(got.BodyBase64, w.BodyBase64) {
				t.Errorf("letter %d has not the record's bytes: %+v", i, got)
			}
		}
		if !slices.Equal(b.lines(), []string{signIn(1), signIn(2)}) {
			t.Errorf("the neighbours: %q", b.lines())
		}
	}
}

// The bytes of a dead letter are a copy: later records reuse the memory.
func TestLettersKeepTheirBytes(t *testing.T) {
	var messages, want []string
	for n := range 600 {
		noTime := strings.Replace(signIn(n), "published", "unpublished", 1)
		messages, want = append(
			messages,
			message("["+signIn(n)+","+noTime+"]"),
			message("["+noTime+" x"),
		), append(
			want,
			noTime,
			"["+noTime+" x",
		)
	}
	b := (&testRun{workers: 4}).run(context.Background(), text("in", `{"Records":[`+strings.Join(messages, ",")+"]}"))
	if b.err != nil || len(b.letters) != len(want) {
		t.Fatalf("%d letters, want %d; %v", len(b.letters), len(want), b.err)
	}
	for i, l := range b.letters {
		if l.Body == nil || *l.Body != want[i] {
			t.Fatalf("letter %d: %+v, want %s", i, l, want[i])
		}
	}
}

// An array that only lacks its end has no bytes of its own. Its dead letter has a body all the
// same, also if it is the first item of a run.
func TestALetterOfNothingHasABody(t *testing.T) {
	b := (&testRun{}).run(context.Background(), text("in", "["))
	if len(b.letters) != 1 || b.letters[0].Body == nil || b.ledger.Dead != 1 {
		t.Errorf("%+v", b.letters)
	}
}

func TestProgressIsOfTheBytesOfTheFiles(t *testing.T) {
	content := packed(lines(signIn(1), signIn(2)))
	total := 0
	b := testRun{progress: func(n int) { total += n }}
	b.run(context.Background(), source("a", bytes.NewReader(content)), text("b", lines(signIn(3))))
	if want := len(content) + len(signIn(3)) + 1; total != want {
		t.Errorf("%d bytes, want %d", total, want)
	}
	if want := int64(3 * len(signIn(1))); b.ledger.BytesIn != want {
		t.Errorf("ledger: %d bytes in, want %d", b.ledger.BytesIn, want)
	}
}
