// Package awshttp holds the HTTP client of all calls of AWS that the function and the
// command make, and a Caller of the services whose SDK clients are not linked.
package awshttp

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Client returns inner, or the SDK's own client where it is nil, with requests
// whose body hides its WriteTo.
//
// Once the header of a response has come, smithy-go (v1.28.8) closes the request's
// body, whose WriteTo then returns io.EOF, while net/http may still be asking the
// body whether there is more. net/http takes that for a broken write and closes the
// connection under the response: "use of closed network connection". The call has
// been served and is made again, so that records arrive twice
// (github.com/aws/aws-sdk-go-v2 issues 1825 and 2737). Without WriteTo net/http
// reads, and io.EOF is what it expects there.
func Client(inner aws.HTTPClient) aws.HTTPClient {
	if inner == nil {
		inner = sdk.NewBuildableClient()
	}
	return client{inner}
}

// Environment returns the SDK's configuration of a Lambda function, whose environment get reads. The
// SDK's own loader also looks for files, profiles and metadata services, which a function does not
// have, and links their clients.
func Environment(get func(string) string, retryer func() aws.Retryer) aws.Config {
	c := aws.Config{
		Region: get("AWS_REGION"), HTTPClient: Client(nil), Retryer: retryer,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(
			get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"), get("AWS_SESSION_TOKEN"))),
	}
	if url := get("AWS_ENDPOINT_URL"); url != "" {
		c.BaseEndpoint = aws.String(url)
	}
	return c
}

type client struct{ inner aws.HTTPClient }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		plain := *r
		plain.Body = struct{ io.ReadCloser }{r.Body}
		r = &plain
	}
	return c.inner.Do(r)
}
