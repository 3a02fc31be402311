//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// environment is one execution environment of a function: its process, and Lambda's
// side of the Runtime API that it talks to ("Using the Lambda runtime API", Lambda
// developer guide, read 2026-11).
type environment struct {
	id      string
	command *exec.Cmd
	server  *http.Server
	said    *output
	work    chan call
	answers chan answer
	done    chan struct{} // closed when the process has ended
	once    sync.Once
}

type call struct {
	id       string
	payload  []byte
	deadline time.Time
}

type answer struct {
	id    string
	body  []byte
	fault bool
}

// errGone is the end of a process in the middle of a call.
var errGone = errors.New("the function's process ended before it answered")

// start runs the deployed code with the deployed variables.
func (f *function) start(id string) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the runtime API: %w", err)
	}
	e := &environment{id: id, said: &output{}, work: make(chan call), answers: make(chan answer, 1),
		done: make(chan struct{})}
	e.server = &http.Server{Handler: e.runtimeAPI(f)}
	go func() { _ = e.server.Serve(listener) }()

	arguments := []string{f.bootstrap}
	if f.emulate != "" {
		arguments = []string{f.emulate, f.bootstrap}
	}
	e.command = exec.Command(arguments[0], arguments[1:]...)
	e.command.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_REGION=" + region, "AWS_ENDPOINT_URL=" + f.endpoint,
		"AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing", "AWS_SESSION_TOKEN=" + tokenPrefix + id,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "_HANDLER=bootstrap",
		fmt.Sprint("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=", f.MemorySize),
	}
	for name, value := range f.Environment.Variables {
		e.command.Env = append(e.command.Env, name+"="+value)
	}
	e.command.Stdout, e.command.Stderr = e.said, e.said
	if err := e.command.Start(); err != nil {
		_ = e.server.Close()
		return nil, fmt.Errorf("start the function %s: %w", f.Name, err)
	}
	go func() {
		_ = e.command.Wait()
		close(e.done)
	}()
	return e, nil
}

func (e *environment) runtimeAPI(f *function) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case c := <-e.work:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", c.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(c.deadline.UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", f.ARN)
			_, _ = w.Write(c.payload)
		case <-r.Context().Done():
		case <-e.done:
		}
	})
	take := func(fault bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			e.answers <- answer{r.PathValue("id"), body, fault}
			w.WriteHeader(http.StatusAccepted)
		}
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", take(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", take(true))
	// What a handler of SIGTERM needs of the Extensions API.
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "sigterm")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-e.done:
		}
	})
	return mux
}

// invoke is one call, which ends at the function's timeout as in Lambda: with the
// process.
func (e *environment) invoke(ctx context.Context, id string, payload []byte, timeout time.Duration) ([]byte, error) {
	deadline := time.Now().Add(timeout)
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case e.work <- call{id, payload, deadline}:
	case <-e.done:
		return nil, fmt.Errorf("%w; it said:\n%s", errGone, e.tail())
	case <-late.C:
		e.stop()
		return nil, fmt.Errorf("the function did not ask for work within %v; it said:\n%s", timeout, e.tail())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-e.answers:
		if a.fault {
			return nil, fmt.Errorf("the function answered an error: %s", a.body)
		}
		return a.body, nil
	case <-e.done:
		return nil, errGone
	case <-late.C:
		e.stop()
		return nil, fmt.Errorf("the function timed out after %v", timeout)
	}
}

// stop kills the process.
func (e *environment) stop() {
	e.once.Do(func() {
		_ = e.command.Process.Kill()
		<-e.done
		_ = e.server.Close()
	})
}

func (e *environment) gone() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

func (e *environment) tail() string {
	lines := strings.Split(strings.TrimSpace(e.said.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
