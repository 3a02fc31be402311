package stream

// guard says which lines within a value may be the start of another record.
type guard uint8

const (
	unguarded guard = iota
	allLines
	oneLine // only the first line can be part of the value
)

// head reads what comes before the first value.
func (r *Reader) head() (Item, bool) {
	r.open()
	r.state = (*Reader).top
	return Item{}, false
}

// top reads the next item outside arrays.
func (r *Reader) top() (Item, bool) {
	if ok, _ := r.skipBlanks(); !ok {
		r.state = nil
		return Item{}, false
	}
	switch r.buf[r.pos] {
	case '{':
		if r.opensRecords() {
			r.enter(r.scan, true)
			return Item{}, false
		}
		return r.object()
	case '[':
		r.enter(1, false)
		return Item{}, false
	default:
		if n := r.logPrefix(); n > 0 {
			r.logLines = true
			r.drop(n)
			return r.top()
		}
		return r.otherLine()
	}
}

// otherLine reads text that is neither an object nor an array, to the end of the line.
func (r *Reader) otherLine() (Item, bool) {
	r.begin()
	for {
		line, whole, ok := r.rest()
		if !ok {
			r.cutOff = true
			break
		}
		r.take(len(line))
		if whole {
			break
		}
	}
	if r.long {
		return r.badItem(r.tooLarge())
	}
	text := trimRight(r.text())
	if r.valid(text) {
		return r.badItem(encoding(text))
	}
	return r.badItem(r.fault(invalid(text, r.start)))
}

// object reads an object. If it closes on its first line, it is left to the caller's parser. A
// longer one must be valid; if it is not, lines within it may be separate records.
func (r *Reader) object() (Item, bool) {
	r.begin()
	if r.isKnownBroken(r.start) {
		return r.broken(r.why, more)
	}
	lines := allLines
	if r.start < r.suspect {
		lines = oneLine
	}
	r.frame.reset()
	switch out := r.walk(lines); {
	case out == lineEnd:
		return r.broken(r.why, out)
	case out != closed:
		return r.brokenObject(out)
	case r.long:
		return r.item(r.tooLarge())
	case r.frame.deep:
		return r.item(tooDeep())
	case r.breaks == 0:
		return r.item(nil)
	case r.valid(r.text()):
		return r.item(encoding(r.text()))
	}
	r.suspect = r.here()
	r.why = invalid(r.text(), r.start)
	return r.broken(r.why, closed)
}

// brokenObject ends an object for which walk returned out.
func (r *Reader) brokenObject(out outcome) (Item, bool) {
	f := r.failure(out)
	r.markBroken(f)
	return r.broken(f, out)
}

// walk matches the brackets of a value from the current position on.
func (r *Reader) walk(lines guard) outcome {
	for {
		line, whole, ok := r.rest()
		if !ok {
			return ended
		}
		n, out := r.frame.scan(line, r.here())
		r.take(n)
		switch {
		case out != more:
			return out
		case !whole:
			continue
		case r.frame.quoted:
			return inString
		case lines == oneLine:
			return lineEnd
		}
		if c := r.takeBreak(); lines == allLines && r.opensRecord(c) {
			if !r.mayOpen(c) {
				return unexpectedRecord
			}
			r.holdsRecordLine = true
		}
	}
}

// opensRecord reports whether a line that begins with c may be a separate record; in an input of
// log lines that is also a line that begins with a time.
func (r *Reader) opensRecord(c byte) bool {
	return c == '{' || c == '[' || r.logLines && '0' <= c && c <= '9'
}

// mayOpen reports whether the current line, which begins with c, may belong to the value before it.
// The grammar requires '[', ':' or, in an array, a comma before it. But if a line ends with a colon
// and the next line has a whole object, the first is taken for a truncated record before a good
// one. Reading cannot resume at the second line of a long value, which is no longer in memory; so a
// whole object ends such a value unless the text after the object belongs to the value. The empty
// object is not a record.
func (r *Reader) mayOpen(c byte) bool {
	switch f := &r.frame; {
	case c != '{' && c != '[':
		return false // a log line's time
	case f.depth > maxDepth:
		return false // so that every such line within a broken object has its offset in f.at
	case r.last == ':':
		if c == '{' {
			size, alone, _ := r.lookAhead(false)
			return !alone || size <= len("{}")
		}
		return true
	case r.last == '[', r.last == ',' && f.square():
		if c == '{' && r.long {
			size, alone, next := r.lookAhead(true)
			return !alone || size <= len("{}") || next == ',' || classes[next] == closing
		}
		return true
	default:
		return false
	}
}

// lookAhead returns the length of the value in brackets at the current position, or 0 if it does
// not close on its line; whether nothing follows it on that line; and the next byte on later lines,
// or 0. It stops MaxRecord bytes after the start of the current record.
func (r *Reader) lookAhead(further bool) (size int, alone bool, next byte) {
	from := r.scan
	defer func() { r.scan = from }()
	r.ahead.reset()
	for r.scan < r.max {
		line, whole, ok := r.rest()
		if !ok {
			return size, size > 0, 0
		}
		if left := r.max - r.scan; len(line) >= left {
			line, whole = line[:left], false
		}
		n := 0
		if size == 0 {
			var out outcome
			n, out = r.ahead.scan(line, 0)
			if out == closed {
				size = r.scan + n - from
			} else if out != more || whole {
				return 0, false, 0
			}
		}
		r.work += int64(len(line))
		if tail := trimLeft(line[n:]); size > 0 && len(tail) > 0 {
			return size, alone, tail[0]
		}
		r.scan += len(line)
		if whole {
			if alone = true; !further {
				break
			}
			r.scan++
		}
	}
	return size, alone, 0
}
