package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
)

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestOurOwnLogHoldsNoContent runs all events of testdata through the function,
// whole, spoilt in several ways and with a destination that fails, and looks for
// their strings in what the function writes.
func TestOurOwnLogHoldsNoContent(t *testing.T) {
	secrets := map[string]bool{}
	var bodies []string
	names, err := filepath.Glob("../../../testdata/events/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, name := range append(names, "../../../testdata/canary.json") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err := json.Unmarshal(text, &value); err != nil {
			if strings.Contains(name, "numbers-huge") {
				continue // 1e400 is no float64; its strings are nothing special
			}
			t.Fatalf("%s: %v", name, err)
		}
		detail := string(text)
		if inner, ok := value["detail"].(map[string]any); ok {
			value = inner
			raw, err := json.Marshal(inner)
			if err != nil {
				t.Fatal(err)
			}
			detail = string(raw)
		}
		collect(secrets, "", value)
		whole := envelope(detail)
		bodies = append(bodies, whole, whole[:len(whole)-7], detail, strings.Replace(whole, `"uuid"`, `"diuu"`, 1),
			strings.Replace(whole, `"published"`, `"dehsilbup"`, 1), "{\"x\":"+detail+"}", strings.Replace(whole, `"detail":{`, `"detail":{"\u12`, 1))
	}
	if len(secrets) < 1000 || !secrets["CANARY-0001-actor-displayName"] && !hasCanary(secrets) {
		t.Fatalf("only %d strings to look for", len(secrets))
	}
	for _, destination := range destinations {
		w := newWorld(t, destination)
		for _, body := range bodies {
			w.Send("buffer", body, nil)
		}
		n := 0
		var mu sync.Mutex
		w.SetFaults(func(c awsfake.Call) awsfake.Fault {
			mu.Lock()
			defer mu.Unlock()
			n++
			switch n % 7 {
			case 1:
				return awsfake.Fault{Code: "InvalidParameterException"}
			case 3:
				return awsfake.Fault{Throttle: true}
			case 5:
				return awsfake.Fault{Code: "AccessDeniedException"}
			}
			return awsfake.Fault{}
		})
		of := func(*http.Request) httpsfake.Fault {
			mu.Lock()
			defer mu.Unlock()
			n++
			switch n % 7 {
			case 1:
				f := httpsfake.HECFault(6)
				f.Body = strings.Replace(f.Body, "Invalid", bodies[0], 1)
				return f
			case 3:
				return httpsfake.Page(http.StatusForbidden)
			case 5:
				return httpsfake.Fault{Status: 401, ContentType: "text/plain", Body: bodies[0]}
			}
			return httpsfake.Fault{}
		}
		w.faults.Store(&of)
		var out lockedBuffer
		h := w.function(&out)
		for batch := w.LambdaBatch("buffer", 100); batch != nil; batch = w.LambdaBatch("buffer", 100) {
			if _, err := h.Invoke(t.Context(), batch.Payload); err != nil {
				t.Fatal(err)
			}
		}
		log := out.String()
		secrets[secretText] = true
		if strings.Count(log, "\n") < 20 || !strings.Contains(log, `"dead"`) || !strings.Contains(log, `"returned"`) {
			t.Fatalf("%s: the log is too quiet to prove anything: %d lines", destination, strings.Count(log, "\n"))
		}
		for secret := range secrets {
			if strings.Contains(log, secret) {
				t.Errorf("%s: the log holds %q", destination, secret)
			}
		}
	}
}

func hasCanary(secrets map[string]bool) bool {
	for s := range secrets {
		if strings.HasPrefix(s, "CANARY") {
			return true
		}
	}
	return false
}

// ours are words of the function's own log that events happen to hold as well.
var ours = map[string]bool{"delivered": true, "received": true, "filtered": true, "decode": true, "refused": true, "oktastream": true, "invocation": true, "pipeline": true, "unknown": true, "accepted_by_eventbridge": true, "message": true, "messages": true,
	"change": true, // of stream_changed
}

// collect gathers the strings of an event that would be content in a log: of six
// characters and more, and none of Okta's fixed words.
func collect(into map[string]bool, key string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for k, member := range v {
			collect(into, k, member)
		}
	case []any:
		for _, element := range v {
			collect(into, key, element)
		}
	case string:
		switch key {
		case "uuid", "eventType", "published", "severity", "result", "type", "legacyEventType", "version":
			return
		}
		if len(v) >= 6 && !ours[v] && !strings.HasPrefix(ownSource, v) {
			into[v] = true
		}
	}
}
