package watch

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// placed is a widget as CloudWatch reads it.
type placed struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Region, View, Markdown string
		Alarms                        []string
		Metrics                       [][]any
		Period                        int
		Stacked                       bool
		YAxis                         map[string]struct {
			Min   *float64
			Label string
		}
	}
}

func read(t *testing.T, s Stack) []placed {
	t.Helper()
	text, err := json.Marshal(Dashboard(s))
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Widgets               []placed
		Start, PeriodOverride string
	}
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	// PutDashboard takes 500 widgets, and inherit is what keeps hourly graphs hourly.
	if len(body.Widgets) == 0 || len(body.Widgets) > 500 || body.PeriodOverride != "inherit" ||
		!strings.HasPrefix(body.Start, "-PT") {
		t.Fatalf("%d widgets from %s, %s", len(body.Widgets), body.Start, body.PeriodOverride)
	}
	return body.Widgets
}

func TestTheGridHasNeitherHolesNorOverlaps(t *testing.T) {
	for name, s := range stacks() {
		taken := map[[2]int]int{}
		bottom := 0
		for i, w := range read(t, s) {
			if w.Width < 1 || w.Height < 1 || w.X < 0 || w.Y < 0 {
				t.Errorf("%s: widget %d: %+v", name, i, w)
			}
			for x := w.X; x < w.X+w.Width; x++ {
				for y := w.Y; y < w.Y+w.Height; y++ {
					taken[[2]int{x, y}]++
				}
			}
			bottom = max(bottom, w.Y+w.Height)
		}
		for x := range columns {
			for y := range bottom {
				if n := taken[[2]int{x, y}]; n != 1 {
					t.Errorf("%s: %d widgets at column %d, row %d", name, n, x, y)
				}
			}
		}
		if len(taken) != columns*bottom {
			t.Errorf("%s: a widget sticks out of the grid", name)
		}
	}
}

var colour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

func TestEachGraphsMetricsExist(t *testing.T) {
	list := known(t)
	for name, s := range stacks() {
		for _, w := range read(t, s) {
			if w.Type != "metric" {
				continue
			}
			p := w.Properties
			if p.Title == "" || p.Region != s.Region || p.Period%60 != 0 || p.YAxis["left"].Label == "" || len(p.Metrics) == 0 {
				t.Errorf("%s: %+v", name, p)
			}
			var queries []Query
			for _, line := range p.Metrics {
				options := line[len(line)-1].(map[string]any)
				text := func(key string) string { s, _ := options[key].(string); return s }
				if text("label") == "" || options["visible"] == nil && !colour.MatchString(text("color")) {
					t.Errorf("%s, %s: a line without a label or colour: %v", name, p.Title, line)
				}
				if text("yAxis") == "right" && p.YAxis["right"].Label == "" {
					t.Errorf("%s, %s: the right axis says nothing", name, p.Title)
				}
				q := Query{ID: text("id"), Expression: text("expression"), Return: options["visible"] == nil}
				if len(line) > 1 {
					m := &Metric{Namespace: line[0].(string), Name: line[1].(string), Stat: text("stat")}
					for i := 2; i+1 < len(line); i += 2 {
						m.Dimensions = append(m.Dimensions, Dimension{line[i].(string), line[i+1].(string)})
					}
					if fault := check(list, m.Namespace, m.Name, m.Dimensions); fault != "" || m.Stat == "" {
						t.Errorf("%s, %s: %s, statistic %q", name, p.Title, fault, m.Stat)
					}
					q.Metric = m
				}
				queries = append(queries, q)
			}
			// The expressions are understood, and see only lines above them.
			if _, err := run(queries, readings()[0], p.Period, 4, func(*Metric) series {
				return series{1, 2, missing(),
					4}
			}); err != nil {
				t.Errorf("%s, %s: %v", name, p.Title, err)
			}
		}
	}
}

func TestTheDashboardShowsEveryAlarm(t *testing.T) {
	for name, s := range stacks() {
		var want []string
		for _, a := range Alarms(s) {
			want = append(want, "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:"+a.Name)
		}
		widgets := read(t, s)
		i := slices.IndexFunc(widgets, func(w placed) bool { return w.Type == "alarm" })
		if i < 0 || !slices.Equal(widgets[i].Properties.Alarms, want) || len(want) > 100 || widgets[i].Y != 0 {
			t.Errorf("%s: %d alarms on top of the dashboard, want %d", name, len(widgets[i].Properties.Alarms), len(want))
		}
	}
	s := stacks()["default"]
	s.Partition = "aws-us-gov"
	if got := read(t, s)[1].Properties.Alarms[0]; !strings.HasPrefix(got, "arn:aws-us-gov:") {
		t.Error(got)
	}
}

// What the ledger says becomes of what is received is all there, once.
func TestTheLedgerIsOnTheDashboard(t *testing.T) {
	for _, destination := range []string{"cloudwatch", "datadog", "splunk"} {
		var have []string
		for _, l := range outcome(pipeline("okta", destination, "queue", false)).lines {
			have = append(have, l.metric.Name)
		}
		want := map[string]string{
			"cloudwatch": "delivered duplicate filtered returned exhausted dead", "datadog": "accepted_by_eventbridge " +
				"duplicate filtered returned exhausted dead", "splunk": "delivered duplicate filtered returned exhausted dead",
		}[destination]
		if got := strings.Join(have, " "); got != want {
			t.Errorf("%s: %s", destination, got)
		}
	}
}
