// Package https is the sink for destinations that accept records over HTTPS: Splunk, Datadog
// and others. Each is a row of a table, Preset.
//
// # A call
//
// Each batch is one POST, compressed with gzip, over TLS with a verified certificate;
// plain HTTP goes to the loopback interface only. Redirects are not followed. A call
// has a time limit, which covers everything from the connection to the last byte of the
// response, and no call is repeated here: sink.Loop is the only place that tries again.
// net/http repeats a POST only where nothing of it has been written, and cannot even do
// that without Request.GetBody, which is not set.
//
// # What a response means
//
// Only the destination's own response counts. After a page of a proxy, a response that is
// cut off, one of more than 1 MiB, or a success that came before the request had been
// sent, the records stay at Retry. A response that refuses us for a setting of ours is
// sink.Blocked and names the setting.
package https

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Config is where records go, and how. A field that its preset does not use is ignored.
type Config struct {
	Preset string // the name of a preset
	// Endpoint is the destination's URL: a base URL or the full one.
	Endpoint string
	// Secret returns the current value of the secret that authenticates us.
	Secret Secret
	// Auth is one of the preset's ways to authenticate; "" is its default.
	Auth string
	// Credentials and Region are for requests signed with SigV4.
	Credentials aws.CredentialsProvider
	Region      string

	Format     string // of the records: ocsf, datadog or raw
	Index      string // Splunk, OpenSearch
	Sourcetype string // Splunk
	Source     string // Splunk
	Host       string // Splunk: the org's host name
	Ack        bool   // Splunk: wait until the indexers have the records
	channel    string // Splunk: of the requests whose events are acknowledged
	DataStream string // Elastic, OpenSearch

	// Discard sends nothing: what can be sent counts as accepted. There need be no
	// endpoint and no secret.
	Discard bool

	// CACertificates, where there are any, are the only ones that may have issued the
	// destination's certificate.
	CACertificates []*x509.Certificate
	// Client is used instead of a client of the sink's own; for tests.
	Client      *http.Client
	Now         func() time.Time // time.Now where nil
	CallTimeout time.Duration    // of one call; 10 s where not positive
}

// Sink is a sink.BatchSink. Deliver may be called from many goroutines.
type Sink struct {
	config Config
	preset Preset
	url    *url.URL
	auth   authorizer
	client *http.Client
	ready  atomic.Bool
	packer sink.Packer
}

// New makes a Sink. Its error names the setting that is at fault.
func New(c Config) (*Sink, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.channel = newChannel()
	c.CallTimeout = cmp.Or(max(c.CallTimeout, 0), sink.CallTimeout)
	p, u, auth, faults := c.resolve(c.Secret != nil)
	if p.Name == "" || len(faults) > 0 && !c.Discard {
		var all []error
		for i := range faults {
			all = append(all, &faults[i])
		}
		return nil, errors.Join(all...)
	}
	p.Where = cmp.Or(p.Where, SettingEndpoint)
	s := &Sink{config: c, preset: p, url: u, client: c.Client}
	s.packer = sink.Packer{
		Open: p.Body.Open, Between: p.Body.Between, Close: p.Body.Close, Age: p.Age,
		NewEncoder: func() sink.Encoder { return p.Body.Encoder(&s.config) },
	}
	if c.Discard {
		return s, nil
	}
	if s.client == nil {
		s.client = newClient(c.CACertificates)
	}
	var err error
	s.auth, err = auth.New(&s.config)
	return s, err
}

// auth returns the way to authenticate of a name.
func (p *Preset) auth(name string) (Auth, error) {
	var names []string
	for i, a := range p.Auths {
		if a.Name == name || name == "" && i == 0 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return Auth{}, fmt.Errorf("%s must be one of %s, not %q", SettingAuth, strings.Join(names, ", "), name)
}

// Cut cuts records by what one request holds.
func (s *Sink) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), s.preset.Limits, func(i int) (int, int64) {
		return s.preset.Body.Size(&s.config, &records[i]), records[i].TimeMS
	})
}

// Deliver sends records in one request and answers for each.
func (s *Sink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	pack := s.packer.Pack(records, answers, s.config.Now())
	defer s.packer.Free(pack)
	if len(pack.Sent) == 0 {
		return nil
	}
	results := make([]sink.Answer, len(pack.Sent))
	var err error
	if s.config.Discard {
		acceptAll(results)
	} else {
		err = s.send(ctx, pack.Body, results)
	}
	for n, p := range pack.Sent {
		if a := &results[n]; a.State == sink.Accepted {
			p.Answer.AlreadyThere = a.AlreadyThere
			*a = p.Answer
		}
		answers[p.Index] = results[n]
	}
	return err
}

// send sends one request and says what became of its records.
func (s *Sink) send(ctx context.Context, body []byte, results []sink.Answer) error {
	if s.preset.Ready != nil && !s.ready.Load() {
		if failure := s.preset.Ready(ctx, s); failure != nil {
			return failure
		}
		s.ready.Store(true)
	}
	r, failure := s.post(ctx, s.url, body)
	if failure != nil {
		return failure
	}
	if failure = s.preset.Classify(&s.config, r, results); failure != nil {
		return failure
	}
	accepted := func(a sink.Answer) bool { return a.State == sink.Accepted }
	if s.preset.Confirm == nil || !slices.ContainsFunc(results, accepted) {
		return nil
	}
	if failure = s.preset.Confirm(ctx, s, r); failure != nil {
		clear(results)
		return failure
	}
	return nil
}
