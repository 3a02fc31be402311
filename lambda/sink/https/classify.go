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

// byStatus returns what a response means that is the destination's own and says no more
// than its status. what names it, such as "splunk: code 4 (invalid token)".
func byStatus(r *Response, what string) *sink.Error { return judge(r, true, what) }

// notItsOwn returns what a response means that is not the destination's: the page of a
// proxy, of a load balancer or of another server. A status that says that nothing gets
// through there is Blocked. One that may be about the content of one record, as a web
// application firewall answers, is Unknown: the batch is halved to find the record, and
// nothing is dead-lettered. A success is Transient.
func notItsOwn(name string, r *Response) *sink.Error {
	return judge(r, false, fmt.Sprintf("%s: the response is not that of the destination, %s", name, mediaType(r.Header)))
}

// judge returns what the status of a response means. own is true where the response is
// the destination's own.
func judge(r *Response, own bool, what string) *sink.Error {
	e := &sink.Error{Err: fmt.Errorf("%s (HTTP %d)", what, r.Status)}
	switch s := r.Status; {
	case own && (s == http.StatusUnauthorized || s == http.StatusForbidden):
		return Blocked(SettingSecret, "%w", e.Err)
	case s/100 == 3:
		return Blocked(r.Where, "%w, a redirect, which is not followed", e.Err)
	case s == http.StatusUnauthorized, s == http.StatusProxyAuthRequired, s == http.StatusNotFound,
		s == http.StatusMethodNotAllowed, s == http.StatusGone:
		return Blocked(r.Where, "%w", e.Err)
	case s == http.StatusRequestEntityTooLarge, own && s == http.StatusBadRequest:
		e.Kind = sink.Content
	case s >= 500, s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly:
		e.RetryAfter = sink.RetryAfter(r.Header, r.Now)
	case s >= 400:
		e.Kind = sink.Unknown
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
