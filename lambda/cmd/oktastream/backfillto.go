package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/ledger"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// runSender sends the events of a page where run would: stdout, a directory or a
// destination.
type runSender struct {
	job    bulk.Job // without its inputs
	org    string
	ledger ledger.Ledger
	gaveUp bool // the destination accepts nothing
}

// Send returns nil when each event is delivered or is a dead letter.
func (s *runSender) Send(ctx context.Context, list []systemlog.Event) error {
	if s.job.Remote == nil {
		// A page is written quickly. If it were interrupted, the next run would write part of it again.
		ctx = context.WithoutCancel(ctx)
	}
	var page bytes.Buffer
	for i := range list {
		page.Write(list[i].JSON)
		page.WriteByte('\n')
	}
	job := s.job
	var unreadable error
	job.Unreadable = func(_ string, err error) { unreadable = err }
	job.Inputs = []bulk.Input{{Name: s.org, Open: func() (io.ReadCloser, error) { return io.NopCloser(&page), nil }}}
	total, err := job.Run(ctx)
	s.ledger.Add(total.Ledger)
	s.gaveUp = total.GaveUp != nil
	switch {
	case err == nil && unreadable != nil:
		return fmt.Errorf("normalise a page of %s: %w", s.org, unreadable)
	case err == nil && total.GaveUp != nil:
		return total.GaveUp
	case err == nil && total.Received < int64(len(list)):
		return fmt.Errorf("normalise a page of %s: %d of %d events were found in it", s.org, total.Received, len(list))
	}
	return err
}

// ruleSender sends events straight to the destination of a pipeline with ingest=rule, which has no
// buffer queue. dlq replay does the same.
type ruleSender struct {
	target dlq.Target
	filter events.Filter                 // of the rule, which these events do not pass
	wrap   func(*systemlog.Event) []byte // in the envelope of the stack

	sent, filtered int64
	refused        map[string]int // events by the reason of the destination
	uuids          []string       // of the first of them
}

// maxRuleTries is how often events are sent that the destination does not accept for
// the time being. One try lasts up to 40 s.
const maxRuleTries = 5

// Send returns nil when each event was accepted, or refused for what is in it.
func (s *ruleSender) Send(ctx context.Context, list []systemlog.Event) error {
	var items []*dlq.Item
	for i := range list {
		e := &list[i]
		if s.filter.Keeps(e.EventType) {
			items = append(items, &dlq.Item{
				Message: &dlq.Message{Body: string(s.wrap(e))},
				Dead:    &dlq.Dead{Events: []dlq.Ref{{UUID: e.UUID, Type: e.EventType}}},
			})
		}
	}
	wanted, refusals := len(items), map[*dlq.Item]dlq.Refusal{}
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
				refusals[item] = refusal
			default:
				left = append(left, item)
			}
		}
		if len(left) > 0 && (len(left) == len(items) && try >= maxRuleTries || ctx.Err() != nil) {
			return fmt.Errorf("%d of %d events were not accepted: %w", len(left), wanted, left[0].Err)
		}
		items = left
	}
	// Counted when the page is done: a page that fails is sent again.
	s.sent, s.filtered = s.sent+int64(wanted-len(refusals)), s.filtered+int64(len(list)-wanted)
	for item, why := range refusals {
		s.refuse(item, why)
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

// localTarget is stdout, a directory or a destination.
type localTarget struct {
	to      string
	runner  *runSender
	remote  *remote
	report  *messages
	letters *letters
	closing []func() error
}

// openLocal opens what --to names.
func (f *filling) openLocal(ctx context.Context) (fillTarget, error) {
	org, domain := systemlog.OrgName(f.client.Org())
	t := &localTarget{to: f.To, report: f.report, letters: &letters{messages: f.report}}
	t.runner = &runSender{org: f.client.Org(), job: bulk.Job{
		Config: pipeline.Config{
			Format: f.defaultFormat(f.To), Org: org, Datadog: datadog.Settings{Domain: cmp.Or(domain, datadog.NoDomain)},
		},
		MaxRecord: maxEvent, Workers: runtime.GOMAXPROCS(0), Now: now, Version: version(), Bad: t.letters.take,
	}}
	job := &t.runner.job
	if f.Format != nil {
		format, err := pipeline.ParseFormat(*f.Format)
		if err := cmp.Or(err, f.formatFault(f.To, format)); err != nil {
			return nil, usage(err)
		}
		job.Config.Format = format
	}
	open := sink.NewDir
	if !isRemote(f.To) && f.To != "-" {
		for _, warning := range directoryWarning(f.To) {
			f.report.print(message{Warning: warning})
		}
		if abs, err := filepath.Abs(f.To); err == nil {
			t.to = abs
		}
		// A run that a state file continues adds files to those of the runs before.
		if _, err := os.Stat(f.State); err == nil {
			open = sink.ContinueDir
		}
	}
	out, err := f.remoteFlags.output(ctx, f.c, f.To, &f.awsFlags, job, open)
	if err != nil {
		return nil, err
	}
	t.closing = append(t.closing, out.close)
	if t.remote = out.remote; t.remote != nil {
		job.Remote = t.remote.job(time.Duration(f.GiveUpAfter), true, f.report)
		// What is not sent is still at Okta.
		job.Remote.Unsent = func([]byte) error { return nil }
	}
	if f.DeadLetters != "" {
		file, err := openToAppend("--dead-letters", f.DeadLetters)
		if err != nil {
			return nil, err
		}
		t.letters.file = file
		t.closing = append(t.closing, file.Close)
	}
	return t, nil
}

// maxEvent is the size in bytes of the longest event that is read; a longer one is a
// dead letter. An Okta event has some kilobytes.
const maxEvent = 32 << 20

func (t *localTarget) name() string { return t.to }

func (t *localTarget) senders() []backfill.Sender { return []backfill.Sender{t.runner} }

func (t *localTarget) notes() []string {
	if t.remote == nil {
		return []string{}
	}
	return []string{ageNote(t.to, backfillName(t.to, string(config.HTTPS)), 0)}
}

func (t *localTarget) cost(int64, int64) float64 { return 0 }

func (t *localTarget) summary(r *filled) {
	t.letters.end()
	r.Ledger, r.NotSent = &t.runner.ledger, t.runner.ledger.Dead
}

func (t *localTarget) close() error {
	var faults []error
	for _, c := range t.closing {
		faults = append(faults, c())
	}
	return errors.Join(faults...)
}
