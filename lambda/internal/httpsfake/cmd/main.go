// Command cmd is fakes of Splunk's HTTP Event Collector and of Elasticsearch's _bulk as
// a process, for demos and the end-to-end test:
//
//	go run ./lambda/internal/httpsfake/cmd
//
// Both are served by TLS on loopback until stdin ends. It prints one line of JSON:
// {"splunk": URL, "elastic": URL, "control": URL, "ca": PEM}. The control URL, by plain
// HTTP, answers:
//
//	POST /{fake}?secret=VALUE   the fake takes this token or key from now on
//	POST /{fake}?status=N       the fake answers every request with this status; 0 ends it
//	GET  /{fake}                how many requests there were, and the stored events, a line each
package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"

	"github.com/oktastream/oktastream/lambda/internal/httpsfake"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "httpsfake:", err)
		os.Exit(1)
	}
}

// run serves the fakes until in ends.
func run(in io.Reader, out io.Writer) error {
	hec := httpsfake.NewHEC(httpsfake.HECOptions{})
	bulk := httpsfake.NewBulk(httpsfake.BulkOptions{
		DataStreams: []string{"logs-*"}, NoAutoCreate: true, Pipeline: httpsfake.OktaPipeline, Elasticsearch: true,
	})
	splunk := serve(hec, func(token string) { hec.SetToken(token, false) }, hec.Requests, func() []json.RawMessage {
		var all []json.RawMessage
		for _, e := range hec.Events() {
			all = append(all, e.Event)
		}
		return all
	})
	elastic := serve(bulk, func(key string) {
		bulk.SetAuthorization("ApiKey " + base64.StdEncoding.EncodeToString([]byte(key)))
	}, bulk.Requests, func() []json.RawMessage {
		var all []json.RawMessage
		for _, d := range bulk.Documents() {
			all = append(all, json.RawMessage(fmt.Sprintf(`{"uuid":%q}`, d.ID)))
		}
		return all
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/splunk", splunk.control)
	mux.HandleFunc("/elastic", elastic.control)
	control := httptest.NewServer(mux)
	for _, s := range []*httptest.Server{splunk.server, elastic.server, control} {
		defer s.Close()
	}
	// The servers of httptest share one certificate, which is self-signed.
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: splunk.server.Certificate().Raw})
	err := json.NewEncoder(out).Encode(map[string]string{
		"splunk": splunk.server.URL, "elastic": elastic.server.URL, "control": control.URL, "ca": string(ca),
	})
	if err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("wait for the end of stdin: %w", err)
	}
	return nil
}

// fake is one of the fakes with its control.
type fake struct {
	server    *httptest.Server
	setSecret func(string)
	requests  func() int
	events    func() []json.RawMessage

	mu    sync.Mutex
	fault httpsfake.Fault
}

func serve(h http.Handler, setSecret func(string), requests func() int, events func() []json.RawMessage) *fake {
	f := &fake{setSecret: setSecret, requests: requests, events: events}
	f.server = httptest.NewTLSServer(httpsfake.WithFaults(h, func(*http.Request) httpsfake.Fault {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.fault
	}))
	return f
}

// control answers the control URL.
func (f *fake) control(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = fmt.Fprintf(w, "%d\n", f.requests())
		for _, e := range f.events() {
			_, _ = fmt.Fprintf(w, "%s\n", e)
		}
		return
	}
	if secret := r.URL.Query().Get("secret"); secret != "" {
		f.setSecret(secret)
	}
	if text := r.URL.Query().Get("status"); text != "" {
		status, err := strconv.Atoi(text)
		if err != nil {
			http.Error(w, "status is a number", http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.fault = (httpsfake.Fault{}); status != 0 {
			f.fault = httpsfake.Page(status)
		}
	}
}
