package systemlog

import (
	"context"
	"net/url"
	"time"
)

// Polling reads the events that Okta stores after a time, in the order in which it stores them. It has no
// end: a page without events means that nothing is new.
type Polling struct {
	c    *Client
	next string
}

// Polling returns a read of what Okta has stored since since.
func (c *Client) Polling(since time.Time) *Polling {
	return &Polling{c: c, next: c.query(url.Values{"since": {stamp(since)}})}
}

// ResumePolling returns a read that continues with the Next of a page of an earlier one.
func (c *Client) ResumePolling(next string) (*Polling, error) {
	if err := c.checkLink(next); err != nil {
		return nil, err
	}
	return &Polling{c: c, next: next}, nil
}

// Next returns the next page, which may have no events: then the caller waits before it
// asks again. The error is the context's or an *Error, never io.EOF.
func (p *Polling) Next(ctx context.Context) (Page, error) {
	got, err := p.c.get(ctx, p.next, p.c.tries)
	if err != nil {
		return Page{}, err
	}
	if got.next == "" || got.next == p.next && len(got.events) > 0 {
		return Page{}, &Error{Kind: Unreadable, Doing: readPage, Detail: "the page has no link to the one after it",
			Step: "try again; if it stays so, report it to Okta"}
	}
	p.next = got.next
	return Page{Events: got.events, Next: got.next, Bytes: got.bytes, Rate: p.c.pace.rate}, nil
}
