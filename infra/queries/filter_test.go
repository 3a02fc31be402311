package queries

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/infra/internal/insights"
)

// matches decides a metric filter pattern as the user guide writes it: terms ($.a = "b"), with * for any characters, in
// brackets joined by && or ||.
func matches(t *testing.T, pattern, record string) bool {
	t.Helper()
	term := regexp.MustCompile(`\((\$[^ ]+) = "([^"]*)"\)`)
	text := term.ReplaceAllStringFunc(pattern, func(term1 string) string {
		m := term.FindStringSubmatch(term1)
		field := regexp.MustCompile(`\[(\d+)\]`).ReplaceAllString(strings.TrimPrefix(m[1], "$."), ".$1")
		value := gjson.Get(record, field)
		// path.Match takes * for what has no slash.
		found, err := path.Match(strings.ReplaceAll(m[2], "/", "_"), strings.ReplaceAll(value.String(), "/", "_"))
		if err != nil {
			t.Fatal(err)
		}
		if found && value.Exists() {
			return "1"
		}
		return "0"
	})
	text = strings.NewReplacer("{", "", "}", "", " ", "").Replace(text)
	inner := regexp.MustCompile(`\([01&|]+\)`)
	decide := func(s string) string {
		joined := strings.Trim(s, "()")
		switch {
		case strings.Contains(joined, "||") && strings.Contains(joined, "&&"):
			t.Fatalf("and beside or in %s", pattern)
		case strings.Contains(joined, "||"):
			if strings.Contains(joined, "1") {
				return "1"
			}
			return "0"
		}
		if strings.Contains(joined, "0") {
			return "0"
		}
		return "1"
	}
	for inner.MatchString(text) {
		text = inner.ReplaceAllStringFunc(text, decide)
	}
	return decide(text) == "1"
}

// TestFilterPatterns: the metric filter of a detection with an alarm counts the events that its query lists, among
// those of testdata, the planted ones and one of each event type.
func TestFilterPatterns(t *testing.T) {
	seen := 0
	for _, q := range All() {
		if q.Detection == nil || !q.Detection.Alarm {
			continue
		}
		seen++
		c, ok := listCases[q.Name]
		if !ok {
			t.Errorf("%s has an alarm and is no list", q.Name)
			continue
		}
		samples := fixtures(t)
		if c.plants != nil {
			samples = append(samples, c.plants(t)...)
		}
		for _, event := range listTypes[q.Name] {
			samples = append(samples, samplesOf(t, c)[0].derive(t, event, change{"eventType": event}))
		}
		for _, shape := range shapes() {
			pattern, err := q.FilterPattern(shape)
			if err != nil {
				t.Fatal(err)
			}
			if len(pattern) > maxPatternLength {
				t.Errorf("%s, %s: the pattern has %d characters", q.Name, shape, len(pattern))
			}
			events, err := stored(shape, samples)
			if err != nil {
				t.Fatal(err)
			}
			var counted []string
			for i, e := range events {
				if matches(t, pattern, e.Message) {
					counted = append(counted, samples[i].name)
				}
			}
			rows, err := insights.NewLog(events, insights.Reading{}, started).Run(parsed(t, q, shape))
			if err != nil {
				t.Fatal(err)
			}
			if listed := sorted(names(t, rows, samples)); len(listed) == 0 || !slices.Equal(listed, sorted(counted)) {
				t.Errorf("%s, %s: the metric filter counts\n%v\nthe query lists\n%v\n%s", q.Name, shape, sorted(counted), listed,
					pattern)
			}
		}
	}
	if seen != len(alarmed()) {
		t.Errorf("%d detections have an alarm, want %d", seen, len(alarmed()))
	}
}
