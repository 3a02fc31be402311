package queries

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// started is when the queries run: after every event of testdata.
var started = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// byName is the query of that name.
func byName(t *testing.T, name string) Query {
	t.Helper()
	for _, q := range All() {
		if q.Name == name {
			return q
		}
	}
	t.Fatalf("no query %s", name)
	return Query{}
}

func parsed(t *testing.T, q Query, s Shape) *insights.Query {
	t.Helper()
	p, err := insights.Parse(q.Text(s))
	if err != nil {
		t.Fatalf("%s, %s: %v\n%s", q.Name, s, err, q.Text(s))
	}
	return p
}

// worded are columns whose words are the shape's own: OCSF has the country's code
// where Okta has its name, lists the roles one by one, writes risks its way and has other members.
var worded = []string{"fromCountry", "roles", "risk", "characters", "foundIn"}

// logs are the same events in every shape and every reading.
type logs map[Shape][]*insights.Log

// corpusLogs are the events of testdata, taken apart once.
var corpusLogs = sync.OnceValues(func() (logs, error) {
	all, err := corpus()
	if err != nil {
		return nil, err
	}
	return logs{}.and(all)
})

// and is logs with more events.
func (l logs) and(samples []sample) (logs, error) {
	all := logs{}
	for _, shape := range shapes() {
		events, err := stored(shape, samples)
		if err != nil {
			return nil, err
		}
		more := insights.NewLog(events, insights.Reading{}, started)
		if l[shape] != nil {
			more = l[shape][0].And(events)
		}
		read := map[bool]*insights.Log{false: more, true: more.Under(insights.Reading{BooleansAsNumbers: true})}
		for _, r := range insights.Readings() {
			all[shape] = append(all[shape], read[r.BooleansAsNumbers].Under(r))
		}
	}
	return all, nil
}

// logsWith are the events of testdata and more.
func logsWith(t *testing.T, more []sample) logs {
	t.Helper()
	l, err := corpusLogs()
	if err == nil {
		l, err = l.and(more)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// logsOf are these events alone.
func logsOf(t *testing.T, samples []sample) logs {
	t.Helper()
	l, err := logs{}.and(samples)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run gives the rows of a query, which every shape and every reading must give
// alike but for the worded columns; those are of the shape Raw.
func (l logs) run(t *testing.T, q Query) []insights.Row {
	t.Helper()
	return l.runEdited(t, q, func(text string) string { return text })
}

// runEdited is run with an edit of the text, as a responder makes it.
func (l logs) runEdited(t *testing.T, q Query, edit func(text string) string) []insights.Row {
	t.Helper()
	var found []insights.Row
	var want, first string
	for _, shape := range []Shape{Raw, Envelope, Datadog, OCSF} {
		p, err := insights.Parse(edit(q.Text(shape)))
		if err != nil {
			t.Fatalf("%s, %s: %v", q.Name, shape, err)
		}
		for i, log := range l[shape] {
			rows, err := log.Run(p)
			if err != nil {
				t.Fatalf("%s, %s: %v", q.Name, shape, err)
			}
			if i == 0 {
				checkSQL(t, q, shape, edit(q.Text(shape)), log, rows)
			}
			got, name := canonical(rows), fmt.Sprintf("%s, reading %+v", shape, insights.Readings()[i])
			switch {
			case first == "":
				found, want, first = rows, got, name
			case got != want:
				t.Fatalf("%s: in %s it finds\n%s\nbut in %s\n%s", q.Name, name, only(got, want), first, only(want, got))
			}
		}
	}
	return found
}

// canonical is rows as text, without what may differ between shapes. Rows that
// are sorted by such a thing are compared as a set.
func canonical(rows []insights.Row) string {
	var lines []string
	for _, r := range rows {
		line := ""
		for _, c := range r.Columns {
			if !slices.Contains(worded, c) {
				line += fmt.Sprintf("%s=%q ", c, plain(r.Get(c)))
			}
		}
		lines = append(lines, line)
	}
	if len(rows) > 0 && slices.Contains(rows[0].Columns, "characters") {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

// only is the lines of a that b does not have.
func only(a, b string) string {
	theirs := strings.Split(b, "\n")
	lines := slices.DeleteFunc(strings.Split(a, "\n"), func(s string) bool { return slices.Contains(theirs, s) })
	return strings.Join(lines, "\n")
}

// plain makes nothing of the words by which Okta says that it knows nothing, which
// OCSF leaves out (DESIGN section 3), and one thing of the two readings of a
// boolean.
func plain(s string) string {
	switch strings.ToLower(s) {
	case "unknown", "null":
		return ""
	case "true":
		return "1"
	case "false":
		return "0"
	}
	return s
}

// names are the samples behind the rows of a list, in their order.
func names(t *testing.T, rows []insights.Row, samples []sample) []string {
	t.Helper()
	byID := map[string]string{}
	for _, s := range samples {
		byID[s.get("uuid")] = s.name
	}
	var list []string
	for _, r := range rows {
		name, ok := byID[r.Get("eventId")]
		if !ok {
			t.Fatalf("a row of no event: %v", r.Values)
		}
		list = append(list, name)
	}
	return list
}

// sorted is a set as a sorted list.
func sorted(list []string) []string {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return slices.Sorted(maps.Keys(set))
}
