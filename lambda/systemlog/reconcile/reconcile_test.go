package reconcile

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// yesterday is a settled hour.
var yesterday = now.Add(-48 * time.Hour).Truncate(time.Hour)

func TestVerdict(t *testing.T) {
	recent := now.Add(-2 * time.Hour).Truncate(time.Hour)
	one, two := event(1, yesterday), event(2, yesterday.Add(time.Minute))
	young, soon := event(3, recent), recent.Add(time.Hour)
	here := func(all ...systemlog.Event) (list []record) {
		for _, e := range all {
			list = append(list, record{e.UUID, e.Published})
		}
		return list
	}
	key := func(e systemlog.Event) Key { k, _ := KeyOf([]byte(e.UUID)); return k }
	both := []systemlog.Event{one, two}
	for name, test := range map[string]struct {
		org     org
		held    []record
		waiting []Key
		until   time.Time
		want    Verdict
	}{
		"all are here":              {org: org{events: both}, held: here(two, one), want: Complete},
		"nothing happened":          {want: Complete},
		"one is missing":            {org: org{events: both}, held: here(two), want: Missing},
		"one is waiting":            {org: org{events: both}, held: here(two), waiting: []Key{key(one)}, want: InQueues},
		"the last hours are recent": {org{events: []systemlog.Event{one, young}}, here(one, young), nil, soon, Undecided},
		"one is missing of late":    {org{events: []systemlog.Event{one, young}}, here(one), nil, soon, Missing},
		"a late event is missing":   {org: org{events: both[:1], late: both[1:]}, held: here(one), want: Missing},
		"a late event is here":      {org: org{events: both[:1], late: both[1:]}, held: here(one, two), want: Undecided},
	} {
		if test.until.IsZero() {
			test.until = yesterday.Add(time.Hour)
		}
		job := Job{
			Window: Window{yesterday, test.until}, List: test.org.list, Held: &records{list: test.held},
			Waiting: func(context.Context) ([]Key, error) { return test.waiting, nil },
		}
		if _, report := run(t, job); report.Verdict() != test.want {
			t.Errorf("%s: %s, %+v", name, report.Verdict(), report)
		}
	}
}

// Where no uuid agrees, although both sides have events in the same hours, nothing is said
// to be missing. Few events, or one uuid that agrees, are no reason.
func TestComparable(t *testing.T) {
	for name, test := range map[string]struct {
		events, others, same int // of others and same there are records
		want                 Verdict
	}{
		"none of 100 agrees":         {100, 100, 0, NotComparable},
		"none of many, 100 are here": {900, 100, 0, NotComparable},
		"none of 99 agrees":          {99, 500, 0, Missing},
		"one of 300 agrees":          {300, 300, 1, Missing},
		"nothing is here":            {300, 0, 0, Missing},
	} {
		o, held := org{}, &records{}
		for n := range test.events {
			o.events = append(o.events, event(n, yesterday.Add(time.Duration(n)*time.Second)))
		}
		for n := range test.others {
			held.list = append(held.list, record{uuid(10_000 + n), yesterday.Add(time.Minute)})
		}
		for _, e := range o.events[:test.same] {
			held.list = append(held.list, record{e.UUID, e.Published})
		}
		_, report := run(t, Job{Window: Window{yesterday, yesterday.Add(time.Hour)}, List: o.list, Held: held})
		if report.Verdict() != test.want {
			t.Errorf("%s: %s, %+v", name, report.Verdict(), report.Counts)
		}
	}
	// What is here in other hours says nothing about an hour that is missing as a whole.
	o, held := org{}, &records{}
	for n := range 200 {
		o.events = append(o.events, event(n, yesterday))
		held.list = append(held.list, record{uuid(1000 + n), yesterday.Add(time.Hour)})
	}
	_, report := run(t, Job{Window: Window{yesterday, yesterday.Add(2 * time.Hour)}, List: o.list, Held: held})
	if report.Verdict() != Missing {
		t.Errorf("a missing hour beside an hour of extra events: %s", report.Verdict())
	}
}

