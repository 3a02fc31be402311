package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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

// Every code is judged in package awserror; here one of each kind passes through.
func TestFailures(t *testing.T) {
	for code, kind := range map[string]sink.Kind{
		"ThrottlingException":       sink.Transient,
		"AccessDeniedException":     sink.Blocked,
		"InvalidParameterException": sink.Content,
		"SomethingNewException":     sink.Unknown,
	} {
		t.Run(code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.before = failing(apiError(code), 1)
				answers, err := w.deliver(at(0, "a"))
				wantFailure(t, err, kind, "PutLogEvents: "+code+status(t, 400))
				if answers[0] != (sink.Answer{}) || w.count("PutLogEvents") != 1 {
					t.Errorf("answer %+v, calls %v: one try, no more", answers[0], w.called())
				}
			})
		})
	}
}

func TestRetryAfterIsHandedOn(t *testing.T) {
	g := newGroup(t, func() time.Time { return noon })
	date := noon.Add(90 * time.Second).Format(http.TimeFormat)
	g.before = failing(&answerError{apiError("ThrottlingException"), 400, http.Header{"Retry-After": {date}}, ""}, 1)
	w := &world{group: g, t: t, sink: New(client(t, g), Config{LogGroup: "okta", Now: g.now})}
	_, err := w.deliver(at(0, "a"))
	wantFailure(t, err, sink.Transient, "PutLogEvents: ThrottlingException (HTTP 400)")
	if e, ok := errors.AsType[*sink.Error](err); !ok || e.RetryAfter != 90*time.Second {
		t.Errorf("%+v, want 90 s", e)
	}
}

// A response that got lost: the batch is stored.
func TestDataThatIsAlreadyAcceptedIsStored(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.before = failing(apiError("DataAlreadyAcceptedException"), 1)
		answers, err := w.deliver(at(0, "a"), at(0, "b"))
		if err != nil || answers[0].State != sink.Accepted || answers[1].State != sink.Accepted {
			t.Errorf("%v, %+v", err, answers)
		}
	})
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

// A server that never answers, on the wire.
func TestCallThatTakesTooLong(t *testing.T) {
	both(t, Config{CallTimeout: 50 * time.Millisecond}, func(t *testing.T, w *world) {
		w.before = func(ctx context.Context, _ string, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}
		_, err := w.deliver(at(0, "a"), at(-30*time.Hour, "b"))
		wantFailure(t, err, sink.Transient, "PutLogEvents: context deadline exceeded")
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
		"default":        {0, time.Minute, 10 * time.Second, "PutLogEvents: context deadline exceeded"},
		"own":            {3 * time.Second, time.Minute, 3 * time.Second, "PutLogEvents: context deadline exceeded"},
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

// What a proxy says with a 200 is no yes of CloudWatch Logs.
func TestASuccessThatIsNotCloudWatchLogsIsNone(t *testing.T) {
	for name, header := range map[string]http.Header{"a page": {"Content-Type": {"text/html"}}, "no body": nil} {
		g := newGroup(t, func() time.Time { return noon })
		g.before = failing(&answerError{nil, 200, header, " "}, 1)
		w := &world{group: g, t: t, sink: New(client(t, g), Config{LogGroup: "okta", Now: g.now})}
		answers, err := w.deliver(at(0, "a"))
		wantFailure(t, err, sink.Transient, "PutLogEvents: unreadable response (HTTP 200)")
		if answers[0] != (sink.Answer{}) {
			t.Errorf("%s: %+v", name, answers[0])
		}
		// The success of CreateLogStream has no body.
		g.streams = map[string]bool{}
		w.delivered(at(0, "a"))
	}
}
