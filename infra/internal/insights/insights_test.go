package insights

import (
	"fmt"
	"strings"
	"testing"
)

// find runs a query over JSON records a second apart, the first at 1000 ms, and
// gives the rows as name=value lines.
func find(t *testing.T, r Reading, query string, messages ...string) ([]string, error) {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		return nil, err
	}
	var events []Event
	for i, m := range messages {
		at := int64(i+1) * 1000
		events = append(events, Event{Message: m, Timestamp: at, Ingested: at + 500})
	}
	rows, err := NewLog(events, r, 10_000).Run(q)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, row := range rows {
		line := []string{}
		for _, c := range row.Columns {
			line = append(line, c+"="+row.Get(c))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return lines, nil
}

// TestDocumentedBehaviour is one row of the user guide a case.
func TestDocumentedBehaviour(t *testing.T) {
	for name, c := range map[string]struct {
		query    string
		messages []string
		want     []string
	}{
		"nested fields have dots": {`fields userIdentity.type as t`,
			[]string{`{"userIdentity":{"type":"IAMUser"}}`}, []string{"t=IAMUser"}},
		"arrays flatten by place": {`fields items.0.instanceId as a, items.1.instanceId as b`,
			[]string{`{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}`}, []string{"a=i-1 b=i-2"}},
		"JSON in a string is one leaf": {`filter data.startTime = 1234`,
			[]string{`{"data":"{\"startTime\":1234}"}`}, nil},
		"special characters want backticks": {"filter `detail-type` = \"x\" | fields `detail-type` as d",
			[]string{`{"detail-type":"x"}`}, []string{"d=x"}},
		"names are case-sensitive": {`filter RequestId = "1"`, []string{`{"requestId":"1"}`}, nil},
		"keywords are not": {`FILTER a = 1 | STATS count(*) AS n BY a`, []string{`{"a":1}`},
			[]string{"a=1 n=1"}},
		"comments": {"# first | line\nfilter a = 1 # the rest\n| fields a",
			[]string{`{"a":1}`}, []string{"a=1"}},
		"without fields: time and message": {`filter a = 1`, []string{`{"a":1}`},
			[]string{`@timestamp=1970-01-01 00:00:01.000 @message={"a":1}`}},

		"a missing field compares with nothing": {`filter a = 1 or b = 2 | fields b`, []string{`{"a":2}`, `{"b":2}`},
			[]string{"b=2"}},
		"and of a missing field": {`filter a = 1 and b = 2`, []string{`{"a":1}`}, nil},
		"numbers compare as numbers": {`filter range > 3000 | fields range`, []string{`{"range":20000}`,
			`{"range":3000}`}, []string{"range=20000"}},
		"a text of digits is a number": {`filter accountId = 123456789012 | fields accountId`,
			[]string{`{"accountId":"123456789012"}`}, []string{"accountId=123456789012"}},
		"texts compare with their case": {`filter a = "x"`, []string{`{"a":"X"}`}, nil},
		"in wants complete matches": {`filter a in ["group", 7] | fields a`,
			[]string{`{"a":"example_group"}`, `{"a":"group"}`, `{"a":7}`}, []string{"a=group", "a=7"}},
		"not in": {`filter a not in ["x"] | fields a`, []string{`{"a":"x"}`,
			`{"a":"y"}`}, []string{"a=y"}},
		"like a part, case and all": {`filter a like "Exception" | fields a`,
			[]string{`{"a":"an Exception"}`, `{"a":"exception"}`}, []string{"a=an Exception"}},
		"like an expression": {`filter statusCode like /2\d\d/ | fields statusCode`,
			[]string{`{"statusCode":204}`, `{"statusCode":404}`}, []string{"statusCode=204"}},
		"=~ is like": {`filter a =~ /^(?i)exception$/ | fields a`,
			[]string{`{"a":"EXCEPTION"}`, `{"a":"exceptions"}`}, []string{"a=EXCEPTION"}},
		"not like": {`filter a not like /b/ | fields a`, []string{`{"a":"abc"}`,
			`{"a":"xyz"}`}, []string{"a=xyz"}},
		"not and brackets": {`filter not (a = 1 or a = 2) and a < 9 | fields a`,
			[]string{`{"a":1}`, `{"a":3}`, `{"a":9}`}, []string{"a=3"}},
		"or binds less than and": {`filter a = 1 or a = 2 and b = 3 | fields a`,
			[]string{`{"a":1,"b":0}`, `{"a":2,"b":0}`}, []string{"a=1"}},
		"arithmetic": {`filter (a + 2) * 3 >= 9 | fields 10 - a / 2 as b`,
			[]string{`{"a":1}`, `{"a":0}`}, []string{"b=9.5"}},

		"coalesce: the first that is not null": {`fields coalesce(a, b, "c") as x`, []string{`{"b":"y"}`, `{"a":null}`,
			`{"a":"z","b":"y"}`}, []string{"x=y", "x=c", "x=z"}},
		"strcontains is 1 or 0": {`fields strcontains(a, "b") as x`, []string{`{"a":"abc"}`,
			`{"a":"x"}`}, []string{"x=1", "x=0"}},
		"strlen in code points": {`fields strlen(a) as x`, []string{`{"a":"são"}`}, []string{"x=3"}},
		"concat":                {`fields concat(a, " ", b) as x`, []string{`{"a":"A","b":2}`}, []string{"x=A 2"}},
		"toMillis and fromMillis": {`fields toMillis(@timestamp) as ms, fromMillis(2500) as t, now() as n`,
			[]string{`{}`}, []string{"ms=1000 t=1970-01-01 00:00:02.500 n=10"}},

		"parse takes named groups, a row without a match " +
			"stays": {`fields a | parse a /user=(?<name>\w+) id=(?<id>\d+)/ | display name, id`,
			[]string{`{"a":"user=ann id=7"}`, `{"a":"none"}`}, []string{"name=ann id=7", "name= id="}},
		"display replaces fields": {`fields a, b | display b`, []string{`{"a":1,"b":2}`},
			[]string{"b=2"}},

		"unnest makes a row of " +
			"each": {`fields jsonParse(@message) as js | unnest js.accounts into account | filter account.type = "internal" | display account.id as id`, []string{`{"accounts":[{"type":"internal","id":1},{"type":"x","id":2},{"type":"internal","id":3}]}`}, []string{"id=1", "id=3"}},
		"unnest of a map is one": {`fields jsonParse(@message) as js | unnest js.a into x | display x.b as b`,
			[]string{`{"a":{"b":5}}`}, []string{"b=5"}},
		"unnest twice keeps the " +
			"first": {`fields jsonParse(@message) as js | unnest js.a into x | unnest js.a into y | display x.n as x1, y.n as y1`, []string{`{"a":[{"n":1},{"n":2}]}`}, []string{"x1=1 y1=1", "x1=1 y1=2", "x1=2 y1=1", "x1=2 y1=2"}},

		"count counts all, count(f) those that have it": {`stats count(*) as n, count(a) as k, count_distinct(a) as d`,
			[]string{`{"a":1}`, `{"a":1}`, `{}`}, []string{"n=3 k=2 d=1"}},
		"sum, min, max": {`stats sum(a) as s, min(a) as lo, max(a * 2) as hi`, []string{`{"a":1}`,
			`{"a":5}`, `{}`}, []string{"s=6 lo=1 hi=10"}},
		"min of timestamps is one": {`stats min(@timestamp) as t`, []string{`{}`, `{}`},
			[]string{"t=1970-01-01 00:00:01.000"}},
		"groups": {`stats count(*) as n by a | sort n desc`, []string{`{"a":"x"}`,
			`{"a":"y"}`, `{"a":"y"}`}, []string{"a=y n=2", "a=x n=1"}},
		"bin truncates": {`stats count(*) as n by bin(2s) as t | sort t asc`, []string{`{}`, `{}`,
			`{}`}, []string{"t=1970-01-01 00:00:00.000 n=1", "t=1970-01-01 00:00:02.000 n=2"}},
		"stats of " +
			"stats": {`stats count(*) as n by a, b | filter n > 1 | stats count(*) as k, sum(n) as s by a`, []string{`{"a":1,"b":1}`, `{"a":1,"b":1}`, `{"a":1,"b":2}`}, []string{"a=1 k=1 s=2"}},
		"sort: others before numbers": {`fields a | sort a asc`, []string{`{"a":2}`, `{"a":"111A"}`, `{"a":10}`,
			`{"a":"5A"}`, `{"a":"#"}`}, []string{"a=#", "a=5A", "a=111A", "a=2", "a=10"}},
		"sort desc is the reverse": {`fields a | sort a desc | limit 2`, []string{`{"a":2}`, `{"a":"z"}`,
			`{"a":10}`}, []string{"a=10", "a=2"}},
		"dedup keeps the first, and nulls": {`fields a, b | sort @timestamp desc | dedup a | limit 9`,
			[]string{`{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"b":3}`, `{"b":4}`}, []string{"a= b=4", "a= b=3", "a=1 b=2"}},
		"dedup by several is by combination": {`fields a, b | sort @timestamp desc | dedup a, b`,
			[]string{`{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"a":1,"b":2}`}, []string{"a=1 b=2", "a=1 b=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range Readings() {
				got, err := find(t, r, c.query, c.messages...)
				if err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("reading %+v:\n%q, want\n%q", r, got, c.want)
				}
			}
		})
	}
}

