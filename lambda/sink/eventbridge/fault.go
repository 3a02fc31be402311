package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/sink"
)

const operation = "PutEvents"

// kinds are the codes of PutEvents, of a request and of an entry alike, without
// the "Exception" that some of them end in (AWS SDK for Go v2, eventbridge
// v1.55.9, PutEventsResultEntry; EventBridge API reference, "Common Errors";
// 2026-11).
var kinds = map[string]sink.Kind{
	"InternalFailure":      sink.Transient,
	"Internal":             sink.Transient,
	"InternalError":        sink.Transient,
	"InternalServerError":  sink.Transient,
	"ServiceUnavailable":   sink.Transient,
	"Throttling":           sink.Transient,
	"Throttled":            sink.Transient,
	"TooManyRequests":      sink.Transient,
	"RequestLimitExceeded": sink.Transient,
	"RequestTimeout":       sink.Transient,
	// A clock that is wrong: the SDK learns by how much, and the next try is right.
	"RequestExpired":       sink.Transient,
	"RequestTimeTooSkewed": sink.Transient,

	"AccessDenied":               sink.Blocked,
	"NotAuthorized":              sink.Blocked,
	"NotAuthorizedForSource":     sink.Blocked,
	"NotAuthorizedForDetailType": sink.Blocked,
	"ResourceNotFound":           sink.Blocked,
	"InvalidAccountId":           sink.Blocked,
	"OperationDisabled":          sink.Blocked,
	"OptInRequired":              sink.Blocked,
	"ExpiredToken":               sink.Blocked,
	"InvalidClientTokenId":       sink.Blocked,
	"UnrecognizedClient":         sink.Blocked,
	"MissingAuthenticationToken": sink.Blocked,
	"IncompleteSignature":        sink.Blocked,
	"InvalidSignature":           sink.Blocked,
	"SignatureDoesNotMatch":      sink.Blocked,

	"Validation":       sink.Content,
	"InvalidArgument":  sink.Content,
	"MalformedDetail":  sink.Content,
	"RedactionFailure": sink.Content,
}

// fault is what went wrong with a request or an entry.
type fault struct {
	kind       sink.Kind
	code       string
	retryAfter time.Duration
	cause      error // only one that holds no content: the context's
}

// entryFault is the fault of an entry. One without a code has not been taken,
// and that is all that is known. A code that is new is not one of those that
// AWS calls retryable, so it is for the content that the entry is looked at.
func entryFault(code string) fault {
	if code == "" {
		return fault{kind: sink.Transient, code: "an entry with neither id nor code"}
	}
	kind, known := kinds[strings.TrimSuffix(code, "Exception")]
	if !known {
		kind = sink.Content
	}
	return fault{kind: kind, code: spell(code)}
}

// requestFault is the fault of a request that failed as a whole. The SDK's own
// text is not passed on: it quotes what the service says, which may quote us.
func requestFault(err error, now time.Time) fault {
	f := fault{kind: sink.Transient}
	status := 0
	if response := (*smithyhttp.ResponseError)(nil); errors.As(err, &response) && response.Response != nil {
		status = response.HTTPStatusCode()
		f.retryAfter = retryAfter(response.Response.Header, now)
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		f.kind, f.code = kindOf(api.ErrorCode(), status), spell(api.ErrorCode())
		if status != 0 {
			f.code += fmt.Sprintf(" (HTTP %d)", status)
		}
		return f
	}
	switch network := net.Error(nil); {
	case errors.Is(err, context.DeadlineExceeded):
		f.cause = context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		f.cause = context.Canceled
	case status != 0:
		f.code = fmt.Sprintf("an answer that cannot be read (HTTP %d)", status)
	case errors.As(err, &network) && network.Timeout():
		f.code = "network timeout"
	case errors.As(err, &network):
		f.code = "network error"
	default:
		f.code = "no answer"
	}
	return f
}

// kindOf is the kind of a request's error: by its code, or by its status where
// the code is not known.
func kindOf(code string, status int) sink.Kind {
	if kind, known := kinds[strings.TrimSuffix(code, "Exception")]; known {
		return kind
	}
	switch {
	case status == 0 || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return sink.Transient
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound:
		return sink.Blocked
	case status >= 400:
		return sink.Content
	}
	return sink.Transient
}

// spell is a code as far as it is one: what it says goes into our log.
func spell(code string) string {
	for _, c := range []byte(code) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("._:-", rune(c)) {
			return "unreadable code"
		}
	}
	if code == "" || len(code) > 64 {
		return "unreadable code"
	}
	return code
}

// retryAfter reads how long the service asks to be left alone: Retry-After, in
// seconds or as a date (RFC 9110 §10.2.3), or AWS's own header in milliseconds.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseUint(h.Get("X-Amz-Retry-After"), 10, 31); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// faults are those of one delivery. The zero value is none.
type faults struct {
	list []fault
}

// add adds a fault and reports whether the next request has better chances:
// only where this one was at fault itself.
func (f *faults) add(one fault) bool {
	f.list = append(f.list, one)
	return one.kind == sink.Content
}

// err is the error of the delivery: its kind that of the worst fault, its text
// the codes of all, the worst first.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	rank := func(k sink.Kind) int { return slices.Index([]sink.Kind{sink.Blocked, sink.Transient, sink.Content}, k) }
	slices.SortStableFunc(f.list, func(a, b fault) int { return rank(a.kind) - rank(b.kind) })
	e := &sink.Error{Kind: f.list[0].kind}
	var causes []error
	var codes []string
	for _, one := range f.list {
		e.RetryAfter = max(e.RetryAfter, one.retryAfter)
		switch {
		case one.cause != nil:
			if !slices.Contains(causes, one.cause) {
				causes = append(causes, one.cause)
			}
		case !slices.Contains(codes, one.code):
			codes = append(codes, one.code)
		}
	}
	switch {
	case len(causes) == 0:
		e.Err = errors.New(operation + ": " + strings.Join(codes, ", "))
	case len(codes) == 0:
		e.Err = fmt.Errorf(operation+": %w", causes[0])
	default:
		e.Err = fmt.Errorf(operation+": %s, %w", strings.Join(codes, ", "), causes[0])
	}
	return e
}
