package queries

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// attackCase is an attack that a count must find, among neighbours that it must not.
type attackCase struct {
	plant  func(s *scene)
	column string            // names the row
	attack string            // its value in the row of the attack
	want   map[string]string // other columns of that row
	// harmless are the values of neighbours: each is one short of the attack in one thing.
	harmless []string
}

func onBehalf(by, whom string) change {
	return actor(by).and(change{"target.0.alternateId": whom, "target.0.id": "00u-" + whom})
}

func inSession(id string) change { return change{"authenticationContext.externalSessionId": id} }

func fromNetwork(network, ip string) change {
	return change{"securityContext.asOrg": network, "client.ipAddress": ip, "request.ipChain.0.ip": ip}
}

func withBrowser(agent string) change { return change{"client.userAgent.rawUserAgent": agent} }

func ofType(event string) change { return change{"eventType": event} }

var attackCases = map[string]attackCase{
	"session-moved": {
		plant: func(s *scene) {
			const signIn = "session-start-success"
			home, away := fromNetwork("home net", "203.0.113.1"), fromNetwork("hosting net", "203.0.113.2")
			mine, theirs := withBrowser("Firefox"), withBrowser("Chrome")
			stolen := actor("stolen@example.com").and(inSession("idxSTOLEN"))
			s.add(1, signIn, stolen.and(home).and(mine)).
				add(1, "authentication-sso-saml", stolen.and(away).and(theirs)).again(1).
				add(1, "session-access-admin-app", stolen.and(fromNetwork("hosting net", "203.0.113.3")).and(theirs)).
				add(1, "policy-evaluate-sign-on-allow", stolen.and(fromNetwork("hosting net", "203.0.113.4")).and(theirs))
			moving := actor("moving@example.com").and(inSession("idxMOVING"))
			s.add(1, signIn, moving.and(home).and(mine)).add(1, signIn, moving.and(away).and(mine))
			updated := actor("updated@example.com").and(inSession("idxUPDATED"))
			s.add(1, signIn, updated.and(home).and(mine)).add(1, signIn, updated.and(home).and(theirs))
			none := actor("none@example.com").and(inSession("unknown"))
			s.add(1, signIn, none.and(home).and(mine)).add(1, signIn, none.and(away).and(theirs))
		},
		column: "who", attack: "stolen@example.com",
		want:     map[string]string{"sessionId": "idxSTOLEN", "networks": "2", "browsers": "2", "addresses": "4"},
		harmless: []string{"moving@example.com", "updated@example.com", "none@example.com"},
	},
	"sign-in-from-two-countries": {
		plant: func(s *scene) {
			const signIn = "session-start-success"
			in := func(country string) change { return change{"client.geographicalContext.country": country} }
			s.add(1, signIn, actor("twice@example.com").and(in("Ireland"))).again(1).
				add(1, signIn, actor("twice@example.com").and(in("Nigeria"))).
				add(2, signIn, actor("home@example.com").and(in("Ireland"))).
				add(1, signIn, actor("failed@example.com").and(in("Ireland"))).
				add(1, signIn, actor("failed@example.com").and(in("Nigeria")).and(change{"outcome.result": "FAILURE"})).
				add(1, signIn, actor("flew@example.com").and(in("Ireland"))).later(9*time.Hour).
				add(1, signIn, actor("flew@example.com").and(in("Nigeria")))
		},
		column: "who", attack: "twice@example.com", want: map[string]string{"countries": "2"},
		harmless: []string{"home@example.com", "failed@example.com", "flew@example.com"},
	},
	"device-of-many-users": {
		plant: func(s *scene) {
			device := func(hash string) change { return change{"debugContext.debugData.dtHash": hash} }
			for i := range 5 {
				user := actor(fmt.Sprintf("d%d@example.com", i))
				from := "session-start-success"
				if i%2 > 0 {
					from = "authentication-mfa-sms"
				}
				s.add(1, from, user.and(device("hash-of-one-device"))).again(1)
				s.add(1, from, user.and(device("hash-of-failures")).and(change{"outcome.result": "FAILURE"}))
				if i > 0 {
					s.add(1, from, user.and(device("hash-of-a-kiosk")))
				}
			}
		},
		column: "deviceToken", attack: "hash-of-one-device", want: map[string]string{"users": "5"},
		harmless: []string{"hash-of-a-kiosk", "hash-of-failures"},
	},
	"api-token-from-two-networks": {
		plant: func(s *scene) {
			with := func(token string) change {
				return actor("svc@example.com").and(change{"transaction.detail.requestApiTokenId": token})
			}
			const create = "user-lifecycle-create"
			s.add(1, create, with("00Tstolen").and(fromNetwork("cloud net", "203.0.113.5"))).again(1).
				add(1, create, with("00Tstolen").and(fromNetwork("hosting net", "203.0.113.6"))).
				add(1, create, with("00Thome").and(fromNetwork("cloud net", "203.0.113.5"))).
				add(1, create, with("00Thome").and(fromNetwork("cloud net", "203.0.113.7")))
		},
		column: "tokenId", attack: "00Tstolen", want: map[string]string{"networks": "2", "addresses": "2", "events": "2"},
		harmless: []string{"00Thome"},
	},
	"mass-lockout": {
		plant: func(s *scene) {
			for i := range 10 {
				s.add(1, "user-account-lock", onBehalf(fmt.Sprintf("l%d@example.com", i), fmt.Sprintf("l%d@example.com", i)))
			}
			s.later(2 * time.Hour)
			for i := range 9 {
				s.add(1, "user-account-lock", onBehalf(fmt.Sprintf("l%d@example.com", i), fmt.Sprintf("l%d@example.com", i)))
			}
			s.again(9)
		},
		column: "hour", attack: "2026-09-14 08:00:00.000", want: map[string]string{"users": "10"},
		harmless: []string{"2026-09-14 10:00:00.000"},
	},
	"factor-reset-then-enrolled": {
		plant: func(s *scene) {
			const reset, removed, enrolled = "user-mfa-factor-reset-all", "user-mfa-factor-deactivate", "user-mfa-factor-activate"
			s.add(1, reset, onBehalf("desk@example.com", "taken@example.com")).again(1).
				add(1, removed, onBehalf("desk@example.com", "taken@example.com")).
				add(1, enrolled, onBehalf("taken@example.com", "taken@example.com")).
				add(1, removed, onBehalf("own@example.com", "own@example.com")).
				add(1, enrolled, onBehalf("own@example.com", "own@example.com")).
				add(1, enrolled, onBehalf("left@example.com", "left@example.com")).
				add(1, reset, onBehalf("desk@example.com", "left@example.com")).
				add(1, reset, onBehalf("desk@example.com", "bare@example.com")).
				add(1, reset, onBehalf("boss@example.com", "bare@example.com")).
				add(1, enrolled, onBehalf("new@example.com", "new@example.com")).
				add(1, enrolled, onBehalf("desk@example.com", "new@example.com"))
		},
		column: "toLogin", attack: "taken@example.com",
		want:     map[string]string{"removals": "2", "enrolments": "1", "actors": "2"},
		harmless: []string{"own@example.com", "left@example.com", "bare@example.com", "new@example.com"},
	},
	"mass-reset": {
		plant: func(s *scene) {
			for i := range 5 {
				whom := fmt.Sprintf("r%d@example.com", i)
				from := "user-account-reset-password"
				if i%2 > 0 {
					from = "user-mfa-factor-reset-all"
				}
				s.add(1, from, onBehalf("spree@example.com", whom)).again(1)
				s.add(1, from, onBehalf("refused@example.com", whom).and(change{"outcome.result": "FAILURE"}))
				s.add(1, from, onBehalf(whom, whom))
				if i > 0 {
					s.add(1, from, onBehalf("desk@example.com", whom))
				}
			}
		},
		column: "who", attack: "spree@example.com", want: map[string]string{"users": "5", "hour": "2026-09-14 08:00:00.000"},
		harmless: []string{"desk@example.com", "refused@example.com", "r1@example.com"},
	},
	"mass-deactivation": {
		plant: func(s *scene) {
			from := []string{"user-lifecycle-deactivate", "user-lifecycle-suspend", "user-lifecycle-delete-initiated"}
			for i := range 10 {
				whom := fmt.Sprintf("v%d@example.com", i)
				s.add(1, from[i%3], onBehalf("vandal@example.com", whom)).again(1)
				if i > 0 {
					s.add(1, from[i%3], onBehalf("leaver@example.com", whom))
				}
			}
		},
		column: "who", attack: "vandal@example.com", want: map[string]string{"users": "10"},
		harmless: []string{"leaver@example.com"},
	},
	"bulk-export": {
		plant: func(s *scene) {
			const report, table = "analytics-reports-export-download", "workflows-table-export"
			s.add(1, report, actor("greedy@example.com")).again(1).add(1, table, actor("greedy@example.com")).
				add(1, table, actor("greedy@example.com").and(ofType("workflows.user.flow.export"))).
				add(2, report, actor("auditor@example.com")).again(1).
				add(3, report, actor("denied@example.com").and(change{"outcome.result": "FAILURE"})).
				add(1, table, actor("folders@example.com").and(ofType("workflows.user.folder.export"))).
				add(2, report, actor("folders@example.com"))
		},
		column: "who", attack: "greedy@example.com", want: map[string]string{"exports": "3"},
		harmless: []string{"auditor@example.com", "denied@example.com"},
	},
	"admin-console-weak-factor": {
		plant: func(s *scene) {
			const console, weak = "session-access-admin-app", "authentication-mfa-sms"
			strong := change{"debugContext.debugData.factor": "FIDO_WEBAUTHN"}
			in := func(name string) change { return actor(name + "@example.com").and(inSession("idx-of-" + name)) }
			s.add(1, weak, in("weak")).add(1, console, in("weak")).again(1).
				add(1, weak, in("user")).
				add(1, weak, in("both")).add(1, weak, in("both").and(strong)).add(1, console, in("both")).
				add(1, weak, in("strong").and(strong)).add(1, console, in("strong")).
				add(1, weak, in("failed").and(change{"outcome.result": "FAILURE"})).add(1, console, in("failed"))
		},
		column: "who", attack: "weak@example.com", want: map[string]string{"sessionId": "idx-of-weak", "weakFactors": "1"},
		harmless: []string{"user@example.com", "both@example.com", "strong@example.com", "failed@example.com"},
	},
}

