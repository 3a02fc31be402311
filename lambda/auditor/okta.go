package auditor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Okta is how the org is read.
type Okta struct {
	URL string // of the org
	// Secret returns the current value of the secret, as systemlog.ParseSecret reads it.
	Secret func(context.Context) ([]byte, error)
	HTTP   *http.Client // a client of net/http where it is nil
	Sleep  func(context.Context, time.Duration) error
}

// errStop ends a run that has used up its requests or its time. The next run continues.
var errStop = errors.New("the run has used up its requests or its time")

// reader reads Okta's System Log within the requests and the time of one run.
type reader struct {
	*Okta
	now      func() time.Time
	log      *slog.Logger
	client   *systemlog.Client // nil before the first read, and after a token was refused
	requests int               // of this run
	max      int
	stop     time.Time // of this run
	renewed  bool      // in this run
}

// pageBudget is how long one page may take with all tries.
const pageBudget = 5 * time.Minute

// start begins a run.
func (o *reader) start(requests int, stop time.Time) {
	o.requests, o.max, o.stop, o.renewed = 0, requests, stop, false
}

// spent reports whether the run has used up its requests or its time.
func (o *reader) spent() bool { return o.requests >= o.max || !o.now().Before(o.stop) }

// connect makes a client with the current secret.
func (o *reader) connect(ctx context.Context) error {
	if o.client != nil {
		return nil
	}
	text, err := o.Secret(ctx)
	if err != nil {
		return fmt.Errorf("read the secret with Okta's credentials: %w", err)
	}
	credentials, err := systemlog.ParseSecret(text)
	if err != nil {
		return err
	}
	inner := http.Client{}
	if o.HTTP != nil {
		inner = *o.HTTP
	}
	inner.Transport = counting{inner: inner.Transport, count: &o.requests}
	o.client, err = systemlog.New(systemlog.Config{
		OrgURL: o.URL, Auth: credentials, Budget: pageBudget, HTTP: &inner, Now: o.now, Sleep: o.wait, Log: o.log,
	})
	return err
}

// refused reports whether a read that failed with err is to be made again with the secret's current
// value, because Okta refused the token: once a run.
func (o *reader) refused(err error) bool {
	if systemlog.KindOf(err) != systemlog.WrongToken || o.renewed {
		return false
	}
	o.log.Info("Okta does not accept the credentials: the secret is read again")
	o.client, o.renewed = nil, true
	return true
}

// wait waits for the rate limit or before another try. It returns errStop where the run's time would
// end before that.
func (o *reader) wait(ctx context.Context, d time.Duration) error {
	if !o.now().Add(d).Before(o.stop) {
		return errStop
	}
	if o.Sleep != nil {
		return o.Sleep(ctx, d)
	}
	timer, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timer.Done()
	return ctx.Err()
}

// counting counts the requests.
type counting struct {
	inner http.RoundTripper
	count *int
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	*c.count++
	if c.inner == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return c.inner.RoundTrip(r)
}

// unreachable reports whether an error says that Okta does not answer, or refuses to let this auditor
// read, which the alarm okta-unreachable reports. A rate limit that others have used up, and a query
// that takes too long, are not such errors.
func unreachable(err error) bool {
	switch systemlog.KindOf(err) {
	case 0, systemlog.RateLimited, systemlog.QueryTimeout, systemlog.BadWindow, systemlog.TooOld:
		return false
	}
	return true
}

// passes reports whether an error of Okta ends without anybody doing anything, and is not about one
// hour.
func passes(err error) bool {
	kind := systemlog.KindOf(err)
	return kind == systemlog.Unavailable || kind == systemlog.RateLimited
}
