// Package systemlog is a client of Okta's System Log API, GET /api/v1/logs. It never writes, and returns
// the bytes of each event as Okta sent them.
//
// There are two kinds of reads ("System Log query", developer.okta.com, 2026-08):
//
//   - A Bounded read has a beginning and an end. It is ordered by published and ends.
//     An event that Okta stores late is missing from it and present in a later read of
//     the same time; Okta states no limit of that delay.
//   - A Polling read has no end. It is ordered by the time at which Okta stored the
//     events and returns each of them.
//
// The client follows Okta's own next links. It never builds or changes one, and follows none to another
// scheme or host than the org's: the token is not sent there.
//
// # Rate
//
// Okta limits the requests a minute of all clients of an org together, and mails the org's administrators
// when they come near the limit. The client makes one request at a time. When what remains of the limit
// is the share that it leaves to other clients, it waits for the next minute. Okta's response headers
// have both numbers.
//
// # Secrets
//
// No error and no log line has a token, a key, an assertion or an event. Of responses, errors quote only
// Okta's error codes, error ids, and those words of its error summaries that are too short to be a
// secret.
package systemlog

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Event is one event of the System Log.
type Event struct {
	UUID string // "" where the event has none
	// Published is when the event happened, in milliseconds and UTC; the zero time where the event does
	// not say.
	Published time.Time
	EventType string
	// JSON is the event's text as Okta sent it. It is part of the page's memory.
	JSON []byte
}

// Page is what one request returned.
type Page struct {
	Events []Event
	// Next is Okta's own link to what follows; "" at the end of a bounded read.
	Next string
	// Cursor is where a bounded read continues after this page.
	Cursor Cursor
	Bytes  int // of the response, after gzip
	Rate   Rate
}

// Rate is the rate limit in the headers of a response.
type Rate struct {
	Limit, Remaining int // requests in the current minute; 0 where the headers do not say
	// PerMinute is how many requests a minute the client makes at most.
	PerMinute float64
}

// Okta's numbers.
const (
	// MaxPage is the largest number of events in a page (Okta API reference, System Log,
	// parameter limit, 2026-06).
	MaxPage = 1000
	// Retention is how long Okta keeps events ("System Log query", developer.okta.com,
	// 2026-08: older ones are not returned, and the query succeeds).
	Retention = 90 * 24 * time.Hour
	// maxSince is how far back a query may begin (the same page: "The since parameter is
	// over 180 days prior to the current day").
	maxSince = 180 * 24 * time.Hour
)

// Config says how a Client reads.
type Config struct {
	// OrgURL is the org's own address, https://ORG.okta.com. Plain http is for loopback.
	OrgURL string
	Auth   Credentials
	// Share is the largest share of the org's rate limit that the client uses, above 0 and at most 1;
	// 0.5 where it is 0. By default Okta gives one token or app half of the limit ("Rate limits for API
	// tokens and OAuth apps", developer.okta.com, 2025-12).
	Share float64
	// PageSize is the number of events that a page may have, 1 to MaxPage; MaxPage where
	// it is 0.
	PageSize int
	// Tries is how often a request is made before the read fails; 10 where it is 0.
	Tries int
	// Budget is how long one page may take with all tries and waits; 15 minutes where it
	// is 0.
	Budget time.Duration
	// Timeout is how long one request may take; 75 s where it is 0. Okta ends a query
	// after 30 s.
	Timeout time.Duration
	// HTTP makes the requests; a client of net/http where it is nil. Redirects are not
	// followed whatever it says.
	HTTP  *http.Client
	Now   func() time.Time                           // time.Now where it is nil
	Sleep func(context.Context, time.Duration) error // waits; a timer where it is nil
	Log   *slog.Logger                               // of waits and tries; nothing where it is nil
}

// Client reads the System Log of one org. It is for one goroutine at a time: parallel requests would not
// be faster, because the rate of all together is limited.
type Client struct {
	org     *url.URL // scheme and host only
	auth    *authorizer
	pace    pace
	limit   int
	tries   int
	budget  time.Duration
	timeout time.Duration
	http    *http.Client
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	log     *slog.Logger
}

// New returns a client, and makes no request.
func New(c Config) (*Client, error) {
	org, err := parseOrg(c.OrgURL)
	if err != nil {
		return nil, err
	}
	if c.Auth.isZero() {
		return nil, &Error{Kind: WrongToken, Doing: "read the System Log", Detail: "no token and no key is configured",
			Step: "name a file with an API token, or a service app's client id and key"}
	}
	share := cmp.Or(c.Share, 0.5)
	if share < 0 || share > 1 {
		return nil, fmt.Errorf("invalid share %v of the rate limit: it must be above 0 and at most 1", c.Share)
	}
	size := cmp.Or(c.PageSize, MaxPage)
	if size < 1 || size > MaxPage {
		return nil, fmt.Errorf("invalid page size %d: it must be 1 to %d", c.PageSize, MaxPage)
	}
	inner := http.Client{Transport: http.DefaultTransport}
	if c.HTTP != nil {
		inner = *c.HTTP
	}
	inner.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &Client{
		org: org, limit: size, http: &inner, pace: pace{share: share},
		tries: cmp.Or(c.Tries, 10), budget: cmp.Or(c.Budget, 15*time.Minute), timeout: cmp.Or(c.Timeout, 75*time.Second),
		now: c.Now, sleep: c.Sleep, log: c.Log,
	}
	if client.now == nil {
		client.now = time.Now
	}
	if client.sleep == nil {
		client.sleep = sleep
	}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	client.auth, err = newAuthorizer(client, c.Auth, scope)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// Org returns the org's address: scheme and host.
func (c *Client) Org() string { return c.org.String() }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
