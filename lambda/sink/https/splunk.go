package https

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// The defaults of Splunk Add-on for Okta Identity Cloud 5.0.2: what its field
// extractions and the detections of Splunk's security content look for
// (splunk.github.io/splunk-add-on-for-okta-identity-cloud, "Source types";
// splunk/security_content b13b314, macros/okta.yml, data_sources/okta.yml, 2024-10).
const (
	DefaultSourcetype = "OktaIM2:log"
	DefaultSource     = "okta:im2"
)

// hecPath is where HEC takes events.
const hecPath = "/services/collector"

// maxHECBody is how many bytes a request to HEC may have before compression. 1 MB is our
// choice, well below max_content_length of limits.conf; no page of Splunk's that states a
// limit for Splunk Cloud was found. A smaller limit answers 413, which halves the batch.
const maxHECBody = 1_000_000

// splunk is Splunk's HTTP Event Collector (HEC).
func splunk() Preset {
	return Preset{
		Name: "splunk",
		Body: Body{
			Name: "stacked JSON objects", ContentType: "application/json", Between: "\n",
			Size: func(c *Config, r *sink.Record) int { return len(r.Line) + hecOverhead(c) },
			Encoder: func(c *Config) sink.Encoder {
				return &hecEncoder{about: hecAbout(c)}
			},
		},
		Auths: []Auth{byHeader("", "Authorization", "Splunk ")},
		URL: func(_ *Config, endpoint *url.URL) (*url.URL, error) {
			return under(endpoint, hecPath, hecPath+"/event"), nil
		},
		Header: func(c *Config, h http.Header) {
			if c.Ack {
				h.Set("X-Splunk-Request-Channel", c.channel)
			}
		},
		Classify: classifyHEC,
		Ready:    acksAreOn,
		Confirm:  awaitAck,
		Check:    checkHEC,
		Limits:   sink.Limits{Bytes: maxHECBody, PerRecord: 1},
		Sources: []string{
			"docs.splunk.com, Splunk Enterprise 9.1.1, \"Troubleshoot HTTP Event Collector\" (the codes)",
			"splunkhecreceiver of opentelemetry-collector-contrib (codes and fields), 2025-10",
			"help.splunk.com, \"About HTTP Event Collector Indexer Acknowledgment\", 2026-11",
			"the limit of a request is our choice: 413 halves a batch",
		},
	}
}

// hecEncoder writes {"time":…,"host":…,"source":…,"sourcetype":…,"index":…,"event":…}.
type hecEncoder struct {
	about string // what stands between the time and the event
}

const (
	hecHead = `{"time":`
	hecTail = `}`
	// hecTime is the longest time: 10 digits of seconds until the year 2286, a point
	// and 3 of milliseconds, and a sign.
	hecTime = 20
)

// hecAbout is what all events of a sink say alike.
func hecAbout(c *Config) string {
	var b strings.Builder
	for _, m := range []struct{ name, value string }{
		{"host", c.Host}, {"source", c.Source}, {"sourcetype", c.Sourcetype}, {"index", c.Index},
	} {
		if m.value != "" {
			quoted, _ := jsontext.AppendQuote(nil, m.value) // of text that is not UTF-8 it makes text that is
			b.WriteString(`,"` + m.name + `":` + string(quoted))
		}
	}
	return b.String() + `,"event":`
}

func hecOverhead(c *Config) int { return len(hecHead) + hecTime + len(hecAbout(c)) + len(hecTail) }

// Append writes one event. Splunk takes the time of any event, so that stamp is the
// zero time.
func (e *hecEncoder) Append(dst []byte, r *sink.Record, _ time.Time) ([]byte, sink.Answer) {
	if !r.IsObject() {
		return dst, sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: "not a JSON object on one line"}
	}
	dst = appendSeconds(append(dst, hecHead...), r.TimeMS)
	dst = append(append(append(dst, e.about...), r.Line...), hecTail...)
	return dst, sink.Answer{}
}

