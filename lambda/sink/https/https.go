// Package https is the sink for destinations that take records by HTTPS: Splunk,
// Datadog and others. What they differ in is a row of a table, Preset; the rest is
// here.
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
// Only the destination's own response is believed. A page of a proxy, a response that
// is cut off, one of more than 1 MiB, and a success that came before the request had
// been sent are none: their records stay at Retry. A response that refuses us for a
// setting of ours is sink.Blocked and names the setting.
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
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oktastream/oktastream/events"
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

// defaultCallTimeout is far more than a batch of 1 MB takes, and a fraction of what an
// invocation has.
const defaultCallTimeout = 10 * time.Second

// Sink is a sink.BatchSink. Deliver may be called from many goroutines.
type Sink struct {
	config  Config
	preset  Preset
	url     *url.URL
	auth    Authorizer
	client  *http.Client
	ready   atomic.Bool
	workers sync.Pool // of *worker
}

// New makes a Sink. Its error names the setting that is at fault.
func New(c Config) (*Sink, error) {
	p, ok := presetOf(c.Preset)
	if !ok {
		return nil, fmt.Errorf("unknown HTTPS destination %q", c.Preset)
	}
	c.Now = nowOf(c.Now)
	c.channel = newChannel()
	c.CallTimeout = cmp.Or(max(c.CallTimeout, 0), defaultCallTimeout)
	s := &Sink{config: c, preset: p, client: c.Client}
	s.workers.New = func() any { return &worker{sink: s, encoder: p.Body.Encoder(&s.config)} }
	if c.Discard {
		return s, nil
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	return s, nil
}

// connect prepares all that requests need.
func (s *Sink) connect() error {
	c := &s.config
	var faults []error
	for _, f := range c.Faults(c.Secret != nil) {
		faults = append(faults, errors.New(f.Text))
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	endpoint, err := parseEndpoint(c.Endpoint)
	if err != nil {
		return err
	}
	if s.url, err = s.preset.URL(c, endpoint); err != nil {
		return err
	}
	auth, err := s.preset.auth(c.Auth)
	if err != nil {
		return err
	}
	if s.auth, err = auth.New(c); err != nil {
		return err
	}
	if s.client == nil {
		s.client = newClient(c.CACertificates)
	}
	return nil
}

func nowOf(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
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
	w := s.workers.Get().(*worker)
	defer w.release()
	w.encode(records, answers)
	if len(w.sent) == 0 {
		return nil
	}
	if s.config.Discard {
		for n, i := range w.sent {
			answers[i] = w.notes[n]
			answers[i].State = sink.Accepted
		}
		return nil
	}
	body, err := compress(w.body)
	if err != nil {
		return fmt.Errorf("%s: compress a batch: %w", s.preset.Name, err)
	}
	results := make([]sink.Answer, len(w.sent))
	err = s.send(ctx, body, results)
	w.answer(answers, results)
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
	r, failure := s.Post(ctx, s.url, body)
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

// worker is what one Deliver needs, kept for the next one.
type worker struct {
	sink    *Sink
	encoder Encoder
	body    []byte
	sent    []int         // indexes of the records in the body
	notes   []sink.Answer // for each of them: Restamped, FallbackRaw, Bytes
}

// maxKept bounds the memory that is kept from one delivery to the next, in bytes.
const maxKept = 4 << 20

func (w *worker) release() {
	w.sent, w.notes, w.body = w.sent[:0], w.notes[:0], w.body[:0]
	if cap(w.body) <= maxKept {
		w.sink.workers.Put(w)
	}
}

// encode makes the body, and answers for the records that cannot be sent.
func (w *worker) encode(records []sink.Record, answers []sink.Answer) {
	p, now := &w.sink.preset, w.sink.config.Now()
	w.body = append(w.body, p.Body.Open...)
	for i := range records {
		r := &records[i]
		var stamp time.Time
		if !p.Age.Keeps(r.TimeMS, now) {
			stamp = now
		}
		before := len(w.body)
		if len(w.sent) > 0 {
			w.body = append(w.body, p.Body.Between...)
		}
		start := len(w.body)
		var note sink.Answer
		w.body, note = w.encoder.Append(w.body, r, stamp)
		note.Bytes = len(w.body) - start
		if note.State != sink.Dead && p.MaxRecord > 0 && note.Bytes > p.MaxRecord {
			note = sink.Answer{State: sink.Dead, Reason: events.TooLarge, Detail: fmt.Sprintf(
				"%d bytes; %s accepts %d", note.Bytes, p.Name, p.MaxRecord)}
		}
		if note.State == sink.Dead {
			note.Bytes = 0
			answers[i], w.body = note, w.body[:before]
			continue
		}
		w.sent, w.notes = append(w.sent, i), append(w.notes, note)
	}
	w.body = append(w.body, p.Body.Close...)
}

// answer writes the answers for the records that were sent.
func (w *worker) answer(answers, results []sink.Answer) {
	for n, i := range w.sent {
		a := results[n]
		if a.State == sink.Accepted {
			a.Restamped, a.FallbackRaw, a.Bytes = w.notes[n].Restamped, w.notes[n].FallbackRaw, w.notes[n].Bytes
		}
		answers[i] = a
	}
}
