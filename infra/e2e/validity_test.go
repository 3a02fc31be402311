//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/oktastream/oktastream/events/ocsf/ocsftest"
)

// isOCSF checks that every record is a valid event of OCSF, with our own checker and,
// where the project's workshop is beside it, with the reference validator.
func (c *cloud) isOCSF(t *testing.T, now standing, want sent) {
	t.Helper()
	var all []string
	checked := 0
	for uuid, records := range now.delivered {
		for _, record := range records {
			checked++
			all = append(all, record)
			for _, problem := range ocsftest.Check([]byte(record)) {
				if !problem.Warning {
					t.Errorf("event %s (%s) is no valid OCSF: %s at %s: %s", uuid, want[uuid], problem.Kind, problem.Path,
						problem.Detail)
				}
			}
			if code := gjson.Get(record, "metadata.event_code").String(); code != want[uuid] {
				t.Errorf("event %s was of type %s and is delivered as %q", uuid, want[uuid], code)
			}
			if got := gjson.Get(record, "cloud.account.uid").String(); got != account {
				t.Errorf("event %s has account %q", uuid, got)
			}
		}
	}
	t.Logf("%d records are valid OCSF", checked)
	shared := filepath.Join(c.root, "../shared")
	validator := filepath.Join(shared, "tools/ocsf_validate.py")
	if _, err := os.Stat(validator); err != nil {
		return
	}
	file := filepath.Join(c.dir, "records.json")
	if err := os.WriteFile(file, []byte("["+strings.Join(all, ",\n")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(c.python, validator, filepath.Join(shared, "ocsf/ocsf-1.8.0-okta-subset.json"),
		file).CombinedOutput()
	verdict := strings.TrimSpace(string(out))
	if want := fmt.Sprintf("{'events': %d, 'events_with_errors': 0}", checked); err != nil ||
		!strings.HasSuffix(verdict, want) {
		t.Errorf("the reference validator: %v\n%s", err, verdict)
	}
}

// isRaw checks that every record is the event as it was sent: Okta's own fields, and
// nothing around them.
func isRaw(t *testing.T, record string) {
	t.Helper()
	if !gjson.Get(record, "uuid").Exists() || !gjson.Get(record, "legacyEventType").Exists() || gjson.Get(record,
		"class_uid").Exists() || gjson.Get(record, "detail").Exists() {
		t.Errorf("no raw event: %.200s", record)
	}
}

// isDatadog checks what Datadog has taken of a pipeline with its own format.
func (c *cloud) isDatadog(t *testing.T, source string, want sent) {
	t.Helper()
	posts := map[time.Time]bool{}
	packed := 0
	for uuid, logs := range c.intake.all() {
		if c.others(uuid, source) {
			continue
		}
		for _, r := range logs {
			text, err := json.Marshal(r.log)
			if err != nil {
				t.Fatal(err)
			}
			log := gjson.ParseBytes(text)
			for path, value := range map[string]string{
				"ddsource": "okta", "service": "okta", "hostname": "example.okta.com", "eventType": want[uuid],
				"evt.name": want[uuid], "ddtags": "okta_org:example,region:" + region,
			} {
				if got := log.Get(path).String(); got != value {
					t.Errorf("event %s: %s is %q in Datadog, not %q", uuid, path, got, value)
				}
			}
			date, err := time.Parse(time.RFC3339, log.Get("date").String())
			if err != nil || r.at.Sub(date) > oldest || date.After(r.at.Add(time.Minute)) {
				t.Errorf("event %s: date %s at %s: Datadog would drop it", uuid, log.Get("date"), r.at)
			}
			if log.Get("message").String() == "" {
				t.Errorf("event %s has no message in Datadog", uuid)
			}
			if !r.array {
				t.Errorf("event %s came alone, not in an array", uuid)
			}
			packed = max(packed, r.records)
			posts[r.at.Truncate(time.Millisecond)] = true
		}
	}
	if packed < 10 {
		t.Errorf("no POST to Datadog had more than %d logs: nothing is packed", packed)
	}
	t.Logf("the largest POST to Datadog had %d logs", packed)
}

// isEnvelope checks that a record is the whole of what EventBridge gives a rule.
func isEnvelope(t *testing.T, record, source string) {
	t.Helper()
	if gjson.Get(record, "source").String() != source || gjson.Get(record, "detail-type").String() != "SystemLog" ||
		gjson.Get(record, "account").String() != account {
		t.Errorf("no envelope: %.200s", record)
	}
}
