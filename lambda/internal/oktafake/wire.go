package oktafake

import (
	"compress/gzip"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Call is a call that has arrived and is about to be served.
type Call struct {
	Method, Path string
	Query        url.Values
	N            int // counts the calls of this path, from 1
}

// Fault is what goes wrong with a call. The zero value is nothing.
type Fault struct {
	Delay time.Duration // wait before anything else
	Reset bool          // close the connection without an answer

	Concurrency   bool   // answer 429 with Limit and Remaining 0
	Status        int    // answer with this error
	Code, Summary string // of the error; default E0000053 and Okta's text for it
	HTML          bool   // answer 200 with a page of HTML
	Cut           bool   // send half of the body and close the connection

	// EmptyPage answers a read of the log with no events and a next link that
	// differs from the last and leads to the same place. On every call, it makes a
	// read without an end (okta-sdk-python issue 392).
	EmptyPage bool
	// RepeatLink answers with the page, and with the page's own link as next.
	RepeatLink bool
	// Overlap begins the page with the event that ended the page before.
	Overlap bool
}

// SetFaults sets the function that is called at each call; nil is none. It must not call the org's
// methods.
func (o *Org) SetFaults(f func(Call) Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = f
}

// Calls returns how many calls of a path have arrived, faulted ones included.
func (o *Org) Calls(path string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls[path]
}

// route finds the operation of a call.
func (o *Org) route(r *request) *route {
	known := false
	for i := range o.routes {
		at := &o.routes[i]
		id, ok := match(at.path, r.Request.URL.Path)
		if ok && at.method == r.Method {
			r.id = id
			return at
		}
		known = known || ok
	}
	if known {
		refuse(http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
	}
	refuse(http.StatusNotFound, "E0000007", "Not found: Resource not found: "+r.Request.URL.Path)
	return nil
}

func match(pattern, path string) (id string, ok bool) {
	before, after, hasID := strings.Cut(pattern, "{id}")
	if !hasID {
		return "", pattern == path
	}
	id, ok = strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(id, after)
	return id, ok && id != "" && !strings.Contains(id, "/")
}

// window counts the requests in a period that begins with the first one. Okta's periods do not
// begin on clock minutes.
type window struct {
	start time.Time
	n     int
}

// take counts a request in the bucket of the org and in the part of it that the
// principal may use, and sets the headers. The headers are those of the org's
// bucket; for a principal that has used its part, Remaining is 0.
func (o *Org) take(r *request, bucket, principal string) bool {
	org, own := o.window(r.now, bucket), o.window(r.now, bucket+" of "+principal)
	limit, share := o.cfg.RateLimit, o.cfg.RateLimit*o.cfg.PrincipalPercent/100
	switch {
	case org.n >= limit:
		setRate(r.header, limit, 0, org.start.Add(o.cfg.RateWindow))
		return false
	case principal != "" && own.n >= share:
		setRate(r.header, limit, 0, own.start.Add(o.cfg.RateWindow))
		return false
	}
	org.n++
	own.n++
	setRate(r.header, limit, limit-org.n, org.start.Add(o.cfg.RateWindow))
	return true
}

// window is that of a bucket, a new one if the last is over.
func (o *Org) window(now time.Time, name string) *window {
	w := o.rates[name]
	if w == nil {
		w = &window{}
		o.rates[name] = w
	}
	if now.Sub(w.start) >= o.cfg.RateWindow {
		*w = window{start: now}
	}
	return w
}

// setRate writes the rate limit's headers. Reset is in whole seconds since 1970,
// rounded up, so that a client that waits for it does not come too early.
func setRate(h http.Header, limit, remaining int, reset time.Time) {
	seconds := int64(math.Ceil(float64(reset.UnixMilli()) / 1000))
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(remaining))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(seconds, 10))
}

// write sends an answer, compressed if the client accepts gzip.
func write(w http.ResponseWriter, r *request, a answer) {
	body, raw := a.body.([]byte)
	if !raw {
		body = mustJSON(a.body)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	if r.fault.Cut {
		// Content-Length is that of the whole body.
		defer func() {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}()
	}
	// Writing fails only if the client has closed the connection.
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(a.status)
		_, _ = w.Write(r.fault.cut(body))
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(a.status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	_, _ = z.Write(r.fault.cut(body))
	if r.fault.Cut {
		_ = z.Flush()
	} else {
		_ = z.Close()
	}
}

// cut returns the part of the body that is sent.
func (f *Fault) cut(body []byte) []byte {
	if f.Cut {
		return body[:len(body)/2]
	}
	return body
}
