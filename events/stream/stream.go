// Package stream cuts a stream of bytes into JSON values, one at a time, and
// goes on after broken ones.
//
// It reads JSON lines, pretty-printed objects, several values on a line,
// top-level arrays, objects whose first key is "Records", "events", "Messages" or
// "Entries" with an array as its value (the elements of both are items of their
// own), objects that a log line's
// time and stream precede, any mix of these, in UTF-8 or UTF-16, with a byte order mark or
// without, and gzip or zstd of it all. It does not look at what the values mean.
// Other kinds of files that it knows, archives say, are refused as a whole.
//
// # Invariants
//
//   - Items come in the order of the input and do not overlap. A byte in no
//     item is a blank, a comma or bracket of an array, the mark at the start,
//     what precedes a log line's object, or part of the object around an array.
//   - An item without a Fault is JSON, but for one case: an object on a single
//     line outside arrays has only had its brackets matched, as its caller
//     parses it anyway.
//   - Memory is bounded by MaxRecord and one window, for any input: a
//     longer value is skipped, nesting costs nothing, arrays may be endless.
//   - Time is linear in the input, broken or not.
//   - Items depend on the bytes alone, not on how reads divide them.
//
// # Recovery
//
// Outside arrays a record that is neither object nor array is the rest of its
// line. A broken object ends before the next line that begins, without
// indentation, with '{' or '[', or among log lines with a digit; so a truncated line costs itself alone, and a
// broken pretty-printed object is one bad record. Where such a line would be
// legal JSON inside the unfinished object before it, it is read as a part of that
// object. If that object is broken, reading resumes at its second line.
//
// Inside an array an element that is too long, too deep or not UTF-8 costs
// itself alone; a syntax error costs the rest of the array, up to its closing
// bracket as far as brackets can be matched. If the array looks like one truncated
// line among others, because its first elements are on the line of its bracket,
// the lines after it are not part of it.
//
// Two things cannot be told apart: a '[' or "[{…}," alone on a line, cut off
// there, and the start of an array over many lines; and, when it passes
// MaxRecord within its second line, a truncated record and a long one.
package stream

import (
	"io"
	"math"
	"strconv"

	"github.com/oktastream/oktastream/events"
)

const defaultMaxRecord = 32 << 20

// Options are the settings of a Reader.
type Options struct {
	// MaxRecord is the length in bytes of the longest item that is not
	// skipped; 32 MiB when it is 0.
	MaxRecord int
}

// Item is one JSON value, or one bad record.
type Item struct {
	// Text is the value without blanks around it, or the bytes of a bad record
	// as they came. It is nil when it is longer than MaxRecord, and empty where
	// only the end of an array or of the object around one is missing. The next call
	// of Next overwrites it.
	Text   []byte
	Line   int   // the line on which it starts, counted from 1
	Offset int64 // the byte at which it starts, counted from 0 after unpacking
	Length int64 // in bytes, also when Text is nil
	// Fault is what is wrong with it: NotJSON or TooLarge, and a text that holds
	// nothing of the input and counts bytes from 0 at the item's start.
	Fault *events.Fault
	// CutOff: the end of the input ended it, and a Fault, if there is one, may come
	// from that alone.
	CutOff bool
}

// Reader cuts the bytes of an [io.Reader] into items. It must not be used by
// two goroutines at once.
type Reader struct {
	window
	record

	frame frame // of the current value
	ahead frame // of a look ahead
	array array
	state func(*Reader) (Item, bool) // cuts what comes next; nil at the end

	// What is known of the values within a broken one, which are read in its place.
	why      failure
	brokenAt []int64 // the offsets of those that are broken too, in opens
	opens    [maxDepth]int64
	suspect  int64 // before this offset only those on a single line are read

	cutOff   bool // the input's end, not its content, ended the current item
	logLines bool // an item came after a log line's time
}

// NewReader returns a Reader of r. It reads nothing yet.
func NewReader(r io.Reader, o Options) *Reader {
	longest := o.MaxRecord
	if longest <= 0 {
		longest = defaultMaxRecord
	}
	return newReader(r, longest, firstWindow)
}

func newReader(r io.Reader, longest, size int) *Reader {
	longest = min(longest, math.MaxInt/4) // sums of it and sizes must not overflow
	return &Reader{
		window: window{src: r, line: 1, smallest: size, largest: size + longest},
		record: record{max: longest},
		state:  (*Reader).head,
	}
}

// Next returns the next item. The error is io.EOF at the end of the input, and
// else what reading it or unpacking it failed with, after all items that were
// complete by then; it stays.
func (r *Reader) Next() (Item, error) {
	for r.state != nil {
		it, ok := r.state(r)
		if r.cutOff && r.err != io.EOF {
			r.state = nil
			break
		}
		if ok {
			it.CutOff = r.cutOff
			return it, nil
		}
	}
	return Item{}, r.err
}

// Ready reports whether Next can probably return without reading, because the
// window holds the rest of a line or of an array's element, or the input has
// ended. If it is false, a caller that buffers results should write them first.
func (r *Reader) Ready() bool {
	if r.err != nil {
		return true
	}
	rest := r.buf[r.pos:]
	for len(rest) > 0 && (blank(rest[0]) || rest[0] == ',' && r.array.open) {
		rest = rest[1:]
	}
	line, whole := r.toLineEnd(len(r.buf) - len(rest))
	if whole || len(line) == 0 || !r.array.open {
		return whole
	}
	f := &r.ahead
	f.reset()
	if classes[line[0]] == opening {
		_, out := f.scan(line, 0)
		return out != more
	}
	n, done := f.scalar(line, true)
	return done && n > 0
}

// grouped writes n with a comma between thousands.
func grouped[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
