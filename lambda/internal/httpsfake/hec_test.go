package httpsfake

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The fake answers each fault with the documented code.
func TestHECIsStrict(t *testing.T) {
	const good = `{"time":1.5,"event":{"a":1}}`
	channel := "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba"
	for name, c := range map[string]struct {
		auth, channel, contentType, body string
		acks                             bool
		status, code, stored             int
	}{
		"good":              {"Splunk t", "", "application/json", good + "\n" + good, false, 200, 0, 2},
		"no token":          {"", "", "application/json", good, false, 401, 2, 0},
		"another scheme":    {"Bearer t", "", "application/json", good, false, 401, 3, 0},
		"another token":     {"Splunk x", "", "application/json", good, false, 403, 4, 0},
		"nothing":           {"Splunk t", "", "application/json", " ", false, 400, 5, 0},
		"an array":          {"Splunk t", "", "application/json", "[" + good + "]", false, 400, 6, 0},
		"cut off":           {"Splunk t", "", "application/json", good + good[:9], false, 400, 6, 1},
		"an unknown member": {"Splunk t", "", "application/json", `{"event":1,"evnt":2}`, false, 400, 6, 0},
		"a time in words":   {"Splunk t", "", "application/json", `{"time":"now","event":1}`, false, 400, 6, 0},
		"another type":      {"Splunk t", "", "text/plain", good, false, 400, 6, 0},
		"an index":          {"Splunk t", "", "application/json", good + `{"index":"x","event":1}`, false, 400, 7, 1},
		"no channel":        {"Splunk t", "", "application/json", good, true, 400, 10, 0},
		"a bad channel":     {"Splunk t", "x", "application/json", good, true, 400, 11, 0},
		"a channel":         {"Splunk t", channel, "application/json", good, true, 200, 0, 1},
		"no event":          {"Splunk t", "", "application/json", `{"time":1}`, false, 400, 12, 0},
		"a blank event":     {"Splunk t", "", "application/json", `{"event":""}`, false, 400, 13, 0},
		"nested fields":     {"Splunk t", "", "application/json", `{"event":1,"fields":{"a":{}}}`, false, 400, 15, 0},
		"too long":          {"Splunk t", "", "application/json", `{"event":"` + strings.Repeat("x", 2000) + `"}`, false, 413, -1, 0},
	} {
		h := NewHEC(HECOptions{Token: "t", Acks: c.acks, MaxBytes: 1000})
		r := httptest.NewRequest(http.MethodPost, "/services/collector/event", strings.NewReader(c.body))
		for key, value := range map[string]string{
			"Authorization": c.auth, "Content-Type": c.contentType, "X-Splunk-Request-Channel": c.channel,
		} {
			if value != "" {
				r.Header.Set(key, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		out := reply{Code: -1}
		_ = json.Unmarshal(w.Body.Bytes(), &out) // a page is none
		if w.Code != c.status || out.Code != c.code || len(h.Events()) != c.stored || h.Requests() != 1 {
			t.Errorf("%s: HTTP %d, %s, %d stored", name, w.Code, w.Body, len(h.Events()))
		}
	}
}

// The fake refuses what Datadog would cut or drop.
func TestDatadogIsStrict(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		key, body string
		status    int
	}{
		"good":           {"k", `[{"date":"2026-11-22T00:00:00.000Z"}]`, 202},
		"no key":         {"", `[{}]`, 401},
		"another key":    {"x", `[{}]`, 403},
		"an object":      {"k", `{}`, 400},
		"nothing":        {"k", `[]`, 400},
		"1,001 logs":     {"k", "[" + strings.Repeat("{},", 1000) + "{}]", 400},
		"a log too long": {"k", `[{"a":"` + strings.Repeat("x", 1_000_000) + `"}]`, 400},
		"too old":        {"k", `[{"date":"2026-11-21T17:59:59.000Z"}]`, 400},
		"too long":       {"k", `[{"a":"` + strings.Repeat("x", 5_000_000) + `"}]`, 413},
	} {
		d := NewDatadog("k", func() time.Time { return now }, nil)
		r := httptest.NewRequest(http.MethodPost, "/api/v2/logs", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		if c.key != "" {
			r.Header.Set("DD-API-KEY", c.key)
		}
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != c.status || (c.status == 202) != (len(d.Logs()) == 1) {
			t.Errorf("%s: HTTP %d, %s", name, w.Code, w.Body)
		}
	}
}
