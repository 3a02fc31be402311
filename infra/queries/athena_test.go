package queries

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// duckdbPython is a python that has DuckDB 1.4.1. With it every query that a test runs over planted events runs in SQL
// too, in DuckDB, over the same events, and must find the same.
var duckdbPython = flag.String("duckdb", "", "a python with the module duckdb, to run the Athena queries in")

// TestAthenaNamesWhatTheRecordsHave: every query is made, in both forms of the archive, and reads paths that records
// have, of a bounded number of days.
func TestAthenaNamesWhatTheRecordsHave(t *testing.T) {
	path := regexp.MustCompile(`json_extract_scalar\(event, '\$\.([^']+)'\)`)
	index := regexp.MustCompile(`\[(\d+)\]`)
	for _, s := range archived() {
		emitted := places(t, s)
		for _, logged := range []string{"time", "metadata.loggers.0.logged_time"} {
			emitted[logged] = 1 // of the envelope
		}
		all, err := Athena(s, `"db"."events"`)
		if err != nil || len(all) != len(All()) {
			t.Fatalf("%s: %d queries: %v", s, len(all), err)
		}
		for i, n := range all {
			q := All()[i]
			if n.Name != q.Name || n.Description != q.Question || len(n.Name) > 128 || len(n.Description) > 1024 ||
				utf8.RuneCountInString(n.SQL) > 262_144 {
				t.Errorf("%s: name or description: %+v", s, n)
			}
			bound := fmt.Sprintf("dt >= date_format(current_date - interval '%d' day, '%%Y-%%m-%%d')", q.Days())
			if strings.Count(n.SQL, `FROM "db"."events"`) != 1 || !strings.Contains(n.SQL, "\n  WHERE "+bound) {
				t.Errorf("%s, %s: reads more than the days %s", s, n.Name, n.SQL)
			}
			if !strings.HasPrefix(n.SQL, "-- "+q.Question+"\n-- "+q.Look+"\n") || !strings.HasSuffix(n.SQL, "\nLIMIT 1000") {
				t.Errorf("%s, %s: %s", s, n.Name, n.SQL)
			}
			name := regexp.MustCompile(`\["([^"]+)"\]`)
			for _, m := range path.FindAllStringSubmatch(n.SQL, -1) {
				if field := name.ReplaceAllString(index.ReplaceAllString(m[1], ".$1"), ".$1"); emitted[field] == 0 {
					t.Errorf("%s, %s: no record has %s", s, n.Name, field)
				}
			}
		}
	}
}

// archived are the shapes that an archive holds.
func archived() []Shape { return []Shape{Envelope, OCSF} }

// database is the process that runs SQL.
type database struct {
	mu     sync.Mutex
	write  *json.Encoder
	read   *bufio.Reader
	loaded map[*insights.Log]string
}

var openDatabase = sync.OnceValues(func() (*database, error) {
	c := exec.Command(*duckdbPython, "testdata/athena.py")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// The process ends when this one does, with its standard input.
	return &database{write: json.NewEncoder(in), read: bufio.NewReader(out), loaded: map[*insights.Log]string{}},
		c.Start()
})

type answer struct {
	Columns []string
	Rows    [][]string
	Error   string
}

func (d *database) ask(t *testing.T, request any) answer {
	t.Helper()
	var a answer
	if err := d.write.Encode(request); err != nil {
		t.Fatal(err)
	}
	line, err := d.read.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkSQL runs the query, with its text as given, over the records of a log in SQL and compares.
func checkSQL(t *testing.T, q Query, s Shape, text string, log *insights.Log, rows []insights.Row) {
	t.Helper()
	if *duckdbPython == "" || !slices.Contains(archived(), s) {
		return
	}
	d, err := openDatabase()
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	table := d.loaded[log]
	if table == "" {
		table = fmt.Sprint("events", len(d.loaded))
		d.loaded[log] = table
		if a := d.ask(t, map[string]any{"table": table, "rows": log.Messages()}); a.Error != "" {
			t.Fatal(a.Error)
		}
	}
	sql, err := q.sql(s, table, text)
	if err != nil {
		t.Fatal(err)
	}
	a := d.ask(t, map[string]any{"sql": sql})
	if a.Error != "" {
		t.Fatalf("%s, %s: %s\n%s", q.Name, s, a.Error, sql)
	}
	got, want := a.lines(), lines(rows)
	if !slices.Equal(got, want) {
		t.Errorf("%s: in SQL, %s, it finds\n%s\nbut in Logs Insights\n%s\n%s", q.Name, s,
			only(strings.Join(got, "\n"), strings.Join(want, "\n")), only(strings.Join(want, "\n"), strings.Join(got, "\n")),
			sql)
	}
}

// stored are columns of when CloudWatch Logs took an event: the archive has EventBridge's time instead.
var storedColumns = []string{"firstStored", "lastStored"}

// lines are rows as a sorted list of texts: the order of equal rows is defined in neither language.
func lines(rows []insights.Row) []string {
	var all []string
	for _, r := range rows {
		var values []string
		for _, c := range r.Columns {
			v := plain(r.Get(c))
			if slices.Contains(storedColumns, c) {
				v = ""
			}
			values = append(values, v)
		}
		all = append(all, strings.Join(values, " | "))
	}
	slices.Sort(all)
	return all
}

func (a answer) lines() []string {
	var all []string
	for _, r := range a.Rows {
		var values []string
		for i, v := range r {
			v = plain(v)
			if strings.HasSuffix(a.Columns[i], "_stored") {
				v = ""
			}
			values = append(values, v)
		}
		all = append(all, strings.Join(values, " | "))
	}
	slices.Sort(all)
	return all
}
