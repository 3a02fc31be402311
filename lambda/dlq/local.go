package dlq

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/sink/eventbridge"
)

// deliverer delivers records to a destination, trying again until ctx ends.
type deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// Local is the target of a pipeline without a function (ingest=rule): it runs the
// function's own pipeline in this process, and delivers to the pipeline's own
// destination. With a deliverer that keeps nothing it checks what would be accepted.
type Local struct {
	Config  config.Config
	Deliver deliverer
	// Envelope: a record is the whole envelope, as the rule stores it.
	Envelope bool
}

// deliverTime is how long one delivery may take. Sending as a whole has sendTime.
const deliverTime = 40 * time.Second

// Send accepts a message only if the destination accepts each of its records. What
// the pipeline's filter drops counts as accepted; a pipeline without a function
// filters in its rule, which a dead message has passed.
func (l *Local) Send(ctx context.Context, items []*Item) error {
	var records []sink.Record
	owner := make([]*Item, 0, len(items))
	for _, p := range items {
		found, refusal := l.records(p)
		if p.Err = nil; refusal != "" {
			p.Err = refusal
			continue
		}
		for _, r := range found {
			records, owner = append(records, r), append(owner, p)
		}
	}
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	out := l.Deliver.Deliver(ctx, records)
	for i, a := range out.Answers {
		switch a.State {
		case sink.Dead:
			owner[i].Err = Refusal(safeWord(string(a.Reason)))
		case sink.Retry:
			// Not a refusal, even if another record of the message is one.
			owner[i].Err = errNoAnswer
			if c := out.Causes[i]; c >= 0 {
				owner[i].Err = out.Errors[c]
			}
		}
	}
	for _, err := range out.Errors {
		if sink.KindOf(err) == sink.Blocked {
			return err
		}
	}
	return nil
}

// records are the records of a message, or why it has none.
func (l *Local) records(p *Item) (records []sink.Record, refusal Refusal) {
	text := []byte(p.Message.Body)
	unpacker := &eventbridge.Unpacker{Pipeline: l.Config.Pipeline, Account: l.Config.Account}
	if logs, packed, fault := unpacker.Unpack(text); packed {
		if l.Config.Destination != config.Datadog {
			return nil, Refusal(events.Foreign)
		}
		if fault != nil {
			return nil, Refusal(fault.Reason)
		}
		for i := range logs {
			logs[i].Replays = p.Dead.Replays + 1
		}
		return logs, ""
	}
	if l.Envelope {
		return l.envelopes(p, text)
	}
	run := l.Config.NewPipeline()
	var spans [][2]int
	filtered := false
	out := run.Process(nil, text, func(r *pipeline.Record) {
		switch {
		case r.Fault != nil:
			refusal = Refusal(r.Fault.Reason)
		case r.Filtered:
			filtered = true
		default:
			spans = append(spans, [2]int{r.Start, r.End})
			records = append(records, sink.Record{
				UUID: r.UUID, TimeMS: r.PublishedMS, Org: r.Org, Raw: r.Raw, Replays: p.Dead.Replays + 1,
			})
		}
	})
	for i, s := range spans {
		records[i].Line = out[s[0]:s[1]:s[1]]
	}
	if len(records) == 0 && !filtered && refusal == "" {
		refusal = nothing
	}
	return records, refusal
}

// envelopes are the envelopes of the events in text, with EventBridge's own time:
// what a rule gives a log group.
func (l *Local) envelopes(p *Item, text []byte) (records []sink.Record, refusal Refusal) {
	var d events.Decoder
	d.Decode(text, func(e *events.Event, fault *events.Fault) {
		if fault != nil {
			refusal = Refusal(fault.Reason)
			return
		}
		from := e.Provenance
		if from.Source != l.Config.Source || from.Account != l.Config.Account || from.Region != l.Config.Region {
			refusal = Refusal(events.Foreign)
			return
		}
		line := bytes.Clone(e.Carrier())
		if bytes.ContainsAny(line, "\r\n") {
			var compact bytes.Buffer
			if err := json.Compact(&compact, line); err == nil {
				line = compact.Bytes()
			}
		}
		r := sink.Record{Line: line, UUID: string(e.UUID), TimeMS: from.TimeMS, Replays: p.Dead.Replays + 1}
		if r.TimeMS == 0 {
			r.TimeMS = e.PublishedMS
		}
		records = append(records, r)
	})
	if len(records) == 0 && refusal == "" {
		refusal = nothing
	}
	return records, refusal
}

// nothing is why a message without a record, such as [], is not accepted: it would be
// deleted and be nowhere else.
const nothing = Refusal(events.NotOkta)
