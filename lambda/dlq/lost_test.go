package dlq_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/internal/awsfake"
)

// What the replay tools of others have lost messages by.

// One tool ignores the list Failed of SendMessageBatch, and deletes all ten.
func TestAnEntryThatFailsIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	some(w, 10)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" && call.N == 1 {
			return awsfake.Fault{FailEntries: []int{2, 6}}
		}
		return awsfake.Fault{Throttle: call.Operation == "SendMessageBatch"}
	})
	q := w.open(t, w.dead, "dead")
	q.FirstWait = time.Millisecond
	report, err := w.replay(q).Run(t.Context())
	if err != nil || report.Outcomes[dlq.Replayed] != 8 || report.Outcomes[dlq.Failed] != 2 ||
		len(w.Messages("dead")) != 2 ||
		len(w.Messages("buffer")) != 8 {
		t.Errorf("%v, %v: %d are left", report.Outcomes, err, len(w.Messages("dead")))
	}
}

// mute is an API that leaves entries out of an answer.
type mute struct {
	dlq.API
	send, drop bool
}

func (m mute) SendMessageBatch(
	ctx context.Context,
	in *sqs.SendMessageBatchInput,
	o ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	out, err := m.API.SendMessageBatch(ctx, in, o...)
	if m.send && err == nil {
		out.Successful = out.Successful[1:]
	}
	return out, err
}

func (m mute) DeleteMessageBatch(
	ctx context.Context,
	in *sqs.DeleteMessageBatchInput,
	o ...func(*sqs.Options),
) (*sqs.DeleteMessageBatchOutput, error) {
	if m.drop {
		return &sqs.DeleteMessageBatchOutput{}, nil
	}
	return m.API.DeleteMessageBatch(ctx, in, o...)
}

// What an answer does not mention has not happened.
func TestWhatAnAnswerDoesNotMentionHasNotHappened(t *testing.T) {
	w := newWorld(t)
	some(w, 1)
	q := w.open(t, w.dead, "dead")
	q.FirstWait = time.Millisecond
	r := w.replay(q)
	r.Target = &dlq.Buffer{API: mute{API: w.api, send: true}, URL: w.buffer, FirstWait: time.Millisecond}
	if report, err := r.Run(t.Context()); err != nil || report.Outcomes[dlq.Failed] != 1 || len(w.Messages("dead")) != 1 {
		t.Errorf("send: %v, %v", report.Outcomes, err)
	}
	q.API = mute{API: w.api, drop: true}
	if report, err := w.replay(q).
		Run(t.Context()); err != nil || report.Outcomes[dlq.NotDeleted] != 1 ||
		len(w.Messages("dead")) != 1 {
		t.Errorf("delete: %v, %v", report.Outcomes, err)
	}
}

// Another deletes the whole of what it stored after the first good batch.
func TestAGoodBatchDeletesNoOther(t *testing.T) {
	w := newWorld(t)
	some(w, 30)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" && call.N > 1 {
			return awsfake.Fault{Status: 403, Code: "AccessDeniedException"}
		}
		return awsfake.Fault{}
	})
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Workers = 1
	_, err := r.Run(t.Context())
	var p *dlq.Problem
	if !errors.As(err, &p) || !p.Denied() || len(w.Messages("dead")) != 20 || len(w.Messages("buffer")) != 10 {
		t.Errorf("%v: %d are left", err, len(w.Messages("dead")))
	}
	if n := visible(w, "dead"); n != 20 {
		t.Errorf("%d of 20 were given back", n)
	}
}

// Of a batch that has to be sent in several calls only those are taken that were
// sent, also when the first call says that no other will be taken.
func TestWhatWasNotOfferedIsNotTaken(t *testing.T) {
	w := newWorld(t)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" {
			return awsfake.Fault{Status: 403, Code: "AccessDeniedException"}
		}
		return awsfake.Fault{}
	})
	var items []*dlq.Item
	for range 4 {
		items = append(items, &dlq.Item{Message: &dlq.Message{Body: strings.Repeat("x", 600_000)}, Dead: &dlq.Dead{}})
	}
	if err := (&dlq.Buffer{API: w.api, URL: w.buffer}).Send(t.Context(), items); err == nil {
		t.Error("no error")
	}
	for i, p := range items {
		if p.Err == nil {
			t.Errorf("item %d is taken", i)
		}
	}
}

// sqsmover hides messages for two seconds, and sends twice what takes longer.
func TestASlowReplaySendsNothingTwice(t *testing.T) {
	w := newWorld(t)
	some(w, 20)
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Workers = 2
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" {
			w.clock.add(30 * time.Second)
		}
		return awsfake.Fault{}
	})
	if _, err := r.Run(t.Context()); err != nil || len(w.Messages("buffer")) != 20 {
		t.Errorf("%d sent of 20, %v", len(w.Messages("buffer")), err)
	}
}

