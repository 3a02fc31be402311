package pipeline

import "crypto/sha256"

// Verdict compares an event with those before it in its batch.
type Verdict int

// The verdicts.
const (
	First     Verdict = iota // no earlier event has its uuid
	Duplicate                // an earlier one has its uuid and its bytes
	Conflict                 // an earlier one has its uuid, and other bytes
)

// Hash is the SHA-256 of an event's original JSON text.
type Hash = [sha256.Size]byte

type copyOf struct {
	hash Hash
	id   int
}

// Window remembers the events of one batch. The zero value is ready.
type Window struct {
	seen map[string]copyOf
	// conflicting has the events with the uuid of an earlier event and other bytes.
	conflicting map[string][]copyOf
}

// Add adds an event. id is the caller's index of it. of is the id of the first copy if the event is
// a duplicate, and otherwise id.
func (w *Window) Add(uuid string, hash Hash, id int) (verdict Verdict, of int) {
	if w.seen == nil {
		w.seen, w.conflicting = map[string]copyOf{}, map[string][]copyOf{}
	}
	first, ok := w.seen[uuid]
	switch {
	case !ok:
		w.seen[uuid] = copyOf{hash, id}
		return First, id
	case first.hash == hash:
		return Duplicate, first.id
	}
	for _, c := range w.conflicting[uuid] {
		if c.hash == hash {
			return Duplicate, c.id
		}
	}
	w.conflicting[uuid] = append(w.conflicting[uuid], copyOf{hash, id})
	return Conflict, id
}

// Reset forgets everything, for the next batch.
func (w *Window) Reset() {
	clear(w.seen)
	clear(w.conflicting)
}
