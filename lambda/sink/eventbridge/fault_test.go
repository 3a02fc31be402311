package eventbridge

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"

	"github.com/oktastream/oktastream/lambda/sink"
)

var codes = map[string]sink.Kind{
	"ThrottlingException":                 sink.Transient,
	"Throttling":                          sink.Transient,
	"InternalFailure":                     sink.Transient,
	"InternalException":                   sink.Transient,
	"ServiceUnavailable":                  sink.Transient,
	"AccessDenied":                        sink.Blocked,
	"AccessDeniedException":               sink.Blocked,
	"NotAuthorizedForSource":              sink.Blocked,
	"NotAuthorizedForSourceException":     sink.Blocked,
	"NotAuthorizedForDetailTypeException": sink.Blocked,
	"ResourceNotFoundException":           sink.Blocked,
	"UnrecognizedClientException":         sink.Blocked,
	"ExpiredTokenException":               sink.Blocked,
	"MalformedDetail":                     sink.Content,
	"InvalidArgument":                     sink.Content,
	"ValidationException":                 sink.Content,
	"SomethingNewException":               sink.Content,
}

func TestCodes(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		for code, kind := range codes {
			b := newBus(t)
			b.fail = func(int, int) string { return code }
			answers, err := deliver(New(open(b), config("raw")), records(2, 50))
			if err == nil || sink.KindOf(err) != kind || states(answers)[sink.Retry] != 2 || err.Error() != "PutEvents: "+code {
				t.Errorf("entry, %s: %v of kind %d, %v", code, err, sink.KindOf(err), states(answers))
			}

			b = newBus(t)
			b.refuse = func(int) *refusal { return &refusal{status: 400, code: code} }
			answers, err = deliver(New(open(b), config("raw")), records(2, 50))
			if err == nil || sink.KindOf(err) != kind || states(answers)[sink.Retry] != 2 || err.Error() != "PutEvents: "+code+" (HTTP 400)" {
				t.Errorf("request, %s: %v of kind %d, %v", code, err, sink.KindOf(err), states(answers))
			}
			if b.calls != 1 {
				t.Errorf("%s: %d calls, want one try", code, b.calls)
			}
		}
	})
}

// DESIGN §4: throttled, 5xx. The SDK does not retry by itself, and what the
// service asks for is handed on.
func TestStatusAndRetryAfter(t *testing.T) {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		for name, tc := range map[string]struct {
			refusal
			kind  sink.Kind
			after time.Duration
		}{
			"seconds":      {refusal{status: 429, code: "Unheard", header: header("Retry-After", "7")}, sink.Transient, 7 * time.Second},
			"date":         {refusal{status: 503, code: "Unheard", header: header("Retry-After", "Sun, 22 Nov 2026 12:01:00 GMT")}, sink.Transient, time.Minute},
			"date gone by": {refusal{status: 503, code: "Unheard", header: header("Retry-After", "Sun, 22 Nov 2026 11:01:00 GMT")}, sink.Transient, 0},
			"AWS's own":    {refusal{status: 500, code: "Unheard", header: header("X-Amz-Retry-After", "1500")}, sink.Transient, 1500 * time.Millisecond},
			"nonsense":     {refusal{status: 500, code: "Unheard", header: header("Retry-After", "-1")}, sink.Transient, 0},
			"403":          {refusal{status: 403, code: "Unheard"}, sink.Blocked, 0},
			"404":          {refusal{status: 404, code: "Unheard"}, sink.Blocked, 0},
			"413":          {refusal{status: 413, code: "Unheard"}, sink.Content, 0},
		} {
			b := newBus(t)
			b.refuse = func(int) *refusal { return &tc.refusal }
			_, err := deliver(New(open(b), config("raw")), records(2, 50))
			var e *sink.Error
			if !errors.As(err, &e) || e.Kind != tc.kind || e.RetryAfter.Truncate(time.Second/2) > tc.after || e.RetryAfter < tc.after-time.Second/2 {
				t.Errorf("%s: %#v", name, err)
			}
			if b.calls != 1 {
				t.Errorf("%s: %d calls: the SDK retries", name, b.calls)
			}
		}
	})
}

// A proxy's page instead of an answer, and an answer that is none.
func TestAnswersThatAreNotEventBridges(t *testing.T) {
	for status, body := range map[int]string{502: "<html>" + canary, 200: "<html>" + canary} {
		client := sdk(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(body))
		}))
		answers, err := deliver(New(client, config("raw")), records(1, 50))
		if err == nil || sink.KindOf(err) != sink.Transient || answers[0].State != sink.Retry || strings.Contains(err.Error(), canary) {
			t.Errorf("%d: %v, %v", status, err, answers)
		}
	}
}

