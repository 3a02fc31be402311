package doctor

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-json-experiment/json"

	"github.com/oktastream/oktastream/events"
)

// The IAM actions of EventBridge.
const (
	describeEventSource = "events:DescribeEventSource"
	describeEventBus    = "events:DescribeEventBus"
	describeRule        = "events:DescribeRule"
	listTargetsByRule   = "events:ListTargetsByRule"
)

// source looks at the partner event source.
func (d *Doctor) source(ctx context.Context, _ Pipeline) Result {
	source, err := d.Events.DescribeEventSource(ctx, &eventbridge.DescribeEventSourceInput{Name: &d.Stack.Source})
	if err != nil {
		return failed(describeEventSource, err, Gone(d.Stack.Source+" does not exist in "+d.Stack.Region,
			"in Okta, Reports, Log Streaming: is the stream there, with account "+d.Stack.Account+
				" and region "+d.Stack.Region+"? Add it again under the same event source name"))
	}
	switch source.State {
	case types.EventSourceStateActive:
		return Fine(string(source.State))
	case types.EventSourceStatePending:
		return d.pending(ctx, source)
	}
	return Fault("state "+string(source.State)+": the log stream was deleted in Okta",
		"in Okta, Reports, Log Streaming: add the stream again under the same event source name; then run this again")
}

// pending judges a source that no bus is associated with.
func (d *Doctor) pending(ctx context.Context, source *eventbridge.DescribeEventSourceOutput) Result {
	bus, err := d.Events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &d.Stack.Bus})
	switch {
	case isOneOf(err, codesNotFound):
		seen := "PENDING, because its bus does not exist"
		if at := aws.ToTime(source.ExpirationTime); !at.IsZero() {
			seen += "; it expires " + at.UTC().Format(time.DateOnly)
		}
		return Fine(seen)
	case err != nil:
		return Fault("PENDING: no event bus receives its events",
			"look whether bus "+d.Stack.Bus+" exists, for which "+describeEventBus+" is needed")
	}
	seen := "PENDING, although its bus exists"
	if made := aws.ToTime(source.CreationTime); made.After(aws.ToTime(bus.CreationTime)) && bus.CreationTime != nil {
		seen += ": the source was made again " + made.UTC().Format(time.DateOnly) + " under its name, after the bus"
	}
	// EventBridge does not associate the new source with the old bus (infra/README.md, "A
	// source that stays pending").
	return Fault(seen, "cdk destroy "+d.Stack.Name+", aws events delete-event-bus --name "+d.Stack.Bus+
		", cdk deploy "+d.Stack.Name+" (infra/README.md, A source that stays pending)")
}

// bus looks at the partner event bus.
func (d *Doctor) bus(ctx context.Context, _ Pipeline) Result {
	if _, err := d.Events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &d.Stack.Bus}); err != nil {
		return failed(describeEventBus, err, Gone("event bus "+d.Stack.Bus+" does not exist", d.Stack.deploy()))
	}
	return Fine("exists")
}

// rule returns the checks of a pipeline's rule on the partner event bus.
func (d *Doctor) rule(p Pipeline) []Check {
	if p.Rule == "" {
		return checks(Rule, p, d.unnamed)
	}
	list := checks(Rule, p, d.ruleState, d.targets)
	for i := range list {
		list[i].Needs = []Link{Bus}
	}
	return list
}

func (d *Doctor) noRule(p Pipeline) Result {
	return Gone("rule "+p.Rule+" does not exist", d.Stack.deploy())
}

func (d *Doctor) ruleState(ctx context.Context, p Pipeline) Result {
	rule, err := d.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{EventBusName: &d.Stack.Bus, Name: &p.Rule})
	switch {
	case err != nil:
		return failed(describeRule, err, d.noRule(p))
	case rule.State == types.RuleStateDisabled:
		return Fault("DISABLED", "aws events enable-rule --event-bus-name "+d.Stack.Bus+" --name "+p.Rule)
	}
	return d.pattern(aws.ToString(rule.EventPattern), string(rule.State))
}

