package systemlog_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// load is six hours of events, some of which are stored late.
func load(perHour int) oktafake.Load {
	return oktafake.Load{Since: start, Span: 6 * time.Hour, PerHour: perHour, Seed: 1, Late: 0.02, LateBy: 30 * time.Hour}
}

// A bounded read gives each event of its window once and unchanged, whatever Okta does
// with the ends of windows and with its Link headers.
func TestBoundedGivesEachEventOnce(t *testing.T) {
	for _, config := range []oktafake.Config{
		{}, {OneLinkHeader: true}, {UntilInclusive: true}, {MaxWindow: 40 * time.Minute},
		{MaxWindow: 7 * time.Minute, UntilInclusive: true},
	} {
		w := newWorld(t, config)
		w.Generate(load(700))
		since, until := start.Add(time.Hour), start.Add(5*time.Hour)
		edge := func(uuid string, at time.Time) oktafake.Event {
			text := fmt.Sprintf(`{"uuid":"%s", "published":"%s","eventType":"user.session.start","é":1.50}`, uuid,
				at.Format("2006-01-02T15:04:05.000Z"))
			return oktafake.Event{UUID: uuid, Published: at, JSON: []byte(text)}
		}
		w.Add(edge("at-since", since), edge("before", since.Add(-time.Millisecond)), edge("at-until", until),
			edge("last", until.Add(-time.Millisecond)))
		got := readAll(t, w.client(t, func(c *systemlog.Config) { c.PageSize = 200 }).Bounded(since, until))
		compare(t, got, w.want(since, until))
		for status := range w.statuses {
			if status != http.StatusOK && (config.MaxWindow == 0 || status != http.StatusInternalServerError) {
				t.Errorf("%+v: %d answers of status %d", config, w.statuses[status], status)
			}
		}
	}
}

// In no minute are there more requests than half of what the headers say, and in each
// there are as many: the rate is used.
func TestHalfOfTheRateIsUsedAndNoMore(t *testing.T) {
	for share, want := range map[float64]int{0: 60, 0.25: 30, 0.1: 12} {
		w := newWorld(t, oktafake.Config{})
		w.clock.skew = time.Duration(share*40-4) * time.Minute // 4 minutes behind, 6 ahead, right
		w.Generate(load(700))
		readAll(t, w.client(t, func(c *systemlog.Config) { c.PageSize, c.Share = 10, share }).Bounded(start, start.Add(6*time.Hour)))
		if n := w.statuses[http.StatusTooManyRequests]; n > 0 {
			t.Errorf("%d answers of status 429", n)
		}
		most := 0
		for i, at := range w.asked {
			n := 1
			for ; i+n < len(w.asked) && w.asked[i+n].Sub(at) < time.Minute; n++ {
			}
			most = max(most, n)
		}
		took := w.asked[len(w.asked)-1].Sub(w.asked[0])
		if most != want || took > time.Duration(len(w.asked)/want+1)*63*time.Second {
			t.Errorf("share %v: up to %d requests in 60 s, want %d; %d in %v", share, most, want, len(w.asked), took)
		}
	}
}

// Whatever fails in between, a bounded read ends, with each event once.
func TestBoundedSurvivesFaults(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, oktafake.Config{RateLimit: 10_000})
		w.Generate(load(30))
		plan := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 40).Draw(r, "faults")
		w.SetFaults(func(c oktafake.Call) oktafake.Fault {
			if c.N > len(plan) {
				return oktafake.Fault{}
			}
			return []oktafake.Fault{
				{}, {Status: 500}, {Status: 503}, {Status: 500, Code: "E0000009"}, {Cut: true}, {Concurrency: true},
				{EmptyPage: true}, {RepeatLink: true}, {Overlap: true}, {Reset: true},
			}[plan[c.N-1]]
		})
		size := rapid.IntRange(5, 90).Draw(r, "page size")
		b := w.client(t, func(c *systemlog.Config) { c.PageSize, c.Tries, c.Budget = size, 50, 24*time.Hour }).
			Bounded(start, start.Add(6*time.Hour))
		compare(t, readAll(t, b), w.want(start, start.Add(6*time.Hour)))
	})
}

// Next links without end, and links that lead to the page they are on, end the read when
// a new query brings nothing new.
func TestLinksThatDoNotEnd(t *testing.T) {
	for name, fault := range map[string]oktafake.Fault{
		"another link on each empty page": {EmptyPage: true}, "the page's own link": {RepeatLink: true},
	} {
		w := newWorld(t, oktafake.Config{RateLimit: 10_000})
		w.Generate(load(100))
		read := 0
		w.SetFaults(func(c oktafake.Call) oktafake.Fault {
			if read++; name == "the page's own link" || c.Query.Has("after") && read > 3 {
				return fault
			}
			return oktafake.Fault{}
		})
		c := w.client(t, func(c *systemlog.Config) { c.PageSize = 100 })
		compare(t, readAll(t, c.Bounded(start, start.Add(6*time.Hour))), w.want(start, start.Add(6*time.Hour)))
		if n := w.Calls("/api/v1/logs"); n > 60 {
			t.Errorf("%s: %d requests for 6 pages", name, n)
		}
	}
}

