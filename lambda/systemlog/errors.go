package systemlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Kind is what has to be changed for a read to succeed.
type Kind int

// The kinds. Another try would fail in the same way, except of those that may succeed later.
const (
	WrongURL     Kind = iota + 1 // the server at the address is not an Okta org
	WrongToken                   // Okta does not accept the token, or the app's id and key
	MissingScope                 // the app is not granted okta.logs.read
	MissingRole                  // the token's user or the app may not read the System Log
	ClockSkew                    // the clock of this machine and Okta's differ too much
	DPoPRefused                  // Okta demands DPoP and does not accept our proof
	BadWindow                    // since is not before until
	TooOld                       // the whole window is older than Okta keeps events
	Refused                      // any other refusal
	ForeignLink                  // a next link leads away from the org
	Unreadable                   // a response is not what the API documents
	QueryTimeout                 // Okta could not finish the query in its 30 s; may succeed later
	RateLimited                  // too many requests; may succeed later
	Unavailable                  // 5xx, network, time-out; may succeed later
)

// Error is why a read failed. Its text holds no secret and nothing of an event.
type Error struct {
	Kind   Kind
	Doing  string // what was being done
	Status int    // of the response; 0 where there was none
	Code   string // Okta's error code, such as E0000011, or OAuth's, such as invalid_client
	ID     string // Okta's id of the error, for its support
	Detail string // in words
	Step   string // what to do about it
	Err    error  // the cause, where there is one

	again bool          // may succeed later
	wait  time.Duration // at least so long from now
}