// DESIGN §4: network.
func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	client := sdk(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	}))
	server.Close()
	for name, api := range map[string]API{
		"refused": refusing{client, server.URL},
		"cut off": client,
	} {
		answers, err := deliver(New(api, config("raw")), records(1, 50))
		if err == nil || sink.KindOf(err) != sink.Transient || err.Error() != "PutEvents: network error" || answers[0].State != sink.Retry {
			t.Errorf("%s: %v, %v", name, err, answers)
		}
	}
}

// refusing is a client sent to another address.
type refusing struct {
	API
	url string
}

func (r refusing) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	return r.API.PutEvents(ctx, in, append(options, func(o *eventbridge.Options) { o.BaseEndpoint = &r.url })...)
}

// hanging is a bus that never answers.
type hanging struct{}

func (hanging) PutEvents(ctx context.Context, _ *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// DESIGN §4: timeout. A call ends by its own limit, or earlier with the context.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct{ call, left, want time.Duration }{
			"the call's":      {3 * time.Second, time.Minute, 3 * time.Second},
			"by default":      {0, time.Minute, 10 * time.Second},
			"the caller's":    {10 * time.Second, 2 * time.Second, 2 * time.Second},
			"never negative":  {-1, time.Minute, 10 * time.Second},
			"nothing is left": {time.Second, 0, 0},
		} {
			c := config("raw")
			c.CallTimeout = tc.call
			ctx, cancel := context.WithTimeout(context.Background(), tc.left)
			start := time.Now()
			answers := make([]sink.Answer, 6)
			err := New(hanging{}, c).Deliver(ctx, records(6, 100_000), answers)
			cancel()
			if took := time.Since(start); took != tc.want {
				t.Errorf("%s: it took %v, want %v", name, took, tc.want)
			}
			if sink.KindOf(err) != sink.Transient || !errors.Is(err, context.DeadlineExceeded) || states(answers)[sink.Retry] != 6 {
				t.Errorf("%s: %v, %v", name, err, states(answers))
			}
		}
	})
}

func TestTimeoutThroughTheSDK(t *testing.T) {
	release := make(chan struct{})
	client := sdk(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) })
	c := config("raw")
	c.CallTimeout = 20 * time.Millisecond
	_, err := deliver(New(client, c), records(1, 50))
	if sink.KindOf(err) != sink.Transient || !errors.Is(err, context.DeadlineExceeded) || err.Error() != "PutEvents: context deadline exceeded" {
		t.Error(err)
	}
	c.CallTimeout = 0
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := New(client, c).Deliver(ctx, records(1, 50), make([]sink.Answer, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// DESIGN §4, our own log: what the service says may quote a record.
func TestErrorsHoldNoContent(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		for name, spoil := range map[string]func(*bus){
			"entry":     func(b *bus) { b.fail = func(int, int) string { return "InternalFailure" } },
			"code":      func(b *bus) { b.fail = func(int, int) string { return "about " + canary } },
			"long code": func(b *bus) { b.fail = func(int, int) string { return strings.Repeat("canary.person", 9) } },
			"request": func(b *bus) {
				b.refuse = func(int) *refusal { return &refusal{status: 400, code: "ValidationException"} }
			},
		} {
			b := newBus(t)
			spoil(b)
			batch := records(2, 50)
			batch[0].Line = []byte(`{"uuid":"00000000","who":"` + canary + `"}`)
			answers, err := deliver(New(open(b), config("raw")), batch)
			if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(answers[0].Detail, "canary") {
				t.Errorf("%s: %v, %v", name, err, answers)
			}
		}
	})
}

type slow struct{}

func (slow) Error() string   { return "about " + canary }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestErrorsWithoutAnAnswer(t *testing.T) {
	for want, err := range map[string]error{
		"network timeout": slow{},
		"no answer":       errors.New("about " + canary),
		"Unheard":         &smithy.GenericAPIError{Code: "Unheard", Message: canary},
	} {
		if f := requestFault(err, testNow); f.kind != sink.Transient || f.code != want {
			t.Errorf("%+v, want %s", f, want)
		}
	}
}

func TestWorstFaultIsTheError(t *testing.T) {
	var f faults
	if err := f.err(); err != nil {
		t.Error(err)
	}
	f.add(entryFault("MalformedDetail"))
	f.add(fault{kind: sink.Transient, cause: context.DeadlineExceeded, retryAfter: time.Second})
	f.add(entryFault("AccessDeniedException"))
	f.add(entryFault("MalformedDetail"))
	err := f.err()
	var e *sink.Error
	if !errors.As(err, &e) || e.Kind != sink.Blocked || e.RetryAfter != time.Second || !errors.Is(err, context.DeadlineExceeded) ||
		err.Error() != "PutEvents: AccessDeniedException, MalformedDetail, context deadline exceeded" {
		t.Errorf("%#v: %v", e, err)
	}
}
