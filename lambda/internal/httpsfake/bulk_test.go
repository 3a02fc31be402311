package httpsfake

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const twoDocuments = `{"create":{"_id":"a"}}
{"@timestamp":"2026-11-01T00:00:00Z","n":1}
{"create":{}}
{"@timestamp":"2026-11-01T00:00:00Z","n":2}
`

func post(h http.Handler, path, body string, change func(*http.Request)) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-ndjson")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestBulkSettings has what no node tells: the fake's own settings. What a node tells
// is compared with one by TestOpenSearch of lambda/sink/https.
func TestBulkSettings(t *testing.T) {
	for name, c := range map[string]struct {
		options BulkOptions
		set     func(*Bulk)
		path    string
		status  int
		says    string
	}{
		"plain index":         {status: 200, says: `"_index":"okta"`},
		"data stream":         {options: BulkOptions{DataStreams: []string{"ok*"}}, status: 200, says: `"_index":".ds-okta-000001"`},
		"filter_path":         {path: "/okta/_bulk?filter_path=errors,items.*.status", status: 200, says: `{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}`},
		"filter_path, no hit": {path: "/okta/_bulk?filter_path=foo", status: 200, says: `{}`},
		"no such index":       {options: BulkOptions{NoAutoCreate: true}, status: 200, says: `"status":404`},
		"no ids":              {options: BulkOptions{NoDocumentIDs: true}, status: 200, says: "Document ID is not supported"},
		"broken pipeline":     {options: BulkOptions{Pipeline: BrokenPipeline}, status: 200, says: "nofield"},
		"item fails": {set: func(b *Bulk) {
			b.SetItemStatus(func(_ string, item int) int { return []int{0, 429}[item] })
		}, status: 200, says: `"status":429`},
		"token":                               {set: func(b *Bulk) { b.SetAuthorization("ApiKey x") }, status: 401, says: "security_exception"},
		"too large":                           {options: BulkOptions{MaxContentLength: 50}, status: 413},
		"require_data_stream, Elasticsearch":  {options: BulkOptions{Elasticsearch: true}, path: "/okta/_bulk?require_data_stream=true", status: 200},
		"require_data_stream, OpenSearch":     {path: "/okta/_bulk?require_data_stream=true", status: 400, says: "unrecognized parameter"},
		"OpenSearch Service without a signer": {options: BulkOptions{SigV4: &SigV4{Service: "es"}}, status: 403, says: "Missing Authentication Token"},
	} {
		b := NewBulk(c.options)
		if c.set != nil {
			c.set(b)
		}
		if c.path == "" {
			c.path = "/okta/_bulk"
		}
		if status, text := post(b, c.path, twoDocuments, nil); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s, want %d and %s", name, status, text, c.status, c.says)
		}
	}
}

// TestBulkKeepsDocuments: ids are unique until the rollover.
func TestBulkKeepsDocuments(t *testing.T) {
	var seen []string
	b := NewBulk(BulkOptions{DataStreams: []string{"okta"}, OnDocument: func(d Document) { seen = append(seen, d.ID) }})
	post(b, "/okta/_bulk", twoDocuments, nil)
	post(b, "/okta/_bulk", twoDocuments, nil)
	b.Rollover("okta")
	post(b, "/okta/_bulk", twoDocuments, nil)
	const want = "a generated00000000001 generated00000000002 a generated00000000003"
	if got := strings.Join(seen, " "); got != want || len(b.Documents()) != 5 || b.Requests() != 3 {
		t.Errorf("%s are stored, want %s", got, want)
	}
	if got := string(b.Documents()[0].Source); got != `{"@timestamp":"2026-11-01T00:00:00Z","n":1}` {
		t.Errorf("the document is %s", got)
	}
}

func TestSigV4(t *testing.T) {
	credentials := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "none", SessionToken: "session"}
	for _, service := range []string{"es", "aoss"} {
		b := NewBulk(BulkOptions{SigV4: &SigV4{Service: service, Region: "us-east-1", Credentials: credentials}})
		sign := func(c aws.Credentials, service, region, hash string, at time.Time, withLength bool) func(*http.Request) {
			return func(r *http.Request) {
				r.Header.Set("X-Amz-Content-Sha256", hash)
				length := r.ContentLength
				if !withLength {
					r.ContentLength = 0
				}
				if err := v4.NewSigner().SignHTTP(t.Context(), c, r, hash, service, region, at); err != nil {
					t.Fatal(err)
				}
				r.ContentLength = length
			}
		}
		hash := hashOf([]byte(twoDocuments))
		other := credentials
		other.SecretAccessKey = "other"
		now := time.Now()
		for name, c := range map[string]struct {
			change func(*http.Request)
			want   int
		}{
			"signed":          {sign(credentials, service, "us-east-1", hash, now, false), 200},
			"with its length": {sign(credentials, service, "us-east-1", hash, now, true), map[string]int{"es": 200, "aoss": 403}[service]},
			"other key":       {sign(other, service, "us-east-1", hash, now, false), 403},
			"other service":   {sign(credentials, "s3", "us-east-1", hash, now, false), 403},
			"other region":    {sign(credentials, service, "us-east-2", hash, now, false), 403},
			"other body":      {sign(credentials, service, "us-east-1", hashOf(nil), now, false), 403},
			"long ago":        {sign(credentials, service, "us-east-1", hash, now.Add(-time.Hour), false), 403},
			"header added": {func(r *http.Request) {
				sign(credentials, service, "us-east-1", hash, now, false)(r)
				r.Header.Set("Content-Type", "application/json")
			}, 403},
			"not signed": {nil, 403},
			"basic":      {func(r *http.Request) { r.SetBasicAuth("a", "b") }, 403},
			"signature is cut": {func(r *http.Request) {
				sign(credentials, service, "us-east-1", hash, now, false)(r)
				r.Header.Set("Authorization", strings.TrimRight(r.Header.Get("Authorization"), "0123456789abcdef"))
			}, 403},
		} {
			if status, text := post(b, "/okta/_bulk", twoDocuments, c.change); status != c.want {
				t.Errorf("%s, %s: %d %s, want %d", service, name, status, text, c.want)
			}
		}
	}
}
