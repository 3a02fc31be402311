package https

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Report is what Check has seen.
type Report struct {
	Seen   string // what is right; "" where nothing could be seen
	Unseen string // what could not be seen, and why; "" nothing
}

// Check asks the destination, by the cheapest calls that it has, whether it accepts our
// credentials and whether what we write to exists. It writes nothing. An error of the
// kind Blocked names the setting at fault; any other says why there is no answer.
func (s *Sink) Check(ctx context.Context) (Report, *sink.Error) { return s.preset.Check(ctx, s) }

// check makes one call of Check. body is JSON or nil.
func (s *Sink) check(ctx context.Context, method string, u *url.URL, body []byte) (*Response, *sink.Error) {
	return s.exchange(ctx, &request{method: method, url: u, body: body})
}

// checkHEC sends a request without an event, to which HEC answers with code 5, "No data",
// once it has accepted the token (docs.splunk.com, Splunk Enterprise 9.1.1, "Troubleshoot
// HTTP Event Collector"; Amazon Data Firehose checks its token so). Whether the token may
// write to an index, HEC says of an event only.
func checkHEC(ctx context.Context, s *Sink) (Report, *sink.Error) {
	r, failure := s.check(ctx, http.MethodPost, s.url, nil)
	if failure != nil {
		return Report{}, failure
	}
	in, ok := readHEC(r.Body)
	switch {
	case !ok:
		return Report{}, notItsOwn(s.preset.Name, r)
	case in.code != hecNoData:
		return Report{}, hecError(r, in.code)
	}
	report := Report{Seen: "the token is accepted"}
	if s.config.Index != "" {
		report.Unseen = fmt.Sprintf("whether the token may write to index %s: HEC says so of an event only", s.config.Index)
	}
	return report, nil
}

// hecNoData is the code of a request without an event.
const hecNoData = 5

// checkDatadog asks whether the API key is valid: GET /api/v1/validate on the site's own
// host api.SITE, which answers 403 where it is not (docs.datadoghq.com, "Validate API
// key", 2026-11).
func checkDatadog(ctx context.Context, s *Sink) (Report, *sink.Error) {
	u := *under(s.url, datadogPath, "/api/v1/validate")
	if site, ok := strings.CutPrefix(u.Host, "http-intake.logs."); ok {
		u.Host = "api." + site
	}
	r, failure := s.check(ctx, http.MethodGet, &u, nil)
	if failure != nil {
		return Report{}, failure
	}
	var in struct{ Valid *bool }
	own := json.Unmarshal(r.Body, &in) == nil && r.IsObject()
	switch {
	case own && r.Status == http.StatusOK && in.Valid != nil && *in.Valid:
		return Report{Seen: "the API key is valid"}, nil
	case own && r.Status == http.StatusOK && in.Valid != nil:
		return Report{}, Blocked(SettingSecret, "datadog: the API key is not valid")
	case !own || r.Status < http.StatusBadRequest:
		return Report{}, notItsOwn(s.preset.Name, r)
	}
	return Report{}, byStatus(r, s.preset.Name)
}

// The privileges that Elasticsearch is asked about: the two that the sink's page asks for,
// and what reading the name of a data stream takes ("Security privileges", Elasticsearch
// reference, 2026-11).
const (
	mayCreate    = "create_doc"
	mayConfigure = "auto_configure"
	mayLook      = "view_index_metadata"
)

