package queries

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPITokenUsed(t *testing.T) {
	all := fixtures(t)
	rows := logsWith(t, nil).run(t, byName(t, "api-token-used"))
	want := map[string]int{}
	for _, s := range all {
		if token := s.get("transaction.detail.requestApiTokenId"); token != "" {
			want[token+" "+s.get("actor.alternateId")]++
		}
	}
	got := map[string]int{}
	for _, r := range rows {
		var n int
		fmt.Sscan(r.Get("events"), &n)
		got[r.Get("tokenId")+" "+r.Get("who")] = n
	}
	if len(want) < 2 || !maps.Equal(got, want) {
		t.Errorf("it finds %v, want %v", got, want)
	}

	stolen := change{"transaction.detail.requestApiTokenId": "00Tstolen"}
	s := newScene(t).add(2, "user-lifecycle-create", stolen).again(2).
		add(1, "user-mfa-factor-reset-all", stolen.and(change{"client.ipAddress": "203.0.113.200"}))
	rows = s.run("api-token-used")
	if rows[0].Get("tokenId") != "00Tstolen" {
		// Sorted by addresses: what came from more than one is on top.
		wants(t, rows, "tokenId", "00Tstolen", map[string]string{})
	}
	total := 0
	for _, r := range rows {
		if r.Get("tokenId") == "00Tstolen" {
			var n int
			fmt.Sscan(r.Get("events"), &n)
			total += n
		}
	}
	if total != 3 {
		t.Errorf("%d events of the stolen token, want 3", total)
	}
}

func TestAppAssignmentSpree(t *testing.T) {
	const add = "application-user-membership-add"
	// The account in the app has a name of its own in every app: the spree is
	// the Okta user's all the same.
	assign := func(login string, app int) change {
		return change{
			"target.0.alternateId": fmt.Sprintf("account%d", app), "target.0.id": fmt.Sprint("0ua", login, app),
			"target.1.id": fmt.Sprint("0oa", app), "target.1.displayName": fmt.Sprint("App ", app),
			"target.2.alternateId": login, "target.2.id": "00u" + login}
	}
	s := newScene(t).later(2 * time.Minute)
	for i := range 5 {
		s.add(1, add, assign("greedy@example.com", i)).again(1)
		s.add(1, add, assign("refused@example.com", i).and(change{"outcome.result": "FAILURE"}))
		s.add(1, add, assign("single@example.com", 7))
		s.add(1, "trap-app-user-target", assign("renamed@example.com", i).withoutTarget2())
	}
	for i := range 4 {
		s.add(1, add, assign("modest@example.com", i)).again(1)
		// What else an event names is no app.
		s.add(1, add, change{"target": []target{
			{"0ua9", "AppUser", "grouped@example.com", "Grouped"}, {fmt.Sprint("0oa", i), "AppInstance", "App", "App"},
			{fmt.Sprint("00g", i), "UserGroup", "unknown", "Group"}, {"00u9", "User", "grouped@example.com", "Grouped"}}})
	}
	for i := range 5 {
		s.later(time.Hour).add(1, add, assign("patient@example.com", i))
	}
	rows := s.run("app-assignment-spree")
	wants(
		t,
		rows,
		"toLogin",
		"greedy@example.com",
		map[string]string{"apps": "5", "assigners": "1", "hour": "2026-09-14 08:00:00.000"},
	)
	for _, harmless := range []string{"refused", "single", "modest", "grouped", "patient", "renamed"} {
		wants(t, rows, "toLogin", harmless+"@example.com", nil)
	}
	if len(rows) != 1 {
		t.Errorf("%d rows, want the planted one", len(rows))
	}
}

// target is one target of an event, its members in Okta's order.
type target struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	AlternateID string `json:"alternateId"`
	DisplayName string `json:"displayName"`
}

func (c change) withoutTarget2() change {
	all := maps.Clone(c)
	maps.DeleteFunc(all, func(k string, _ any) bool { return strings.HasPrefix(k, "target.2") })
	return all
}

func TestAppAccessSpree(t *testing.T) {
	const sso = "authentication-sso-saml"
	open := func(login string, app int) change {
		return actor(
			login,
		).and(
			change{"target.0.id": fmt.Sprint("0oa", app), "target.0.displayName": fmt.Sprint("App ", app)},
		)
	}
	// The application stands at another place, behind the account.
	swapped := fixture(t, "authentication-sso-saml")
	s := newScene(t)
	for i := range 10 {
		s.add(1, sso, open("thief@example.com", i)).again(1)
		s.add(1, sso, open("blocked@example.com", i).and(change{"outcome.result": "FAILURE"}))
		s.add(1, sso, open("fond@example.com", 3))
	}
	for i := range 9 {
		s.add(1, sso, open("worker@example.com", i))
	}
	s.at = time.Date(2026, 9, 15, 9, 0, 0, 0, time.UTC)
	for i := range 10 {
		s.add(1, sso, actor("late@example.com").and(change{
			"target.0.type":        "AppUser",
			"target.0.id":          swapped.get("target.1.id"),
			"target.0.displayName": "Ines Quintela",
			"target.0.alternateId": "late",
			"target.1.type":        "AppInstance",
			"target.1.id":          fmt.Sprint("0oa", i),
			"target.1.displayName": fmt.Sprint("App ", i),
		}))
	}
	rows := s.run("app-access-spree")
	wants(t, rows, "who", "thief@example.com", map[string]string{"apps": "10", "addresses": "1"})
	wants(t, rows, "who", "late@example.com", map[string]string{"apps": "10"})
	for _, harmless := range []string{"blocked", "fond", "worker"} {
		wants(t, rows, "who", harmless+"@example.com", nil)
	}
}

func TestDuplicates(t *testing.T) {
	s := newScene(t).add(1, "session-end", nil).again(1).again(1).add(1, "session-end", nil)
	rows := s.run("duplicates")
	wants(t, rows, "eventId", "uuid-of-planted-0", map[string]string{"copies": "3"})
	wants(t, rows, "eventId", "uuid-of-planted-3", nil)
	if len(rows) != 1 {
		t.Errorf("%d rows, want the planted one", len(rows))
	}
}

func TestVolumeByEventType(t *testing.T) {
	s := newScene(t).add(1, "session-end", nil).again(1)
	records, events := map[string]int{}, map[string]map[string]bool{}
	for _, x := range slices.Concat(fixtures(t), s.samples) {
		kind := x.get("eventType")
		records[kind]++
		if events[kind] == nil {
			events[kind] = map[string]bool{}
		}
		events[kind][x.get("uuid")] = true
	}
	rows := s.run("volume-by-event-type")
	if len(rows) != len(records) {
		t.Errorf("%d event types, want %d", len(rows), len(records))
	}
	for _, r := range rows {
		kind := r.Get("eventName")
		if r.Get("records") != fmt.Sprint(records[kind]) || r.Get("events") != fmt.Sprint(len(events[kind])) ||
			r.Get("characters") == "" {
			t.Errorf("%s: %v, want %d records, %d events", kind, r.Values, records[kind], len(events[kind]))
		}
	}
	wants(
		t,
		rows,
		"eventName",
		"user.session.end",
		map[string]string{"events": fmt.Sprint(len(events["user.session.end"]))},
	)
}
