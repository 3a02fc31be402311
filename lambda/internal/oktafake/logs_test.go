package oktafake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
)

// An event that is persisted after a bounded read is not in it, and is in the
// next; polling gives it in the order of persistence.
func TestTwoClocks(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 1000})
	w.Add(
		event("a", start, time.Time{}),
		event("late", start.Add(time.Second), start.Add(time.Hour)),
		event("b", start.Add(2*time.Second), time.Time{}),
	)
	w.clock.set(start.Add(time.Minute))
	bounded := func() []string { return w.logs("since", at(start), "until", at(start.Add(time.Minute))).uuids(t) }
	first := w.logs("since", at(start))
	if got := bounded(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("a bounded read before the late event: %v", got)
	}
	if got := first.uuids(t); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("polling before the late event: %v", got)
	}
	w.clock.set(start.Add(time.Hour))
	if got := bounded(); !slices.Equal(got, []string{"a", "late", "b"}) {
		t.Errorf("a bounded read after it: %v", got)
	}
	if got := w.do(http.MethodGet, first.link("next")).uuids(t); !slices.Equal(got, []string{"late"}) {
		t.Errorf("polling after it: %v", got)
	}
	if got := w.logs("since", at(start)).uuids(t); !slices.Equal(got, []string{"a", "b", "late"}) {
		t.Errorf("polling from the start again: %v", got)
	}
}

// Both kinds of read give each event of a generated history once, while events
// come in during the read, and polling gives those that come late.
func TestReadsAreComplete(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 1000})
	load := oktafake.Load{Since: start, Span: time.Hour, PerHour: 2000, Seed: 7, Late: 0.05, LateBy: 2 * time.Hour}
	w.Generate(load)
	end := start.Add(time.Hour)
	all := w.uuidsOf(start, end)
	if slices.Sort(all); len(slices.Compact(all)) != 2000 {
		t.Fatalf("%d different events", len(slices.Compact(all)))
	}

	// Polling while time goes on.
	var polled []string
	w.clock.set(start.Add(30 * time.Minute))
	r := w.logs("since", at(start), "limit", "100")
	for w.clock.Now().Before(start.Add(4 * time.Hour)) {
		page := r.uuids(t)
		polled = append(polled, page...)
		if len(page) == 0 {
			w.clock.advance(10 * time.Minute)
		}
		w.clock.advance(time.Second)
		r = w.do(http.MethodGet, r.link("next"))
	}
	if !slices.Equal(sorted(polled), all) {
		t.Errorf("polling gave %d events of %d", len(polled), len(all))
	}
	bounded, pages := w.read(w.logs("since", at(start), "until", at(end), "limit", "300"))
	if !slices.Equal(sorted(bounded), all) || pages != 7 {
		t.Errorf("the bounded read gave %d events of %d on %d pages", len(bounded), len(all), pages)
	}

	again := newWorld(t, oktafake.Config{})
	again.Generate(load)
	if !slices.Equal(sorted(again.uuidsOf(start, end)), all) {
		t.Error("an equal load makes other events")
	}
}

func TestNextLinks(t *testing.T) {
	for _, one := range []bool{false, true} {
		w := newWorld(t, oktafake.Config{OneLinkHeader: one, RateLimit: 1000})
		for i := range 4 {
			w.Add(event(fmt.Sprint(i), start.Add(time.Duration(i)*time.Second), time.Time{}))
		}
		w.clock.set(start.Add(time.Minute))
		until := at(start.Add(time.Minute))

		// A full page has a next link; behind an exactly full one is an empty page.
		r := w.logs("since", at(start), "until", until, "limit", "2", "filter", `severity eq "INFO"`)
		if n := len(r.header.Values("Link")); (n == 1) != one {
			t.Errorf("one header %t: %d headers", one, n)
		}
		var sizes []int
		for {
			sizes = append(sizes, len(r.uuids(t)))
			next := r.link("next")
			if next == "" {
				break
			}
			if !strings.HasPrefix(next, w.url+"/api/v1/logs?") || !strings.Contains(next, "limit=2") ||
				!strings.Contains(next, "since=2026-11-20T06%3A00%3A00.000Z") || !strings.Contains(next, "filter=severity") {
				t.Fatalf("next link %s", next)
			}
			r = w.do(http.MethodGet, next)
			if r.link("self") != next {
				t.Errorf("self link %s of %s", r.link("self"), next)
			}
		}
		if !slices.Equal(sizes, []int{2, 2, 0}) {
			t.Errorf("bounded pages of %v events", sizes)
		}
		if r := w.logs("since", at(start), "until", until, "limit", "5"); r.link("next") != "" {
			t.Error("a bounded page that is not full has a next link")
		}

		// Polling: always a next link, the same on an empty page.
		r = w.logs("since", at(start))
		empty := w.do(http.MethodGet, r.link("next"))
		if len(r.uuids(t)) != 4 || len(empty.uuids(t)) != 0 || empty.link("next") != r.link("next") {
			t.Errorf("polling: %d, %d events; links %q, %q", len(r.uuids(t)), len(empty.uuids(t)), r.link("next"),
				empty.link("next"))
		}
		if !strings.Contains(r.link("next"), "limit=100") {
			t.Errorf("the default limit is not in %s", r.link("next"))
		}
	}
}

