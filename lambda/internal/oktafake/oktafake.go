// Package oktafake is a strict fake of one Okta org, for tests and demos only:
// the System Log API, the Log Streaming API, and the token endpoint of the org
// authorization server. An [Org] is an [http.Handler].
//
//	org := oktafake.New(oktafake.Config{
//		Now:        clock.Now,
//		Principals: []oktafake.Principal{{Name: "audit", Token: "t0ken", Role: oktafake.ReportAdmin}},
//	})
//	org.Generate(oktafake.Load{Since: start, Span: 6 * time.Hour, PerHour: 8000, Seed: 1})
//	server := httptest.NewServer(org)
//
// It follows Okta's developer documentation (okta/okta-developer-docs, 2026-08-21)
// and OpenAPI description (2026.06.3). Where these are silent it is stricter than
// Okta, so that a client which relies on what is not documented fails its tests: an
// unknown query parameter, a next link that was changed in any part, and a read that is
// neither bounded nor polling are refused. So is what no client here uses: the parameter
// q, and filters of more than one condition.
//
// The fake has one clock, [Config.Now]. Everything that Okta would take from its
// own clock comes from it: Date, X-Rate-Limit-Reset, the age of tokens, what is
// visible. A test of clock skew gives the client another clock.
package oktafake

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Config are the settings of an [Org].
type Config struct {
	Now        func() time.Time // default time.Now
	Principals []Principal
	Streams    []Stream // at most two in an Okta org (Okta help, about-log-streams)

	// RateLimit is the requests a minute that the whole org may make to each
	// endpoint. Default 120, the /api/v1/logs bucket of Workforce Identity
	// (rl-global-mgmt, 2025-12-15).
	RateLimit int
	// PrincipalPercent is the part of RateLimit that one token or app may use.
	// Default 50 (rl2-token-oauth).
	PrincipalPercent int
	// RateWindow is the time that RateLimit is for. Default 60 s, as Okta's; a shorter
	// one lets the test of a process reach the limit often.
	RateWindow time.Duration
	// Concurrent is how many requests may be in flight. Default 75 (rl2-monitor).
	Concurrent int
	// MaxWindow is the span of a bounded read above which the query times out with
	// 500 E0000009. Okta documents 30 seconds a query and no span; default none.
	MaxWindow time.Duration
	// OneLinkHeader puts self and next into one Link header, separated by a comma,
	// instead of two headers.
	OneLinkHeader bool
	// UntilInclusive makes a bounded read return events published exactly at its
	// until. Okta does not document which it is; default exclusive.
	UntilInclusive bool
}

// Org is one Okta org. All its methods may be called by many goroutines.
type Org struct {
	cfg    Config
	key    []byte // signs cursors
	routes []route

	delivering sync.Mutex // one Deliver at a time

	mu       sync.Mutex // guards all below
	log      eventLog
	streams  []*stream
	rates    map[string]*window // by endpoint, and by endpoint and principal
	inFlight int
	calls    map[string]int // by path
	tokens   map[string]accessToken
	nonces   map[string]time.Time // of DPoP, and when they were issued
	used     map[string]bool      // jti of assertions and proofs
	faults   func(Call) Fault
}

// New makes an org without events.
func New(c Config) *Org {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.RateLimit = cmp.Or(c.RateLimit, 120)
	c.PrincipalPercent = cmp.Or(c.PrincipalPercent, 50)
	c.RateWindow = cmp.Or(c.RateWindow, time.Minute)
	c.Concurrent = cmp.Or(c.Concurrent, 75)
	o := &Org{
		cfg: c, key: []byte(rand.Text()), rates: map[string]*window{}, calls: map[string]int{},
		tokens: map[string]accessToken{}, nonces: map[string]time.Time{}, used: map[string]bool{},
	}
	for _, s := range c.Streams {
		now := c.Now()
		o.streams = append(o.streams, &stream{
			Stream: s, active: true, created: now, updated: now, sent: position{at: now.UnixMilli(), seq: -1},
		})
	}
	o.routes = o.table()
	return o
}

// route is one API operation.
type route struct {
	method, path string // path as in the OpenAPI description; {id} matches one segment
	bucket       string // of the rate limit
	scope        string // "" for the token endpoint, which authenticates for itself
	role         Role   // the least that may call it
	serve        func(*Org, *request) answer
}

