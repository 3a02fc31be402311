package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/lambda/sink"
)

// failing makes the nth put fail.
func failing(err error, n ...int) func(context.Context, string, int) error {
	return func(_ context.Context, operation string, call int) error {
		if operation == "PutLogEvents" && slices.Contains(n, call) {
			return err
		}
		return nil
	}
}

func TestKindOfAnError(t *testing.T) {
	for code, kind := range map[string]sink.Kind{
		"ThrottlingException":         sink.Transient,
		"LimitExceededException":      sink.Transient,
		"OperationAbortedException":   sink.Transient,
		"ServiceUnavailableException": sink.Transient,
		"KMSThrottlingException":      sink.Transient,
		"AccessDeniedException":       sink.Blocked,
		"UnrecognizedClientException": sink.Blocked,
		"ExpiredTokenException":       sink.Blocked,
		"KMSDisabledException":        sink.Blocked,
		"KMSInvalidStateException":    sink.Blocked,
		"KMSNotFoundException":        sink.Blocked,
		"InvalidParameterException":   sink.Content,
		"ValidationException":         sink.Content,
		"SomethingNewException":       sink.Content,
	} {
		t.Run(code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.before = failing(apiError(code), 1)
				answers, err := w.deliver(at(0, "a"))
				http := 400
				if code == "ServiceUnavailableException" {
					http = 503
				}
				wantFailure(t, err, kind, "PutLogEvents: "+code+status(t, http))
				if answers[0] != (sink.Answer{}) || w.count("PutLogEvents") != 1 {
					t.Errorf("answer %+v, calls %v: one try, no more", answers[0], w.called())
				}
			})
		})
	}
}

