package https

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"pgregory.net/rapid"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/internal/sinktest"
	"github.com/oktastream/oktastream/lambda/sink"
)

var testCredentials = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "none", SessionToken: "session"}

func provider(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// bulkCase is a preset of _bulk with one of its settings, and the fake it fits.
type bulkCase struct {
	name   string
	config Config
	fake   httpsfake.BulkOptions
	// authorization is the header that the fake asks for.
	authorization string
	hasNoIDs      bool
}

func bulkCases() []bulkCase {
	signed := func(service string) *httpsfake.SigV4 {
		return &httpsfake.SigV4{Service: service, Region: "eu-central-1", Credentials: testCredentials}
	}
	return []bulkCase{
		{
			name: "elastic", config: Config{Preset: "elastic", Secret: httpsfake.Secret("aWQ6a2V5")},
			fake:          httpsfake.BulkOptions{Elasticsearch: true, DataStreams: []string{"logs-*"}, NoAutoCreate: true},
			authorization: "ApiKey aWQ6a2V5",
		}, {
			name: "elastic, basic", config: Config{Preset: "elastic", Auth: "basic", Secret: httpsfake.Secret("okta:secret"), DataStream: "logs-x"},
			fake:          httpsfake.BulkOptions{Elasticsearch: true, DataStreams: []string{"logs-x"}, NoAutoCreate: true},
			authorization: "Basic b2t0YTpzZWNyZXQ=",
		}, {
			name: "opensearch, es", config: Config{Preset: "opensearch", Credentials: provider(testCredentials), Region: "eu-central-1"},
			fake: httpsfake.BulkOptions{SigV4: signed("es")},
		}, {
			name: "opensearch, data stream", config: Config{Preset: "opensearch", Auth: "basic", Secret: httpsfake.Secret("okta:secret"), DataStream: "okta-stream"},
			fake:          httpsfake.BulkOptions{DataStreams: []string{"okta-stream"}, NoAutoCreate: true},
			authorization: "Basic b2t0YTpzZWNyZXQ=",
		}, {
			name: "opensearch, aoss", fake: httpsfake.BulkOptions{SigV4: signed("aoss")},
			config: Config{Preset: "opensearch", Auth: "aoss", Credentials: provider(testCredentials), Region: "eu-central-1", Index: "logs"},
		}, {
			name: "opensearch, aoss time series", fake: httpsfake.BulkOptions{SigV4: signed("aoss"), NoDocumentIDs: true}, hasNoIDs: true,
			config: Config{Preset: "opensearch", Auth: "aoss", Credentials: provider(testCredentials), Region: "eu-central-1"},
		},
	}
}

// open starts the fake of a case, behind wrap where that is not nil, and makes its sink.
func (b *bulkCase) open(t testing.TB, wrap func(http.Handler) http.Handler) (*Sink, *httpsfake.Bulk) {
	t.Helper()
	fake := httpsfake.NewBulk(b.fake)
	fake.SetAuthorization(b.authorization)
	var h http.Handler = fake
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c := b.config
	c.Endpoint = server.URL
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if b.hasNoIDs {
		// It finds out with the first request.
		answers := make([]sink.Answer, 1)
		first := []sink.Record{{Line: []byte(`{"uuid":"first"}`), UUID: "first"}}
		if err := s.Deliver(t.Context(), first, answers); sink.KindOf(err) != sink.Transient || answers[0] != (sink.Answer{}) {
			t.Fatalf("the request with an _id: %v, %+v", err, answers[0])
		}
	}
	return s, fake
}

// line is the record in a document.
func line(t testing.TB, source []byte) []byte {
	t.Helper()
	var d struct {
		Timestamp string  `json:"@timestamp"`
		Message   *string `json:"message"`
	}
	if err := json.Unmarshal(source, &d); err != nil {
		t.Fatal(err)
	}
	if d.Message != nil {
		return []byte(*d.Message)
	}
	rest, _ := bytes.CutPrefix(source, []byte(`{"@timestamp":"`+d.Timestamp+`",`))
	if len(rest) < len(source) {
		return append([]byte{'{'}, rest...)
	}
	return source
}

func TestBulkConforms(t *testing.T) {
	for _, b := range bulkCases() {
		t.Run(b.name, func(t *testing.T) {
			sinktest.Conform(t, func(t *testing.T) sinktest.Fixture {
				s, fake := b.open(t, nil)
				return sinktest.Fixture{Sink: s, Arrived: func() (lines [][]byte) {
					for _, d := range fake.Documents() {
						lines = append(lines, line(t, d.Source))
					}
					return lines
				}}
			})
		})
	}
}

// bulkRecords are records with what JSON has to escape. They were published at
// 2026-11-28T10:11:12.345Z and later.
func bulkRecords() []sink.Record {
	at := time.Date(2026, 11, 28, 10, 11, 12, 345e6, time.UTC).UnixMilli()
	return []sink.Record{
		{UUID: "3b1f9c1e-8f5a-4f6e-9d0a-000000000001", TimeMS: at, Line: []byte(`{"uuid":"3b1f9c1e-8f5a-4f6e-9d0a-000000000001",` +
			`"published":"2026-11-28T10:11:12.345Z","eventType":"user.session.start","displayMessage":"Ünï \"quoted\" \\ back\tslash \u2028"}`)},
		{UUID: "3b1f9c1e-8f5a-4f6e-9d0a-000000000002", TimeMS: at + 1000, Line: []byte(`{"uuid":"3b1f9c1e-8f5a-4f6e-9d0a-000000000002",` +
			`"published":"2026-11-28T10:11:13.345Z","target":[],"debugContext":{"debugData":{"risk":"{level=LOW}"}}}`)},
		{UUID: strings.Repeat("u", maxDocumentID+1), TimeMS: at + 2000, Line: []byte(`{ "uuid":"long"}`)},
		{UUID: "3b1f9c1e-8f5a-4f6e-9d0a-000000000003", TimeMS: at + 3000, Line: []byte(`{}`)},
	}
}

// TestBulkRequest holds the exact bytes of one batch of each kind.
func TestBulkRequest(t *testing.T) {
	for _, c := range []struct {
		file    string
		config  Config
		records []sink.Record
	}{
		{"elastic", Config{Preset: "elastic", Secret: httpsfake.Secret("id:key")}, bulkRecords()},
		{"opensearch", Config{Preset: "opensearch", Auth: "basic", Secret: httpsfake.Secret("u:p")}, bulkRecords()},
		{"opensearch-ocsf", Config{Preset: "opensearch", Auth: "basic", Secret: httpsfake.Secret("u:p")}, ocsfRecords(t)},
		{"opensearch-datastream", Config{Preset: "opensearch", Auth: "basic", Secret: httpsfake.Secret("u:p"), DataStream: "okta"}, bulkRecords()},
	} {
		t.Run(c.file, func(t *testing.T) {
			var r *http.Request
			var body []byte
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
				r, body = in, gunzipped(t, in)
			}))
			defer server.Close()
			c.config.Endpoint = server.URL
			s, err := New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Deliver(t.Context(), c.records, make([]sink.Answer, len(c.records)))
			path := filepath.Join("testdata", c.file+".ndjson")
			if flag.Lookup("update").Value.String() == "true" {
				if err := os.WriteFile(path, body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(body, want) {
				t.Errorf("the request is\n%s\nwant\n%s", body, want)
			}
			if got := r.Header.Get("Content-Type"); got != "application/x-ndjson" {
				t.Errorf("Content-Type %q", got)
			}
			if got := r.Header.Get("Content-Encoding"); got != "gzip" {
				t.Errorf("Content-Encoding %q", got)
			}
		})
	}
}

