package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/datadog"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/pipeline"
)

// target is where the messages of a site are replayed to.
type target struct {
	dlq.Target
	name  string     // for the audit: a URL or a name
	kind  string     // queue, log group or event bus
	check dlq.Target // nil where the pipeline is not known
}

// ingestRule is a pipeline without a queue and without a function.
const ingestRule = "rule"

// target is the buffer queue, or the pipeline's own sinks where it has none.
func (r *dlqReplay) target(p *site) (target, error) {
	if p.pipeline == nil {
		return target{&dlq.Buffer{API: p.api, URL: r.To, Version: version()}, r.To, "queue", nil}, nil
	}
	check, err := p.pipeline.local(nil)
	if err != nil {
		return target{}, err
	}
	if p.pipeline.Ingest != ingestRule {
		buffer := &dlq.Buffer{API: p.api, URL: p.pipeline.Buffer, Version: version()}
		return target{buffer, buffer.URL, "queue", check}, nil
	}
	local, err := p.pipeline.local(&p.sdk)
	if err != nil {
		return target{}, err
	}
	if p.pipeline.Destination == string(config.Datadog) {
		return target{local, p.pipeline.DeliveryBus, "event bus", check}, nil
	}
	return target{local, p.pipeline.LogGroup, "log group", check}, nil
}

// local returns the function's own path to the destination, with the settings of a stack. sdk is for
// calls of the destination; without it what the destination would get is discarded.
func (o *pipelineOutput) local(sdk *aws.Config) (*dlq.Local, error) {
	l := &dlq.Local{Config: config.Config{
		Pipeline: o.Name, Source: o.Source, Account: o.Account, Region: o.Region,
		Destination: config.Destination(o.Destination), Transport: config.Transport(o.Transport),
		LogGroup: o.LogGroup, RetentionDays: o.RetentionDays, DeliveryBus: o.DeliveryBus, PackBytes: o.PackBytes,
		Datadog: datadog.Settings{Service: o.Service, Tags: list(o.Tags), Domain: o.OktaDomain},
	}}
	if err := o.route(l); err != nil {
		return nil, withHint(fmt.Errorf("pipeline %s: %w", o.Name, err), "the stack's output is at fault: deploy it again")
	}
	clients := config.Clients{Logs: dlq.Discard{}, Bus: dlq.Discard{}, Objects: dlq.Discard{}}
	if l.Config.HTTPS.Discard = sdk == nil; sdk != nil {
		clients = config.Clients{Logs: cloudwatchlogs.NewFromConfig(*sdk), Bus: awseventbridge.NewFromConfig(*sdk)}
	}
	loop, err := l.Config.NewLoop(clients, now, 0)
	l.Deliver = loop
	return l, err
}

// route sets which records of which events the destination gets.
func (o *pipelineOutput) route(l *dlq.Local) (err error) {
	l.Config.Format = l.Config.Route().Format
	switch {
	case l.Config.Format == "": // there is no such route
		return fmt.Errorf("unknown destination %q with transport %q", o.Destination, o.Transport)
	case o.Ingest == ingestRule && l.Config.Destination == config.CloudWatch:
		// What the rule stores is what EventBridge gives it.
		l.Envelope = true
		return nil
	case o.Format != "":
		if l.Config.Format, err = pipeline.ParseFormat(o.Format); err != nil {
			return err
		}
	}
	l.Config.Observables = o.Observables
	if o.Ingest != ingestRule { // a rule has filtered already
		l.Config.Filter, err = o.filter()
	}
	return err
}

// filter is the pipeline's.
func (o *pipelineOutput) filter() (events.Filter, error) {
	return events.NewFilter(list(o.Include), list(o.Exclude))
}

// list are the values of a setting.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
