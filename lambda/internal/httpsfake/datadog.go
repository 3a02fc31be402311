package httpsfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The limits of POST /api/v2/logs (docs.datadoghq.com, "Send logs", and
// datadog-api-client-go v2.67.0, 2026-11).
const (
	datadogMaxBytes = 5_000_000
	datadogMaxLogs  = 1000
	datadogMaxLog   = 1_000_000
	datadogMaxAge   = 18 * time.Hour
)

// Datadog is a fake of Datadog's log intake, POST /api/v2/logs. It refuses logs that Datadog would
// accept and then truncate or drop: a log of more than 1 MB or more than 18 h old.
type Datadog struct {
	now    func() time.Time
	onLogs func([]json.RawMessage)

	mu     sync.Mutex
	key    string
	stored []json.RawMessage
}

// NewDatadog makes a fake that accepts key. onLogs is called with the stored logs; if it is nil,
// Logs returns them.
func NewDatadog(key string, now func() time.Time, onLogs func([]json.RawMessage)) *Datadog {
	return &Datadog{key: key, now: now, onLogs: onLogs}
}

// SetKey makes key the only one.
func (d *Datadog) SetKey(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.key = key
}

// Logs returns the logs that are stored.
func (d *Datadog) Logs() []json.RawMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.stored)
}

// DatadogFault is the Fault of an answer of Datadog's own with this status.
func DatadogFault(status int) Fault {
	return Fault{Status: status, ContentType: "application/json", Body: datadogErrors(status, "")}
}

func datadogErrors(status int, detail string) string {
	return fmt.Sprintf(`{"errors":[{"status":"%d","title":%q,"detail":%q}]}`, status, http.StatusText(status), detail)
}

// datadogRefusal ends a request with this status.
type datadogRefusal struct {
	status int
	detail string
}

// ServeHTTP answers as Datadog does.
func (d *Datadog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := body(r, datadogMaxBytes)
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.URL.Path == "/api/v1/validate" && r.Method == http.MethodGet {
		d.validate(w, r)
		return
	}
	if refused := attempt[datadogRefusal](func() { d.take(r, text, err) }); refused != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(refused.status)
		_, _ = io.WriteString(w, datadogErrors(refused.status, refused.detail))
		return
	}
	respond(w, http.StatusAccepted, struct{}{})
}

// validate answers GET /api/v1/validate (docs.datadoghq.com, "Validate API key", 2026-11).
func (d *Datadog) validate(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("DD-API-KEY") != d.key {
		respond(w, http.StatusForbidden, map[string][]string{"errors": {"Forbidden"}})
		return
	}
	respond(w, http.StatusOK, map[string]bool{"valid": true})
}

// take stores the logs of a request; err is that of reading its body.
func (d *Datadog) take(r *http.Request, text []byte, err error) {
	refuse := func(status int, detail string) { panic(&datadogRefusal{status, detail}) }
	key := r.Header.Get("DD-API-KEY")
	switch {
	case r.URL.Path != "/api/v2/logs":
		refuse(http.StatusNotFound, "")
	case r.Method != http.MethodPost:
		refuse(http.StatusMethodNotAllowed, "")
	case key == "":
		refuse(http.StatusUnauthorized, "")
	case key != d.key:
		refuse(http.StatusForbidden, "")
	case errors.Is(err, errTooLong):
		refuse(http.StatusRequestEntityTooLarge, "")
	case err != nil || !isJSON(r):
		refuse(http.StatusBadRequest, "body")
	}
	var logs []json.RawMessage
	if json.Unmarshal(text, &logs) != nil || len(logs) == 0 || len(logs) > datadogMaxLogs {
		refuse(http.StatusBadRequest, "array")
	}
	for i, log := range logs {
		members := struct {
			Date   time.Time `json:"date"`
			Source string    `json:"ddsource"`
		}{Date: d.now()} // where there is none
		if len(log) > datadogMaxLog || json.Unmarshal(log, &members) != nil || d.now().Sub(members.Date) > datadogMaxAge {
			refuse(http.StatusBadRequest, fmt.Sprint("log ", i))
		}
	}
	if d.onLogs != nil {
		d.onLogs(logs)
		return
	}
	d.stored = append(d.stored, logs...)
}
