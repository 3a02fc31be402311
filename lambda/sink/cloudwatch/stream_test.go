package cloudwatch

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/oktastream/oktastream/lambda/sink"
)

// wantFailure wants an error of a kind that names the operation and the code and
// nothing of what AWS says beside it.
func wantFailure(t *testing.T, err error, kind sink.Kind, text string) {
	t.Helper()
	if err == nil || sink.KindOf(err) != kind || err.Error() != text {
		t.Errorf("error %q of kind %v, want %q of kind %v", err, sink.KindOf(err), text, kind)
	}
	for _, word := range strings.Fields(quoted) {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), word) {
			t.Errorf("the error quotes AWS: %v", err)
		}
	}
}

func TestMissingStreamIsMade(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		clear(w.streams)
		records := []sink.Record{at(0, "a"), at(0, "b")}
		w.wantSent(records, w.delivered(records...))
		if !w.streams["oktastream/2026/11/22"] || len(w.streams) != 1 {
			t.Errorf("streams %v", w.streams)
		}
		if w.count("PutLogEvents") != 2 || w.count("CreateLogStream") != 1 {
			t.Errorf("calls %v", w.called())
		}
		w.delivered(at(0, "c"))
		if w.count("PutLogEvents") != 3 || w.count("CreateLogStream") != 1 {
			t.Errorf("calls %v: the stream is there", w.called())
		}
	})
}

func TestStreamThatAnotherWriterMakesAtTheSameTime(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		clear(w.streams)
		w.before = func(_ context.Context, operation string, _ int) error {
			if operation == "CreateLogStream" {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.streams["oktastream/2026/11/22"] = true
			}
			return nil
		}
		r := at(0, "a")
		w.wantSent([]sink.Record{r}, w.delivered(r))
		if w.count("PutLogEvents") != 2 || w.count("CreateLogStream") != 1 {
			t.Errorf("calls %v", w.called())
		}
	})
}

// Many deliveries at once on one sink, all of which find the stream missing.
func TestManyWriters(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		clear(w.streams)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				records := make([]sink.Record, 50)
				for i := range records {
					records[i] = at(time.Duration(50-i)*time.Second, fmt.Sprint(n, " ", i))
				}
				answers, err := w.deliver(records...)
				if err != nil {
					t.Error(err)
				}
				for i, a := range answers {
					if a.State != sink.Accepted {
						t.Errorf("writer %d, record %d: %+v", n, i, a)
					}
				}
			})
		}
		all.Wait()
		if len(w.messages) != 8*50 || len(w.streams) != 1 {
			t.Errorf("%d records in %d streams", len(w.messages), len(w.streams))
		}
		for text, n := range w.messages {
			if n != 1 {
				t.Errorf("%q was stored %d times", text, n)
			}
		}
	})
}

func TestMissingGroupIsBlocked(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.missing = true
		answers, err := w.deliver(at(0, "a"), at(-30*time.Hour, "b"))
		wantFailure(t, err, sink.Blocked, "CreateLogStream: ResourceNotFoundException"+status(t, 400))
		if answers[0] != (sink.Answer{}) || answers[1] != (sink.Answer{}) {
			t.Errorf("answers %+v", answers)
		}
		if w.count("PutLogEvents") != 1 || w.count("CreateLogStream") != 1 {
			t.Errorf("calls %v: nothing else can succeed", w.called())
		}
	})
}

// status is how an error that came by HTTP ends.
func status(t *testing.T, code int) string {
	if strings.HasSuffix(t.Name(), "/sdk") {
		return fmt.Sprintf(" (HTTP %d)", code)
	}
	return ""
}

func TestNewStreamThatIsNotSeenYet(t *testing.T) {
	both(t, Config{}, func(t *testing.T, w *world) {
		w.before = func(_ context.Context, operation string, n int) error {
			if operation == "PutLogEvents" && n <= 2 {
				return &types.ResourceNotFoundException{Message: new(quoted)}
			}
			return nil
		}
		_, err := w.deliver(at(0, "a"))
		wantFailure(t, err, sink.Transient, "PutLogEvents: the new log stream is not visible yet")
		if w.count("PutLogEvents") != 2 {
			t.Errorf("calls %v, want one retry and no more", w.called())
		}
		w.delivered(at(0, "a"))
	})
}

func TestStreamThatCannotBeMade(t *testing.T) {
	for code, kind := range map[string]sink.Kind{
		"ThrottlingException":   sink.Transient, // 50 a second in an account
		"AccessDeniedException": sink.Blocked,
		// It is our name that it does not like: no record is at fault.
		"InvalidParameterException": sink.Blocked,
	} {
		t.Run(code, func(t *testing.T) {
			both(t, Config{}, func(t *testing.T, w *world) {
				clear(w.streams)
				w.before = func(_ context.Context, operation string, _ int) error {
					if operation == "CreateLogStream" {
						return apiError(code)
					}
					return nil
				}
				answers, err := w.deliver(at(0, "a"))
				wantFailure(t, err, kind, "CreateLogStream: "+code+status(t, 400))
				if answers[0] != (sink.Answer{}) || w.count("PutLogEvents") != 1 {
					t.Errorf("answer %+v, calls %v", answers[0], w.called())
				}
			})
		})
	}
}
