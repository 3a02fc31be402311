package oktastream

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/settings"
)

// Delivery is the way to Datadog: a bus of its own, on which the function puts
// packed batches, and a rule that POSTs each to Datadog's intake.
//
// All of it is kept when the pipeline leaves the stack: EventBridge may still be
// trying to deliver a batch, for as long as [deliveryAge] says.
type Delivery struct {
	busName, busARN, ruleARN *string
	destination              awsevents.CfnApiDestination
	connection               awsevents.CfnConnection
	role                     *Role
	rule                     *Rule
}

// deliveryAge is how long EventBridge tries to POST a batch, in seconds. Datadog
// drops what is older than 18 h after a 202, and the function stamps what is older
// than 6 h with the time of packing: 6 + 8 h stay below.
const deliveryAge = 8 * 3600

// deliveryRule is the name of the rule on the delivery bus.
const deliveryRule = "to-datadog"

func (b *builder) newDelivery(scope constructs.Construct, p *Pipeline, set *settings.Pipeline) *Delivery {
	d := &Delivery{}
	// A bus must be given a name. The dead letter queue's is one that CloudFormation
	// has made: a pipeline that is taken away and comes again gets another, and does
	// not collide with the bus that was kept.
	name := join(p.Dead.Name, jsii.String("-delivery"))
	props := &awsevents.CfnEventBusProps{
		Name: name, Description: jsii.String("Packed batches on their way to Datadog"), KmsKeyIdentifier: b.key.arnOrNil(),
	}
	if b.key != nil {
		props.DeadLetterConfig = &awsevents.CfnEventBus_DeadLetterConfigProperty{Arn: p.Dead.ARN}
	}
	bus := awsevents.NewCfnEventBus(scope, jsii.String("DeliveryBus"), props)
	d.busName, d.busARN = bus.Ref(), bus.AttrArn()
	d.ruleARN = b.ruleARN(d.busName, deliveryRule)

	connection := awsevents.NewCfnConnection(scope, jsii.String("Connection"), &awsevents.CfnConnectionProps{
		Description: jsii.String("Datadog's API key"), AuthorizationType: jsii.String("API_KEY"),
		AuthParameters: &awsevents.CfnConnection_AuthParametersProperty{
			ApiKeyAuthParameters: &awsevents.CfnConnection_ApiKeyAuthParametersProperty{
				ApiKeyName: jsii.String("DD-API-KEY"), ApiKeyValue: jsii.String(secretReference(set)),
			},
		},
		KmsKeyIdentifier: b.key.arnOrNil(),
	})
	d.connection = connection
	url, _ := settings.IntakeURL(set.Site) // checked with the settings
	d.destination = awsevents.NewCfnApiDestination(scope, jsii.String("Intake"), &awsevents.CfnApiDestinationProps{
		Description: jsii.String("Datadog's log intake"), ConnectionArn: connection.AttrArn(),
		HttpMethod: jsii.String("POST"), InvocationEndpoint: &url, InvocationRateLimitPerSecond: jsii.Number(set.Rate),
	})
	assume := trust("events.amazonaws.com")
	assume["Condition"] = ofAccount()
	d.role = b.newRole(scope, "DeliveryRole", "Lets the rules of "+p.Name+" POST to Datadog", assume)
	d.role.may("Posts", []string{"events:InvokeApiDestination"}, d.destination.AttrArn())
	policy := d.role.attach(b)

	target := &awsevents.CfnRule_TargetProperty{
		Id: jsii.String("Datadog"), Arn: d.destination.AttrArn(), RoleArn: d.role.ARN,
		InputPath:        jsii.String("$.detail.logs"), // the packed logs, a JSON array
		DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: p.Dead.ARN}, RetryPolicy: retry(deliveryAge),
	}
	rule := awsevents.NewCfnRule(scope, jsii.String("DeliveryRule"), &awsevents.CfnRuleProps{
		Name: jsii.String(deliveryRule), EventBusName: d.busName, State: jsii.String("ENABLED"),
		Description: jsii.String("Packed batches to Datadog"),
		EventPattern: map[string]any{"source": []string{events.PackedSource},
			"detail-type": []string{events.PackedDetailType}},
		Targets: []any{target},
	})
	d.rule = &Rule{resource: rule, Name: jsii.String(deliveryRule), ARN: d.ruleARN}
	d.rule.after(policy)
	b.keep(bus, connection, d.destination, d.role.resource, policy, rule)
	return d
}

// busPolicy lets nobody put packed batches on the delivery bus but the function,
// or with ingest=rule the replay role: what is on the bus is POSTed to Datadog.
// Identity policies would do without it, so it denies.
func (b *builder) busPolicy(scope constructs.Construct, p *Pipeline) {
	sender := b.replay.ARN
	if p.Function != nil {
		sender = p.Function.Role.ARN
	}
	b.keep(awsevents.NewCfnEventBusPolicy(scope, jsii.String("DeliveryBusPolicy"), &awsevents.CfnEventBusPolicyProps{
		EventBusName: p.Delivery.busName, StatementId: jsii.String("NobodyElseSends"),
		Statement: deny("NobodyElseSends", []string{"events:PutEvents"}, p.Delivery.busARN, noneOf([]*string{sender}, nil)),
	}))
}

// direct is ingest=rule: the partner bus's own rule POSTs each event as it is.
// What the function would have written into the log comes as query parameters
// (Datadog API reference, "Send logs", read 2026-11).
func (d *Delivery) direct(target *awsevents.CfnRule_TargetProperty, set *settings.Pipeline) {
	target.Arn, target.RoleArn = d.destination.AttrArn(), d.role.ARN
	target.RetryPolicy = retry(deliveryAge)
	query := map[string]*string{"ddsource": jsii.String("okta"), "service": jsii.String(set.Service)}
	if len(set.Tags) > 0 {
		query["ddtags"] = commas(set.Tags)
	}
	target.HttpParameters = &awsevents.CfnRule_HttpParametersProperty{QueryStringParameters: query}
	target.InputPath = jsii.String("$.detail")
}

// secretReference is the dynamic reference that CloudFormation resolves while it
// makes the connection; the template holds no key (CloudFormation user guide,
// "Get a secret from Secrets Manager", read 2026-11).
func secretReference(set *settings.Pipeline) string {
	parts := []string{"{{resolve:secretsmanager", set.Secret, "SecretString"}
	switch {
	case set.SecretVersion != "":
		parts = append(parts, set.SecretField, "", set.SecretVersion)
	case set.SecretField != "":
		parts = append(parts, set.SecretField)
	}
	return strings.Join(parts, ":") + "}}"
}
