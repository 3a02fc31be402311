package classify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

// A Classifier answers questions from one compiled [Table]. It never changes
// after [New] and may be used by any number of goroutines at once.
//
// A linear scan over nearly four hundred patterns would take microseconds per
// event, so patterns are filed by their literal beginning: whole event types,
// the first two words, the first word. Each list keeps the table's order, and
// the earliest match over all of them wins, which is the first match of the
// scan.
type Classifier struct {
	whole    map[string]*pattern   // patterns without a star
	twoWords map[string][]*pattern // key "app.oauth2.", the last dot included
	oneWord  map[string][]*pattern // key "app.", the dot included
	anywhere []*pattern            // patterns that begin with a star, or nearly
	families map[string]struct{}
}

// pattern is one compiled pattern of one row.
type pattern struct {
	order  int // position over all patterns of the table; lower wins
	text   string
	prefix string   // literal before the first star
	middle []string // literals between stars
	suffix string   // literal after the last star
	rule   *Rule
	class  *Class
	verbs  map[string]int // word to activity; nil unless the rule is ByVerb
	group  *Decision      // of Marks.ForGroup, or nil
}

// New compiles a table. It panics on a table that is not well formed (a row
// with a class or an activity that Classes lacks, a row without a pattern, no
// "*" row at the end): tables are source code and their tests prove them, so
// such a table is a programming error.
func New(t *Table) *Classifier {
	if err := t.check(); err != nil {
		panic("classify: table " + t.Version + ": " + err.Error())
	}
	verbs := map[int]map[string]int{}
	for uid, list := range t.Verbs {
		verbs[uid] = map[string]int{}
		for _, v := range list {
			for _, w := range v.Words {
				verbs[uid][w] = v.Activity
			}
		}
	}
	c := &Classifier{
		whole:    map[string]*pattern{},
		twoWords: map[string][]*pattern{},
		oneWord:  map[string][]*pattern{},
		families: map[string]struct{}{},
	}
	for _, f := range t.Families {
		c.families[f] = struct{}{}
	}
	order := 0
	for i := range t.Rules {
		r := &t.Rules[i]
		for _, text := range r.Patterns {
			p := compile(text)
			p.order, p.rule, p.class = order, r, t.class(r.Class)
			if r.ForGroup.Class != 0 {
				class := t.class(r.ForGroup.Class)
				p.group = &Decision{
					Class:        class,
					Activity:     r.ForGroup.Activity,
					ActivityName: class.Activities[r.ForGroup.Activity],
					Rule:         r,
					Pattern:      text,
					Family:       true,
					Marks:        r.Marks,
				}
			}
			if r.Activity == ByVerb {
				p.verbs = verbs[r.Class]
			}
			c.file(p)
			order++
		}
	}
	return c
}

// compile splits a pattern at its stars.
func compile(text string) *pattern {
	parts := strings.Split(text, "*")
	p := &pattern{text: text, prefix: parts[0]}
	if last := len(parts) - 1; last > 0 {
		p.middle, p.suffix = parts[1:last], parts[last]
	}
	return p
}

// file puts p in the list that a matching event type will look in.
func (c *Classifier) file(p *pattern) {
	if p.prefix == p.text {
		if c.whole[p.text] == nil { // an earlier row with the same text wins
			c.whole[p.text] = p
		}
		return
	}
	one, two := heads(p.prefix)
	switch {
	case two != "":
		c.twoWords[two] = append(c.twoWords[two], p)
	case one != "":
		c.oneWord[one] = append(c.oneWord[one], p)
	default:
		c.anywhere = append(c.anywhere, p)
	}
}

// heads returns s up to and with its first dot, and up to and with its second;
// "" for a dot that is not there.
func heads(s string) (one, two string) {
	i := strings.IndexByte(s, '.')
	if i < 0 {
		return "", ""
	}
	j := strings.IndexByte(s[i+1:], '.')
	if j < 0 {
		return s[:i+1], ""
	}
	return s[:i+1], s[:i+1+j+1]
}

// match reports whether the event type s fits a pattern that has a star.
func (p *pattern) match(s string) bool {
	if len(s) < len(p.prefix)+len(p.suffix) ||
		!strings.HasPrefix(s, p.prefix) || !strings.HasSuffix(s, p.suffix) {
		return false
	}
	s = s[len(p.prefix) : len(s)-len(p.suffix)]
	// Taking the leftmost place for each literal leaves the most room for the
	// next, so no other choice can match where this one does not.
	for _, m := range p.middle {
		i := strings.Index(s, m)
		if i < 0 {
			return false
		}
		s = s[i+len(m):]
	}
	return true
}