func ocsfRecords(t *testing.T) []sink.Record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "golden", "user-account-lock.ocsf.json"))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	return []sink.Record{{UUID: "3b1f9c1e-8f5a-4f6e-9d0a-000000000004", Line: compact.Bytes()}}
}

func TestBulkURL(t *testing.T) {
	const filter = "?" + filterPath
	for _, c := range []struct {
		config Config
		want   string // or what the error says
	}{
		{Config{Preset: "elastic", Endpoint: "https://es.example.com:9243"}, "https://es.example.com:9243/logs-okta.system-default/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com/"}, "https://es.example.com/logs-okta.system-default/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://proxy.example.com/es/"}, "https://proxy.example.com/es/logs-okta.system-default/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com/_bulk"}, "https://es.example.com/logs-okta.system-default/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com/logs-okta.system-default/_bulk/"},
			"https://es.example.com/logs-okta.system-default/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com/es/logs-a/_bulk", DataStream: "logs-a"},
			"https://es.example.com/es/logs-a/_bulk" + filter},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com/logs-a/_bulk"},
			`endpoint names "logs-a" and the setting dataStream "logs-okta.system-default": they must be the same`},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com", DataStream: "Logs"}, `dataStream must be the name of a data stream`},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com", DataStream: "a/b"}, `dataStream must be the name`},
		{Config{Preset: "elastic", Endpoint: "https://es.example.com", Format: "ocsf"}, `format must be raw`},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com"}, "https://os.example.com/okta/_bulk"},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com", Auth: "aoss", Index: "logs"}, "https://os.example.com/logs/_bulk"},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com", Auth: "basic", Index: "logs"}, "https://os.example.com/logs/_bulk" + filter},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com", Format: "ocsf", DataStream: "okta-ds", Index: "x"},
			"https://os.example.com/okta-ds/_bulk"},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com", Index: "_all"}, `index must be the name`},
		{Config{Preset: "opensearch", Endpoint: "https://os.example.com", Index: strings.Repeat("x", 256)}, `index must be the name`},
	} {
		c.config.Secret, c.config.Credentials, c.config.Region = httpsfake.Secret("id:key"), provider(testCredentials), "us-east-1"
		s, err := New(c.config)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = s.url.String()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s %s: %s, want %s", c.config.Preset, c.config.Endpoint, got, c.want)
		}
	}
}

