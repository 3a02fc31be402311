package classify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

// A Classifier answers questions from one [Table]. It never changes after [New] and may be used by
// any number of goroutines at once.
type Classifier struct {
	rules    []rule
	families map[string]bool
}

// rule is a row of the table with the values that its decisions share.
type rule struct {
	*Rule
	class *Class
	verbs map[string]int // word to activity; nil unless the row is ByVerb
	group *Decision      // of Marks.ForGroup, or nil
}

// New compiles a table. It panics on an invalid table (a row with a class or an activity that
// Classes lacks, a row without a pattern, no "*" row at the end): tables are source code and
// tested, so an invalid one is a programming error.
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
	c := &Classifier{families: map[string]bool{}}
	for _, f := range t.Families {
		c.families[f] = true
	}
	for i := range t.Rules {
		r := rule{Rule: &t.Rules[i], class: t.class(t.Rules[i].Class)}
		if r.Activity == ByVerb {
			r.verbs = verbs[r.Class]
		}
		if of := r.ForGroup; of.Class != 0 {
			class := t.class(of.Class)
			r.group = &Decision{
				Class:        class,
				Activity:     of.Activity,
				ActivityName: class.Activities[of.Activity],
				Rule:         r.Rule,
				Family:       true,
				Marks:        r.Marks,
			}
		}
		c.rules = append(c.rules, r)
	}
	return c
}

// Remember returns a Memo of c's decisions.
func Remember(c *Classifier) *events.Memo[*Decision] {
	return events.NewMemo(func(eventType string) *Decision {
		d := c.Decide(eventType)
		return &d
	})
}

// Decide returns the decision of the first row with a pattern that matches the event type. It
// accepts any string, allocates nothing, and never fails.
func (c *Classifier) Decide(eventType string) Decision {
	for i := range c.rules {
		for _, pattern := range c.rules[i].Patterns {
			// Most patterns begin with another letter; this check is faster than Match.
			if pattern[0] != '*' && (eventType == "" || pattern[0] != eventType[0]) {
				continue
			}
			if events.Match(pattern, eventType) {
				return c.decide(&c.rules[i], pattern, eventType)
			}
		}
	}
	return Decision{} // New has checked that the last row matches everything
}

// decide fills in the decision of the row that matched.
func (c *Classifier) decide(r *rule, pattern, eventType string) Decision {
	family, _, _ := strings.Cut(eventType, ".")
	d := Decision{
		Class:    r.class,
		Activity: r.Activity,
		Rule:     r.Rule,
		Pattern:  pattern,
		Family:   c.families[family],
		Marks:    r.Marks,
		ForGroup: r.group,
	}
	if d.Activity == ByVerb {
		d.Activity, d.Verb = verb(r.verbs, eventType)
	}
	if d.Activity == other && eventType != "" {
		d.ActivityName = eventType
	} else {
		d.ActivityName = r.class.Activities[d.Activity]
	}
	return d
}

// verb finds the activity in the last word of an event type: the whole word, or else the first of
// its parts between underscores that is a verb. Okta writes the verb on either side ("reset_logo",
// "cert_renew").
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
					return fmt.Errorf("class %[2]d has verb %[1]q twice", w, uid)
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
