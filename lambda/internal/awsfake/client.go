package awsfake

import (
	"io"
	"net/http"
)

// client is an HTTP client whose requests hide their body's WriteTo.
//
// Once an answer's header has come, smithy-go (v1.28.8) closes the request's
// body, whose WriteTo then fails with io.EOF, while net/http may still be asking
// the body whether there is more. Where the answer is that fast, which on
// loopback is one call in some hundreds, net/http takes the failure for a broken
// write and closes the connection under the answer: "use of closed network
// connection" (github.com/aws/aws-sdk-go-v2 issues 1825 and 2737). Without
// WriteTo it reads, and io.EOF is what it expects there.
type client struct{ http.RoundTripper }

func newClient() *http.Client {
	return &http.Client{Transport: client{http.DefaultTransport.(*http.Transport).Clone()}}
}

func (c client) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return c.RoundTripper.RoundTrip(r)
	}
	plain := r.Clone(r.Context())
	plain.Body = struct{ io.ReadCloser }{r.Body}
	return c.RoundTripper.RoundTrip(plain)
}
