package https

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Index is a client of the API of Elasticsearch or OpenSearch. It reads where the sink of
// the same Config writes, and authenticates as the sink does.
type Index struct {
	sink *Sink
	base url.URL // what the paths of the API are appended to
	name string
}

// maxRead is how much of one response is read, in bytes, after decompression: a page of a
// search. It bounds memory.
const maxRead = 32 << 20

// readTimeout is how long one call may take: a search waits for all shards.
const readTimeout = time.Minute

// NewIndex makes an Index. Its error names the setting that is at fault. c.Format is not
// used.
func NewIndex(c Config) (*Index, error) {
	c.Format, c.Discard = "", false
	c.CallTimeout = cmp.Or(c.CallTimeout, readTimeout)
	s, err := New(c)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(s.url.Path, "/_bulk") {
		return nil, fmt.Errorf("%s cannot be searched: elastic and opensearch can", s.preset.Name)
	}
	base, name := s.target()
	return &Index{sink: s, base: *base, name: name}, nil
}

// target returns, of a sink of _bulk, what the paths of the API are appended to, and the
// name of the data stream, index or alias.
func (s *Sink) target() (base *url.URL, name string) {
	path := strings.TrimSuffix(s.url.Path, "/_bulk")
	at := strings.LastIndexByte(path, '/')
	u := *s.url
	u.Path, u.RawQuery = path[:at], ""
	return &u, path[at+1:]
}

// Name returns the name of the data stream, index or alias.
func (x *Index) Name() string { return x.name }

// Call makes one call of the API: path is below the endpoint, query is encoded, and body is
// JSON or nil. The response is a success and one JSON object. The error is Content where
// the request itself was refused with 400, and Blocked where a setting of ours is at fault.
func (x *Index) Call(ctx context.Context, method, path, query string, body []byte) (*Response, *sink.Error) {
	u := x.base
	u.Path, u.RawQuery = u.Path+path, query
	r, failure := x.sink.exchange(ctx, &request{method: method, url: &u, body: body, most: maxRead})
	if failure != nil {
		return nil, failure
	}
	name := x.sink.preset.Name
	what := name + ": " + requestError(r.Body)
	switch {
	case refusal(r) != 0:
		return nil, x.sink.config.forbidden(fmt.Sprintf("%s (HTTP %d)", what, r.Status), "read", x.name)
	case !r.IsObject():
		return nil, notItsOwn(name, r)
	case r.Status == http.StatusNotFound && strings.Contains(what, "index_not_found_exception"):
		setting := SettingIndex
		if x.sink.config.DataStream != "" || name == "elastic" {
			setting = SettingDataStream
		}
		return nil, Blocked(setting, "%s (HTTP %d): there is no %s", what, r.Status, x.name)
	case r.Status == http.StatusNotFound:
		return nil, &sink.Error{Kind: sink.Unknown, Err: fmt.Errorf("%s (HTTP %d)", what, r.Status)}
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		return nil, byStatus(r, what)
	}
	return r, nil
}
