package https

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/sink"
)

var jars = flag.String("opensearch", "", "directory with the jars of testdata/opensearch/pom.xml: "+
	"TestOpenSearch runs on an OpenSearch node too")

// cluster is what TestOpenSearch sends to: the fake or a node. Both have the data
// streams verdicts-*, whose field n is a long, and logs-okta.system-*, whose ingest
// pipeline parses the message and sets the _id, and where okta.client.ipAddress is an
// ip; broken-* has an ingest pipeline with a mistake in it. Requests hold 2 MiB.
type cluster struct {
	url      string
	events   int // how many it is sent
	ids      func(t *testing.T, stream string) []string
	rollover func(t *testing.T, stream string)
}

// TestOpenSearch runs the same requests on the fake and, with -opensearch, on an
// OpenSearch node: the node keeps the fake honest.
func TestOpenSearch(t *testing.T) {
	t.Run("fake", func(t *testing.T) { testCluster(t, fakeCluster(t)) })
	if *jars != "" {
		t.Run("node", func(t *testing.T) {
			c := startNode(t, *jars)
			t.Run("template", func(t *testing.T) { testTemplate(t, c) })
			testCluster(t, c)
		})
	}
}

func testCluster(t *testing.T, c *cluster) {
	t.Run("verdicts", func(t *testing.T) { testVerdicts(t, c) })
	t.Run("all types", func(t *testing.T) { testAllTypes(t, c) })
	t.Run("mapping conflict", func(t *testing.T) { testMappingConflict(t, c) })
	t.Run("broken pipeline", func(t *testing.T) { testBrokenPipeline(t, c) })
	t.Run("rollover", func(t *testing.T) { testRollover(t, c) })
	t.Run("search", func(t *testing.T) { testSearch(t, c) })
	t.Run("point in time", func(t *testing.T) { testPointInTime(t, c) })
	t.Run("too large", func(t *testing.T) { testTooLarge(t, c) })
}

const document = `{"@timestamp":"2026-11-01T00:00:00Z","n":1}`

