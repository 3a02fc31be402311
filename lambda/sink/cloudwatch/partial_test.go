package cloudwatch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

// three are records of which no two go in one call.
func three() []sink.Record {
	return []sink.Record{at(0, "c"), at(-60*time.Hour, "a"), at(-30*time.Hour, "b")}
}

func wantStates(t *testing.T, answers []sink.Answer, want ...sink.State) {
	t.Helper()
	for i, a := range answers {
		if a.State != want[i] {
			t.Errorf("record %d: %+v, want state %v", i, a, want[i])
		}
	}
}

// What was accepted stays accepted, whatever comes after.
func TestFailureEndsTheDeliveryAndKeepsWhatWasAccepted(t *testing.T) {
	for code, kind := range map[string]sink.Kind{"ThrottlingException": sink.Transient, "AccessDeniedException": sink.Blocked} {
		t.Run(code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.before = failing(apiError(code), 2)
				answers, err := w.deliver(three()...)
				wantFailure(t, err, kind, "PutLogEvents: "+code+status(t, 400))
				wantStates(t, answers, sink.Retry, sink.Accepted, sink.Retry)
				if w.count("PutLogEvents") != 2 {
					t.Errorf("calls %v", w.called())
				}
			})
		})
	}
}

func TestContentLeavesTheOtherCallsAlone(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.before = failing(apiError("InvalidParameterException"), 1, 2)
		answers, err := w.deliver(three()...)
		wantFailure(t, err, sink.Content, "PutLogEvents: InvalidParameterException"+status(t, 400))
		wantStates(t, answers, sink.Accepted, sink.Retry, sink.Retry)
	})
}

// A throttled call says more about the next try than a batch that is at fault.
func TestContentAndThrottled(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.before = func(ctx context.Context, operation string, n int) error {
			return errors.Join(failing(apiError("InvalidParameterException"), 1)(ctx, operation, n),
				failing(apiError("ThrottlingException"), 3)(ctx, operation, n))
		}
		answers, err := w.deliver(three()...)
		wantFailure(t, err, sink.Transient, "PutLogEvents: ThrottlingException"+status(t, 400))
		wantStates(t, answers, sink.Retry, sink.Retry, sink.Accepted)
	})
}

// The second call, with what was refused for its time, may fail as well.
func TestFailureOfWhatIsSentAgain(t *testing.T) {
	for code, kind := range map[string]sink.Kind{"ThrottlingException": sink.Transient, "InvalidParameterException": sink.Content} {
		t.Run(code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.refuse = func(n, _ int) *types.RejectedLogEventsInfo {
					return &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: new(int32(1))}
				}
				w.before = failing(apiError(code), 2)
				answers, err := w.deliver(at(0, "b"), at(-time.Minute, "a"))
				wantFailure(t, err, kind, "PutLogEvents: "+code+status(t, 400))
				wantStates(t, answers, sink.Accepted, sink.Retry)
				if answers[1] != (sink.Answer{}) {
					t.Errorf("answer %+v, want none", answers[1])
				}
			})
		})
	}
}

// One batch is refused for its content, of another something for its time: that is
// sent again, and the error is that of the first, unless that call fails as well.
func TestContentAndRefusedTime(t *testing.T) {
	for again, c := range map[string]struct {
		kind  sink.Kind
		code  string
		state sink.State
	}{
		"":                    {sink.Content, "InvalidParameterException", sink.Accepted},
		"ThrottlingException": {sink.Transient, "ThrottlingException", sink.Retry},
	} {
		t.Run(c.code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				w.before = func(ctx context.Context, operation string, n int) error {
					if again != "" && n == 4 {
						return apiError(again)
					}
					return failing(apiError("InvalidParameterException"), 1)(ctx, operation, n)
				}
				w.refuse = func(n, _ int) *types.RejectedLogEventsInfo {
					if n == 1 {
						return &types.RejectedLogEventsInfo{TooNewLogEventStartIndex: new(int32(0))}
					}
					return nil
				}
				answers, err := w.deliver(three()...)
				wantFailure(t, err, c.kind, "PutLogEvents: "+c.code+status(t, 400))
				wantStates(t, answers, sink.Accepted, sink.Retry, c.state)
				if answers[0].Restamped || answers[2].Restamped != (c.state == sink.Accepted) {
					t.Errorf("answers %+v", answers)
				}
			})
		})
	}
}

// An answer that breaks off says nothing: the records stay at Retry, though they
// may have arrived.
func TestAnswerThatBreaksOff(t *testing.T) {
	g := newGroup(t, func() time.Time { return noon })
	g.before = failing(&answerError{nil, 200, nil, `{"rejectedLogEventsInfo":{"tooOld`}, 1)
	w := &world{group: g, t: t, sink: New(client(t, g), Config{LogGroup: "okta", Now: g.now})}
	answers, err := w.deliver(at(0, "a"))
	if err == nil || sink.KindOf(err) != sink.Transient || !strings.HasPrefix(err.Error(), "PutLogEvents: ") {
		t.Errorf("error %v", err)
	}
	wantStates(t, answers, sink.Retry)
}
