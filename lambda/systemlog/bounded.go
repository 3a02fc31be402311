package systemlog

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Bounded reads the events published in [since, until), ordered by published.
//
// The read begins with one query of the whole window. A query that Okta cannot finish in its time is made
// again for half of the window, and windows grow again after each that succeeded. Windows overlap by a
// millisecond, and events that come twice are dropped by uuid, so that it does not matter whether Okta
// includes the ends.
type Bounded struct {
	c            *Client
	since, until time.Time
	filter       string // Okta's filter expression; "" takes all events
	fault        error

	from, to time.Time     // the window that is being read
	size     time.Duration // of the next window
	next     string        // Okta's link within the window; "" at its beginning
	done     bool

	seed  maphash.Seed
	links map[uint64]struct{} // the links that were followed in this window, hashed
	last  time.Time           // when the newest event that was read was published
	seen  map[string]place    // by uuid: the last two pages, and the millisecond before last
	page  int                 // counts the pages with new events
	empty int                 // pages without an event in a row
	again bool                // the window was begun again, and no new event came since
}

// place is where an event was read.
type place struct {
	published time.Time
	page      int
}

// Cursor is where a bounded read continues. The zero Cursor is its beginning.
type Cursor struct {
	// Next is Okta's own link; "" where a window begins. Okta does not document how long a link is
	// valid: where it is refused, the read continues at From.
	Next string `json:"next,omitempty"`
	// From is a time before which everything has been read.
	From time.Time `json:"from,omitzero"`
	// To is the end of the window that Next belongs to.
	To   time.Time `json:"to,omitzero"`
	Done bool      `json:"done,omitempty"`
}

const (
	// minWindow is the shortest window that is still halved.
	minWindow = time.Second
	// maxEmpty is how many pages without an event are followed before the query is made again from the
	// last event: users have seen next links without end
	// (github.com/okta/okta-sdk-python/issues/392).
	maxEmpty = 5
	// overlap is how much windows overlap: the precision of published.
	overlap = time.Millisecond
	// timeouts is how often a query that times out is made before its window is halved.
	timeouts = 2
)

// Bounded returns a read of the events published from since, included, to until, not included. An invalid
// window is the first error of Next.
func (c *Client) Bounded(since, until time.Time) *Bounded {
	return c.ResumeBounded(since, until, Cursor{})
}

// BoundedFilter is Bounded of the events that filter, a filter expression of Okta's, takes
// ("Filter results", System Log query, developer.okta.com, 2026-08).
func (c *Client) BoundedFilter(since, until time.Time, filter string) *Bounded {
	b := c.Bounded(since, until)
	b.filter = filter
	return b
}

// ResumeBounded returns a read that continues at the cursor of a page of an earlier read
// of the same window, which may be that of another process.
func (c *Client) ResumeBounded(since, until time.Time, at Cursor) *Bounded {
	since = since.UTC()
	// Okta is asked in whole milliseconds, which is what published has.
	until = until.UTC().Add(overlap - time.Nanosecond).Truncate(overlap)
	b := &Bounded{c: c, since: since, until: until, seed: maphash.MakeSeed(), seen: map[string]place{}}
	kept := c.Kept(since)
	switch {
	case !since.Before(until):
		b.fault = &Error{Kind: BadWindow, Doing: "read the System Log", Step: "choose an --until after --since",
			Detail: fmt.Sprintf("the window ends at %s and begins at %s", stamp(until), stamp(since))}
	case !kept.From.Before(until):
		b.fault = &Error{Kind: TooOld, Doing: "read the System Log",
			Detail: fmt.Sprintf("Okta keeps events for 90 days, and the window ends at %s", stamp(until)),
			Step:   "these events can no longer be read from Okta"}
	}
	b.begin(c.firstSince(since), until)
	if at == (Cursor{}) || b.fault != nil {
		return b
	}
	if at.From.Before(since) || at.From.After(until) || at.To.After(until) || at.To.Before(at.From) {
		b.fault = &Error{Kind: BadWindow, Doing: "continue a read", Detail: "the cursor is not one of this window",
			Step: "begin again, without the state file"}
		return b
	}
	if at.Next != "" {
		b.fault = c.checkLink(at.Next)
	}
	b.begin(at.From, at.To)
	b.next, b.done, b.last = at.Next, at.Done, at.From
	return b
}

// Kept is how much of a window Okta still has.
type Kept struct {
	Since time.Time // the beginning of the window
	// From is the time from which Okta still has events: Since, or 90 days ago where that is later.
	From time.Time
	// Expired is how much of the window is before From, and can no longer be read.
	Expired time.Duration
}

// Kept returns how much Okta still has of a window that begins at since.
func (c *Client) Kept(since time.Time) Kept {
	k := Kept{Since: since, From: since}
	if edge := c.now().Add(-Retention).UTC(); edge.After(since) {
		k.From, k.Expired = edge, edge.Sub(since)
	}
	return k
}

// firstSince returns where the first query begins: at since, or at the earliest time that Okta does not
// refuse. Okta may still return events that are 90 to 180 days old.
func (c *Client) firstSince(since time.Time) time.Time {
	if edge := c.now().Add(-maxSince + 24*time.Hour).UTC(); edge.After(since) {
		return edge
	}
	return since
}