// Only a link as the org gave it is followed.
func TestForgedCursor(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 1000})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: time.Hour, PerHour: 300, Seed: 1})
	next := w.logs("since", at(start.Add(-time.Hour))).link("next")
	u, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	other := newWorld(t, oktafake.Config{})
	after := u.Query().Get("after")
	for name, change := range map[string]func(url.Values){
		"hand-made":             func(q url.Values) { q.Set("after", "1597148709086_1") },
		"empty":                 func(q url.Values) { q.Set("after", "") },
		"one character changed": func(q url.Values) { q.Set("after", strings.ToUpper(after[:3])+"x"+after[4:]) },
		"another since":         func(q url.Values) { q.Set("since", at(start.Add(-time.Minute))) },
		"since taken away":      func(q url.Values) { q.Del("since") },
		"another limit":         func(q url.Values) { q.Set("limit", "1000") },
		"until added":           func(q url.Values) { q.Set("until", at(start)) },
	} {
		q := u.Query()
		change(q)
		if r := w.do(http.MethodGet, w.url+"/api/v1/logs?"+q.Encode()); r.status != 400 || r.code != "E0000001" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := other.do(http.MethodGet, strings.Replace(next, w.url, other.url, 1)); r.status != 400 {
		t.Errorf("a cursor of another org: %d", r.status)
	}
	if r := w.do(http.MethodGet, next); r.status != 200 {
		t.Errorf("the link as it was given: %d %s", r.status, r.body)
	}
}

func TestBadParameters(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 10_000})
	old := at(start.Add(-181 * 24 * time.Hour))
	for _, test := range []struct {
		query        string
		status       int
		code, says   string
		causes, note int
	}{
		{query: "limit=1000", status: 200},
		{query: "limit=0", status: 200},
		{query: "limit=1001", status: 400, code: "E0000001", says: "limit", causes: 1},
		{query: "limit=-1", status: 400, code: "E0000001", says: "limit", causes: 1},
		{query: "limit=ten", status: 400, code: "E0000001", says: "limit", causes: 1},
		{query: "since=yesterday", status: 400, code: "E0000001", says: "not recognized", causes: 2},
		{query: "since=2026-11-20T05:00:00", status: 400, code: "E0000001", says: "not recognized", causes: 2},
		{query: "since=2026-11-20T05:00:00%2B00:00", status: 200},
		{query: "since=" + old, status: 400, code: "E0000053", says: "over 180 days"},
		{query: "since=" + at(start) + "&until=" + at(start.Add(-1)), status: 400, code: "E0000001", says: "before"},
		{query: "until=" + at(start), status: 400, code: "E0000001", says: "neither bounded nor polling"},
		{query: "sortOrder=ASCENDING", status: 200},
		{query: "sortOrder=DESCENDING", status: 400, code: "E0000001", says: "ASCENDING"},
		{query: "sine=" + old, status: 400, code: "E0000001", says: "sine"},
		{query: "limit=1&limit=2", status: 400, code: "E0000001", says: "more than once"},
		{query: "q=okta", status: 400, code: "E0000001", says: "'q'"},
		{query: `filter=published+gt+"2026-11-20"`, status: 400, code: "E0000053", says: "not valid: published"},
		{query: `filter=eventType+eqq+"a"`, status: 400, code: "E0000053", says: "operator 'eqq' at position 10"},
		{query: `filter=debugContext.debugData.url+co+"/a"`, status: 400, code: "E0000031", says: "Operator: co"},
		{query: `filter=eventType+eq`, status: 400, code: "E0000053", says: "knows only"},
		{query: `filter=eventType+eq+"a"+and+uuid+eq+"b"`, status: 400, code: "E0000053", says: "knows only"},
		{query: `filter=(eventType+eq+"a")`, status: 400, code: "E0000053", says: "knows only"},
	} {
		r := w.do(http.MethodGet, w.url+"/api/v1/logs?"+test.query)
		if r.status != test.status || r.code != test.code || !strings.Contains(r.summary, test.says) ||
			test.causes > 0 && r.causes != test.causes {
			t.Errorf("%s: %d %s", test.query, r.status, r.body)
		}
	}
}

