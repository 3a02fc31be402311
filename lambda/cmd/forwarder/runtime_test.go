package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// runtimeAPI is Lambda's side of the Runtime API, as a custom runtime sees it
// ("Using the Lambda runtime API", AWS Lambda Developer Guide, 2026-11), and as
// much of the Extensions API as WithEnableSIGTERM needs.
type runtimeAPI struct {
	*httptest.Server
	polled  chan struct{} // the function asks for work for the first time
	work    chan []byte
	answers chan answer
	once    sync.Once
}

type answer struct {
	kind string // response, error, or init/error
	body string
}

func newRuntimeAPI(t *testing.T) *runtimeAPI {
	api := &runtimeAPI{polled: make(chan struct{}), work: make(chan []byte), answers: make(chan answer, 10)}
	done := make(chan struct{})
	id := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		api.once.Do(func() { close(api.polled) })
		select {
		case payload := <-api.work:
			id++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("request-%d", id))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(30*time.Second).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:111122223333:function:forwarder")
			_, _ = w.Write(payload)
		case <-r.Context().Done():
		case <-done:
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		api.answers <- answer{r.PathValue("kind"), string(body)}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "sigterm")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-done:
		}
	})
	api.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(done)
		api.CloseClientConnections()
		api.Close()
	})
	return api
}

// build makes the function as the CDK app does, for the machine it is on unless
// goarch says otherwise.
func build(t *testing.T, goarch string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-tags", "lambda.norpc", "-o", path, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if goarch != "" {
		command.Env = append(command.Env, "GOOS=linux", "GOARCH="+goarch)
	}
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// process is the function, running.
type process struct {
	*exec.Cmd
	out bytes.Buffer
	mu  sync.Mutex
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func start(t *testing.T, path string, env map[string]string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(path)}
	p.Env = []string{"AWS_ACCESS_KEY_ID=AKIAFAKE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_LAMBDA_FUNCTION_NAME=forwarder"}
	for key, value := range env {
		p.Env = append(p.Env, key+"="+value)
	}
	p.Stdout, p.Stderr = p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

func (w *world) environment(api *runtimeAPI) map[string]string {
	return map[string]string{
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(api.URL, "http://"), "AWS_REGION": ownRegion, "AWS_ENDPOINT_URL": *w.Config().BaseEndpoint,
		"OKTASTREAM_PIPELINE": w.config.Pipeline, "OKTASTREAM_SOURCE": ownSource, "OKTASTREAM_ACCOUNT": ownAccount,
		"OKTASTREAM_DESTINATION": string(w.config.Destination), "OKTASTREAM_BUFFER_URL": w.config.BufferURL, "OKTASTREAM_DEAD_URL": w.config.DeadURL,
		"OKTASTREAM_MAX_RECEIVE_COUNT": "59", "OKTASTREAM_LOG_GROUP": logGroup, "OKTASTREAM_DELIVERY_BUS": busName,
		"OKTASTREAM_SECRET": secretName, "OKTASTREAM_ENDPOINT": w.config.HTTPS.Endpoint,
		"OKTASTREAM_BUCKET": bucket, "OKTASTREAM_BUCKET_OWNER": ownAccount,
	}
}

func wait[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s within 20 s", what)
	}
	return v
}

// TestTheBinaryUnderTheRuntimeAPI runs the function as Lambda does: start, serve,
// answer with a partial batch, answer an error, go on SIGTERM.
func TestTheBinaryUnderTheRuntimeAPI(t *testing.T) {
	w := newWorld(t, config.CloudWatch)
	api := newRuntimeAPI(t)
	path := build(t, "")
	p := start(t, path, w.environment(api))
	wait(t, api.polled, "poll")

	batch := func(n int, extra ...string) []byte {
		for i := range n {
			w.Send("buffer", envelope(event(fmt.Sprintf("run-%d-%d", n, i), time.Now(), "user.session.start")), nil)
		}
		for _, body := range extra {
			w.Send("buffer", body, nil)
		}
		return w.LambdaBatch("buffer", n+len(extra)).Payload
	}
	api.work <- batch(3)
	if a := wait(t, api.answers, "answer"); a.kind != "response" || a.body != `{"batchItemFailures":[]}` {
		t.Errorf("a batch that arrives: %+v", a)
	}
	if len(w.delivered) != 3 {
		t.Errorf("%d events delivered", len(w.delivered))
	}

	w.SetFaults(func(c awsfake.Call) awsfake.Fault {
		if c.Service == awsfake.Logs {
			return awsfake.Fault{Code: "AccessDeniedException"}
		}
		return awsfake.Fault{}
	})
	api.work <- batch(2, "poison")
	a := wait(t, api.answers, "answer")
	var response struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal([]byte(a.body), &response); err != nil || a.kind != "response" || len(response.BatchItemFailures) != 2 {
		t.Errorf("a destination that refuses: %+v", a)
	}
	if dead := w.Messages("dead"); len(dead) != 1 || dead[0].Body != "poison" {
		t.Errorf("dead: %+v", dead)
	}

	// A single event that can go neither to the destination nor to the buffer is
	// an error, so that Lambda tries again.
	w.SetFaults(func(awsfake.Call) awsfake.Fault { return awsfake.Fault{Code: "AccessDeniedException"} })
	api.work <- []byte(envelope(event("single", time.Now(), "user.session.start")))
	if a := wait(t, api.answers, "answer"); a.kind != "error" || !strings.Contains(a.body, "neither delivered nor buffered") {
		t.Errorf("an event that nobody takes: %+v", a)
	}

	w.SetFaults(nil)
	api.work <- batch(1000)
	if a := wait(t, api.answers, "answer"); a.body != `{"batchItemFailures":[]}` {
		t.Errorf("1,000 events: %.200s", a.body)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// Lambda kills the process a moment after it has told it.
	for end := time.Now().Add(20 * time.Second); !strings.Contains(p.log(), `"msg":"shutdown"`) && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if log := p.log(); !strings.Contains(log, `"msg":"shutdown"`) || strings.Count(log, `"msg":"invocation"`) != 4 || !strings.Contains(log, `"_aws"`) {
		t.Errorf("log:\n%s", log)
	}
}

func TestAFunctionWithoutConfigurationSaysAllThatIsWrong(t *testing.T) {
	api := newRuntimeAPI(t)
	p := start(t, build(t, ""), map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(api.URL, "http://"), "AWS_REGION": ownRegion})
	if err := p.Wait(); err == nil {
		t.Fatal("it started")
	}
	log := p.log()
	for _, name := range []string{"PIPELINE", "SOURCE", "ACCOUNT", "DESTINATION", "BUFFER_URL", "DEAD_URL", "MAX_RECEIVE_COUNT"} {
		if !strings.Contains(log, "OKTASTREAM_"+name) {
			t.Errorf("%s is not named in\n%s", name, log)
		}
	}
}
