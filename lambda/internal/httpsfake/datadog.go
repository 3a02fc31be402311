package httpsfake

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
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

// Datadog is a fake of Datadog's log intake, POST /api/v2/logs. It refuses what Datadog
// would accept and then cut or drop: a log of more than 1 MB or more than 18 h old.
type Datadog struct {
	now    func() time.Time
	onLogs func([]json.RawMessage)

	mu     sync.Mutex
	key    string
	stored []json.RawMessage
}

// NewDatadog makes a fake that takes key. onLogs is called with the logs that are
// stored; where it is nil, Logs returns them.
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
	text, err := json.Marshal(map[string]any{"errors": []map[string]string{
		{"status": strconv.Itoa(status), "title": http.StatusText(status), "detail": detail},
	}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ServeHTTP answers as Datadog does.
func (d *Datadog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/v1/validate" && r.Method == http.MethodGet {
		d.validate(w, r)
		return
	}
	text, err := body(r, datadogMaxBytes)
	refuse := func(status int, detail string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(datadogErrors(status, detail)))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
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
	default:
		logs, detail := d.parse(text)
		if detail != "" {
			refuse(http.StatusBadRequest, detail)
			return
		}
		if d.onLogs != nil {
			d.onLogs(logs)
		} else {
			d.stored = append(d.stored, logs...)
		}
		respond(w, http.StatusAccepted, struct{}{})
	}
}

// parse reads an array of logs, and says what is wrong with it.
func (d *Datadog) parse(text []byte) (logs []json.RawMessage, detail string) {
	if json.Unmarshal(text, &logs) != nil || len(logs) == 0 || len(logs) > datadogMaxLogs {
		return nil, "array"
	}
	for i, log := range logs {
		var members struct {
			Date   *string `json:"date"`
			Source string  `json:"ddsource"`
		}
		if len(log) > datadogMaxLog || json.Unmarshal(log, &members) != nil {
			return nil, "log " + strconv.Itoa(i)
		}
		if members.Date == nil {
			continue
		}
		date, err := time.Parse(time.RFC3339, *members.Date)
		if err != nil || d.now().Sub(date) > datadogMaxAge {
			return nil, "date " + strconv.Itoa(i)
		}
	}
	return logs, ""
}
