package httpsfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// HECOptions are how a fake of Splunk's HTTP Event Collector is set up.
type HECOptions struct {
	Token   string
	Indexes []string // that the token may write to; the first is its default; main where empty
	Acks    bool     // the token has indexer acknowledgement
	// MaxBytes bounds a request, decompressed; 1,000,000 where 0.
	MaxBytes int
	// OnEvents is called with the events that are stored, instead of keeping them.
	OnEvents func([]HECEvent)
}

// HECEvent is an event that is stored.
type HECEvent struct {
	Time       json.Number     `json:"time"`
	Host       string          `json:"host"`
	Source     string          `json:"source"`
	Sourcetype string          `json:"sourcetype"`
	Index      string          `json:"index"`
	Fields     json.RawMessage `json:"fields"`
	Event      json.RawMessage `json:"event"`
}

// HEC is a fake of Splunk's HTTP Event Collector. It knows the codes 0 to 17 of "HTTP
// Event Collector REST API endpoints" (Splunk documentation, 2026-11) but 16, which is
// about tokens in a query. As a real one does, it stores the events before one that it
// refuses.
type HEC struct {
	options HECOptions

	mu       sync.Mutex
	token    string
	disabled bool
	acked    func(id int64) bool
	stored   []HECEvent
	channels map[string]*channel
	requests int
}

// channel is what is known of a request channel.
type channel struct {
	next int64
	open map[int64]bool
}

// NewHEC makes a fake.
func NewHEC(o HECOptions) *HEC {
	if len(o.Indexes) == 0 {
		o.Indexes = []string{"main"}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1_000_000
	}
	return &HEC{
		options: o, token: o.Token, channels: map[string]*channel{}, acked: func(int64) bool { return true },
	}
}

// SetToken makes token the only one, disabled or not.
func (h *HEC) SetToken(token string, disabled bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token, h.disabled = token, disabled
}

// SetAcked sets the function that says whether the indexers have what was sent with an
// ackId.
func (h *HEC) SetAcked(acked func(id int64) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked = acked
}

// Events returns the events that are stored.
func (h *HEC) Events() []HECEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.stored)
}

// Requests returns how many requests for events there were.
func (h *HEC) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests
}

// reply is what HEC says.
type reply struct {
	Text    string `json:"text"`
	Code    int    `json:"code"`
	Invalid *int   `json:"invalid-event-number,omitempty"`
	AckID   *int64 `json:"ackId,omitempty"`
}

// HECFault is the Fault of an answer with this code and its documented status.
func HECFault(code int) Fault {
	r := hecReplies[code]
	text, err := json.Marshal(reply{Text: r.text, Code: code})
	if err != nil {
		panic(err)
	}
	return Fault{Status: r.status, ContentType: "application/json", Body: string(text)}
}

var hecReplies = map[int]struct {
	status int
	text   string
}{
	0:  {200, "Success"},
	1:  {403, "Token disabled"},
	2:  {401, "Token is required"},
	3:  {401, "Invalid authorization"},
	4:  {403, "Invalid token"},
	5:  {400, "No data"},
	6:  {400, "Invalid data format"},
	7:  {400, "Incorrect index"},
	8:  {500, "Internal server error"},
	9:  {503, "Server is busy"},
	10: {400, "Data channel is missing"},
	11: {400, "Invalid data channel"},
	12: {400, "Event field is required"},
	13: {400, "Event field cannot be blank"},
	14: {400, "ACK is disabled"},
	15: {400, "Error in handling indexed fields"},
	17: {200, "HEC is healthy"},
}

func say(w http.ResponseWriter, code int, invalid *int) {
	r := hecReplies[code]
	respond(w, r.status, reply{Text: r.text, Code: code, Invalid: invalid})
}

