package insights

import (
	"strings"
	"testing"
)

// TestErrors: what is unknown, forbidden or documented nowhere is refused.
func TestErrors(t *testing.T) {
	for query, want := range map[string]string{
		`search a`:                              "unknown command",
		`filter foo(a) = 1`:                     "unknown function",
		`filter a == 1`:                         "instead of a value",
		`filter a % 2 = 0`:                      "unknown character",
		`filter detail-type = "x"`:              "field type", // detail minus type
		`filter a`:                              "instead of a comparison",
		`filter a = 1 b`:                        "a command or |",
		`filter a = "x`:                         "no end",
		`filter a = "x\"y"`:                     "escape",
		`filter a like /x`:                      "no end",
		`filter a like x`:                       "like",
		`filter a not 1`:                        "not before",
		`filter a in ["x"`:                      `"]"`,
		`filter a in "x"`:                       `"["`,
		`filter strcontains(a) = 1`:             "1 arguments",
		`fields a + 1`:                          "without a name",
		`fields a as b.c`:                       "name of a column",
		`sort a`:                                "asc or desc",
		`limit 10001`:                           "limit",
		`parse a "x * y" as z`:                  "without a regular expression",
		`parse a /x/`:                           "without a named group",
		`stats avg(a) as x`:                     "unknown aggregation",
		`stats sum(*) as x`:                     "sum(*)",
		`stats count(*)`:                        `"as"`,
		`stats count(*) as n by bin(90m) as t`:  "period",
		`stats count(*) as n by bin(300s) as t`: "period",
		`stats count(*) as n by strlen(a) as x`: "by an expression",
		`stats count(*) as n | filter a = 1`:    "not defined by stats",
		`stats count(*) as n | filter @message like /x/`:                                 "not defined by stats",
		`stats count(*) as n by a | stats count(*) as k by bin(1h) as t`:                 "second stats",
		`stats count(*) as n by a | stats count(*) as k by a | stats count(*) as l by a`: "third stats",
		`fields a | sort a asc | stats count(*) as n`:                                    "after sort",
		`fields a | limit 5 | stats count(*) as n`:                                       "after sort or limit",
		`fields a | dedup a | sort a asc`:                                                "after dedup",
		`fields a | dedup a | filter a = 1`:                                              "after dedup",
		`unnest a into b`:                                                                "jsonParse",
		`fields jsonParse(@message) as js | unnest js.a b`:                               `"into"`,
		`fields jsonParse(@message) as js | stats count(*) as n by js`:                   "structure",
		`fields jsonParse(@message) as js | sort js asc`:                                 "structure",
		`fields jsonParse(@message) as js | dedup js`:                                    "structure",
		`filter missing != 1`:                                                            "does not describe",
		`filter not (missing = 1)`:                                                       "does not describe",
		`filter missing not like /x/`:                                                    "not like of a missing field",
		`filter missing not in ["x"]`:                                                    "not in of a missing field",
		`filter a < "b"`:                                                                 "numbers only",
		`fields concat(a, missing) as x`:                                                 "does not describe",
		`fields toMillis(a) as x`:                                                        "not a timestamp",
		`stats sum(a) as x`:                                                              "not a number",
	} {
		_, err := find(t, Reading{}, query, `{"a":"text"}`)
		switch {
		case strings.HasPrefix(want, "field "):
			// It parses, as a subtraction: the names give it away.
			q, err := Parse(query)
			if err != nil || len(q.Fields()) != 2 || q.Fields()[1] != strings.TrimPrefix(want, "field ") {
				t.Errorf("%s: %v, %v", query, q, err)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: error %v, want %q", query, err, want)
		}
	}
}

func TestNamesOfAQuery(t *testing.T) {
	q, err := Parse("# c\nfilter a.b = 1 and c in [2] and d like /x/ and coalesce(e, f) = 3\n" +
		"| fields @timestamp, a.b as g, jsonParse(@message) as js | unnest js.list into x | filter x.kind = 4 and g = 5 " +
		"| stats count_distinct(h) as n by bin(1h) as hour")
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2][]string{
		"fields":     {q.Fields(), {"a.b", "c", "d", "e", "f", "h"}},
		"paths":      {q.Paths(), {"list", "list[].kind"}},
		"aliases":    {q.Aliases(), {"g", "js", "x", "n", "hour"}},
		"equalities": {q.Equalities(), {"a.b", "c"}},
	} {
		if got, want := strings.Join(pair[0], " "), strings.Join(pair[1], " "); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}
