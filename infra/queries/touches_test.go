package queries

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/internal/insights"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// TestTouchesShowsTheObservable: where records have observables, everything-that-touches finds the same events and
// shows the attribute that the first observable with the value names.
func TestTouchesShowsTheObservable(t *testing.T) {
	all := fixtures(t)
	events, err := storedBy(pipeline.Config{Format: pipeline.OCSF, Observables: true}, OCSF, all)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]map[string]string{} // event → value → name of its first observable
	for _, e := range events {
		var record struct {
			Metadata    struct{ UID string }
			Observables []struct{ Name, Value string }
		}
		if err := json.Unmarshal([]byte(e.Message), &record); err != nil {
			t.Fatal(err)
		}
		names[record.Metadata.UID] = map[string]string{}
		for _, o := range record.Observables {
			if names[record.Metadata.UID][o.Value] == "" {
				names[record.Metadata.UID][o.Value] = o.Name
			}
		}
	}
	log := insights.NewLog(events, insights.Reading{}, started)
	attributes := map[string]bool{}
	for _, value := range []string{
		"192.0.2.118", "00uysi1UYAHt2rj9P5d7", "rhea.castellane@example.com", "0oaOwgL1LFQf9qQHN5d7",
		"idx7u3LdzBgDdPSugL1Pe7fuY",
	} {
		text := strings.ReplaceAll(byName(t, "everything-that-touches").Text(OCSF), placeValue, value)
		query, err := insights.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := log.Run(query)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, s := range all {
			if strings.Contains(string(s.detail), `"`+value+`"`) {
				want++
			}
		}
		if want == 0 || len(rows) != want {
			t.Errorf("%s is in %d events, %d are found", value, want, len(rows))
		}
		for _, r := range rows {
			name := names[r.Get("eventId")][value]
			if name == "" { // the value is of no kind that has observables there
				continue
			}
			if r.Get("foundIn") != name {
				t.Errorf("%s: %s is shown in %q, the observable says %q", r.Get("eventId"), value, r.Get("foundIn"), name)
			}
			attributes[name] = true
		}
	}
	for _, name := range []string{
		"src_endpoint.ip", "evidences[0].src_endpoint.ip", "user.name", "service.uid", "actor.session.uid",
	} {
		if !attributes[name] {
			t.Errorf("nothing was found in %s: %v", name, attributes)
		}
	}
}
