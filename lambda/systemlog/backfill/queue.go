package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/deadletter"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// api is what this package needs of SQS.
type api interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (
		*sqs.SendMessageBatchOutput, error)
}

// Queue is the Sender to a pipeline's buffer queue. It is for one goroutine.
type Queue struct {
	API api
	URL string
	// Own is the origin of the stack's events. The function refuses events of any other.
	Own pipeline.Origin
	// Filter is the pipeline's: these events do not pass its rule, which may be what filters.
	Filter  events.Filter
	Version string // of oktastream
	Now     func() time.Time
	// FirstWait is the first wait before another try; 200 ms where it is 0.
	FirstWait time.Duration

	// Sent and Filtered count the events of this run. TooLong are the uuids of events
	// that no SQS message can hold (1 MiB); they are not sent.
	Sent, Filtered int64
	TooLong        []string
}

// concurrency is how many batches are sent at a time: with 10 events a batch and about 30 ms a call, a
// page of 1,000 takes half a second.
const concurrency = 8

// Send sends each event in the envelope in which EventBridge delivers it, with the message attribute of
// a backfill.
func (q *Queue) Send(ctx context.Context, list []systemlog.Event) error {
	mark, err := deadletter.Encode(deadletter.Note{
		Origin: deadletter.OriginBackfill, Version: q.Version, FirstSeen: q.Now().UTC(),
	})
	if err != nil {
		return err
	}
	messages := make([]*dlq.Outgoing, 0, len(list))
	uuids := make([]string, 0, len(list))
	filtered := int64(0)
	for i := range list {
		e := &list[i]
		if !q.Filter.Keeps(e.EventType) {
			filtered++
			continue
		}
		body := AppendEnvelope(nil, q.Own, e)
		messages, uuids = append(messages, &dlq.Outgoing{Body: string(body), Attribute: mark}), append(uuids, e.UUID)
	}
	if err := q.send(ctx, messages); err != nil {
		return err
	}
	var failed error
	sent := int64(0)
	var tooLong []string
	for i, m := range messages {
		switch {
		case m.Err == nil:
			sent++
		case errors.Is(m.Err, deadletter.ErrTooLong):
			tooLong = append(tooLong, uuids[i])
		case failed == nil:
			failed = fmt.Errorf("send event %s to queue %s: %w", uuids[i], q.URL, m.Err)
		}
	}
	if failed != nil {
		return failed // the page is sent and counted again
	}
	q.Sent, q.Filtered, q.TooLong = q.Sent+sent, q.Filtered+filtered, append(q.TooLong, tooLong...)
	return nil
}

// send sends the messages in concurrency parts.
func (q *Queue) send(ctx context.Context, list []*dlq.Outgoing) error {
	var group errgroup.Group
	size := max((len(list)+concurrency-1)/concurrency, 10)
	for len(list) > 0 {
		part := list[:min(size, len(list))]
		list = list[len(part):]
		group.Go(func() error { return dlq.SendMessages(ctx, q.API, q.URL, part, q.FirstWait) })
	}
	return group.Wait()
}

// AppendEnvelope appends an event in the envelope in which EventBridge delivers Okta's
// events: the event's own bytes as detail, its uuid as id, and the second in which it
// was published as time (Amazon EventBridge user guide, "Events", 2026-11). An event
// without a time gets none.
func AppendEnvelope(dst []byte, own pipeline.Origin, e *systemlog.Event) []byte {
	from := events.Provenance{ID: e.UUID, Source: own.Source, Account: own.Account, Region: own.Region}
	if !e.Published.IsZero() {
		from.TimeMS = e.Published.UnixMilli()
	}
	return events.AppendEnvelope(dst, from, "", e.JSON)
}
