package auditor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// minutes is how many minutes an hour has. A read that was stopped continues at a minute.
const minutes = 60

// listed is an event that Okta lists.
type listed struct {
	uuid string
	kept bool // by the stack's filter
}

// hourRead is one bounded read of an hour, or of a part of it.
type hourRead struct {
	progress
	until int // the read ends before this minute
	// event is called once with each distinct event of a minute, when all of the minute has been
	// read. It may be nil.
	event func(listed, int, *tally)
	// page is called with the events of each page. It may be nil.
	page func(context.Context, []systemlog.Event) (sent int64, err error)

	minute []listed // the events of the minute that is being read
}

// read reads to the end of h. Where Okta cannot be read for now, or the run has used up its requests or
// its time, r.state.Reading is where the next run continues; otherwise it is nil.
func (r *run) read(ctx context.Context, h *hourRead) error {
	r.state.Reading = nil
	for {
		err := r.readPages(ctx, h)
		if r.okta.refused(err) {
			h.minute = h.minute[:0] // it is read again
			continue
		}
		if errors.Is(err, errStop) || passes(err) {
			at := h.progress
			r.state.Reading = &at
		}
		return err
	}
}

func (r *run) readPages(ctx context.Context, h *hourRead) error {
	if err := r.okta.connect(ctx); err != nil {
		return err
	}
	at := func(minute int) time.Time { return h.Start.Add(time.Duration(minute) * time.Minute) }
	pages := r.okta.client.Bounded(at(h.Minute), at(h.until))
	for {
		if r.okta.spent() {
			return errStop
		}
		page, err := pages.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			h.fold(h.until)
			return nil
		case err != nil:
			return fmt.Errorf("read Okta's System Log from %s until %s: %w",
				at(h.Minute).Format(time.RFC3339), at(h.until).Format(time.RFC3339), err)
		}
		if err := r.take(ctx, h, page.Events); err != nil {
			return err
		}
		if page.Cursor.Done { // before the next look at what is spent
			h.fold(h.until)
			return nil
		}
	}
}

// take adds a page to h.
func (r *run) take(ctx context.Context, h *hourRead, list []systemlog.Event) error {
	for i := range list {
		e := &list[i]
		if e.UUID == "" || e.Published.IsZero() {
			return fmt.Errorf("hour %s: Okta lists an event without uuid or published: it cannot be compared", stamp(h.Start))
		}
		minute := int(e.Published.Sub(h.Start) / time.Minute)
		if minute < h.Minute || minute >= h.until {
			return fmt.Errorf("hour %s: Okta lists event %s out of the order of published", stamp(h.Start), safe(e.UUID))
		}
		h.fold(minute)
		h.minute = append(h.minute, listed{e.UUID, r.Filter.Keeps(e.EventType)})
	}
	if h.page == nil {
		return nil
	}
	sent, err := h.page(ctx, list)
	h.Sent += sent
	return err
}

// fold adds the minutes before until, of which all events have been read, to the hash and the counts.
func (h *hourRead) fold(until int) {
	for ; h.Minute < until; h.Minute++ {
		slices.SortFunc(h.minute, func(a, b listed) int { return strings.Compare(a.uuid, b.uuid) })
		h.minute = slices.CompactFunc(h.minute, func(a, b listed) bool { return a.uuid == b.uuid })
		sum := sha256.New()
		io.WriteString(sum, h.Hash) // a hash returns no error
		for _, e := range h.minute {
			io.WriteString(sum, "\n"+e.uuid)
			h.Listed++
			if h.event != nil {
				h.event(e, h.Minute, &h.tally)
			}
		}
		h.Hash = hex.EncodeToString(sum.Sum(nil))
		h.minute = h.minute[:0]
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15Z") }

// safe returns a uuid as it may be logged: uuids come from the network.
func safe(uuid string) string {
	if len(uuid) > 64 || strings.ContainsFunc(uuid, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "(unreadable)"
	}
	return uuid
}
