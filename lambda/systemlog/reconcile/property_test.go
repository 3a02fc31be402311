package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// drawn is a random comparison: for each event, where it is.
type drawn struct {
	job     Job
	org     *org
	held    *records
	waiting []Key
}

// drawJob draws events of a window of several hours, some older than a day, and for each
// of them which side has it, and how often.
func drawJob(t *rapid.T) drawn {
	since := now.Add(-time.Duration(rapid.IntRange(1, 40*3600).Draw(t, "since")) * time.Second)
	until := since.Add(time.Duration(rapid.IntRange(1, 6*3600).Draw(t, "length")) * time.Second)
	d := drawn{org: &org{pageSize: rapid.IntRange(1, 7).Draw(t, "page")}, held: &records{}}
	filter, err := events.NewFilter(nil, []string{"noise.*"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range rapid.IntRange(0, 60).Draw(t, "events") {
		at := since.Add(time.Duration(rapid.Int64Range(-3600_000, 7*3600_000).Draw(t, "at")) * time.Millisecond)
		e := event(n, at)
		if rapid.IntRange(0, 3).Draw(t, "spelling") == 0 {
			e.UUID = fmt.Sprintf("Event-%d %s", n, rapid.StringN(0, 5, 20).Draw(t, "id"))
		}
		if rapid.IntRange(0, 4).Draw(t, "filtered") == 0 {
			e.EventType = "noise.made"
		}
		switch rapid.IntRange(0, 5).Draw(t, "okta") {
		case 0: // Okta does not list it
		case 1:
			d.org.late = append(d.org.late, e)
		case 2: // in two pages
			d.org.events = append(d.org.events, e, e)
		default:
			d.org.events = append(d.org.events, e)
		}
		for range rapid.IntRange(0, 3).Draw(t, "records") {
			d.held.list = append(d.held.list, record{e.UUID, e.Published})
		}
		if rapid.IntRange(0, 5).Draw(t, "waiting") == 0 {
			key, _ := KeyOf([]byte(e.UUID))
			d.waiting = append(d.waiting, key)
		}
	}
	d.held.list = rapid.Permutation(d.held.list).Draw(t, "order")
	d.job = Job{Window: Window{since, until}, List: d.org.list, Held: d.held, Filter: filter, Now: clock}
	return d
}

// expected are the figures by plain sets.
func (d *drawn) expected() (hours map[time.Time]Hour, missing []string) {
	type set map[string]bool
	type sides struct {
		first, second, listed, kept set
		records                     map[string]int64
	}
	all := map[time.Time]*sides{}
	for at := d.job.Since.Truncate(time.Hour); at.Before(d.job.Until); at = at.Add(time.Hour) {
		all[at] = &sides{set{}, set{}, set{}, set{}, map[string]int64{}}
	}
	of := func(at time.Time) *sides {
		if at.UnixMilli() < d.job.Since.UnixMilli() || at.UnixMilli() >= d.job.Until.UnixMilli() {
			return nil
		}
		return all[at.UTC().Truncate(time.Hour)]
	}
	old := func(hour time.Time) bool { return !hour.Add(time.Hour).After(now.Add(-SettledAfter)) }
	add := func(e systemlog.Event, first bool) {
		s := of(e.Published)
		if s == nil || !first && !old(e.Published.Truncate(time.Hour)) && d.job.Until.After(now.Add(-SettledAfter)) {
			return
		}
		if first {
			s.first[e.UUID] = true
		}
		s.second[e.UUID], s.listed[e.UUID] = true, true
		if d.job.Filter.Keeps(e.EventType) {
			s.kept[e.UUID] = true
		}
	}
	for _, e := range d.org.events {
		add(e, true)
	}
	for _, e := range d.org.late {
		add(e, false)
	}
	for _, r := range d.held.list {
		if s := of(r.at); s != nil {
			s.records[r.uuid]++
		}
	}
	waiting := map[Key]bool{}
	for _, key := range d.waiting {
		waiting[key] = true
	}
	hours = map[time.Time]Hour{}
	for at, s := range all {
		h := Hour{Hour: at, State: Settled}
		h.Okta, h.Filtered = int64(len(s.kept)), int64(len(s.listed)-len(s.kept))
		h.Here = int64(len(s.records))
		for id, n := range s.records {
			h.Copies += n - 1
			if !s.listed[id] {
				h.Extra++
			}
		}
		for id := range s.kept {
			key, _ := KeyOf([]byte(id))
			switch {
			case s.records[id] > 0:
			case waiting[key]:
				h.Waiting++
			default:
				h.Missing++
				missing = append(missing, id)
			}
		}
		switch {
		case !old(at) && d.job.Until.After(now.Add(-SettledAfter)):
			h.State, h.Why = Provisional, WhyRecent
		case !maps.Equal(s.first, s.second):
			h.State, h.Why = Provisional, WhyDiffer
		}
		hours[at] = h
	}
	return hours, missing
}

// Whatever the two sides have: the figures are those of plain sets, and so are the missing
// uuids, on disk or not, and in however many shares an hour is compared.
func TestFiguresOfAnySets(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		d := drawJob(t)
		want, missing := d.expected()
		r, err := New(d.job, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.ReadOkta(t.Context()); err != nil {
			t.Fatal(err)
		}
		limit, loaded := rapid.IntRange(1, 500).Draw(t, "spill"), rapid.IntRange(1, 20).Draw(t, "loaded")
		c := &comparison{
			first: r.first, second: r.second, held: newSpill(r.dir, "held"), missing: newSpill(r.dir, "missing"),
			loaded: loaded, waiting: slices.SortedFunc(slices.Values(d.waiting), Key.Compare),
		}
		for _, s := range []*spill{c.first, c.second, c.held, c.missing, r.names.spill} {
			s.limit = limit
			if err := s.flush(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.readHeld(t.Context(), c.held); err != nil {
			t.Fatal(err)
		}
		report := &Report{Window: d.job.Window}
		if err := r.compare(t.Context(), c, report); err != nil {
			t.Fatal(err)
		}
		var total Counts
		for _, h := range report.Hours {
			if h != want[h.Hour] {
				t.Errorf("%s:\n got %+v\nwant %+v", h.Hour, h, want[h.Hour])
			}
			total.add(h.Counts)
		}
		if len(report.Hours) != len(want) || report.Counts != total {
			t.Errorf("%d hours, %+v, want %d, %+v", len(report.Hours), report.Counts, len(want), total)
		}
		r.missing = c.missing
		var got []string
		if err := r.EachMissing(func(id string) error { got = append(got, id); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(missing)
		if !slices.Equal(got, missing) {
			t.Errorf("missing %q, want %q", got, missing)
		}
		d.checkFill(t, r, missing)
	})
}

// checkFill wants each missing event that Okta lists to be sent once, as Okta has it.
func (d *drawn) checkFill(t *rapid.T, r *Run, missing []string) {
	var sent []string
	filled, err := r.Fill(t.Context(), func(_ context.Context, page []systemlog.Event) error {
		for _, e := range page {
			sent = append(sent, e.UUID)
			if len(e.JSON) == 0 {
				t.Errorf("%s was sent without its bytes", e.UUID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(sent)
	if !slices.Equal(sent, missing) || filled.Sent != int64(len(sent)) || filled.Gone != 0 {
		t.Errorf("sent %q, %+v, want %q", sent, filled, missing)
	}
}

// The Key of a UUID is the UUID; any other text has a key of its own.
func TestKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := Key(rapid.SliceOfN(rapid.Byte(), keyBytes, keyBytes).Draw(t, "key"))
		back, canonical := KeyOf([]byte(key.String()))
		if back != key || !canonical {
			t.Fatalf("%x is written %s, which is read as %x, %v", key, key, back, canonical)
		}
	})
	seen := map[Key]string{}
	for _, text := range []string{
		"11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-55555555555A",
		"11111111-2222-4333-8444-55555555555a", "", "x", "11111111222243338444555555555555",
		"11111111-2222-4333-8444-5555555555555", "11111111-2222-4333-8444+555555555555",
		"1111111--2222-4333-8444-555555555555", "11111111-2222-4333-8444-55555555555g",
	} {
		key, canonical := KeyOf([]byte(text))
		if other, there := seen[key]; there {
			t.Errorf("%q and %q have the same key", text, other)
		}
		if seen[key] = text; canonical != (key.String() == text) {
			t.Errorf("%q: canonical %v, and its key is written %s", text, canonical, key)
		}
	}
}

// However often a fill is broken off, in the middle of a page too: the next one sends what is
// still missing, in the end nothing is, and each break leaves copies of one page at most.
func TestBrokenFills(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		o := &org{pageSize: rapid.IntRange(1, 20).Draw(t, "page")}
		held := &records{}
		for n := range rapid.IntRange(1, 150).Draw(t, "events") {
			e := event(n, yesterday.Add(time.Duration(rapid.IntRange(0, 3*3600).Draw(t, "at"))*time.Second))
			o.events = append(o.events, e)
			if rapid.Bool().Draw(t, "here") {
				held.list = append(held.list, record{e.UUID, e.Published})
			}
		}
		before := len(held.list)
		job := Job{Window: Window{yesterday, yesterday.Add(4 * time.Hour)}, List: o.list, Held: held, Now: clock}
		broken := errors.New("broken")
		breaks := 0
		for range 500 {
			r, err := New(job, dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.ReadOkta(t.Context()); err != nil {
				t.Fatal(err)
			}
			report, err := r.Compare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if report.Verdict() == Complete {
				copies := int64(len(held.list) - len(o.events))
				if report.Copies != copies || copies > int64(breaks*o.pageSize) {
					t.Errorf("%d copies after %d breaks, pages of %d; %d were here before", report.Copies, breaks, o.pageSize, before)
				}
				r.Close()
				return
			}
			left := rapid.IntRange(0, 60).Draw(t, "until the break")
			_, err = r.Fill(t.Context(), func(_ context.Context, page []systemlog.Event) error {
				for _, e := range page {
					if left--; left < 0 {
						return broken
					}
					held.list = append(held.list, record{e.UUID, e.Published})
				}
				return nil
			})
			if errors.Is(err, broken) {
				breaks++
			} else if err != nil {
				t.Fatal(err)
			}
			r.Close()
		}
	})
}
