package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/oktastream/oktastream/lambda/sink/awserror"
)

// DeliveryAPI are the calls of EventBridge about what it delivers to. It is an
// *eventbridge.Client.
type DeliveryAPI interface {
	DescribeConnection(context.Context, *eventbridge.DescribeConnectionInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeConnectionOutput, error)
	DescribeApiDestination(context.Context, *eventbridge.DescribeApiDestinationInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeApiDestinationOutput, error)
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (
		*eventbridge.DescribeRuleOutput, error)
}

// The IAM actions of what EventBridge delivers by.
const (
	describeDestination = "events:DescribeApiDestination"
	describeConnection  = "events:DescribeConnection"
)

// delivery looks at what EventBridge delivers by: the delivery bus's rule, the API destination and its
// connection. The responses of Datadog are in the dead letters.
func (d *Doctor) delivery(p Pipeline) []Check {
	return checks(Destination, p, d.deliveryRule, d.apiDestination, d.connection)
}

func (d *Doctor) deliveryRule(ctx context.Context, p Pipeline) Result {
	rule := fmt.Sprintf("rule %s of bus %s", p.DeliveryRule, p.DeliveryBus)
	out, err := d.Delivery.DescribeRule(ctx,
		&eventbridge.DescribeRuleInput{Name: &p.DeliveryRule, EventBusName: &p.DeliveryBus}, deliveryJSON)
	switch {
	case err != nil:
		return failed(describeRule, err, Gone(rule+" does not exist", d.Stack.deploy()))
	case out.State != types.RuleStateEnabled:
		return Fault(rule+" is "+string(out.State), fmt.Sprintf(
			"aws events enable-rule --name %s --event-bus-name %s", p.DeliveryRule, p.DeliveryBus))
	}
	return Fine("delivery rule enabled")
}

func (d *Doctor) apiDestination(ctx context.Context, p Pipeline) Result {
	out, err := d.Delivery.DescribeApiDestination(ctx,
		&eventbridge.DescribeApiDestinationInput{Name: &p.APIDestination}, deliveryJSON)
	switch {
	case err != nil:
		return failed(describeDestination, err,
			Gone("API destination "+p.APIDestination+" does not exist", d.Stack.deploy()))
	case out.ApiDestinationState != types.ApiDestinationStateActive:
		return Fault(fmt.Sprintf("API destination %s is %s", p.APIDestination, out.ApiDestinationState),
			"look at its connection: EventBridge, API destinations, "+p.APIDestination)
	}
	return Fine("API destination ACTIVE")
}

// connection judges the connection, which EventBridge de-authorizes after the secret was deleted, and
// after a response 401 or 407 of the destination ("De-authorizing connections in EventBridge",
// EventBridge user guide, 2026-11).
func (d *Doctor) connection(ctx context.Context, p Pipeline) Result {
	out, err := d.Delivery.DescribeConnection(ctx, &eventbridge.DescribeConnectionInput{Name: &p.Connection}, deliveryJSON)
	switch {
	case err != nil:
		return failed(describeConnection, err, Gone("connection "+p.Connection+" does not exist", d.Stack.deploy()))
	case out.ConnectionState == types.ConnectionStateAuthorized, out.ConnectionState == types.ConnectionStateActive:
		return Fine("connection " + string(out.ConnectionState))
	}
	seen := fmt.Sprintf("connection %s is %s", p.Connection, out.ConnectionState)
	if reason := aws.ToString(out.StateReason); reason != "" {
		seen += ": " + strings.TrimSuffix(reason, ".")
	}
	if strings.HasSuffix(string(out.ConnectionState), "ING") && out.ConnectionState != types.ConnectionStateDeleting {
		return Unseen(Unclear, seen, "run it again in a minute")
	}
	return Fault(seen, "put a valid API key into the secret, then deploy with -c secretVersion=ID, its version")
}

func deliveryJSON(o *eventbridge.Options) { o.APIOptions = append(o.APIOptions, awserror.RequireJSON) }
