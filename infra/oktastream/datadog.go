package oktastream

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/infra/settings"
)

// Delivery is the path to Datadog: a separate bus, on which the function puts packed batches, and a
// rule that POSTs each batch to Datadog's intake.
//
// All of it is retained when the pipeline is removed from the stack, because EventBridge may retry
// a batch for up to deliveryAge.
type Delivery struct {
	busName, busARN, ruleARN *string
	destination              awsevents.CfnApiDestination
	connection               awsevents.CfnConnection
	role                     *Role
	rule                     *Rule
}

// deliveryAge is how long EventBridge retries a batch, in seconds. Datadog answers 202 and drops
// what is older than 18 h. The function gives events older than 6 h the current time: 6 + 8 h are
// less than 18 h.
const deliveryAge = 8 * 3600

// deliveryRule is the name of the rule on the delivery bus.
const deliveryRule = "to-datadog"

func (b *builder) newDelivery(scope constructs.Construct, p *Pipeline, set *settings.Pipeline) *Delivery {
	d := &Delivery{}
	// A bus must have a name. It is derived from the name of the dead-letter queue, which
	// CloudFormation chooses: a pipeline that is removed and added again gets another name, which
	// differs from that of the retained bus.
	name := join(p.Dead.Name, "-delivery")
	props := &awsevents.CfnEventBusProps{
		Name: name, Description: jsii.String("Packed batches on their way to Datadog"), KmsKeyIdentifier: b.key.arnOrNil(),
	}
	if b.key != nil {
		props.DeadLetterConfig = &awsevents.CfnEventBus_DeadLetterConfigProperty{Arn: p.Dead.ARN}
	}
	bus := awsevents.NewCfnEventBus(scope, jsii.String("DeliveryBus"), props)
	d.busName, d.busARN = bus.Ref(), bus.AttrArn()
	d.ruleARN = b.ruleARN(d.busName, deliveryRule)

	d.connection = awsevents.NewCfnConnection(scope, jsii.String("Connection"), &awsevents.CfnConnectionProps{
		Description: jsii.String("Datadog's API key"), AuthorizationType: jsii.String("API_KEY"),
		AuthParameters: &awsevents.CfnConnection_AuthParametersProperty{
			ApiKeyAuthParameters: &awsevents.CfnConnection_ApiKeyAuthParametersProperty{
				ApiKeyName: jsii.String("DD-API-KEY"), ApiKeyValue: jsii.String(secretReference(set)),
			},
		},
		KmsKeyIdentifier: b.key.arnOrNil(),
	})
	url, _ := settings.IntakeURL(set.Site) // checked with the settings
	d.destination = awsevents.NewCfnApiDestination(scope, jsii.String("Intake"), &awsevents.CfnApiDestinationProps{
		Description: jsii.String("Datadog's log intake"), ConnectionArn: d.connection.AttrArn(),
		HttpMethod: jsii.String("POST"), InvocationEndpoint: &url, InvocationRateLimitPerSecond: jsii.Number(set.Rate),
	})
	assume := trust("events.amazonaws.com")
	assume["Condition"] = ofAccount()
	d.role = b.newRole(scope, "DeliveryRole", "Lets the rules of "+p.Name+" POST to Datadog", assume)
	d.role.may("Posts", []string{"events:InvokeApiDestination"}, d.destination.AttrArn())
	policy := d.role.attach(b)

	to := target("Datadog", d.destination.AttrArn(), p.Dead, deliveryAge)
	to.RoleArn, to.InputPath = d.role.ARN, jsii.String("$.detail.logs") // the packed logs, a JSON array
	packed := map[string]any{"source": []string{events.PackedSource}, "detail-type": []string{events.PackedDetailType}}
	d.rule = b.putRule(scope, "DeliveryRule", deliveryRule, "Packed batches to Datadog", d.busName, packed, to, policy)
	b.keep(bus, d.connection, d.destination, d.role.resource, policy, d.rule.resource)
	return d
}

// busPolicy denies all principals except the function, or with ingest=rule the replay role, to put
// packed batches on the delivery bus: everything on the bus is POSTed to Datadog. A deny is needed,
// because otherwise identity policies alone could allow it.
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

// direct makes the target with ingest=rule: the rule on the partner bus POSTs each event unchanged.
// The attributes that the function would add to the log are sent as query parameters (Datadog API
// reference, "Send logs", read 2026-11).
func (d *Delivery) direct(dead *Queue, set *settings.Pipeline) *awsevents.CfnRule_TargetProperty {
	query := map[string]*string{"ddsource": jsii.String("okta"), "service": jsii.String(set.Service)}
	if len(set.Tags) > 0 {
		query["ddtags"] = commas(set.Tags)
	}
	to := target("Target", d.destination.AttrArn(), dead, deliveryAge)
	to.RoleArn, to.InputPath = d.role.ARN, jsii.String("$.detail")
	to.HttpParameters = &awsevents.CfnRule_HttpParametersProperty{QueryStringParameters: query}
	return to
}

// secretReference returns the dynamic reference that CloudFormation resolves when it creates the connection; the
// template does not contain the key (CloudFormation user guide, "Get a secret from Secrets Manager", read 2026-11).
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