// appendSeconds appends milliseconds since 1970 as seconds with three decimals.
func appendSeconds(dst []byte, ms int64) []byte {
	if ms < 0 {
		dst, ms = append(dst, '-'), -ms
	}
	dst = append(strconv.AppendInt(dst, ms/1000, 10), '.')
	fraction := strconv.Itoa(int(ms%1000) + 1000)
	return append(dst, fraction[1:]...)
}

// hecAcksAreOff is the code of a token without acknowledgements.
const hecAcksAreOff = 14

// hecCode is what HEC says of a request.
type hecCode struct {
	text    string
	setting string // at fault; "" none
	event   bool   // invalid-event-number names the event at fault
}

// hecCodes are the codes of HEC that mean more than their HTTP status (docs.splunk.com,
// Splunk Enterprise 9.1.1, "Troubleshoot HTTP Event Collector"; the same numbers in
// opentelemetry-collector-contrib's splunkhecreceiver, 2025-10). That the events before
// invalid-event-number are taken is documented nowhere: all others are sent again.
func hecCodes() map[int]hecCode {
	return map[int]hecCode{
		1:             {text: "token disabled", setting: SettingSecret},
		2:             {text: "token is required", setting: SettingSecret},
		3:             {text: "invalid authorization", setting: SettingSecret},
		4:             {text: "invalid token", setting: SettingSecret},
		hecNoData:     {text: "no data"},
		6:             {text: "invalid data format", event: true},
		7:             {text: "incorrect index", setting: SettingIndex},
		8:             {text: "internal server error"},
		9:             {text: "server is busy"},
		10:            {text: "data channel is missing: the token asks for acknowledgements", setting: SettingAck},
		11:            {text: "invalid data channel", setting: SettingAck},
		12:            {text: "event field is required", event: true},
		13:            {text: "event field cannot be blank", event: true},
		hecAcksAreOff: {text: "acknowledgements are disabled for the token", setting: SettingAck},
		15:            {text: "error in handling indexed fields", event: true},
	}
}

// hecResponse is what of a response of HEC is read.
type hecResponse struct {
	code    int
	invalid int // invalid-event-number; -1 without one
	ackID   int64
	hasAck  bool
}

func classifyHEC(_ *Config, r *Response, answers []sink.Answer) *sink.Error {
	in, ok := readHEC(r.Body)
	if !ok {
		return notItsOwn("splunk", r)
	}
	if in.code == 0 && r.Status == http.StatusOK {
		acceptAll(answers)
		return nil
	}
	if hecCodes()[in.code].event && in.invalid >= 0 && in.invalid < len(answers) {
		answers[in.invalid] = sink.Answer{State: sink.Dead, Reason: events.Refused, Detail: hecName(in.code)}
		return nil
	}
	return hecError(r, in.code)
}

// hecName names a code.
func hecName(code int) string {
	name := "splunk: code " + strconv.Itoa(code)
	if known, ok := hecCodes()[code]; ok {
		name += ", " + known.text
	}
	return name
}

// hecError says what a response with a code means for the whole request.
func hecError(r *Response, code int) *sink.Error {
	what := hecName(code)
	switch setting := hecCodes()[code].setting; {
	case setting != "":
		return Blocked(setting, "%s (HTTP %d)", what, r.Status)
	case r.Status < http.StatusBadRequest:
		return transient("%s (HTTP %d)", what, r.Status)
	}
	return byStatus(r, what)
}

// readHEC reads a response of HEC, and reports false for what is none.
func readHEC(body []byte) (hecResponse, bool) {
	var in struct {
		Code    *int   `json:"code"`
		Invalid *int   `json:"invalid-event-number"`
		AckID   *int64 `json:"ackId"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Code == nil {
		return hecResponse{}, false
	}
	out := hecResponse{code: *in.Code, invalid: -1}
	if in.Invalid != nil {
		out.invalid = *in.Invalid
	}
	if in.AckID != nil {
		out.ackID, out.hasAck = *in.AckID, true
	}
	return out, true
}
