package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// longest is --max-record in these tests.
const longest = 3000

// outcome is the expected result for one record.
type outcome struct {
	text  string // of the event as it must come out; "" where it is dead
	tall  bool   // it came in on many lines, in other bytes then
	uuid  string
	drop  bool // filtered
	novel bool // of a type that Okta has not published
}

// world generates inputs with their expected results. It shares no code with the code under test.
type world struct {
	rt     *rapid.T
	past   []outcome   // events to come again
	values [][]outcome // by their number
	before []int       // by each dead record, how many are delivered before it
	n      int
}

// one draws a record: its text without any wrapper, and its outcome.
func (w *world) one() (string, outcome) {
	w.n++
	uuid := fmt.Sprint("u-", w.n)
	f := outcome{text: signIn(w.n), uuid: uuid}
	switch rapid.SampledFrom([]string{"new", "new", "new", "again", "conflict", "filtered", "novel", "no time", "number"}).
		Draw(w.rt, "event") {
	case "again":
		if len(w.past) > 0 {
			f = rapid.SampledFrom(w.past).Draw(w.rt, "which")
		}
	case "conflict":
		if len(w.past) > 0 {
			f = rapid.SampledFrom(w.past).Draw(w.rt, "which")
			f.text = strings.Replace(f.text, "Ada", rapid.SampledFrom([]string{"Bob", "Eve"}).Draw(w.rt, "name"), 1)
		}
	case "filtered":
		f.text, f.drop = event(uuid, "app.x"), true
		return f.text, f
	case "novel":
		f.text, f.novel = event(uuid, "user.never.seen"), true
	case "no time":
		return strings.Replace(f.text, "published", "unpublished", 1), outcome{uuid: uuid}
	case "number":
		return "7", outcome{}
	}
	w.past = append(w.past, f)
	return f.text, f
}

// value draws one or more values of the input as they stand in a file.
func (w *world) value() string {
	text, f := w.one()
	add := func(outcomes ...outcome) { w.values = append(w.values, outcomes) }
	switch rapid.SampledFrom([]string{"bare", "bare", "envelope", "array", "batch", "letter", "body", "garbage", "long", "pretty"}).
		Draw(w.rt, "form") {
	case "envelope":
		add(f)
		if text == "7" {
			return text
		}
		return envelope(text)
	case "array":
		again, g := w.one()
		add(f)
		add(g)
		return "[" + text + ", " + again + "]"
	case "batch":
		add(f)
		return `{"Records":[` + message(text) + `]}`
	case "letter":
		add(f)
		return letterOf(text)
	case "body":
		again, g := w.one()
		add(f, g)
		return message("[" + text + "," + again + "]")
	case "garbage":
		add(f)
		add(outcome{})
		return text + "\nnot JSON"
	case "long":
		add(f)
		add(outcome{})
		return text + "\n" + `{"x":"` + strings.Repeat("x", longest) + `"}`
	case "pretty":
		f.tall = f.text != "" // a record that is dead has no bytes to compare
		add(f)
		return pretty(text)
	}
	add(f)
	return text
}

// expect returns the expected testRun, from the words of the design.
func (w *world) expect() (delivered []string, dead []string, l ledger.Ledger) {
	seen := map[string][]outcome{}
	for number, outcomes := range w.values {
		if number%window == 0 {
			seen = map[string][]outcome{}
		}
		for _, f := range outcomes {
			l.Received++
			switch {
			case f.text == "":
				l.Dead++
				dead, w.before = append(dead, f.uuid), append(w.before, len(delivered))
				continue
			case f.drop:
				l.Filtered++
				continue
			case f.novel:
				l.UnknownType++
			}
			if slices.Contains(seen[f.uuid], f) {
				l.Duplicate++
				continue
			}
			if seen[f.uuid] != nil {
				l.Conflict++
			}
			seen[f.uuid] = append(seen[f.uuid], f)
			delivered = append(delivered, f.text)
			l.Delivered++
			l.BytesOut += int64(len(f.text)) + 1
		}
	}
	l.Batches = int64(len(w.values)+window-1) / window
	return delivered, dead, l
}

// inputs draws one to three files, and perhaps one that is missing.
func (w *world) inputs() (list []Input) {
	for i := range rapid.IntRange(1, 3).Draw(w.rt, "files") {
		var b strings.Builder
		if i == 0 {
			// So many that a window ends among what is drawn.
			for range rapid.SampledFrom([]int{0, 0, window - 5}).Draw(w.rt, "before") {
				w.n++
				b.WriteString(signIn(w.n) + "\n")
				w.values = append(w.values, []outcome{{text: signIn(w.n), uuid: fmt.Sprint("u-", w.n)}})
			}
		}
		for range rapid.IntRange(0, 12).Draw(w.rt, "values") {
			b.WriteString(w.value() + rapid.SampledFrom([]string{"\n", "\r\n", "\n\n"}).Draw(w.rt, "end"))
		}
		if rapid.Bool().Draw(w.rt, "missing") {
			list = append(list, missing(fmt.Sprint("missing-", i)))
		}
		list = append(
			list,
			source(fmt.Sprint(i), inCrumbs(b.String(), rapid.SampledFrom([]int{30, 1 << 20}).Draw(w.rt, "crumbs"))),
		)
	}
	return list
}

