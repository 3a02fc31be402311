package stream

import (
	"slices"

	"github.com/oktastream/oktastream/events"
)

const notClosed = "ends before it is closed"

// failure returns what is wrong with the value at hand, of which walk returned
// out.
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

// doom remembers which values within the one at hand cannot do better than it:
// all that are still open where it failed. Those that are closed get their
// chance when reading resumes within this one; so no byte is walked over more
// than twice, however deep truncated records have nested.
func (r *Reader) doom(f failure) {
	if r.why = f; r.breaks > 0 && !r.long {
		r.doomed = r.opens[:copy(r.opens[:], r.frame.at[1:min(r.frame.depth, maxDepth)+1])]
	}
}

// isDoomed reports whether the value that begins at off is known to be broken.
func (r *Reader) isDoomed(off int64) bool {
	_, found := slices.BinarySearch(r.doomed, off)
	return found
}

// broken ends the object at hand before the next line that may be a record of
// its own: the next after its first line, if that is still held, else after
// what was scanned.
func (r *Reader) broken(why failure, out outcome) (Item, bool) {
	done := r.long && out == intruder
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
		done = whole && opensRecord(r.takeBreak())
	}
	if r.long {
		return r.badItem(r.tooLarge())
	}
	return r.badItem(r.fault(why))
}

// fault tells of f in the record at hand. What failed elsewhere, because the
// record had seemed to go on, is not quoted.
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
