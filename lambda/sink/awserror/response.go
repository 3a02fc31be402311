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

// RequireJSON makes a call fail whose 2xx response does not have the content type
// of AWS JSON or has no JSON object as its body. Without it the SDK accepts an empty body
// and any content type, as a proxy may send them.
//
// It is for the APIOptions of a call whose response has members. CreateLogStream,
// CreateLogGroup, PutRetentionPolicy, DeleteMessage and ChangeMessageVisibility are
// documented to succeed with an empty body (API references, 2026-11).
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

// isObject reports whether r goes on with a JSON object, after blanks if any.
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
