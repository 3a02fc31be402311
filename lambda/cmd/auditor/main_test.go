package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/oktafake"
	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// world is a stack with an archive, and an org.
type world struct {
	cloud *awsfake.Cloud
	org   *oktafake.Org
	okta  *httptest.Server
	env   map[string]string
}

const secretValue = `{"token": "s3cret-t0ken"}`

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{cloud: awsfake.New(t, awsfake.Options{})}
	w.org = oktafake.New(oktafake.Config{Principals: []oktafake.Principal{
		{Name: "audit", Token: "s3cret-t0ken", Role: oktafake.ReportAdmin},
	}})
	w.okta = httptest.NewServer(w.org)
	t.Cleanup(w.okta.Close)
	w.cloud.AddBucket("the-archive", awsfake.BucketOptions{Owner: "111122223333", Versioning: "Enabled"})
	w.cloud.SetSecret("okta", secretValue)
	queue := func(name string) string { return w.cloud.AddQueue(name, awsfake.QueueOptions{}) }
	w.env = map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAFAKE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_ENDPOINT_URL": *w.cloud.Config().BaseEndpoint, "OKTASTREAM_PIPELINE": "stack-archive",
		"OKTASTREAM_SOURCE": "aws.partner/okta.com/example/s", "OKTASTREAM_ACCOUNT": "111122223333",
		"OKTASTREAM_DESTINATION": "archive", "OKTASTREAM_FORMAT": "raw", "OKTASTREAM_BUCKET": "the-archive",
		"OKTASTREAM_BUCKET_OWNER": "111122223333", "OKTASTREAM_BUFFER_URL": queue("buffer"),
		"OKTASTREAM_DEAD_URL": queue("dead"), "OKTASTREAM_MAX_RECEIVE_COUNT": "5",
		"OKTASTREAM_AUDIT_ORG_URL": w.okta.URL, "OKTASTREAM_AUDIT_SECRET": "okta",
	}
	w.env["OKTASTREAM_AUDIT_DEAD_URLS"] = queue("redrive") + "," + w.env["OKTASTREAM_DEAD_URL"]
	return w
}

func (w *world) get(name string) string { return w.env[name] }

// store puts events into the archive.
func (w *world) store(t *testing.T, start time.Time, list []oktafake.Event) {
	t.Helper()
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	for _, e := range list {
		fmt.Fprintf(z, `{"version":"0","id":"e","detail-type":"SystemLog","source":"aws.partner/okta.com/example/s",`+
			`"account":"111122223333","time":"2026-11-01T00:00:00Z","region":"us-east-1","resources":[],`+
			`"detail":%s}`+"\n", e.JSON)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	key := archive.Key(archive.Hour{Org: "example", Start: start}, body.Bytes())
	w.cloud.SetObject("the-archive", key, body.Bytes())
}

// TestAnHourIsProved runs the auditor of the function against S3, SQS, Secrets Manager and Okta:
// an event is missing, is sent, arrives, and the hour's digest says so.
func TestAnHourIsProved(t *testing.T) {
	w := newWorld(t)
	start := time.Now().UTC().Truncate(time.Hour).Add(-26 * time.Hour)
	w.env["OKTASTREAM_AUDIT_SINCE"] = start.Format(time.RFC3339)
	w.org.Generate(oktafake.Load{Since: start, Span: time.Hour, PerHour: 10, Seed: 1})
	list := slices.Collect(w.org.Events(start, start.Add(time.Hour)))
	w.store(t, start, list[1:])
	s, err := read(w.get)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Duration(0)
	config := w.cloud.Config()
	config.Retryer = func() aws.Retryer { return retry.NewStandard() }
	var out bytes.Buffer
	a, err := newAuditor(t.Context(), s, config, &out, func() time.Time { return time.Now().Add(later) })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := a.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		later += 61 * time.Minute
		if messages := w.cloud.Messages("buffer"); len(messages) > 0 {
			if !strings.Contains(messages[0].Body, list[0].UUID) || len(messages) > 1 {
				t.Fatalf("%d messages", len(messages))
			}
			w.store(t, start, list[:1])
		}
	}
	bucket, err := archive.NewS3(t.Context(), config, archive.S3Options{Bucket: "the-archive"})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	summary, err := archive.Verify(t.Context(), bucket, archive.Check{Org: "example"}, func(f archive.Finding) {
		if f.Kind.Broken() {
			t.Error(f.Text)
		}
		found++
	})
	if err != nil || summary.Digests == 0 {
		t.Errorf("%+v, %v", summary, err)
	}
	digests := w.cloud.Objects("the-archive", "digest/")
	const want = `"okta":{"okta":10,"here":10,"missing":0,"filled":1,"extra":0,"waiting":0,"state":"complete"`
	if !slices.ContainsFunc(digests, func(o awsfake.S3Object) bool { return strings.Contains(string(o.Body), want) }) {
		t.Errorf("no digest has %s", want)
	}
	if strings.Contains(out.String(), "s3cret") || strings.Contains(out.String(), "displayName") {
		t.Error("the log has a secret or content of an event")
	}
}

