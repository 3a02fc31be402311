package https

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Preset is one kind of destination: what is sent to it, how we authenticate, and what its
// responses mean. Every preset is a row of Presets.
type Preset struct {
	Name string // the value of the setting destination
	// Where is the setting that says where the destination is; "" is endpoint.
	Where string
	// Body is the form of a request's body, Auths the ways to authenticate, of which
	// the first is the default.
	Body  Body
	Auths []Auth
	// URL returns where requests go. endpoint is the setting of this name, a base URL
	// or the full one, and is not changed.
	URL func(c *Config, endpoint *url.URL) (*url.URL, error)
	// Header sets further headers of a request; nil sets none.
	Header func(c *Config, h http.Header)
	// Classify says what a response means: it writes the answer for each record that
	// was sent to answers, which are zero before. An error says why others stay at
	// Retry; without one they are sent again at once.
	Classify func(c *Config, r *Response, answers []sink.Answer) *sink.Error
	// Ready is called before the first request, and again until it returns nil. An error
	// says why nothing is sent; nil where nothing has to be found out.
	Ready func(ctx context.Context, s *Sink) *sink.Error
	// Confirm is called when Classify has accepted records, and returns an error
	// where the destination does not confirm in time that it has stored them: then
	// they stay at Retry. nil where the response itself is the confirmation.
	Confirm func(ctx context.Context, s *Sink, r *Response) *sink.Error
	// Check is Sink.Check of the preset.
	Check func(ctx context.Context, s *Sink) (Report, *sink.Error)
	// Limits are what one request holds, before compression.
	Limits sink.Limits
	// MaxRecord is the longest record in bytes, as the encoder sends it; 0 is no limit but
	// the destination's own answer.
	MaxRecord int
	// Age is the destination's rule of age.
	Age sink.Age
	// Sources name the document and the date of each limit and response.
	Sources []string
}

// Body is the form of a request's body: Open, the records with Between between them,
// and Close.
type Body struct {
	Name                 string // such as "JSON array"
	ContentType          string
	Open, Between, Close string
	// Size returns how many bytes a record has in the body.
	Size    func(c *Config, r *sink.Record) int
	Encoder func(c *Config) sink.Encoder
}

// Auth is a way to authenticate.
type Auth struct {
	Name   string // the value of the setting auth; "" where a preset has one way only
	Secret bool   // it needs a secret
	How    string // for the page: what a request carries
	New    func(c *Config) (authorizer, error)
}

// authorizer authenticates requests. It may be used by many goroutines.
type authorizer interface {
	// Authorize adds to r what authenticates it. body is what r sends.
	Authorize(ctx context.Context, r *http.Request, body []byte) *sink.Error
	// Renew is called when the destination has answered r with 401 or 403. It reports
	// whether there are other credentials now than those of r.
	Renew(ctx context.Context, r *http.Request) bool
}

// Response is what a destination has answered, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // without its compression, at most 1 MiB
	Now    time.Time
	Where  string // the setting that says where the destination is
}

// Presets returns all presets.
func Presets() []Preset { return []Preset{splunk(), datadogLogs(), elastic(), opensearch()} }

// presetOf returns the preset of a name.
func presetOf(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}
