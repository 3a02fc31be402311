package sink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxRetryAfter is the longest wait that a Retry-After can ask for.
const maxRetryAfter = time.Hour

// RetryAfter returns how long the header of a response asks to wait before another call:
// the longer of Retry-After, which is seconds or a date (RFC 9110, 10.2.3), and of
// x-amz-retry-after, which is milliseconds. now is the current time, from which a
// date counts. The result is from 0 to one hour.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	wait := max(duration(h.Get("Retry-After"), time.Second), duration(h.Get("X-Amz-Retry-After"), time.Millisecond))
	if date, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = max(wait, date.Sub(now))
	}
	return min(wait, maxRetryAfter)
}

// duration returns text as a number of units, 0 where it is not a number.
func duration(text string, unit time.Duration) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(min(n, uint64(maxRetryAfter/unit))) * unit
}

// NoResponse returns the error of a call without a readable response: err is the
// library's error, status the HTTP status, 0 where there was no response. The library's
// text is not used, because it can hold addresses and parts of responses. Only the errors
// of a context are wrapped.
func NoResponse(err error, status int) error {
	errno, isErrno := errors.AsType[syscall.Errno](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isTLS := errors.AsType[*tls.CertificateVerificationError](err)
	timeout, isTimeout := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case isErrno:
		return errors.New(errno.Error())
	case isDNS:
		return errors.New("host name not resolved")
	case isTLS:
		return errors.New("the server's certificate is not trusted")
	case isTimeout && timeout.Timeout():
		return errors.New("network timeout")
	case status != 0:
		return fmt.Errorf("unreadable response (HTTP %d)", status)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return errors.New("connection closed")
	}
	return errors.New("no response")
}
