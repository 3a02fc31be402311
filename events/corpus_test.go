package events

import (
	"maps"
	"testing"
)

// The corpus has Okta events that others have published (corpus/SOURCES.md). All are events, except
// those from which a data warehouse removed the id or the time. The numbers are exact: one more
// event given up here is one lost in production.
func TestCorpora(t *testing.T) {
	if len(corpora()) == 0 {
		t.Log("../shared/corpus is not there: nothing is counted")
		return
	}
	type count struct{ events, faults int }
	want := map[string]count{
		"airbnb-streamalert.jsonl":       {events: 1},
		"okta-openapi.jsonl":             {events: 2},
		"panther-analysis.jsonl":         {events: 38, faults: 12},
		"panther-analysis-recased.jsonl": {events: 32, faults: 3},
		"rapid7-insightconnect.jsonl":    {events: 5},
		"synthetic-catalogue.jsonl":      {events: 1382},
	}
	got := map[string]count{}
	d := new(Decoder)
	for _, line := range corpora() {
		all := decode(t, d, line.Text)
		if len(all) != 1 {
			t.Errorf("a line of %s gives %d visits: %.200s", line.Name, len(all), line.Text)
			continue
		}
		c := got[line.Name]
		if v := all[0]; v.isEvent() {
			c.events++
		} else {
			c.faults++
			if v.Reason != MissingField || v.Body != string(line.Text) {
				t.Errorf("a line of %s is given up for %s (%s): %.200s", line.Name, v.Reason, v.Why, line.Text)
			}
		}
		got[line.Name] = c
	}
	if !maps.Equal(got, want) {
		t.Errorf("the corpora hold %v\nwant %v", got, want)
	}
}