// canary is content that no error and no detail may hold.
const canary = "alice@example.com"

func itemText(status int, errorType string) string {
	if errorType == "" {
		return fmt.Sprintf(`{"create":{"_index":"okta","_id":"1","status":%d}}`, status)
	}
	return fmt.Sprintf(`{"create":{"_index":"okta","_id":"1","status":%d,"error":{"type":%q,"reason":"preview: '%s'",`+
		`"caused_by":{"type":"illegal_argument_exception","reason":"%s"}}}}`, status, errorType, canary, canary)
}

func TestBulkClassify(t *testing.T) {
	const (
		a = `{"create":{"status":201}}`
		r = "mapper_parsing_exception"
	)
	items := func(list ...string) string {
		return `{"took":1,"errors":true,"items":[` + strings.Join(list, ",") + `]}`
	}
	bad, conflict := itemText(400, r), itemText(409, "version_conflict_engine_exception")
	request := `{"error":{"type":"security_exception","reason":"` + canary + `"},"status":401}`
	for _, c := range []struct {
		name   string
		status int
		media  string
		body   string
		want   string // r retry, a accepted, t already there, d dead
		kind   sink.Kind
		says   string // "" where there is no error
	}{
		{name: "all", status: 200, body: items(a, a, a), want: "aaa"},
		{name: "there before", status: 200, body: items(a, conflict, a), want: "ata"},
		{name: "one dies alone", status: 200, body: items(a, bad, a), want: "ada"},
		{name: "one dies beside one there before", status: 200, body: items(bad, conflict, bad), want: "dtd"},
		{name: "all alike", status: 200, body: items(bad, bad, bad), want: "rrr", kind: sink.Blocked,
			says: "status 400, mapper_parsing_exception, illegal_argument_exception, and so are all 3 records of the request: " +
				"correct the index template or the ingest pipeline of okta, or the setting index"},
		{name: "none is stored, for different reasons", status: 200, body: items(bad, itemText(400, "x"), bad), want: "rrr",
			kind: sink.Blocked, says: "all 3 records"},
		{name: "a pipeline that fails", status: 200, want: "rrr", kind: sink.Blocked, says: "ingest pipeline",
			body: items(itemText(500, "fail_processor_exception"), itemText(500, "fail_processor_exception"), itemText(500, "fail_processor_exception"))},
		{name: "a pipeline that fails for one", status: 200, body: items(a, itemText(500, "fail_processor_exception"), a), want: "ada"},
		{name: "throttled", status: 200, body: items(a, itemText(429, "es_rejected_execution_exception"), a), want: "ara",
			says: "429, es_rejected_execution_exception"},
		{name: "unavailable", status: 200, body: items(a, itemText(503, "unavailable_shards_exception"), bad), want: "ard", says: "503"},
		{name: "refused and throttled, none stored", status: 200, body: items(bad, itemText(429, "x"), bad), want: "rrr", says: "429"},
		{name: "not allowed", status: 200, body: items(a, itemText(403, "security_exception"), a), want: "ara", kind: sink.Blocked,
			says: "correct the setting secret"},
		{name: "blocked for writes", status: 200, body: items(itemText(403, "cluster_block_exception"), a, a), want: "raa",
			kind: sink.Blocked, says: "403, cluster_block_exception, illegal_argument_exception: correct the setting index"},
		{name: "not known", status: 200, body: items(itemText(401, "security_exception"), a, a), want: "raa", kind: sink.Blocked,
			says: "correct the setting secret"},
		{name: "no such index", status: 200, body: items(itemText(404, "index_not_found_exception"), bad, a), want: "rda",
			kind: sink.Blocked, says: "correct the setting index"},
		{name: "another conflict", status: 200, body: items(a, itemText(409, "x"), a), want: "ara", says: "409"},
		{name: "unknown status", status: 200, body: items(a, itemText(418, "x"), a), want: "ara", says: "418"},
		{name: "too few answers", status: 200, body: items(a, a), want: "rrr", says: "2 answers for 3 records"},
		{name: "another operation", status: 200, body: items(a, a, `{"index":{"status":201}}`), want: "rrr", says: "not that of the destination"},
		{name: "an answer without items", status: 200, body: `{"acknowledged":true}`, want: "rrr", says: "not that of the destination"},
		{name: "cut off", status: 200, body: items(a, a, a)[:40], want: "rrr", says: "not that of the destination"},
		{name: "HTML", status: 200, body: "<html>" + canary, want: "rrr", says: "not that of the destination"},
		{name: "401", status: 401, body: request, want: "rrr", kind: sink.Blocked, says: "security_exception (HTTP 401): give the key"},
		{name: "401 of a proxy", status: 401, media: "text/html", body: "Unauthorized", want: "rrr", kind: sink.Blocked,
			says: "correct the setting endpoint"},
		{name: "401 as text", status: 401, media: "text/plain; charset=UTF-8", body: "Unauthorized", want: "rrr", kind: sink.Blocked, says: "correct the setting secret"},
		{name: "403", status: 403, body: request, want: "rrr", kind: sink.Blocked, says: "correct the setting secret"},
		{name: "403 of a firewall", status: 403, body: "<html>", want: "rrr", kind: sink.Unknown, says: "not that of the destination"},
		{name: "404", status: 404, body: `{"ok":false}`, want: "rrr", kind: sink.Blocked, says: "correct the setting endpoint"},
		{name: "400", status: 400, body: request, want: "rrr", kind: sink.Unknown, says: "security_exception (HTTP 400)"},
		{name: "406", status: 406, body: `{"error":"` + canary + `","status":406}`, want: "rrr", kind: sink.Unknown, says: "HTTP 406"},
		{name: "413", status: 413, body: "", want: "rrr", kind: sink.Content, says: "HTTP 413"},
		{name: "429", status: 429, body: request, want: "rrr", says: "HTTP 429"},
		{name: "503 of a load balancer", status: 503, body: "<html>", want: "rrr", says: "HTTP 503"},
		{name: "redirect", status: 302, body: "", want: "rrr", kind: sink.Blocked, says: "correct the setting endpoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := make([]sink.Answer, 3)
			p := opensearch()
			config := &Config{Preset: "opensearch", Auth: "basic"}
			failure := p.Classify(config, &Response{
				Status: c.status, Header: http.Header{"Content-Type": {c.media}}, Body: []byte(c.body), Where: SettingEndpoint,
			}, answers)
			if got := letters(answers); got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
			switch {
			case failure == nil && c.says == "":
			case failure == nil || c.says == "":
				t.Errorf("error %v, want %q", failure, c.says)
			case failure.Kind != c.kind || !strings.Contains(failure.Error(), c.says):
				t.Errorf("error of kind %d: %v; want kind %d and %q", failure.Kind, failure, c.kind, c.says)
			}
			if strings.Contains(fmt.Sprint(failure, answers), canary) {
				t.Errorf("content is printed: %v %v", failure, answers)
			}
		})
	}
}

