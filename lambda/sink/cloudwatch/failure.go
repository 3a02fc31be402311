package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/sink"
)

// codes are the error codes whose kind is not that of their HTTP status. CloudWatch
// Logs answers 400 to nearly everything.
var codes = map[string]sink.Kind{
	// Throttling. There is a quota of calls a second for PutLogEvents, and one of
	// 50 for CreateLogStream. SDKs take LimitExceededException for throttling as well.
	"ThrottlingException":           sink.Transient,
	"Throttling":                    sink.Transient,
	"ThrottledException":            sink.Transient,
	"RequestThrottled":              sink.Transient,
	"RequestThrottledException":     sink.Transient,
	"RequestLimitExceeded":          sink.Transient,
	"TooManyRequestsException":      sink.Transient,
	"LimitExceededException":        sink.Transient,
	"ServiceQuotaExceededException": sink.Transient,
	"SlowDown":                      sink.Transient,
	"KMSThrottlingException":        sink.Transient,

	"ServiceUnavailableException": sink.Transient,
	"ServiceUnavailable":          sink.Transient,
	"InternalServerException":     sink.Transient,
	"InternalFailure":             sink.Transient,
	"RequestTimeout":              sink.Transient,
	"RequestTimeoutException":     sink.Transient,

	// Somebody else was changing the same thing: by its definition it passes.
	"OperationAbortedException": sink.Transient,
	"ConflictException":         sink.Transient,

	// The clock is wrong. The SDK has read the right time from the answer and
	// signs the next call with it.
	"RequestTimeTooSkewed": sink.Transient,
	"RequestInTheFuture":   sink.Transient,
	"RequestExpired":       sink.Transient,

	// The group is missing: a missing stream was made before it comes to this.
	"ResourceNotFoundException": sink.Blocked,
	// It is about the group: records cannot be put into one of this kind.
	"InvalidOperationException": sink.Blocked,

	"AccessDenied":                        sink.Blocked,
	"AccessDeniedException":               sink.Blocked,
	"AuthFailure":                         sink.Blocked,
	"ExpiredToken":                        sink.Blocked,
	"ExpiredTokenException":               sink.Blocked,
	"IncompleteSignature":                 sink.Blocked,
	"IncompleteSignatureException":        sink.Blocked,
	"InvalidClientTokenId":                sink.Blocked,
	"InvalidSignatureException":           sink.Blocked,
	"MissingAuthenticationToken":          sink.Blocked,
	"MissingAuthenticationTokenException": sink.Blocked,
	"NotAuthorized":                       sink.Blocked,
	"OptInRequired":                       sink.Blocked,
	"SignatureDoesNotMatch":               sink.Blocked,
	"SubscriptionRequiredException":       sink.Blocked,
	"UnknownOperationException":           sink.Blocked, // this is not CloudWatch Logs
	"UnrecognizedClientException":         sink.Blocked,
	"UnauthorizedOperation":               sink.Blocked,

	"InvalidParameterException": sink.Content,
	"SerializationException":    sink.Content,
	"ValidationException":       sink.Content,
}

// failure says what err, of a call under ctx, means for the records. The messages
// of AWS stay out of it: they may quote what was sent. Nor is err wrapped, so that
// nobody further up prints them.
func (s *Sink) failure(ctx context.Context, operation string, err error) *sink.Error {
	f := &sink.Error{Kind: sink.Transient}
	status, header := response(err)
	code := errorCode(err)
	switch {
	case code != "" || status >= 300:
		f.Kind = kind(code, status, err)
		f.Err = fmt.Errorf("%s: %s", operation, strings.TrimSpace(code+" "+statusText(status)))
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("%s: %w", operation, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		f.Err = fmt.Errorf("%s: no answer within %v", operation, s.timeout)
	default:
		f.Err = fmt.Errorf("%s: %s", operation, network(err))
	}
	if f.Kind == sink.Transient {
		f.RetryAfter = s.retryAfter(header)
	}
	return f
}

func kind(code string, status int, err error) sink.Kind {
	switch known, ok := codes[code]; {
	case status >= 500:
		return sink.Transient
	case retryable(err):
		return sink.Transient
	case ok:
		return known
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return sink.Transient
	case strings.HasPrefix(code, "KMS"), status == http.StatusUnauthorized, status == http.StatusForbidden:
		return sink.Blocked
	case status == http.StatusRequestEntityTooLarge:
		return sink.Content
	case code == "":
		// Whoever this was, it was not CloudWatch Logs, which gives a code with
		// each error. A proxy's word is nothing to bury a record for.
		return sink.Blocked
	}
	// An error that is not known yet. Halving the batch finds out whether a record
	// is at fault.
	return sink.Content
}

// retryable reports what only the SDK knows: that a signature was refused because
// the clock is wrong, which it has corrected for the next call.
func retryable(err error) bool {
	e, ok := errors.AsType[interface {
		error
		RetryableError() bool
	}](err)
	return ok && e.RetryableError()
}

// errorCode is the error code that AWS gave. It comes from the network and goes
// into our log, so what does not look like one is none.
func errorCode(err error) string {
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return ""
	}
	code := e.ErrorCode()
	if code == "UnknownError" { // the SDK's word for none
		return ""
	}
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.')
	}
	if len(code) > 64 || strings.ContainsFunc(code, odd) {
		return ""
	}
	return code
}

func response(err error) (status int, header http.Header) {
	e, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || e.Response == nil || e.Response.Response == nil {
		return 0, nil
	}
	return e.Response.StatusCode, e.Response.Header
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return fmt.Sprintf("(HTTP %d)", status)
}

// maxRetryAfter bounds what is believed of a Retry-After.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After, which is seconds or a date (RFC 9110, 10.2.3), and
// what AWS's SDKs look for, x-amz-retry-after, which is milliseconds.
func (s *Sink) retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(s.now()), 0), maxRetryAfter)
	}
	unit := time.Second
	if value == "" {
		value, unit = h.Get("X-Amz-Retry-After"), time.Millisecond
	}
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil || n <= 0 {
		return 0
	}
	return time.Duration(min(n, int64(maxRetryAfter/unit))) * unit
}

// network names what went wrong without a response, in words of ours: those of
// the libraries hold addresses and, in part, answers.
func network(err error) string {
	errno, isErrno := errors.AsType[syscall.Errno](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	timeout, isTimeout := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case isErrno:
		return errno.Error()
	case isDNS:
		return "name not resolved"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case isTimeout && timeout.Timeout():
		return "timeout"
	}
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return fmt.Sprintf("%T", err)
}
