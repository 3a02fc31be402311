package reconcile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// SearchAPI is what Search needs of an *https.Index.
type SearchAPI interface {
	Name() string
	Call(ctx context.Context, method, path, query string, body []byte) (*https.Response, *sink.Error)
}

// Search is the documents in a data stream, index or alias of Elasticsearch or OpenSearch, read with
// _search.
//
// It reads a point in time, which does not change, in pages by search_after. The sort is by a value that
// no two documents share:
//
//   - _shard_doc, which is "unique per document and constant within a PIT" (Elasticsearch
//     pull request 68833; 7.12 and later; OpenSearch pull request 18924; 3.3 and later);
//   - else, with OpenSearch, _id and _index. Elasticsearch 8 refuses to sort by _id
//     (indices.id_field_data.enabled); OpenSearch 2.19.6 allows it.
//
// Each response says how many documents there are. It is an error where another number was returned, or
// where a response lacks a part.
type Search struct {
	API SearchAPI
	// OpenSearch is true for OpenSearch, false for Elasticsearch.
	OpenSearch bool
	// Sleep waits before a call is made again.
	Sleep func(context.Context, time.Duration) error

	pageSize int // 0 is the default; for tests
}

const (
	// pageSize is how many documents a page has at first: a page that is too long is asked
	// for again with half as many.
	pageSize = 1000
	// keepAlive is how long the service keeps the point in time after each page. Every
	// page is asked for up to searchTries times, a minute each.
	keepAlive   = "10m"
	searchTries = 5
	// The first and the longest pause between tries, unless the service says how long to wait.
	firstSearchPause, maxSearchPause = time.Second, 30 * time.Second
	// closeTimeout is how long closing the point in time may take.
	closeTimeout = 10 * time.Second
)

// sorts returns the orders to try: the first that the service accepts is used.
func (s *Search) sorts() []string {
	list := []string{`[{"_shard_doc":"asc"}]`}
	if s.OpenSearch {
		list = append(list, `[{"_id":"asc"},{"_index":"asc"}]`)
	}
	return list
}

// Read reads all documents except those whose time is before the window.
func (s *Search) Read(ctx context.Context, w Window, take Take) (HeldRead, error) {
	c := &searchCursor{search: s, query: s.query(ctx, w), size: cmp.Or(s.pageSize, pageSize), total: -1, sorts: s.sorts()}
	read, err := c.read(ctx, take)
	if err != nil {
		return read, fmt.Errorf("search %s: %w", s.API.Name(), err)
	}
	return read, nil
}

// times are the fields that hold the time of a document: of a data stream, of a raw event
// and of an OCSF record.
var times = []string{"@timestamp", "published", "time"}

// query returns the query that leaves out documents whose time is before the window, less a margin for
// the difference between clocks. It uses the fields that all indexes map as dates or as numbers; a
// document without such a field is kept. Where the mapping cannot be read, all documents are read.
func (s *Search) query(ctx context.Context, w Window) string {
	var mapped struct {
		Fields map[string]map[string]json.RawMessage `json:"fields"`
	}
	r, failure := s.API.Call(ctx, http.MethodGet, "/"+s.API.Name()+"/_field_caps",
		"fields="+strings.Join([]string{"%40timestamp", times[1], times[2]}, "%2C"), nil)
	if failure != nil || json.Unmarshal(r.Body, &mapped) != nil {
		return `{"match_all":{}}`
	}
	start := strconv.FormatInt(max(w.Since.Add(-before).UnixMilli(), 0), 10)
	var earlier []string
	for _, field := range times {
		var dates, numbers, others int
		for kind := range mapped.Fields[field] {
			switch kind {
			case "date", "date_nanos":
				dates++
			case "long":
				numbers++
			case "unmapped":
			default:
				others++
			}
		}
		switch {
		case others > 0:
		case dates > 0 && numbers == 0:
			earlier = append(earlier, `{"range":{"`+field+`":{"lt":"`+start+`","format":"epoch_millis"}}}`)
		case numbers > 0 && dates == 0:
			earlier = append(earlier, `{"range":{"`+field+`":{"lt":`+start+`}}}`)
		}
	}
	return `{"bool":{"must_not":[` + strings.Join(earlier, ",") + `]}}`
}