func (w *world) testRun() *testRun {
	filter, err := events.NewFilter(nil, []string{"app.*"})
	if err != nil {
		w.rt.Fatal(err)
	}
	return &testRun{
		workers: rapid.IntRange(1, 4).Draw(w.rt, "workers"), maxRecord: longest,
		Config: pipeline.Config{Format: pipeline.Raw, Filter: filter},
	}
}

func uuids(letters []deadletter.Letter) (list []string) {
	for _, l := range letters {
		list = append(list, l.UUID)
	}
	return list
}

// For any input, every record has exactly one outcome, in order, and is counted there.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := world{rt: rt}
		inputs := w.inputs()
		b := w.testRun().run(context.Background(), inputs...)
		delivered, dead, want := w.expect()
		if b.err != nil || !b.ledger.Balanced() {
			rt.Fatalf("%v, ledger %s", b.err, b.ledger.JSON())
		}
		if want.BytesIn = b.ledger.BytesIn; b.ledger.Ledger != want {
			rt.Errorf("ledger %s, want %s", b.ledger.JSON(), want.JSON())
		}
		if !slices.Equal(b.lines(), delivered) {
			rt.Errorf("delivered %q, want %q", b.lines(), delivered)
		}
		if !slices.Equal(uuids(b.letters), dead) {
			rt.Errorf("dead %q, want %q", uuids(b.letters), dead)
		}
	})
}

var errFull = errors.New("disk full")

// failing takes so many records and then no more, in the middle of a batch.
type failing struct {
	sinktest.Memory
	left int
	err  error
}

func (f *failing) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	n := min(f.left, len(records))
	f.left -= n
	if err := f.Memory.Deliver(ctx, records[:n], answers[:n]); err != nil || n == len(records) {
		return err
	}
	return f.err
}

// A sink that fails ends the run. The ledger counts the records that it accepted.
func TestLedgerOfAFailingSink(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := world{rt: rt}
		inputs := w.inputs()
		delivered, dead, want := w.expect()
		broken := failing{left: rapid.IntRange(0, len(delivered)).Draw(rt, "room"), err: errFull}
		room := broken.left
		b := w.testRun()
		b.to = &broken
		b.run(context.Background(), inputs...)
		b.memory = broken.Memory
		if full := room < len(delivered); full != errors.Is(b.err, errFull) || !full && b.err != nil {
			rt.Fatalf("room for %d of %d: %v", room, len(delivered), b.err)
		}
		l := b.ledger
		if !l.Balanced() || l.Delivered != int64(room) || l.Dead != int64(len(b.letters)) {
			rt.Errorf("room for %d: ledger %s with %d letters", room, l.JSON(), len(b.letters))
		}
		if l.Received > want.Received || l.Duplicate > want.Duplicate || l.Filtered > want.Filtered {
			rt.Errorf("ledger %s is more than there was, %s", l.JSON(), want.JSON())
		}
		if !slices.Equal(b.lines(), delivered[:room]) || !slices.Equal(uuids(b.letters), dead[:len(b.letters)]) {
			rt.Errorf("delivered %q and dead %q are not the first of %q and %q", b.lines(), uuids(b.letters), delivered, dead)
		}
	})
}

// Dead letters that cannot be written end the run, and what was before them has
// been delivered.
func TestLedgerOfFailingDeadLetters(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := world{rt: rt}
		inputs := w.inputs()
		delivered, dead, _ := w.expect()
		room := rapid.IntRange(0, len(dead)).Draw(rt, "room")
		b := w.testRun()
		b.refuse = func(*deadletter.Letter) error {
			if len(b.letters) == room {
				return errFull
			}
			return nil
		}
		b.run(context.Background(), inputs...)
		if full := room < len(dead); full != errors.Is(b.err, errFull) || !full && b.err != nil {
			rt.Fatalf("room for %d of %d: %v", room, len(dead), b.err)
		}
		l := b.ledger
		if !l.Balanced() || l.Dead != int64(room) || l.Delivered != int64(len(b.memory.Lines)) {
			rt.Errorf("room for %d: ledger %s", room, l.JSON())
		}
		if room < len(dead) {
			delivered = delivered[:w.before[room]]
		}
		if got := b.lines(); !slices.Equal(got, delivered) {
			rt.Errorf("delivered %q, want %q", got, delivered)
		}
	})
}
