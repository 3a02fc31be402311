package awserror

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what is believed of a Retry-After.
const maxRetryAfter = time.Hour

// retryAfter is how long the service asks not to be called: the longer of
// Retry-After, which is seconds or a date (RFC 9110, 10.2.3), and of
// x-amz-retry-after, which is milliseconds. It is from 0 to maxRetryAfter.
func retryAfter(h http.Header, now time.Time) time.Duration {
	wait := max(duration(h.Get("Retry-After"), time.Second), duration(h.Get("X-Amz-Retry-After"), time.Millisecond))
	if date, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = max(wait, date.Sub(now))
	}
	return min(wait, maxRetryAfter)
}

// duration is a number of units, 0 where text is no such number.
func duration(text string, unit time.Duration) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(min(n, uint64(maxRetryAfter/unit))) * unit
}
