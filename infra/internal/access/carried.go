package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// onSelf reads a policy that stands in the resource which it protects.
func onSelf(property, kind string) func(carrier) ([]document, error) {
	return func(c carrier) ([]document, error) {
		if _, ok := c.properties[property]; !ok {
			return nil, nil
		}
		target, err := c.self()
		return c.document(property, kind, target), err
	}
}

// queues reads AWS::SQS::QueuePolicy, whose Queues are URLs.
func queues(c carrier) ([]document, error) {
	urls, err := c.list("Queues")
	if err != nil {
		return nil, err
	}
	var targets []string
	for _, url := range urls {
		// https://sqs.<region>.<suffix>/<account>/<name>
		rest, ok := strings.CutPrefix(url, "https://sqs."+c.where().Region+"."+c.where().suffix()+"/")
		account, name, cut := strings.Cut(rest, "/")
		if !ok || !cut || !isAccount(account) || name == "" {
			return nil, fmt.Errorf("property Queues: %q is not the URL of a queue of this region", url)
		}
		targets = append(targets, strings.Join([]string{"arn", c.where().Partition, "sqs", c.where().Region, account,
			name}, ":"))
	}
	return c.document("PolicyDocument", resourcePolicy, targets...), nil
}

// bucket reads AWS::S3::BucketPolicy, whose Bucket is a name.
func bucket(c carrier) ([]document, error) {
	name, err := c.one("Bucket")
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(name, ":/") {
		return nil, fmt.Errorf("property Bucket: %q is not the name of a bucket", name)
	}
	return c.document("PolicyDocument", resourcePolicy, "arn:"+c.where().Partition+":s3:::"+name), nil
}

// topics reads AWS::SNS::TopicPolicy, whose Topics are ARNs.
func topics(c carrier) ([]document, error) {
	targets, err := c.list("Topics")
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if parseARN(target).service != "sns" {
			return nil, fmt.Errorf("property Topics: %q is not the ARN of a topic", target)
		}
	}
	return c.document("PolicyDocument", resourcePolicy, targets...), nil
}

// logs reads AWS::Logs::ResourcePolicy. With a resourceArn the policy is that
// log group's, without it the account's, for every log group of the region
// (CloudWatch Logs API Reference, PutResourcePolicy).
func logs(c carrier) ([]document, error) {
	target := c.arn("logs", "*")
	if _, ok := c.properties["ResourceArn"]; ok {
		var err error
		if target, err = c.one("ResourceArn"); err != nil {
			return nil, err
		}
		if parseARN(target).service != "logs" {
			return nil, fmt.Errorf("ResourceArn: %q is not the ARN of a log group", target)
		}
	}
	return c.document("PolicyDocument", resourcePolicy, target), nil
}

// permission reads AWS::Lambda::Permission as the statement that Lambda makes
// of it: SourceArn becomes an ArnLike condition, SourceAccount a StringEquals
// one (Lambda API Reference, AddPermission).
func permission(c carrier) ([]document, error) {
	body := map[string]any{"Effect": "Allow"}
	condition := map[string]any{}
	target := ""
	for _, property := range slices.Sorted(maps.Keys(c.properties)) {
		text, err := c.one(property)
		if err != nil {
			return nil, err
		}
		switch property {
		case "Action":
			body["Action"] = text
		case "FunctionName":
			if target, err = c.function(text); err != nil {
				return nil, err
			}
			body["Resource"] = target
		case "Principal":
			body["Principal"] = principalOf(text)
		case "SourceArn":
			condition["ArnLike"] = map[string]any{"aws:SourceArn": text}
		case "SourceAccount":
			under(condition, "StringEquals", "aws:SourceAccount", text)
		case "PrincipalOrgID":
			under(condition, "StringEquals", "aws:PrincipalOrgID", text)
		default:
			return nil, fmt.Errorf("%s: this property is not evaluated", property)
		}
	}
	if len(condition) > 0 {
		body["Condition"] = condition
	}
	return []document{{c.id, "permission", permissionPolicy, []string{target}, map[string]any{"Statement": body}}}, nil
}

func under(condition map[string]any, operator, key, value string) {
	keys, _ := condition[operator].(map[string]any)
	if keys == nil {
		keys = map[string]any{}
		condition[operator] = keys
	}
	keys[key] = value
}

// function is the ARN for a FunctionName, which may be a name, name:alias or an
// ARN. The partial ARN (account:function:name) is refused.
func (c carrier) function(name string) (string, error) {
	if parseARN(name).service == "lambda" {
		return name, nil
	}
	if strings.Count(name, ":") > 1 || isAccount(name) {
		return "", fmt.Errorf("FunctionName: %q is neither a name nor an ARN", name)
	}
	return c.arn("lambda", "function:"+name), nil
}

// principalOf reads a principal that stands without its kind: "The AWS service,
// AWS account, IAM user, or IAM role that invokes the function."
func principalOf(name string) any {
	switch {
	case name == "*":
		return "*"
	case isAccount(name), strings.HasPrefix(name, "arn:"):
		return map[string]any{"AWS": name}
	default:
		return map[string]any{"Service": name}
	}
}

// busPolicy reads the Statement of AWS::Events::EventBusPolicy; its older form, a
// Principal and an Action, is an error.
func busPolicy(c carrier) ([]document, error) {
	name := "default"
	if _, ok := c.properties["EventBusName"]; ok {
		var err error
		if name, err = c.one("EventBusName"); err != nil {
			return nil, err
		}
	}
	body, ok := c.properties["Statement"]
	if !ok || c.properties["Principal"] != nil || c.properties["Action"] != nil {
		return nil, errors.New("it has no Statement, or a Principal or Action beside it")
	}
	target := c.arn("events", "event-bus/"+name)
	return []document{{c.id, "Statement", resourcePolicy, []string{target}, map[string]any{"Statement": body}}}, nil
}

// covers reports whether a policy attached to target decides on the resource.
func covers(target, resource string) bool {
	if target == resource {
		return true
	}
	switch parseARN(target).service {
	case "logs":
		// A log group is named with or without ":*"; its streams lie below it.
		group := strings.TrimSuffix(target, "*")
		group = strings.TrimSuffix(group, ":") + ":"
		return strings.HasPrefix(resource+":", group)
	case "s3":
		return strings.HasPrefix(resource, target+"/") // an object
	default:
		return false
	}
}
