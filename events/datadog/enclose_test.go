package datadog_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/events/ocsf"
)

// In every format a log has the attributes that Datadog needs: without ddsource and service Datadog
// applies no pipeline and no rule to it, and at the top of a log it would read OCSF's status as the
// level.
func TestLogsOfOtherFormatsHaveWhatDatadogNeeds(t *testing.T) {
	needed := map[string]string{
		"ddsource": `"okta"`, "service": `"sso"`, "ddtags": `"okta_org:example,region:us-east-1,env:test"`,
		"date": `"2026-09-01T10:11:12.345Z"`,
	}
	s := datadog.Settings{Service: "sso", Tags: []string{"env:test"}}
	event := okta(`"outcome":{"result":"FAILURE"}`, `"novel":1`)
	var d events.Decoder
	d.Decode([]byte(enveloped(event)), func(e *events.Event, fault *events.Fault) {
		if fault != nil {
			t.Fatal(fault)
		}
		record := string(ocsf.New().Append(nil, e))
		for format, n := range map[string]datadog.Appender{"ocsf": datadog.NewOCSF(s, ocsf.New()), "raw": datadog.NewRaw(s)} {
			line := n.Append(nil, e)
			if !json.Valid(line) {
				t.Fatalf("%s: not JSON: %s", format, line)
			}
			got := map[string]string{}
			for _, m := range members(t, line) {
				got[m.key] = string(m.value)
			}
			for key, want := range needed {
				if got[key] != want {
					t.Errorf("%s: %s is %s, not %s", format, key, got[key], want)
				}
				delete(got, key)
			}
			if format == "raw" && !strings.HasPrefix(string(line), strings.TrimSuffix(event, "}")+",") {
				t.Errorf("the event is not in the log as it came: %s", line)
			}
			if format == "ocsf" && (got["ocsf"] != record || len(got) != 1) {
				t.Errorf("beside what Datadog needs stands %v, not the record under ocsf alone", got)
			}
		}
	})
}

func TestHostname(t *testing.T) {
	for domain, want := range map[string]string{
		"": "example.okta.com", "okta-emea.com": "example.okta-emea.com", datadog.NoDomain: "",
	} {
		got := ""
		all := normalise([]byte(enveloped(okta())), datadog.Settings{Domain: domain})
		if host := byPath(leaves(t, all[0].record, ""))["hostname"]; host != nil {
			got = unquoted(t, host[0])
		}
		if got != want {
			t.Errorf("with domain %q the hostname is %q, not %q", domain, got, want)
		}
	}
}
