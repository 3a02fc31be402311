package watch

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// TestTheAuditorsAlarms: what notifies, and how often.
func TestTheAuditorsAlarms(t *testing.T) {
	none := func(n int) series { return filled(n, missing()) }
	for name, c := range map[string]struct {
		kind   string
		points series
		want   bool
	}{
		"an hour with a gap":                           {"gap", append(none(11), 3), true},
		"three hours later, while others are found":    {"gap", append(series{2}, none(11)...), true},
		"hours without a gap":                          {"gap", none(12), false},
		"a closed hour whose events are all there":     {"gap-unfilled", append(none(11), 0), false},
		"a closed hour whose events are not there":     {"gap-unfilled", append(none(11), 1), true},
		"Okta does not answer one run":                 {"okta-unreachable", series{0, 1}, false},
		"Okta does not answer two runs":                {"okta-unreachable", series{1, 1}, true},
		"the auditor is behind for an hour":            {"auditor-behind", series{1, 2, 2, 3}, true},
		"it catches up":                                {"auditor-behind", series{3, 2, 1, 0}, false},
		"it is behind, and then does not run":          {"auditor-behind", append(series{1}, none(3)...), true},
		"one run comes late":                           {"auditor-behind", series{0, missing(), 0, 0}, false},
		"the function fails, or a queue has a message": {"auditor-failing", series{1}, true},
		"nothing fails":                                {"auditor-failing", series{0}, false},
	} {
		if a := kind(t, c.kind); fires(t, a, steady(c.points), len(c.points)) != c.want {
			t.Errorf("%s: %s fires %v", name, c.kind, !c.want)
		}
	}
	// One of the two queues is enough, whether or not the others report.
	for _, queue := range []string{"failed", "unstarted"} {
		a := kind(t, "auditor-failing")
		i := slices.IndexFunc(a.Queries, func(q Query) bool { return q.ID == queue })
		if !fires(t, a, func(m *Metric) series {
			if m == a.Queries[i].Metric {
				return series{1}
			}
			return none(1)
		}, 1) {
			t.Errorf("a message in the queue %s does not fire", queue)
		}
	}
}

// TestPeriodsOfTheAuditor: a period has a run, also where each run takes its longest.
func TestPeriodsOfTheAuditor(t *testing.T) {
	for minutes, want := range map[int]int{5: 900, 10: 900, 15: 900, 30: 1800, 60: 3600} {
		s := stacks()["default"]
		s.Auditor = auditorOf(s.Pipelines[0], minutes)
		for _, a := range Alarms(s) {
			if slices.Contains([]string{"auditor-behind", "okta-unreachable", "auditor-failing"}, a.Kind) &&
				a.PeriodSeconds != want {
				t.Errorf("every %d minutes: %s has periods of %d s", minutes, a.Kind, a.PeriodSeconds)
			}
		}
	}
}

// TestOnlyWhereThereIsAnAuditor: a stack without one has none of its alarms.
func TestOnlyWhereThereIsAnAuditor(t *testing.T) {
	for name, s := range stacks() {
		n := 0
		for _, a := range Alarms(s) {
			if strings.HasPrefix(a.Kind, "gap") || strings.HasPrefix(a.Kind, "auditor") || a.Kind == "okta-unreachable" {
				n++
			}
		}
		if want := map[bool]int{true: 5}[s.Auditor != nil]; n != want {
			t.Errorf("%s: %d alarms of the auditor, want %d", name, n, want)
		}
	}
}

// TestTheHoursOnTheDashboard runs the widget's query on the auditor's log lines.
func TestTheHoursOnTheDashboard(t *testing.T) {
	body, err := json.Marshal(Dashboard(stacks()["cloudwatch with auditor"]))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Widgets []struct {
			Type       string
			Properties struct{ Query, Region, View string }
		}
	}
	if err := json.Unmarshal(body, &dashboard); err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, w := range dashboard.Widgets {
		if w.Type == "log" && w.Properties.View == "table" && w.Properties.Region == "eu-west-1" {
			text = w.Properties.Query
		}
	}
	text, ok := strings.CutPrefix(text, "SOURCE '${Token[AuditorLog.2]}' | ")
	query, err := insights.Parse(text)
	if !ok || err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	events := []insights.Event{
		{Message: `{"msg":"run","hours":2}`, Timestamp: 1},
		{Message: `{"msg":"hour audited","hour":"2026-11-20T06Z","state":"complete","okta":120,"here":120,` +
			`"found_missing":60,"filled":60,"missing":0,"waiting":0,"extra":0,"again":false,"digest":1,"hash":"00"}`, Timestamp: 2},
		{Message: `{"msg":"hour audited","hour":"2026-11-20T07Z","state":"missing","okta":120,"here":119,` +
			`"found_missing":1,"filled":0,"missing":1,"waiting":0,"extra":0,"again":false,"digest":2,"hash":"01"}`, Timestamp: 3},
	}
	for _, r := range insights.Readings() {
		rows, err := insights.NewLog(events, r, 4).Run(query)
		if err != nil || len(rows) != 2 || rows[0].Get("hour") != "2026-11-20T07Z" || rows[0].Get("missing") != "1" ||
			rows[1].Get("found_missing") != "60" || rows[1].Get("digest") != "1" {
			t.Errorf("%+v: %v, %v", r, rows, err)
		}
	}
}

// TestTheStepsOfTheAuditorsAlarms: the queries that they name are queries.
func TestTheStepsOfTheAuditorsAlarms(t *testing.T) {
	n := 0
	for _, a := range auditorAlarms(stacks()["archive with auditor"]) {
		for _, step := range a.Do {
			for i, part := range strings.Split(step, "`") {
				if i%2 == 0 || !strings.HasPrefix(part, "filter ") {
					continue
				}
				n++
				if _, err := insights.Parse(part); err != nil {
					t.Errorf("%s: %s: %v", a.Kind, part, err)
				}
			}
		}
	}
	if n != 5 {
		t.Errorf("%d queries", n)
	}
}
