package https

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/oktastream/oktastream/lambda/sink"
)

// maxResponse is how much of a response is read, in bytes, after decompression.
const maxResponse = 1 << 20

// ErrTooLong is a response that is longer than what is read of one.
var ErrTooLong = errors.New("the response is too long")

// The times of a connection. An idle one is closed before the load balancers that
// destinations stand behind close it: 60 s is the default of AWS's Application Load
// Balancer (Elastic Load Balancing user guide, "Connection idle timeout", 2026-11).
const (
	dialTimeout = 5 * time.Second
	idleTimeout = 30 * time.Second
)

// newClient makes a client that trusts the system's certificates or, where there are
// any, only those given. It speaks HTTP/1.1: HTTP/2 repeats requests by itself.
func newClient(ca []*x509.Certificate) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:     TLS(ca),
			TLSHandshakeTimeout: dialTimeout,
			IdleConnTimeout:     idleTimeout,
			MaxIdleConnsPerHost: 8,
			Protocols:           &protocols,
		},
	}
}

// TLS returns the configuration of a connection that trusts the system's certificates or,
// where there are any, only those given.
func TLS(ca []*x509.Certificate) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(ca) > 0 {
		config.RootCAs = x509.NewCertPool()
		for _, c := range ca {
			config.RootCAs.AddCert(c)
		}
	}
	return config
}

// compress returns body compressed, in memory of its own: net/http may read it still when
// the call has ended.
func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// requestBody knows whether it has been read to its end.
type requestBody struct {
	r      *bytes.Reader
	unread atomic.Int64
}

func newRequestBody(body []byte) *requestBody {
	b := &requestBody{r: bytes.NewReader(body)}
	b.unread.Store(int64(len(body)))
	return b
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.unread.Add(int64(-n))
	return n, err
}

func (b *requestBody) Close() error { return nil }

// post sends body, compressed, to u and reads the response. Where the destination
// answers 401 or 403 and there are other credentials by now, the error is Transient, so
// that the request is made again with them.
func (s *Sink) post(ctx context.Context, u *url.URL, body []byte) (*Response, *sink.Error) {
	compressed, err := compress(body)
	if err != nil {
		return nil, transient("%s: compress a request: %w", s.preset.Name, err)
	}
	return s.exchange(ctx, &request{method: http.MethodPost, url: u, body: compressed, gzip: true})
}

// request is one call of a destination.
type request struct {
	method string
	url    *url.URL
	body   []byte // records where it is compressed, otherwise JSON or nil
	gzip   bool   // body is compressed
	most   int    // bytes of the response, after decompression; 0 is maxResponse
}

// exchange makes one call and reads the response, as post does.
func (s *Sink) exchange(ctx context.Context, q *request) (*Response, *sink.Error) {
	name, most := s.preset.Name, cmp.Or(q.most, maxResponse)
	ctx, cancel := context.WithTimeout(ctx, s.config.CallTimeout)
	defer cancel()
	sent := newRequestBody(q.body)
	r, err := http.NewRequestWithContext(ctx, q.method, q.url.String(), sent)
	if err != nil {
		return nil, Blocked(s.preset.Where, "%s: the endpoint is not a URL that can be called", name)
	}
	r.ContentLength = int64(len(q.body))
	r.Header.Set("User-Agent", "oktastream")
	if q.gzip {
		r.Header.Set("Content-Type", s.preset.Body.ContentType)
		r.Header.Set("Content-Encoding", "gzip")
	} else if q.body != nil || q.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.preset.Header != nil {
		s.preset.Header(&s.config, r.Header)
	}
	if failure := s.auth.Authorize(ctx, r, q.body); failure != nil {
		return nil, failure
	}
	out, err := s.client.Do(r)
	if err != nil {
		return nil, s.noResponse(err, 0)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(io.LimitReader(out.Body, int64(most)+1))
	switch {
	case err != nil:
		return nil, s.noResponse(err, out.StatusCode)
	case len(text) > most:
		return nil, transient("%s: %w: more than %d bytes (HTTP %d)", name, ErrTooLong, most, out.StatusCode)
	case out.StatusCode < 300 && sent.unread.Load() > 0:
		return nil, transient("%s: HTTP %d before the request had been sent", name, out.StatusCode)
	}
	if out.StatusCode == http.StatusUnauthorized || out.StatusCode == http.StatusForbidden {
		if s.auth.Renew(ctx, r) {
			return nil, transient("%s: HTTP %d with credentials that have changed since", name, out.StatusCode)
		}
	}
	return &Response{
		Status: out.StatusCode, Header: out.Header, Body: text, Now: s.config.Now(), Where: s.preset.Where,
	}, nil
}

// noResponse is the error of a call without a readable response.
func (s *Sink) noResponse(err error, status int) *sink.Error {
	name := s.preset.Name
	_, isUnverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, isPlain := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isUnverified:
		return Blocked(SettingCertificate, "%s: the server's certificate is not trusted or is not that of the host", name)
	case isPlain, errors.Is(err, http.ErrSchemeMismatch):
		return Blocked(s.preset.Where, "%s: the server does not speak TLS", name)
	}
	return transient("%s: %w", name, sink.NoResponse(err, status))
}
