package stream

import "github.com/oktastream/oktastream/events"

// record is the current item. It starts at buf[pos] while it is at most max long; after that it is
// long, and its scanned bytes are consumed.
type record struct {
	max     int
	start   int64 // its offset
	row     int   // its line
	scan    int   // bytes scanned from buf[pos] on
	long    bool
	textEnd int64 // the offset after its last byte that is not blank
	last    byte  // that byte
	// breaks counts the line breaks within it, the first of them at scan
	// index firstEnd.
	breaks          int
	firstEnd        int
	holdsRecordLine bool  // a line within it begins like a record
	work            int64 // bytes scanned since NewReader, for tests of linear time
}

// begin starts a record at buf[pos].
func (r *Reader) begin() {
	r.start, r.row = r.base+int64(r.pos), r.line
	r.textEnd = r.start
	r.scan, r.long, r.breaks, r.holdsRecordLine = 0, false, 0, false
}

// here returns the offset up to which the record is scanned.
func (r *Reader) here() int64 { return r.base + int64(r.pos+r.scan) }

// rest returns the part of the current line that is in the window, and whether that is all of it.
// It reads more if the window has none of it; ok is false at the end of the input.
func (r *Reader) rest() (line []byte, whole, ok bool) {
	if r.pos+r.scan == len(r.buf) && !r.more() {
		return nil, false, false
	}
	line, whole = r.toLineEnd(r.pos + r.scan)
	return line, whole, true
}

// take scans n bytes, within a line.
func (r *Reader) take(n int) {
	b := r.buf[r.pos+r.scan:][:n]
	if b = trimRight(b); len(b) > 0 {
		r.last = b[len(b)-1]
		r.textEnd = r.here() + int64(len(b))
	}
	r.scanned(n)
}

// takeBreak scans a line break and returns the byte after it, or 0 at the end
// of the input.
func (r *Reader) takeBreak() byte {
	if r.breaks++; r.breaks == 1 {
		r.firstEnd = r.scan
	}
	r.scanned(1)
	if r.pos+r.scan == len(r.buf) && !r.more() {
		return 0
	}
	return r.buf[r.pos+r.scan]
}

func (r *Reader) scanned(n int) {
	r.work += int64(n)
	r.scan += n
	if r.scan > r.max {
		r.long = true
	}
	if r.long {
		r.drop(r.scan)
		r.scan = 0
	}
}

// back returns to the end of the record's first line. The record must not be long.
func (r *Reader) back() {
	if r.breaks == 0 {
		return
	}
	r.scan, r.breaks = r.firstEnd, 0
	r.textEnd = r.start + int64(len(trimRight(r.text())))
}

// text returns the scanned bytes of a record that is not long.
func (r *Reader) text() []byte { return r.buf[r.pos : r.pos+r.scan : r.pos+r.scan] }

// item ends the record with its last scanned byte.
func (r *Reader) item(f *events.Fault) (Item, bool) {
	it := Item{Line: r.row, Offset: r.start, Length: r.here() - r.start, Fault: f}
	if !r.long {
		it.Text = r.text()
	}
	r.drop(r.scan)
	r.scan = 0
	return it, true
}

// badItem ends the record with its last scanned byte that is not blank.
func (r *Reader) badItem(f *events.Fault) (Item, bool) {
	it := Item{Line: r.row, Offset: r.start, Length: r.textEnd - r.start, Fault: f}
	switch {
	case !r.long:
		it.Text = r.text()[:it.Length]
	case it.Length <= int64(r.max): // too long only with the blanks at its end, which count then
		it.Length = r.here() - r.start
	}
	r.drop(r.scan)
	r.scan = 0
	return it, true
}

// noItem is the fault of something missing at the given place.
func noItem(line int, off int64, text string) (Item, bool) {
	return Item{Text: []byte{}, Line: line, Offset: off, Fault: notJSON(text)}, true
}

func (r *Reader) tooLarge() *events.Fault {
	return &events.Fault{Reason: events.TooLarge, Text: "longer than " + grouped(r.max) + " bytes"}
}

func notJSON(text string) *events.Fault { return &events.Fault{Reason: events.NotJSON, Text: text} }

func tooDeep() *events.Fault {
	return notJSON("nested deeper than " + grouped(maxDepth))
}
