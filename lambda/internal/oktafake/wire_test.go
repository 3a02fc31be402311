package oktafake_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

func (r response) rate(t *testing.T) (limit, remaining int, reset, date time.Time) {
	t.Helper()
	number := func(name string) int {
		n, err := strconv.Atoi(r.header.Get(name))
		if err != nil {
			t.Fatalf("header %s: %v", name, err)
		}
		return n
	}
	date, err := time.Parse(http.TimeFormat, r.header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return number("X-Rate-Limit-Limit"), number("X-Rate-Limit-Remaining"),
		time.Unix(int64(number("X-Rate-Limit-Reset")), 0).UTC(), date
}

// A principal may use half of the org's bucket, in 60 seconds from the first
// request, and every answer says where the bucket stands, by the org's own clock.
func TestRateLimit(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 20, Principals: []oktafake.Principal{
		{Name: "a", Token: "secret", Role: oktafake.ReportAdmin},
		{Name: "b", Token: "second", Role: oktafake.ReportAdmin},
		{Name: "c", Token: "third", Role: oktafake.ReportAdmin},
	}})
	w.clock.set(start.Add(37*time.Second + 300*time.Millisecond))
	end := start.Add(98 * time.Second) // rounded up
	for i := range 10 {
		w.clock.advance(time.Duration(min(i, 1)) * time.Second)
		r := w.logs()
		limit, remaining, reset, date := r.rate(t)
		if r.status != 200 || limit != 20 || remaining != 19-i || !reset.Equal(end) ||
			!date.Equal(w.clock.Now().Truncate(time.Second)) {
			t.Fatalf("request %d: %d, %d of %d until %v at %v", i, r.status, remaining, limit, reset, date)
		}
	}
	refused := func(who string) {
		t.Helper()
		r := w.logs()
		if limit, remaining, reset, _ := r.rate(t); r.status != 429 || r.code != "E0000047" || limit != 20 ||
			remaining != 0 || !reset.Equal(end) {
			t.Errorf("%s: %d %s, %d of %d until %v", who, r.status, r.code, remaining, limit, reset)
		}
	}
	refused("a principal that has used its half")
	w.token = "SSWS second"
	end = end.Add(9 * time.Second) // its own window begins now, the org's is the older
	if _, remaining, _, _ := w.logs().rate(t); remaining != 9 {
		t.Errorf("another principal: %d remaining", remaining)
	}
	for range 9 {
		w.logs()
	}
	end = start.Add(98 * time.Second)
	w.token = "SSWS third"
	refused("a third principal")
	if r := w.do(http.MethodGet, w.url+"/api/v1/logStreams"); r.status != 403 {
		t.Errorf("another bucket: %d", r.status)
	}
	w.clock.set(start.Add(97*time.Second + 300*time.Millisecond))
	if _, remaining, _, _ := w.logs().rate(t); remaining != 19 {
		t.Errorf("in the next window: %d remaining", remaining)
	}
}

// A client whose clock differs learns the wait from Reset and Date together.
func TestSkewedDate(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 2})
	w.clock.set(time.Now().Add(-37 * time.Minute))
	w.logs()
	_, _, reset, date := w.logs().rate(t)
	if wait := reset.Sub(date); wait < 59*time.Second || wait > 61*time.Second || time.Until(reset) > -35*time.Minute {
		t.Errorf("wait %v, reset in %v", wait, time.Until(reset))
	}
}

