//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// hosts is Lambda: it runs the deployed functions.
type hosts struct {
	*httptest.Server
	cloud *cloud

	mu      sync.Mutex
	running map[string]*host    // by function name
	queued  map[string][][]byte // asynchronous calls of functions that do not run yet
	waiting atomic.Int64        // asynchronous calls that have not ended
	ended   atomic.Bool
}

// host is one function, hosted.
type host struct {
	*function
	poller *poller
	async  chan []byte
	ended  sync.WaitGroup // of the asynchronous calls
}

// between is what stands for the one and two minutes that Lambda waits before it
// calls a function again asynchronously.
const between = 500 * time.Millisecond

func newHosts(t *testing.T, c *cloud) *hosts {
	h := &hosts{cloud: c, running: map[string]*host{}, queued: map[string][][]byte{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /invoke/{name}", func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h.invoke(r.PathValue("name"), event)
		w.WriteHeader(http.StatusAccepted)
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func (h *hosts) invoke(name string, event []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting.Add(1)
	if running := h.running[name]; running != nil {
		running.async <- event
		return
	}
	h.queued[name] = append(h.queued[name], event)
}

// up hosts the function of a pipeline as it is deployed now, with its mapping. One
// that runs already is first taken down, as Lambda exchanges the code of a function.
func (h *hosts) up(t *testing.T, pipeline string) *host {
	t.Helper()
	c := h.cloud
	var f *function
	for _, deployed := range c.functions(t) {
		// The auditor reads its pipeline's variables too.
		variables := deployed.Environment.Variables
		if variables["OKTASTREAM_PIPELINE"] == pipeline && variables["OKTASTREAM_AUDIT_SECRET"] == "" {
			f = c.load(t, deployed.Name)
		}
	}
	if f == nil {
		t.Fatalf("no function of pipeline %s is deployed", pipeline)
	}
	h.down(pipeline)
	if name := f.Name; c.ingest(t, pipeline) == "lambda" {
		decode(t, c.call(t, "lambda", "GET", "/2019-09-25/functions/"+name+"/event-invoke-config", "", nil), &f.Async)
	}
	running := &host{function: f, async: make(chan []byte, 100_000)}
	var mappings struct{ EventSourceMappings []mapping }
	decode(t, c.call(t, "lambda", "GET", "/2015-03-31/event-source-mappings/", "", nil), &mappings)
	for _, m := range mappings.EventSourceMappings {
		if m.FunctionArn == f.ARN {
			running.poller = c.poll(t, m, f)
		}
	}
	if running.poller == nil {
		t.Fatalf("function %s has no event source mapping", f.Name)
	}
	for range most {
		running.ended.Go(func() { h.serve(running) })
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[f.Name] = running
	for _, event := range h.queued[f.Name] {
		running.async <- event
	}
	delete(h.queued, f.Name)
	return running
}

// down takes a pipeline's function away. What it has in hand it ends.
func (h *hosts) down(pipeline string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, running := range h.running {
		if running.Environment.Variables["OKTASTREAM_PIPELINE"] == pipeline {
			h.take(name, running)
		}
	}
}

func (h *hosts) downAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, running := range h.running {
		h.take(name, running)
	}
}

// end is the end of the test, at whatever point: nobody waits for a function that may
// have nothing left to talk to.
func (h *hosts) end() {
	h.ended.Store(true)
	h.mu.Lock()
	for _, running := range h.running {
		running.stop()
	}
	h.mu.Unlock()
	h.downAll()
}

func (h *hosts) take(name string, running *host) {
	running.poller.end()
	delete(h.running, name)
	close(running.async)
	running.ended.Wait()
	running.stop()
}

// idle reports whether no asynchronous call is under way or queued.
func (h *hosts) idle() bool {
	return h.waiting.Load() == 0
}

// serve makes asynchronous calls: again after an error, and then to the destination
// of failures ("Asynchronous invocation", Lambda developer guide, read 2026-11).
func (h *hosts) serve(running *host) {
	for event := range running.async {
		h.try(running, event)
		h.waiting.Add(-1)
	}
}

func (h *hosts) try(running *host, event []byte) {
	var err error
	for attempt := 0; attempt <= running.Async.MaximumRetryAttempts; attempt++ {
		if attempt > 0 {
			time.Sleep(between)
		}
		if h.ended.Load() {
			return
		}
		if _, err = running.invoke(context.Background(), event); err == nil {
			return
		}
	}
	record, problem := json.Marshal(map[string]any{
		"version": "1.0", "timestamp": time.Now().UTC().Format(time.RFC3339Nano),
		"requestContext": map[string]any{
			"requestId": "e2e", "functionArn": running.ARN + ":$LATEST", "condition": "RetriesExhausted",
			"approximateInvokeCount": running.Async.MaximumRetryAttempts + 1,
		},
		"requestPayload":  json.RawMessage(event),
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"responsePayload": map[string]any{"errorMessage": err.Error()},
	})
	if problem == nil {
		url := h.cloud.queueURL(running.Async.DestinationConfig.OnFailure.Destination)
		_, problem = h.cloud.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &url,
			MessageBody: aws.String(string(record))})
	}
	if problem != nil {
		// It is missing from the counts, which is where this shows.
		fmt.Println("an asynchronous call is lost:", problem)
	}
}
