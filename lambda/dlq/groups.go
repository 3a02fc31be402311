package dlq

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Group is what is known of the messages of one pipeline with one reason and code.
type Group struct {
	Pipeline string `json:"pipeline"`
	Reason   string `json:"reason"`
	Code     string `json:"code"` // as Dead has it
	Counts
	Cause string `json:"cause"`
	Fix   string `json:"fix"`
	// IDs are message ids, at most maxIDs of them.
	IDs []string `json:"ids"`
	// By counts the messages by type, queue, form and age. A message with events of
	// several types counts for each of them.
	By map[string]map[string]int `json:"by"`
}

// The dimensions of Group.By.
const (
	ByType  = "type"
	ByQueue = "queue"
	ByForm  = "form"
	ByAge   = "age"
)

// Counts are the totals of several messages.
type Counts struct {
	Messages int `json:"messages"`
	Events   int `json:"events"`
	// FirstExpires is when SQS deletes the first of them.
	FirstExpires time.Time `json:"first_expires,omitzero"`
	// Earliest and Latest are the times of failures that are known.
	Earliest time.Time `json:"first_failure,omitzero"`
	Latest   time.Time `json:"last_failure,omitzero"`
	// The largest number of any message.
	Attempts int `json:"attempts"`
	Replays  int `json:"replays"`
}

func (c *Counts) add(d *Dead) {
	c.Messages++
	c.Events += len(d.Events)
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

// Limits of what Groups keeps, and so of its memory: a message can hold any reason and
// event type.
const (
	maxGroups = 1000
	maxTypes  = 1000 // over all groups
	maxIDs    = 100  // of a group
)

// other stands for what has no group or count of its own, because there are too many.
const other = "(other)"

// Groups adds messages up. The zero value is empty. It may be used by many
// goroutines.
type Groups struct {
	// Unmatched are patterns that no message has matched, each by itself. It is set before
	// the first message is added, to Filter.Patterns.
	Unmatched Filter

	mu     sync.Mutex
	total  Counts
	types  int
	groups map[groupKey]*Group
}

type groupKey struct{ pipeline, reason, code string }

// Add adds a message, at the given time.
func (g *Groups) Add(d *Dead, now time.Time) {
	age := None
	if !d.Since.IsZero() {
		age = ageName(now.Sub(d.Since))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total.add(d)
	for _, l := range g.Unmatched.lists() {
		*l.patterns = slices.DeleteFunc(*l.patterns, func(p string) bool { return l.matches([]string{p}, d) })
	}
	group := g.group(groupKey{d.Pipeline, d.Reason, d.Code})
	group.add(d)
	if len(group.IDs) < maxIDs {
		group.IDs = append(group.IDs, d.MessageID)
	}
	group.By[ByQueue][d.Queue]++
	group.By[ByForm][string(d.Form)]++
	group.By[ByAge][age]++
	seen := map[string]bool{}
	for _, e := range d.Events {
		if !seen[e.Type] {
			seen[e.Type] = true
			g.addType(group, e.Type)
		}
	}
	if len(d.Events) == 0 {
		g.addType(group, None)
	}
}

func (g *Groups) addType(group *Group, name string) {
	types := group.By[ByType]
	if types[name] == 0 {
		if g.types >= maxTypes {
			name = other
		} else {
			g.types++
		}
	}
	types[name]++
}

func (g *Groups) group(k groupKey) *Group {
	if g.groups == nil {
		g.groups = map[groupKey]*Group{}
	}
	if g.groups[k] == nil && len(g.groups) >= maxGroups {
		k = groupKey{k.pipeline, other, other}
	}
	if g.groups[k] == nil {
		r := ReasonOf(k.reason, k.code)
		g.groups[k] = &Group{Pipeline: k.pipeline, Reason: k.reason, Code: k.code, Cause: r.Cause, Fix: r.Fix,
			By: map[string]map[string]int{ByType: {}, ByQueue: {}, ByForm: {}, ByAge: {}}}
	}
	return g.groups[k]
}

// Total counts each message once.
func (g *Groups) Total() Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// All returns the groups by pipeline, the largest first. It must not be called while
// messages are added.
func (g *Groups) All() []Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Group, 0, len(g.groups))
	for _, group := range g.groups {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), -cmp.Compare(a.Messages, b.Messages),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Code, b.Code))
	})
	return list
}

const day = 24 * time.Hour

// ages are the ranges of ages that are told apart. SQS deletes messages at 14 days.
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
