package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/oktastream/oktastream/events/catalogue"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/config"
	"github.com/oktastream/oktastream/lambda/destination"
	"github.com/oktastream/oktastream/lambda/dlq"
	"github.com/oktastream/oktastream/lambda/pipeline"
	"github.com/oktastream/oktastream/lambda/sink"
)

// destinations are the words of --to that name a destination. A directory of that name
// is written ./NAME.
var destinations = []string{string(config.CloudWatch)}

// remoteFlags say how a destination is reached.
type remoteFlags struct {
	LogGroup    string        `placeholder:"NAME" help:"With --to cloudwatch: the log group. It must exist."`
	GiveUpAfter time.Duration `default:"2m" placeholder:"DURATION" help:"${help_give_up_after}"`
}

// isRemote reports whether to names a destination, rather than stdout or a directory.
func isRemote(to string) bool { return slices.Contains(destinations, to) }

// fault returns all that is wrong with the flags for records that go to.
func (f *remoteFlags) fault(to string) error {
	var faults []error
	fault := func(when bool, format string, values ...any) {
		if when {
			faults = append(faults, fmt.Errorf(format, values...))
		}
	}
	cloudWatch := to == string(config.CloudWatch)
	fault(cloudWatch && f.LogGroup == "", "--to cloudwatch needs --log-group NAME")
	for _, flag := range []struct {
		name  string
		given bool
		for_  []string
	}{
		{"--log-group", f.LogGroup != "", []string{"cloudwatch"}},
	} {
		fault(flag.given && !slices.Contains(flag.for_, to), "%s is for --to %s%s",
			flag.name, strings.Join(flag.for_, ", "), meant(to))
	}
	fault(f.GiveUpAfter < time.Second || f.GiveUpAfter > 24*time.Hour, "--give-up-after must be between 1s and 24h")
	return errors.Join(faults...)
}

// meant suggests the destination that was probably meant by to.
func meant(to string) string {
	if isRemote(to) {
		return ""
	}
	if nearest := catalogue.Nearest(to, destinations); nearest != "" {
		return fmt.Sprintf("; did you mean --to %s?", nearest)
	}
	return ""
}

// remote is a destination of records beyond this machine.
type remote struct {
	config config.Config
	name   string // of the destination, with where it is
	loop   *sink.Loop
	unsent *unsent

	mu      sync.Mutex
	failing bool
}

// config returns the destination that the flags describe, with its own default format.
func (f *remoteFlags) config(to string) config.Config {
	return config.Config{Destination: config.Destination(to), LogGroup: f.LogGroup}
}

// defaultFormat is the format of records that go to, unless another is asked for.
func (f *remoteFlags) defaultFormat(to string) pipeline.Format {
	if to == string(config.Datadog) {
		return pipeline.Datadog
	}
	return pipeline.OCSF
}

// prepare has the pipeline make the records that the destination takes.
func (r *remote) prepare(c *pipeline.Config) {
	c.KeepRaw = r.config.KeepRaw()
	c.ToDatadog = r.config.Destination == config.Datadog
}

// open returns the destination. Nothing is sent yet; that there are credentials is
// checked. aws has the region and the credentials of a destination in AWS.
func (f *remoteFlags) open(ctx context.Context, to string, aws *awsFlags) (*remote, error) {
	r := &remote{config: f.config(to), name: to, unsent: &unsent{}}
	var clients destination.Clients
	if r.config.Destination == config.CloudWatch {
		sdk, err := aws.sdk(ctx, nil, "")
		if err != nil {
			return nil, err
		}
		if _, err := sdk.Credentials.Retrieve(ctx); err != nil {
			who := identity{region: sdk.Region, profile: aws.Profile}
			return nil, who.explain(dlq.ProblemOf("PutLogEvents", fmt.Errorf("credentials: %w", err)), "")
		}
		clients.Logs = cloudwatchlogs.NewFromConfig(sdk)
		r.name += " (log group " + f.LogGroup + ", region " + sdk.Region + ")"
	}
	r.loop = destination.New(r.config, clients, now, 0)
	return r, nil
}

// job is the destination as a run takes it. say reports that the destination fails, and
// that it is tried again.
func (r *remote) job(giveUpAfter time.Duration, repeatable bool, say func(note string)) *bulk.Remote {
	loop := *r.loop
	loop.Sink = &reportingSink{BatchSink: r.loop.Sink, remote: r, say: func(err error) {
		say(fmt.Sprintf("%s accepts nothing: %v; trying again for up to %v", r.name, err, giveUpAfter))
	}}
	return &bulk.Remote{
		Deliverer: &loop, GiveUpAfter: giveUpAfter, Unsent: r.unsent.keep, Repeatable: repeatable,
	}
}

// reportingSink is the sink of a destination. It says, once for each outage, that there is
// one.
type reportingSink struct {
	sink.BatchSink
	remote *remote
	say    func(err error)
}

// Deliver delivers, and says what fails and will be tried again.
func (w *reportingSink) Deliver(ctx context.Context, records []sink.Record, answers []sink.Answer) error {
	err := w.BatchSink.Deliver(ctx, records, answers)
	accepted := slices.ContainsFunc(answers, func(a sink.Answer) bool { return a.State != sink.Retry })
	w.remote.mu.Lock()
	begins := err != nil && !accepted && !w.remote.failing && sink.KindOf(err) == sink.Transient && ctx.Err() == nil
	if begins {
		w.remote.failing = true
	} else if accepted {
		w.remote.failing = false
	}
	w.remote.mu.Unlock()
	if begins {
		w.say(err)
	}
	return err
}

// hint is the next step where the destination refuses everything.
func (r *remote) hint(err error) string {
	if sink.KindOf(err) != sink.Blocked {
		return "check that the destination is up and can be reached from here"
	}
	return "check --log-group, --region and the permissions logs:PutLogEvents and logs:CreateLogStream"
}
