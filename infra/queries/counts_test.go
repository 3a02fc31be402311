package queries

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// scene is events planted one after the other, a minute apart.
type scene struct {
	t       *testing.T
	at      time.Time
	samples []sample
}

func newScene(t *testing.T) *scene {
	return &scene{t: t, at: time.Date(2026, 9, 14, 8, 1, 0, 0, time.UTC)}
}

// add plants n events like the fixture, with changes.
func (s *scene) add(n int, from string, c change) *scene {
	base := fixture(s.t, from)
	for range n {
		s.at = s.at.Add(time.Minute)
		all := change{"published": s.at.Format("2006-01-02T15:04:05.000Z")}
		for k, v := range c {
			all[k] = v
		}
		s.samples = append(s.samples, base.derive(s.t, fmt.Sprint("planted-", len(s.samples)), all))
	}
	return s
}

// again plants the last n events once more, as a second delivery.
func (s *scene) again(n int) *scene {
	s.samples = append(s.samples, s.samples[len(s.samples)-n:]...)
	return s
}

func (s *scene) later(d time.Duration) *scene {
	s.at = s.at.Add(d)
	return s
}

// run runs the query over testdata and the scene.
func (s *scene) run(query string) []insights.Row {
	s.t.Helper()
	return logsWith(s.t, s.samples).run(s.t, byName(s.t, query))
}

// wants checks the columns of the row whose key column is key; nil says that
// there is no such row.
func wants(t *testing.T, rows []insights.Row, column, key string, want map[string]string) {
	t.Helper()
	i := slices.IndexFunc(rows, func(r insights.Row) bool { return r.Get(column) == key })
	switch {
	case want == nil && i >= 0:
		t.Errorf("it finds the harmless %s: %v", key, rows[i].Values)
	case want != nil && i < 0:
		t.Errorf("it does not find %s", key)
	case want != nil:
		for c, v := range want {
			if got := rows[i].Get(c); got != v {
				t.Errorf("%s: %s = %q, want %q", key, c, got, v)
			}
		}
	}
}

func actor(login string) change {
	return change{"actor.alternateId": login, "actor.id": "00u-" + login}
}

