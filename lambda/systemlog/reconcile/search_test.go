package reconcile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// searched is a fake of Elasticsearch or OpenSearch, the sink that writes to it, and the
// reader under test.
type searched struct {
	*httpsfake.Bulk
	*Search
	to     *https.Sink
	server *httptest.Server
	format pipeline.Format
	// change is given each response of _search and of a new point in time.
	change func(path string, status int, body []byte) (int, []byte)
	sleeps int
}

func newSearched(t testing.TB, o httpsfake.BulkOptions, c https.Config) *searched {
	t.Helper()
	s := &searched{Bulk: httpsfake.NewBulk(o), format: pipeline.Raw}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.change == nil || strings.HasSuffix(r.URL.Path, "_bulk") {
			s.Bulk.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		s.Bulk.ServeHTTP(answer, r)
		status, body := s.change(r.URL.Path, answer.Code, answer.Body.Bytes())
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.server.Close)
	c.Endpoint = s.server.URL
	if o.SigV4 == nil {
		c.Secret = httpsfake.Secret("user:password")
	}
	if c.Format == "ocsf" {
		s.format = pipeline.OCSF
	}
	var err error
	if s.to, err = https.New(c); err != nil {
		t.Fatal(err)
	}
	index, err := https.NewIndex(c)
	if err != nil {
		t.Fatal(err)
	}
	sleep := func(ctx context.Context, _ time.Duration) error { s.sleeps++; return ctx.Err() }
	s.Search = &Search{API: index, OpenSearch: c.Preset == "opensearch", Sleep: sleep}
	return s
}

// stores are the ways in which events lie in Elasticsearch and OpenSearch.
var stores = map[string]struct {
	options httpsfake.BulkOptions
	config  https.Config
}{
	"elastic, the integration's documents": {
		httpsfake.BulkOptions{Elasticsearch: true, DataStreams: []string{"logs-*"}, Pipeline: httpsfake.OktaPipeline},
		https.Config{Preset: "elastic"},
	},
	"elastic, the raw text": {
		httpsfake.BulkOptions{Elasticsearch: true, DataStreams: []string{"logs-*"}},
		https.Config{Preset: "elastic", Auth: "basic"},
	},
	"opensearch, raw":            {httpsfake.BulkOptions{}, https.Config{Preset: "opensearch", Auth: "basic"}},
	"opensearch, ocsf":           {httpsfake.BulkOptions{}, https.Config{Preset: "opensearch", Auth: "basic", Format: "ocsf"}},
	"opensearch 3.3, _shard_doc": {httpsfake.BulkOptions{ShardDoc: true}, https.Config{Preset: "opensearch", Auth: "basic"}},
	"opensearch, a data stream": {
		httpsfake.BulkOptions{DataStreams: []string{"logs-*"}},
		https.Config{Preset: "opensearch", Auth: "basic", DataStream: "logs-okta", Format: "ocsf"},
	},
	"opensearch, signed": {
		httpsfake.BulkOptions{SigV4: &httpsfake.SigV4{
			Service: "aoss", Region: "eu-central-1", Credentials: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"},
		}},
		https.Config{
			Preset: "opensearch", Auth: "aoss", Region: "eu-central-1",
			Credentials: credentials.NewStaticCredentialsProvider("AKID", "s", ""),
		},
	},
}

// store has the sink deliver events.
func (s *searched) store(t testing.TB, list ...[]byte) (want []record) {
	t.Helper()
	var records []sink.Record
	for _, e := range list {
		line, one := normalised(t, pipeline.Config{Format: s.format}, e)
		want = append(want, one)
		records = append(records, sink.Record{Line: line, UUID: one.uuid, TimeMS: one.at.UnixMilli()})
	}
	answers := make([]sink.Answer, len(records))
	if err := s.to.Deliver(t.Context(), records, answers); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.State != sink.Accepted {
			t.Fatalf("%s: %+v", want[i].uuid, a)
		}
	}
	return want
}

// same reports whether two lists hold the same records, as often.
func same(a, b []record) bool {
	order := func(x, y record) int { return strings.Compare(x.uuid, y.uuid) }
	a, b = slices.SortedStableFunc(slices.Values(a), order), slices.SortedStableFunc(slices.Values(b), order)
	return slices.Equal(a, b)
}

