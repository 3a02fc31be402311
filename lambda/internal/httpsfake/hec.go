package httpsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
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

// HEC is a fake of Splunk's HTTP Event Collector. It knows the codes 0 to 15 of "HTTP
// Event Collector REST API endpoints" (Splunk documentation, 2026-11). Like Splunk's, it
// stores the events before one that it refuses.
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

// channel is the state of a request channel.
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

// Requests returns how many requests for events there were, with those that were refused.
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
	text := fmt.Sprintf(`{"text":%q,"code":%d}`, r.text, code)
	return Fault{Status: r.status, ContentType: "application/json", Body: text}
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
}

// refuse ends a request, by a panic, with this code.
func (h *HEC) refuse(code int) { panic(&reply{Code: code}) }

// ServeHTTP answers as HEC does.
func (h *HEC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := body(r, h.options.MaxBytes)
	h.mu.Lock()
	defer h.mu.Unlock()
	serve := map[string]func(*http.Request, []byte, error) any{
		"/services/collector": h.event, "/services/collector/event": h.event, "/services/collector/ack": h.ack,
	}[strings.TrimSuffix(r.URL.Path, "/1.0")]
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case serve == nil:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !strings.Contains(r.URL.Path, "/ack") {
		h.requests++
	}
	var out any
	refused := attempt[reply](func() {
		h.authorize(r)
		out = serve(r, text, err)
	})
	switch {
	case refused == nil:
		respond(w, http.StatusOK, out)
	case refused.Code == tooLong:
		// splunkd answers with a page before HEC sees the request.
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, "<!doctype html><html><body>413 Content-Length too large</body></html>")
	default:
		r := hecReplies[refused.Code]
		refused.Text = r.text
		respond(w, r.status, refused)
	}
}

// tooLong is the code of a fault that HEC itself never returns.
const tooLong = -1

// authorize refuses a request with a missing or wrong token.
func (h *HEC) authorize(r *http.Request) {
	value := r.Header.Get("Authorization")
	token, ok := strings.CutPrefix(value, "Splunk ")
	switch {
	case value == "":
		h.refuse(2)
	case !ok:
		h.refuse(3)
	case token != h.token:
		h.refuse(4)
	case h.disabled:
		h.refuse(1)
	}
}

// guid matches what Splunk accepts as a request channel.
var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func (h *HEC) channel(r *http.Request) *channel {
	id := r.Header.Get("X-Splunk-Request-Channel")
	switch {
	case id == "":
		h.refuse(10)
	case !guid.MatchString(id):
		h.refuse(11)
	}
	c := h.channels[id]
	if c == nil {
		c = &channel{open: map[int64]bool{}}
		h.channels[id] = c
	}
	return c
}

func (h *HEC) event(r *http.Request, text []byte, err error) any {
	switch {
	case errors.Is(err, errTooLong):
		h.refuse(tooLong)
	case err != nil || !isJSON(r):
		h.refuse(6)
	}
	out := reply{Text: "Success"}
	var c *channel
	if h.options.Acks {
		c = h.channel(r)
	}
	h.take(text)
	if c != nil {
		out.AckID = new(c.next)
		c.open[c.next] = true
		c.next++
	}
	return out
}

// take reads stacked objects, and stores the events before the first that is refused.
func (h *HEC) take(text []byte) {
	if len(bytes.TrimSpace(text)) == 0 {
		h.refuse(5)
	}
	var events []HECEvent
	refused := attempt[reply](func() {
		for d := json.NewDecoder(bytes.NewReader(text)); ; {
			var members map[string]json.RawMessage
			if err := d.Decode(&members); errors.Is(err, io.EOF) {
				return
			} else if err != nil || members == nil {
				h.refuse(6)
			}
			events = append(events, h.one(members))
		}
	})
	if h.options.OnEvents != nil {
		h.options.OnEvents(events)
	} else {
		h.stored = append(h.stored, events...)
	}
	if refused != nil {
		refused.Invalid = new(len(events))
		panic(refused)
	}
}

func (h *HEC) one(members map[string]json.RawMessage) (e HECEvent) {
	event, ok := members["event"]
	if !ok {
		h.refuse(12)
	}
	if s := string(bytes.TrimSpace(event)); s == "null" || s == `""` || s == "{}" {
		h.refuse(13)
	}
	text, err := json.Marshal(members)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err != nil || d.Decode(&e) != nil {
		h.refuse(6)
	}
	e.Event = event // its own bytes
	if _, err := e.Time.Float64(); e.Time != "" && err != nil {
		h.refuse(6)
	}
	var fields map[string]string
	if e.Fields != nil && json.Unmarshal(e.Fields, &fields) != nil {
		h.refuse(15)
	}
	e.Index = cmp.Or(e.Index, h.options.Indexes[0])
	if !slices.Contains(h.options.Indexes, e.Index) {
		h.refuse(7)
	}
	return e
}

// ack answers which of the requested ids are indexed. It forgets ids that it has reported.
func (h *HEC) ack(r *http.Request, text []byte, err error) any {
	if !h.options.Acks {
		h.refuse(14)
	}
	c := h.channel(r)
	var in struct {
		Acks []int64 `json:"acks"`
	}
	if err != nil || json.Unmarshal(text, &in) != nil {
		h.refuse(6)
	}
	out := map[string]bool{}
	for _, id := range in.Acks {
		done := c.open[id] && h.acked(id)
		out[strconv.FormatInt(id, 10)] = done
		if done {
			delete(c.open, id)
		}
	}
	return map[string]any{"acks": out}
}
