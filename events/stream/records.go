package stream

// lists are the first keys of objects that are lists of records: from SQS, SNS and Kinesis to
// Lambda, and those that "aws logs", "aws sqs" and "aws events" print or accept.
var lists = [...]string{`"Records"`, `"events"`, `"Messages"`, `"Entries"`}

// opensRecords reports whether the current object has an array under its first key, and that key is
// one of lists. If so, the current position is then after the '['.
func (r *Reader) opensRecords() bool {
	r.begin()
	for _, name := range lists {
		if r.scan = 1; r.follows(name) && r.follows(":") && r.follows("[") {
			return true
		}
	}
	return false
}

// follows skips blanks and text, if text comes next.
func (r *Reader) follows(text string) bool {
	for i := 0; i < len(text); r.scan++ {
		if r.scan > r.max || r.pos+r.scan == len(r.buf) && !r.more() {
			return false
		}
		switch c := r.buf[r.pos+r.scan]; {
		case c == text[i]:
			i++
		case i > 0 || !blank(c):
			return false
		}
	}
	return true
}

// tail skips the rest of the object around such an array. It looks only at the brackets.
func (r *Reader) tail() (Item, bool) {
	r.scan = 0
	ok, first := r.skipBlanks()
	r.state = (*Reader).top
	if !ok || first && r.opensRecord(r.buf[r.pos]) {
		r.cutOff = !ok
		return noItem(r.array.endRow, r.array.end, "the object around the array "+notClosed)
	}
	r.begin()
	switch r.buf[r.pos] {
	case '}':
		r.drop(1)
		return Item{}, false
	case ',':
	default:
		return r.broken(failure{at: r.start, text: notValid, byte: true}, more)
	}
	if r.isKnownBroken(r.array.around) {
		return r.broken(r.why, more)
	}
	r.frame.reset()
	r.frame.push('{', r.array.around)
	if out := r.walk(allLines); out != closed {
		return r.brokenObject(out)
	}
	r.drop(r.scan)
	r.scan = 0
	return Item{}, false
}