// testVerdicts sends a table of requests and compares the status and, for each item,
// status and type of error. What is expected is what OpenSearch 2.19.6 answers.
func testVerdicts(t *testing.T, c *cluster) {
	create := func(id string) string { return fmt.Sprintf(`{"create":{"_id":%q}}`, id) + "\n" }
	long := strings.Repeat("x", maxDocumentID+1)
	const invalid = "400 illegal_argument_exception"
	const unparsed = "400 mapper_parsing_exception"
	for _, v := range []struct {
		name, method, path, media, body string
		want                            string
	}{
		{name: "one", body: create("a") + document + "\n", want: "200: 201"},
		{name: "the same again", body: create("a") + document + "\n", want: "200: 409 version_conflict_engine_exception"},
		{name: "twice in one request", body: create("b") + document + "\n" + create("b") + document + "\n",
			want: "200: 201, 409 version_conflict_engine_exception"},
		{name: "without _id", body: "{\"create\":{}}\n" + document + "\n", want: "200: 201"},
		{name: "blank lines between", body: "\n" + create("c") + document + "\n\n" + create("d") + document + "\n",
			want: "200: 201, 201"},
		{name: "lines end in CRLF", body: "{\"create\":{}}\r\n" + document + "\r\n", want: "200: 201"},
		{name: "no newline at the end", body: create("e") + document, want: invalid},
		{name: "array", body: "[" + document + "]\n", want: invalid},
		{name: "empty", body: "", want: "400 parse_exception"},
		{name: "newline", body: "\n", want: "400 action_request_validation_exception"},
		{name: "action without document", body: create("e"), want: "400 action_request_validation_exception"},
		{name: "action is not JSON", body: "nope\n" + document + "\n", want: "400 json_parse_exception"},
		{name: "action is empty", body: "{}\n" + document + "\n", want: invalid},
		{name: "action is null", body: "{\"create\":null}\n" + document + "\n", want: invalid},
		{name: "unknown operation", body: "{\"put\":{}}\n" + document + "\n", want: invalid},
		{name: "unknown key", body: "{\"create\":{\"_foo\":1}}\n" + document + "\n", want: invalid},
		{name: "require_data_stream in an action", body: "{\"create\":{\"require_data_stream\":true}}\n" + document + "\n",
			want: invalid},
		{name: "long id", body: create(long) + document + "\n", want: "400 action_request_validation_exception"},
		{name: "longest id", body: create(long[1:]) + document + "\n", want: "200: 201"},
		{name: "empty id", body: create("") + document + "\n", want: "200: " + invalid},
		{name: "index in a data stream", body: "{\"index\":{}}\n" + document + "\n", want: "200: " + invalid},
		{name: "index with an id", body: "{\"index\":{\"_id\":\"q\"}}\n" + document + "\n", want: "200: " + invalid},
		{name: "update", body: "{\"update\":{\"_id\":\"a\"}}\n{\"doc\":{}}\n", want: "200: " + invalid},
		{name: "delete", body: "{\"delete\":{\"_id\":\"a\"}}\n", want: "200: " + invalid},
		{name: "no @timestamp", body: create("f") + `{"n":1}` + "\n", want: "200: " + unparsed},
		{name: "@timestamp is null", body: create("f") + `{"@timestamp":null}` + "\n", want: "200: " + unparsed},
		{name: "two of @timestamp", body: create("f") + `{"@timestamp":[1,2]}` + "\n", want: "200: " + unparsed},
		{name: "@timestamp is no time", body: create("f") + `{"@timestamp":"now"}` + "\n", want: "200: " + unparsed},
		{name: "@timestamp is a number", body: create("g") + `{"@timestamp":1793491200000}` + "\n", want: "200: 201"},
		{name: "mapping conflict between two", want: "200: 201, " + unparsed + ", 201",
			body: create("h") + document + "\n" + create("i") + strings.Replace(document, "1}", `"x"}`, 1) + "\n" +
				create("j") + document + "\n"},
		{name: "mapping conflict, object", body: create("i") + strings.Replace(document, "1}", `{"a":1}}`, 1) + "\n",
			want: "200: " + unparsed},
		{name: "mapping conflict, boolean", body: create("i") + strings.Replace(document, "1}", `true}`, 1) + "\n",
			want: "200: " + unparsed},
		{name: "number as a string", body: create("k") + strings.Replace(document, "1}", `"15"}`, 1) + "\n", want: "200: 201"},
		{name: "array of numbers", body: create("l") + strings.Replace(document, "1}", `[1,2.5]}`, 1) + "\n", want: "200: 201"},
		{name: "null", body: create("m") + strings.Replace(document, "1}", `null}`, 1) + "\n", want: "200: 201"},
		{name: "document is not JSON", body: create("n") + "nope\n" + create("o") + document + "\n",
			want: "200: " + unparsed + ", 201"},
		{name: "document is cut off", body: create("n") + document[:20] + "\n" + create("p") + document + "\n",
			want: "200: " + unparsed + ", 201"},
		{name: "document is an array", body: create("n") + "[1]\n", want: "200: " + unparsed},
		{name: "document is a string", body: create("n") + "\"s\"\n", want: "200: " + unparsed},
		{name: "document is blank", body: create("n") + "\n", want: "200: " + unparsed},
		{name: "document and more", body: create("n") + document + " x\n", want: "200: " + unparsed},
		{name: "two documents", body: create("n") + document + document + "\n", want: "200: " + unparsed},
		{name: "key twice", body: create("n") + `{"@timestamp":1,"a":1,"a":1}` + "\n", want: "200: " + unparsed},
		{name: "not UTF-8", body: create("n") + "{\"@timestamp\":1,\"a\":\"\xff\"}\n", want: "200: " + unparsed},
		{name: "content type with a parameter", media: "application/x-ndjson; charset=utf-8",
			body: create("r") + document + "\n", want: "200: 201"},
		{name: "content type JSON", media: "application/json", body: create("s") + document + "\n", want: "200: 201"},
		{name: "content type text", media: "text/plain", body: create("t") + document + "\n", want: "406"},
		{name: "GET", method: "GET", want: "405"},
		{name: "PUT", method: "PUT", body: create("u") + document + "\n", want: "200: 201"},
		{name: "unknown path", path: "/verdicts-a/_bulkk", body: create("v") + document + "\n", want: "400"},
		{name: "unknown parameter", path: "/verdicts-a/_bulk?foo=1", body: create("v") + document + "\n", want: invalid},
		{name: "require_data_stream", path: "/verdicts-a/_bulk?require_data_stream=true",
			body: create("v") + document + "\n", want: invalid},
		{name: "no index", path: "/_bulk", body: create("v") + document + "\n",
			want: "400 action_request_validation_exception"},
		{name: "index in the action", path: "/_bulk", body: `{"create":{"_index":"verdicts-b"}}` + "\n" + document + "\n",
			want: "200: 201"},
		{name: "upper case", path: "/VERDICTS/_bulk", body: create("v") + document + "\n",
			want: "200: 400 invalid_index_name_exception"},
		{name: "ours", path: "/verdicts-a/_bulk?" + filterPath, body: create("w") + document + "\n" + create("w") + document + "\n",
			want: "200: 201, 409 version_conflict_engine_exception"},
	} {
		method, path, media := v.method, v.path, v.media
		if method == "" {
			method = http.MethodPost
		}
		if path == "" {
			path = "/verdicts-a/_bulk"
		}
		if media == "" {
			media = "application/x-ndjson"
		}
		if got := verdict(t, c.url, method, path, media, v.body); got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
	}
}

