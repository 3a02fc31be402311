package insights

import (
	"strings"
	"testing"
)

var archive = Source{Table: "t", Where: "dt = 'd'", Time: "time_of(event)", Ingested: "stored(event)"}

// TestSQL: commands in SQL, on one line. What the SQL finds is compared with Logs Insights in package queries.
func TestSQL(t *testing.T) {
	const base = "WITH step1 AS ( SELECT event, time_of(event) AS event_time"
	const field = "json_extract_scalar(event, '$.a.b')"
	for query, want := range map[string]string{
		`filter a.b = "it's" and a.b in ["x", "y"] | fields a.b as fromIP | limit 5`: base + ", " + field +
			" AS from_ip FROM t WHERE dt = 'd' AND " + field + " = 'it''s' AND " + field +
			" IN ('x', 'y') ) SELECT from_ip FROM step1 LIMIT 5",
		`fields a.b as x | filter x like /^y/ | filter a.0.b like "z" or a.b > 3 | fields x`: base + ", " + field +
			" AS x FROM t WHERE dt = 'd' ) SELECT x FROM step1 WHERE regexp_like(x, '^y') AND " +
			"(strpos(json_extract_scalar(event, '$.a[0].b'), 'z') > 0 OR TRY_CAST(" + field + " AS double) > 3)",
		"filter `a.New Device` = \"y\" | fields a.b as x": base + ", " + field + " AS x FROM t WHERE dt = 'd' AND " +
			`json_extract_scalar(event, '$.a["New Device"]') = 'y' ) SELECT x FROM step1`,
		`parse @message /a(?:b)(c)(?<x>.)/ | fields x | display x`: base +
			", regexp_extract(event, 'a(?:b)(c)(.)', 2) AS x FROM t WHERE dt = 'd' ) SELECT x FROM step1",
		`fields jsonParse(@message) as r | unnest r.l into v | filter v.k = "x" | fields v.k as x`: base +
			", v, json_extract_scalar(v, '$.k') AS x FROM t CROSS JOIN UNNEST(TRY_CAST(json_extract(event, '$.l') AS " +
			"ARRAY(JSON))) AS of_v (v) WHERE dt = 'd' AND json_extract_scalar(v, '$.k') = 'x' ) SELECT x FROM step1",
		`fields a.b as x | sort x desc | dedup x`: base + ", " + field + " AS x FROM t WHERE dt = 'd' ), step2 AS ( " +
			"SELECT *, row_number() OVER (PARTITION BY x ORDER BY x DESC) AS copy FROM step1 ) SELECT x FROM step2 " +
			"WHERE copy = 1 OR x IS NULL ORDER BY x DESC",
		`stats count(*) as n, max(@timestamp) as last by a.b as x, bin(1h) as h | filter n >= 3`: base +
			" FROM t WHERE dt = 'd' ), step2 AS ( SELECT " + field + " AS x, from_unixtime(floor(to_unixtime(event_time) / " +
			"3600) * 3600) AS h, count(*) AS n, max(event_time) AS last FROM step1 GROUP BY 1, 2 ) SELECT x, h, n, last " +
			"FROM step2 WHERE n >= 3",
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		sql, err := q.SQL(archive)
		if got := strings.Join(strings.Fields(sql), " "); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", query, err, got, want)
		}
	}
}

// TestNoSQL: what has no meaning in SQL, or another one, is refused.
func TestNoSQL(t *testing.T) {
	for query, want := range map[string]string{
		`filter a = "x"`:             "has no column",
		`fields a.b | limit 1`:       "no name of its own",
		`fields a as x | dedup x`:    "dedup without sort",
		`stats sum(a) as n`:          "sum of a text",
		`fields toMillis(a) as x`:    "toMillis of no timestamp",
		`fields @timestamp + 1 as x`: "a time instead of a number",
		`fields jsonParse(@message) as r | fields r.a as x, r as y`: "no value in SQL",
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if sql, err := q.SQL(archive); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q\n%s", query, err, want, sql)
		}
	}
}

func TestFilterPattern(t *testing.T) {
	for query, want := range map[string]string{
		`filter a.0.b in ["x", "y"] and c = "z" | filter d like "w" | fields a`: `{ ((($.a[0].b = "x") || ($.a[0].b = "y")) ` +
			`&& ($.c = "z")) && ($.d = "*w*") }`,
		`fields a`:                    "does not begin",
		`filter a like /x/`:           "no metric filter pattern",
		`filter a > 3`:                "no metric filter pattern",
		`filter a not in ["x"]`:       "no metric filter pattern",
		`filter coalesce(a, b) = "x"`: "no metric filter pattern",
		`filter a in [b]`:             "compares with the field b",
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got, err := q.FilterPattern()
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
