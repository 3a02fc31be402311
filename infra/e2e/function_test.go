//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// function is a deployed function: what Lambda's API says of it, and its code.
type function struct {
	Name          string `json:"FunctionName"`
	ARN           string `json:"FunctionArn"`
	Timeout       int
	MemorySize    int
	Architectures []string
	Runtime       string
	Environment   struct{ Variables map[string]string }

	// DestinationConfig and retries of asynchronous calls, where there are any.
	Async struct {
		MaximumRetryAttempts int
		DestinationConfig    struct{ OnFailure struct{ Destination string } }
	}

	bootstrap string // the file
	emulate   string // what runs it, "" for the machine itself
	endpoint  string
	free      chan *environment // at hand; nil stands for one that has yet to be started
	mu        sync.Mutex
	all       []*environment
	calls     int
	dead      bool
}

// listed is a function in Lambda's list of all.
type listed struct {
	Name        string `json:"FunctionName"`
	Environment struct{ Variables map[string]string }
}

func (c *cloud) functions(t *testing.T) []listed {
	t.Helper()
	var all struct{ Functions []listed }
	decode(t, c.call(t, "lambda", "GET", "/2015-03-31/functions/", "", nil), &all)
	return all.Functions
}

// most environments a function: two cores are not worth more.
const most = 2

// load reads a function from Lambda's API and its code from where the deployment
// has put it.
func (c *cloud) load(t *testing.T, name string) *function {
	t.Helper()
	var said struct {
		Configuration json.RawMessage
		Code          struct{ Location string }
	}
	decode(t, c.call(t, "lambda", "GET", "/2015-03-31/functions/"+name, "", nil), &said)
	f := &function{endpoint: c.gate.URL, free: make(chan *environment, most)}
	decode(t, said.Configuration, f)
	if f.Runtime != "provided.al2023" || len(f.Architectures) != 1 || f.Architectures[0] != "arm64" {
		t.Fatalf("function %s: runtime %s on %v; it is hosted here as provided.al2023 on arm64", name, f.Runtime,
			f.Architectures)
	}
	if runtime.GOARCH != "arm64" {
		f.emulate = c.qemu
	}
	f.bootstrap = unpack(t, c, c.call(t, "s3", "GET", said.Code.Location, "", nil))
	for range most {
		f.free <- nil
	}
	return f
}

// unpack writes the binary of a zip where it can be run.
func unpack(t *testing.T, c *cloud, packed []byte) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatalf("the code that was uploaded is no zip: %v", err)
	}
	file, err := archive.Open("bootstrap")
	if err != nil {
		t.Fatalf("the code that was uploaded has no bootstrap: %v", err)
	}
	binary, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil || parsed.Machine != elf.EM_AARCH64 {
		t.Fatalf("bootstrap is no program for arm64: %v", err)
	}
	dir, err := os.MkdirTemp(c.dir, "function-")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bootstrap")
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// invoke calls the function in an environment that is free, or in a new one. An
// environment that has ended is never used again.
func (f *function) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e *environment
	select {
	case e = <-f.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.mu.Lock()
	f.calls++
	id := fmt.Sprintf("request-%d", f.calls)
	dead := f.dead
	f.mu.Unlock()
	defer func() { f.free <- e }()
	if dead {
		return nil, fmt.Errorf("function %s has been taken down", f.Name)
	}
	if e == nil || e.gone() {
		var err error
		if e, err = f.start(fmt.Sprintf("%s-%s", f.Name, id)); err != nil {
			return nil, err
		}
		f.mu.Lock()
		f.all = append(f.all, e)
		f.mu.Unlock()
	}
	return e.invoke(ctx, id, payload, time.Duration(f.Timeout)*time.Second)
}

// kill ends the process of one environment, as a machine of Lambda's does that
// breaks down.
func (f *function) kill(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.all {
		if e.id == id {
			e.stop()
			return true
		}
	}
	return false
}

// stop ends all environments.
func (f *function) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	for _, e := range f.all {
		e.stop()
	}
}

// log is what the function has written.
func (f *function) log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var text bytes.Buffer
	for _, e := range f.all {
		text.WriteString(e.said.String())
	}
	return text.String()
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("read an answer: %v\n%.2000s", err, text)
	}
}
