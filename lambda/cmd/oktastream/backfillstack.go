package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/systemlog"
	"github.com/oktastream/oktastream/lambda/systemlog/backfill"
)

// allPipelines is the value of --pipeline for every pipeline of the stack.
const allPipelines = "all"

// stackTarget is the pipelines of a stack.
type stackTarget struct {
	report    *messages
	pipelines []*stackPipeline
}

// stackPipeline is one of them: with a queue, or with ingest=rule without one.
type stackPipeline struct {
	*pipelineOutput
	identity identity
	queue    *backfill.Queue
	rule     *ruleSender
}

// openStack finds the pipelines of the stack.
func (f *filling) openStack(ctx context.Context) (fillTarget, error) {
	sdk, err := f.sdk(ctx, f.quiet, "")
	if err != nil {
		return nil, err
	}
	flags := f.stackFlags
	if flags.Pipeline == allPipelines {
		flags.Pipeline = ""
	}
	outputs, err := flags.outputs(ctx, sdk, f.quiet)
	if err != nil {
		return nil, err
	}
	if len(outputs) > 1 && f.Pipeline == "" {
		var names []string
		for _, o := range outputs {
			names = append(names, o.Name)
		}
		return nil, usage(fmt.Errorf("stack %s has several pipelines: name one with --pipeline (%s), or write --pipeline %s",
			f.Stack, strings.Join(names, ", "), allPipelines))
	}
	s := &stackTarget{report: f.report}
	for i := range outputs {
		o := &outputs[i]
		if err := sameOrg(f.client.Org(), o); err != nil {
			return nil, err
		}
		p, err := newStackPipeline(ctx, &f.stackFlags, sdk, o)
		if err != nil {
			return nil, err
		}
		s.pipelines = append(s.pipelines, p)
	}
	return s, nil
}

// newStackPipeline returns the sender to a pipeline, under the stack's replay role.
func newStackPipeline(ctx context.Context, flags *stackFlags, sdk aws.Config, o *pipelineOutput) (
	*stackPipeline, error,
) {
	filter, err := o.filter()
	if err != nil {
		return nil, fmt.Errorf("pipeline %s: %w", o.Name, err)
	}
	own := pipeline.Origin{Source: o.Source, Account: o.Account, Region: o.Region}
	p := &stackPipeline{pipelineOutput: o}
	var called aws.Config
	called, p.identity = flags.assume(ctx, sdk, cmp.Or(flags.Role, o.ReplayRole))
	if o.Ingest != ingestRule {
		p.queue = &backfill.Queue{
			API: sqs.NewFromConfig(called), URL: o.Buffer, Own: own, Filter: filter, Version: version(), Now: now,
		}
		return p, nil
	}
	local, err := o.local(&called)
	if err != nil {
		return nil, err
	}
	p.rule = &ruleSender{target: local, filter: filter, wrap: func(e *systemlog.Event) []byte {
		return backfill.AppendEnvelope(nil, own, e)
	}}
	return p, nil
}

// sameOrg returns an error where the org that is read is not the one whose events the
// pipeline gets.
func sameOrg(address string, o *pipelineOutput) error {
	org, _ := systemlog.OrgName(address)
	own, _, ok := events.ParseSource(o.Source)
	if org == "" || !ok || own == org {
		return nil
	}
	return withHint(usage(fmt.Errorf("pipeline %s gets the events of the org %s, and --org-url is of %s",
		o.Name, own, org)), "name the org of the stack, or another stack")
}

func (p *stackPipeline) to() string {
	if p.queue != nil {
		return p.Buffer
	}
	return cmp.Or(p.LogGroup, p.DeliveryBus)
}

func (s *stackTarget) name() string {
	var to []string
	for _, p := range s.pipelines {
		to = append(to, p.to())
	}
	return strings.Join(to, " ")
}

func (s *stackTarget) senders() []backfill.Sender {
	var all []backfill.Sender
	for _, p := range s.pipelines {
		all = append(all, p)
	}
	return all
}

// Send sends events to the pipeline.
func (p *stackPipeline) Send(ctx context.Context, list []systemlog.Event) error {
	var err error
	if p.queue != nil {
		err = p.queue.Send(ctx, list)
	} else {
		err = p.rule.Send(ctx, list)
	}
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return err
	}
	return p.identity.explain(fmt.Errorf("pipeline %s: %w", p.Name, err), p.to())
}

func (s *stackTarget) notes() []string {
	var notes []string
	for _, p := range s.pipelines {
		notes = append(notes, ageNote(p.Name, backfillName(p.Destination, p.Transport), p.RetentionDays))
	}
	return append(notes, "events that are there already arrive again, with the same uuid; "+
		"reconcile --fill sends only what is missing")
}

// backfillName is what the package backfill calls a destination with a transport.
func backfillName(destination, transport string) string {
	if destination == string(config.Datadog) && transport == string(config.HTTPS) {
		return backfill.DatadogHTTPS
	}
	return destination
}

// ageNote says what a destination does with old events.
func ageNote(name, destination string, retentionDays int) string {
	age := backfill.AgeOf(destination, retentionDays)
	if age.Treatment == backfill.Restamped {
		return fmt.Sprintf("%s: events older than %s are re-stamped: %s", name, span(age.After).text(), age.Text)
	}
	return fmt.Sprintf("%s: %s", name, age.Text)
}

func (s *stackTarget) cost(n, bytes int64) float64 {
	usd := 0.0
	for _, p := range s.pipelines {
		usd += backfill.CostOf(backfillName(p.Destination, p.Transport), n, bytes)
	}
	return usd
}

func (s *stackTarget) summary(r *filled) {
	for _, p := range s.pipelines {
		line := filledPipeline{Pipeline: p.Name, To: p.to()}
		if p.queue != nil {
			line.Sent, line.Filtered, line.NotSent = p.queue.Sent, p.queue.Filtered, int64(len(p.queue.TooLong))
			s.list(p.Name, "longer than an SQS message may be", p.queue.TooLong)
		} else {
			line.Sent, line.Filtered = p.rule.sent, p.rule.filtered
			for why, n := range p.rule.refused {
				line.NotSent += int64(n)
				s.report.print(message{Note: fmt.Sprintf("%s: %s refused: %s", p.Name, count(n, "event"), why)})
			}
			s.list(p.Name, "refused by the destination", p.rule.uuids)
		}
		r.NotSent += line.NotSent
		r.Pipelines = append(r.Pipelines, line)
	}
}

// list names events that were not sent.
func (s *stackTarget) list(pipeline, why string, uuids []string) {
	for _, uuid := range uuids[:min(len(uuids), maxReported)] {
		s.report.print(message{Note: fmt.Sprintf("%s: not sent, %s (uuid %s)", pipeline, why, uuid)})
	}
}

func (s *stackTarget) close() error { return nil }
