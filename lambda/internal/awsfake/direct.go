package awsfake

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing/iotest"
)

// Do serves a request without a network: it is an HTTP client for the SDK, for
// tests that make very many calls and count each answer. A reset is an error, as
// it would be over a network.
func (c *Cloud) Do(r *http.Request) (answer *http.Response, err error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	w := httptest.NewRecorder()
	defer func() {
		switch e := recover(); {
		case e == nil:
		case e == http.ErrAbortHandler && r.Context().Err() != nil:
			err = context.Cause(r.Context())
		case e == http.ErrAbortHandler && w.Body.Len() > 0: // Fault.CutBody
			answer = w.Result()
			answer.Body = io.NopCloser(io.MultiReader(answer.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
		case e == http.ErrAbortHandler:
			answer, err = nil, fmt.Errorf("awsfake: %w", syscall.ECONNRESET)
		default:
			panic(e)
		}
	}()
	c.serve(w, r)
	return w.Result(), nil
}
