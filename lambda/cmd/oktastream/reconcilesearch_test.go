package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/https"
)

// searchWorld is a reconcileWorld with an Elasticsearch, and the stack elastics, whose
// pipeline delivers there.
type searchWorld struct {
	*reconcileWorld
	elastic *httpsfake.Bulk
	address string
	secret  string // the name of the file
}

func newSearchWorld(t *testing.T, perHour int) *searchWorld {
	t.Helper()
	w := &searchWorld{reconcileWorld: newReconcileWorld(t, perHour)}
	w.elastic = httpsfake.NewBulk(httpsfake.BulkOptions{
		Elasticsearch: true, DataStreams: []string{"logs-*"}, Pipeline: httpsfake.OktaPipeline,
	})
	w.elastic.SetAuthorization("ApiKey " + base64.StdEncoding.EncodeToString([]byte("id:key")))
	w.address = serve(t, w.elastic)
	w.secret = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(w.secret, []byte("id:key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	queue := strings.TrimSuffix(w.buffer, "buffer")
	text, err := json.Marshal(pipelineOutput{
		Oktastream: 1, Name: "elastics-elastic", Destination: "elastic", Ingest: "queue", Source: ownSource,
		Account: ownAccount, Region: ownRegion, Endpoint: w.address, DataStream: "logs-okta.system-prod",
		Buffer: w.buffer, Redrive: queue + "redrive", Dead: queue + "dead", ReplayRole: replayRole,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.AddStack("elastics", map[string]string{"Pipeline": string(text)})
	return w
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// send has the sink of a destination over HTTPS store events.
func send(t *testing.T, c https.Config, list []oktafake.Event) {
	t.Helper()
	to, err := https.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New(pipeline.Config{Format: pipeline.Format(c.Format)})
	var records []sink.Record
	for _, e := range list {
		out := p.Process(nil, e.JSON, func(r *pipeline.Record) {
			if r.Fault != nil {
				t.Fatal(r.Fault)
			}
		})
		records = append(records, sink.Record{
			Line: []byte(strings.TrimSuffix(string(out), "\n")), UUID: e.UUID, TimeMS: e.Published.UnixMilli(),
		})
	}
	answers := make([]sink.Answer, len(records))
	if err := to.Deliver(t.Context(), records, answers); err != nil {
		t.Fatal(err)
	}
}

func (w *searchWorld) send(t *testing.T, stream string, list ...oktafake.Event) {
	t.Helper()
	send(t, https.Config{
		Preset: "elastic", Endpoint: w.address, DataStream: stream, Format: "raw", Secret: httpsfake.Secret("id:key"),
	}, list)
}

// The events of a gap are found in Elasticsearch, and no other; an event that lies in two
// backing indexes is counted as a copy.
func TestReconcileAgainstElastic(t *testing.T) {
	w := newSearchWorld(t, 150)
	list := w.events()
	w.send(t, "", list[:200]...)
	w.elastic.Rollover(https.DefaultDataStream)
	w.send(t, "", list[190:200]...)
	w.send(t, "", list[260:]...)
	code, got, stderr := w.reconcile(t, "--against", "elastic", "--endpoint", w.address, "--secret-file", w.secret)
	n := int64(len(list))
	if code != exitFailed || stderr != "" || *got.Missing != 60 || got.Here != n-60 || got.Copies != 10 || *got.Extra != 0 ||
		got.Against != "elastic logs-okta.system-default ("+w.address+")" {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
}

// --fill sends what is missing through the queue and the function, which has the destination
// store it. The stack says where that is.
func TestReconcileFillsElastic(t *testing.T) {
	w := newSearchWorld(t, 50)
	list := w.events()
	const stream = "logs-okta.system-prod"
	w.send(t, stream, list[:40]...)
	w.send(t, stream, list[70:]...)
	w.functionOf(t, map[string]string{
		"OKTASTREAM_PIPELINE": "elastics-elastic", "OKTASTREAM_DESTINATION": "elastic", "OKTASTREAM_ENDPOINT": w.address,
		"OKTASTREAM_SECRET": "okta/elastic", "OKTASTREAM_DATA_STREAM": stream,
	}, config.Clients{Secret: httpsfake.Secret("id:key")})
	args := []string{"--against", "elastic", "--stack", "elastics", "--secret-file", w.secret}
	code, got, stderr := w.reconcile(t, append(args, "--fill", "--wait", "1m")...)
	if code != exitDone || got.Filled == nil || got.Filled.Sent != 30 || got.Copies != 0 || got.Here != got.Okta {
		t.Fatalf("exit %d, %+v, %+v, %s", code, got, got.Filled, stderr)
	}
	code, got, stderr = w.reconcile(t, append(args, "--fill")...)
	if code != exitDone || got.Filled != nil {
		t.Errorf("again: exit %d, %+v, %s", code, got.Filled, stderr)
	}
}

// Requests to OpenSearch are signed with the credentials of AWS, and no secret is needed.
func TestReconcileAgainstOpenSearch(t *testing.T) {
	w := newReconcileWorld(t, 50)
	keys, err := w.Config().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", keys.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", keys.SessionToken)
	fake := httpsfake.NewBulk(httpsfake.BulkOptions{SigV4: &httpsfake.SigV4{Service: "es", Region: ownRegion, Credentials: keys}})
	address := serve(t, fake)
	provider := aws.CredentialsProviderFunc(w.Config().Credentials.Retrieve)
	list := w.events()
	send(t, https.Config{
		Preset: "opensearch", Endpoint: address, Index: "audit", Format: "ocsf", Credentials: provider, Region: ownRegion,
	}, list[1:])
	code, got, stderr := w.reconcile(t, "--against", "opensearch", "--endpoint", address, "--index", "audit")
	if code != exitFailed || *got.Missing != 1 || got.Here != int64(len(list))-1 || !strings.Contains(got.AWS, ownRegion) {
		t.Errorf("exit %d, %+v, %s", code, got, stderr)
	}
}

// What cannot be read, or not to its end, gives no figures, and the next step.
func TestReconcileSearchFaults(t *testing.T) {
	w := newSearchWorld(t, 20)
	w.send(t, "", w.events()...)
	other := httpsfake.NewBulk(httpsfake.BulkOptions{Elasticsearch: true, DataStreams: []string{"logs-*"}})
	others := serve(t, other)
	body := "{\"create\":{}}\n{\"@timestamp\":\"" + w.since.Format("2006-01-02T15:04:05Z") + "\",\"level\":\"info\"}\n"
	answer, err := http.Post(others+"/"+https.DefaultDataStream+"/_bulk", "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	partial := serve(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		w.elastic.ServeHTTP(recorder, r)
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(recorder.Code)
		_, _ = out.Write([]byte(strings.Replace(recorder.Body.String(), `"timed_out":false`, `"timed_out":true`, 1)))
	}))
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("id:wr0ng"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := []string{"--secret-file", w.secret}
	at := func(url string, more ...string) []string {
		return append([]string{"--against", "elastic", "--endpoint", url}, more...)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"no endpoint":      {[]string{"--against", "elastic"}, 2, []string{"--endpoint: endpoint must be an https URL", "--secret-file: "}},
		"plain http":       {at("http://elastic.example", secret...), 2, []string{"plain http is for"}},
		"no secret":        {at(w.address), 2, []string{"--secret-file: the secret is missing"}},
		"an index":         {at(w.address, append(secret, "--index", "a")...), 2, []string{"--index is for --against opensearch"}},
		"and a file":       {at(w.address, append(secret, "other.jsonl")...), 2, []string{"one destination or files"}},
		"fill, no stack":   {at(w.address, append(secret, "--fill")...), 2, []string{"--fill needs --stack"}},
		"another pipeline": {at(w.address, append(secret, "--stack", "okta")...), 2, []string{"delivers to cloudwatch"}},
		"for cloudwatch": {[]string{"--against", "cloudwatch", "--stack", "okta", "--endpoint", w.address}, 2,
			[]string{"--endpoint is for --against elastic, opensearch"}},
		"opensearch, a secret": {[]string{"--against", "opensearch", "--endpoint", w.address, "--secret-file", w.secret}, 2,
			[]string{"--secret-file is for --auth basic"}},
		"a wrong key": {at(w.address, "--secret-file", wrong), 1,
			[]string{"HTTP 401", "privilege to read logs-okta.system-default", "hint: the setting secret is --secret-file here"}},
		"no such stream": {at(w.address, append(secret, "--data-stream", "logs-none")...), 1,
			[]string{"there is no logs-none", "hint: the setting dataStream is --data-stream here"}},
		"another format": {at(others, secret...), 1, []string{"none is recognised as a record of an Okta event"}},
		"a partial answer": {at(partial, secret...), 1, []string{"the search timed out", "the read is incomplete",
			"hint: nothing was compared"}},
	} {
		out := filepath.Join(t.TempDir(), "missing")
		code, stdout, stderr := w.call(t, "", w.args(append([]string{"--missing", out}, test.args...)...)...)
		if code != test.code || stdout != "" || strings.Contains(stderr, "wr0ng") {
			t.Errorf("%s: exit %d, %s\n%s", name, code, stderr, stdout)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: %q is not in %s", name, want, stderr)
			}
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: the file of --missing is there", name)
		}
	}
}
