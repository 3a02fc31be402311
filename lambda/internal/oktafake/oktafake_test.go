package oktafake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

var start = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

// clock is the org's; tests move it.
type clock struct{ millis atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMilli(c.millis.Load()).UTC() }
func (c *clock) set(t time.Time)         { c.millis.Store(t.UnixMilli()) }
func (c *clock) advance(d time.Duration) { c.millis.Add(d.Milliseconds()) }

// world is an org that is served over loopback, and its clock.
type world struct {
	*testing.T
	*oktafake.Org
	clock clock
	url   string
	token string // of get
}

func newWorld(t *testing.T, c oktafake.Config) *world {
	w := &world{T: t, token: "SSWS secret"}
	w.clock.set(start)
	c.Now = w.clock.Now
	if c.Principals == nil {
		c.Principals = []oktafake.Principal{{Name: "auditor", Token: "secret", Role: oktafake.SuperAdmin}}
	}
	w.Org = oktafake.New(c)
	server := httptest.NewServer(w.Org)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

type response struct {
	status int
	header http.Header
	body   []byte
	err    error // of reading the body
	// of an error body
	code, summary string
	causes        int
}

func (w *world) do(method, link string) response {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, link, nil)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", w.token)
	return w.send(request)
}

func (w *world) send(request *http.Request) response {
	w.Helper()
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return response{err: err}
	}
	defer got.Body.Close()
	r := response{status: got.StatusCode, header: got.Header}
	r.body, r.err = io.ReadAll(got.Body)
	var problem struct {
		ErrorCode, ErrorSummary string
		ErrorCauses             []any
	}
	if json.Unmarshal(r.body, &problem) == nil {
		r.code, r.summary, r.causes = problem.ErrorCode, problem.ErrorSummary, len(problem.ErrorCauses)
	}
	return r
}

// logs asks for the log; pairs are the parameters' names and values.
func (w *world) logs(pairs ...string) response {
	w.Helper()
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return w.do(http.MethodGet, w.url+"/api/v1/logs?"+q.Encode())
}

func (r response) uuids(t *testing.T) []string {
	t.Helper()
	var events []struct{ UUID string }
	if err := json.Unmarshal(r.body, &events); err != nil || r.status != http.StatusOK {
		t.Fatalf("status %d, %v: %.200s", r.status, err, r.body)
	}
	var all []string
	for _, e := range events {
		all = append(all, e.UUID)
	}
	return all
}

var link = regexp.MustCompile(`<([^>]*)>; rel="(\w+)"`)

func (r response) link(rel string) string {
	for _, m := range link.FindAllStringSubmatch(strings.Join(r.header.Values("Link"), ", "), -1) {
		if m[2] == rel {
			return m[1]
		}
	}
	return ""
}

// read follows next links until there is none or a page is empty.
func (w *world) read(r response) (uuids []string, pages int) {
	w.Helper()
	for pages = 1; ; pages++ {
		page := r.uuids(w.T)
		uuids = append(uuids, page...)
		next := r.link("next")
		if next == "" || len(page) == 0 {
			return uuids, pages
		}
		if pages > 10_000 {
			w.Fatal("the read does not end")
		}
		w.clock.advance(time.Second)
		r = w.do(http.MethodGet, next)
	}
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// uuidsOf lists the events of a span by published.
func (w *world) uuidsOf(since, until time.Time) (uuids []string) {
	for e := range w.Events(since, until) {
		uuids = append(uuids, e.UUID)
	}
	return uuids
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// event makes a minimal event.
func event(uuid string, published, persisted time.Time) oktafake.Event {
	text := `{"uuid":"` + uuid + `","published":"` + at(published) + `",` +
		`"eventType":"user.session.start","severity":"INFO"}`
	return oktafake.Event{UUID: uuid, Published: published, Persisted: persisted, JSON: []byte(text)}
}
