package access

import (
	"maps"
	"slices"
	"strings"
)

// onSelf reads a policy that is in the resource which it protects.
func onSelf(property, kind string) func(policyResource) []document {
	return func(r policyResource) []document {
		if _, ok := r.properties[property]; !ok {
			return nil
		}
		return r.document(property, kind, r.self().arn)
	}
}

// role reads the trust policy of a role. It also records why the role's identity policies cannot
// all be evaluated: a boundary, which limits what they allow, or a managed policy.
func role(r policyResource) []document {
	self := r.self()
	for _, property := range []string{"PermissionsBoundary", "ManagedPolicyArns"} {
		if value, ok := r.properties[property]; ok {
			err := attempt(func() { fail("role %s has %s %v, not evaluated", r.id, property, value) })
			r.account.unreadable[self.name] = err
		}
	}
	if _, ok := r.properties["Policies"]; ok {
		fail("Policies: policies inside a role are not evaluated")
	}
	return r.document("AssumeRolePolicyDocument", trustPolicy, self.arn)
}

// identity reads AWS::IAM::Policy, which names the roles that it is attached to.
func identity(r policyResource) []document {
	for _, property := range []string{"Users", "Groups"} {
		if len(r.list(property)) > 0 {
			fail("%s: the policies of users and groups are not evaluated", property)
		}
	}
	return r.document("PolicyDocument", identityPolicy, r.list("Roles")...)
}

// queues reads AWS::SQS::QueuePolicy, whose Queues are URLs:
// https://sqs.<region>.amazonaws.com/<account>/<name>.
func queues(r policyResource) []document {
	var targets []string
	for _, url := range r.list("Queues") {
		rest, ok := strings.CutPrefix(url, "https://sqs."+r.account.where.Region+".amazonaws.com/")
		account, name, _ := strings.Cut(rest, "/")
		if !ok || account != r.account.where.Account || name == "" {
			fail("property Queues: %q is not the URL of a queue of this region and account", url)
		}
		targets = append(targets, r.arn("sqs", name))
	}
	return r.document("PolicyDocument", resourcePolicy, targets...)
}

// bucket reads AWS::S3::BucketPolicy, whose Bucket is a name.
func bucket(r policyResource) []document {
	name := r.one("Bucket")
	if strings.ContainsAny(name, ":/") {
		fail("property Bucket: %q is not the name of a bucket", name)
	}
	return r.document("PolicyDocument", resourcePolicy, "arn:aws:s3:::"+name)
}

// topics reads AWS::SNS::TopicPolicy, whose Topics are ARNs.
func topics(r policyResource) []document {
	targets := r.list("Topics")
	for _, target := range targets {
		if parseARN(target).service != "sns" {
			fail("property Topics: %q is not the ARN of a topic", target)
		}
	}
	return r.document("PolicyDocument", resourcePolicy, targets...)
}

// logs reads AWS::Logs::ResourcePolicy of the account, which is for every log group of the
// region (CloudWatch Logs API Reference, PutResourcePolicy).
func logs(r policyResource) []document {
	if _, ok := r.properties["ResourceArn"]; ok {
		fail("ResourceArn: the policy of one log group is not evaluated")
	}
	return r.document("PolicyDocument", resourcePolicy, r.arn("logs", "*"))
}

// permission reads AWS::Lambda::Permission as the statement that Lambda makes from it: SourceArn
// becomes an ArnLike condition, SourceAccount a StringEquals one (Lambda API Reference,
// AddPermission). It knows only services as principals.
func permission(r policyResource) []document {
	body := map[string]any{"Effect": "Allow"}
	condition := map[string]any{}
	target := ""
	for _, property := range slices.Sorted(maps.Keys(r.properties)) {
		text := r.one(property)
		switch property {
		case "Action":
			body["Action"] = text
		case "FunctionName":
			if target = text; strings.Contains(text, ":") {
				fail("FunctionName: %q is not a name", text)
			}
			body["Resource"] = r.arn("lambda", "function:"+text)
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
	return []document{{r.id, "permission", permissionPolicy, []string{r.arn("lambda", "function:"+target)},
		map[string]any{"Statement": body}}}
}

// busPolicy reads the Statement of AWS::Events::EventBusPolicy; its older form, a
// Principal and an Action, is an error.
func busPolicy(r policyResource) []document {
	body, ok := r.properties["Statement"]
	if !ok || r.properties["Principal"] != nil || r.properties["Action"] != nil {
		fail("it has no Statement, or also a Principal or Action")
	}
	target := r.arn("events", "event-bus/"+r.one("EventBusName"))
	return []document{{r.id, "Statement", resourcePolicy, []string{target}, map[string]any{"Statement": body}}}
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