// build makes the function as the CDK app does, for the machine it is on unless arch says another.
func build(t *testing.T, arch string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=",
		"-tags", "lambda.norpc", "-o", path, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if arch != "" {
		command.Env = append(command.Env, "GOOS=linux", "GOARCH="+arch)
	}
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// maxStart is how long the function may take from its start to its first poll, at best.
const maxStart = 40 * time.Millisecond

// TestTheBinaryRuns starts the function, which answers an invocation of the schedule.
func TestTheBinaryRuns(t *testing.T) {
	w := newWorld(t)
	w.env["OKTASTREAM_AUDIT_SINCE"] = time.Now().Add(-30 * time.Hour).Format(time.RFC3339)
	path := build(t, "")
	polled, answers, work := make(chan time.Time, 100), make(chan string, 10), make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(rw http.ResponseWriter, r *http.Request) {
		polled <- time.Now()
		select {
		case <-work:
			rw.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			rw.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = rw.Write([]byte(`{}`))
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answers <- r.PathValue("kind") + " " + string(body)
		rw.WriteHeader(http.StatusAccepted)
	})
	api := httptest.NewServer(mux)
	t.Cleanup(api.Close)
	best := time.Hour
	for i := range 10 {
		command := exec.CommandContext(t.Context(), path)
		command.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://")}
		for _, name := range slices.Sorted(maps.Keys(w.env)) {
			command.Env = append(command.Env, name+"="+w.env[name])
		}
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		began := time.Now()
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case at := <-polled:
			best = min(best, at.Sub(began))
		case <-time.After(30 * time.Second):
			t.Fatalf("the function did not poll: %s", out.String())
		}
		if i == 0 {
			work <- struct{}{}
			select {
			case got := <-answers:
				if got != "response null" {
					t.Errorf("%s\n%s", got, out.String())
				}
			case <-time.After(time.Minute):
				t.Fatal("no answer")
			}
			<-polled // for the next invocation
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // it says that it was killed
		if i >= 3 && best < maxStart {
			break
		}
	}
	t.Logf("start to first poll: %v at best", best)
	if best > maxStart {
		t.Errorf("start to first poll: %v, more than %v", best, maxStart)
	}
	if n := w.org.Calls("/api/v1/logs"); n == 0 {
		t.Error("Okta was not asked")
	}
}

func TestSettings(t *testing.T) {
	type env = map[string]string
	const audit, destination = "OKTASTREAM_AUDIT_", "OKTASTREAM_DESTINATION"
	group := env{destination: "cloudwatch", "OKTASTREAM_LOG_GROUP": "g"}
	withBucket := maps.Clone(group)
	withBucket[audit+"BUCKET"] = "bucket"
	for name, c := range map[string]struct {
		set  env
		want string // in the error; "" is none
	}{
		"all":               {nil, ""},
		"org of the stack":  {env{audit + "ORG_URL": "https://example.okta.com/"}, ""},
		"another org":       {env{audit + "ORG_URL": "https://other.okta.com"}, "AUDIT_ORG_URL must be"},
		"no org":            {env{audit + "ORG_URL": ""}, "AUDIT_ORG_URL must be"},
		"no secret":         {env{audit + "SECRET": ""}, "AUDIT_SECRET must be"},
		"requests":          {env{audit + "REQUESTS": "0"}, "AUDIT_REQUESTS must be"},
		"since a day":       {env{audit + "SINCE": "2026-11-01"}, ""},
		"since":             {env{audit + "SINCE": "yesterday"}, "AUDIT_SINCE must be"},
		"dead":              {env{audit + "DEAD_URLS": "dead"}, "AUDIT_DEAD_URLS must be"},
		"another pipeline":  {env{destination: "datadog", "OKTASTREAM_DELIVERY_BUS": "b"}, "for the auditor"},
		"log group":         {withBucket, ""},
		"log group, no own": {group, "AUDIT_BUCKET must be"},
	} {
		w := newWorld(t)
		if c.set[destination] != "" {
			w.env["OKTASTREAM_FORMAT"] = "ocsf"
		}
		maps.Copy(w.env, c.set)
		_, err := read(w.get)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheFunctionLinksOnlyWhatItNeeds: neither the libraries of the command line nor the CDK, nor
// our own fakes.
func TestTheFunctionLinksOnlyWhatItNeeds(t *testing.T) {
	linked := []string{
		"github.com/oktastream/oktastream/events", "github.com/oktastream/oktastream/lambda",
		"github.com/aws/aws-lambda-go", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/internal", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs",
		"github.com/aws/aws-sdk-go-v2/service/eventbridge", "github.com/aws/aws-sdk-go-v2/service/internal",
		"github.com/aws/aws-sdk-go-v2/service/secretsmanager", "github.com/aws/aws-sdk-go-v2/service/sqs",
		"github.com/aws/smithy-go", "github.com/cenkalti/backoff", "github.com/go-jose/go-jose",
		"github.com/go-json-experiment/json",
		"github.com/klauspost/compress", "golang.org/x/sync", "golang.org/x/time/rate",
	}
	notLinked := []string{
		"github.com/oktastream/oktastream/lambda/internal", "github.com/oktastream/oktastream/lambda/bulk",
		"github.com/oktastream/oktastream/lambda/cmd/oktastream",
		"github.com/oktastream/oktastream/events/internal/eventstest",
		"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds", "github.com/aws/aws-sdk-go-v2/credentials/ssocreds",
		"github.com/aws/aws-sdk-go-v2/credentials/stscreds", "os/exec", "testing",
	}
	out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	within := func(of string, list []string) bool {
		return slices.ContainsFunc(list, func(one string) bool { return of == one || strings.HasPrefix(of, one+"/") })
	}
	for path := range strings.FieldsSeq(string(out)) {
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") && !within(path, linked) || within(path, notLinked) {
			t.Errorf("the function links %s", path)
		}
	}
}