// What the HTTP status says where the code says nothing; and what is asked for by
// Retry-After.
func TestKindOfAnHTTPStatus(t *testing.T) {
	html := "<html>" + quoted + "</html>"
	for name, c := range map[string]struct {
		failure answerError
		kind    sink.Kind
		text    string
		after   time.Duration
	}{
		"500":           {answerError{apiError("InternalFailure"), 500, nil, ""}, sink.Transient, "InternalFailure (HTTP 500)", 0},
		"503 of a page": {answerError{nil, 503, nil, html}, sink.Transient, "(HTTP 503)", 0},
		"502, no body":  {answerError{nil, 502, nil, " "}, sink.Transient, "(HTTP 502)", 0},
		"a code that looks like the record's fault": {answerError{apiError("InvalidParameterException"), 500, nil, ""},
			sink.Transient, "InvalidParameterException (HTTP 500)", 0},
		"throttled, seconds": {answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {"7"}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", 7 * time.Second},
		"throttled, a date": {answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {noon.Add(90 * time.Second).Format(http.TimeFormat)}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", 90 * time.Second},
		"throttled, a date that has been": {answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {noon.Add(-time.Hour).Format(http.TimeFormat)}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", 0},
		"throttled, milliseconds": {answerError{apiError("ThrottlingException"), 400, http.Header{"X-Amz-Retry-After": {"1500"}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", 1500 * time.Millisecond},
		"throttled, for ever": {answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {"9223372036854775807"}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", time.Hour},
		"throttled, nonsense": {answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {"-1"}}, ""},
			sink.Transient, "ThrottlingException (HTTP 400)", 0},
		"429 of a page": {answerError{nil, 429, http.Header{"Retry-After": {"3"}}, html}, sink.Transient, "(HTTP 429)", 3 * time.Second},
		"408":           {answerError{nil, 408, nil, html}, sink.Transient, "(HTTP 408)", 0},
		"403 of a page": {answerError{nil, 403, http.Header{"Retry-After": {"3"}}, html}, sink.Blocked, "(HTTP 403)", 0},
		"400 of a page": {answerError{nil, 400, nil, html}, sink.Blocked, "(HTTP 400)", 0},
		"413 of a page": {answerError{nil, 413, nil, html}, sink.Content, "(HTTP 413)", 0},
		"a code that is none": {answerError{apiError("jane doe"), 400, nil, ""},
			sink.Blocked, "(HTTP 400)", 0},
		"403 with a code that is not known": {answerError{apiError("NewDenialException"), 403, nil, ""},
			sink.Blocked, "NewDenialException (HTTP 403)", 0},
		"a clock that is wrong": {answerError{apiError("InvalidSignatureException"), 403, http.Header{"Date": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}, ""},
			sink.Transient, "InvalidSignatureException (HTTP 403)", 0},
		"a key that is wrong": {answerError{apiError("InvalidSignatureException"), 403, nil, ""},
			sink.Blocked, "InvalidSignatureException (HTTP 403)", 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, func() time.Time { return noon })
			g.before = failing(&c.failure, 1)
			w := &world{group: g, t: t, sink: New(client(t, g), Config{LogGroup: "okta", Now: g.now})}
			_, err := w.deliver(at(0, "a"))
			wantFailure(t, err, c.kind, "PutLogEvents: "+c.text)
			if e, ok := errors.AsType[*sink.Error](err); !ok || e.RetryAfter != c.after {
				t.Errorf("%+v, want to be left alone for %v", e, c.after)
			}
			if g.count("PutLogEvents") != 1 {
				t.Errorf("calls %v: one try, no more", g.called())
			}
			w.delivered(at(0, "a"))
		})
	}
}

func TestConnectionThatIsReset(t *testing.T) {
	g := newGroup(t, func() time.Time { return noon })
	g.before = failing(http.ErrAbortHandler, 1)
	w := &world{group: g, t: t, sink: New(client(t, g), Config{LogGroup: "okta", Now: g.now})}
	answers, err := w.deliver(at(0, "a"))
	wantFailure(t, err, sink.Transient, "PutLogEvents: connection closed")
	if answers[0] != (sink.Answer{}) || g.count("PutLogEvents") != 1 {
		t.Errorf("answer %+v, calls %v", answers[0], g.called())
	}
}

func TestNetworkErrorsAreTransientAndNameNoAddress(t *testing.T) {
	wrap := func(err error) error {
		return &aws.RequestCanceledError{Err: &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("%s: %w", quoted, err)}}
	}
	for text, err := range map[string]error{
		"connection reset by peer": wrap(&os.SyscallError{Syscall: "read", Err: syscall.ECONNRESET}),
		"connection refused":       wrap(syscall.ECONNREFUSED),
		"broken pipe":              wrap(syscall.EPIPE),
		"connection closed":        wrap(io.ErrUnexpectedEOF),
		"name not resolved":        wrap(&net.DNSError{Err: quoted, Name: quoted}),
		"timeout":                  &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
		"*errors.errorString":      wrap(errors.New(quoted)),
	} {
		g := newGroup(t, func() time.Time { return noon })
		g.before = failing(err, 1)
		w := &world{group: g, t: t, sink: New(g, Config{LogGroup: "okta", Now: g.now})}
		_, failure := w.deliver(at(0, "a"))
		wantFailure(t, failure, sink.Transient, "PutLogEvents: "+text)
	}
}

// A server that never answers, on the wire.
func TestCallThatTakesTooLong(t *testing.T) {
	both(t, Config{CallTimeout: 50 * time.Millisecond}, func(t *testing.T, w *world) {
		w.before = func(ctx context.Context, _ string, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}
		_, err := w.deliver(at(0, "a"), at(-30*time.Hour, "b"))
		wantFailure(t, err, sink.Transient, "PutLogEvents: no answer within 50ms")
		if w.count("PutLogEvents") > 1 {
			t.Errorf("calls %v: the rest would take as long", w.called())
		}
	})
}

func TestCallTakesNoLongerThanThereIsTime(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, left time.Duration
		took          time.Duration
		text          string
	}{
		"default":        {0, time.Minute, 10 * time.Second, "PutLogEvents: no answer within 10s"},
		"own":            {3 * time.Second, time.Minute, 3 * time.Second, "PutLogEvents: no answer within 3s"},
		"less time":      {0, 2 * time.Second, 2 * time.Second, "PutLogEvents: context deadline exceeded"},
		"no time at all": {0, 0, 0, "PutLogEvents: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, time.Now)
				g.before = func(ctx context.Context, _ string, _ int) error {
					<-ctx.Done()
					return fmt.Errorf("%s: %w", quoted, ctx.Err())
				}
				s := New(g, Config{LogGroup: "okta", CallTimeout: c.timeout})
				ctx, cancel := context.WithTimeout(context.Background(), c.left)
				defer cancel()
				begin := time.Now()
				err := s.Deliver(ctx, []sink.Record{{Line: []byte("a")}}, make([]sink.Answer, 1))
				wantFailure(t, err, sink.Transient, c.text)
				if took := time.Since(begin); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestCancelledDeliveryIsTransient(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		w.before = func(ctx context.Context, _ string, _ int) error { return ctx.Err() }
		answers := make([]sink.Answer, 1)
		err := w.sink.Deliver(ctx, []sink.Record{at(0, "a")}, answers)
		wantFailure(t, err, sink.Transient, "PutLogEvents: context canceled")
		if !errors.Is(err, context.Canceled) {
			t.Error("it does not say that it was cancelled")
		}
	})
}

var _ API = (*cloudwatchlogs.Client)(nil)