// TestReadings: what the guide leaves open goes both ways.
func TestReadings(t *testing.T) {
	for name, c := range map[string]struct {
		reading      Reading
		query        string
		message      string
		with, absent []string
	}{
		"booleans": {Reading{BooleansAsNumbers: true}, `fields a`, `{"a":true}`, []string{"a=1"}, []string{"a=true"}},
		"nulls": {Reading{NullsPresent: true}, `filter ispresent(a) | stats count(a) as n`, `{"a":null}`,
			[]string{"n=1"}, nil},
		"unnest": {Reading{UnnestKeepsEmpty: true},
			`fields jsonParse(@message) as js | unnest js.a into x | display b`, `{"a":[],"b":1}`, []string{"b=1"}, nil},
	} {
		with, err := find(t, c.reading, c.query, c.message)
		without, err2 := find(t, Reading{}, c.query, c.message)
		if err != nil || err2 != nil || fmt.Sprint(with) != fmt.Sprint(c.with) ||
			fmt.Sprint(without) != fmt.Sprint(c.absent) {
			t.Errorf("%s: %v and %v, %v %v", name, with, without, err, err2)
		}
	}
}

func TestOnlyTheFirst200FieldsAreDiscovered(t *testing.T) {
	var b strings.Builder
	for i := range 250 {
		fmt.Fprintf(&b, `"f%d":%d,`, i, i)
	}
	message := "{" + strings.TrimSuffix(b.String(), ",") + "}"
	for query, want := range map[string]int{`filter f199 = 199`: 1, `filter f200 = 200`: 0,
		`parse @message /"f200":(?<x>\d+)/ | filter x = 200`: 1} {
		if got, err := find(t, Reading{}, query, message); err != nil || len(got) != want {
			t.Errorf("%s: %d rows, %v", query, len(got), err)
		}
	}
	if got := Leaves(message, Reading{}); len(got) != 250 || got[249].Name != "f249" {
		t.Errorf("%d leaves", len(got))
	}
	if Leaves("no JSON", Reading{}) != nil || Leaves(`{"a":1} rest`, Reading{}) != nil {
		t.Error("fields of what is not JSON")
	}
}
