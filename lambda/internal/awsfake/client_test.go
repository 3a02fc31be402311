package awsfake_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// closedBody is what smithy-go makes of a request's body once the answer has
// begun: WriteTo fails, Read says that there is no more.
type closedBody struct {
	io.Reader
	written bool
}

func (b *closedBody) WriteTo(io.Writer) (int64, error) { b.written = true; return 0, io.EOF }
func (b *closedBody) Close() error                     { return nil }

func TestABodyIsReadAndNeverAskedToWriteItself(t *testing.T) {
	c := awsfake.New(t, awsfake.Options{})
	cfg := c.Config()
	body := &closedBody{Reader: strings.NewReader("{}")}
	r, err := http.NewRequest("POST", *cfg.BaseEndpoint, body)
	check(t, err)
	r.ContentLength = 2
	answer, err := cfg.HTTPClient.Do(r)
	check(t, err)
	defer answer.Body.Close()
	if body.written {
		t.Error("net/http used WriteTo, whose io.EOF closes the connection under the answer")
	}
	if answer.StatusCode != http.StatusBadRequest { // no X-Amz-Target: the fake itself answers
		t.Errorf("answered with %s", answer.Status)
	}
}
