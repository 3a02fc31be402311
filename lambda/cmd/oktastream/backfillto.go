package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/systemlog"
)

// runSender sends the events of a page where run would: stdout, a directory or a
// destination.
type runSender struct {
	job    bulk.Job // without its inputs
	org    string
	ledger ledger.Ledger
}

// Send returns nil when each event is delivered or is a dead letter.
func (s *runSender) Send(ctx context.Context, events []systemlog.Event) error {
	if s.job.Remote == nil {
		// A page takes an instant. Broken off, a part of it would be written twice.
		ctx = context.WithoutCancel(ctx)
	}
	var page bytes.Buffer
	for i := range events {
		page.Write(events[i].JSON)
		page.WriteByte('\n')
	}
	job := s.job
	var unreadable error
	job.Unreadable = func(_ string, err error) { unreadable = err }
	job.Inputs = []bulk.Input{{Name: s.org, Open: func() (io.ReadCloser, error) { return io.NopCloser(&page), nil }}}
	total, err := job.Run(ctx)
	s.ledger.Add(total.Ledger)
	switch {
	case err == nil && unreadable != nil:
		return fmt.Errorf("normalise a page of %s: %w", s.org, unreadable)
	case err == nil && total.GaveUp != nil:
		return total.GaveUp
	case err == nil && total.Received < int64(len(events)):
		return fmt.Errorf("normalise a page of %s: %d of %d events were found in it", s.org, total.Received, len(events))
	}
	return err
}

// ruleSender sends events to the destination of a pipeline with ingest=rule, which has
// no queue, as dlq replay does.
type ruleSender struct {
	target  dlq.Target
	wrap    func(*systemlog.Event) []byte // in the envelope of the stack
	refused map[string]int                // events by the reason of the destination
	uuids   []string                      // of the first of them
}

// maxRuleTries is how often events are sent that the destination does not accept for
// the time being. One try lasts up to 40 s.
const maxRuleTries = 5

// Send returns nil when each event was accepted, or refused for what is in it.
func (s *ruleSender) Send(ctx context.Context, events []systemlog.Event) error {
	items := make([]*dlq.Item, len(events))
	for i := range events {
		items[i] = &dlq.Item{
			Message: &dlq.Message{Body: string(s.wrap(&events[i]))},
			Dead:    &dlq.Dead{Events: []dlq.Ref{{UUID: events[i].UUID, Type: events[i].EventType}}},
		}
	}
	for try := 1; len(items) > 0; try++ {
		if err := s.target.Send(ctx, items); err != nil {
			return err
		}
		var left []*dlq.Item
		for _, item := range items {
			var refusal dlq.Refusal
			switch {
			case item.Err == nil:
			case errors.As(item.Err, &refusal):
				s.refuse(item, refusal)
			default:
				left = append(left, item)
			}
		}
		if len(left) > 0 && (len(left) == len(items) && try >= maxRuleTries || ctx.Err() != nil) {
			return fmt.Errorf("%d of %d events were not accepted: %w", len(left), len(events), left[0].Err)
		}
		items = left
	}
	return nil
}

func (s *ruleSender) refuse(item *dlq.Item, why dlq.Refusal) {
	if s.refused == nil {
		s.refused = map[string]int{}
	}
	s.refused[string(why)]++
	if len(s.uuids) < maxReported {
		s.uuids = append(s.uuids, item.Dead.Events[0].UUID)
	}
}
