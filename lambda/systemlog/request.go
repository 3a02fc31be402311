package systemlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxBody is the length in bytes of the longest response that is read: 1,000 events of
// 256 KB, which is what EventBridge takes of one event.
const maxBody = 256 << 20

// answer is a page as it was received.
type answer struct {
	events []Event
	next   string
	bytes  int
}

// get requests link until it succeeds, for as many tries and as long as the client's
// settings say. A query that times out is made timeouts times.
func (c *Client) get(ctx context.Context, link string, timeouts int) (answer, error) {
	wait := &backoff.ExponentialBackOff{
		InitialInterval: time.Second, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 30 * time.Second,
	}
	wait.Reset()
	end := c.now().Add(c.budget)
	for try := 1; ; try++ {
		if err := c.waitForTurn(ctx); err != nil {
			return answer{}, err
		}
		got, err := c.once(ctx, link)
		if err == nil || ctx.Err() != nil {
			return got, errors.Join(err, ctx.Err())
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || !e.again || e.Kind == QueryTimeout && try >= timeouts {
			return answer{}, err
		}
		next := max(wait.NextBackOff(), e.wait)
		if try >= c.tries || c.now().Add(next).After(end) {
			return answer{}, fmt.Errorf("gave up after %d tries: %w", try, err)
		}
		c.log.Info("the request to Okta is made again", "reason", e.Error(),
			"wait", next.Round(time.Millisecond).String(), "try", try)
		if err := c.sleep(ctx, next); err != nil {
			return answer{}, err
		}
	}
}

// waitForTurn waits until the rate limit allows another request.
func (c *Client) waitForTurn(ctx context.Context) error {
	d := c.pace.until.Sub(c.now())
	if d <= 0 {
		return ctx.Err()
	}
	c.log.Info("waiting for the next minute of Okta's rate limit", "wait", d.Round(time.Second).String(),
		"limit", c.pace.rate.Limit, "remaining", c.pace.rate.Remaining)
	return c.sleep(ctx, min(d, maxReset))
}

// maxRenewals is how often one try may be repeated without a pause because the access token or the DPoP
// nonce has to be renewed.
const maxRenewals = 2

// once requests link once.
func (c *Client) once(ctx context.Context, link string) (answer, error) {
	response, body, err := c.auth.get(ctx, link, readPage, func(r *http.Response) { c.pace.read(r, c.now()) })
	if err != nil {
		return answer{}, err
	}
	return c.page(response, body)
}

// get requests link, which is a part of the API, and returns a response with status 200.
// seen is called with each response.
func (a *authorizer) get(
	ctx context.Context, link, doing string, seen func(*http.Response),
) (*http.Response, []byte, error) {
	for renewals := 0; ; renewals++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			return nil, nil, &Error{Kind: Unreadable, Doing: doing, Detail: "the link is not a URL"}
		}
		if err := a.authorize(ctx, r); err != nil {
			return nil, nil, err
		}
		response, body, err := a.c.do(r, doing, maxBody)
		if err != nil {
			return nil, nil, err
		}
		seen(response)
		if response.StatusCode == http.StatusOK {
			return response, body, nil
		}
		if response.StatusCode != http.StatusUnauthorized || renewals >= maxRenewals || !a.renew(r.URL.Path, response) {
			return nil, nil, a.responseError(doing, response, body)
		}
	}
}

// page reads a page.
func (c *Client) page(r *http.Response, body []byte) (answer, error) {
	if html(r) {
		return answer{}, &Error{Kind: WrongURL, Doing: readPage, Status: r.StatusCode, Step: urlStep,
			Detail: "the server is not the API of an Okta org: the response is not JSON"}
	}
	list, err := split(body)
	if err != nil {
		return answer{}, &Error{Kind: Unreadable, Doing: readPage, Status: r.StatusCode, Detail: err.Error(), Err: err,
			Step: "is a proxy between this machine and Okta?", again: true}
	}
	next := nextLink(r.Header.Values("Link"))
	if next != "" {
		if err := c.checkLink(next); err != nil {
			return answer{}, err
		}
	}
	return answer{events: list, next: next, bytes: len(body)}, nil
}

// do makes a request and reads the response, of at most longest bytes.
func (c *Client) do(r *http.Request, doing string, longest int64) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "oktastream")
	response, err := c.http.Do(r)
	if err != nil {
		return nil, nil, networkError(doing, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longest+1))
	if err != nil {
		return nil, nil, networkError(doing, err)
	}
	if int64(len(body)) > longest {
		return nil, nil, &Error{Kind: Unreadable, Doing: doing, Status: response.StatusCode,
			Detail: fmt.Sprintf("the response is longer than %d bytes", longest), Step: urlStep}
	}
	return response, body, nil
}

// networkError returns the error where there is no response, or not all of it. Texts of net/http are
// quoted only where they are about the connection: others quote what was received.
func networkError(doing string, err error) *Error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	e := &Error{Kind: Unavailable, Doing: doing, Detail: err.Error(), Err: err, again: true,
		Step: "is Okta reachable from this machine? see status.okta.com"}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var connection *net.OpError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kind, e.again, e.Step = WrongURL, false, urlStep
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Kind, e.again, e.Step = WrongURL, false, urlStep
		e.Detail = "there is no such host"
	case errors.As(err, &certificate):
		e.Kind, e.again = WrongURL, false
		e.Step = "check the org URL; a proxy that opens TLS needs its certificate in this machine's store"
	case errors.Is(err, context.DeadlineExceeded):
		e.Detail = "no response in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Detail = "the connection ended before the response did"
	case errors.As(err, &connection), errors.Is(err, context.Canceled):
	default:
		e.Detail, e.Err = "the connection broke, or the response is not valid HTTP", nil
	}
	return e
}
