package access

import (
	"maps"
	"slices"
	"strings"
)

// onSelf reads a policy that is in the resource which it protects.
func onSelf(property, kind string) func(carrier) []document {
	return func(c carrier) []document {
		if _, ok := c.properties[property]; !ok {
			return nil
		}
		return c.document(property, kind, c.self().arn)
	}
}

// role reads the trust policy of a role. It also records why the role's identity policies cannot
// all be evaluated: a boundary, which limits what they allow, or a managed policy.
func role(c carrier) []document {
	self := c.self()
	for _, property := range []string{"PermissionsBoundary", "ManagedPolicyArns"} {
		if value, ok := c.properties[property]; ok {
			err := attempt(func() { fail("role %s has %s %v, not evaluated", c.id, property, value) })
			c.account.unreadable[self.name] = err
		}
	}
	if _, ok := c.properties["Policies"]; ok {
		fail("Policies: policies inside a role are not evaluated")
	}
	return c.document("AssumeRolePolicyDocument", trustPolicy, self.arn)
}

// identity reads AWS::IAM::Policy, which names the roles that it is attached to.
func identity(c carrier) []document {
	for _, property := range []string{"Users", "Groups"} {
		if len(c.list(property)) > 0 {
			fail("%s: the policies of users and groups are not evaluated", property)
		}
	}
	return c.document("PolicyDocument", identityPolicy, c.list("Roles")...)
}

// queues reads AWS::SQS::QueuePolicy, whose Queues are URLs:
// https://sqs.<region>.amazonaws.com/<account>/<name>.
func queues(c carrier) []document {
	var targets []string
	for _, url := range c.list("Queues") {
		rest, ok := strings.CutPrefix(url, "https://sqs."+c.account.where.Region+".amazonaws.com/")
		account, name, _ := strings.Cut(rest, "/")
		if !ok || account != c.account.where.Account || name == "" {
			fail("property Queues: %q is not the URL of a queue of this region and account", url)
		}
		targets = append(targets, c.arn("sqs", name))
	}
	return c.document("PolicyDocument", resourcePolicy, targets...)
}

// bucket reads AWS::S3::BucketPolicy, whose Bucket is a name.
func bucket(c carrier) []document {
	name := c.one("Bucket")
	if strings.ContainsAny(name, ":/") {
		fail("property Bucket: %q is not the name of a bucket", name)
	}
	return c.document("PolicyDocument", resourcePolicy, "arn:aws:s3:::"+name)
}

// topics reads AWS::SNS::TopicPolicy, whose Topics are ARNs.
func topics(c carrier) []document {
	targets := c.list("Topics")
	for _, target := range targets {
		if parseARN(target).service != "sns" {
			fail("property Topics: %q is not the ARN of a topic", target)
		}
	}
	return c.document("PolicyDocument", resourcePolicy, targets...)
}

// logs reads AWS::Logs::ResourcePolicy of the account, which is for every log group of the
// region (CloudWatch Logs API Reference, PutResourcePolicy).
func logs(c carrier) []document {
	if _, ok := c.properties["ResourceArn"]; ok {
		fail("ResourceArn: the policy of one log group is not evaluated")
	}
	return c.document("PolicyDocument", resourcePolicy, c.arn("logs", "*"))
}

// permission reads AWS::Lambda::Permission as the statement that Lambda makes from it: SourceArn
// becomes an ArnLike condition, SourceAccount a StringEquals one (Lambda API Reference,
// AddPermission). It knows only services as principals.
func permission(c carrier) []document {
	body := map[string]any{"Effect": "Allow"}
	condition := map[string]any{}
	target := ""
	for _, property := range slices.Sorted(maps.Keys(c.properties)) {
		text := c.one(property)
		switch property {
		case "Action":
			body["Action"] = text
		case "FunctionName":
			if target = text; strings.Contains(text, ":") {
				fail("FunctionName: %q is not a name", text)
			}
			body["Resource"] = c.arn("lambda", "function:"+text)
		case "Principal":
			body["Principal"] = map[string]any{"Service": text}
		case "SourceArn":
			condition["ArnLike"] = map[string]any{"aws:SourceArn": text}
		case "SourceAccount":
			condition["StringEquals"] = map[string]any{"aws:SourceAccount": text}
		default:
			fail("%s: this property is not evaluated", property)
		}
	}
	if len(condition) > 0 {
		body["Condition"] = condition
	}
	return []document{{c.id, "permission", permissionPolicy, []string{c.arn("lambda", "function:"+target)},
		map[string]any{"Statement": body}}}
}

// busPolicy reads the Statement of AWS::Events::EventBusPolicy; its older form, a
// Principal and an Action, is an error.
func busPolicy(c carrier) []document {
	body, ok := c.properties["Statement"]
	if !ok || c.properties["Principal"] != nil || c.properties["Action"] != nil {
		fail("it has no Statement, or also a Principal or Action")
	}
	target := c.arn("events", "event-bus/"+c.one("EventBusName"))
	return []document{{c.id, "Statement", resourcePolicy, []string{target}, map[string]any{"Statement": body}}}
}

// covers reports whether a policy attached to target applies to calls on the resource.
func covers(target, resource string) bool {
	if target == resource {
		return true
	}
	switch parseARN(target).service {
	case "logs":
		// A log group is named with or without ":*"; its streams are below it.
		group := strings.TrimSuffix(target, "*")
		group = strings.TrimSuffix(group, ":") + ":"
		return strings.HasPrefix(resource+":", group)
	case "s3":
		return strings.HasPrefix(resource, target+"/") // an object
	default:
		return false
	}
}
