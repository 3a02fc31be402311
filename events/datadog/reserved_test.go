package datadog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/events/datadog"
)

// top returns the value of a top-level attribute as written, "" if there is none.
func top(t reporter, l log, name string) string {
	t.Helper()
	value := ""
	for _, m := range members(t, l.record) {
		if m.key == name {
			value = string(m.value)
		}
	}
	return value
}

func TestReservedAttributes(t *testing.T) {
	event := okta(`"displayMessage":"User login to Okta"`, `"severity":"INFO"`)
	for name, test := range map[string]struct {
		text     string
		settings datadog.Settings
		want     map[string]string
	}{
		"nothing set, no envelope": {event, datadog.Settings{}, map[string]string{
			"ddsource": `"okta"`, "service": `"okta"`, "ddtags": "", "hostname": "", "message": `"User login to Okta"`,
			"date": `"2026-09-01T10:11:12.345Z"`, "status": `"info"`, "aws": "", "okta": "",
		}},
		"nothing set": {enveloped(event), datadog.Settings{}, map[string]string{
			"ddsource": `"okta"`, "service": `"okta"`, "ddtags": `"okta_org:example,region:us-east-1"`,
			"hostname": `"example.okta.com"`, "aws": `{"account":"111122223333"}`,
		}},
		"tags without an envelope": {event, datadog.Settings{Tags: []string{"env:prod", "team:iam"}}, map[string]string{
			"ddtags": `"env:prod,team:iam"`, "hostname": "",
		}},
		"all": {enveloped(event), datadog.Settings{Service: "identity", Tags: []string{"env:prod", "team:iam"}}, map[string]string{
			"ddsource": `"okta"`, "service": `"identity"`, "ddtags": `"okta_org:example,region:us-east-1,env:prod,team:iam"`,
		}},
		"settings with quotes": {event, datadog.Settings{Service: "a\"\\\n\u00e9", Tags: []string{`k:"v"`}}, map[string]string{
			"service": `"a\"\\\n` + "\u00e9" + `"`, "ddtags": `"k:\"v\""`,
		}},
		"no region": {strings.Replace(enveloped(event), `"region":"us-east-1",`, "", 1), datadog.Settings{}, map[string]string{
			"ddtags": `"okta_org:example"`, "aws": `{"account":"111122223333"}`,
		}},
		"no account":            {strings.Replace(enveloped(event), `"account":"111122223333",`, "", 1), datadog.Settings{}, map[string]string{"aws": ""}},
		"no message":            {okta(), datadog.Settings{}, map[string]string{"message": `"user.session.start"`}},
		"a message of null":     {okta(`"displayMessage":null`), datadog.Settings{}, map[string]string{"message": `"user.session.start"`}},
		"an empty message":      {okta(`"displayMessage":""`), datadog.Settings{}, map[string]string{"message": `"user.session.start"`}},
		`a message of "null"`:   {okta(`"displayMessage":"null"`), datadog.Settings{}, map[string]string{"message": `"user.session.start"`}},
		"an object for message": {okta(`"displayMessage":{"a":1}`), datadog.Settings{}, map[string]string{"message": `"user.session.start"`}},
		"a number for message":  {okta(`"displayMessage":7`), datadog.Settings{}, map[string]string{"message": `"7"`}},
		"an escaped message":    {okta(`"displayMessage":"a\u0009\ud83d\ude00\/"`), datadog.Settings{}, map[string]string{"message": `"a\u0009\ud83d\ude00\/"`}},
	} {
		t.Run(name, func(t *testing.T) {
			all := normalise([]byte(test.text), test.settings)
			if len(all) != 1 {
				t.Fatalf("%d records of %s", len(all), test.text)
			}
			for attribute, want := range test.want {
				if got := top(t, all[0], attribute); got != want {
					t.Errorf("%s is %s, want %s", attribute, got, want)
				}
			}
		})
	}
}

// Datadog stores a log under date, which it reads as ISO 8601 in UTC with milliseconds, for every
// form of published that Okta or an archive writes.
func TestDate(t *testing.T) {
	for published, want := range map[string]string{
		"2026-09-01T10:11:12.345Z":      "2026-09-01T10:11:12.345Z",
		"2026-09-01T10:11:12Z":          "2026-09-01T10:11:12.000Z",
		"2026-09-01T10:11:12.3Z":        "2026-09-01T10:11:12.300Z",
		"2026-09-01T10:11:12.34Z":       "2026-09-01T10:11:12.340Z",
		"2026-09-01T10:11:12.345678Z":   "2026-09-01T10:11:12.345Z",
		"2026-09-01 10:11:12.345":       "2026-09-01T10:11:12.345Z",
		"2026-09-01 10:11:12.123456789": "2026-09-01T10:11:12.123Z",
		"2026-09-01T12:11:12.345+02:00": "2026-09-01T10:11:12.345Z",
		"2026-09-01T00:11:12.345+0200":  "2026-08-31T22:11:12.345Z",
		"2025-12-31T23:30:00-01:00":     "2026-01-01T00:30:00.000Z",
		"1969-12-31T23:59:59.999Z":      "1969-12-31T23:59:59.999Z",
		"2016-12-31T23:59:60Z":          "2017-01-01T00:00:00.000Z",
	} {
		l := only(t, `{"uuid":"a","eventType":"x.y","published":"`+published+`"}`)
		if got := top(t, l, "date"); got != `"`+want+`"` {
			t.Errorf("date of %s is %s, want %q", published, got, want)
		}
		if got := top(t, l, "published"); got != `"`+published+`"` {
			t.Errorf("published %s has become %s", published, got)
		}
	}
	const layout = "2006-01-02T15:04:05.000Z"
	for _, l := range records(t) {
		date := unquoted(t, l.more["date"][0])
		if _, err := time.Parse(layout, date); err != nil || len(date) != len(layout) {
			t.Errorf("%s: date is %q", l.name, date)
		}
	}
}

// status has Datadog's values. A severity that is not one of Okta's is info, as is a log without a
// status in Datadog.
func TestStatus(t *testing.T) {
	for severity, want := range map[string]string{
		`"DEBUG"`: "debug", `"INFO"`: "info", `"WARN"`: "warn", `"ERROR"`: "error",
		`"NOTICE"`: "info", `""`: "info", "null": "info", "3": "info", "{}": "info",
	} {
		if got := top(t, only(t, okta(`"severity":`+severity)), "status"); got != `"`+want+`"` {
			t.Errorf("status of %s is %s, want %q", severity, got, want)
		}
	}
	if got := top(t, only(t, okta()), "status"); got != `"info"` {
		t.Errorf("status without a severity is %s", got)
	}
	allowed := []string{`"debug"`, `"info"`, `"warn"`, `"error"`}
	for _, l := range records(t) {
		if got := l.more["status"]; len(got) != 1 || !slices.Contains(allowed, got[0]) {
			t.Errorf("%s: status is %s", l.name, got)
		}
	}
}