// verdict sends a request and returns the status and, for each item or for the
// request, status and type of the error.
func verdict(t *testing.T, url, method, path, media, body string) string {
	t.Helper()
	var in struct {
		Error json.RawMessage
		Items []map[string]bulkItem
	}
	status, text := call(t, url, method, path, media, body)
	if err := json.Unmarshal(text, &in); err != nil {
		t.Fatalf("%s %s: %v: %.200s", method, path, err, text)
	}
	var e bulkError
	if json.Unmarshal(in.Error, &e) == nil && status == 400 && e.Type != "" {
		return fmt.Sprintf("%d %s", status, e.Type)
	}
	if in.Items == nil {
		return fmt.Sprint(status)
	}
	var items []string
	for _, m := range in.Items {
		for _, item := range m {
			text := fmt.Sprint(item.Status)
			if item.Error != nil {
				text += " " + item.Error.Type
			}
			items = append(items, text)
		}
	}
	return fmt.Sprintf("%d: %s", status, strings.Join(items, ", "))
}

func call(t *testing.T, url, method, path, media, body string) (int, []byte) {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, url+path, content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, text
}

// elasticTo is the sink of the preset elastic, to a data stream of c.
func elasticTo(t *testing.T, c *cluster, stream string) *Sink {
	t.Helper()
	s, err := New(Config{Preset: "elastic", Endpoint: c.url, DataStream: stream, Format: "raw",
		Secret: httpsfake.Secret("id:key"), CallTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// deliverTo delivers all records and counts the answers.
func deliverTo(t *testing.T, s sink.BatchSink, records []sink.Record) (out sink.Outcome, accepted, there int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out = (&sink.Loop{Sink: s, Concurrency: 4}).Deliver(ctx, records)
	for _, a := range out.Answers {
		if a.State == sink.Accepted {
			accepted++
		}
		if a.AlreadyThere {
			there++
		}
	}
	return out, accepted, there
}

// allTypes are n events that have every event type of the catalogue.
func allTypes(t *testing.T, n int) []sink.Record {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	var samples [][]byte
	if text, err := os.ReadFile(filepath.Join(root, "..", "shared", "corpus", "synthetic-catalogue.jsonl")); err == nil {
		samples = bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	}
	files, err := filepath.Glob(filepath.Join(root, "testdata", "golden", "[a-s]*.raw.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events in testdata/golden: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, text)
	}
	types := catalogue.All()
	records := make([]sink.Record, 0, n)
	for i := range n {
		var event map[string]json.RawMessage
		if err := json.Unmarshal(samples[i%len(samples)], &event); err != nil {
			t.Fatal(err)
		}
		uuid := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		published := time.Date(2026, 9, 1, 0, 0, i, 0, time.UTC)
		event["uuid"] = fmt.Appendf(nil, "%q", uuid)
		event["eventType"] = fmt.Appendf(nil, "%q", types[i%len(types)])
		event["published"] = fmt.Appendf(nil, "%q", published.Format("2006-01-02T15:04:05.000Z"))
		event["client"] = json.RawMessage(`{"ipAddress":"203.0.113.7"}`)
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, sink.Record{Line: line, UUID: uuid, TimeMS: published.UnixMilli()})
	}
	if n < len(types) {
		t.Fatalf("%d events cannot have %d types", n, len(types))
	}
	return records
}

// testAllTypes sends events of all types twice: each is stored once, under its uuid.
func testAllTypes(t *testing.T, c *cluster) {
	const stream = "logs-okta.system-default"
	records := allTypes(t, c.events)
	s := elasticTo(t, c, stream)
	for _, want := range []int{0, len(records)} {
		out, accepted, there := deliverTo(t, s, records)
		if accepted != len(records) || there != want {
			t.Fatalf("%d accepted, %d of them already there, want %d and %d: %v",
				accepted, there, len(records), want, out.Errors)
		}
		ids := c.ids(t, stream)
		slices.Sort(ids)
		if len(ids) != len(records) {
			t.Fatalf("%d documents, want %d", len(ids), len(records))
		}
		for i := range ids {
			if ids[i] != records[i].UUID {
				t.Fatalf("document %d has the _id %s, want %s", i, ids[i], records[i].UUID)
			}
		}
	}
}

func testMappingConflict(t *testing.T, c *cluster) {
	records := allTypes(t, len(catalogue.All()))[:100]
	bad := bytes.Replace(records[41].Line, []byte("203.0.113.7"), []byte("not an address"), 1)
	records[41].Line = bad
	out, accepted, _ := deliverTo(t, elasticTo(t, c, "logs-okta.system-conflict"), records)
	if accepted != 99 || out.Answers[41].State != sink.Dead ||
		!strings.Contains(out.Answers[41].Detail, "400, mapper_parsing_exception") {
		t.Errorf("%d accepted, the record at fault: %+v", accepted, out.Answers[41])
	}
	if strings.Contains(out.Answers[41].Detail, "address") {
		t.Errorf("the detail quotes the record: %s", out.Answers[41].Detail)
	}
	// Alone nobody can tell whether the record is at fault.
	out, _, _ = deliverTo(t, elasticTo(t, c, "logs-okta.system-conflict"), records[41:42])
	if out.Answers[0].State != sink.Retry || len(out.Errors) != 1 || sink.KindOf(out.Errors[0]) != sink.Blocked {
		t.Errorf("sent alone: %+v, %v", out.Answers[0], out.Errors)
	}
}

func testBrokenPipeline(t *testing.T, c *cluster) {
	records := allTypes(t, len(catalogue.All()))[:50]
	for _, n := range []int{50, 2, 1} {
		out, accepted, _ := deliverTo(t, elasticTo(t, c, "broken-okta"), records[:n])
		for i, a := range out.Answers {
			if a.State != sink.Retry {
				t.Errorf("%d records: record %d is %+v", n, i, a)
			}
		}
		if accepted != 0 || len(out.Errors) != 1 || sink.KindOf(out.Errors[0]) != sink.Blocked ||
			!strings.Contains(out.Errors[0].Error(), "ingest pipeline") ||
			!strings.Contains(out.Errors[0].Error(), "dataStream") || out.Batches != 1 {
			t.Errorf("%d records: %d accepted in %d calls, %v", n, accepted, out.Batches, out.Errors)
		}
	}
}

// testRollover shows how long 409 holds: until the data stream has a new backing index.
func testRollover(t *testing.T, c *cluster) {
	const stream = "logs-okta.system-rollover"
	records := allTypes(t, len(catalogue.All()))[:10]
	s := elasticTo(t, c, stream)
	deliverTo(t, s, records)
	c.rollover(t, stream)
	if _, accepted, there := deliverTo(t, s, records); accepted != 10 || there != 0 {
		t.Errorf("after the rollover %d accepted, %d already there", accepted, there)
	}
	if ids := c.ids(t, stream); len(ids) != 20 {
		t.Errorf("%d documents, want two of each", len(ids))
	}
}

// testSearch reads documents back in pages, and compares what a search refuses.
func testSearch(t *testing.T, c *cluster) {
	const stream, sorted = "logs-okta.system-search", `"sort":[{"@timestamp":"asc"},{"okta.uuid":{"order":"desc"}}]`
	records := allTypes(t, len(catalogue.All()))[:25]
	for i := range records { // five of each time
		records[i].Line = bytes.Replace(records[i].Line, fmt.Appendf(nil, "00:00:%02d.000Z", i), fmt.Appendf(nil, "00:00:%02d.000Z", i/5), 1)
	}
	deliverTo(t, elasticTo(t, c, stream), records)
	c.ids(t, stream) // which makes them visible
	const between = `"query":{"bool":{"filter":[{"range":{"@timestamp":{"gte":"2026-09-01T00:00:01Z","lt":"2026-09-01T00:00:04.000Z"}}}]}}`
	var found, want []string
	after := ""
	for pages := 0; pages < 5; pages++ {
		var page struct {
			Hits struct {
				Total struct{ Value int }
				Hits  []struct {
					ID     string `json:"_id"`
					Sort   json.RawMessage
					Source json.RawMessage `json:"_source"`
				}
			}
		}
		status, text := call(t, c.url, "POST", "/"+stream+"/_search", "application/json",
			`{"size":6,"_source":false,`+between+`,`+sorted+after+`}`)
		if err := json.Unmarshal(text, &page); err != nil || status != 200 || page.Hits.Total.Value != 15 {
			t.Fatalf("%d %s: %v", status, text, err)
		}
		for _, h := range page.Hits.Hits {
			found = append(found, h.ID)
			after = `,"search_after":` + string(h.Sort)
			if h.Source != nil {
				t.Errorf("a hit has its source: %s", h.Source)
			}
		}
	}
	for second := 1; second < 4; second++ {
		for i := 4; i >= 0; i-- {
			want = append(want, records[second*5+i].UUID)
		}
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	for _, v := range []struct{ path, body, want string }{
		{stream, `{"size":10001}`, "400 search_phase_execution_exception"},
		{stream, `{"size":-1}`, "400 illegal_argument_exception"},
		{stream, `{"search_after":[1],` + sorted + `}`, "400 search_phase_execution_exception"},
		{stream, `{"foo":1}`, "400 parsing_exception"},
		{"logs-absent", `{}`, "404"},
		{"logs-okta.system-*", `{}`, "200"},
		{stream, ``, "200"},
		{stream, `{"query":{"terms":{"okta.uuid":["x"]}}}`, "200"},
		{stream, `{"query":{"foo":{}}}`, "400 parsing_exception"},
	} {
		if got := verdict(t, c.url, "POST", "/"+v.path+"/_search", "application/json", v.body); got != v.want {
			t.Errorf("%s %s: %s, want %s", v.path, v.body, got, v.want)
		}
	}
}

// testPointInTime reads a data stream of two backing indexes, with the same ids in both, in
// pages of a point in time, and compares what is refused.
func testPointInTime(t *testing.T, c *cluster) {
	const stream = "verdicts-pit"
	for range 2 {
		var body strings.Builder
		for n := range 20 {
			fmt.Fprintf(&body, "{\"create\":{\"_id\":\"p%d\"}}\n{\"@timestamp\":\"2026-11-01T00:00:%02d.000Z\",\"n\":%d}\n", n, n, n)
		}
		if status, text := call(t, c.url, "POST", "/"+stream+"/_bulk", "application/x-ndjson", body.String()); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		c.ids(t, stream) // which makes them visible
		c.rollover(t, stream)
	}
	x, err := NewIndex(Config{Preset: "opensearch", Endpoint: c.url, Auth: "basic", Secret: httpsfake.Secret("a:b"), DataStream: stream})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, query, body string) (*Response, *sink.Error) {
		var text []byte
		if body != "" {
			text = []byte(body)
		}
		return x.Call(t.Context(), method, path, query, text)
	}
	var pit struct {
		ID     string `json:"pit_id"`
		Shards struct{ Total, Successful, Failed int }
	}
	r, failure := ask("POST", "/"+stream+"/_search/point_in_time", "keep_alive=1m", "")
	if failure != nil || json.Unmarshal(bytes.Replace(r.Body, []byte(`"_shards"`), []byte(`"shards"`), 1), &pit) != nil ||
		pit.ID == "" || pit.Shards.Total == 0 || pit.Shards.Total != pit.Shards.Successful {
		t.Fatalf("%v, %+v", failure, pit)
	}
	search := func(id, rest string) string {
		return fmt.Sprintf(`{"size":6,"track_total_hits":true,"pit":{"id":%q,"keep_alive":"1m"},%s}`, id, rest)
	}
	const order = `"sort":[{"_id":"asc"},{"_index":"asc"}]`
	const since = `,"query":{"bool":{"must_not":[{"range":{"@timestamp":{"lt":"1793491205000","format":"epoch_millis"}}},` +
		`{"range":{"n":{"lt":7}}},{"range":{"nothing":{"lt":7}}}]}}`
	found, after := map[string]bool{}, ""
	for range 6 {
		r, failure := ask("POST", "/_search", "", search(pit.ID, order+since+after))
		if failure != nil {
			t.Fatal(failure)
		}
		var page struct {
			TimedOut *bool `json:"timed_out"`
			Shards   *struct{ Total, Successful, Failed int }
			Hits     struct {
				Total struct {
					Value    int
					Relation string
				}
				Hits []struct {
					ID    string `json:"_id"`
					Index string `json:"_index"`
					Sort  json.RawMessage
				}
			}
		}
		text := bytes.Replace(r.Body, []byte(`"_shards"`), []byte(`"shards"`), 1)
		if err := json.Unmarshal(text, &page); err != nil || page.TimedOut == nil || *page.TimedOut || page.Shards == nil ||
			page.Shards.Failed > 0 || page.Hits.Total.Value != 26 || page.Hits.Total.Relation != "eq" {
			t.Fatalf("%s: %v", r.Body, err)
		}
		for _, h := range page.Hits.Hits {
			found[h.Index+" "+h.ID] = true
			after = `,"search_after":` + string(h.Sort)
		}
	}
	if len(found) != 26 {
		t.Errorf("%d documents were found, want 26", len(found))
	}
	for _, v := range []struct {
		name, method, path, query, body string
		want                            sink.Kind
		text                            string
	}{
		{"no keep_alive", "POST", "/" + stream + "/_search/point_in_time", "", "", sink.Content, "400"},
		{"no index", "POST", "/verdicts-none/_search/point_in_time", "keep_alive=1m", "", sink.Blocked, "setting dataStream"},
		{"Elasticsearch's path", "POST", "/" + stream + "/_pit", "keep_alive=1m", "", sink.Content, "400"},
		{"index with a point in time", "POST", "/" + stream + "/_search", "", search(pit.ID, order), sink.Content, "400"},
		{"_shard_doc", "POST", "/_search", "", search(pit.ID, `"sort":[{"_shard_doc":"asc"}]`), sink.Content, "400"},
	} {
		if _, failure := ask(v.method, v.path, v.query, v.body); failure == nil || failure.Kind != v.want ||
			!strings.Contains(failure.Error(), v.text) {
			t.Errorf("%s: %v", v.name, failure)
		}
	}
	var caps struct {
		Fields map[string]map[string]json.RawMessage
	}
	r, failure = ask("GET", "/"+stream+"/_field_caps", "fields=%40timestamp%2Cn%2Cpublished", "")
	if failure != nil || json.Unmarshal(r.Body, &caps) != nil || len(caps.Fields) != 2 ||
		caps.Fields["@timestamp"]["date"] == nil || caps.Fields["n"]["long"] == nil {
		t.Errorf("%v, %+v", failure, caps)
	}
	if _, failure := ask("DELETE", "/_search/point_in_time", "", fmt.Sprintf(`{"pit_id":[%q]}`, pit.ID)); failure != nil {
		t.Error(failure)
	}
	if _, failure := ask("POST", "/_search", "", search(pit.ID, order)); failure == nil || failure.Kind != sink.Unknown {
		t.Errorf("a point in time that was closed: %v", failure)
	}
}

// testTooLarge sends more than the destination takes in a request: it is halved.
func testTooLarge(t *testing.T, c *cluster) {
	records := allTypes(t, len(catalogue.All()))[:6]
	for i := range records {
		filler := fmt.Appendf(nil, `,"filler":"%s"}`, strings.Repeat("x", 700<<10))
		records[i].Line = append(records[i].Line[:len(records[i].Line)-1:len(records[i].Line)-1], filler...)
	}
	s := elasticTo(t, c, "logs-okta.system-large")
	answers := make([]sink.Answer, len(records))
	if err := s.Deliver(t.Context(), records, answers); sink.KindOf(err) != sink.Content || err == nil {
		t.Errorf("6 records of 700 kB in one request: %v", err)
	}
	if out, accepted, _ := deliverTo(t, inOne{s}, records); accepted != 6 {
		t.Errorf("%d of 6 records accepted: %v", accepted, out.Errors)
	}
}

// odd begin the names of the events of testdata/golden that are of another shape than
// Okta documents. An index takes them or refuses them, and no other.
var odd = []string{"trap-odd-", "trap-ip-chain-odd", "trap-duplicate-key", "trap-unknown-fields"}

// testTemplate sends all types, and all events of testdata/golden, as raw events to an
// index with the template of the page.
func testTemplate(t *testing.T, c *cluster) {
	template, err := os.ReadFile("opensearch-template.json")
	if err != nil {
		t.Fatal(err)
	}
	if status, text := call(t, c.url, "PUT", "/_index_template/okta", "application/json", string(template)); status != 200 {
		t.Fatalf("the template: %d %s", status, text)
	}
	var records []sink.Record
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "golden", "*.raw.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		records = append(records, sink.Record{Line: line.Bytes(), UUID: filepath.Base(name)})
	}
	s, err := New(Config{Preset: "opensearch", Auth: "basic", Secret: httpsfake.Secret("u:p"), Endpoint: c.url, CallTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	types := allTypes(t, len(catalogue.All()))
	if out, accepted, _ := deliverTo(t, s, types); accepted != len(types) {
		t.Errorf("%d of %d types accepted: %v", accepted, len(types), out.Errors)
	}
	out, accepted, _ := deliverTo(t, s, records)
	for i, a := range out.Answers {
		isOdd := func(name string) bool { return strings.HasPrefix(records[i].UUID, name) }
		if a.State != sink.Accepted && (a.State != sink.Dead || !slices.ContainsFunc(odd, isOdd)) {
			t.Errorf("%s: %+v", records[i].UUID, a)
		}
	}
	t.Logf("%d of %d events of testdata/golden accepted", accepted, len(records))
}

// inOne is a sink whose batches have no limit.
type inOne struct{ *Sink }

func (inOne) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), sink.Limits{}, func(int) (int, int64) { return 0, 0 })
}

func fakeCluster(t *testing.T) *cluster {
	streams := []string{"verdicts-*", "logs-okta.system-*", "broken-*"}
	fakes := map[string]*httpsfake.Bulk{}
	for _, name := range streams {
		o := httpsfake.BulkOptions{DataStreams: streams, MaxContentLength: 2 << 20, Fields: map[string]string{"n": "long"}}
		switch name {
		case "logs-okta.system-*":
			o.Pipeline, o.Fields = httpsfake.OktaPipeline, map[string]string{"okta.client.ipAddress": "ip"}
		case "broken-*":
			o.Pipeline = httpsfake.BrokenPipeline
		}
		fakes[strings.TrimSuffix(name, "*")] = httpsfake.NewBulk(o)
	}
	of := func(path string) *httpsfake.Bulk {
		for prefix, f := range fakes {
			if strings.HasPrefix(strings.TrimPrefix(path, "/"), prefix) {
				return f
			}
		}
		return fakes["verdicts-"]
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of(r.URL.Path).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return &cluster{
		url: server.URL, events: 2_000,
		ids: func(_ *testing.T, stream string) (ids []string) {
			for _, d := range of(stream).Documents() {
				if d.Index == stream {
					ids = append(ids, d.ID)
				}
			}
			return ids
		},
		rollover: func(_ *testing.T, stream string) { of(stream).Rollover(stream) },
	}
}

// startNode starts an OpenSearch node on loopback and sets it up.
func startNode(t *testing.T, jars string) *cluster {
	t.Helper()
	home := t.TempDir()
	jars, err := filepath.Abs(jars)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(home, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	java := exec.Command("java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
		filepath.Join(jars, "*"), filepath.Join("testdata", "opensearch", "Node.java"), home)
	java.Stdout, java.Stderr = log, log
	stdin, err := java.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := java.Start(); err != nil {
		t.Fatalf("start OpenSearch: %v: install Java 17 (Debian: openjdk-17-jdk-headless)", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- java.Wait() }()
	t.Cleanup(func() {
		stdin.Close()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = java.Process.Kill()
			<-ended
		}
	})
	c := &cluster{events: 10_000}
	for until := time.Now().Add(3 * time.Minute); c.url == ""; time.Sleep(200 * time.Millisecond) {
		if text, err := os.ReadFile(filepath.Join(home, "logs", "http.ports")); err == nil {
			c.url = "http://" + strings.Fields(string(text))[0]
		}
		select {
		case err := <-ended:
			output, _ := os.ReadFile(log.Name())
			t.Fatalf("OpenSearch has ended: %v\n%s", err, output)
		default:
		}
		if time.Now().After(until) {
			t.Fatal("OpenSearch has not started within 3 minutes")
		}
	}
	c.setUp(t)
	return c
}

func (c *cluster) setUp(t *testing.T) {
	t.Helper()
	must := func(method, path, body string) []byte {
		t.Helper()
		status, text := call(t, c.url, method, path, "application/json", body)
		if status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, status, text)
		}
		return text
	}
	must("PUT", "/_ingest/pipeline/okta", `{"processors":[
		{"rename":{"field":"message","target_field":"event.original"}},
		{"json":{"field":"event.original","target_field":"okta"}},
		{"script":{"source":"ctx._id = ctx.okta.uuid"}},
		{"date":{"field":"okta.published","formats":["ISO8601"]}}]}`)
	must("PUT", "/_ingest/pipeline/broken", `{"processors":[{"rename":{"field":"nofield","target_field":"x"}}]}`)
	template := func(name, pipeline, properties string) {
		settings := `"number_of_replicas":0`
		if pipeline != "" {
			settings += `,"default_pipeline":"` + pipeline + `"`
		}
		must("PUT", "/_index_template/"+strings.Trim(name, "-*"), `{"index_patterns":["`+name+`"],"data_stream":{},
			"template":{"settings":{`+settings+`},"mappings":{"dynamic":false,"properties":{`+properties+`}}}}`)
	}
	template("verdicts-*", "", `"n":{"type":"long"}`)
	template("logs-okta.system-*", "okta", `"okta":{"properties":{"uuid":{"type":"keyword"},
		"client":{"properties":{"ipAddress":{"type":"ip"}}}}}`)
	template("broken-*", "broken", "")
	c.rollover = func(t *testing.T, stream string) { must("POST", "/"+stream+"/_rollover", "") }
	c.ids = func(t *testing.T, stream string) (ids []string) {
		must("POST", "/"+stream+"/_refresh", "")
		var found struct {
			Hits struct {
				Hits []struct {
					ID string `json:"_id"`
				}
			}
		}
		text := must("POST", "/"+stream+"/_search", `{"size":10000,"_source":false}`)
		if err := json.Unmarshal(text, &found); err != nil {
			t.Fatal(err)
		}
		for _, h := range found.Hits.Hits {
			ids = append(ids, h.ID)
		}
		return ids
	}
}
