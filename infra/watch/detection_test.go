package watch

import (
	"strings"
	"testing"

	"github.com/oktastream/oktastream/infra/queries"
)

// TestDetectedFitsCloudWatch: names and descriptions of the alarms of detections keep CloudWatch's limits with the
// longest name of a pipeline, and steps say what to run.
func TestDetectedFitsCloudWatch(t *testing.T) {
	seen := 0
	for _, q := range queries.All() {
		if q.Detection == nil || !q.Detection.Alarm {
			continue
		}
		seen++
		a := Detected(longest, q.Name, q.Question, q.Look, longest+"-"+q.Name)
		d := a.Description()
		if n := len([]rune(d)); n > 1024 || len(a.Name) > 255 || !strings.Contains(d, q.Look) || !strings.Contains(d, q.Question) {
			t.Errorf("%s: %d characters: %s", a.Name, n, d)
		}
		if a.Threshold != 1 || a.PeriodSeconds != 60 || a.Missing != notBreaching || len(a.Queries) != 1 {
			t.Errorf("%s: %+v", a.Name, a)
		}
	}
	if seen == 0 {
		t.Error("no detection has an alarm")
	}
}
