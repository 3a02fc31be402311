package main

import (
	"fmt"
	"strings"

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
	local, err := p.pipeline.local()
	if err != nil {
		return target{}, err
	}
	check := *local
	check.Config.HTTPS.Discard = true
	nothing := config.Clients{Logs: dlq.Discard{}, Bus: dlq.Discard{}, Objects: dlq.Discard{}}
	if check.Deliver, err = check.Config.NewLoop(nothing, now, 0); err != nil {
		return target{}, err
	}
	if p.pipeline.Ingest != ingestRule {
		buffer := &dlq.Buffer{API: p.api, URL: p.pipeline.Buffer, Version: version()}
		return target{buffer, buffer.URL, "queue", &check}, nil
	}
	logs, bus := cloudwatchlogs.NewFromConfig(p.sdk), awseventbridge.NewFromConfig(p.sdk)
	if local.Deliver, err = local.Config.NewLoop(config.Clients{Logs: logs, Bus: bus}, now, 0); err != nil {
		return target{}, err
	}
	if p.pipeline.Destination == string(config.Datadog) {
		return target{local, p.pipeline.DeliveryBus, "event bus", &check}, nil
	}
	return target{local, p.pipeline.LogGroup, "log group", &check}, nil
}

// local is the function's own path with the settings of a stack.
func (o *pipelineOutput) local() (*dlq.Local, error) {
	l := &dlq.Local{Config: config.Config{
		Pipeline: o.Name, Source: o.Source, Account: o.Account, Region: o.Region,
		Destination: config.Destination(o.Destination), Transport: config.Transport(o.Transport),
		LogGroup: o.LogGroup, RetentionDays: o.RetentionDays, DeliveryBus: o.DeliveryBus, PackBytes: o.PackBytes,
		Datadog: datadog.Settings{Service: o.Service, Tags: list(o.Tags), Domain: o.OktaDomain},
	}}
	fault := func(err error) error {
		return withHint(fmt.Errorf("pipeline %s: %w", o.Name, err), "the stack's output is at fault: deploy it again")
	}
	route := l.Config.Route()
	if route.Format == "" { // there is no such route
		return nil, fault(fmt.Errorf("unknown destination %q with transport %q", o.Destination, o.Transport))
	}
	l.Config.Format = route.Format
	if o.Ingest == ingestRule && l.Config.Destination == config.CloudWatch {
		// What the rule stores is what EventBridge gives it.
		l.Envelope = true
		return l, nil
	}
	if o.Format != "" {
		format, err := pipeline.ParseFormat(o.Format)
		if err != nil {
			return nil, fault(err)
		}
		l.Config.Format = format
	}
	l.Config.Observables = o.Observables
	if o.Ingest != ingestRule {
		// A rule has filtered already.
		filter, err := events.NewFilter(list(o.Include), list(o.Exclude))
		if err != nil {
			return nil, fault(err)
		}
		l.Config.Filter = filter
	}
	return l, nil
}

// list are the values of a setting.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
