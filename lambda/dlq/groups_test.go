package dlq

import (
	"fmt"
	"testing"
	"time"
)

// An event type is whatever a message says, and so is a reason: what is kept of them
// is bounded, and the totals are right all the same.
func TestGroupsAreBounded(t *testing.T) {
	var g Groups
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 5000 {
		g.Add(&Dead{
			Pipeline: "p", Reason: "foreign", Code: None, MessageID: "m", Since: at,
			Events: []Ref{{UUID: "u", Type: fmt.Sprintf("t.%d", i)}},
		}, at)
		g.Add(&Dead{Pipeline: "q", Reason: fmt.Sprintf("r.%d", i), Since: at}, at)
	}
	all := g.All()
	if len(all) != maxGroups+1 || g.Total().Messages != 10_000 || g.Total().Events != 5000 {
		t.Errorf("%d groups, %+v", len(all), g.Total())
	}
	messages := 0
	for _, group := range all {
		messages += group.Messages
		if group.Pipeline != "p" {
			continue
		}
		types := group.By[ByType]
		if group.Messages != 5000 || len(group.IDs) != maxIDs || len(types) > maxTypes+1 || types[other] < 4000-maxGroups {
			t.Errorf("%d messages, %d ids, %d types, %d others", group.Messages, len(group.IDs), len(types), types[other])
		}
	}
	if messages != 10_000 {
		t.Errorf("%d messages in groups", messages)
	}
}

// Two pipelines, reasons or codes are two groups. A message counts for each type in
// it, and once in the total.
func TestGroups(t *testing.T) {
	var g Groups
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, d := range []Dead{
		{Pipeline: "a", Reason: "not_json", Code: None, Queue: "dead", Form: Poison, MessageID: "m1"},
		{Pipeline: "a", Reason: "rule_target", Code: "X", Queue: "dead", Form: RuleTarget, MessageID: "m2"},
		{Pipeline: "a", Reason: "rule_target", Code: "Y", Queue: "dead", Form: RuleTarget, MessageID: "m3"},
		{Pipeline: "a", Reason: "rule_target", Code: "Y", Queue: "redrive", Form: RuleTarget, MessageID: "m4",
			Since: at.Add(-2 * time.Hour), Expires: at, Events: []Ref{{"u-1", "t"}, {"u-2", "s"}, {"u-3", "s"}}},
		{Pipeline: "b", Reason: "not_json", Code: None, Queue: "dead", Form: Poison, MessageID: "m5"},
	} {
		g.Add(&d, at)
	}
	got := ""
	for _, group := range g.All() {
		got += fmt.Sprintf("%s %s %s %d %v %v\n", group.Pipeline, group.Reason, group.Code, group.Messages, group.IDs, group.By)
	}
	want := `a rule_target Y 2 [m3 m4] map[age:map[-:1 <6h:1] form:map[rule_target:2] queue:map[dead:1 redrive:1] type:map[-:1 s:1 t:1]]
a not_json - 1 [m1] map[age:map[-:1] form:map[poison:1] queue:map[dead:1] type:map[-:1]]
a rule_target X 1 [m2] map[age:map[-:1] form:map[rule_target:1] queue:map[dead:1] type:map[-:1]]
b not_json - 1 [m5] map[age:map[-:1] form:map[poison:1] queue:map[dead:1] type:map[-:1]]
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if total := g.Total(); total.Messages != 5 || total.Events != 3 || !total.FirstExpires.Equal(at) {
		t.Errorf("%+v", total)
	}
}

func TestAges(t *testing.T) {
	for age, want := range map[time.Duration]string{
		0: "<1h", time.Hour: "<6h", 6 * time.Hour: "<1d", 24 * time.Hour: "<3d",
		72 * time.Hour: "<7d", 7 * 24 * time.Hour: "<14d", 14 * 24 * time.Hour: ">=14d",
	} {
		if got := ageName(age); got != want {
			t.Errorf("%v: %s, want %s", age, got, want)
		}
	}
}
