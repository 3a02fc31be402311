package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// collect reads every policy of the template and those of Where.Policies.
func (a *Account) collect() error {
	var faults []error
	for _, id := range a.Of("AWS::IAM::Role") {
		named := a.names[id]
		if _, twice := a.roles[named.name]; twice && named.err == nil {
			faults = append(faults, fmt.Errorf("resource %s: the template has another role of the name %s", id, named.name))
		}
		a.roles[named.name] = named.arn
	}
	for _, id := range slices.Sorted(maps.Keys(a.resources)) {
		faults = append(faults, attempt(func() {
			defer within("resource %s", id)
			for _, d := range a.documents(id) {
				a.add(d)
			}
		}))
	}
	for _, arn := range slices.Sorted(maps.Keys(a.where.Policies)) {
		faults = append(faults, attempt(func() {
			defer within("policy of resource %s", arn)
			a.given(arn, a.where.Policies[arn])
		}))
	}
	return errors.Join(faults...)
}

func (a *Account) add(d document) {
	defer within("%s", d.property)
	if d.kind == keyPolicy || d.kind == trustPolicy {
		a.governed[d.targets[0]] = true
	}
	for _, s := range d.statements() {
		if d.kind == identityPolicy {
			s.Principals = a.holders(d.targets)
		}
		a.statements = append(a.statements, s)
	}
}

// given adds a policy of a resource outside the template.
func (a *Account) given(arn string, policy any) {
	if err := checkARN(arn); err != nil {
		fail("%w", err)
	}
	for id, named := range a.names {
		if named.arn == arn {
			fail("it is a resource of the template, %s", id)
		}
	}
	kind := resourcePolicy
	switch parts := parseARN(arn); {
	case parts.isKey():
		kind = keyPolicy
	case parts.isRole():
		kind = trustPolicy
	}
	a.add(document{arn, "policy", kind, []string{arn}, plain(policy)})
}

// holders returns the roles of an identity policy for Statement.Principals.
func (a *Account) holders(names []string) (all []string) {
	for _, name := range names {
		if arn, ok := a.roles[name]; ok {
			name = arn
		}
		all = append(all, name)
	}
	return all
}

// documents returns the policies in a resource.
func (a *Account) documents(id string) []document {
	read := readers[a.resources[id].kind]
	a.unread(id, read.properties)
	if read.documents == nil {
		return nil
	}
	if a.resources[id].condition {
		fail("it has a policy and a Condition; conditions are not evaluated")
	}
	properties, _ := resolver{a, map[string]bool{}}.value(a.resources[id].properties).(map[string]any)
	return read.documents(policyResource{a, id, properties})
}

// unread refuses a policy in a property from which none is read: the type of the resource is not
// known here.
func (a *Account) unread(id string, read []string) {
	for property, value := range a.resources[id].properties {
		text, err := json.Marshal(value)
		if err != nil {
			fail("%s: %w", property, err)
		}
		// A policy in a JSON text has its quotation marks escaped, once or more.
		bare := strings.ReplaceAll(string(text), `\`, "")
		if !slices.Contains(read, property) && strings.Contains(bare, `"Effect"`) && strings.Contains(bare, `"Statement"`) {
			fail("%s of a %s looks like a policy, and is not evaluated", property, a.resources[id].kind)
		}
	}
}

// policyResource is a resource with policies, its properties resolved.
type policyResource struct {
	account    *Account
	id         string
	properties map[string]any
}

// document is the policy in a property; nil if the resource has none there.
func (r policyResource) document(property, kind string, targets ...string) []document {
	body, ok := r.properties[property]
	if !ok {
		return nil
	}
	return []document{{r.id, property, kind, targets, body}}
}

// list returns a property that is a list of texts; an absent one is empty.
func (r policyResource) list(property string) []string {
	value, ok := r.properties[property]
	if list, isList := value.([]any); !ok || isList && len(list) == 0 {
		return nil
	}
	return texts("property "+property, value)
}

// one returns a property that is one text.
func (r policyResource) one(property string) string {
	defer within("property %s", property)
	return text(r.properties[property])
}

// arn makes an ARN in the stack's account and region.
func (r policyResource) arn(service, resource string) string {
	w := r.account.where
	return strings.Join([]string{"arn", "aws", service, w.Region, w.Account, resource}, ":")
}

// self returns the identifiers of the resource itself.
func (r policyResource) self() identifiers { return resolver{account: r.account}.named(r.id) }

// reading says how the policies of a resource type are read, and from which properties; a policy in
// any other property is an error.
type reading struct {
	properties []string
	documents  func(policyResource) []document
}

// readers has the resource types from which policies are read.
var readers = map[string]reading{
	"AWS::IAM::Role":              {[]string{"AssumeRolePolicyDocument"}, role},
	"AWS::IAM::Policy":            {[]string{"PolicyDocument"}, identity},
	"AWS::KMS::Key":               {[]string{"KeyPolicy"}, onSelf("KeyPolicy", keyPolicy)},
	"AWS::Events::EventBus":       {[]string{"Policy"}, onSelf("Policy", resourcePolicy)},
	"AWS::Logs::LogGroup":         {[]string{"ResourcePolicyDocument"}, onSelf("ResourcePolicyDocument", resourcePolicy)},
	"AWS::SQS::QueuePolicy":       {[]string{"PolicyDocument"}, queues},
	"AWS::S3::BucketPolicy":       {[]string{"PolicyDocument"}, bucket},
	"AWS::SNS::TopicPolicy":       {[]string{"PolicyDocument"}, topics},
	"AWS::Logs::ResourcePolicy":   {[]string{"PolicyDocument"}, logs},
	"AWS::Lambda::Permission":     {nil, permission},
	"AWS::Events::EventBusPolicy": {[]string{"Statement"}, busPolicy},
}
