// Package awserror decides what an error of an AWS call means for the records
// of the call. It is the only place that does so, for every service.
//
// The codes after which a call is made again are those of the SDK's own retryer
// (aws-sdk-go-v2, package aws/retry); a short table of our own adds the codes of
// permissions and configuration, and those of content. After a code that is in neither
// no record is at fault: it goes back to the queue.
package awserror

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oktastream/oktastream/lambda/sink"
)

// New returns what err, of a call of operation, means. now is the current time,
// from which the date of a Retry-After counts.
//
// The text names the operation, the error's code and the HTTP status. AWS's own
// message is left out, because it can quote what was sent, and err is not
// wrapped, so that nothing prints it later. Only the errors of a context are
// wrapped.
func New(operation string, err error, now time.Time) *sink.Error {
	status, header := response(err)
	code, answered := codeOf(err)
	e := &sink.Error{Kind: kind(code, status)}
	switch {
	case !answered:
		e.Kind = sink.Transient
		e.Err = fmt.Errorf("%s: %w", operation, sink.NoResponse(err, status))
	case code == "":
		e.Err = fmt.Errorf("%s: no error code (HTTP %d)", operation, status)
	case status == 0:
		e.Err = fmt.Errorf("%s: %s", operation, Code(code))
	default:
		e.Err = fmt.Errorf("%s: %s (HTTP %d)", operation, Code(code), status)
	}
	// The SDK knows one more case: a signature was refused because the clock is
	// wrong, and the next call is signed with the time of the response.
	if (retry.RetryableError{}).IsErrorRetryable(err) == aws.TrueTernary {
		e.Kind = sink.Transient
	}
	if e.Kind == sink.Transient {
		e.RetryAfter = sink.RetryAfter(header, now)
	}
	return e
}

// Entry returns what code, of one entry of a batch call of operation, means. An
// entry that was not accepted and has no code is Transient.
func Entry(operation, code string) *sink.Error {
	if code == "" {
		return &sink.Error{Kind: sink.Transient, Err: errors.New(operation + ": an entry without an id and without a code")}
	}
	return &sink.Error{Kind: kind(code, 0), Err: errors.New(operation + ": " + Code(code))}
}

// Is reports whether err is an error response of AWS with this code.
func Is(err error, code string) bool {
	got, answered := codeOf(err)
	return answered && normalise(got) == normalise(code)
}

// maxCode is the longest code that is printed, in bytes. The longest that is
// known has 51.
const maxCode = 64

// Code returns code as it may be printed: codes come from the network and go
// into our log. The namespace in front of a # and what follows a : are left
// out, and what does not look like a code then is "unreadable code".
func Code(code string) string {
	code = bare(code)
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	if code == "" || len(code) > maxCode || strings.ContainsFunc(code, odd) {
		return "unreadable code"
	}
	return code
}

// bare is a code without its namespace (com.amazonaws.sqs#Code) and without the
// address that some services put after it (Code:http://…).
func bare(code string) string {
	code, _, _ = strings.Cut(code, ":")
	return code[strings.LastIndexByte(code, '#')+1:]
}

// kind is what a code means, or the HTTP status where the code is not known. A
// status of 0 is none.
func kind(code string, status int) sink.Kind {
	key := normalise(code)
	known, ok := kinds[key]
	_, again := retry.DefaultRetryableHTTPStatusCodes[status]
	switch {
	case again, status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, retryable[key]:
		return sink.Transient
	case ok:
		return known
	case strings.HasPrefix(key, "kms"):
		// A key that is disabled, deleted or not ours.
		return sink.Blocked
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired:
		return sink.Blocked
	}
	return sink.Unknown
}

// codeOf is the code of an error response, "" where the response has none.
// answered is false where there was no response, or none that could be read to
// its end: then it is not known what AWS decided.
func codeOf(err error) (code string, answered bool) {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if code = e.ErrorCode(); code == "UnknownError" { // the SDK's code for a response without one
			code = ""
		}
		return code, true
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		status, _ := response(err)
		return "", status >= 300 // a page of a proxy
	}
	return "", false
}

func response(err error) (status int, header http.Header) {
	e, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || e.Response == nil || e.Response.Response == nil {
		return 0, nil
	}
	return e.Response.StatusCode, e.Response.Header
}
