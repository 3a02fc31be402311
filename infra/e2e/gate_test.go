//go:build e2e

package e2e

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
)

// gate stands between the functions and AWS, so that calls can fail as AWS lets
// them fail.
type gate struct {
	*httptest.Server
	mu      sync.Mutex
	rule    rule
	refused map[string]int // by code
	passed  map[string]int // by operation
}

// rule says what becomes of a call: the code of an error, "" where it goes through.
type rule struct {
	refuse func(operation, function string) (code string)
	// hang reports whether a call gets no answer until its caller gives up.
	hang func(operation, body string) bool
	// after is called when AWS has done what was asked, before the function is told.
	after func(operation, function string)
}

func newGate(t *testing.T, endpoint string) *gate {
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host }}
	g := &gate{refused: map[string]int{}, passed: map[string]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation, function := operationOf(r), strings.TrimPrefix(r.Header.Get("X-Amz-Security-Token"), tokenPrefix)
		g.mu.Lock()
		now := g.rule
		g.mu.Unlock()
		if now.hang != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if now.hang(operation, string(body)) {
				<-r.Context().Done()
				return
			}
		}
		if now.refuse != nil {
			if code := now.refuse(operation, function); code != "" {
				g.count(g.refused, code)
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.Header().Set("X-Amzn-Errortype", code)
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"__type":"` + code + `","message":"by the end-to-end test"}`))
				return
			}
		}
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		g.count(g.passed, operation)
		if now.after != nil {
			now.after(operation, function)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(g.Close)
	return g
}

// tokenPrefix begins the session token of a function's test credentials, which tells
// the gate whose call it is.
const tokenPrefix = "e2e-"

func operationOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ := strings.Cut(target, ".")
		return operation
	}
	return path.Base(r.URL.Path)
}

func (g *gate) count(in map[string]int, what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in[what]++
}

// set makes a rule; the rule before it has gone with that. It returns how often each
// code was answered under that one.
func (g *gate) set(r rule) map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	refused := g.refused
	g.rule, g.refused = r, map[string]int{}
	return refused
}