// Every event is found once, whatever form it is stored in, also where many have the same
// time and pages end between them. The point in time is given up.
func TestSearch(t *testing.T) {
	for name, test := range stores {
		t.Run(name, func(t *testing.T) {
			s := newSearched(t, test.options, test.config)
			s.pageSize = 7
			var list [][]byte
			for n := range 40 {
				list = append(list, event(n, now.Add(time.Duration(n/10-30)*time.Minute)).JSON)
			}
			want := s.store(t, list...)
			got, read, err := all(t, s)
			if err != nil || !same(got, want) || read != (HeldRead{Records: 40}) {
				t.Errorf("%d records, %+v, %v", len(got), read, err)
			}
			if n := s.PointsInTime(); n != 0 {
				t.Errorf("%d points in time are open", n)
			}
		})
	}
}

// Whatever is stored, in pages of any length, is found as often as it is stored: the same
// event in two backing indexes twice. What is written while it is read is not.
func TestSearchFindsWhatIsThere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"elastic, the integration's documents", "opensearch, a data stream"}).Draw(rt, "store")
		s := newSearched(t, stores[name].options, stores[name].config)
		defer s.server.Close()
		s.pageSize = rapid.IntRange(1, 9).Draw(rt, "page")
		var want []record
		stream := s.API.Name()
		for range rapid.IntRange(1, 3).Draw(rt, "indexes") {
			var list [][]byte
			first, n := rapid.IntRange(0, 10).Draw(rt, "first"), rapid.IntRange(1, 15).Draw(rt, "events")
			for i := range n {
				list = append(list, event(first+i, now.Add(-time.Duration((first+i)/5)*time.Second)).JSON)
			}
			want = append(want, s.store(t, list...)...)
			s.Rollover(stream)
		}
		late := 1000
		s.change = func(path string, status int, body []byte) (int, []byte) {
			if path == "/_search" {
				late++
				s.store(t, event(late, now.Add(-time.Minute)).JSON)
			}
			return status, body
		}
		got, read, err := all(t, s)
		if err != nil || !same(got, want) || read.Unrecognised != 0 {
			rt.Fatalf("%d of %d records, %+v, %v", len(got), len(want), read, err)
		}
	})
}

// edit changes a member of a JSON object, by its path.
func edit(body []byte, value any, path ...string) []byte {
	var root map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		panic(err)
	}
	at := root
	for _, name := range path[:len(path)-1] {
		at = at[name].(map[string]any)
	}
	if last := path[len(path)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	text, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	return text
}

// A response that lacks a part of what is there is an error, on any page.
func TestSearchThatIsNotWhole(t *testing.T) {
	for name, test := range map[string]struct {
		open  bool // of the response to a new point in time
		value any
		path  []string
	}{
		"timed out":               {false, true, []string{"timed_out"}},
		"no timed_out":            {false, nil, []string{"timed_out"}},
		"ended early":             {false, true, []string{"terminated_early"}},
		"a shard failed":          {false, 1, []string{"_shards", "failed"}},
		"a shard is silent":       {false, 2, []string{"_shards", "total"}},
		"no shards":               {false, nil, []string{"_shards"}},
		"no hits":                 {false, nil, []string{"hits"}},
		"no total":                {false, nil, []string{"hits", "total"}},
		"a lower bound":           {false, "gte", []string{"hits", "total", "relation"}},
		"more are there":          {false, 21, []string{"hits", "total", "value"}},
		"fewer are there":         {false, 5, []string{"hits", "total", "value"}},
		"an empty page":           {false, []any{}, []string{"hits", "hits"}},
		"a shard is not in it":    {true, 1, []string{"_shards", "failed"}},
		"no shards of it":         {true, nil, []string{"_shards"}},
		"no identifier":           {true, nil, []string{"pit_id"}},
		"another identifier only": {true, 5, []string{"pit_id"}},
	} {
		for page := 1; page <= 3 && (page == 1 || !test.open); page++ {
			s := newSearched(t, httpsfake.BulkOptions{ShardDoc: true}, stores["opensearch, raw"].config)
			s.pageSize = 8
			for n := range 20 {
				s.store(t, event(n, now.Add(-time.Minute)).JSON)
			}
			asked := 0
			s.change = func(path string, status int, body []byte) (int, []byte) {
				if test.open != strings.HasSuffix(path, "point_in_time") || strings.HasSuffix(path, "_field_caps") || status != 200 {
					return status, body
				}
				if asked++; asked != page {
					return status, body
				}
				return status, edit(body, test.value, test.path...)
			}
			if _, _, err := all(t, s); !errors.Is(err, ErrIncomplete) {
				t.Errorf("%s, page %d: %v", name, page, err)
			}
		}
	}
}

