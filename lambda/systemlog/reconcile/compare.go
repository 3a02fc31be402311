package reconcile

import (
	"slices"
	"time"
)

// State says whether the figures of an hour can still change.
type State string

// The states. An hour is settled when it ended SettledAfter ago and two reads of Okta's System Log, in
// one run, listed the same events. Okta says that a bounded request may lack delayed events, but not
// how long the delay can be ("System Log query", Okta developer documentation, 2026-08): SettledAfter
// is an assumption of this product.
const (
	Settled     State = "settled"
	Provisional State = "provisional"
)

// SettledAfter is how long ago an hour has to have ended to be settled.
const SettledAfter = 24 * time.Hour

// Why an hour is provisional.
const (
	WhyRecent = "it ended less than 24 hours ago"
	WhyDiffer = "two reads of Okta's System Log differ"
)

// Counts are the figures of an hour, or of all hours together. An event, identified by its uuid, counts
// once, however often a side has it.
type Counts struct {
	Okta    int64 `json:"okta"`    // events that Okta lists and the filter keeps
	Here    int64 `json:"here"`    // events that the destination has
	Missing int64 `json:"missing"` // of Okta: neither here nor waiting
	Extra   int64 `json:"extra"`   // of Here: Okta does not list them
	Copies  int64 `json:"copies"`  // records here beyond the first of an event
	// Filtered are events that Okta lists and the filter drops.
	Filtered int64 `json:"filtered"`
	// Waiting are those of Okta that are not here and are in a dead-letter queue.
	Waiting int64 `json:"waiting"`
}

func (c *Counts) add(o Counts) {
	c.Okta += o.Okta
	c.Here += o.Here
	c.Missing += o.Missing
	c.Extra += o.Extra
	c.Copies += o.Copies
	c.Filtered += o.Filtered
	c.Waiting += o.Waiting
}

// Hour is one hour of published.
type Hour struct {
	Hour time.Time `json:"hour"` // when it starts, in UTC
	Counts
	State State  `json:"state"`
	Why   string `json:"why,omitempty"` // WhyRecent or WhyDiffer, of a provisional hour
}

// maxLoaded is how many entries, of both sides together, are in memory at a time: 80 MB.
// An hour with more is compared in shares.
const maxLoaded = 4 << 20

// comparison compares the two sides, an hour at a time.
type comparison struct {
	first, second *spill // Okta's events, of two reads
	held          *spill
	waiting       []Key // sorted
	missing       *spill
	loaded        int // maxLoaded, but in tests

	okta, again, here []entry // memory that is used again
}

// hour compares one hour. agreed is how many events both sides have; same reports whether
// the two reads of Okta's side listed the same events.
func (c *comparison) hour(hour int64) (counts Counts, agreed int64, same bool, err error) {
	same = true
	total := c.first.count(hour) + c.second.count(hour) + c.held.count(hour)
	shares := int(total/int64(c.loaded)) + 1
	for share := range shares {
		if c.okta, err = c.first.load(c.okta[:0], hour, share, shares); err != nil {
			return counts, 0, false, err
		}
		if c.again, err = c.second.load(c.again[:0], hour, share, shares); err != nil {
			return counts, 0, false, err
		}
		if c.here, err = c.held.load(c.here[:0], hour, share, shares); err != nil {
			return counts, 0, false, err
		}
		part, matched, alike, err := c.merge(hour)
		if err != nil {
			return counts, 0, false, err
		}
		counts.add(part)
		agreed += matched
		same = same && alike
	}
	return counts, agreed, same, nil
}

// merge compares the loaded entries, in the order of their keys.
func (c *comparison) merge(hour int64) (counts Counts, agreed int64, same bool, err error) {
	first, second, held := c.okta, c.again, c.here
	same = true
	for len(first)+len(second)+len(held) > 0 {
		key := smallest(first, second, held)
		var one, two, records int
		var listed entry
		first, one = pass(first, key, &listed)
		second, two = pass(second, key, &listed)
		held, records = pass(held, key, nil)
		same = same && (one > 0) == (two > 0)
		if records > 0 {
			counts.Here++
			counts.Copies += int64(records - 1)
		}
		switch {
		case one+two == 0:
			counts.Extra++
			continue
		case records > 0:
			agreed++
		}
		if listed.meta&dropped != 0 {
			counts.Filtered++
			continue
		}
		counts.Okta++
		if records > 0 {
			continue
		}
		if _, found := slices.BinarySearchFunc(c.waiting, key, Key.Compare); found {
			counts.Waiting++
			continue
		}
		counts.Missing++
		if err := c.missing.add(hour, listed); err != nil {
			return counts, 0, false, err
		}
	}
	return counts, agreed, same, nil
}

// smallest returns the smallest key that one of the sorted lists starts with.
func smallest(lists ...[]entry) (key Key) {
	found := false
	for _, list := range lists {
		if len(list) > 0 && (!found || list[0].key.Compare(key) < 0) {
			key, found = list[0].key, true
		}
	}
	return key
}

// pass returns list after its first n entries, which are those with key. The last of them
// is written to one, unless it is nil.
func pass(list []entry, key Key, one *entry) (rest []entry, n int) {
	for n < len(list) && list[n].key == key {
		n++
	}
	if n > 0 && one != nil {
		*one = list[n-1]
	}
	return list[n:], n
}