// Remember returns a Memo of c's decisions.
func Remember(c *Classifier) *events.Memo[*Decision] {
	return events.NewMemo(func(eventType string) *Decision {
		d := c.Decide(eventType)
		return &d
	})
}

// Decide says what an Okta event type is. It takes any string, allocates
// nothing, and never fails.
func (c *Classifier) Decide(eventType string) Decision {
	best, limit := c.whole[eventType], math.MaxInt
	if best != nil {
		limit = best.order
	}
	scan := func(list []*pattern) {
		for _, p := range list {
			if p.order >= limit {
				return
			}
			if p.match(eventType) {
				best, limit = p, p.order
				return
			}
		}
	}
	one, two := heads(eventType)
	if two != "" {
		scan(c.twoWords[two])
	}
	if one != "" {
		scan(c.oneWord[one])
	}
	scan(c.anywhere)

	first := strings.TrimSuffix(one, ".")
	if one == "" {
		first = eventType
	}
	_, family := c.families[first]
	return best.decide(eventType, family)
}

// decide fills in the decision of the pattern that won.
func (p *pattern) decide(eventType string, family bool) Decision {
	d := Decision{
		Class:    p.class,
		Activity: p.rule.Activity,
		Rule:     p.rule,
		Pattern:  p.text,
		Family:   family,
		Marks:    p.rule.Marks,
		ForGroup: p.group,
	}
	if d.Activity == ByVerb {
		d.Activity, d.Verb = verb(p.verbs, eventType)
	}
	if d.Activity == other && eventType != "" {
		d.ActivityName = eventType
	} else {
		d.ActivityName = p.class.Activities[d.Activity]
	}
	return d
}

// verb finds the activity in the last word of an event type: the word as a
// whole, else the first of its parts between underscores that is a verb, since
// Okta puts the verb on either side ("reset_logo", "cert_renew").
func verb(verbs map[string]int, eventType string) (activity int, word string) {
	last := eventType[strings.LastIndexByte(eventType, '.')+1:]
	if a, ok := verbs[last]; ok {
		return a, last
	}
	for part := range strings.SplitSeq(last, "_") {
		if a, ok := verbs[part]; ok {
			return a, part
		}
	}
	return other, ""
}

// class returns the class with the given UID, nil if the table has none.
func (t *Table) class(uid int) *Class {
	for i := range t.Classes {
		if t.Classes[i].UID == uid {
			return &t.Classes[i]
		}
	}
	return nil
}

// check returns the first fault that would make a decision impossible or wrong.
func (t *Table) check() error {
	for uid, list := range t.Verbs {
		seen := map[string]bool{}
		for _, v := range list {
			if cl := t.class(uid); cl == nil || cl.Activities[v.Activity] == "" {
				return fmt.Errorf("verbs %v: no activity %d in class %d", v.Words, v.Activity, uid)
			}
			for _, w := range v.Words {
				if seen[w] {
					return fmt.Errorf("verb %q stands twice in class %d", w, uid)
				}
				seen[w] = true
			}
		}
	}
	for i, r := range t.Rules {
		cl := t.class(r.Class)
		switch {
		case len(r.Patterns) == 0 || slices.Contains(r.Patterns, ""):
			return fmt.Errorf("rule %d (%s): empty pattern", i, r.Why)
		case cl == nil:
			return fmt.Errorf("rule %d (%s): no class %d", i, r.Patterns[0], r.Class)
		case r.ForGroup.Class != 0 && (t.class(r.ForGroup.Class) == nil ||
			t.class(r.ForGroup.Class).Activities[r.ForGroup.Activity] == ""):
			return fmt.Errorf(
				"rule %d (%s): no activity %d in class %d",
				i,
				r.Patterns[0],
				r.ForGroup.Activity,
				r.ForGroup.Class,
			)
		case r.Activity == ByVerb && len(t.Verbs[r.Class]) == 0:
			return fmt.Errorf("rule %d (%s): class %d has no verbs", i, r.Patterns[0], r.Class)
		case r.Activity != ByVerb && cl.Activities[r.Activity] == "":
			return fmt.Errorf("rule %d (%s): no activity %d in class %d", i, r.Patterns[0], r.Activity, r.Class)
		}
	}
	if n := len(t.Rules); n == 0 || !slices.Contains(t.Rules[n-1].Patterns, "*") {
		return fmt.Errorf("the last rule must be %q, so that every event type has a decision", "*")
	}
	return nil
}