// A read can be continued from each of its pages by another process, also when Okta no
// longer takes the link.
func TestResume(t *testing.T) {
	for _, refused := range []bool{false, true} {
		w := newWorld(t, oktafake.Config{RateLimit: 100_000, MaxWindow: 2 * time.Hour})
		w.Generate(load(100))
		until := start.Add(6 * time.Hour)
		c := w.client(t, func(c *systemlog.Config) { c.PageSize = 50 })
		want := w.want(start, until)
		first := c.Bounded(start, until)
		var before []systemlog.Event
		for {
			page, err := first.Next(t.Context())
			if err != nil {
				break
			}
			before = append(before, page.Events...)
			if refused && page.Cursor.Next != "" {
				page.Cursor.Next = strings.Replace(page.Cursor.Next, "after=", "after=x", 1)
			}
			rest := readAll(t, c.ResumeBounded(start, until, page.Cursor))
			all := map[string]bool{}
			copies := 0
			for _, e := range append(rest, before...) {
				if all[e.UUID] {
					copies++
				}
				all[e.UUID] = true
			}
			// Behind a refused link the last millisecond comes again.
			if len(all) != len(want) || copies > 0 && !refused || copies > 3 {
				t.Fatalf("refused %v, behind %d events: %d of %d, %d copies", refused, len(before), len(all), len(want), copies)
			}
		}
		if len(before) != len(want) {
			t.Errorf("%d events, want %d", len(before), len(want))
		}
	}
}

// What Okta no longer has is said, not left out in silence.
func TestRetention(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	now := w.clock.Now()
	at := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	w.Generate(oktafake.Load{Since: at(95), Span: 24 * time.Hour, PerHour: 3, Seed: 2})
	w.Generate(oktafake.Load{Since: at(89), Span: 24 * time.Hour, PerHour: 3, Seed: 3})
	c := w.client(t, nil)
	for _, days := range []int{100, 179, 181, 400} {
		kept := c.Kept(at(days))
		edge := w.clock.Now().Add(-systemlog.Retention)
		if !kept.From.Equal(edge) || kept.Expired != edge.Sub(at(days)) {
			t.Errorf("%d days: %+v", days, kept)
		}
		if got := readAll(t, c.Bounded(at(days), at(80))); len(got) != 72 {
			t.Errorf("%d days: %d events, want 72", days, len(got))
		}
	}
	if kept := c.Kept(at(89)); kept.Expired != 0 || !kept.From.Equal(at(89)) {
		t.Errorf("89 days: %+v", kept)
	}
	for name, b := range map[string]struct {
		pages
		kind systemlog.Kind
	}{
		"a window that has expired":           {c.Bounded(at(100), at(91)), systemlog.TooOld},
		"a window that ends at its beginning": {c.Bounded(at(3), at(3)), systemlog.BadWindow},
		"a window that ends before it begins": {c.Bounded(at(3), at(4)), systemlog.BadWindow},
		"a cursor of another window": {c.ResumeBounded(at(3), at(2),
			systemlog.Cursor{From: at(5), To: at(2)}), systemlog.BadWindow},
		"a cursor of another org": {c.ResumeBounded(at(3), at(2), systemlog.Cursor{Next: "https://example.com/api/v1/logs",
			From: at(3), To: at(2)}), systemlog.ForeignLink},
	} {
		if _, err := b.Next(t.Context()); systemlog.KindOf(err) != b.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Polling gives each event once in the order in which Okta stores them, also those that
// come late, and does not end.
func TestPolling(t *testing.T) {
	w := newWorld(t, oktafake.Config{})
	w.clock.at = start
	w.Generate(oktafake.Load{Since: start, Span: 6 * time.Hour, PerHour: 300, Seed: 1, Late: 0.1, LateBy: 3 * time.Hour})
	c := w.client(t, func(c *systemlog.Config) { c.PageSize = 50 })
	p := c.Polling(start)
	seen := map[string]bool{}
	for w.clock.Now().Before(start.Add(10 * time.Hour)) {
		page, err := p.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			if seen[e.UUID] {
				t.Fatalf("%s comes twice", e.UUID)
			}
			seen[e.UUID] = true
		}
		if len(page.Events) == 0 {
			w.clock.advance(5 * time.Minute)
		}
		if p, err = c.ResumePolling(page.Next); err != nil {
			t.Fatal(err)
		}
	}
	if want := len(w.want(start, start.Add(6*time.Hour))); len(seen) != want {
		t.Errorf("%d events, want %d", len(seen), want)
	}
	w.SetFaults(func(oktafake.Call) oktafake.Fault { return oktafake.Fault{RepeatLink: true} })
	if _, err := c.Polling(start).Next(t.Context()); err != nil {
		t.Error(err)
	}
}
