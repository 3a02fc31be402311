package sink

import (
	"cmp"
	"math"
	"slices"
)

// Limits are what a destination accepts in one call. 0 means no limit.
type Limits struct {
	Bytes   int // of all records together
	Records int
	// PerRecord is what the destination counts for each record beside its bytes.
	// For a JSON array, whose n records cost n-1 commas and two brackets, it is 1
	// and Bytes is one less than the array may have.
	PerRecord int
	SpanMS    int64 // from the oldest record to the newest, both included
	Sorted    bool  // by time, oldest first
}

// Cut cuts n records into batches and returns the indexes of each. measure returns
// the length and the time of record i; it is called once for each.
//
// Records stay in the order they have, unless the limits want them sorted: then
// they are sorted as a whole before they are cut, those of the same time in the
// order they had. A batch ends where the next record does not fit into it. Only a batch
// of one record can exceed a limit.
func Cut(n int, l Limits, measure func(i int) (bytes int, timeMS int64)) [][]int {
	if n == 0 {
		return nil
	}
	order, bytes, times := make([]int, n), make([]int, n), make([]int64, n)
	sorted := true
	for i := range n {
		order[i] = i
		bytes[i], times[i] = measure(i)
		sorted = sorted && (i == 0 || times[i-1] <= times[i])
	}
	if l.Sorted && !sorted {
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(a, b))
		})
	}
	var (
		batches [][]int
		open    run
		start   int
	)
	for at, i := range order {
		if !open.fits(l, bytes[i], times[i]) {
			// The capacity ends with the batch: appending to one must not
			// write into the next.
			batches = append(batches, order[start:at:at])
			start, open = at, run{}
		}
		open.add(l, bytes[i], times[i])
	}
	return append(batches, order[start:])
}

// Fits reports whether n records, in the order they have, are one batch within l.
func (l Limits) Fits(n int, measure func(i int) (bytes int, timeMS int64)) bool {
	var open run
	last := int64(math.MinInt64)
	for i := range n {
		bytes, timeMS := measure(i)
		if !open.fits(l, bytes, timeMS) || l.Sorted && timeMS < last {
			return false
		}
		open.add(l, bytes, timeMS)
		last = timeMS
	}
	return n > 0
}

// run is what a batch holds so far.
type run struct {
	records, bytes int
	oldest, newest int64
}

// fits reports whether a batch that is not empty stays within l with one record
// more. An empty one takes any record, or the record would never be sent.
func (r *run) fits(l Limits, bytes int, timeMS int64) bool {
	switch {
	case r.records == 0:
		return true
	case l.Records > 0 && r.records >= l.Records:
		return false
	case l.Bytes > 0 && bytes+l.PerRecord > l.Bytes-r.bytes:
		return false
	}
	// The distance of two int64 may not fit into one.
	span := uint64(max(r.newest, timeMS)) - uint64(min(r.oldest, timeMS))
	return l.SpanMS <= 0 || span <= uint64(l.SpanMS)
}

func (r *run) add(l Limits, bytes int, timeMS int64) {
	if r.records == 0 {
		r.oldest, r.newest = timeMS, timeMS
	}
	r.records++
	r.bytes += bytes + l.PerRecord
	r.oldest, r.newest = min(r.oldest, timeMS), max(r.newest, timeMS)
}
