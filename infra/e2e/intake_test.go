//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// The key in Secrets Manager, and the host that the default site has.
const (
	apiKey     = "0123456789abcdef0123456789abcdef"
	intakeHost = "http-intake.logs.datadoghq.com"
)

// Datadog's limits (Datadog API reference, "Send logs", read 2026-11).
const (
	mostBody = 5_000_000
	mostLogs = 1000
	mostLog  = 1_000_000
	// What is older is dropped after a 202.
	oldest = 18 * time.Hour
)

// intake behaves as Datadog's log intake.
type intake struct {
	*httptest.Server
	mu     sync.Mutex
	mood   func(n int) mood // of the n-th POST since it was set, from 0
	posts  int
	logs   map[string][]received // by uuid
	faults []string              // what Datadog would have refused or lost in silence
}

// mood is what becomes of one POST.
type mood struct {
	status     int           // 0 is 202
	retryAfter string        // beside a 429
	slow       time.Duration // before the answer; the logs are taken all the same
}

// received is one log, and how it came.
type received struct {
	log     map[string]any
	query   string
	array   bool
	at      time.Time
	records int // in the same POST
}

func newIntake(t *testing.T) *intake {
	i := &intake{logs: map[string][]received{}}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *intake) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	i.mu.Lock()
	var now mood
	if i.mood != nil {
		now = i.mood(i.posts)
	}
	i.posts++
	i.mu.Unlock()
	status := now.status
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/api/v2/logs" || r.Host != intakeHost:
		i.fault("%s https://%s%s", r.Method, r.Host, r.URL)
		status = http.StatusNotFound
	case r.Header.Get("DD-API-KEY") != apiKey:
		i.fault("DD-API-KEY is %q", r.Header.Get("DD-API-KEY"))
		status = http.StatusForbidden
	case len(body) > mostBody:
		i.fault("a body of %d bytes", len(body))
		status = http.StatusRequestEntityTooLarge
	case status == 0:
		status = i.take(body, r.URL.RawQuery)
	}
	time.Sleep(now.slow)
	if now.retryAfter != "" {
		w.Header().Set("Retry-After", now.retryAfter)
	}
	w.WriteHeader(status)
}

func (i *intake) take(body []byte, query string) int {
	array := bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
	var logs []json.RawMessage
	if !array {
		logs = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &logs); err != nil {
		i.fault("a body that is no JSON: %v", err)
		return http.StatusBadRequest
	}
	if len(logs) > mostLogs {
		i.fault("%d logs in an array", len(logs))
		return http.StatusRequestEntityTooLarge
	}
	for _, text := range logs {
		var log map[string]any
		numbers := json.NewDecoder(bytes.NewReader(text))
		numbers.UseNumber() // any number is JSON, however large
		if err := numbers.Decode(&log); err != nil {
			i.fault("a log that is no object: %v: %.100s", err, text)
			return http.StatusBadRequest
		}
		if len(text) > mostLog {
			i.fault("a log of %d bytes: Datadog cuts it after a 202", len(text))
		}
		i.mu.Lock()
		uuid := fmt.Sprint(log["uuid"])
		i.logs[uuid] = append(i.logs[uuid], received{log, query, array, time.Now(), len(logs)})
		i.mu.Unlock()
	}
	return http.StatusAccepted
}

func (i *intake) fault(format string, arguments ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = append(i.faults, fmt.Sprintf(format, arguments...))
}

// set changes how it behaves, and gives the number of POSTs that the mood before has
// met.
func (i *intake) set(m func(int) mood) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	met := i.posts
	i.mood, i.posts = m, 0
	return met
}

// all is what it has taken.
func (i *intake) all() map[string][]received {
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.logs)
}

// check says what Datadog would have refused, cut or dropped.
func (i *intake) check(t *testing.T) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, fault := range i.faults {
		t.Errorf("Datadog: %s", fault)
	}
	i.faults = nil
}
