package stream

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
)

// repeated is text n times over.
func repeated(text string, n int) io.Reader {
	whole := strings.Repeat(text, max(1, (64<<10)/len(text)))
	return io.LimitReader(&endless{text: []byte(whole)}, int64(n*len(text)))
}

// endless is text over and over; the text must not be cut by a limit but
// between repetitions.
type endless struct {
	text []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// tally counts the items of r by their fault.
func tally(t *testing.T, r *Reader) (map[string]int, int64) {
	t.Helper()
	counts, end := map[string]int{}, int64(0)
	for {
		it, err := r.Next()
		if err == io.EOF {
			return counts, end
		}
		if err != nil {
			t.Fatal(err)
		}
		if it.Offset < end {
			t.Fatalf("an item at %d, after one that ends at %d", it.Offset, end)
		}
		end = it.Offset + it.Length
		fault := ""
		if it.Fault != nil {
			fault = it.Fault.Text
		}
		counts[fault]++
	}
}

// A stream of 200 MB, with values far longer than MaxRecord, takes the memory
// of one window.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of megabytes are slow under the race detector")
	}
	const mb = 1 << 20
	line := event(1) + "\n"
	n := 40 * mb / len(line)
	long := func(open, close string) io.Reader {
		return io.MultiReader(strings.NewReader(open), repeated("x", 20*mb), strings.NewReader(close))
	}
	in := io.MultiReader(
		repeated(line, n),
		long(`{"a":"`, "\"}\n"),
		long("", "\n"),
		strings.NewReader("["), repeated(event(2)+",", n), long(`{"a":["`, `"]},`), strings.NewReader(event(3)+"]\n"),
		repeated(" ", 20*mb),
		strings.NewReader(`{"Records":[`), repeated(event(2)+",\n", n), strings.NewReader(`{}],"a":"`), long("", "\"}\n"),
		long("{\n\"a\":\"", "\"\n}\n"),
		strings.NewReader("{}"),
	)
	r := NewReader(in, Options{MaxRecord: mb})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	counts, end := tally(t, r)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 16*mb { // the race detector empties pools
		t.Errorf("%d bytes allocated", got)
	}
	if end < 200*mb || counts[""] != 3*n+3 || counts["longer than 1,048,576 bytes"] != 4 || len(counts) != 2 {
		t.Errorf("%d bytes, %v with n = %d", end, counts, n)
	}
}

// A value that is just short enough is held once.
func TestWindowGrowth(t *testing.T) {
	const mb = 1 << 20
	in := io.MultiReader(strings.NewReader(`{"a":"`), repeated("x", 8*mb-8), strings.NewReader("\"}\n{}\n"))
	r := NewReader(in, Options{MaxRecord: 8 * mb})
	counts, _ := tally(t, r)
	if counts[""] != 2 || cap(r.buf) > 8*mb+2*firstWindow {
		t.Errorf("%v, and a window of %d bytes", counts, cap(r.buf))
	}
}

func TestDeepNesting(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of megabytes are slow under the race detector")
	}
	const n = 20_000_000
	for name, test := range map[string]struct {
		open, close string
		want        string
	}{
		"closed":         {"[", "]", "longer than 33,554,432 bytes"},
		"open":           {"[", "", "nested deeper than 1,000"},
		"objects":        {`{"":`, "", "longer than 33,554,432 bytes"},
		"lines":          {" [\n", "", "longer than 33,554,432 bytes"},
		"wrong brackets": {"[", "}", "longer than 33,554,432 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			in := []io.Reader{strings.NewReader("{\"a\":"), repeated(test.open, n)}
			if test.close != "" {
				in = append(in, repeated(test.close, n))
			}
			in = append(in, strings.NewReader("}\n{}\n"))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := NewReader(io.MultiReader(in...), Options{})
			counts, _ := tally(t, r)
			runtime.ReadMemStats(&after)
			if counts[test.want] != 1 || counts[""] != 1 || len(counts) != 2 {
				t.Errorf("%v", counts)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 128<<20 {
				t.Errorf("%d bytes allocated", got)
			}
		})
	}
	t.Run("array", func(t *testing.T) {
		r := NewReader(io.MultiReader(strings.NewReader("[1,"), repeated("[", 10_000), repeated("]", 10_000),
			strings.NewReader(",{}]")), Options{})
		if counts, _ := tally(t, r); counts[""] != 2 || counts["nested deeper than 1,000"] != 1 {
			t.Errorf("%v", counts)
		}
	})
}

