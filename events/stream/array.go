package stream

import "github.com/oktastream/oktastream/events"

// array is the array that is being split into elements.
type array struct {
	open    bool
	wrapped bool  // the array is the value of a key in lists
	around  int64 // the offset of the object around it
	row     int   // the line of its '['
	last    token // of the array itself
	end     int64 // offset after that token
	endRow  int   // its line
	// The number of elements that began on the line of the '[', and on later lines.
	inside, outside int
}

type token uint8

const (
	bracket token = iota
	comma
	value
)

const arrayNotClosed = "the array is not closed"

// enter enters the array that begins n bytes ahead.
func (r *Reader) enter(n int, wrapped bool) {
	around := r.base + int64(r.pos)
	r.drop(n)
	r.scan = 0
	r.array = array{open: true, wrapped: wrapped, around: around, row: r.line}
	r.passed(bracket)
	r.state = (*Reader).element
}

// passed records that a token of the array ends here.
func (r *Reader) passed(t token) {
	r.array.last, r.array.end, r.array.endRow = t, r.here(), r.line
}

// exit leaves the array, after its ']' if that was found.
func (r *Reader) exit(found bool) {
	r.array.open = false
	r.state = (*Reader).top
	if found {
		r.drop(1)
		r.passed(bracket)
		if r.array.wrapped {
			r.state = (*Reader).tail
		}
	}
}

// element returns the next element, or reads a comma or the end of the array.
func (r *Reader) element() (Item, bool) {
	a := &r.array
	r.scan = 0
	ok, first := r.skipBlanks()
	if !ok {
		r.cutOff = true
		r.exit(false)
		return noItem(a.endRow, a.end, arrayNotClosed)
	}
	c := r.buf[r.pos]
	switch {
	case c == ']' && a.last != comma:
		r.exit(true)
		return Item{}, false
	case c == ']':
		// The comma has been consumed: it is the bad record.
		it := Item{
			Text: []byte{','}, Line: a.endRow, Offset: a.end - 1, Length: 1,
			Fault: notJSON("a comma before the closing bracket"),
		}
		r.exit(true)
		return it, true
	case a.last == value && c == ',':
		r.drop(1)
		r.passed(comma)
		return Item{}, false
	case a.last == value && first && r.opensRecord(c) && r.looksTruncated():
		r.exit(false)
		return noItem(a.endRow, a.end, arrayNotClosed)
	}
	r.begin()
	r.frame.reset()
	switch {
	case a.last == value:
		return r.endArray(failure{at: r.start, text: "no comma between elements of an array"})
	case classes[c] == opening:
		return r.container(first)
	default:
		return r.scalar()
	}
}

// looksTruncated reports whether the array seems to be a truncated record in a file with one record
// per line, and the current line a separate record: the one after it or, if the truncated record
// ends with a comma, the one after that. Such a line has no comma before it.
func (r *Reader) looksTruncated() bool {
	if a := &r.array; a.outside > 1 || a.outside == 1 && a.inside == 0 {
		return false
	}
	size, _, next := r.lookAhead(true)
	return size == 0 || next != ',' && next != ']'
}

// count counts elements by the line on which they begin, for looksTruncated.
func (r *Reader) count() {
	if r.row == r.array.row {
		r.array.inside++
	} else {
		r.array.outside++
	}
}

// container reads an element that is an object or an array. If the array may be a truncated record
// and the element begins where the next record would, or on the line of the array itself, then
// lines within the element may be separate records.
func (r *Reader) container(first bool) (Item, bool) {
	a := &r.array
	onRow := r.row == a.row
	lines := unguarded
	if onRow || first && a.inside > 0 && a.outside == 0 {
		lines = allLines
		if r.isKnownBroken(r.start) {
			return r.truncatedArray(failure{at: r.start, text: arrayNotClosed}, more)
		}
	}
	out := r.walk(lines)
	var f failure
	switch {
	case out == closed && r.long:
		return r.good(r.tooLarge())
	case out == closed && r.frame.deep:
		return r.good(tooDeep())
	case out == closed && r.valid(r.text()):
		return r.good(encoding(r.text()))
	case out == closed:
		f = invalid(r.text(), r.start)
	case out == ended && !r.frame.deep, out == unexpectedRecord:
		f = failure{at: r.start, text: arrayNotClosed}
	default:
		f = r.failure(out)
	}
	if lines == allLines && (r.holdsRecordLine || out == unexpectedRecord || !onRow) {
		if out != closed {
			r.markBroken(f)
		}
		return r.truncatedArray(f, out)
	}
	return r.endArray(f)
}

// truncatedArray leaves the array at its broken element, which ends where a broken object outside
// arrays would.
func (r *Reader) truncatedArray(f failure, out outcome) (Item, bool) {
	r.exit(false)
	return r.broken(f, out)
}

// good ends an element after which the array continues, with or without a fault.
func (r *Reader) good(f *events.Fault) (Item, bool) {
	r.count()
	it, ok := r.item(f)
	r.passed(value)
	return it, ok
}

// scalar reads an element that is neither an object nor an array.
func (r *Reader) scalar() (Item, bool) {
	for done := false; !done; {
		line, whole, ok := r.rest()
		if !ok {
			return r.endArray(failure{at: r.here(), text: arrayNotClosed})
		}
		var n int
		n, done = r.frame.scalar(line, r.scan == 0 && !r.long)
		r.take(n)
		if whole && !done {
			if r.frame.quoted {
				return r.endArray(failure{at: r.here(), text: "ends inside a string"})
			}
			done = true
		}
	}
	switch {
	case r.long:
		return r.good(r.tooLarge())
	case r.scan == 0:
		return r.endArray(failure{at: r.start, text: "an array's element is missing"})
	case r.valid(r.text()):
		return r.good(encoding(r.text()))
	}
	return r.endArray(invalid(r.text(), r.start))
}

// scalar scans b, bytes of one line, to the end of a value that is neither an object nor an array;
// first is set if the value begins at b.
func (f *frame) scalar(b []byte, first bool) (n int, done bool) {
	if first && b[0] == '"' {
		f.quoted = true
		n = f.skipString(b, 1)
		return n, !f.quoted
	}
	if f.quoted {
		n = f.skipString(b, 0)
		return n, !f.quoted
	}
	for n < len(b) {
		switch c := b[n]; {
		case classes[c] != other, c == ',', c == ':', blank(c):
			return n, true
		}
		n++
	}
	return n, false
}

// endArray ends the array after a syntax error: the bad record extends to the end of the array, as
// far as brackets can be matched, but not beyond the line if the whole array was on it.
func (r *Reader) endArray(why failure) (Item, bool) {
	oneLine := r.breaks == 0 && r.row == r.array.row
	found := false
	r.frame.startSkip()
	for {
		line, whole, ok := r.rest()
		if !ok {
			r.cutOff = true
			break
		}
		var n int
		n, found = r.frame.skipArray(line)
		r.take(n)
		if found || whole && oneLine {
			break
		}
		if whole {
			r.frame.quoted, r.frame.escaped = false, false // no string continues on the next line
			r.takeBreak()
		}
	}
	it, ok := r.badItem(r.fault(why))
	r.exit(found)
	return it, ok
}