// Roles and scopes: Okta help, administrators-admin-comparison; OpenAPI 2026.06.3.
func (o *Org) table() []route {
	const logs, streams, token = "/api/v1/logs", "/api/v1/logStreams", "/oauth2/v1/token"
	const read, manage = "okta.logStreams.read", "okta.logStreams.manage"
	change := func(active bool) func(*Org, *request) answer {
		return func(o *Org, r *request) answer { return o.changeStream(r, active) }
	}
	return []route{
		{http.MethodGet, logs, logs, "okta.logs.read", ReportAdmin, (*Org).logs},
		{http.MethodGet, streams, streams, read, SuperAdmin, (*Org).listStreams},
		{http.MethodGet, streams + "/{id}", streams, read, SuperAdmin, (*Org).getStream},
		{http.MethodPost, streams + "/{id}/lifecycle/activate", streams, manage, SuperAdmin, change(true)},
		{http.MethodPost, streams + "/{id}/lifecycle/deactivate", streams, manage, SuperAdmin, change(false)},
		{http.MethodPost, token, token, "", NoRole, (*Org).token},
	}
}

// request is one call while it is served.
type request struct {
	*http.Request
	now    time.Time
	header http.Header // of the answer
	query  url.Values
	id     string    // the {id} of the path
	who    Principal // who calls; zero at the token endpoint
	fault  Fault
}

// base is the URL of the org as the caller wrote it.
func (r *request) base() string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + cmp.Or(r.Host, r.Request.URL.Host)
}

// answer is a status and a body. A body that is not a []byte is written as JSON.
type answer struct {
	status int
	body   any
}

// refuse ends a call, by a panic, with an error response of the management API.
func refuse(status int, code, summary string, causes ...string) {
	type cause struct {
		ErrorSummary string `json:"errorSummary"`
	}
	list := []cause{}
	for _, c := range causes {
		list = append(list, cause{c})
	}
	panic(answer{status, map[string]any{
		"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae" + rand.Text()[:20],
		"errorCauses": list,
	}})
}

// invalid is 400 E0000001 about one parameter, as Okta words it.
func invalid(parameter string, causes ...string) {
	summary := "Api validation failed: " + parameter
	for i, c := range causes {
		causes[i] = parameter + ": " + c
		summary += ". '" + parameter + "': " + c
	}
	refuse(http.StatusBadRequest, "E0000001", summary, causes...)
}

// ServeHTTP serves one call.
func (o *Org) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &request{Request: hr, header: w.Header()}
	o.mu.Lock()
	r.now = o.cfg.Now()
	o.inFlight++
	crowded := o.inFlight > o.cfg.Concurrent
	o.calls[hr.URL.Path]++
	if o.faults != nil {
		r.fault = o.faults(Call{hr.Method, hr.URL.Path, hr.URL.Query(), o.calls[hr.URL.Path]})
	}
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.inFlight--
	}()
	if r.fault.Delay > 0 {
		ctx, cancel := context.WithTimeout(hr.Context(), r.fault.Delay)
		<-ctx.Done()
		cancel()
	}
	if r.fault.Reset {
		panic(http.ErrAbortHandler) // the server closes the connection
	}
	o.mu.Lock()
	r.now = o.cfg.Now()
	r.header.Set("Date", r.now.UTC().Format(http.TimeFormat))
	r.header.Set("X-Okta-Request-Id", "req"+rand.Text()[:20])
	a := o.answer(r, crowded || r.fault.Concurrency)
	o.mu.Unlock()
	write(w, r, a)
}

// answer takes a call through routing, rate limits and authentication. It is
// called with the lock held.
func (o *Org) answer(r *request, crowded bool) (a answer) {
	defer func() {
		switch refused := recover().(type) {
		case nil:
		case answer:
			a = refused
		default:
			panic(refused)
		}
	}()
	at := o.route(r)
	if crowded {
		setRate(r.header, 0, 0, r.now.Add(time.Minute)) // Okta: Reset is only a guess here
		tooMany()
	}
	if at.scope != "" {
		o.authenticate(r, at)
	}
	if !o.take(r, at.bucket, r.who.Name) {
		tooMany()
	}
	if r.fault.Status != 0 {
		refuse(r.fault.Status, cmp.Or(r.fault.Code, "E0000053"), cmp.Or(r.fault.Summary, sorry))
	}
	if r.fault.HTML {
		r.header.Set("Content-Type", "text/html;charset=utf-8")
		return answer{http.StatusOK, []byte("<!DOCTYPE html><html><body>Sign in</body></html>")}
	}
	query, err := url.ParseQuery(r.Request.URL.RawQuery)
	if err != nil {
		invalid("query", err.Error())
	}
	for name, values := range query {
		if len(values) > 1 {
			invalid(name, "is given more than once")
		}
	}
	r.query = query
	return at.serve(o, r)
}

const sorry = "Sorry, there's been an error. We aren't sure what caused it, but we've logged this and will work " +
	"to address it. Please try your request again."

func tooMany() {
	refuse(http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}

// known refuses a query parameter that the operation does not have.
func (r *request) known(names ...string) {
	for name := range r.query {
		if !slices.Contains(names, name) {
			invalid(name, "is not a parameter of this operation")
		}
	}
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("oktafake: write %T as JSON: %v", v, err))
	}
	return text
}
