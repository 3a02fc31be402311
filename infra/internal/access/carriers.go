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
		if named.err != nil {
			continue // role reports it
		}
		if _, twice := a.roles[named.name]; twice {
			faults = append(faults, fmt.Errorf("resource %s: the template has another role of the name %s", id, named.name))
		}
		a.roles[named.name] = named.arn
	}
	for _, id := range slices.Sorted(maps.Keys(a.resources)) {
		documents, err := a.documents(id)
		if err != nil {
			faults = append(faults, fmt.Errorf("resource %s: %w", id, err))
		}
		faults = append(faults, a.add(documents))
	}
	for _, arn := range slices.Sorted(maps.Keys(a.where.Policies)) {
		faults = append(faults, a.given(arn, a.where.Policies[arn]))
	}
	return errors.Join(faults...)
}

func (a *Account) add(documents []document) error {
	var faults []error
	for _, d := range documents {
		statements, err := d.statements()
		if err != nil {
			faults = append(faults, fmt.Errorf("resource %s: %s: %w", d.carrier, d.property, err))
		}
		if d.kind == identityPolicy {
			for i := range statements {
				statements[i].Principals = a.holders(d.targets)
			}
		}
		if d.kind == keyPolicy || d.kind == trustPolicy {
			for _, target := range d.targets {
				a.governed[target] = true
			}
		}
		a.statements = append(a.statements, statements...)
	}
	return errors.Join(faults...)
}

// given adds a policy of something outside the template.
func (a *Account) given(arn string, policy any) error {
	body, err := plain(policy)
	if err != nil {
		return fmt.Errorf("policy of %s: %w", arn, err)
	}
	if err := checkARN(arn); err != nil {
		return fmt.Errorf("policy of %s: %w", arn, err)
	}
	for id, named := range a.names {
		if named.arn == arn {
			return fmt.Errorf("policy of %s: the template has it, as %s", arn, id)
		}
	}
	kind := resourcePolicy
	switch parts := parseARN(arn); {
	case parts.isKey():
		kind = keyPolicy
	case parts.isRole():
		kind = trustPolicy
	}
	return a.add([]document{{arn, "policy", kind, []string{arn}, body}})
}

// holders names the roles of an identity policy for Statement.Principals.
func (a *Account) holders(names []string) []string {
	var all []string
	for _, name := range names {
		if arn, ok := a.roles[name]; ok {
			name = arn
		}
		all = append(all, name)
	}
	return all
}

// documents returns the policies that a resource carries.
func (a *Account) documents(id string) ([]document, error) {
	kind := a.resources[id].kind
	read := carriers[kind]
	if err := a.unread(id, read.properties); err != nil {
		return nil, err
	}
	if read.documents == nil {
		return nil, nil
	}
	if a.resources[id].condition {
		return nil, errors.New("it carries a policy and has a Condition; conditions are not evaluated")
	}
	resolved, err := a.Resolve(any(a.resources[id].properties))
	if err != nil {
		return nil, err
	}
	properties, _ := resolved.(map[string]any)
	return read.documents(carrier{a, id, properties})
}

// unread refuses a policy in a property from which none is read: a type of
// resource that came into the template without the evaluator learning it.
func (a *Account) unread(id string, read []string) error {
	for property, value := range a.resources[id].properties {
		if slices.Contains(read, property) {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		// A policy in a JSON text has its quotation marks escaped, once or more.
		bare := strings.ReplaceAll(string(text), `\`, "")
		if strings.Contains(bare, `"Effect"`) && strings.Contains(bare, `"Statement"`) {
			return fmt.Errorf("%s of a %s looks like a policy, and is not evaluated", property, a.resources[id].kind)
		}
	}
	return nil
}

// carrier is a resource that carries policies, its properties resolved.
type carrier struct {
	account    *Account
	id         string
	properties map[string]any
}

func (c carrier) where() Where { return c.account.where }

// document is the policy in a property; nil if the resource has none there.
func (c carrier) document(property, kind string, targets ...string) []document {
	body, ok := c.properties[property]
	if !ok {
		return nil
	}
	return []document{{c.id, property, kind, targets, body}}
}

// list is a property that holds texts; an absent one is empty.
func (c carrier) list(property string) ([]string, error) {
	value, ok := c.properties[property]
	if !ok {
		return nil, nil
	}
	if list, ok := value.([]any); ok && len(list) == 0 {
		return nil, nil
	}
	all, err := texts(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", property, err)
	}
	return all, nil
}

// one is a property that holds one text.
func (c carrier) one(property string) (string, error) {
	text, ok := scalar(c.properties[property])
	if !ok || text == "" {
		return "", fmt.Errorf("%s: it is not a text", property)
	}
	return text, nil
}

// arn makes an ARN in the stack's account and region.
func (c carrier) arn(service, resource string) string {
	w := c.where()
	return strings.Join([]string{"arn", w.Partition, service, w.Region, w.Account, resource}, ":")
}

// self is the carrier's own ARN.
func (c carrier) self() (string, error) {
	named := c.account.names[c.id]
	return named.arn, named.err
}

// reading is how the policies of a resource type are read, and from which
// properties; a policy anywhere else is an error.
type reading struct {
	properties []string
	documents  func(carrier) ([]document, error)
}

// carriers holds the resource types whose policies are read.
var carriers = map[string]reading{
	"AWS::IAM::Role":              {[]string{"AssumeRolePolicyDocument", "Policies"}, role},
	"AWS::IAM::Policy":            {[]string{"PolicyDocument"}, identity},
	"AWS::IAM::ManagedPolicy":     {[]string{"PolicyDocument"}, managed},
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