// searchCursor is one read.
type searchCursor struct {
	search *Search
	query  string
	sorts  []string // the first is used, and the others where it is refused
	pit    string   // the identifier of the point in time
	after  json.RawMessage
	size   int
	seen   int64
	total  int64 // -1 before the first page
}

func (c *searchCursor) read(ctx context.Context, take Take) (read HeldRead, err error) {
	if err := c.open(ctx); err != nil {
		return read, fmt.Errorf("open a point in time: %w", err)
	}
	defer c.close(ctx)
	r := newRecogniser()
	for range maxPages {
		hits, err := c.page(ctx)
		if err != nil {
			return read, err
		}
		for i := range hits {
			if err := r.document(&hits[i], &read, take); err != nil {
				return read, err
			}
		}
		if c.seen == c.total {
			return read, nil
		}
	}
	return read, fmt.Errorf("more than %d pages: %w", maxPages, ErrIncomplete)
}

// shards is how many shards have responded.
type shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Failed     int `json:"failed"`
}

func (s *shards) missing() bool { return s.Failed > 0 || s.Successful < s.Total }

// open opens the point in time.
func (c *searchCursor) open(ctx context.Context) error {
	path := "/" + c.search.API.Name() + "/_pit"
	if c.search.OpenSearch {
		path = "/" + c.search.API.Name() + "/_search/point_in_time"
	}
	r, err := c.call(ctx, path, "keep_alive="+keepAlive, nil)
	if err != nil {
		return err
	}
	var in struct {
		ID     string  `json:"id"`
		PITID  string  `json:"pit_id"`
		Shards *shards `json:"_shards"` // which Elasticsearch does not say in all versions
	}
	if err := json.Unmarshal(r.Body, &in); err != nil {
		return fmt.Errorf("unreadable response: %w", ErrIncomplete)
	}
	if c.pit = in.ID; c.search.OpenSearch {
		c.pit = in.PITID
	}
	switch {
	case c.pit == "", c.search.OpenSearch && in.Shards == nil:
		return fmt.Errorf("unreadable response: %w", ErrIncomplete)
	case in.Shards != nil && in.Shards.missing():
		c.close(ctx)
		return fmt.Errorf("%d of %d shards are in it: %w", in.Shards.Successful, in.Shards.Total, ErrIncomplete)
	}
	return nil
}

// close closes the point in time. Where that fails, the service closes it after keepAlive.
func (c *searchCursor) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	path, body := "/_pit", map[string]any{"id": c.pit}
	if c.search.OpenSearch {
		path, body = "/_search/point_in_time", map[string]any{"pit_id": []string{c.pit}}
	}
	text, err := json.Marshal(body)
	if err == nil {
		_, _ = c.search.API.Call(ctx, http.MethodDelete, path, "", text)
	}
}

// hit is a document.
type hit struct {
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
	Sort   json.RawMessage `json:"sort"`
}