func letters(answers []sink.Answer) string {
	var b strings.Builder
	for _, a := range answers {
		if a.AlreadyThere {
			b.WriteByte('t')
		} else {
			b.WriteByte("rad"[a.State])
		}
	}
	return b.String()
}

// FuzzBulkClassify: whatever a destination answers, nothing is dead unless something
// is stored, and nothing of the answer but its types is printed.
func FuzzBulkClassify(f *testing.F) {
	f.Add(200, []byte(`{"errors":true,"items":[`+itemText(201, "")+`,`+itemText(400, "mapper_parsing_exception")+`]}`))
	f.Add(200, []byte(`{"errors":true,"items":[`+itemText(400, canary)+`,`+itemText(409, "version_conflict_engine_exception")+`]}`))
	f.Add(401, []byte(`{"error":{"type":"security_exception"}}`))
	f.Add(400, []byte(`{"error":"no handler"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		answers := make([]sink.Answer, 2)
		p := elastic()
		failure := p.Classify(&Config{Preset: "elastic"}, &Response{Status: status, Header: http.Header{}, Body: body}, answers)
		states := letters(answers)
		if strings.Contains(states, "d") && !strings.ContainsAny(states, "at") {
			t.Errorf("%s: a record is dead and none is stored", states)
		}
		if strings.ContainsAny(states, "at") && status != 200 {
			t.Errorf("%s with HTTP %d", states, status)
		}
		if strings.Contains(states, "r") && failure == nil {
			t.Errorf("%s without an error", states)
		}
		if strings.Contains(fmt.Sprint(failure, answers), canary) {
			t.Errorf("content is printed: %v %v", failure, answers)
		}
	})
}

// TestBulkSize: what Cut counts for a record is never less than what is sent for it.
func TestBulkSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(map[string]string{
			rapid.String().Draw(t, "key"): rapid.String().Draw(t, "value"), "tab": rapid.SampledFrom([]string{"", "\t", `\"`}).Draw(t, "more"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "white space") {
			text = append([]byte("{\t "), text[1:]...)
		}
		r := sink.Record{
			Line: text, TimeMS: rapid.Int64Range(0, 4e12).Draw(t, "time"),
			UUID: rapid.StringMatching(`[a-zA-Z0-9-]{0,40}`).Draw(t, "uuid"),
		}
		for _, c := range []Config{{Preset: "elastic"}, {Preset: "opensearch"}, {Preset: "opensearch", DataStream: "x"}} {
			p, _ := presetOf(c.Preset)
			sent, a := p.Body.Encoder(&c).Append(nil, &r, time.Time{})
			if a != (sink.Answer{}) {
				t.Fatalf("%+v", a)
			}
			if size := p.Body.Size(&c, &r); len(sent) > size || size-len(sent) > 80 {
				t.Fatalf("%s: %d bytes are sent, %d are counted: %q", c.Preset, len(sent), size, sent)
			}
			if n := bytes.Count(sent, []byte("\n")); n != 2 || sent[len(sent)-1] != '\n' {
				t.Fatalf("%d lines: %q", n, sent)
			}
		}
	})
}

