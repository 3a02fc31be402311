package stream

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// got is an item as the tables write it: its fault as "reason: text".
type got struct {
	Line   int
	Offset int64
	Length int64
	Text   string
	Fault  string
}

// all reads r to its end.
func all(r *Reader) ([]got, error) {
	var items []got
	for {
		it, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				return items, fmt.Errorf("the error changed from %w to %w", err, again)
			}
			return items, err
		}
		g := got{it.Line, it.Offset, it.Length, string(it.Text), ""}
		if it.Text == nil {
			g.Text = skipped
		}
		if it.Fault != nil {
			g.Fault = it.Fault.Error()
		}
		items = append(items, g)
	}
}

// skipped means that Text is nil.
const skipped = "(nil)"

// ways are ways to read the same bytes: with different reads, and with windows that must move.
var ways = []struct {
	name string
	open func(in []byte, longest int) *Reader
}{
	{"whole", func(in []byte, longest int) *Reader {
		return newReader(bytes.NewReader(in), longest, firstWindow)
	}},
	{"one byte", func(in []byte, longest int) *Reader {
		return newReader(iotest.OneByteReader(bytes.NewReader(in)), longest, 16)
	}},
	{"random", func(in []byte, longest int) *Reader {
		return newReader(&chunks{bytes.NewReader(in), rand.New(rand.NewPCG(1, uint64(len(in)))), 40}, longest, 32)
	}},
	{"half", func(in []byte, longest int) *Reader {
		return newReader(iotest.HalfReader(bytes.NewReader(in)), longest, 64)
	}},
	{"error with data", func(in []byte, longest int) *Reader {
		return newReader(iotest.DataErrReader(bytes.NewReader(in)), longest, 100)
	}},
	{"gzip", func(in []byte, longest int) *Reader {
		return newReader(bytes.NewReader(packed(in)), longest, firstWindow)
	}},
	{"gzip, one byte", func(in []byte, longest int) *Reader {
		return newReader(iotest.OneByteReader(bytes.NewReader(packed(in))), longest, 16)
	}},
}

// chunks reads up to most bytes at a time, and now and then none.
type chunks struct {
	r    io.Reader
	rand *rand.Rand
	most int
}

func (c *chunks) Read(p []byte) (int, error) {
	return c.r.Read(p[:min(len(p), c.rand.IntN(c.most))])
}

// packed returns in as two gzip members.
func packed(in []byte) []byte {
	var b bytes.Buffer
	for _, part := range [][]byte{in[:len(in)/3], in[len(in)/3:]} {
		w := gzip.NewWriter(&b)
		w.Write(part)
		w.Close()
	}
	return b.Bytes()
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// check reads in in the first of the ways, checks the guarantees for any input, and returns its
// items.
func check(t failer, in []byte, longest, first int) []got {
	t.Helper()
	var items []got
	for i, way := range ways[:first] {
		r := way.open(in, longest)
		other, err := all(r)
		if err != io.EOF {
			t.Fatalf("%s: %v", way.name, err)
		}
		if limit := int64(10*len(in) + 100); r.work > limit {
			t.Fatalf("%s: %d bytes scanned of %d", way.name, r.work, len(in))
		}
		if i == 0 {
			items = other
		} else if diff := differ(items, other); diff != "" {
			t.Fatalf("%s: %s", way.name, diff)
		}
	}
	if err := sound(in, items, longest); err != nil {
		t.Fatalf("%v\nin %q", err, in)
	}
	return items
}

func differ(want, have []got) string {
	for i := range max(len(want), len(have)) {
		switch {
		case i >= len(have):
			return fmt.Sprintf("item %d is missing: %+v", i, want[i])
		case i >= len(want):
			return fmt.Sprintf("item %d is too many: %+v", i, have[i])
		case want[i] != have[i]:
			return fmt.Sprintf("item %d is\n%+v, not\n%+v", i, have[i], want[i])
		}
	}
	return ""
}

// logPrefixes are what may stand before the object of a log line.
var logPrefixes = regexp.MustCompile(`(?m)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.,:+Z-]*[ \t]+(\S+[ \t]+)?$`)

// sound verifies the invariants of the package on the items of in.
func sound(in []byte, items []got, longest int) error {
	text := string(in)
	wrapped := slices.ContainsFunc(lists[:], func(name string) bool { return strings.Contains(text, name) })
	var end int64
	between := func(from, to int64) error {
		gap := text[from:to]
		if from == 0 {
			gap = strings.TrimPrefix(gap, "\ufeff")
		}
		gap = logPrefixes.ReplaceAllString(gap, "")
		if gap = strings.Trim(gap, " \t\r\n,[]"); gap != "" && !wrapped {
			return fmt.Errorf("%q at %d is in no item", gap, from)
		}
		return nil
	}
	for _, it := range items {
		if it.Offset < end || it.Offset+it.Length > int64(len(text)) || it.Length < 0 {
			return fmt.Errorf("after %d the item %+v", end, it)
		}
		if err := between(end, it.Offset); err != nil {
			return err
		}
		end = it.Offset + it.Length
		span := text[it.Offset:end]
		if line := 1 + strings.Count(text[:it.Offset], "\n"); it.Line != line {
			return fmt.Errorf("%+v is on line %d", it, line)
		}
		switch {
		case it.Text == skipped:
			if it.Length <= int64(longest) || it.Fault == "" {
				return fmt.Errorf("%+v has no text", it)
			}
		case it.Text != span || it.Length > int64(longest):
			return fmt.Errorf("%+v is %q", it, span)
		}
		if it.Fault == "" {
			single := strings.HasPrefix(span, "{") && !strings.Contains(span, "\n")
			if !single && !jsontext.Value(span).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
				return fmt.Errorf("%+v is not valid", it)
			}
		} else if it.Length == 0 && !strings.HasSuffix(it.Fault, "closed") {
			return fmt.Errorf("%+v is empty", it)
		}
	}
	return between(end, int64(len(text)))
}

// want is an item of a table: the bytes it spans, found after those of the one
// before it, and its fault.
type want struct {
	span, fault string
	at          int64 // where it is, when a search would not find it
}

// expect reads in in all ways and compares its items.
func expect(t *testing.T, in string, longest int, wants []want) {
	t.Helper()
	var list []got
	var end int64
	for _, w := range wants {
		g := got{Text: w.span, Length: int64(len(w.span)), Fault: w.fault}
		if g.Offset = end + int64(strings.Index(in[end:], w.span)); w.at > 0 {
			g.Offset = w.at
		}
		if g.Offset < end {
			t.Fatalf("%q is not in the input after %d", w.span, end)
		}
		g.Line = 1 + strings.Count(in[:g.Offset], "\n")
		if end = g.Offset + g.Length; len(w.span) > longest {
			g.Text = skipped
		}
		list = append(list, g)
	}
	if diff := differ(list, check(t, []byte(in), longest, len(ways))); diff != "" {
		t.Errorf("in %.200q: %.200s\n...%s", in, diff, diff[max(0, len(diff)-200):])
	}
}
