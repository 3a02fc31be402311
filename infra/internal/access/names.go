package access

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// identifiers are the names of a deployed resource.
type identifiers struct {
	name, arn, ref string
	attributes     map[string]string
	err            error
}

// naming says how a resource type's identifiers are made. In the texts, identify replaces {name},
// {arn}, {uuid} and so on by their values.
type naming struct {
	property   string // the property with an explicit name, if the type has one
	arn, ref   string
	attributes map[string]string
}

// namings has, for the types in our stacks and similar ones, what the CloudFormation Template
// Reference says under "Return values" (read on 2026-11-22 in the doc comments of aws-cdk-go
// v2.270.0). ARN formats are the Service Authorization Reference's. An API destination's and a
// connection's ArnForPolicy is the ARN without the UUID (ApiDestinationAttributes of the same
// module has an example of both).
var namings = map[string]naming{
	"AWS::SQS::Queue": {"QueueName", "arn:aws:sqs:{region}:{account}:{name}",
		"https://sqs.{region}.amazonaws.com/{account}/{name}",
		map[string]string{"Arn": "{arn}", "QueueName": "{name}", "QueueUrl": "{ref}"}},
	"AWS::SNS::Topic": {"TopicName", "arn:aws:sns:{region}:{account}:{name}", "{arn}",
		map[string]string{"TopicArn": "{arn}", "TopicName": "{name}"}},
	// CloudFormation's own name of a bucket is in lower case, see make.
	"AWS::S3::Bucket": {"BucketName", "arn:aws:s3:::{name}", "{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::KMS::Key": {"", "arn:aws:kms:{region}:{account}:key/{uuid}", "{uuid}",
		map[string]string{"Arn": "{arn}", "KeyId": "{uuid}"}},
	"AWS::KMS::Alias": {"AliasName", "arn:aws:kms:{region}:{account}:{name}", "{name}", nil},
	"AWS::IAM::Role": {"RoleName", "arn:aws:iam::{account}:role{path}{name}", "{name}",
		map[string]string{"Arn": "{arn}", "RoleId": "AROA{hex}"}},
	"AWS::Lambda::Function": {"FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}", "{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::Lambda::EventSourceMapping": {"", "arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid}",
		"{uuid}",
		map[string]string{"Id": "{uuid}", "EventSourceMappingArn": "{arn}"}},
	"AWS::Events::EventBus": {"Name", "arn:aws:events:{region}:{account}:event-bus/{name}", "{name}",
		map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::Events::Rule": {"Name", "arn:aws:events:{region}:{account}:rule/{bus/}{name}", "{bus|}{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::Events::Connection": {"Name", "arn:aws:events:{region}:{account}:connection/{name}/{uuid}", "{name}",
		map[string]string{"Arn": "{arn}", "ArnForPolicy": "arn:aws:events:{region}:{account}:connection/{name}",
			"SecretArn": "arn:aws:secretsmanager:{region}:{account}:secret:events!connection/{name}/{uuid}-{six}"}},
	"AWS::Events::ApiDestination": {"Name",
		"arn:aws:events:{region}:{account}:api-destination/{name}/{uuid}", "{name}",
		map[string]string{"Arn": "{arn}",
			"ArnForPolicy": "arn:aws:events:{region}:{account}:api-destination/{name}"}},
	"AWS::Events::Archive": {"ArchiveName", "arn:aws:events:{region}:{account}:archive/{name}", "{name}",
		map[string]string{"Arn": "{arn}", "ArchiveName": "{name}"}},
	"AWS::Logs::LogGroup": {"LogGroupName", "arn:aws:logs:{region}:{account}:log-group:{name}:*", "{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::Logs::QueryDefinition": {"", "arn:aws:logs:{region}:{account}:query-definition:{uuid}", "{uuid}",
		map[string]string{"QueryDefinitionId": "{uuid}"}},
	"AWS::Scheduler::Schedule": {"Name", "arn:aws:scheduler:{region}:{account}:schedule/default/{name}", "{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::CloudWatch::Alarm": {"AlarmName", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}", "{name}",
		map[string]string{"Arn": "{arn}"}},
	"AWS::CloudWatch::Dashboard": {"DashboardName", "arn:aws:cloudwatch::{account}:dashboard/{name}",
		"{name}", nil},
}

// identify makes the identifiers of a resource, once. Read calls it for all resources, so that
// nothing is written afterwards. A name that depends on itself is an error.
func (r resolver) identify(id string) identifiers {
	if made, ok := r.account.names[id]; ok {
		return made
	}
	if _, ok := r.account.resources[id]; !ok {
		return identifiers{err: fmt.Errorf("the template has no resource %q", id)}
	}
	if r.visiting[id] {
		return identifiers{err: fmt.Errorf("resource %s: its name refers to itself", id)}
	}
	r.visiting[id] = true
	var made identifiers
	if err := attempt(func() { made = r.make(id) }); err != nil {
		made.err = fmt.Errorf("resource %s: %w", id, err)
	}
	delete(r.visiting, id)
	r.account.names[id] = made
	return made
}

// named is identify; it panics if the identifiers cannot be made.
func (r resolver) named(id string) identifiers {
	made := r.identify(id)
	if made.err != nil {
		fail("%w", made.err)
	}
	return made
}

func (r resolver) make(id string) identifiers {
	res, where := r.account.resources[id], r.account.where
	how, ok := namings[res.kind]
	switch {
	case !ok:
		fail("what Ref, Fn::GetAtt and ARN give for a %s is not known", res.kind)
	case res.condition:
		fail("it has a Condition, which is not evaluated: the resource may not exist")
	}
	name := r.property(res, how.property, where.StackName+"-"+id)
	if res.kind == "AWS::S3::Bucket" {
		name = strings.ToLower(name)
	}
	slash, bar := "", ""
	if res.kind == "AWS::Events::Rule" {
		// "The name or ARN of the event bus associated with the rule. If you omit
		// this, the default event bus is used", whose rules have no bus in their ARN.
		bus := r.property(res, "EventBusName", "default")
		if _, after, found := strings.Cut(bus, ":event-bus/"); found {
			bus = after
		}
		if bus != "default" {
			slash, bar = bus+"/", bus+"|"
		}
	}
	uuid, hex := where.drawn(id)
	fill := func(text string, more ...string) string {
		return strings.NewReplacer(append([]string{
			"{region}", where.Region, "{account}", where.Account, "{name}", name, "{path}", r.property(res, "Path", "/"),
			"{bus/}", slash, "{bus|}", bar,
			"{uuid}", uuid, "{hex}", hex[:16], "{six}", hex[:6],
		}, more...)...).Replace(text)
	}
	made := identifiers{name: name, arn: fill(how.arn), attributes: map[string]string{}}
	made.ref = fill(how.ref, "{arn}", made.arn)
	for attribute, text := range how.attributes {
		made.attributes[attribute] = fill(text, "{arn}", made.arn, "{ref}", made.ref)
	}
	return made
}

// property returns a property of the resource as a text, resolved, or its default.
func (r resolver) property(res resource, property, absent string) string {
	value, ok := res.properties[property]
	if !ok || property == "" {
		return absent
	}
	defer within("%s", property)
	return text(r.value(value))
}

// drawn returns values like those that AWS chooses at random: a UUID and 32 upper-case hex digits,
// the same in every run.
func (w Where) drawn(id string) (uuid, hex string) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(w.StackName+"/"+id)))
	return fmt.Sprintf("%s-%s-%s-%s-%s", sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32]), strings.ToUpper(sum[:32])
}