func TestAttacks(t *testing.T) {
	for name, c := range attackCases {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			c.plant(s)
			rows := s.run(name)
			wants(t, rows, c.column, c.attack, c.want)
			for _, h := range c.harmless {
				wants(t, rows, c.column, h, nil)
			}
		})
	}
}

// TestAttacksNoticeMutants: a threshold that is one more or one less, and an event type that is left out, change what
// the query finds among the planted events.
func TestAttacksNoticeMutants(t *testing.T) {
	threshold := regexp.MustCompile(`(?:>=|<) (\d+)`)
	for name, c := range attackCases {
		s := newScene(t)
		c.plant(s)
		events, err := stored(Raw, s.samples)
		if err != nil {
			t.Fatal(err)
		}
		log := insights.NewLog(events, insights.Reading{}, started)
		find := func(text string) string {
			q, err := insights.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := log.Run(q)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(lines(rows), "\n")
		}
		text := byName(t, name).Text(Raw)
		found, mutants := find(text), 0
		check := func(from, to int, by string) {
			mutants++
			if find(text[:from]+by+text[to:]) == found {
				t.Errorf("%s: %q in place of %q changes nothing", name, by, text[from:to])
			}
		}
		for _, m := range threshold.FindAllStringSubmatchIndex(text, -1) {
			n, err := strconv.Atoi(text[m[2]:m[3]])
			if err != nil {
				t.Fatal(err)
			}
			check(m[2], m[3], strconv.Itoa(n+1))
			check(m[2], m[3], strconv.Itoa(n-1))
		}
		for _, m := range quotedType.FindAllStringIndex(text, -1) {
			check(m[0], m[1], `"none"`)
		}
		if mutants == 0 {
			t.Errorf("%s has nothing to mutate", name)
		}
	}
}
