package systemlog_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

func streams() []oktafake.Stream {
	return []oktafake.Stream{
		{ID: "0oa1", Name: "To AWS", Source: "oktastream"},
		{ID: "0oa2", Name: "another", Account: "444455556666", Region: "eu-west-1"},
	}
}

// The log streams are listed under a scope of their own, by a token and by an app.
func TestLogStreams(t *testing.T) {
	for name, test := range map[string]struct {
		who    oktafake.Principal
		change func(*systemlog.Config)
	}{
		"token": {who: oktafake.Principal{Token: token, Role: oktafake.SuperAdmin}},
		"app": {who: app(ecKey(), false, "okta.logStreams.read"), change: func(c *systemlog.Config) {
			c.Auth = must(systemlog.ParseKey(clientID, "", pemOf(ecKey())))
		}},
		"app with DPoP": {who: app(ecKey(), true, "okta.logStreams.read", "okta.logs.read"), change: func(c *systemlog.Config) {
			c.Auth = must(systemlog.ParseKey(clientID, "", pemOf(ecKey())))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			test.who.Name, test.who.Role = "admin", oktafake.SuperAdmin
			w := newWorld(t, oktafake.Config{Streams: streams(), Principals: []oktafake.Principal{test.who}})
			w.clock.advance(time.Hour)
			w.Switch("0oa2", false, "admin@example.com")
			got, err := w.client(t, test.change).LogStreams(t.Context())

			want := []systemlog.LogStream{
				{ID: "0oa1", Name: "To AWS", Active: true, Source: "oktastream", Account: "111122223333",
					Region: "us-east-1"},
				{ID: "0oa2", Name: "another", Source: "another", Account: "444455556666",
					Region: "eu-west-1"},
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%v\n%+v", err, got)
			}
		})
	}
}

func TestLogStreamsAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		who    oktafake.Principal
		change func(*systemlog.Config)
		fault  oktafake.Fault
		kind   systemlog.Kind
		says   string
	}{
		"a report admin": {who: oktafake.Principal{Token: token, Role: oktafake.ReportAdmin}, kind: systemlog.MissingRole,
			says: "Super Administrator"},
		"an app without the scope": {who: app(ecKey(), false, "okta.logs.read"), kind: systemlog.MissingScope,
			change: func(c *systemlog.Config) { c.Auth = must(systemlog.ParseKey(clientID, "", pemOf(ecKey()))) },
			says:   "okta.logStreams.read"},
		"a page of HTML": {who: oktafake.Principal{Token: token, Role: oktafake.SuperAdmin},
			fault: oktafake.Fault{HTML: true}, kind: systemlog.Unreadable, says: "https://ORG.okta.com"},
		"an error": {who: oktafake.Principal{Token: token, Role: oktafake.SuperAdmin},
			fault: oktafake.Fault{Status: http.StatusServiceUnavailable}, kind: systemlog.Unavailable, says: "status.okta.com"},
	} {
		t.Run(name, func(t *testing.T) {
			test.who.Name = "app"
			w := newWorld(t, oktafake.Config{Streams: streams(), Principals: []oktafake.Principal{test.who}})
			w.SetFaults(func(oktafake.Call) oktafake.Fault { return test.fault })
			_, err := w.client(t, test.change).LogStreams(t.Context())
			if systemlog.KindOf(err) != test.kind || !strings.Contains(stepOf(err), test.says) {
				t.Errorf("kind %d: %v\n%s", systemlog.KindOf(err), err, stepOf(err))
			}
		})
	}
}

// A list of log streams that is not complete is an error: a stream may be on the next page.
func TestLogStreamsOfOnePage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Link", `<http://`+r.Host+`/api/v1/logStreams?after=1>; rel="next"`)
		_, _ = w.Write([]byte("[]"))
	}))
	defer server.Close()
	client, err := systemlog.New(systemlog.Config{OrgURL: server.URL, Auth: must(systemlog.ParseToken([]byte(token)))})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := client.LogStreams(t.Context()); systemlog.KindOf(err) != systemlog.Unreadable {
		t.Errorf("%v, %v", list, err)
	}
}

// A filtered read gives the changes of log streams and nothing else.
func TestBoundedFilter(t *testing.T) {
	w := newWorld(t, oktafake.Config{Streams: streams()})
	w.Generate(load(200))
	w.Switch("0oa1", false, "admin@example.com")
	w.clock.advance(time.Minute)
	w.Delete("0oa2", "admin@example.com")
	w.clock.advance(time.Minute)
	now := w.clock.Now()
	got := readAll(t, w.client(t, nil).BoundedFilter(now.Add(-systemlog.Retention), now,
		`eventType sw "system.log_stream.lifecycle."`))
	if len(got) != 2 || got[0].EventType != "system.log_stream.lifecycle.deactivate" ||
		got[1].EventType != "system.log_stream.lifecycle.delete" {
		t.Errorf("%d events: %+v", len(got), got)
	}
	if n := w.Calls("/api/v1/logs"); n != 1 {
		t.Errorf("%d requests", n)
	}
}
