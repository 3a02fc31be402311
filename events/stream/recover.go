package stream

import (
	"slices"

	"github.com/oktastream/oktastream/events"
)

const notClosed = "ends before it is closed"

// failure returns the fault of the current value, for which walk returned out.
func (r *Reader) failure(out outcome) failure {
	f := failure{at: r.here(), text: notClosed}
	switch {
	case r.frame.deep:
		f.text = tooDeep().Text
	case r.frame.quoted:
		f.text = "ends inside a string"
	case out == mismatch:
		f.text, f.byte = "a bracket of the wrong kind", true
	}
	return f
}

// markBroken records which values within the current one are broken as well: all that were still
// open where it failed. Values that were closed are read when reading resumes within this one. So
// no byte is read more than twice, at any depth of truncated records.
func (r *Reader) markBroken(f failure) {
	if r.why = f; r.breaks > 0 && !r.long {
		r.brokenAt = r.opens[:copy(r.opens[:], r.frame.at[1:min(r.frame.depth, maxDepth)+1])]
	}
}

// isKnownBroken reports whether the value that begins at off is known to be broken.
func (r *Reader) isKnownBroken(off int64) bool {
	_, found := slices.BinarySearch(r.brokenAt, off)
	return found
}

// broken ends the current object before the next line that may be a separate record: the next line
// after its first one, if that is still in memory, or else after the scanned bytes.
func (r *Reader) broken(why failure, out outcome) (Item, bool) {
	done := r.long && out == unexpectedRecord
	if !r.long {
		r.back()
	}
	for !done {
		line, whole, ok := r.rest()
		if !ok {
			r.cutOff = true
			break
		}
		r.take(len(line))
		done = whole && r.opensRecord(r.takeBreak())
	}
	if r.long {
		return r.badItem(r.tooLarge())
	}
	return r.badItem(r.fault(why))
}

// fault describes f for the current record. If f is outside the record, the position of its byte is
// left out.
func (r *Reader) fault(f failure) *events.Fault {
	switch {
	case f.at >= r.start && f.at <= r.here():
		if f.byte {
			f.text += " at byte " + grouped(f.at-r.start)
		}
	case r.start < r.suspect:
		f.text = notValid
	default:
		f.text = notClosed
	}
	return notJSON(f.text)
}
