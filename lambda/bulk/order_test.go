package bulk

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// medley is thousands of records in every form, some of them bad, some twice,
// and the events that come through, in order, but for filtered ones.
func medley() (content string, want []string) {
	var b strings.Builder
	n := 0
	next := func() string {
		n++
		want = append(want, signIn(n))
		return signIn(n)
	}
	for round := range 250 {
		b.WriteString(next() + "\n")
		b.WriteString(pretty(envelope(next())) + "\n")
		b.WriteString("[" + next() + ",\n " + envelope(next()) + ", 7,\n" + next() + "]\n")
		b.WriteString(`{"Records":[` + message(next()) + "," + message(envelope(next())) + "]}\r\n")
		b.WriteString("not JSON\n")
		b.WriteString(letterOf("["+next()+","+next()+"]") + "\n")
		b.WriteString(signIn(n) + "\n") // a copy
		b.WriteString(next() + next() + "\n")
		b.WriteString(event("", "user.session.start") + "\n")
		b.WriteString(event(fmt.Sprint("f-", round), "app.x") + "\n")
		fmt.Fprintf(&b, `{"uuid":"long-%d","x":"%s"}`+"\n", round, strings.Repeat("x", 2000+round))
	}
	return b.String(), want
}

// The same input gives the same bytes, with any number of workers and any division into reads.
func TestOrder(t *testing.T) {
	content, want := medley()
	filter, err := events.NewFilter(nil, []string{"app.*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []pipeline.Format{pipeline.OCSF, pipeline.Datadog, pipeline.Raw} {
		var first string
		for _, workers := range []int{1, 2, 8} {
			for name, reader := range map[string]io.Reader{
				"at once":   strings.NewReader(content),
				"in crumbs": inCrumbs(content, 3000),
			} {
				b := testRun{workers: workers, maxRecord: 1500, Config: pipeline.Config{Format: format, Filter: filter}}
				b.run(context.Background(), source("in", reader))
				summary := b.summary(t)
				if first == "" {
					first = summary
				}
				if summary != first {
					t.Errorf("%s by %d workers, read %s: other bytes than by one", format, workers, name)
				}
				if l := b.ledger; b.err != nil || !l.Balanced() || l.Delivered != int64(len(want)) || l.Dead != 1000 ||
					l.Duplicate != 250 ||
					l.Filtered != 250 {
					t.Errorf("%s by %d workers: %s, %v", format, workers, l.JSON(), b.err)
				}
				if format == pipeline.Raw && !slices.Equal(b.lines(), want) {
					t.Errorf("by %d workers: what came out is not what went in, in order", workers)
				}
			}
		}
	}
}

// window is how many values a window has: the design's word, not the code's.
const window = 1000

// A window is a number of consecutive values of all inputs together, in any form, with bad and
// filtered ones, and independent of the chunks.
func TestWindow(t *testing.T) {
	fill := func(from, to int) []string {
		var list []string
		for n := from; n < to; n++ {
			list = append(list, signIn(n))
		}
		return list
	}
	conflict := strings.Replace(signIn(1), "Ada", "Bob", 1)
	odd := fill(0, window-4)
	for i := range odd {
		switch i % 3 {
		case 0:
			odd[i] = "not JSON"
		case 1:
			odd[i] = event(fmt.Sprint("f-", i), "app.x")
		}
	}
	for name, test := range map[string]struct {
		inputs              []string
		duplicate, conflict int64
		batches             int64
	}{
		"the last of the window":       {[]string{lines(append(fill(0, window-1), signIn(0))...)}, 1, 0, 1},
		"the first of the next window": {[]string{lines(append(fill(0, window), signIn(window-1))...)}, 0, 0, 2},
		"another form":                 {[]string{lines(signIn(1), envelope(signIn(1)), `{"Records":[`+message(signIn(1))+"]}", letterOf(signIn(1)))}, 3, 0, 1},
		"other bytes":                  {[]string{lines(signIn(1), conflict, signIn(1), conflict)}, 2, 1, 1},
		"other bytes, later":           {[]string{lines(append(fill(0, window), conflict)...)}, 0, 0, 2},
		"in an array": {[]string{"[" + strings.Join(fill(0, window-1), ",") + "," + signIn(0) + "," + signIn(0) + "]"},
			1, 0, 2},
		"in one message":      {[]string{lines(append(fill(0, window-1), message("["+signIn(0)+","+signIn(0)+"]"))...)}, 2, 0, 1},
		"over two inputs":     {[]string{lines(fill(0, 600)...), lines(append(fill(600, window-1), signIn(3), signIn(3))...)}, 1, 0, 2},
		"an input is missing": {[]string{lines(fill(0, 600)...), "", lines(append(fill(600, window-1), signIn(3), signIn(3))...)}, 1, 0, 2},
		// Three values before, and window-4 behind them: one more fits.
		"values that go nowhere": {[]string{lines(append(append([]string{signIn(-1), signIn(-2), signIn(-3)}, odd...), signIn(-1), signIn(-2))...)}, 1, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			filter, err := events.NewFilter(nil, []string{"app.*"})
			if err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 8} {
				for _, most := range []int{1 << 20, 40} {
					var inputs []Input
					for i, content := range test.inputs {
						if content == "" {
							inputs = append(inputs, missing("nowhere"))
							continue
						}
						inputs = append(inputs, source(fmt.Sprint(i), inCrumbs(content, most)))
					}
					b := (&testRun{workers: workers, Config: pipeline.Config{Filter: filter}}).run(context.Background(), inputs...)
					if l := b.ledger; l.Duplicate != test.duplicate || l.Conflict != test.conflict || l.Batches != test.batches ||
						!l.Balanced() {
						t.Errorf("%d workers, %d bytes a read: %s, want %d duplicates, %d conflicts, %d batches",
							workers, most, l.JSON(), test.duplicate, test.conflict, test.batches)
					}
					if got := int64(len(b.memory.Lines)); got != b.ledger.Delivered {
						t.Errorf("%d came out, %d delivered", got, b.ledger.Delivered)
					}
				}
			}
		})
	}
}