// ServeHTTP answers as HEC does.
func (h *HEC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/1.0")
	switch {
	case path == "/services/collector/health" && r.Method == http.MethodGet:
		say(w, 17, nil)
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case path == "/services/collector" || path == "/services/collector/event":
		h.event(w, r)
	case path == "/services/collector/ack":
		h.ack(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// authorize returns 0, or the code of what is wrong with the token.
func (h *HEC) authorize(r *http.Request) int {
	value := r.Header.Get("Authorization")
	token, ok := strings.CutPrefix(value, "Splunk ")
	switch {
	case value == "":
		return 2
	case !ok:
		return 3
	case token != h.token:
		return 4
	case h.disabled:
		return 1
	}
	return 0
}

// guid is what Splunk takes for a request channel.
var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func (h *HEC) channel(r *http.Request) (*channel, int) {
	id := r.Header.Get("X-Splunk-Request-Channel")
	switch {
	case id == "":
		return nil, 10
	case !guid.MatchString(id):
		return nil, 11
	}
	c := h.channels[id]
	if c == nil {
		c = &channel{open: map[int64]bool{}}
		h.channels[id] = c
	}
	return c, 0
}

func (h *HEC) event(w http.ResponseWriter, r *http.Request) {
	text, err := body(r, h.options.MaxBytes)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests++
	if code := h.authorize(r); code != 0 {
		say(w, code, nil)
		return
	}
	switch {
	case errors.Is(err, errTooLong):
		// splunkd answers with a page before HEC sees the request.
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, "<!doctype html><html><body>413 Content-Length too large</body></html>")
		return
	case err != nil || !isJSON(r):
		say(w, 6, nil)
		return
	}
	var c *channel
	if h.options.Acks {
		var code int
		if c, code = h.channel(r); code != 0 {
			say(w, code, nil)
			return
		}
	}
	events, code := h.parse(text)
	h.store(events)
	if code != 0 {
		if code == 5 {
			say(w, code, nil)
			return
		}
		say(w, code, new(len(events)))
		return
	}
	out := reply{Text: "Success"}
	if c != nil {
		out.AckID = new(c.next)
		c.open[c.next] = true
		c.next++
	}
	respond(w, http.StatusOK, out)
}

func (h *HEC) store(events []HECEvent) {
	if h.options.OnEvents != nil {
		h.options.OnEvents(events)
		return
	}
	h.stored = append(h.stored, events...)
}

// parse reads stacked objects: the events before the first that is refused, and the
// code for that one.
func (h *HEC) parse(text []byte) (events []HECEvent, code int) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, 5
	}
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var members map[string]json.RawMessage
		if err := d.Decode(&members); errors.Is(err, io.EOF) {
			return events, 0
		} else if err != nil || members == nil {
			return events, 6
		}
		e, code := h.one(members)
		if code != 0 {
			return events, code
		}
		events = append(events, e)
	}
}

func (h *HEC) one(members map[string]json.RawMessage) (e HECEvent, code int) {
	event, ok := members["event"]
	if !ok {
		return e, 12
	}
	if s := string(bytes.TrimSpace(event)); s == "null" || s == `""` || s == "{}" {
		return e, 13
	}
	for name := range members {
		if !slices.Contains([]string{"time", "host", "source", "sourcetype", "index", "fields", "event"}, name) {
			return e, 6
		}
	}
	text, err := json.Marshal(members)
	if err != nil || json.Unmarshal(text, &e) != nil {
		return e, 6
	}
	e.Event = event // its own bytes
	if _, err := e.Time.Float64(); e.Time != "" && err != nil {
		return e, 6
	}
	if e.Fields != nil {
		var fields map[string]string
		if json.Unmarshal(e.Fields, &fields) != nil {
			return e, 15
		}
	}
	if e.Index == "" {
		e.Index = h.options.Indexes[0]
	}
	if !slices.Contains(h.options.Indexes, e.Index) {
		return e, 7
	}
	return e, 0
}

// ack answers which of the asked ids are indexed. One that has been reported is
// forgotten.
func (h *HEC) ack(w http.ResponseWriter, r *http.Request) {
	text, err := body(r, h.options.MaxBytes)
	h.mu.Lock()
	defer h.mu.Unlock()
	if code := h.authorize(r); code != 0 {
		say(w, code, nil)
		return
	}
	if !h.options.Acks {
		say(w, 14, nil)
		return
	}
	c, code := h.channel(r)
	if code != 0 {
		say(w, code, nil)
		return
	}
	var in struct {
		Acks []int64 `json:"acks"`
	}
	if err != nil || json.Unmarshal(text, &in) != nil {
		say(w, 6, nil)
		return
	}
	out := map[string]bool{}
	for _, id := range in.Acks {
		done := c.open[id] && h.acked(id)
		out[strconv.FormatInt(id, 10)] = done
		if done {
			delete(c.open, id)
		}
	}
	respond(w, http.StatusOK, map[string]any{"acks": out})
}
