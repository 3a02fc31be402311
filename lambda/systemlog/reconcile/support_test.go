package reconcile

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// now is the clock of the tests.
var now = time.Date(2026, 11, 28, 12, 30, 0, 0, time.UTC)

func clock() time.Time { return now }

// org is Okta's side: its events, and those that only its second read lists.
type org struct {
	events, late []systemlog.Event
	reads        int
	pageSize     int
	fail         error // of the second page of every read
}

// list is a bounded read: by published, in order, without until itself.
func (o *org) list(since, until time.Time) Source {
	o.reads++
	all := o.events
	if o.reads > 1 {
		all = append(slices.Clone(all), o.late...)
	}
	var listed []systemlog.Event
	for _, e := range all {
		if !e.Published.Before(since) && e.Published.Before(until) {
			listed = append(listed, e)
		}
	}
	slices.SortStableFunc(listed, func(a, b systemlog.Event) int { return a.Published.Compare(b.Published) })
	size := o.pageSize
	if size == 0 {
		size = 1000
	}
	return &pages{list: listed, size: size, fail: o.fail}
}

type pages struct {
	list []systemlog.Event
	size int
	fail error
	n    int
}

func (p *pages) Next(context.Context) (systemlog.Page, error) {
	if p.n++; p.n > 1 && p.fail != nil {
		return systemlog.Page{}, p.fail
	}
	if len(p.list) == 0 {
		return systemlog.Page{}, io.EOF
	}
	n := min(p.size, len(p.list))
	page := systemlog.Page{Events: p.list[:n]}
	p.list = p.list[n:]
	return page, nil
}

// records is a destination.
type records struct {
	list []record
	fail error
	bad  int64
}

type record struct {
	uuid string
	at   time.Time
}

func (r *records) Read(_ context.Context, _ Window, take Take) (HeldRead, error) {
	read := HeldRead{Records: int64(len(r.list)) + r.bad, Unrecognised: r.bad}
	for _, one := range r.list {
		if err := take([]byte(one.uuid), one.at.UnixMilli()); err != nil {
			return read, err
		}
	}
	return read, r.fail
}

// uuid is the nth uuid.
func uuid(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761%(1<<32), n) }

func event(n int, at time.Time) systemlog.Event {
	id := uuid(n)
	return systemlog.Event{
		UUID: id, Published: at, EventType: "user.session.start",
		JSON: fmt.Appendf(nil, `{"uuid":%q,"eventType":"user.session.start","published":%q}`,
			id, at.UTC().Format("2006-01-02T15:04:05.000Z")),
	}
}

// run compares once.
func run(t testing.TB, job Job) (*Run, *Report) {
	t.Helper()
	if job.Now == nil {
		job.Now = clock
	}
	r, err := New(job, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.ReadOkta(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := r.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r, report
}