// Where documents are skipped, as by a sort that does not tell them apart, or returned
// twice, that is an error.
func TestSearchThatSkips(t *testing.T) {
	for name, change := range map[string]func(hits []any) []any{
		"skips":   func(hits []any) []any { return hits[1:] },
		"repeats": func(hits []any) []any { return append(hits, hits[0]) },
	} {
		s := newSearched(t, stores["elastic, the raw text"].options, stores["elastic, the raw text"].config)
		s.pageSize = 8
		for n := range 20 {
			s.store(t, event(n, now.Add(-time.Minute)).JSON)
		}
		s.change = func(path string, status int, body []byte) (int, []byte) {
			var page struct{ Hits struct{ Hits []any } }
			if path != "/_search" || json.Unmarshal(body, &page) != nil || len(page.Hits.Hits) == 0 {
				return status, body
			}
			return status, edit(body, change(page.Hits.Hits), "hits", "hits")
		}
		if _, _, err := all(t, s); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Refusals are errors that name the setting at fault; what may pass is tried again.
func TestSearchRefused(t *testing.T) {
	for name, test := range map[string]struct {
		store  string
		before func(*searched)
		want   string // of the error; "" for none
	}{
		"401": {"elastic, the raw text", func(s *searched) { s.SetAuthorization("ApiKey other") }, "privilege to read logs-okta"},
		"403": {"opensearch, raw", func(s *searched) {
			s.change = func(string, int, []byte) (int, []byte) {
				return 403, []byte(`{"error":{"type":"security_exception","reason":"no permissions for [x]"},"status":403}`)
			}
		}, "security_exception (HTTP 403): give the key or the user the privilege to read okta, or correct the setting secret"},
		"403, signed": {"opensearch, signed", func(s *searched) {
			s.change = func(string, int, []byte) (int, []byte) { return 403, []byte(`{"message":"no"}`) }
		}, "correct the setting auth"},
		"a page of a proxy": {"opensearch, raw", func(s *searched) {
			s.change = func(string, int, []byte) (int, []byte) { return 200, []byte("<html>") }
		}, "not that of the destination"},
		"too busy for ever": {"opensearch, raw", func(s *searched) {
			s.change = func(string, int, []byte) (int, []byte) { return 429, []byte(`{"status":429}`) }
		}, "HTTP 429"},
		"too busy at first": {"opensearch, raw", func(s *searched) {
			n := 0
			s.change = func(path string, status int, body []byte) (int, []byte) {
				if n++; n%2 == 1 {
					return 503, []byte(`{"status":503}`)
				}
				return status, body
			}
		}, ""},
		"the point in time is lost": {"opensearch, raw", func(s *searched) {
			s.change = func(path string, status int, body []byte) (int, []byte) {
				if path == "/_search" && status == 200 {
					s.LosePointsInTime()
				}
				return status, body
			}
		}, "the point in time may have been lost"},
		"no order": {"opensearch, raw", func(s *searched) {
			s.change = func(path string, status int, body []byte) (int, []byte) {
				if path == "/_search" {
					return 400, []byte(`{"error":{"type":"search_phase_execution_exception"},"status":400}`)
				}
				return status, body
			}
		}, "accepts no sort by a unique value"},
		"a page is too long": {"opensearch, raw", func(s *searched) {
			s.change = func(path string, status int, body []byte) (int, []byte) {
				if bytes.Count(body, []byte(`"_id"`)) > 1 {
					body = append(body, bytes.Repeat([]byte{' '}, 33<<20)...)
				}
				return status, body
			}
		}, ""},
	} {
		s := newSearched(t, stores[test.store].options, stores[test.store].config)
		s.pageSize = 2
		var want []record
		for n := range 5 {
			want = append(want, s.store(t, event(n, now.Add(-time.Minute)).JSON)...)
		}
		test.before(s)
		got, _, err := all(t, s)
		switch {
		case test.want == "" && (err != nil || !same(got, want)):
			t.Errorf("%s: %d records, %v", name, len(got), err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v", name, err)
		case s.sleeps > 10:
			t.Errorf("%s: slept %d times", name, s.sleeps)
		}
	}
	s := newSearched(t, httpsfake.BulkOptions{}, stores["opensearch, raw"].config)
	if _, _, err := all(t, s); err == nil || !strings.Contains(err.Error(), "correct the setting index") {
		t.Errorf("an index that does not exist: %v", err)
	}
}

// Documents of a time before the window are left out, where a field of all indexes shows
// their time. A document whose @timestamp is later than its published is found by the latter.
func TestSearchReadsFromTheWindowOn(t *testing.T) {
	old := event(1, now.Add(-30*24*time.Hour)).JSON
	for name, test := range stores {
		s := newSearched(t, test.options, test.config)
		s.store(t, old)
		want := s.store(t, event(2, now.Add(-3*time.Hour+time.Second)).JSON, event(3, now.Add(-time.Minute)).JSON)
		got, read, err := all(t, s)
		if err != nil || !same(got, want) || read.Records != 2 {
			t.Errorf("%s: %d records, %+v, %v", name, len(got), read, err)
		}
	}
	// In another index of the same name the time is a text: nothing can be left out.
	s := newSearched(t, httpsfake.BulkOptions{}, stores["opensearch, raw"].config)
	want := s.store(t, old)
	put := func(document string) {
		t.Helper()
		answer, err := http.Post(s.server.URL+"/okta/_bulk", "application/x-ndjson", strings.NewReader("{\"create\":{}}\n"+document+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, err := io.ReadAll(answer.Body); err != nil || !bytes.Contains(text, []byte(`"errors":false`)) {
			t.Fatalf("%s, %v", text, err)
		}
	}
	put(`{"published":"a text"}`)
	got, read, err := all(t, s)
	if err != nil || !same(got, want) || read != (HeldRead{2, 1}) {
		t.Errorf("%d records, %+v, %v", len(got), read, err)
	}
	// An ingest pipeline that stamps the time of arrival.
	s = newSearched(t, httpsfake.BulkOptions{}, stores["opensearch, raw"].config)
	e := event(7, now.Add(-time.Minute))
	put(fmt.Sprintf(`{"@timestamp":%q,"message":%q}`, now.Format(time.RFC3339), e.JSON))
	if got, _, err := all(t, s); err != nil || len(got) != 1 || got[0] != (record{e.UUID, e.Published}) {
		t.Errorf("%v, %v", got, err)
	}
}

// The documents of Elastic's integration have neither the event's text nor its published.
func TestSearchReadsElasticsOwnDocuments(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 123e6, time.UTC)
	for name, test := range map[string]struct {
		source string
		want   record
	}{
		"okta.uuid":      {`{"@timestamp":"2026-11-28T12:00:00.123Z","okta":{"uuid":"a"},"event":{"action":"x"}}`, record{"a", at}},
		"the _id":        {`{"@timestamp":"2026-11-28T12:00:00.123Z","okta":{"actor":{}}}`, record{"b", at}},
		"okta.published": {`{"@timestamp":"2026-11-28T13:00:00Z","okta":{"published":"2026-11-28T12:00:00.123Z"}}`, record{"b", at}},
	} {
		var got record
		var read HeldRead
		err := newRecogniser().document(&hit{ID: "b", Source: []byte(test.source)}, &read, func(id []byte, ms int64) error {
			got = record{string(id), time.UnixMilli(ms).UTC()}
			return nil
		})
		if err != nil || got != test.want || read != (HeldRead{Records: 1}) {
			t.Errorf("%s: %v, %+v, %v", name, got, read, err)
		}
	}
}