// What has been in hand for too long, on a laptop that was closed, another may
// have by now: it is not sent, and met anew.
func TestMessagesHeldForTooLongAreNotSent(t *testing.T) {
	w := newWorld(t)
	some(w, 5)
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Workers = 1
	asleep := true
	own := r.Recogniser
	r.Recogniser = func() *dlq.Recogniser {
		if asleep {
			asleep = false
			w.clock.add(dlq.Hidden + time.Minute)
		}
		return own()
	}
	receives := 0
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		if call.Operation == "SendMessageBatch" && call.N == 1 {
			receives = w.Calls(awsfake.SQS, "ReceiveMessage")
		}
		return awsfake.Fault{}
	})
	report, err := r.Run(t.Context())
	if err != nil || len(w.Messages("buffer")) != 5 || report.Outcomes[dlq.Replayed] != 5 || report.Read.Messages != 5 {
		t.Errorf("%v, %+v: %d sent", err, report, len(w.Messages("buffer")))
	}
	if n := w.Calls(awsfake.SQS, "SendMessageBatch"); n != 1 || receives < 2 {
		t.Errorf("%d sends, the first after %d receives: it was sent while another may have had it", n, receives)
	}
}

// A destination that is down is left alone; messages that are refused for what
// they are say nothing of it.
func TestADestinationThatIsDownIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	some(w, 100)
	w.SetFaults(func(call awsfake.Call) awsfake.Fault {
		return awsfake.Fault{Throttle: call.Operation == "SendMessageBatch"}
	})
	r := w.replay(w.open(t, w.dead, "dead"))
	r.Workers = 1
	_, err := r.Run(t.Context())
	if err == nil ||
		!strings.Contains(err.Error(), "none of the last 5 sends was accepted: SendMessageBatch: RequestThrottled") ||
		len(w.Messages("dead")) != 100 {
		t.Errorf("%v: %d are left", err, len(w.Messages("dead")))
	}
	if n := w.Calls(awsfake.SQS, "SendMessageBatch"); n != 5*4 {
		t.Errorf("%d sends", n)
	}
	r = w.replay(w.open(t, w.dead, "dead"))
	r.Workers, r.Target = 1, refusing{}
	if report, err := r.Run(t.Context()); err != nil || report.Outcomes[dlq.Failed] != 100 {
		t.Errorf("%v, %v", report.Outcomes, err)
	}
}

type refusing struct{}

func (refusing) Send(_ context.Context, items []*dlq.Item) error {
	for _, p := range items {
		p.Err = dlq.Refusal("foreign")
	}
	return nil
}

// AWS's own words on a message can quote it.
func TestErrorsHoldNoContent(t *testing.T) {
	p := dlq.ProblemOf("SendMessageBatch", &types.InvalidMessageContents{Message: aws.String("secret")})
	if p.Error() != "SendMessageBatch: InvalidMessageContents" || !p.Permanent {
		t.Errorf("%+v", p)
	}
}

// An audit that a kill has cut off in the middle of a line is continued on a new
// one; an old line, or one of another queue, says nothing.
func TestAnAuditIsContinued(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a, err := dlq.OpenAudit(name, at)
	if err != nil {
		t.Fatal(err)
	}
	err = a.Write(
		dlq.Line{Time: at, Outcome: dlq.Replayed, QueueURL: "q", MessageID: "m1"},
		dlq.Line{Time: at.Add(-15 * 24 * time.Hour), Outcome: dlq.Replayed, QueueURL: "q", MessageID: "m2"},
		dlq.Line{Time: at, Outcome: dlq.WouldReplay, QueueURL: "q", MessageID: "m3"},
		dlq.Line{Time: at, Outcome: dlq.Failed, QueueURL: "q", MessageID: "m4"})
	if err = errors.Join(
		err,
		a.Close(),
		appendText(name, `{"outcome":"replayed","queue_url":"q","message_id":"m5"`),
	); err != nil {
		t.Fatal(err)
	}
	a, err = dlq.OpenAudit(name, at)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"m1": true, "m2": false, "m3": false, "m4": false, "m5": false} {
		if a.Sent("q", id) != want || a.Sent("other", id) {
			t.Errorf("%s sent is not %v", id, want)
		}
	}
	if err := errors.Join(
		a.Write(dlq.Line{Time: at, Outcome: dlq.Replayed, QueueURL: "q", MessageID: "m6"}),
		a.Close(),
	); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, name); len(got) != 5 || got[4].MessageID != "m6" {
		t.Errorf("%+v", got)
	}
}
