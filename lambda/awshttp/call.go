package awshttp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Some services are called once or twice, and their SDK clients would take as long to compile
// as all others together. A Caller makes such calls with the SDK's own signer, credentials,
// HTTP client and retryer.

// Service is a service of AWS.
type Service struct {
	ID   string // the SDK's name of it, which AWS_ENDPOINT_URL_… is made of: "CloudWatch"
	Name string // its name in endpoints and signatures: "monitoring"

	// SingleEscape signs the path as it is sent, and adds the hash of the body as a
	// header: Amazon S3 requires both, and no other service does ("Signature
	// Calculations for the Authorization Header", Amazon S3 API reference, 2026-11).
	SingleEscape bool
}

// Options are the settings of a Caller.
type Options struct {
	Endpoint string // URL to call; "" is that of Endpoint

	// Retryer decides on further attempts. Without one there is one attempt: a sink
	// never retries inside.
	Retryer aws.Retryer

	// Timeout bounds one attempt, or, of Open, the time until the response begins. 0 is
	// 10 s.
	Timeout time.Duration
	// MaxBytes bounds a response that is not streamed. 0 is 2 MiB.
	MaxBytes int64

	Now func() time.Time // clock of the signatures; nil is time.Now
}

// Caller calls one service. It may be used by many goroutines.
type Caller struct {
	sdk     aws.Config
	service Service
	o       Options
	signer  *v4.Signer
}

// New returns a Caller of service in sdk's region.
func New(sdk aws.Config, service Service, o Options) *Caller {
	if sdk.HTTPClient == nil {
		sdk.HTTPClient = Client(nil)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 2 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	signer := v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = service.SingleEscape })
	return &Caller{sdk: sdk, service: service, o: o, signer: signer}
}

// Request is one call.
type Request struct {
	Method string // "" is POST
	Path   string // below the endpoint, unescaped; "" is /
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Form returns the call of an action of the Query protocol with these parameters.
func Form(action, version string, parameters url.Values) Request {
	form := url.Values{"Action": {action}, "Version": {version}}
	for name, values := range parameters {
		form[name] = values
	}
	return Request{
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode()),
	}
}

// Call makes a call and passes its 2xx response to read, once for each attempt. An error of
// read means that the response is unreadable.
//
// An error response is a smithy.APIError in a smithyhttp.ResponseError, as those of the
// SDK's clients are. Its code is empty where the response has none, as that of a HEAD
// and the page of a proxy.
func (c *Caller) Call(ctx context.Context, r Request, read func(header http.Header, body []byte) error) error {
	return c.try(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
		defer cancel()
		response, err := c.send(ctx, r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := c.body(response)
		if err != nil {
			return responseError(response, err)
		}
		if err := read(response.Header, body); err != nil {
			return responseError(response, err)
		}
		return nil
	})
}

// Open makes a call and returns its 2xx response with its body unread. ctx bounds the
// reading too, and the caller closes the body. Errors are those of Call.
func (c *Caller) Open(ctx context.Context, r Request) (*http.Response, error) {
	var response *http.Response
	err := c.try(ctx, func() error {
		ctx, cancel := context.WithCancelCause(ctx)
		timer := time.AfterFunc(c.o.Timeout, func() { cancel(context.DeadlineExceeded) })
		got, err := c.send(ctx, r)
		timer.Stop()
		if err != nil {
			cancel(nil)
			return err
		}
		got.Body = &openBody{got.Body, func() { cancel(nil) }}
		response = got
		return nil
	})
	return response, err
}

// openBody ends its request when it is closed.
type openBody struct {
	io.ReadCloser
	end func()
}

func (b *openBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// try makes attempts until one succeeds or the retryer gives up.
func (c *Caller) try(ctx context.Context, once func() error) error {
	for attempt := 1; ; attempt++ {
		err := once()
		r := c.o.Retryer
		if err == nil || r == nil || attempt >= r.MaxAttempts() || !r.IsErrorRetryable(err) {
			return err
		}
		wait, waitErr := r.RetryDelay(attempt, err)
		if waitErr != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send makes one attempt. Its response is a 2xx.
func (c *Caller) send(ctx context.Context, r Request) (*http.Response, error) {
	request, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	response, err := c.sdk.HTTPClient.Do(request)
	if err != nil {
		return nil, &smithyhttp.RequestSendError{Err: err}
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	body, err := c.body(response)
	if err != nil {
		return nil, responseError(response, err)
	}
	return nil, responseError(response, apiError(response.Header, body))
}

// body reads a response to its end.
func (c *Caller) body(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, c.o.MaxBytes+1))
	if err == nil && int64(len(body)) > c.o.MaxBytes {
		err = errors.New("the response is too long")
	}
	return body, err
}

// request returns the signed request.
func (c *Caller) request(ctx context.Context, r Request) (*http.Request, error) {
	target, err := c.url(ctx, r)
	if err != nil {
		return nil, err
	}
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("call %s at %s: %w", c.service.ID, target.Redacted(), err)
	}
	for name, values := range r.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	if c.sdk.Credentials == nil {
		return nil, fmt.Errorf("call %s: no AWS credentials are configured", c.service.ID)
	}
	credentials, err := c.sdk.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(r.Body)
	hash := hex.EncodeToString(sum[:])
	if c.service.SingleEscape {
		request.Header.Set("X-Amz-Content-Sha256", hash)
	}
	err = c.signer.SignHTTP(ctx, credentials, request, hash, c.service.Name, c.sdk.Region, c.o.Now())
	if err != nil {
		return nil, fmt.Errorf("sign the call of %s: %w", c.service.ID, err)
	}
	return request, nil
}

// url is what a request asks for.
func (c *Caller) url(ctx context.Context, r Request) (*url.URL, error) {
	endpoint := c.o.Endpoint
	if endpoint == "" {
		var err error
		if endpoint, _, err = Endpoint(ctx, c.sdk, c.service); err != nil {
			return nil, err
		}
	}
	target, err := url.Parse(endpoint)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("invalid endpoint %q of %s", endpoint, c.service.ID)
	}
	target.Path = strings.TrimSuffix(target.Path, "/") + "/" + strings.TrimPrefix(r.Path, "/")
	// Escaped as AWS does in signatures, which is more than Go does.
	target.RawPath = httpbinding.EscapePath(target.Path, false)
	target.RawQuery = strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	return target, nil
}