// Requests beyond the number that may be in flight get a 429 whose Limit and
// Remaining are both 0.
func TestConcurrency(t *testing.T) {
	w := newWorld(t, oktafake.Config{Concurrent: 1})
	w.SetFaults(func(c oktafake.Call) oktafake.Fault { return oktafake.Fault{Delay: time.Second} })
	var group sync.WaitGroup
	responses := make([]response, 3)
	for i := range responses {
		group.Go(func() { responses[i] = w.logs() })
	}
	group.Wait()
	count := map[int]int{}
	for _, r := range responses {
		count[r.status]++
		if limit, remaining, _, _ := r.rate(t); r.status == 429 && (limit != 0 || remaining != 0 || r.code != "E0000047") {
			t.Errorf("429: %d of %d, %s", remaining, limit, r.code)
		}
	}
	if count[200] != 1 || count[429] != 2 {
		t.Errorf("statuses %v", count)
	}
	w.SetFaults(func(oktafake.Call) oktafake.Fault { return oktafake.Fault{Concurrency: true} })
	if r := w.logs(); r.status != 429 {
		t.Errorf("the fault: %d", r.status)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 1000})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: time.Hour, PerHour: 100, Seed: 1})
	query := []string{"since", at(start.Add(-time.Hour)), "until", at(start), "limit", "50"}
	set := func(f oktafake.Fault) { w.SetFaults(func(oktafake.Call) oktafake.Fault { return f }) }

	set(oktafake.Fault{Cut: true})
	if r := w.logs(query...); r.status != 200 || r.err == nil || len(r.body) < 40_000 {
		t.Errorf("cut: %d, %v after %d bytes", r.status, r.err, len(r.body))
	}
	set(oktafake.Fault{Reset: true})
	if r := w.logs(query...); r.err == nil {
		t.Errorf("reset: %d", r.status)
	}
	set(oktafake.Fault{Status: 500})
	if r := w.logs(query...); r.status != 500 || r.code != "E0000053" || r.header.Get("X-Rate-Limit-Limit") == "" {
		t.Errorf("500: %d %s", r.status, r.code)
	}
	set(oktafake.Fault{HTML: true})
	if r := w.logs(query...); r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("HTML: %d %s", r.status, r.header.Get("Content-Type"))
	}

	set(oktafake.Fault{})
	first := w.logs(query...)
	set(oktafake.Fault{Overlap: true})
	second := w.do(http.MethodGet, first.link("next"))
	if a, b := first.uuids(t), second.uuids(t); len(b) != 50 || a[49] != b[0] {
		t.Errorf("overlap: %s, then %s", a[49], b[0])
	}
	set(oktafake.Fault{RepeatLink: true})
	r := w.do(http.MethodGet, first.link("next"))
	if len(r.uuids(t)) != 50 || r.link("next") != first.link("next") {
		t.Errorf("repeated link: %s", r.link("next"))
	}
	// A bounded read whose next link never ends; events come when the fault is over.
	set(oktafake.Fault{EmptyPage: true})
	seen := map[string]bool{}
	for r = first; len(seen) < 20; seen[r.link("next")] = true {
		if r = w.do(http.MethodGet, r.link("next")); len(r.uuids(t)) != 0 || r.link("next") == "" || seen[r.link("next")] {
			t.Fatalf("empty page %d: %s", len(seen), r.link("next"))
		}
	}
	set(oktafake.Fault{})
	if rest := w.do(http.MethodGet, r.link("next")).uuids(t); len(rest) != 50 {
		t.Errorf("%d events behind the empty pages", len(rest))
	}
	if n := w.Calls("/api/v1/logs"); n < 26 {
		t.Errorf("%d calls were counted", n)
	}
}

func TestGzip(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: time.Hour, PerHour: 1000, Seed: 1})
	get := func(encoding string) (http.Header, []byte) {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/logs?limit=1000", nil)
		request.Header.Set("Authorization", "SSWS secret")
		request.Header.Set("Accept-Encoding", encoding)
		r := w.send(request)
		return r.header, r.body
	}
	_, plain := get("identity")
	header, packed := get("gzip")
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil || header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, header)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, plain) || len(plain) < 2_000_000 {
		t.Errorf("%v: %d bytes of %d", err, len(got), len(plain))
	}
}

func TestUnknownOperation(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	if r := w.do(http.MethodGet, w.url+"/api/v1/users"); r.status != 404 || r.code != "E0000007" {
		t.Errorf("path: %d %s", r.status, r.code)
	}
	if r := w.do(http.MethodPost, w.url+"/api/v1/logs"); r.status != 405 {
		t.Errorf("method: %d", r.status)
	}
}
