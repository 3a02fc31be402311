package systemlog

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// pace keeps the client within its share of the rate limit.
type pace struct {
	share float64
	rate  Rate
	until time.Time // no request before
}

const (
	// maxReset bounds the wait for the next minute: a window is 60 s ("Rate limits",
	// developer.okta.com, 2026-08), whatever a header says.
	maxReset = 90 * time.Second
	// withoutHeaders is the wait where a response says nothing of a limit, because a
	// proxy dropped the headers: half of the lowest limit that Okta has published, 20 a
	// minute ("Integrator Free", developer.okta.com, 2025-12).
	withoutHeaders = 6 * time.Second
)

// read notes the rate limit of a response. Only a page has to have one.
func (p *pace) read(r *http.Response, now time.Time) {
	h := r.Header
	limit, err := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	if err != nil || err2 != nil || limit < 1 {
		if r.StatusCode != http.StatusOK {
			return
		}
		p.rate = Rate{PerMinute: float64(time.Minute / withoutHeaders)}
		p.until = now.Add(withoutHeaders)
		return
	}
	// At least one request a minute is made: a limit of 1 cannot be shared.
	own := max(1, int(math.Floor(float64(limit)*p.share+1e-9)))
	p.rate = Rate{Limit: limit, Remaining: remaining, PerMinute: float64(own)}
	p.until = time.Time{}
	if remaining <= limit-own {
		p.until = now.Add(untilReset(h, now))
	}
}

// untilReset returns how long it is until the next minute of the limit begins: from the Date of the
// response to its Reset, and a second more, because both are whole seconds.
func untilReset(h http.Header, now time.Time) time.Duration {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return time.Minute
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	// As numbers: a Duration could not have a Reset that is far away.
	seconds := min(max(reset-now.Unix(), 0)+1, int64(maxReset/time.Second))
	return time.Duration(seconds) * time.Second
}

// concurrency reports whether a 429 is about requests at the same time: then Limit and
// Remaining are both 0, and Reset is a guess ("Monitor rate limits", developer.okta.com,
// 2026-08).
func concurrency(h http.Header) bool {
	return h.Get("X-Rate-Limit-Limit") == "0" && h.Get("X-Rate-Limit-Remaining") == "0"
}
