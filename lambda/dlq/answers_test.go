package dlq_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/oktastream/oktastream/lambda/dlq"
)

// silentAPI answers one operation with a response that says nothing.
type silentAPI struct {
	dlq.API
	operation string
}

func (s silentAPI) GetQueueAttributes(
	ctx context.Context, in *sqs.GetQueueAttributesInput, o ...func(*sqs.Options),
) (*sqs.GetQueueAttributesOutput, error) {
	if s.operation == "GetQueueAttributes" {
		return &sqs.GetQueueAttributesOutput{}, nil
	}
	return s.API.GetQueueAttributes(ctx, in, o...)
}

func (s silentAPI) ReceiveMessage(
	ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options),
) (*sqs.ReceiveMessageOutput, error) {
	out, err := s.API.ReceiveMessage(ctx, in, o...)
	if s.operation == "ReceiveMessage" && err == nil {
		out.Messages = append(out.Messages, types.Message{})
	}
	return out, err
}

func (s silentAPI) SendMessageBatch(
	ctx context.Context, in *sqs.SendMessageBatchInput, o ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	switch s.operation {
	case "SendMessageBatch":
		return &sqs.SendMessageBatchOutput{}, nil
	case "SendMessageBatch, ids only", "SendMessageBatch, another body":
		out := &sqs.SendMessageBatchOutput{}
		for _, e := range in.Entries {
			r := types.SendMessageBatchResultEntry{Id: e.Id, MessageId: aws.String("m")}
			if strings.HasSuffix(s.operation, "body") {
				r.MD5OfMessageBody = aws.String("d41d8cd98f00b204e9800998ecf8427e")
			}
			out.Successful = append(out.Successful, r)
		}
		return out, nil
	}
	return s.API.SendMessageBatch(ctx, in, o...)
}

func (s silentAPI) DeleteMessageBatch(
	ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options),
) (*sqs.DeleteMessageBatchOutput, error) {
	if s.operation == "DeleteMessageBatch" {
		return &sqs.DeleteMessageBatchOutput{}, nil
	}
	return s.API.DeleteMessageBatch(ctx, in, o...)
}

func (s silentAPI) ChangeMessageVisibilityBatch(
	ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, o ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	if s.operation == "ChangeMessageVisibilityBatch" {
		return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
	}
	return s.API.ChangeMessageVisibilityBatch(ctx, in, o...)
}

func (s silentAPI) StartMessageMoveTask(
	ctx context.Context, in *sqs.StartMessageMoveTaskInput, o ...func(*sqs.Options),
) (*sqs.StartMessageMoveTaskOutput, error) {
	if s.operation == "StartMessageMoveTask" {
		return &sqs.StartMessageMoveTaskOutput{}, nil
	}
	return s.API.StartMessageMoveTask(ctx, in, o...)
}

// A successful response that does not say what a success says is not one.
func TestAResponseThatSaysNothingIsNoSuccess(t *testing.T) {
	replay := func(t *testing.T, operation string) (*world, dlq.Report, error) {
		w := newWorld(t)
		some(w, 3)
		q := w.open(t, w.dead, "dead")
		q.FirstWait = time.Millisecond
		q.API = silentAPI{w.api, operation}
		report, err := w.replay(q).Run(t.Context())
		return w, report, err
	}
	for _, operation := range []string{"SendMessageBatch", "SendMessageBatch, ids only", "SendMessageBatch, another body"} {
		t.Run(operation, func(t *testing.T) {
			w, report, err := replay(t, operation)
			if err != nil || report.Outcomes[dlq.Failed] != 3 || report.Deleted() != 0 || len(w.Messages("dead")) != 3 {
				t.Errorf("%v, %v", report.Outcomes, err)
			}
		})
	}
	t.Run("DeleteMessageBatch", func(t *testing.T) {
		if _, report, err := replay(
			t,
			"DeleteMessageBatch",
		); err != nil || report.Outcomes[dlq.NotDeleted] != 3 ||
			report.Deleted() != 0 {
			t.Errorf("%v, %v", report.Outcomes, err)
		}
	})
	t.Run("ReceiveMessage", func(t *testing.T) {
		if _, report, err := replay(t, "ReceiveMessage"); err == nil || report.Read.Messages != 0 {
			t.Errorf("%+v, %v", report.Read, err)
		}
	})
	t.Run("ChangeMessageVisibilityBatch", func(t *testing.T) {
		w := newWorld(t)
		some(w, 3)
		q := w.open(t, w.dead, "dead")
		q.API = silentAPI{w.api, "ChangeMessageVisibilityBatch"}
		if _, read, err := look(t.Context(), q, nil); err != nil || read.Hidden != 3 {
			t.Errorf("%+v, %v", read, err)
		}
	})
	t.Run("GetQueueAttributes", func(t *testing.T) {
		w := newWorld(t)
		q, err := dlq.Open(t.Context(), silentAPI{w.api, "GetQueueAttributes"}, w.dead, "dead", w.clock.now)
		if err == nil || !strings.Contains(err.Error(), "the response has no ") {
			t.Errorf("%+v, %v", q, err)
		}
	})
	t.Run("StartMessageMoveTask", func(t *testing.T) {
		w, m := exhausted(t, 1)
		m.Queue.API = silentAPI{w.api, "StartMessageMoveTask"}
		if moved, err := m.Run(t.Context()); err == nil {
			t.Errorf("%+v", moved)
		}
	})
}