func TestBulkRefusesWhatSpoilsARequest(t *testing.T) {
	for _, bad := range []string{"", "{", "[1]", "{\"a\":1}\n{}", "{\n}"} {
		b := bulkCases()[2]
		s, fake := b.open(t, nil)
		records := []sink.Record{{UUID: "1", Line: []byte(`{"a":1}`)}, {UUID: "2", Line: []byte(bad)}, {UUID: "3", Line: []byte(`{}`)}}
		answers := make([]sink.Answer, 3)
		if err := s.Deliver(t.Context(), records, answers); err != nil || letters(answers) != "ada" || len(fake.Documents()) != 2 {
			t.Errorf("%q: %s, %v", bad, letters(answers), err)
		}
	}
}

// TestBulkUnderFaults: whatever fails in between, each record is stored once, and its
// answer is the truth.
func TestBulkUnderFaults(t *testing.T) {
	// Without ids, a record is stored twice whose answer was lost.
	for _, b := range []bulkCase{bulkCases()[0], bulkCases()[3]} {
		t.Run(b.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				faults := rapid.SliceOfN(rapid.SampledFrom([]httpsfake.Fault{
					{}, {Reset: true}, {ResetAfter: true}, {CutGzip: true}, {Gzip: true}, httpsfake.Page(502), httpsfake.Page(200),
					{Status: 429, ContentType: "application/json", Body: `{"status":429}`}, {Pad: maxResponse},
				}), 0, 8).Draw(rt, "faults")
				statuses := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 429, 503, 500}), 0, 60).Draw(rt, "statuses")
				poison := rapid.IntRange(0, 19).Draw(rt, "poison")
				call, item := 0, 0
				s, fake := b.open(t, func(h http.Handler) http.Handler {
					return httpsfake.WithFaults(h, func(*http.Request) (f httpsfake.Fault) {
						if call++; call <= len(faults) {
							f = faults[call-1]
						}
						return f
					})
				})
				fake.SetItemStatus(func(id string, _ int) int {
					if id == fmt.Sprint("id-", poison) {
						return 400
					}
					if item++; item <= len(statuses) {
						return statuses[item-1]
					}
					return 0
				})
				records := make([]sink.Record, 20)
				for i := range records {
					records[i] = sink.Record{UUID: fmt.Sprint("id-", i), Line: fmt.Appendf(nil, `{"uuid":"id-%d"}`, i), TimeMS: 1}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				out := (&sink.Loop{Sink: s, FirstCeiling: 2}).Deliver(ctx, records)
				stored := map[string]int{}
				for _, d := range fake.Documents() {
					stored[d.ID]++
				}
				for i, a := range out.Answers {
					want, copies := sink.Accepted, 1
					if i == poison {
						want, copies = sink.Dead, 0
					}
					if a.State != want && !(i == poison && a.State == sink.Retry) || stored[records[i].UUID] != copies {
						rt.Errorf("record %d, at fault %v: %+v, stored %d times; %v", i, i == poison, a, stored[records[i].UUID], out.Errors)
					}
				}
			})
		})
	}
}

