// Package stream splits a stream of bytes into JSON values, one at a time, and
// continues after broken ones.
//
// It reads JSON lines, pretty-printed objects, several values on a line,
// top-level arrays, objects with the first key "Records", "events", "Messages" or
// "Entries" and an array as its value (each element of an array is an item),
// objects with a log line's time and stream before them, and any mix of these, in
// UTF-8 or UTF-16, with or without a byte order mark, also compressed with gzip or
// zstd. It does not interpret the values. It recognises some other kinds of files,
// such as archives, and refuses them.
//
// # Invariants
//
//   - Items come in the order of the input and do not overlap. A byte in no
//     item is a blank, a comma or bracket of an array, the byte order mark, text
//     before a log line's object, or part of the object around an array.
//   - An item without a Fault is valid JSON, with one exception: for an object on a
//     single line outside arrays only the brackets are matched, because the caller
//     parses it anyway.
//   - Memory is bounded by MaxRecord and one window, for any input: longer values
//     are skipped, nesting takes no memory, and arrays can be of any length.
//   - Time is linear in the input, broken or not.
//   - Items depend only on the bytes, not on how reads divide them.
//
// # Recovery
//
// Outside arrays a record that is neither an object nor an array extends to the end
// of its line. A broken object ends before the next line that begins, without
// indentation, with '{' or '[', or among log lines with a digit. So a truncated line
// affects no other line, and a broken pretty-printed object is one bad record. If
// such a line would be valid JSON inside the unfinished object before it, it is read
// as a part of that object. If that object is broken, reading resumes at its second
// line.
//
// Inside an array an element that is too long, too deep or not UTF-8 affects no other
// element. After a syntax error the rest of the array is skipped, up to its closing
// bracket as far as brackets can be matched. If the array looks like one truncated
// line among others, because its first elements are on the line of its bracket,
// the lines after it are not part of it.
//
// Two cases cannot be distinguished: a line that was cut after '[' or "[{…}," and the
// first line of an array over many lines; and, if it exceeds MaxRecord within its
// second line, a truncated record and a long one.
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
	// MaxRecord is the length in bytes of the longest item that is not skipped; 32 MiB if it is 0.
	MaxRecord int
}

// Item is one JSON value, or one bad record.
type Item struct {
	// Text is the value without blanks around it, or the unchanged bytes of a bad record. It is nil
	// if it is longer than MaxRecord, and empty if only the end of an array or of the object around
	// one is missing. The next call of Next overwrites it.
	Text   []byte
	Line   int   // the line on which it starts, counted from 1
	Offset int64 // the byte at which it starts, counted from 0 after unpacking
	Length int64 // in bytes, also when Text is nil
	// Fault is NotJSON or TooLarge, with a text that has no content of the input and counts bytes
	// from 0 at the item's start.
	Fault *events.Fault
	// CutOff: the item ends at the end of the input. If it has a Fault, that may be the only
	// reason.
	CutOff bool
}

// Reader splits the bytes of an [io.Reader] into items. It must not be used by two goroutines at
// once.
type Reader struct {
	window
	record

	frame frame // of the current value
	ahead frame // of lookAhead
	array array
	state func(*Reader) (Item, bool) // reads the next item; nil at the end

	// The facts about values within a broken one, which are read as separate items.
	why      failure
	brokenAt []int64 // the offsets of those that are broken too, sorted
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
	longest = min(longest, math.MaxInt/4) // so that sums with sizes do not overflow
	return &Reader{
		window: window{src: r, line: 1, smallest: size, largest: size + longest},
		record: record{max: longest},
		state:  (*Reader).head,
	}
}

// Next returns the next item. The error is io.EOF at the end of the input, or the error of reading
// or unpacking it, after all items that were complete by then. All later calls return the same
// error.
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

// Ready reports whether Next can probably return without reading, because the window has the rest
// of a line or of an array's element, or the input has ended. If it is false, a caller that buffers
// results should write them first.
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