// targets judges where a rule sends events. There are at most five (Amazon EventBridge
// quotas, "Targets per rule", 2026-11), which are one page.
func (d *Doctor) targets(ctx context.Context, p Pipeline) Result {
	out, err := d.Events.ListTargetsByRule(ctx,
		&eventbridge.ListTargetsByRuleInput{EventBusName: &d.Stack.Bus, Rule: &p.Rule})
	switch {
	case err != nil:
		return failed(listTargetsByRule, err, d.noRule(p))
	case len(out.Targets) == 0:
		return Fault("no target", d.Stack.deploy())
	}
	what, want := p.target(d.Stack)
	if want == "" {
		return Fine(many(len(out.Targets), "target"))
	}
	for _, target := range out.Targets {
		arn := aws.ToString(target.Arn)
		if strings.HasSuffix(arn, want) || strings.HasSuffix(want, "/") && strings.Contains(arn, want) {
			return Fine("target " + what)
		}
	}
	return Fault("its target is not "+what+" but "+aws.ToString(out.Targets[0].Arn), d.Stack.deploy())
}

// target is what a rule of the pipeline sends events to, and the end of its ARN. One
// that ends in / is followed by an id.
func (p Pipeline) target(s Stack) (what, arn string) {
	in := ":" + s.Region + ":" + s.Account + ":"
	switch {
	case p.Ingest == "queue" && p.Buffer != "":
		return "the buffer queue", ":sqs" + in + queueName(p.Buffer)
	case p.Ingest == "lambda" && p.Function != "":
		return "the function", ":lambda" + in + "function:" + p.Function
	case p.Ingest == "rule" && p.LogGroup != "":
		return "the log group", ":logs" + in + "log-group:" + p.LogGroup
	case p.Ingest == "rule" && p.APIDestination != "":
		return "the API destination", ":events" + in + "api-destination/" + p.APIDestination + "/"
	}
	return "", ""
}

// queueName is the name of the queue with this URL.
func queueName(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// pattern judges whether a rule's pattern matches events of the stack's source. It reads the members
// that have the same value in all events of the source, and not detail: what a filter drops is a
// choice.
func (d *Doctor) pattern(text, state string) Result {
	var pattern map[string]any
	if json.Unmarshal([]byte(text), &pattern) != nil {
		return Fault("its event pattern is not a JSON object", d.Stack.deploy())
	}
	for _, member := range []struct{ name, value string }{
		{"source", d.Stack.Source}, {"account", d.Stack.Account}, {"region", d.Stack.Region},
		{"detail-type", events.DetailType},
	} {
		matchers, given := pattern[member.name]
		if !given {
			continue
		}
		matches, known := anyMatches(matchers, member.value)
		if !known {
			return Unseen(Unclear, "its event pattern has a "+member.name+" that doctor cannot judge",
				"compare it with the stack's template: cdk diff "+d.Stack.Name)
		}
		if !matches {
			return Fault("its event pattern does not match the "+member.name+" "+member.value, d.Stack.deploy())
		}
	}
	if _, filtered := pattern["detail"]; filtered {
		return Fine(state + ", with a filter")
	}
	return Fine(state)
}

// anyMatches reports whether one of a pattern's matchers takes a value. known is false where a matcher
// is neither a text nor a prefix, and no other takes it.
func anyMatches(matchers any, value string) (matches, known bool) {
	list, ok := matchers.([]any)
	if !ok {
		return false, false
	}
	known = true
	for _, matcher := range list {
		switch m := matcher.(type) {
		case string:
			matches = matches || m == value
		case map[string]any:
			prefix, ok := m["prefix"].(string)
			if ok && len(m) == 1 {
				matches = matches || strings.HasPrefix(value, prefix)
			} else {
				known = false
			}
		default:
			known = false
		}
	}
	return matches, known || matches
}
