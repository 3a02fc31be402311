package watch

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// rules are the first words of each row of the design's failure rules.
var rules = []string{
	"not JSON", "event type never seen", "throttled", "the destination is down", "a record panics", "a body with many records",
	"one of ten PutEvents entries fails", "log stream missing", "rejectedLogEventsInfo", "too old for Datadog",
	"record over the destination's limit", "duplicates", "partial batch response", "packed batch comes back", "Datadog answers 4xx", "our own log",
}

func TestEveryFailureIsTold(t *testing.T) {
	kinds := map[string]bool{}
	for _, a := range Kinds() {
		kinds[a.Kind] = true
	}
	body, err := json.Marshal(Dashboard(stacks()["lambda cloudwatch,datadog"]))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	seen := map[string]bool{}
	for _, f := range Failures() {
		if seen[f.What] {
			t.Errorf("%s: twice", f.What)
		}
		seen[f.What] = true
		for _, k := range f.Kinds {
			told[k] = true
			if !kinds[k] {
				t.Errorf("%s: there is no alarm %s", f.What, k)
			}
		}
		if len(f.Kinds) == 0 && f.Why == "" {
			t.Errorf("%s: neither an alarm nor a reason", f.What)
		}
		if f.Graph != "" && (f.Why == "" || !strings.Contains(string(body), f.Graph)) {
			t.Errorf("%s: graph %q, reason %q", f.What, f.Graph, f.Why)
		}
	}
	for k := range kinds {
		if !told[k] {
			t.Errorf("the alarm %s is for no failure", k)
		}
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(Failures(), func(f Failure) bool { return strings.HasPrefix(f.What, rule) }) {
			t.Errorf("nothing is said of %q", rule)
		}
	}
}
