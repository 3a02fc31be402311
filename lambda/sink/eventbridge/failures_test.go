package eventbridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/lambda/sink"
)

// Every code is judged in package awserror; here one of each kind passes through,
// for a request and for an entry.
func TestFailures(t *testing.T) {
	throughBoth(t, func(t *testing.T, open func(*bus) API) {
		for code, kind := range map[string]sink.Kind{
			"ThrottlingException":   sink.Transient,
			"AccessDeniedException": sink.Blocked,
			"MalformedDetail":       sink.Content,
			"SomethingNewException": sink.Unknown,
		} {
			b := newBus(t)
			b.fail = func(int) string { return code }
			answers, err := deliver(New(open(b), config("raw")), records(2, 50))
			if err == nil || sink.KindOf(err) != kind || states(answers)[sink.Retry] != 2 ||
				err.Error() != "PutEvents: "+code {
				t.Errorf("entry, %s: %v of kind %d, %v", code, err, sink.KindOf(err), states(answers))
			}

			b = newBus(t)
			b.refuse = func(int) *refusal {
				return &refusal{status: 400, code: code, header: http.Header{"Retry-After": {"7"}}}
			}
			answers, err = deliver(New(open(b), config("raw")), records(2, 50))
			if err == nil || sink.KindOf(err) != kind || states(answers)[sink.Retry] != 2 ||
				err.Error() != "PutEvents: "+code+" (HTTP 400)" {
				t.Errorf("request, %s: %v of kind %d, %v", code, err, sink.KindOf(err), states(answers))
			}
			var e *sink.Error
			if errors.As(err, &e); (e.RetryAfter == 7*time.Second) != (kind == sink.Transient) {
				t.Errorf("request, %s: again after %v", code, e.RetryAfter)
			}
			if b.calls != 1 {
				t.Errorf("%s: %d calls, want one try", code, b.calls)
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
		if err == nil || sink.KindOf(err) != sink.Transient || answers[0].State != sink.Retry ||
			strings.Contains(err.Error(), canary) {
			t.Errorf("%d: %v, %v", status, err, answers)
		}
	}
}

// DESIGN §4: network.
func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	client := sdk(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // closing with unread data would reset the connection
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	}))
	server.Close()
	for want, api := range map[string]API{
		"PutEvents: connection refused": refusing{client, server.URL},
		"PutEvents: connection closed":  client,
	} {
		answers, err := deliver(New(api, config("raw")), records(1, 50))
		if err == nil || sink.KindOf(err) != sink.Transient || err.Error() != want || answers[0].State != sink.Retry {
			t.Errorf("%s: %v, %v", want, err, answers)
		}
	}
}

// refusing is a client sent to another address.
type refusing struct {
	API
	url string
}

func (r refusing) PutEvents(
	ctx context.Context,
	in *eventbridge.PutEventsInput,
	options ...func(*eventbridge.Options),
) (*eventbridge.PutEventsOutput, error) {
	return r.API.PutEvents(ctx, in, append(options, func(o *eventbridge.Options) { o.BaseEndpoint = &r.url })...)
}

// hanging is a bus that never answers.
type hanging struct{}

func (hanging) PutEvents(
	ctx context.Context,
	_ *eventbridge.PutEventsInput,
	_ ...func(*eventbridge.Options),
) (*eventbridge.PutEventsOutput, error) {
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
			if sink.KindOf(err) != sink.Transient || !errors.Is(err, context.DeadlineExceeded) ||
				states(answers)[sink.Retry] != 6 {
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
	if sink.KindOf(err) != sink.Transient || !errors.Is(err, context.DeadlineExceeded) ||
		err.Error() != "PutEvents: context deadline exceeded" {
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
			"entry":     func(b *bus) { b.fail = func(int) string { return "InternalFailure" } },
			"code":      func(b *bus) { b.fail = func(int) string { return "about " + canary } },
			"long code": func(b *bus) { b.fail = func(int) string { return strings.Repeat("canary.person", 9) } },
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

// A response that contradicts itself says nothing of any entry.
func TestAResponseThatContradictsItselfIsNoSuccess(t *testing.T) {
	for name, body := range map[string]string{
		"one has failed, and each has an id": `{"FailedEntryCount":1,"Entries":[{"EventId":"a"}]}`,
		"none has failed, and one has":       `{"FailedEntryCount":0,"Entries":[{"ErrorCode":"InternalFailure"}]}`,
		"no entries":                         `{}`,
		"two entries for one":                `{"FailedEntryCount":0,"Entries":[{"EventId":"a"},{"EventId":"b"}]}`,
	} {
		client := sdk(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.Write([]byte(body))
		}))
		answers, err := deliver(New(client, config("raw")), records(1, 50))
		if err == nil || sink.KindOf(err) != sink.Transient || answers[0].State != sink.Retry {
			t.Errorf("%s: %v, %v", name, err, answers)
		}
	}
}
