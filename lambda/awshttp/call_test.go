package awshttp_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/oktastream/oktastream/lambda/awshttp"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

var (
	functions = awshttp.Service{ID: "Lambda", Name: "lambda"}
	objects   = awshttp.Service{ID: "S3", Name: "s3", SingleEscape: true}
)

// again tries retryable errors again at once.
type again struct{ aws.NopRetryer }

func (again) MaxAttempts() int { return 3 }
func (again) IsErrorRetryable(err error) bool {
	return awserror.New("x", err, time.Time{}).Kind == sink.Transient
}
func (again) RetryDelay(int, error) (time.Duration, error) { return time.Millisecond, nil }

func config(url string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAFAKE", "secret", "token"),
	}
}

func server(t *testing.T, handle http.HandlerFunc) string {
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func ignore(http.Header, []byte) error { return nil }

// escape is URI-encoding as Signature Version 4 has it: all but A-Z, a-z, 0-9, -, .,
// _, ~ and, in a path, / ("Create a signed AWS API request", IAM user guide, 2026-11).
func escape(s, keep string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// signature is what Signature Version 4 makes of a request as it has arrived, written
// from the same guide.
func signature(r *http.Request, body []byte, service string, single bool) string {
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	path := escape(r.URL.Path, "/")
	if !single {
		path = escape(path, "/")
	}
	var query []string
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query = append(query, escape(name, "")+"="+escape(value, ""))
		}
	}
	slices.Sort(query)
	headers := ""
	for name := range strings.SplitSeq(list, ";") {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		headers += name + ":" + strings.Join(strings.Fields(value), " ") + "\n"
	}
	hash := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	mac := func(key []byte, text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	canonical := strings.Join([]string{r.Method, path, strings.Join(query, "&"), headers, list, hash(body)}, "\n")
	at := r.Header.Get("X-Amz-Date")
	scope := at[:8] + "/eu-west-1/" + service + "/aws4_request"
	key := mac(mac(mac(mac([]byte("AWS4secret"), at[:8]), "eu-west-1"), service), "aws4_request")
	return hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hash([]byte(canonical))))
}

// A request arrives as it was asked for, and its signature is that of the guide, also
// with a path and a query that have to be escaped.
func TestARequestIsSigned(t *testing.T) {
	const odd = "/okta/org=a b/dt=2026-11-28/x+y%41~é:1.gz"
	for name, service := range map[string]awshttp.Service{"twice escaped": functions, "once escaped": objects} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			at := server(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				body, _ := io.ReadAll(r.Body)
				want := signature(r, body, service.Name, service.SingleEscape)
				if r.Method != "PUT" || r.URL.Path != "/prefix"+odd || r.URL.Query().Get("a b") != "1+2=&" ||
					r.Header.Get("X-Amz-Security-Token") != "token" || r.Header.Get("If-None-Match") != "*" ||
					r.Header.Get("X-Amz-Date") != "20261128T120000Z" || string(body) != "body" ||
					(r.Header.Get("X-Amz-Content-Sha256") != "") != service.SingleEscape ||
					!strings.HasSuffix(r.Header.Get("Authorization"), "Signature="+want) {
					t.Errorf("%s %s %v, want signature %s", r.Method, r.URL, r.Header, want)
				}
				w.Header().Set("ETag", "e")
				_, _ = w.Write([]byte("answer"))
			})
			now := func() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }
			c := awshttp.New(config(at+"/prefix/"), service, awshttp.Options{Now: now})
			err := c.Call(t.Context(), awshttp.Request{
				Method: "PUT", Path: odd, Query: url.Values{"a b": {"1+2=&"}}, Header: http.Header{"If-None-Match": {"*"}},
				Body: []byte("body"),
			}, func(h http.Header, body []byte) error {
				if h.Get("ETag") != "e" || string(body) != "answer" {
					t.Errorf("%v %q", h, body)
				}
				return nil
			})
			if err != nil || calls != 1 {
				t.Errorf("%v, %d calls", err, calls)
			}
		})
	}
}