// checkElastic asks what the key or user may do ("Has privileges API", Elasticsearch
// reference 7.6: all users can use it, to determine their own), and whether the data
// stream exists where it may.
func checkElastic(ctx context.Context, s *Sink) (Report, *sink.Error) {
	base, name := s.target()
	body, err := json.Marshal(map[string]any{"index": []any{map[string]any{
		"names": []string{name}, "privileges": []string{mayCreate, mayConfigure, mayLook},
	}}})
	if err != nil {
		return Report{}, transient("elastic: write the question: %w", err)
	}
	base.Path += "/_security/user/_has_privileges"
	r, failure := s.check(ctx, http.MethodPost, base, body)
	if failure != nil {
		return Report{}, failure
	}
	var in struct{ Index map[string]map[string]bool }
	switch {
	case refusal(r) != 0:
		return Report{}, Blocked(SettingSecret, "elastic: the key, or user and password, is not accepted (HTTP %d)", r.Status)
	case !r.IsObject():
		return Report{}, notItsOwn(s.preset.Name, r)
	case r.Status != http.StatusOK:
		return Report{}, byStatus(r, "elastic: "+requestError(r.Body))
	case json.Unmarshal(r.Body, &in) != nil || in.Index[name] == nil:
		return Report{}, notItsOwn(s.preset.Name, r)
	}
	may := in.Index[name]
	if !may[mayCreate] {
		return Report{}, Blocked(SettingSecret, "elastic: the key or user lacks the privilege %s for %s", mayCreate, name)
	}
	report := Report{Seen: "the key or user may write to " + name}
	if !may[mayLook] {
		if !may[mayConfigure] {
			report.Unseen = fmt.Sprintf("whether %s exists: the key or user lacks %s and %s", name, mayLook, mayConfigure)
		}
		return report, nil // or the first event makes it
	}
	exists, _, failure := s.exists(ctx)
	switch {
	case failure != nil:
		return Report{}, failure
	case !exists && !may[mayConfigure]:
		return Report{}, Blocked(SettingDataStream, "elastic: there is no %s, and to make it the key or user lacks the "+
			"privilege %s", name, mayConfigure)
	case !exists:
		report.Seen += ", which the first event makes"
	}
	return report, nil
}

// checkOpenSearch asks whether the index or data stream exists. With SigV4 the request is
// signed by other credentials than those of the function, so that a refusal says nothing
// about the function.
func checkOpenSearch(ctx context.Context, s *Sink) (Report, *sink.Error) {
	_, name := s.target()
	_, setting := (&bulk{setting: SettingIndex}).target(&s.config)
	exists, refused, failure := s.exists(ctx)
	switch {
	case failure != nil:
		return Report{}, failure
	case refused != 0 && isSigned(&s.config):
		return Report{Unseen: "whether the function may write to " + name + ": your own identity may not read it"}, nil
	case refused == http.StatusForbidden:
		return Report{Seen: "the user and password are accepted",
			Unseen: "whether " + name + " exists: the user may not read its aliases"}, nil
	case refused != 0:
		return Report{}, Blocked(SettingSecret, "opensearch: the user and password are not accepted (HTTP %d)", refused)
	case !exists:
		return Report{}, Blocked(setting, "opensearch: there is no %s; the first event makes it only where the service "+
			"creates indexes by itself", name)
	}
	return Report{Seen: name + " exists"}, nil
}

// exists reports whether the index, data stream or alias exists, by a request of its
// aliases, the cheapest about it ("Get alias", OpenSearch 2.19 and Elasticsearch 8.17).
// refused is 401 or 403 where the destination does not say.
func (s *Sink) exists(ctx context.Context) (exists bool, refused int, failure *sink.Error) {
	u, name := s.target()
	u.Path += "/" + name + "/_alias"
	r, failure := s.check(ctx, http.MethodGet, u, nil)
	if failure != nil {
		return false, 0, failure
	}
	what := requestError(r.Body)
	switch {
	case refusal(r) != 0:
		return false, refusal(r), nil
	case !r.IsObject():
		return false, 0, notItsOwn(s.preset.Name, r)
	case r.Status == http.StatusOK:
		return true, 0, nil
	case r.Status == http.StatusNotFound && what == "index_not_found_exception":
		return false, 0, nil
	}
	return false, 0, byStatus(r, s.preset.Name+": "+what)
}

// refusal returns 401 or 403 where this is the destination's own response; the security
// plugin of OpenSearch writes it as plain text.
func refusal(r *Response) int {
	if r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden ||
		!r.IsObject() && mediaType(r.Header) != "text/plain" {
		return 0
	}
	return r.Status
}
