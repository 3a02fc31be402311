package oktafake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of GET /api/v1/logs (OpenAPI 2026.06.3; System Log query, 2026-08-21).
const (
	defaultLimit = 100
	maxLimit     = 1000
	defaultSpan  = 7 * 24 * time.Hour
	retention    = 90 * 24 * time.Hour
	oldestSince  = 180 * 24 * time.Hour
)

const timedOut = "Your last request took too long to complete. This is likely due to a load issue on our side. " +
	"We've logged this and will work to address it. Please either simplify your query or wait a few minutes " +
	"and try again."

// read is a checked request to the log.
type read struct {
	params       url.Values // of the request without after, limit as it applies
	since, until time.Time
	polling      bool
	limit        int
	filter       func(event []byte) bool // nil is all
	at           cursor
}

// logs is GET /api/v1/logs.
func (o *Org) logs(r *request) answer {
	q := o.parse(r)
	if span := q.until.Sub(q.since); !q.polling && o.cfg.MaxWindow > 0 && span > o.cfg.MaxWindow {
		return answer{http.StatusInternalServerError, map[string]string{"errorCode": "E0000009", "errorSummary": timedOut}}
	}
	next := q.at
	next.N++
	if r.fault.EmptyPage {
		o.link(r, q, &next)
		return answer{http.StatusOK, []byte("[]")}
	}
	body, n, last := o.page(r, q)
	next = cursor{At: last.at, Seq: last.seq}
	switch {
	case r.fault.RepeatLink:
		o.link(r, q, &q.at)
	case q.polling && n == 0:
		o.link(r, q, &q.at) // the same link, until there is an event
	case q.polling, q.limit > 0 && n == q.limit:
		// A bounded page that is exactly full has a next link, even if there is no further event.
		o.link(r, q, &next)
	default:
		o.link(r, q, nil)
	}
	return answer{http.StatusOK, body}
}

// page writes the next events of a read, at most its limit, and returns where the
// page ends.
func (o *Org) page(r *request, q read) (body []byte, n int, last position) {
	last = position{q.at.At, q.at.Seq}
	start := last
	if r.fault.Overlap && start.seq >= 0 {
		start.seq--
	}
	now, oldest := r.now.UnixMilli(), r.now.Add(-retention).UnixMilli()
	end := q.until.UnixMilli()
	if o.cfg.UntilInclusive {
		end++
	}
	body = append(make([]byte, 0, min(q.limit, 64)*2500), '[')
	for at, record := range o.log.after(start, q.polling) {
		if n == q.limit || q.polling && at.at > now || !q.polling && at.at >= end {
			break
		}
		if record.persisted > now || record.published < oldest {
			continue
		}
		was := len(body)
		if n > 0 {
			body = append(body, ',')
		}
		from := len(body)
		body = o.log.write(body, record)
		if q.filter != nil && !q.filter(body[from:]) {
			body = body[:was]
			continue
		}
		last = at
		n++
	}
	return append(body, ']'), n, last
}

// parse checks a request to the log. Okta's parameter q is not known here.
func (o *Org) parse(r *request) read {
	r.known("since", "until", "after", "limit", "sortOrder", "filter")
	q := read{params: r.query, limit: defaultLimit, polling: !r.query.Has("until")}
	q.since, q.until = r.now.Add(-defaultSpan), r.now
	if r.query.Has("limit") {
		n, err := strconv.Atoi(r.query.Get("limit"))
		if err != nil || n < 0 || n > maxLimit {
			invalid("limit", fmt.Sprintf("must be a number from 0 to %d", maxLimit))
		}
		q.limit = n
	}
	if order := r.query.Get("sortOrder"); order != "" && order != "ASCENDING" {
		invalid("sortOrder", "the fake serves bounded and polling reads only, both are ASCENDING")
	}
	for name, t := range map[string]*time.Time{"since": &q.since, "until": &q.until} {
		if !r.query.Has(name) {
			continue
		}
		var err error
		if *t, err = time.Parse(time.RFC3339, r.query.Get(name)); err != nil {
			invalid(name, "The date format in your query is not recognized. "+
				"Please enter dates using ISO8601 string format.", "must be a valid date-time or empty.")
		}
	}
	switch {
	case !q.polling && !r.query.Has("since"):
		invalid("since", "the fake serves until only with since: neither bounded nor polling")
	case q.since.Before(r.now.Add(-oldestSince)):
		refuse(http.StatusBadRequest, "E0000053",
			"Invalid parameter: The since parameter is over 180 days prior to the current day.")
	case !q.polling && q.since.After(q.until):
		invalid("since", "must be before until")
	}
	if filter := r.query.Get("filter"); filter != "" {
		q.filter = parseFilter(filter)
	}
	q.at = cursor{At: q.since.UnixMilli(), Seq: -1}
	if after := r.query.Get("after"); r.query.Has("after") {
		delete(q.params, "after")
		var ok bool
		if q.at, ok = o.openCursor(after, q.params); !ok {
			invalid("after", "is not of a next link of this org, or another part of the link was changed")
		}
	}
	q.params.Set("since", stamp(q.since.UnixMilli()))
	q.params.Set("limit", strconv.Itoa(q.limit))
	return q
}

// cursor is the content of an after parameter. It is signed together with all other parameters of
// the link, so that a link is accepted only unchanged.
type cursor struct {
	At  int64 `json:"t"` // position in the order of the read
	Seq int   `json:"s"`
	N   int   `json:"n,omitempty"` // makes links to the same place different
}

func (o *Org) sign(payload, params string) []byte {
	mac := hmac.New(sha256.New, o.key)
	fmt.Fprintf(mac, "%s %s", payload, params)
	return mac.Sum(nil)[:16]
}

func (o *Org) sealCursor(c cursor, params url.Values) string {
	payload := string(mustJSON(c))
	return base64.RawURLEncoding.EncodeToString(append(o.sign(payload, params.Encode()), payload...))
}

func (o *Org) openCursor(after string, params url.Values) (c cursor, ok bool) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(after)
	if err != nil || len(sealed) < 16 {
		return c, false
	}
	payload := string(sealed[16:])
	if !hmac.Equal(sealed[:16], o.sign(payload, params.Encode())) {
		return c, false
	}
	return c, json.Unmarshal([]byte(payload), &c) == nil
}

// link sets the links of a page: self, and next unless there is none. They are
// absolute and percent-encoded, and next holds the request's own parameters.
func (o *Org) link(r *request, q read, next *cursor) {
	links := []string{fmt.Sprintf(`<%s%s>; rel="self"`, r.base(), r.Request.URL.RequestURI())}
	if next != nil {
		params := url.Values{}
		for name, values := range q.params {
			params[name] = values
		}
		params.Set("after", o.sealCursor(*next, q.params))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="next"`, r.base(), r.Request.URL.Path, params.Encode()))
	}
	if o.cfg.OneLinkHeader {
		links = []string{strings.Join(links, ", ")}
	}
	r.header["Link"] = links
}
