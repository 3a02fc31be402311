package dlq_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// An event type is whatever a message says: there are no more groups than so many,
// and the totals are right all the same.
func TestGroupsAreBounded(t *testing.T) {
	var g dlq.Groups
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 5000 {
		g.Add(&dlq.Dead{Queue: "dead", Form: dlq.Poison, Reason: "foreign", Since: at, Events: []dlq.Ref{{UUID: "u", Type: fmt.Sprintf("t.%d", i)}}}, at)
	}
	all := g.All()
	sum, other := 0, 0
	for _, group := range all {
		if sum += group.Messages; group.Type == "(other)" {
			other = group.Messages
		}
	}
	if len(all) != 1001 || sum != 5000 || other != 4000 || g.Total().Messages != 5000 || g.Total().Events != 5000 {
		t.Errorf("%d groups, %d messages, %d in others, %+v", len(all), sum, other, g.Total())
	}
}

// A message counts in the group of each type that is in it, and once in the total.
func TestAMessageOfSeveralTypes(t *testing.T) {
	var g dlq.Groups
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	g.Add(&dlq.Dead{Since: at.Add(-2 * time.Hour), Expires: at, Events: []dlq.Ref{{"u-1", "a"}, {"u-2", "b"}, {"u-3", "b"}}}, at)
	all := g.All()
	if len(all) != 2 || all[0].Type != "a" || all[0].Events != 1 || all[1].Events != 2 || all[1].Messages != 1 || all[1].Age != "<6h" {
		t.Errorf("%+v", all)
	}
	if total := g.Total(); total.Messages != 1 || total.Events != 3 || !total.FirstExpires.Equal(at) {
		t.Errorf("%+v", total)
	}
}

// Stars stand for any characters, and everything else for itself.
func TestPatterns(t *testing.T) {
	d := &dlq.Dead{Events: []dlq.Ref{{"u", "user.session.start"}}}
	for pattern, want := range map[string]bool{
		"user.session.start": true, "user.*": true, "*": true, "*.start": true, "user*start": true, "u*s*s*t": true, "**": true,
		"user": false, "*.end": false, "user.*.start.*": false, "*session": false, "s*": false, "u*x*t": false, "user.session.start*start": false,
	} {
		f := dlq.Filter{Types: []string{pattern}}
		if f.Chooses(d, time.Now()) != want {
			t.Errorf("%s: not %v", pattern, want)
		}
	}
}