// In all kinds of broken lines, few bytes are scanned more than a few times.
func TestLinearTime(t *testing.T) {
	const n = 30_000
	for name, in := range map[string]string{
		"in strings":               strings.Repeat("{\"a\":\"x\n", n),
		"after colons":             strings.Repeat("{\"a\":\n", n),
		"after commas in arrays":   strings.Repeat("{\"a\":[{\"b\":1},\n", n),
		"after opening brackets":   strings.Repeat("{\"a\":[\n", n),
		"after opening braces":     strings.Repeat("{\"a\":{\n", n),
		"after commas":             strings.Repeat("{\"a\":1,\n", n),
		"after values":             strings.Repeat("{\"a\":1\n", n),
		"in arrays":                strings.Repeat("[{\"a\":1},{\"b\":\n", n),
		"in arrays in arrays":      strings.Repeat("[{\"a\":[\n", n),
		"in arrays, good elements": strings.Repeat("[{},{\"a\":[\n", n),
		"in arrays, good lines":    strings.Repeat("[{\"a\":[\n{\"b\":1},\n", n),
		"in arrays, in strings":    strings.Repeat("[{\"a\":[\n", n) + "{\"\n{\"\n",
		"in arrays, after commas":  strings.Repeat("[{\"a\":1},\n", n),
		"after Records":            strings.Repeat("{\"Records\":[{\"a\":\n", n),
		"in the rest of Records":   strings.Repeat("{\"Records\":[{}],\"a\":[\n", n),
		"good lines between":       strings.Repeat("{\"a\":[\n{\"b\":1}\n", n),
		"a whole line after":       strings.Repeat("{\"a\":[\n", n) + "{}\n{}\n",
		"not closed, indented":     strings.Repeat(" {\"a\":[\n", n),
		"brackets":                 strings.Repeat("[\n", n),
		"syntax, closed later":     strings.Repeat("{\"a\" 1,\"b\":\n", 900) + strings.Repeat("}\n", 900),
		"syntax, closed on line":   strings.Repeat("{\"a\" 1,\"b\":[\n{\"c\" 1}\n,", 900) + strings.Repeat("1]}", 900),
		"wrong brackets":           strings.Repeat("{\"a\":[}\n", n),
		"many colons, a long line": strings.Repeat("{\"a\":\n", 500) + `{"a":"` + strings.Repeat("x", 1<<20) + "\"}\n",
		"quotes":                   strings.Repeat(`"`, n) + "\n" + strings.Repeat("{\"\n", n),
		"backslashes":              `{"` + strings.Repeat(`\`, n) + "\n{\"" + strings.Repeat(`\"`, n) + "\"}\n",
		"blank lines":              strings.Repeat("{\n\n\n\n\n\n\n\n\n", n),
		"a long array on a line":   "[" + strings.Repeat("{},", n) + "{}]",
		"values on a line":         strings.Repeat("{}[1]", n),
		"brackets that close none": "[x" + strings.Repeat("[", 999) + strings.Repeat("}", n),
	} {
		t.Run(name, func(t *testing.T) {
			for _, longest := range []int{1 << 30, 1000} {
				r := newReader(bytes.NewReader([]byte(in)), longest, firstWindow)
				tally(t, r)
				if r.work > 8*int64(len(in)) {
					t.Errorf("%d bytes scanned of %d, at most %d each", r.work, len(in), longest)
				}
			}
		})
	}
}
