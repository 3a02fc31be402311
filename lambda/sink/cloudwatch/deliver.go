package cloudwatch

import (
	"context"
	"fmt"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/sink"
)

// event is what is sent for a record.
type event struct {
	record    int // its index
	message   []byte
	timeMS    int64
	restamped bool
	raw       bool // the message is the event's own bytes
}

// Deliver sends records, in as many calls as the limits demand, and answers for each. A
// record whose time was refused is sent once more. A call whose response was lost may
// have been accepted; its records stay at Retry, and may arrive twice.
//
// After a call that is refused for its content, or for an unknown reason, the other calls
// are made. Any other failure ends the delivery: the calls after it would fail alike.
func (s *Sink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	list := s.events(records, answers)
	refused, first := s.send(ctx, list, answers)
	if len(refused) == 0 {
		return first
	}
	now := s.now().UnixMilli()
	for i := range refused {
		refused[i].timeMS, refused[i].restamped = now, true
	}
	again, second := s.send(ctx, refused, answers)
	switch {
	case second != nil:
		return second
	case first != nil:
		return first
	case len(again) > 0:
		// One of the two clocks is wrong, and no record is at fault.
		return &sink.Error{Kind: sink.Transient, Err: fmt.Errorf(
			"%s: refused the time of delivery of %d of %d records", putLogEvents, len(again), len(refused))}
	}
	return nil
}

// Cut cuts records by what one PutLogEvents takes.
func (s *Sink) Cut(records []sink.Record) [][]int {
	return sink.Cut(len(records), limits, func(i int) (int, int64) { return len(records[i].Line), records[i].TimeMS })
}

// batches are the indexes of list, a batch each. What Cut has cut is one batch,
// unless a record is sent at another time or as other bytes than it came with.
func batches(list []event) [][]int {
	measure := func(i int) (int, int64) { return len(list[i].message), list[i].timeMS }
	if !limits.Fits(len(list), measure) {
		return sink.Cut(len(list), limits, measure)
	}
	all := make([]int, len(list))
	for i := range all {
		all[i] = i
	}
	return [][]int{all}
}

// events decides for each record what to send, and answers for those that cannot
// be sent at all.
func (s *Sink) events(records []sink.Record, answers []sink.Answer) []event {
	now := s.now()
	list := make([]event, 0, len(records))
	for i := range records {
		r := &records[i]
		e := event{record: i, message: r.Line, timeMS: r.TimeMS}
		switch {
		case len(r.Line) == 0:
			answers[i] = sink.Answer{State: sink.Dead, Reason: events.Refused,
				Detail: "the record is empty, and CloudWatch Logs accepts no empty message"}
			continue
		case len(r.Line) <= maxMessage:
		case len(r.Raw) > 0 && len(r.Raw) <= maxMessage:
			e.message, e.raw = r.Raw, true
		default:
			answers[i] = sink.Answer{State: sink.Dead, Reason: events.TooLarge, Detail: tooLarge(r)}
			continue
		}
		if !s.age.Keeps(e.timeMS, now) {
			e.timeMS, e.restamped = now.UnixMilli(), true
		}
		list = append(list, e)
	}
	return list
}

func tooLarge(r *sink.Record) string {
	if len(r.Raw) == 0 {
		return fmt.Sprintf("the record has %d bytes, CloudWatch Logs takes %d", len(r.Line), maxMessage)
	}
	return fmt.Sprintf("the record has %d bytes and the event itself %d, CloudWatch Logs takes %d",
		len(r.Line), len(r.Raw), maxMessage)
}

// send puts events and answers for those that were accepted. It returns those
// whose time was refused, and the error of the calls that failed: the last one,
// if it ended the delivery, or else the first.
func (s *Sink) send(ctx context.Context, list []event, answers []sink.Answer) (refused []event, err error) {
	for _, b := range batches(list) {
		from, to, failure := s.put(ctx, list, b)
		if failure != nil {
			if failure.Kind != sink.Content && failure.Kind != sink.Unknown {
				return nil, failure
			}
			if err == nil {
				err = failure
			}
			continue
		}
		for at, i := range b {
			e := &list[i]
			if at < from || at >= to {
				refused = append(refused, *e)
				continue
			}
			answers[e.record] = sink.Answer{
				State: sink.Accepted, Restamped: e.restamped, FallbackRaw: e.raw, Bytes: len(e.message),
			}
		}
	}
	return refused, err
}