func (b *Bounded) begin(from, to time.Time) {
	b.from, b.to, b.next, b.empty = from, to, "", 0
	b.size = max(to.Sub(from), minWindow)
	b.links = map[uint64]struct{}{}
}

// Next returns the next page that has an event. The error is io.EOF after the last one, the context's, or
// an *Error. After an error it can be called again, and continues.
func (b *Bounded) Next(ctx context.Context) (Page, error) {
	if b.fault != nil {
		return Page{}, b.fault
	}
	for !b.done {
		if err := ctx.Err(); err != nil {
			return Page{}, err
		}
		link := b.next
		if link == "" {
			link = b.query()
		}
		got, err := b.c.get(ctx, link, b.timeouts())
		switch {
		case err == nil:
		case KindOf(err) == QueryTimeout && b.halve():
			b.c.log.Info("Okta could not finish the query in time: the window is halved",
				"from", stamp(b.from), "until", stamp(b.to))
			continue
		case b.next != "" && refusedLink(err) && b.restart():
			b.c.log.Info("Okta no longer takes the link to the next page: the window continues at the last event",
				"from", stamp(b.from))
			continue
		default:
			return Page{}, err
		}
		page, err := b.take(link, got)
		if err != nil {
			return Page{}, err
		}
		if len(page.Events) > 0 {
			return page, nil
		}
	}
	return Page{}, io.EOF
}

// query returns the URL of the first query of the window.
func (b *Bounded) query() string {
	values := url.Values{"since": {stamp(b.from.Add(-overlap))}, "until": {stamp(b.to)}}
	if b.filter != "" {
		values.Set("filter", b.filter)
	}
	return b.c.query(values)
}

// query returns the URL of a query with the client's page size.
func (c *Client) query(values url.Values) string {
	values.Set("limit", strconv.Itoa(c.limit))
	values.Set("sortOrder", "ASCENDING")
	u := *c.org
	u.Path, u.RawQuery = logsPath, values.Encode()
	return u.String()
}

// stamp returns t, in whole milliseconds, as Okta writes times.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// take returns the page of a response: its new events, and where the read continues.
func (b *Bounded) take(link string, got answer) (Page, error) {
	b.links[maphash.String(b.seed, link)] = struct{}{}
	fresh := b.fresh(got.events)
	b.again = b.again && len(fresh) == 0
	b.empty++
	if len(got.events) > 0 {
		b.empty = 0
	}
	_, repeated := b.links[maphash.String(b.seed, got.next)]
	switch {
	case got.next == "":
		b.finish()
	case repeated && len(got.events) == b.c.limit && b.again:
		return Page{}, &Error{Kind: Unreadable, Doing: readPage, Step: "try again; if it stays so, report it to Okta",
			Detail: "Okta's link to the next page leads to the same page"}
	case repeated || b.empty >= maxEmpty:
		// The links do not end: the query is made again from the last event.
		if !b.restart() {
			b.finish()
		}
	default:
		b.next = got.next
	}
	page := Page{Events: fresh, Next: b.next, Bytes: got.bytes, Rate: b.c.pace.rate}
	page.Cursor = Cursor{Next: b.next, From: b.from, To: b.to, Done: b.done}
	if b.next != "" && b.last.After(b.from) {
		page.Cursor.From = b.last
	}
	return page, nil
}

// fresh returns the events of the window that have not been read before. Events without a time are kept:
// the caller decides about them.
func (b *Bounded) fresh(list []Event) []Event {
	fresh := list[:0]
	for _, e := range list {
		if e.Published.IsZero() {
			fresh = append(fresh, e)
			continue
		}
		if _, ok := b.seen[e.UUID]; ok || e.Published.Before(b.since) || !e.Published.Before(b.until) {
			continue
		}
		if e.Published.After(b.last) {
			b.last = e.Published
		}
		b.seen[e.UUID] = place{e.Published, b.page + 1}
		fresh = append(fresh, e)
	}
	if len(fresh) == 0 {
		return fresh
	}
	b.page++
	for uuid, at := range b.seen {
		if at.page < b.page-1 && at.published.Before(b.last.Add(-overlap)) {
			delete(b.seen, uuid)
		}
	}
	return fresh
}

// finish ends the window and begins the next one.
func (b *Bounded) finish() {
	b.next = ""
	if b.done = !b.to.Before(b.until); b.done {
		return
	}
	size := 2 * b.size
	from := b.to
	b.begin(from, minTime(from.Add(size), b.until))
}

// restart begins the window again at the last event. It reports false where it did that before and no new
// event came.
func (b *Bounded) restart() bool {
	if b.again {
		return false
	}
	b.again = true
	size := b.size
	b.begin(maxTime(b.from, b.last), b.to)
	b.size = size
	return true
}

// halve halves what is left of the window. It reports false where that is too short.
func (b *Bounded) halve() bool {
	from := maxTime(b.from, b.last)
	left := b.to.Sub(from)
	if left < 2*minWindow {
		return false
	}
	b.begin(from, from.Add((left / 2).Truncate(time.Millisecond)))
	return true
}

// timeouts returns how often a query that times out is made: where the window cannot be halved, as often
// as any other.
func (b *Bounded) timeouts() int {
	if b.to.Sub(maxTime(b.from, b.last)) < 2*minWindow {
		return b.c.tries
	}
	return timeouts
}

// refusedLink reports whether Okta refuses a next link, because of its age for example.
func refusedLink(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