func (e *Error) Error() string {
	text := e.Doing + ": " + e.Detail
	var more []string
	if e.Status != 0 {
		more = append(more, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Code != "" {
		more = append(more, e.Code)
	}
	if e.ID != "" {
		more = append(more, "error id "+e.ID)
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error; 0 where it has none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// problem is the body of an error response: Okta's own form, or that of OAuth 2.0.
type problem struct {
	ErrorCode        string `json:"errorCode"`
	ErrorSummary     string `json:"errorSummary"`
	ErrorID          string `json:"errorId"`
	OAuthError       string `json:"error"`
	OAuthDescription string `json:"error_description"`
}

var (
	codePattern = regexp.MustCompile(`^(E[0-9]{7}|[a-z_]{1,40})$`)
	idPattern   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
)

// readProblem reads the body of an error response. Values that do not have the form that Okta documents
// are left out.
func readProblem(body []byte) (code, id, summary string) {
	var p problem
	if json.Unmarshal(body, &p) != nil {
		return "", "", ""
	}
	code, summary = p.ErrorCode, p.ErrorSummary
	if code == "" {
		code, summary = p.OAuthError, p.OAuthDescription
	}
	if !codePattern.MatchString(code) {
		code = ""
	}
	if id = p.ErrorID; !idPattern.MatchString(id) {
		id = ""
	}
	return code, id, printable(summary, 200)
}

// secretPattern matches tokens, keys and parts of signed assertions: an API token has 42 characters.
var secretPattern = regexp.MustCompile(`[A-Za-z0-9_+/=-]{24,}`)

// printable returns text as it may be printed: printable ASCII, at most longest bytes, and nothing that
// may be a secret.
func printable(text string, longest int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text[:min(len(text), 4*longest)])
	text = secretPattern.ReplaceAllString(strings.TrimSpace(text), "...")
	return text[:min(len(text), longest)]
}

const (
	readPage    = "read a page of the System Log"
	accessToken = "get an access token"

	dpopStep = "turn off DPoP for the app, or report this: oktastream sends the proof that Okta documents"
)

// responseError returns the error of a response other than 200. doing is readPage, readStreams or
// accessToken.
func (a *authorizer) responseError(doing string, r *http.Response, body []byte) *Error {
	e := &Error{Doing: doing, Status: r.StatusCode}
	var summary string
	if e.Code, e.ID, summary = readProblem(body); e.ID == "" {
		if id := r.Header.Get("X-Okta-Request-Id"); idPattern.MatchString(id) {
			e.ID = id
		}
	}
	e.Kind, e.Detail, e.Step = Refused, "Okta refuses the request", "look the error code up in Okta's documentation"
	if summary != "" {
		e.Detail += ": " + summary
	}
	switch {
	case r.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.again, e.wait = RateLimited, true, untilReset(r.Header, a.c.now())
		e.Detail = "the rate limit of the org is used up"
		if concurrency(r.Header) {
			e.Detail, e.wait = "too many requests of all clients of the org run at the same time", 0
		}
		e.Step = "lower the rate, or see in the Admin Console (Reports, Rate limits) which client uses it"
	case r.StatusCode >= 500 && e.Code == "E0000009":
		e.Kind, e.again = QueryTimeout, true
		e.Detail, e.Step = "Okta could not finish the query in its time", "try a shorter time window"
	case r.StatusCode >= 500 || r.StatusCode == http.StatusRequestTimeout:
		e.Kind, e.again = Unavailable, true
		e.Detail, e.Step = "Okta has a problem", "try later; see status.okta.com"
	case r.StatusCode >= 300 && r.StatusCode < 400:
		e.Kind, e.Detail, e.Step = WrongURL, "the address redirects to another one"+target(r), urlStep
	case html(r) || r.StatusCode == http.StatusNotFound:
		e.Kind, e.Detail, e.Step = WrongURL, "the server is not the API of an Okta org", urlStep
	case doing == accessToken:
		a.tokenError(e, r)
	default:
		a.pageError(e, r, summary)
	}
	return e
}

// pageError completes the error of a refused page.
func (a *authorizer) pageError(e *Error, r *http.Response, summary string) {
	challenge := strings.Join(r.Header.Values("WWW-Authenticate"), " ")
	switch {
	case strings.Contains(challenge, "insufficient_scope"):
		e.Kind, e.Detail, e.Step = MissingScope, "the access token lacks the scope "+a.scope, a.scopeStep()
	case r.StatusCode == http.StatusUnauthorized:
		e.Kind, e.Detail = WrongToken, "Okta does not accept the "+a.what()
		e.Step = a.step()
		if a.signs() {
			a.c.checkClock(e, r)
		}
	case r.StatusCode == http.StatusForbidden && e.Doing == readStreams:
		e.Kind, e.Detail = MissingRole, "the "+a.what()+" may not read the log streams"
		e.Step = "only a super admin may: its user or app needs the admin role Super Administrator"
	case r.StatusCode == http.StatusForbidden:
		e.Kind, e.Detail = MissingRole, "the "+a.what()+" may not read the System Log"
		e.Step = "give its user or app the admin role Report Administrator; " +
			"is it bound to a network zone without this machine?"
	case strings.Contains(challenge, "dpop"):
		e.Kind, e.Detail, e.Step = DPoPRefused, "Okta does not accept the DPoP proof", dpopStep
		a.c.checkClock(e, r)
	case strings.Contains(summary, "180 days"):
		e.Kind, e.Detail = TooOld, "Okta answers no query that begins more than 180 days ago"
		e.Step = "choose a later --since; is the clock of this machine right?"
	}
}

// tokenError completes the error of a refused access token.
func (a *authorizer) tokenError(e *Error, r *http.Response) {
	switch e.Code {
	case "invalid_scope":
		e.Kind, e.Step = MissingScope, a.scopeStep()
	case "invalid_dpop_proof", "use_dpop_nonce":
		e.Kind, e.Step = DPoPRefused, dpopStep
		a.c.checkClock(e, r)
	case "invalid_client", "invalid_grant", "unauthorized_client":
		e.Kind, e.Step = WrongToken, a.step()
		a.c.checkClock(e, r)
	}
}

// maxSkew is how much the clocks may differ before that is reported as the cause of a refused
// signature.
const maxSkew = time.Minute

// checkClock makes e an error of the clock where this machine's differs too much from the response's
// Date.
func (c *Client) checkClock(e *Error, r *http.Response) {
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return
	}
	skew := c.now().Sub(date).Round(time.Second)
	if skew.Abs() <= maxSkew {
		return
	}
	e.Kind = ClockSkew
	e.Detail = fmt.Sprintf("the clock of this machine is %v ahead of Okta's, and what it signs is not accepted", skew)
	if skew < 0 {
		e.Detail = fmt.Sprintf("the clock of this machine is %v behind Okta's, and what it signs is not accepted", -skew)
	}
	e.Step = "set the clock of this machine (NTP)"
}

func html(r *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind != "application/json"
}

// target returns where a redirect leads, for an error.
func target(r *http.Response) string {
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return ", at " + hostOf(u)
}
