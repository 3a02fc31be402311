package oktafake_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// bus is a partner bus that can be away.
type bus struct {
	uuids    []string
	away     bool
	attempts int
}

func (b *bus) deliver(e oktafake.Event) error {
	b.attempts++
	if b.away {
		return errors.New("ResourceNotFoundException: partner event source does not exist")
	}
	b.uuids = append(b.uuids, e.UUID)
	return nil
}

type streamObject struct {
	ID, Name, Type, Status string
	LastUpdated            time.Time
	Links                  map[string]struct{ Href, Method string } `json:"_links"`
}

func (r response) stream(t *testing.T) (s streamObject) {
	t.Helper()
	if err := json.Unmarshal(r.body, &s); err != nil || r.status != 200 {
		t.Fatalf("%v: %d %s", err, r.status, r.body)
	}
	return s
}

// Two failed deliveries deactivate the stream; what is persisted until the
// activation is never sent, and the log says who did what.
func TestDeliveriesFailTwice(t *testing.T) {
	var b bus
	w := newWorld(t, oktafake.Config{RateLimit: 1000, Streams: []oktafake.Stream{
		{ID: "0oastream", Name: "oktastream", Deliver: b.deliver},
	}})
	w.Generate(oktafake.Load{Since: start, Span: 3 * time.Hour, PerHour: 300, Seed: 9, Late: 0.1, LateBy: time.Hour})
	stream := w.url + "/api/v1/logStreams/0oastream"
	step := func(until time.Time) {
		for w.clock.Now().Before(until) {
			w.clock.advance(time.Minute)
			w.Deliver()
		}
	}
	step(start.Add(time.Hour))
	if s := w.do(http.MethodGet, stream).stream(t); s.Status != "ACTIVE" || s.Type != "aws_eventbridge" ||
		b.attempts != len(b.uuids) {
		t.Fatalf("%+v after %d attempts for %d events", s, b.attempts, len(b.uuids))
	}
	b.away = true
	delivered := len(b.uuids)
	step(start.Add(2 * time.Hour))
	if b.attempts != delivered+2 {
		t.Errorf("%d attempts of the failing event", b.attempts-delivered)
	}
	s := w.do(http.MethodGet, stream).stream(t)
	if s.Status != "INACTIVE" || s.Links["activate"].Method != http.MethodPost {
		t.Fatalf("%+v", s)
	}
	b.away = false
	outage, end := s.LastUpdated, w.clock.Now()
	w.do(http.MethodPost, s.Links["activate"].Href).stream(t)
	step(start.Add(5 * time.Hour))
	// The stream is given all that was persisted before the outage or after the
	// activation, and nothing else.
	var want []string
	for e := range w.Events(start, start.Add(5*time.Hour)) {
		lost := e.Persisted.After(outage.Add(-time.Minute)) && !e.Persisted.After(end)
		if !lost && !strings.HasSuffix(e.EventType, "lifecycle.activate") {
			want = append(want, e.UUID)
		}
	}
	got := sorted(b.uuids)
	activated := slices.DeleteFunc(slices.Clone(got), func(u string) bool { return slices.Contains(want, u) })
	if len(activated) != 1 || len(got) != len(want)+1 {
		t.Errorf("%d events were delivered, want %d; %d others", len(got), len(want), len(activated))
	}
	r := w.logs("filter", `eventType sw "system.log_stream.lifecycle"`)
	var events []struct {
		EventType string
		Actor     struct{ Type, AlternateID string }
	}
	if err := json.Unmarshal(r.body, &events); err != nil || len(events) != 2 ||
		events[0].EventType != "system.log_stream.lifecycle.deactivate" || events[0].Actor.Type != "SystemPrincipal" ||
		events[1].EventType != "system.log_stream.lifecycle.activate" || events[1].Actor.AlternateID != "auditor" {
		t.Errorf("%v: %s", err, r.body)
	}
}

func TestLogStreams(t *testing.T) {
	var b bus
	w := newWorld(t, oktafake.Config{RateLimit: 1000, Streams: []oktafake.Stream{
		{ID: "0oa1", Name: "first", Deliver: b.deliver}, {ID: "0oa2", Name: "second", Deliver: b.deliver},
	}})
	all := w.url + "/api/v1/logStreams"
	names := func(query string) (names []string) {
		var list []streamObject
		r := w.do(http.MethodGet, all+query)
		if err := json.Unmarshal(r.body, &list); err != nil || r.status != 200 {
			t.Fatalf("%s: %d %s", query, r.status, r.body)
		}
		for _, s := range list {
			names = append(names, s.Name)
		}
		return names
	}
	if s := w.do(http.MethodPost, all+"/0oa2/lifecycle/deactivate").stream(t); s.Status != "INACTIVE" {
		t.Errorf("%+v", s)
	}
	w.do(http.MethodPost, all+"/0oa2/lifecycle/deactivate") // changes nothing, and writes no event
	for query, want := range map[string]string{
		"": "first second", `?filter=status+eq+"ACTIVE"`: "first", `?filter=status+eq+"INACTIVE"&limit=200`: "second",
		`?filter=type+eq+"aws_eventbridge"`: "first second", `?filter=type+eq+"splunk_cloud_logstreaming"`: "",
	} {
		if got := strings.Join(names(query), " "); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	for path, status := range map[string]int{
		"/0oa3": 404, "?limit=0": 400, "?limit=201": 400, "?name=first": 400, "/0oa1?a=b": 400,
		`?filter=name+eq+"first"`: 400,
	} {
		if r := w.do(http.MethodGet, all+path); r.status != status {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := w.do(http.MethodDelete, all+"/0oa1"); r.status != 405 {
		t.Errorf("delete: %d", r.status)
	}
	w.Deliver()
	if got := w.logs("filter", `eventType eq "system.log_stream.lifecycle.deactivate"`).uuids(t); len(got) != 1 ||
		!slices.Equal(b.uuids, got) {
		t.Errorf("events %v; delivered by the other stream %v", got, b.uuids)
	}
}
