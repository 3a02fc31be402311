package auditor

import (
	"context"
	"fmt"
	"time"

	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// waiting are the events in the dead-letter queues.
type waiting struct {
	keySet
	complete bool
}

// readWaiting reads the dead-letter queues, once a run and only where an event is missing: for other
// readers, messages are not visible for a moment.
func (r *run) readWaiting(ctx context.Context) error {
	if r.waiting != nil {
		return nil
	}
	keys, complete, err := r.Queues.Waiting(ctx)
	if err != nil {
		return fmt.Errorf("read the dead-letter queues: %w", err)
	}
	r.waiting = &waiting{newKeySet(keys), complete}
	return nil
}

// waits reports whether the event with this key is in a dead-letter queue.
func (r *run) waits(ctx context.Context, key reconcile.Key) (bool, error) {
	if err := r.readWaiting(ctx); err != nil {
		return false, err
	}
	return r.waiting.has(key), nil
}

// PipelineQueues are the queues of a pipeline.
type PipelineQueues struct {
	API    dlq.API
	Buffer string   // URL of the buffer queue
	Dead   []string // URLs of the dead-letter queues
	Now    func() time.Time
	Wait   int32 // long polling time in seconds, as dlq.Reader has it
}

// queueReaders is how many receives run at once.
const queueReaders = 4

// Waiting implements Queues.
func (p *PipelineQueues) Waiting(ctx context.Context) (keys []reconcile.Key, complete bool, err error) {
	complete = true
	for _, url := range p.Dead {
		q, err := dlq.Open(ctx, p.API, url, "", p.Now)
		if err != nil {
			return nil, false, err
		}
		about, reader := q.About(), dlq.Reader{Queue: q, Workers: queueReaders, Wait: p.Wait}
		recogniser := func() *dlq.Recogniser { return &dlq.Recogniser{} }
		read, err := reader.Each(ctx, recogniser, func(items []*dlq.Item) error {
			for _, item := range items {
				for _, e := range item.Dead.Events {
					key, _ := reconcile.KeyOf([]byte(e.UUID))
					keys = append(keys, key)
				}
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		if !read.Full && about > read.Messages {
			// The first count may have been too old.
			if err := q.Count(ctx); err != nil {
				return nil, false, err
			}
			about = q.About()
		}
		complete = complete && !read.Full && about <= read.Messages
	}
	return keys, complete, nil
}

// Buffered implements Queues.
func (p *PipelineQueues) Buffered(ctx context.Context) (int64, error) {
	q, err := dlq.Open(ctx, p.API, p.Buffer, "buffer", p.Now)
	if err != nil {
		return 0, err
	}
	return int64(q.About()), nil
}