// TestBulkRotation: the secret is read again when it is refused, and the role's
// credentials when they have changed.
func TestBulkRotation(t *testing.T) {
	now := time.Now()
	t.Run("secret", func(t *testing.T) {
		b := bulkCases()[0]
		secret := "aWQ6a2V5"
		b.config.Secret = func(context.Context) (string, error) { return secret, nil }
		b.config.Now = func() time.Time { return now }
		s, fake := b.open(t, nil)
		records := bulkRecords()
		if _, accepted, _ := deliverTo(t, s, records); accepted != len(records) {
			t.Fatalf("%d accepted", accepted)
		}
		fake.SetAuthorization("ApiKey bmV3OmtleQ==")
		if out, accepted, _ := deliverTo(t, s, records); accepted != 0 || sink.KindOf(out.Errors[0]) != sink.Blocked {
			t.Fatalf("%d accepted with the old key: %v", accepted, out.Errors)
		}
		secret, now = "new:key", now.Add(time.Minute)
		if out, accepted, there := deliverTo(t, s, records); accepted != len(records) || there != 3 {
			t.Errorf("%d accepted with the new key, %d already there: %v", accepted, there, out.Errors)
		}
	})
	t.Run("role", func(t *testing.T) {
		b := bulkCases()[2]
		current := aws.Credentials{AccessKeyID: "AKIDOLD", SecretAccessKey: "old"}
		var failure error
		b.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			c := current
			current = testCredentials
			return c, failure
		})
		s, _ := b.open(t, nil)
		records := bulkRecords()
		if out, accepted, _ := deliverTo(t, s, records); accepted != len(records) {
			t.Errorf("%d accepted: %v", accepted, out.Errors)
		}
		failure = errors.New("account 111122223333")
		out, _, _ := deliverTo(t, s, records)
		if sink.KindOf(out.Errors[0]) != sink.Blocked || strings.Contains(out.Errors[0].Error(), "1111") {
			t.Errorf("without credentials: %v", out.Errors)
		}
	})
	t.Run("wrong role", func(t *testing.T) {
		b := bulkCases()[4]
		b.config.Credentials = provider(aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wrong"})
		s, _ := b.open(t, nil)
		out, accepted, _ := deliverTo(t, s, bulkRecords())
		if accepted != 0 || sink.KindOf(out.Errors[0]) != sink.Blocked || !strings.Contains(out.Errors[0].Error(), "setting auth") {
			t.Errorf("%d accepted: %v", accepted, out.Errors)
		}
	})
}

