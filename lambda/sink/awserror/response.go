package awserror

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// RequireJSON makes a call fail whose success is no response of a service that
// speaks AWS JSON: not of that content type, or without a JSON object. The SDK
// alone takes an empty body and a body of any type for a success, and a proxy
// answers like that. It is for the APIOptions of a call whose success has a body:
// that of CreateLogStream, CreateLogGroup, PutRetentionPolicy, DeleteMessage and
// ChangeMessageVisibility is documented to be empty (API references, 2026-11).
func RequireJSON(stack *middleware.Stack) error {
	return stack.Deserialize.Add(requireJSON{}, middleware.After)
}

type requireJSON struct{}

func (requireJSON) ID() string { return "oktastream:RequireJSON" }

func (requireJSON) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || r.StatusCode >= 300 {
		return out, metadata, err
	}
	body := bufio.NewReader(r.Body)
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-") || !isObject(body) {
		err = &smithy.DeserializationError{Err: errors.New("not a response of this service")}
	}
	return out, metadata, err
}

// isObject reports whether what is next in r, behind blanks, is a JSON object.
func isObject(r *bufio.Reader) bool {
	for n := 1; ; n++ {
		start, err := r.Peek(n)
		if err != nil {
			return false
		}
		if c := start[n-1]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c == '{'
		}
	}
}
