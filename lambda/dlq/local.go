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

// Deliverer brings records to a destination, trying again while ctx lasts.
type Deliverer interface {
	Deliver(ctx context.Context, records []sink.Record) sink.Outcome
}

// Local is the door of a pipeline that nothing runs behind (ingest=rule): messages
// go through the function's own path here, to its own sinks. With a Deliverer that
// keeps nothing it tells what would pass.
type Local struct {
	Config  config.Config
	Deliver Deliverer
	// Envelope: a record is the whole envelope, as the rule stores it.
	Envelope bool
}

// deliverTime is how long a delivery may try. Sending as a whole has sendTime.
const deliverTime = 40 * time.Second

// Send takes a message only if each of its records is taken. What the pipeline
// does not want any more (a filter) is taken by that; a pipeline without a
// function filters in its rule, and what is here has passed that.
func (l *Local) Send(ctx context.Context, parcels []*Parcel) error {
	var records []sink.Record
	owner := make([]*Parcel, 0, len(parcels))
	for _, p := range parcels {
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
			owner[i].Err = Refusal(word(a.Reason))
		case sink.Retry:
			// Not a refusal, also where another record of it is one.
			owner[i].Err = errNoWord
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

// records are what a message is delivered as, or why it cannot be.
func (l *Local) records(p *Parcel) (records []sink.Record, refusal Refusal) {
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
	own := &pipeline.Origin{Source: l.Config.Source, Account: l.Config.Account, Region: l.Config.Region}
	run := pipeline.New(pipeline.Config{
		Format: l.Config.Format, Filter: l.Config.Filter, Datadog: l.Config.Datadog, Own: own, KeepRaw: l.Config.KeepRaw(),
	})
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
			records = append(records, sink.Record{UUID: r.UUID, TimeMS: r.PublishedMS, Raw: r.Raw, Replays: p.Dead.Replays + 1})
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

// envelopes are the envelopes of the events in text, at the time at which
// EventBridge had them, which is what a rule gives a log group.
func (l *Local) envelopes(p *Parcel, text []byte) (records []sink.Record, refusal Refusal) {
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

// nothing is why a message without a record, such as [], is not taken: to take it
// would be to delete what nobody has.
const nothing = Refusal(events.NotOkta)
