package backfill

import (
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Hour is an hour of published in UTC, such as 2026-11-22T10; "" for events that do not
// say when they were published.
type Hour string

const hourForm = "2006-01-02T15"

// HourOf returns the hour of t.
func HourOf(t time.Time) Hour {
	if t.IsZero() {
		return ""
	}
	return Hour(t.UTC().Format(hourForm))
}

// Time returns when the hour begins; the zero time where that is not known.
func (h Hour) Time() time.Time {
	t, err := time.Parse(hourForm, string(h))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Counts are the numbers of a run and of the runs that it continues.
type Counts struct {
	Events  int64 `json:"events"`  // sent
	Skipped int64 `json:"skipped"` // read, and dropped by Job.Keep
	Pages   int64 `json:"pages"`
	Bytes   int64 `json:"bytes"` // read
	// Hours are the events that were sent, by the hour in which they were published.
	Hours map[Hour]int64 `json:"hours"`
	// Oldest and Newest are when the first and the last of them were published.
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

func (c *Counts) add(e *systemlog.Event) {
	c.Events++
	c.Hours[HourOf(e.Published)]++
	if e.Published.IsZero() {
		return
	}
	if c.Oldest.IsZero() || e.Published.Before(c.Oldest) {
		c.Oldest = e.Published
	}
	if e.Published.After(c.Newest) {
		c.Newest = e.Published
	}
}
