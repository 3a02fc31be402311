package doctor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// An event is followed by its uuid from Okta's log to the log group, with the times; the
// hops between are counted by metrics, and a hop without an event is missing.
func TestFollow(t *testing.T) {
	for name, test := range map[string]struct {
		okta    bool // credentials for Okta are given
		record  string
		uuid    string   // of the record's step
		missing []string // hops
	}{
		"raw":           {true, `{"uuid":"UUID","x":1}`, "UUID", nil},
		"envelope":      {true, `{"version":"0","detail":{"uuid":"UUID"}}`, "UUID", nil},
		"OCSF":          {true, `{"metadata":{"uid":"UUID"}}`, "UUID", nil},
		"another event": {true, `{"uuid":"another"}`, "", []string{"destination"}},
		"without Okta":  {false, `{"uuid":"another"}`, "another", nil},
		"nothing":       {true, "", "", []string{"destination"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, oktaDoctor := newOktaWorld(t, oktafake.ReportAdmin, oktafake.Stream{ID: "0oa1", Name: "oktastream"})
			at := noon
			now := func() time.Time { return at }
			cw := newCloudWorld(t)
			_, d := healthy(t)
			follow := &Doctor{Stack: d.Stack, Now: now, Metrics: d.Metrics, Logs: cw.d.Logs}
			follow.Stack.Pipelines = slices.Clone(d.Stack.Pipelines)
			follow.Stack.Pipelines[0].LogGroup = groupName
			if test.okta {
				follow.Okta = oktaDoctor.Okta
			}
			since := noon.Add(-5 * time.Minute)
			w.now = noon.Add(-3 * time.Minute)
			w.Switch("0oa1", false, "admin@example.com")
			w.now = noon
			var uuid string
			for e := range w.Events(since, noon) {
				uuid = e.UUID
			}
			if test.record != "" {
				cw.putText(t, groupName, noon.Add(-2*time.Minute), strings.ReplaceAll(test.record, "UUID", uuid))
			}
			looks := 0
			journey, err := follow.Follow(t.Context(), since, noon.Add(time.Minute),
				func(_ context.Context, pause time.Duration) error { looks++; at = at.Add(pause); return nil }, func(Step) {})
			if err != nil {
				t.Fatal(err)
			}
			var missing []string
			for _, hop := range journey.Missing {
				missing = append(missing, string(hop.Hop))
			}
			if !slices.Equal(missing, test.missing) || journey.Complete() != (missing == nil) || missing == nil && looks != 0 {
				t.Errorf("missing %v after %d looks: %+v", missing, looks, journey.Steps)
			}
			for _, step := range journey.Steps {
				switch step.Hop {
				case HopOkta:
					if step.UUID != uuid || step.Seconds != 0 || !step.At.Equal(noon.Add(-3*time.Minute)) {
						t.Errorf("%+v", step)
					}
				case HopDestination:
					if step.UUID != strings.ReplaceAll(test.uuid, "UUID", uuid) || !step.At.Equal(noon) {
						t.Errorf("%+v", step)
					}
				default:
					if step.Seconds != 60 || step.At.Before(since) {
						t.Errorf("%+v", step)
					}
				}
			}
		})
	}
}

// A hop that may not be looked at ends the following, with the action.
func TestFollowWithoutPermission(t *testing.T) {
	w := newCloudWorld(t)
	deny("FilterLogEvents")(w)
	w.d.Stack.Pipelines = []Pipeline{toLogs}
	_, err := w.d.Follow(t.Context(), noon, noon, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "follow an event to destination") {
		t.Errorf("%v", err)
	}
}