// An error response is judged as those of the SDK's clients, in every protocol. What is
// worth another attempt has one where there is a retryer.
func TestErrorResponses(t *testing.T) {
	const query = `<ErrorResponse xmlns="http://x/"><Error><Type>Sender</Type><Code>%</Code><Message>m</Message></Error></ErrorResponse>`
	code := func(text, c string) string { return strings.Replace(text, "%", c, 1) }
	for name, test := range map[string]struct {
		status int
		header string // X-Amzn-Errortype
		body   string
		want   string
		calls  int
	}{
		"query":     {403, "", code(query, "AccessDenied"), "Op: AccessDenied (HTTP 403)", 1},
		"throttled": {400, "", code(query, "Throttling"), "Op: Throttling (HTTP 400)", 3},
		"object": {503, "", `<Error><Code>SlowDown</Code><Message>m</Message></Error>`, "Op: SlowDown (HTTP 503)",
			3},
		"precondition": {412, "", `<?xml version="1.0"?><Error><Code>PreconditionFailed</Code></Error>`,
			"Op: PreconditionFailed (HTTP 412)", 1},
		"json": {400, "", `{"__type":"a.b#ResourceNotFoundException","Message":"m"}`,
			"Op: ResourceNotFoundException (HTTP 400)", 1},
		"rest": {404, "ResourceNotFoundException:http://x/", `{"Message":"m"}`,
			"Op: ResourceNotFoundException (HTTP 404)", 1},
		"rest, code": {400, "", `{"code":"InvalidParameterValueException"}`,
			"Op: InvalidParameterValueException (HTTP 400)", 1},
		"without code":  {404, "", "", "Op: no error code (HTTP 404)", 1},
		"down":          {503, "", "no", "Op: no error code (HTTP 503)", 3},
		"proxy":         {403, "", "<html>", "Op: no error code (HTTP 403)", 1},
		"redirect":      {301, "", `<Error><Code>PermanentRedirect</Code></Error>`, "Op: PermanentRedirect (HTTP 301)", 1},
		"unreadable":    {200, "", "bad", "Op: unreadable response (HTTP 200)", 3},
		"a huge answer": {200, "", strings.Repeat("x", 1001), "Op: unreadable response (HTTP 200)", 3},
		"a huge error":  {400, "", strings.Repeat("x", 1001), "Op: unreadable response (HTTP 400)", 3},
	} {
		for _, retryer := range []aws.Retryer{nil, again{}} {
			t.Run(fmt.Sprintf("%s %T", name, retryer), func(t *testing.T) {
				calls := 0
				at := server(t, func(w http.ResponseWriter, _ *http.Request) {
					calls++
					if test.header != "" {
						w.Header().Set("X-Amzn-Errortype", test.header)
					}
					w.WriteHeader(test.status)
					_, _ = w.Write([]byte(test.body))
				})
				c := awshttp.New(config(at), functions, awshttp.Options{Retryer: retryer, MaxBytes: 1000})
				err := c.Call(t.Context(), awshttp.Request{}, func(http.Header, []byte) error { return errors.New("unreadable") })
				want := test.calls
				if retryer == nil {
					want = 1
				}
				if got := awserror.New("Op", err, time.Time{}); err == nil || got.Error() != test.want || calls != want {
					t.Errorf("%v, %d calls, want %s, %d", got, calls, test.want, want)
				}
				if test.status == http.StatusOK {
					return
				}
				if _, err := c.Open(t.Context(), awshttp.Request{}); err == nil || awserror.New("Op", err,
					time.Time{}).Error() != test.want {
					t.Errorf("Open: %v", err)
				}
			})
		}
	}
}

// A response that is opened is read after the time-out of its beginning, and ends with
// Close or the context.
func TestOpen(t *testing.T) {
	ended := make(chan struct{}, 2)
	at := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("first"))
		_ = http.NewResponseController(w).Flush()
		if r.Method == "GET" {
			time.Sleep(200 * time.Millisecond)
			_, _ = w.Write([]byte(" second"))
			return
		}
		<-r.Context().Done()
		ended <- struct{}{}
	})
	c := awshttp.New(config(at), objects, awshttp.Options{Timeout: 100 * time.Millisecond})
	response, err := c.Open(t.Context(), awshttp.Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "first second" {
		t.Errorf("%q, %v", body, err)
	}
	_ = response.Body.Close()

	response, err = c.Open(t.Context(), awshttp.Request{Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	<-ended

	ctx, cancel := context.WithCancel(t.Context())
	response, err = c.Open(ctx, awshttp.Request{Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(response.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	_ = response.Body.Close()
}

// A service that does not answer costs the time of an attempt, and an interruption ends
// the wait.
func TestTimeouts(t *testing.T) {
	at := server(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() })
	c := awshttp.New(config(at), functions, awshttp.Options{Timeout: 20 * time.Millisecond})
	if err := c.Call(t.Context(), awshttp.Request{}, ignore); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := c.Open(t.Context(), awshttp.Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	c = awshttp.New(config(at), functions, awshttp.Options{Retryer: again{}, Timeout: time.Minute})
	if err := c.Call(ctx, awshttp.Request{}, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWithoutCredentials(t *testing.T) {
	c := awshttp.New(aws.Config{Region: "eu-west-1"}, functions, awshttp.Options{})
	if err := c.Call(t.Context(), awshttp.Request{}, ignore); err == nil || !strings.Contains(err.Error(),
		"no AWS credentials") {
		t.Errorf("%v", err)
	}
}

// The endpoint is the one that the SDK's own clients would call.
func TestEndpoint(t *testing.T) {
	metrics := awshttp.Service{ID: "CloudWatch", Name: "monitoring"}
	secrets := awshttp.Service{ID: "Secrets Manager", Name: "secretsmanager"}
	type env = map[string]string
	for _, test := range []struct {
		region     string
		service    awshttp.Service
		env        env
		want       string // "": an error
		configured bool
	}{
		{"eu-west-1", metrics, nil, "https://monitoring.eu-west-1.amazonaws.com", false},
		{"us-gov-west-1", metrics, nil, "https://monitoring.us-gov-west-1.amazonaws.com", false},
		{"cn-north-1", metrics, nil, "https://monitoring.cn-north-1.amazonaws.com.cn", false},
		{"eusc-de-east-1", metrics, nil, "https://monitoring.eusc-de-east-1.amazonaws.eu", false},
		{"eu-west-1/x", metrics, nil, "", false},
		{"eu-west-1", metrics, env{"AWS_ENDPOINT_URL": "http://all"}, "http://all", true},
		{"eu-west-1", metrics, env{"AWS_ENDPOINT_URL_CLOUDWATCH": "http://one"}, "http://one", true},
		{"eu-west-1", secrets, env{"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://one"},
			"http://one", true},
		{"eu-west-1", metrics, env{"AWS_ENDPOINT_URL_CLOUDWATCH": "http://one",
			"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
			"https://monitoring.eu-west-1.amazonaws.com", false},
	} {
		t.Run(test.region, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", "/dev/null")
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			sdk, err := sdkconfig.LoadDefaultConfig(t.Context(), sdkconfig.WithRegion(test.region))
			if err != nil {
				t.Fatal(err)
			}
			got, configured, err := awshttp.Endpoint(t.Context(), sdk, test.service)
			if got != test.want || configured != test.configured || (err != nil) != (test.want == "") {
				t.Errorf("%v: %q, %v, %v, want %q", test.env, got, configured, err, test.want)
			}
		})
	}
}