func (c change) and(more change) change {
	all := change{}
	for _, m := range []change{c, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

func TestMFAFatigue(t *testing.T) {
	const ignored, denied = "authentication-mfa-unanswered", "mfa-okta-verify-deny-push"
	accept := change{"outcome.result": "SUCCESS", "outcome.reason": nil}
	code := change{"debugContext.debugData.factor": "OKTA_SOFT_TOKEN"}
	s := newScene(t).
		add(3, ignored, actor("worn@example.com")).again(3).
		add(1, denied, actor("worn@example.com")).
		add(1, ignored, actor("worn@example.com").and(change{"outcome.result": "FAILURE"})).
		add(1, ignored, actor("worn@example.com").and(accept)).
		// A timeout that is logged after the acceptance excuses nothing.
		add(1, ignored, actor("worn@example.com"))
	accepted := s.at.Add(-time.Minute).Format("2006-01-02 15:04:05.000")
	s.add(1, denied, actor("slip@example.com")).add(1, ignored, actor("slip@example.com").and(accept)).
		add(9, ignored, actor("fine@example.com").and(accept)).
		add(9, denied, actor("firm@example.com")).
		add(1, ignored, actor("before@example.com").and(change{"outcome.result": "CHALLENGE"})).
		add(1, ignored, actor("before@example.com").and(accept)).add(9, ignored, actor("before@example.com")).
		add(
			9,
			ignored,
			actor("typo@example.com").and(code).and(change{"outcome.result": "FAILURE"}),
		).add(1, ignored, actor("typo@example.com").and(accept)).
		add(9, ignored, actor("other@example.com")).add(1, ignored, actor("other@example.com").and(code).and(accept)).
		add(4, ignored, actor("twice@example.com")).again(4).add(1, ignored, actor("twice@example.com").and(accept)).
		add(
			9,
			ignored,
			actor("asked@example.com").and(change{"outcome.result": "CHALLENGE"}),
		).add(1, ignored, actor("asked@example.com").and(accept))
	rows := s.run("mfa-fatigue")
	wants(
		t,
		rows,
		"who",
		"worn@example.com",
		map[string]string{"refusals": "6", "acceptances": "1", "addresses": "2", "lastAccepted": accepted},
	)
	for _, harmless := range []string{"slip", "fine", "firm", "before", "typo", "other", "twice", "asked"} {
		wants(t, rows, "who", harmless+"@example.com", nil)
	}
	if len(rows) != 1 {
		t.Errorf("%d rows, want the planted one", len(rows))
	}
}

func TestPasswordSprayAndBruteForce(t *testing.T) {
	const wrong, right, directory = "session-start-invalid-credentials", "session-start-success", "authentication-ad-agent-failure"
	from := func(ip string) change { return change{"client.ipAddress": ip, "request.ipChain.0.ip": ip} }
	s := newScene(t)
	for i := range 10 {
		s.add(1, wrong, actor(fmt.Sprintf("u%d@example.com", i)).and(from("203.0.113.66"))).again(1)
		s.add(1, right, actor(fmt.Sprintf("u%d@example.com", i)).and(from("203.0.113.99")))
	}
	s.add(1, directory, actor("u9@example.com").and(from("203.0.113.66"))).
		add(1, right, actor("u3@example.com").and(from("203.0.113.66")))
	for i := range 9 {
		s.add(1, wrong, actor(fmt.Sprintf("u%d@example.com", i)).and(from("203.0.113.77")))
	}
	s.add(9, wrong, actor("victim@example.com").and(from("203.0.113.88"))).again(9).
		add(1, wrong, actor("victim@example.com").and(from("203.0.113.89"))).
		add(1, right, actor("victim@example.com").and(from("203.0.113.89"))).
		add(9, wrong, actor("forgetful@example.com").and(from("203.0.113.90"))).again(9).
		add(20, right, actor("busy@example.com").and(from("203.0.113.91")))

	rows := s.run("password-spray")
	wants(t, rows, "fromIP", "203.0.113.66", map[string]string{"usersFailed": "10", "usersEntered": "1", "attempts": "12"})
	for _, harmless := range []string{"203.0.113.77", "203.0.113.88", "203.0.113.91", "203.0.113.99"} {
		wants(t, rows, "fromIP", harmless, nil)
	}
	rows = s.run("brute-force")
	wants(t, rows, "who", "victim@example.com", map[string]string{"failures": "10", "successes": "1", "addresses": "2"})
	for _, harmless := range []string{"forgetful@example.com", "busy@example.com", "u0@example.com"} {
		wants(t, rows, "who", harmless, nil)
	}
}

func TestCountryNewForUser(t *testing.T) {
	const start = "session-start-success"
	in := func(country string) change { return change{"client.geographicalContext.country": country} }
	s := newScene(t)
	first := s.at.Add(time.Minute).Format("2006-01-02 15:04:05.000")
	s.add(5, start, actor("taken@example.com").and(in("Ireland"))).again(2).
		later(200*time.Hour).add(1, start, actor("taken@example.com").and(in("Nigeria")))
	newest := s.at.Format("2006-01-02 15:04:05.000")
	s.add(1, start, actor("taken@example.com").and(in("Nigeria"))).
		add(5, start, actor("home@example.com").and(in("Ireland"))).
		add(1, start, actor("home@example.com").and(in("Nigeria")).and(change{"outcome.result": "FAILURE"})).
		add(1, start, actor("home@example.com").and(in(""))).
		add(1, start, actor("home@example.com").and(change{"client.geographicalContext": nil}))
	rows := logsOf(t, append(oneNameACountry(t), s.samples...)).run(t, byName(t, "country-new-for-user"))
	wants(
		t,
		rows,
		"who",
		"taken@example.com",
		map[string]string{"countries": "2", "signIns": "7", "firstSeen": first, "newestCountrySeen": newest},
	)
	wants(t, rows, "who", "home@example.com", nil)
}

// oneNameACountry is testdata without a second name of one country: that is two
// countries in Okta's words and one in OCSF's.
func oneNameACountry(t *testing.T) []sample {
	t.Helper()
	return slices.DeleteFunc(fixtures(t), func(f sample) bool { return f.name == "trap-country-czech-republic" })
}