func TestSigV4Region(t *testing.T) {
	for host, want := range map[string]string{
		"search-okta-abc.eu-central-1.es.amazonaws.com":   "eu-central-1",
		"07tjusf2h91cunochc.us-east-1.aoss.amazonaws.com": "us-east-1",
		"search-okta-abc.aos.us-gov-west-1.on.aws":        "us-gov-west-1",
		"vpc-x.cn-north-1.es.amazonaws.com.cn":            "cn-north-1",
		"logs.example.com":                                "",
		"eu-central-1.example.com":                        "",
		"eu-central-1.evil.com.amazonaws.com.example":     "",
		"localhost": "",
	} {
		if got := regionOf(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	if _, err := New(Config{Preset: "opensearch", Endpoint: "https://os.example.com", Credentials: provider(testCredentials)}); err == nil {
		t.Error("a sink that signs for no region")
	}
	if _, err := New(Config{Preset: "opensearch", Endpoint: "https://os.example.com", Region: "x"}); err == nil {
		t.Error("a sink that signs without credentials")
	}
}

// TestBulkBatches: a batch of ordinary events is one of 1 MB or 500 records, whatever
// is smaller.
func TestBulkBatches(t *testing.T) {
	b := bulkCases()[0]
	s, fake := b.open(t, nil)
	records := make([]sink.Record, 1201)
	for i := range records {
		records[i] = sink.Record{UUID: fmt.Sprint(i), Line: fmt.Appendf(nil, `{"uuid":"%d"}`, i)}
	}
	out, accepted, _ := deliverTo(t, s, records)
	if accepted != len(records) || out.Batches != 3 || fake.Requests() != 3 {
		t.Errorf("%d accepted in %d batches and %d requests", accepted, out.Batches, fake.Requests())
	}
	for i := range records {
		records[i].Line = fmt.Appendf(nil, `{"uuid":"%d","x":"%s"}`, i, strings.Repeat("x", 4000))
	}
	sizes := func(batch []int) (n int) {
		for _, i := range batch {
			n += s.preset.Body.Size(&s.config, &records[i])
		}
		return n
	}
	batches := s.Cut(records)
	if len(batches) != 5 || slices.ContainsFunc(batches, func(b []int) bool { return sizes(b) > maxBulkBody }) {
		t.Errorf("%d batches", len(batches))
	}
}

func gunzipped(t *testing.T, r *http.Request) []byte {
	t.Helper()
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return nil
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	return text
}
