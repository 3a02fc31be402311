package dlq

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Group counts what has the same reason, event type and age. A message with
// events of several types counts in the group of each.
type Group struct {
	Queue  string `json:"queue"`
	Form   Form   `json:"form"`
	Reason string `json:"reason"`
	Type   string `json:"type"`
	Age    string `json:"age"`
	Counts
}

// Counts are what is known of several messages.
type Counts struct {
	Messages int `json:"messages"`
	Events   int `json:"events"`
	// FirstExpires is when the first of them is deleted by SQS.
	FirstExpires time.Time `json:"first_expires,omitzero"`
	// Earliest and Latest are the times of failures that are known.
	Earliest time.Time `json:"first_failure,omitzero"`
	Latest   time.Time `json:"last_failure,omitzero"`
	// Most of any message.
	Attempts int `json:"attempts"`
	Replays  int `json:"replays"`
}

func (c *Counts) add(d *Dead, messages, events int) {
	c.Messages += messages
	c.Events += events
	earliest(&c.FirstExpires, d.Expires)
	earliest(&c.Earliest, d.FirstFailure)
	earliest(&c.Earliest, d.LastFailure)
	for _, t := range []time.Time{d.FirstFailure, d.LastFailure} {
		if t.After(c.Latest) {
			c.Latest = t
		}
	}
	c.Attempts, c.Replays = max(c.Attempts, d.Attempts), max(c.Replays, d.Replays)
}

func earliest(to *time.Time, t time.Time) {
	if !t.IsZero() && (to.IsZero() || t.Before(*to)) {
		*to = t
	}
}

// maxGroups bounds the groups, and with them the memory: an event type is
// whatever a message says.
const maxGroups = 1000

// other stands for what is in no group of its own, because there are too many.
const other = "(other)"

// Groups adds messages up. It may be used by many goroutines.
type Groups struct {
	mu     sync.Mutex
	total  Counts
	groups map[groupKey]*Group
}

type groupKey struct {
	queue             string
	form              Form
	reason, kind, age string
}

// Add adds a message.
func (g *Groups) Add(d *Dead, now time.Time) {
	types := map[string]int{}
	for _, e := range d.Events {
		types[e.Type]++
	}
	if len(types) == 0 {
		types[None] = 0
	}
	age := ageName(now.Sub(d.Since))
	if d.Since.IsZero() {
		age = None
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total.add(d, 1, len(d.Events))
	for kind, events := range types {
		g.group(groupKey{d.Queue, d.Form, d.Reason, kind, age}).add(d, 1, events)
	}
}

func (g *Groups) group(k groupKey) *Group {
	if g.groups == nil {
		g.groups = map[groupKey]*Group{}
	}
	if g.groups[k] == nil && len(g.groups) >= maxGroups {
		k = groupKey{k.queue, other, other, other, other}
	}
	if g.groups[k] == nil {
		g.groups[k] = &Group{Queue: k.queue, Form: k.form, Reason: k.reason, Type: k.kind, Age: k.age}
	}
	return g.groups[k]
}

// Total counts each message once.
func (g *Groups) Total() Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// All are the groups: queue by queue, the largest first.
func (g *Groups) All() []Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Group, 0, len(g.groups))
	for _, group := range g.groups {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(-cmp.Compare(a.Queue, b.Queue), -cmp.Compare(a.Messages, b.Messages),
			cmp.Compare(a.Form, b.Form), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Age, b.Age))
	})
	return list
}

const day = 24 * time.Hour

// ages are the ages by which messages are told apart. SQS deletes them at 14 days.
var ages = [...]struct {
	below time.Duration
	name  string
}{
	{time.Hour, "<1h"}, {6 * time.Hour, "<6h"}, {day, "<1d"}, {3 * day, "<3d"}, {7 * day, "<7d"}, {14 * day, "<14d"},
}

// ageName is the name of the range in which an age lies.
func ageName(d time.Duration) string {
	for _, a := range ages {
		if d < a.below {
			return a.name
		}
	}
	return ">=14d"
}
