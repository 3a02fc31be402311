package queries

import (
	"slices"
	"strings"
	"testing"
)

// timelineCases are the queries with a place for a value, and which events each
// value stands for, by Okta's own fields.
var timelineCases = []struct {
	query, place string
	values       []string
	is           func(s sample, value string) bool
}{
	{"everything-a-user-did", placeUser,
		[]string{"tariq.benhaim@example.com", "system@okta.com", "svc.intruder@example.net"},
		func(s sample, v string) bool { return s.get("actor.alternateId") == v }},
	{"everything-that-names-a-user", placeUser,
		[]string{"tariq.benhaim@example.com", "00uysi1UYAHt2rj9P5d7", "rhea.castellane@example.com"},
		func(s sample, v string) bool { return strings.Contains(string(s.detail), v) }},
	{"everything-about-an-address", placeAddress,
		[]string{"192.0.2.118", "198.51.100.66", "203.0.113.24", "2001:db8:bad::77"},
		func(s sample, v string) bool {
			return s.get("client.ipAddress") == v || s.get("request.ipChain.0.ip") == v || s.get("actor.id") == v
		}},
	{"everything-that-touches", placeValue,
		[]string{"192.0.2.118", "00uysi1UYAHt2rj9P5d7", "rhea.castellane@example.com", "0oaOwgL1LFQf9qQHN5d7", "idx7u3LdzBgDdPSugL1Pe7fuY"},
		func(s sample, v string) bool { return strings.Contains(string(s.detail), `"`+v+`"`) }},
	{"everything-in-a-session", placeSession,
		[]string{"idxT0GSypv2UFAwGwMdvgLTXR", "idx7u3LdzBgDdPSugL1Pe7fuY", "trsOYrbLboS1G_V2u833wDEkF"},
		func(s sample, v string) bool {
			return s.get("authenticationContext.externalSessionId") == v || s.get("authenticationContext.rootSessionId") == v
		}},
}

func TestTimelines(t *testing.T) {
	// Two have no address where one should be: OCSF shows that of the chain.
	all := slices.DeleteFunc(
		fixtures(t),
		func(s sample) bool { return s.name == "trap-odd-ip" || s.name == "trap-odd-strings-as-numbers" },
	)
	l := logsOf(t, all)
	for _, c := range timelineCases {
		for _, value := range c.values {
			t.Run(c.query+"/"+value, func(t *testing.T) {
				rows := l.runEdited(t, byName(t, c.query), func(text string) string {
					if !strings.Contains(text, `"`+c.place+`"`) {
						t.Fatalf("no place for %s in\n%s", c.place, text)
					}
					return strings.ReplaceAll(text, c.place, value)
				})
				var want []string
				for _, s := range all {
					if c.is(s, value) {
						want = append(want, s.name)
					}
				}
				if got := sorted(names(t, rows, all)); len(want) == 0 || !slices.Equal(got, sorted(want)) {
					t.Errorf("it finds\n%v, want\n%v", got, sorted(want))
				}
			})
		}
	}
}

// TestPlaces: as it comes, a query about one thing finds nothing.
func TestPlaces(t *testing.T) {
	l := logsWith(t, nil)
	for _, c := range timelineCases {
		if rows := l.run(t, byName(t, c.query)); len(rows) != 0 {
			t.Errorf("%s finds %d rows before anybody put a value in", c.query, len(rows))
		}
	}
}

// TestSecondDeliveries: every event stored twice changes no list and no count, but
// those that are about it.
func TestSecondDeliveries(t *testing.T) {
	all := oneNameACountry(t)
	once := logsOf(t, all)
	twice, err := once.and(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range All() {
		if q.Name == "duplicates" || q.Name == "volume-by-event-type" {
			continue
		}
		if a, b := canonical(once.run(t, q)), canonical(twice.run(t, q)); a != b {
			t.Errorf("%s: stored twice, it finds\n%s\nbut once\n%s", q.Name, only(b, a), only(a, b))
		}
	}
}

// TestEveryQueryIsProved: there is no query without a test of what it finds.
func TestEveryQueryIsProved(t *testing.T) {
	proved := []string{
		"mfa-fatigue",
		"password-spray",
		"brute-force",
		"country-new-for-user",
		"api-token-used",
		"app-assignment-spree",
		"app-access-spree",
		"duplicates",
		"volume-by-event-type",
	}
	for name := range attackCases {
		proved = append(proved, name)
	}
	for name := range listCases {
		proved = append(proved, name)
	}
	for _, c := range timelineCases {
		proved = append(proved, c.query)
	}
	var all []string
	for _, q := range All() {
		all = append(all, q.Name)
	}
	if !slices.Equal(sorted(all), sorted(proved)) || len(all) != len(sorted(all)) {
		t.Errorf("queries:\n%v\nproved:\n%v", all, proved)
	}
}