// Of a window that begins before the 90 days that Okta keeps, what is inside is
// returned, and no error.
func TestRetention(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	const day = 24 * time.Hour
	w.Add(event("gone", start.Add(-91*day), time.Time{}), event("kept", start.Add(-89*day), time.Time{}))
	since := at(start.Add(-100 * day))
	if got := w.logs("since", since, "until", at(start)).uuids(t); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("bounded: %v", got)
	}
	if got := w.logs("since", since).uuids(t); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("polling: %v", got)
	}
}

func TestUntil(t *testing.T) {
	for _, inclusive := range []bool{false, true} {
		w := newWorld(t, oktafake.Config{UntilInclusive: inclusive})
		w.Add(event("first", start, time.Time{}), event("last", start.Add(time.Second), time.Time{}))
		w.clock.advance(time.Minute)
		got := w.logs("since", at(start), "until", at(start.Add(time.Second))).uuids(t)
		if want := []string{"first", "last"}[:1+map[bool]int{true: 1}[inclusive]]; !slices.Equal(got, want) {
			t.Errorf("inclusive %t: %v", inclusive, got)
		}
	}
}

func TestFilter(t *testing.T) {
	w := newWorld(t, oktafake.Config{RateLimit: 1000})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: time.Hour, PerHour: 500, Seed: 3})
	type parsed struct {
		EventType, Severity string
	}
	count := func(keep func(parsed) bool) (n int) {
		for e := range w.Events(start.Add(-time.Hour), start) {
			var p parsed
			if err := json.Unmarshal(e.JSON, &p); err != nil {
				t.Fatal(err)
			}
			if keep(p) {
				n++
			}
		}
		return n
	}
	for filter, keep := range map[string]func(parsed) bool{
		`eventType sw "user."`:    func(p parsed) bool { return strings.HasPrefix(p.EventType, "user.") },
		`severity eq "INFO"`:      func(p parsed) bool { return p.Severity == "INFO" },
		`eventType co "session."`: func(p parsed) bool { return strings.Contains(p.EventType, "session.") },
	} {
		got, _ := w.read(w.logs("since", at(start.Add(-time.Hour)), "until", at(start), "filter", filter, "limit", "40"))
		if want := count(keep); len(got) != want || want == 0 {
			t.Errorf("%s: %d events, want %d", filter, len(got), want)
		}
	}
}

// The events are of the sizes that Okta's have, and unlike each other.
func TestEventSizes(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	w.Generate(oktafake.Load{Since: start.Add(-time.Hour), Span: time.Hour, PerHour: 3000, Seed: 5})
	least, most, sum := 1<<30, 0, 0
	for e := range w.Events(start.Add(-time.Hour), start) {
		least, most, sum = min(least, len(e.JSON)), max(most, len(e.JSON)), sum+len(e.JSON)
		var p struct {
			UUID, EventType string
			Published       time.Time
		}
		if err := json.Unmarshal(e.JSON, &p); err != nil || p.UUID != e.UUID || !p.Published.Equal(e.Published) ||
			p.EventType != e.EventType || len(p.UUID) != 36 || e.Persisted.Before(e.Published) {
			t.Fatalf("%v: %+v is not %+v", err, p, e)
		}
	}
	t.Logf("%d to %d bytes, %d on average", least, most, sum/3000)
	if least < 1800 || most < 25_000 || most > 30_720 || sum/3000 > 4000 {
		t.Errorf("%d to %d bytes, %d on average", least, most, sum/3000)
	}
	r := w.logs("limit", "1000")
	if len(r.uuids(t)) != 1000 {
		t.Error("no page of 1,000 events")
	}
}

// A bounded window above the limit times out, as long as it is not made smaller.
func TestWindowTimesOut(t *testing.T) {
	w := newWorld(t, oktafake.Config{MaxWindow: time.Hour})
	if r := w.logs("since", at(start.Add(-2*time.Hour)), "until", at(start)); r.status != 500 || r.code != "E0000009" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := w.logs("since", at(start.Add(-time.Hour)), "until", at(start)); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := w.logs("since", at(start.Add(-2*time.Hour))); r.status != 200 {
		t.Errorf("polling: %d %s", r.status, r.body)
	}
}
