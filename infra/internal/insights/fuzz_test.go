package insights

import (
	"strings"
	"testing"
)

// FuzzParse holds the interpreter to: any text is a query or an error, and a query
// runs to its end over any record under every reading, the same way twice.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`fields @timestamp, a.b as x | filter a = "x" and b not in ["y"] | sort @timestamp desc | limit 20`,
		`stats count(*) as n, count_distinct(a) as k by bin(1h) as t, b | filter n > 3 | sort n desc`,
		"parse @message /(?<who>[a-z]+)/ | filter who like /^x/ | dedup who",
		"filter ispresent(`a.0.b`) | unnest a into c | fields c.b as x, strlen(x) * 2 as y",
	} {
		f.Add(seed, `{"a":{"b":"x"},"b":"y","c":[1,true,null,{"d":"e"}]}`)
	}
	f.Fuzz(func(t *testing.T, query, record string) {
		q, err := Parse(query)
		if err != nil {
			return
		}
		sql, err := q.SQL(Source{Table: "t", Where: "dt = 'd'", Time: "at", Ingested: "stored"})
		if err == nil && !strings.HasPrefix(sql, "WITH step1 AS (") {
			t.Errorf("%q in SQL: %s", query, sql)
		}
		if pattern, err := q.FilterPattern(); err == nil && !strings.HasPrefix(pattern, "{ ") {
			t.Errorf("%q as a filter pattern: %s", query, pattern)
		}
		for _, r := range Readings() {
			l := NewLog([]Event{{Message: record}, {Message: `{"a":1}`}}, r, 1_000_000)
			first, err := l.Run(q)
			second, again := l.Run(q)
			if (err == nil) != (again == nil) || len(first) != len(second) {
				t.Errorf("%q gives %v, %v and then %v, %v", query, first, err, second, again)
			}
		}
	})
}