// A reading that fails gives an error and no report.
func TestPartialReadsClaimNothing(t *testing.T) {
	broken := errors.New("broken")
	full := func(o org) org {
		for n := range 50 {
			o.events = append(o.events, event(n, yesterday.Add(time.Duration(n)*time.Second)))
		}
		return o
	}
	for name, test := range map[string]struct {
		org     org
		held    records
		waiting error
		want    string
	}{
		"okta's second page": {full(org{pageSize: 10, fail: broken}), records{}, nil,
			"read Okta's System Log from 2026-11-26T12:00:00Z"},
		"the destination":    {full(org{}), records{fail: broken}, nil, "broken"},
		"a queue":            {full(org{}), records{}, broken, "broken"},
		"no uuid":            {org{events: []systemlog.Event{{Published: yesterday}}}, records{}, nil, "without uuid"},
		"only other records": {full(org{}), records{bad: 7}, nil, "7 records, and none is recognised as a record of an Okta event"},
	} {
		r, err := New(Job{
			Window: Window{yesterday, yesterday.Add(time.Hour)}, List: test.org.list, Held: &test.held, Now: clock,
			Waiting: func(context.Context) ([]Key, error) { return nil, test.waiting },
		}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err = r.ReadOkta(t.Context()); err == nil {
			var report *Report
			if report, err = r.Compare(t.Context()); report != nil {
				t.Errorf("%s: a report", name)
			}
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNewRefusesAnEmptyWindow(t *testing.T) {
	for _, until := range []time.Time{now, now.Add(-time.Hour)} {
		if _, err := New(Job{Window: Window{now, until}}, t.TempDir()); err == nil {
			t.Errorf("until %s: no error", until)
		}
	}
}

// Close leaves nothing, and a file that was cut off or removed meanwhile is an error.
func TestTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	s := newSpill(dir, "x")
	s.limit = 1
	for n := range 5 {
		key, _ := KeyOf([]byte(uuid(n)))
		if err := s.add(7, entry{key: key}); err != nil {
			t.Fatal(err)
		}
	}
	if loaded, err := s.load(nil, 7, 0, 1); err != nil || len(loaded) != 5 {
		t.Fatalf("%d entries, %v", len(loaded), err)
	}
	for _, size := range []int64{90, 80, 0} {
		if err := os.Truncate(s.path(7), size); err != nil {
			t.Fatal(err)
		}
		if _, err := s.load(nil, 7, 0, 1); err == nil {
			t.Errorf("a file of %d bytes, where 100 were written, is no error", size)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.load(nil, 7, 0, 1); err == nil {
		t.Error("a file that was removed is no error")
	}
	if err := s.add(8, entry{}); err == nil || !strings.Contains(err.Error(), "temporary file") {
		t.Errorf("a directory that was removed: error %v", err)
	}
}

// Fill stops at the first error, and says how many were sent before.
func TestFillStops(t *testing.T) {
	o := org{pageSize: 10}
	for n := range 50 {
		o.events = append(o.events, event(n, yesterday.Add(time.Duration(n)*time.Minute)))
	}
	r, report := run(t, Job{Window: Window{yesterday, yesterday.Add(time.Hour)}, List: o.list, Held: &records{}})
	if report.Missing != 50 {
		t.Fatalf("%+v", report.Counts)
	}
	broken := errors.New("broken")
	calls := 0
	filled, err := r.Fill(t.Context(), func(_ context.Context, page []systemlog.Event) error {
		if calls++; calls == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || filled.Sent != 20 || calls != 3 {
		t.Errorf("%+v after %d calls, error %v", filled, calls, err)
	}
	// Okta no longer lists some of them.
	o.events = o.events[:30]
	filled, err = r.Fill(t.Context(), func(context.Context, []systemlog.Event) error { return nil })
	if err != nil || filled != (Filled{Sent: 30, Gone: 20}) {
		t.Errorf("%+v, error %v", filled, err)
	}
}

// Compare sees what has arrived since it was called first.
func TestCompareAgain(t *testing.T) {
	o, held := org{events: []systemlog.Event{event(1, yesterday), event(2, yesterday)}}, &records{}
	r, report := run(t, Job{Window: Window{yesterday, yesterday.Add(time.Hour)}, List: o.list, Held: held})
	if report.Missing != 2 {
		t.Fatalf("%+v", report.Counts)
	}
	for _, e := range o.events {
		held.list = append(held.list, record{e.UUID, e.Published})
	}
	report, err := r.Compare(t.Context())
	if err != nil || report.Verdict() != Complete || report.Here != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

var memoryEvents = flag.Int("reconcile.events", 50_000, "how many events TestMemoryOfAnHour compares")

// endless lists so many events of one hour.
type endless struct {
	left  int
	since time.Time
	page  []systemlog.Event
}

func (e *endless) Next(context.Context) (systemlog.Page, error) {
	if e.left == 0 {
		return systemlog.Page{}, io.EOF
	}
	e.page = e.page[:0]
	for range min(e.left, 1000) {
		e.page = append(e.page, systemlog.Event{
			UUID: uuid(e.left), EventType: "x",
			Published: e.since.Add(time.Duration(e.left%3600) * time.Second),
		})
		e.left--
	}
	return systemlog.Page{Events: e.page}, nil
}

// copiesOf gives every other event, twice, in an order of its own.
type copiesOf struct {
	n     int
	since time.Time
}

func (c copiesOf) Read(_ context.Context, _ Window, take Take) (HeldRead, error) {
	for i := range c.n {
		n := (i*7919%c.n)/2*2 + 1
		if err := take([]byte(uuid(n)), c.since.Add(time.Duration(n%3600)*time.Second).UnixMilli()); err != nil {
			return HeldRead{}, err
		}
	}
	return HeldRead{Records: int64(c.n)}, nil
}

// An hour of -reconcile.events events is compared in less than 256 MB: run it with
// 1,000,000. That many take about half a minute.
func TestMemoryOfAnHour(t *testing.T) {
	n := *memoryEvents
	job := Job{
		Window: Window{yesterday, yesterday.Add(time.Hour)}, Now: clock, Held: copiesOf{n, yesterday},
		List: func(since, _ time.Time) Source { return &endless{left: n, since: since} },
	}
	var report *Report
	began := time.Now()
	most := heap(func() { _, report = run(t, job) })
	if half := int64(n / 2); report.Okta != int64(n) || report.Missing != half || report.Copies != half {
		t.Errorf("%+v", report.Counts)
	}
	t.Logf("%d events in %v, %d MB", n, time.Since(began).Round(time.Millisecond), most>>20)
	if most > 256<<20 {
		t.Errorf("%d MB", most>>20)
	}
}

// heap is the most memory in use while a function runs.
func heap(f func()) (most uint64) {
	runtime.GC()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most
}
