package watch

import "math/rand/v2"

// This file simulates a pipeline with ingest=queue second by second and keeps its
// metrics minute by minute, as AWS does: counters by the minute in which a thing
// happened, gauges by one look a minute, at some second of it.

// world is what happens to a simulated pipeline.
type world struct {
	arrivals func(second int, r *rand.Rand) int
	// down says whether the destination takes nothing; deaf whether the rule's target
	// does not, so that events go to the rule's DLQ.
	down, deaf func(second int) bool
	// lost is the share of matched events that vanish before the buffer.
	lost func(second int) float64
	// vanish removes all that waits or flies in the buffer (a purge), emptied what
	// lies in redrive; replayed puts events of the queue dead into the buffer, and
	// redriven is a move task that brings everything back out of redrive.
	vanish, emptied, redriven func(second int) bool
	replayed                  func(second int) int
	forged                    func(second int) int  // somebody else sends to the buffer
	idle                      func(second int) bool // the mapping is disabled
	// twice is the share of messages that are deleted twice.
	twice float64
	hours int
}

// What the simulated pipeline is like: the defaults of the settings.
const (
	window     = 5   // seconds that Lambda gathers
	perWindow  = 5e3 // messages that the function takes in a window: 10 calls of 100, twice a second
	visibility = 365
	receives   = 59
)

// minuteMetrics are the metrics by minute. A negative gauge is one that was not
// reported.
type minuteMetrics struct {
	matched, deleted, deadLettered, replayed []float64
	waiting, flying, spent                   []float64
}

type cohort struct{ n, receives, replayed int }

// simulate runs the world.
func simulate(w world, seed uint64) *minuteMetrics {
	r := rand.New(rand.NewPCG(seed, 7))
	minutes := w.hours * 60
	m := &minuteMetrics{}
	for _, list := range []*[]float64{&m.matched, &m.deleted, &m.deadLettered, &m.replayed, &m.waiting, &m.flying, &m.spent} {
		*list = make([]float64, minutes)
	}
	var queue []cohort
	returning := map[int][]cohort{} // by the second at which they are visible again
	flying, spent := 0, 0
	look := r.IntN(60)
	for second := range minutes * 60 {
		minute := second / 60
		queue = append(queue, w.incoming(second, m, r)...)
		for _, c := range returning[second] {
			flying -= c.n
			queue = append(queue, c)
		}
		delete(returning, second)
		if yes(w.redriven, second) {
			queue, spent = append(queue, cohort{n: spent}), 0
		}
		if yes(w.emptied, second) {
			spent = 0
		}
		if yes(w.vanish, second) {
			queue, flying = nil, 0
			clear(returning)
		}
		if second%window == 0 && !yes(w.idle, second) {
			for room := int(perWindow); room > 0 && len(queue) > 0; {
				c := queue[0]
				take := min(c.n, room)
				queue[0].n -= take
				if queue[0].n == 0 {
					queue = queue[1:]
				}
				room -= take
				if c.receives >= receives {
					spent += take // SQS moves it instead of giving it out once more
					continue
				}
				m.replayed[minute] += float64(min(c.replayed, take))
				if yes(w.down, second) {
					back := second + visibility
					returning[back] = append(returning[back], cohort{take, c.receives + 1, min(c.replayed, take)})
					flying += take
					continue
				}
				m.deleted[minute] += float64(take) + float64(binomial(take, w.twice, r))
			}
		}
		if second%60 == look {
			for _, c := range queue {
				m.waiting[minute] += float64(c.n)
			}
			m.flying[minute], m.spent[minute] = float64(flying), float64(spent)
		}
	}
	return m
}

// incoming is what comes into the buffer in a second.
func (w world) incoming(second int, m *minuteMetrics, r *rand.Rand) []cohort {
	minute := second / 60
	n := w.arrivals(second, r)
	m.matched[minute] += float64(n)
	var in []cohort
	switch {
	case yes(w.deaf, second):
		m.deadLettered[minute] += float64(n)
	case w.lost != nil:
		n -= binomial(n, w.lost(second), r)
		fallthrough
	default:
		in = append(in, cohort{n: n})
	}
	if w.replayed != nil {
		n := w.replayed(second)
		in = append(in, cohort{n: n, replayed: n})
	}
	if w.forged != nil {
		in = append(in, cohort{n: w.forged(second)})
	}
	kept := in[:0]
	for _, c := range in {
		if c.n > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

func yes(f func(int) bool, second int) bool { return f != nil && f(second) }

func binomial(n int, p float64, r *rand.Rand) int {
	hits := 0
	for range n {
		if r.Float64() < p {
			hits++
		}
	}
	return hits
}

// perHour are arrivals that are spread over the hour by chance.
func perHour(n int) func(int, *rand.Rand) int {
	return func(_ int, r *rand.Rand) int {
		whole := n / 3600
		if r.Float64() < float64(n%3600)/3600 {
			whole++
		}
		return whole
	}
}

// between is true from one hour of the simulation to another.
func between(from, to float64) func(int) bool {
	return func(second int) bool { return float64(second) >= from*3600 && float64(second) < to*3600 }
}

// at is true in one second.
func at(hour float64) func(int) bool {
	return func(second int) bool { return second == int(hour*3600) }
}