// searchPage is a response of _search.
type searchPage struct {
	PIT      string  `json:"pit_id"`
	TimedOut *bool   `json:"timed_out"`
	Early    bool    `json:"terminated_early"`
	Shards   *shards `json:"_shards"`
	Hits     *struct {
		Total *struct {
			Value    int64  `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
}

// fault returns why the response is not that of a complete search, "" where it is.
func (p *searchPage) fault() string {
	switch {
	case p.TimedOut == nil || p.Shards == nil || p.Hits == nil || p.Hits.Total == nil:
		return "unreadable response"
	case *p.TimedOut:
		return "the search timed out, and the response has only a part"
	case p.Early:
		return "the search ended too early"
	case p.Shards.missing():
		return fmt.Sprintf("%d of %d shards answered", p.Shards.Successful, p.Shards.Total)
	case p.Hits.Total.Relation != "eq":
		return "the response does not say how many documents there are"
	}
	return ""
}

// page reads the next page.
func (c *searchCursor) page(ctx context.Context) ([]hit, error) {
	r, err := c.ask(ctx)
	if err != nil {
		return nil, err
	}
	var p searchPage
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return nil, fmt.Errorf("unreadable response: %w", ErrIncomplete)
	}
	if fault := p.fault(); fault != "" {
		return nil, fmt.Errorf("%s: %w", fault, ErrIncomplete)
	}
	if p.PIT != "" {
		c.pit = p.PIT
	}
	if c.total < 0 {
		c.total = p.Hits.Total.Value
	}
	hits := p.Hits.Hits
	c.seen += int64(len(hits))
	switch {
	case c.total != p.Hits.Total.Value:
		return nil, fmt.Errorf("the number of documents changed from %d to %d: %w",
			c.total, p.Hits.Total.Value, ErrIncomplete)
	case c.seen > c.total, len(hits) == 0 && c.seen < c.total:
		return nil, fmt.Errorf("%d of %d documents were returned: %w", c.seen, c.total, ErrIncomplete)
	case len(hits) == 0:
		return nil, nil
	}
	after := hits[len(hits)-1].Sort
	if len(after) == 0 || bytes.Equal(after, c.after) {
		return nil, fmt.Errorf("a page ends where the one before ended: %w", ErrIncomplete)
	}
	c.after = slices.Clone(after)
	return hits, nil
}

// ask requests a page: a smaller one where it is too long, and in another order where the service does
// not know the first.
func (c *searchCursor) ask(ctx context.Context) (*https.Response, error) {
	for {
		pit, err := json.Marshal(map[string]string{"id": c.pit, "keep_alive": keepAlive})
		if err != nil {
			return nil, err
		}
		body := fmt.Appendf(nil, `{"size":%d,"track_total_hits":true,"pit":%s,"sort":%s,"query":%s`,
			c.size, pit, c.sorts[0], c.query)
		if c.after != nil {
			body = append(append(body, `,"search_after":`...), c.after...)
		}
		r, err := c.call(ctx, "/_search", "", append(body, '}'))
		switch {
		case err == nil:
			return r, nil
		case errors.Is(err, https.ErrTooLong) && c.size > 1:
			c.size /= 2
		case sink.KindOf(err) == sink.Content && c.after == nil && len(c.sorts) > 1:
			c.sorts = c.sorts[1:]
		case sink.KindOf(err) == sink.Content && c.after == nil:
			return nil, fmt.Errorf("the service accepts no sort by a unique value: %w: %w", err, ErrIncomplete)
		case sink.KindOf(err) == sink.Unknown:
			return nil, fmt.Errorf("the point in time may have been lost: %w: %w", err, ErrIncomplete)
		default:
			return nil, err
		}
	}
}

// call makes a POST request, and makes it again where it may succeed later.
func (c *searchCursor) call(ctx context.Context, path, query string, body []byte) (*https.Response, error) {
	pause := firstSearchPause
	for try := 1; ; try++ {
		r, failure := c.search.API.Call(ctx, http.MethodPost, path, query, body)
		switch {
		case failure == nil:
			return r, nil
		case failure.Kind != sink.Transient, errors.Is(failure, https.ErrTooLong), ctx.Err() != nil, try == searchTries:
			return nil, failure
		}
		if err := c.search.Sleep(ctx, min(max(pause, failure.RetryAfter), maxSearchPause)); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// document counts a document in read, and gives take the event in it.
func (r *recogniser) document(h *hit, read *HeldRead, take Take) error {
	uuid, ms, ok := r.elastic(h)
	if !ok {
		return r.record(h.Source, read, take)
	}
	read.Records++
	return take(uuid, ms)
}

// elastic returns the uuid and the time of a document that the ingest pipeline of Elastic's
// Okta integration has made of an event: the uuid is okta.uuid and the _id, and published is
// the @timestamp (elastic/integrations 1dfd370d, packages/okta/data_stream/system, 3.14.0).
func (r *recogniser) elastic(h *hit) (uuid []byte, publishedMS int64, ok bool) {
	t := &r.tree
	if t.Parse(h.Source) != nil || t.Nodes[0].Kind != '{' {
		return nil, 0, false
	}
	okta, stamp := t.Member(0, "okta"), t.Member(0, "@timestamp")
	if okta == 0 || t.Nodes[okta].Kind != '{' || stamp == 0 || t.Nodes[stamp].Kind != '"' {
		return nil, 0, false
	}
	if own := t.Member(okta, "published"); own != 0 && t.Nodes[own].Kind == '"' {
		stamp = own
	}
	publishedMS, ok = events.ParsePublished(t.String(stamp))
	r.uuid = append(r.uuid[:0], h.ID...)
	if own := t.Member(okta, "uuid"); own != 0 && t.Nodes[own].Kind == '"' {
		r.uuid = t.AppendString(r.uuid[:0], own)
	}
	return r.uuid, publishedMS, ok && len(r.uuid) > 0
}
