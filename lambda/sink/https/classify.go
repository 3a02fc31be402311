package https

import (
	"fmt"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/lambda/sink"
)

// acceptAll answers for records of which the destination has accepted all.
func acceptAll(answers []sink.Answer) {
	for i := range answers {
		answers[i].State = sink.Accepted
	}
}

// ByStatus says what a response means that is the destination's own and says no more
// than its status. what names it, such as "splunk: code 4 (invalid token)".
func ByStatus(r *Response, what string) *sink.Error {
	e := &sink.Error{Err: fmt.Errorf("%s (HTTP %d)", what, r.Status)}
	switch {
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden:
		return Blocked(SettingSecret, "%w", e.Err)
	case r.Status == http.StatusRequestEntityTooLarge, r.Status == http.StatusBadRequest:
		e.Kind = sink.Content
	case isTransient(r.Status):
		e.RetryAfter = sink.RetryAfter(r.Header, r.Now)
	case r.Status >= 300 && r.Status < 400:
		return Blocked(r.Where, "%w, a redirect, which is not followed", e.Err)
	case r.Status == http.StatusNotFound, r.Status == http.StatusMethodNotAllowed, r.Status == http.StatusGone:
		return Blocked(r.Where, "%w", e.Err)
	case r.Status >= 400:
		e.Kind = sink.Unknown
	}
	return e
}

func isTransient(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout ||
		status == http.StatusTooEarly
}

// NotItsOwn says what a response means that is not the destination's: the page of a
// proxy, of a load balancer or of another server. A status that says that nothing gets
// through there is Blocked. One that may be about the content of one record, as a web
// application firewall answers, is Unknown: the batch is halved to find the record, and
// nothing is dead-lettered. A success is none.
func NotItsOwn(name string, r *Response) *sink.Error {
	e := &sink.Error{Err: fmt.Errorf("%s: the response is not that of the destination (HTTP %d, %s)",
		name, r.Status, mediaType(r.Header))}
	switch {
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusProxyAuthRequired,
		r.Status == http.StatusNotFound, r.Status == http.StatusMethodNotAllowed, r.Status == http.StatusGone,
		r.Status >= 300 && r.Status < 400:
		return Blocked(r.Where, "%w", e.Err)
	case r.Status == http.StatusRequestEntityTooLarge:
		e.Kind = sink.Content
	case r.Status >= 400 && !isTransient(r.Status):
		e.Kind = sink.Unknown
	case isTransient(r.Status):
		e.RetryAfter = sink.RetryAfter(r.Header, r.Now)
	}
	return e
}

// mediaType is the content type of a response as it may be printed.
func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || len(t) > 64 {
		return "no content type"
	}
	return t
}

// IsObject reports whether the body is one JSON object.
func (r *Response) IsObject() bool {
	v := jsontext.Value(r.Body)
	return v.Kind() == '{' && v.IsValid()
}
