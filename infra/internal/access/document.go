package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The kinds of policy, as Statement.Kind names them.
const (
	identityPolicy   = "identity"
	resourcePolicy   = "resource"
	keyPolicy        = "key"
	trustPolicy      = "trust"
	permissionPolicy = "permission"
)

// statement is a Statement with what evaluating it needs.
type statement struct {
	Statement
	label      string   // carrier, property and Sid or number, for Decision.Why
	targets    []string // what the policy is attached to: ARNs, or role names for an identity policy
	grantees   []grantee
	conditions []condition
}

// grantee is one element of Principal; exactly one field is set.
type grantee struct {
	everybody bool
	account   string // an account: its id, or the ARN of its root
	arn       string // a role or user
	service   string
}

// document is a policy that carriers found, its values resolved.
type document struct {
	carrier, property, kind string
	targets                 []string
	body                    any
}

// statements parses the policy. What it does not know is an error.
func (d document) statements() ([]statement, error) {
	body := d.body
	if text, ok := body.(string); ok {
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
	}
	policy, ok := body.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	for key, value := range policy {
		switch {
		case key == "Statement", key == "Id":
		case key == "Version" && (value == "2012-10-17" || value == "2008-10-17"):
		default:
			return nil, fmt.Errorf("its element %s: %v is not known", key, value)
		}
	}
	list, ok := policy["Statement"].([]any)
	if !ok {
		list = []any{policy["Statement"]}
	}
	var all []statement
	for i, element := range list {
		s, err := d.statement(element)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i, err)
		}
		name := s.Sid
		if name == "" {
			name = fmt.Sprintf("#%d", i)
		}
		s.label = d.carrier + "/" + d.property + "/" + name
		all = append(all, s)
	}
	return all, nil
}

func (d document) statement(value any) (statement, error) {
	body, ok := value.(map[string]any)
	if !ok {
		return statement{}, errors.New("it is not an object")
	}
	s := statement{Statement: Statement{Resource: d.carrier, Kind: d.kind}, targets: d.targets}
	var err error
	for _, key := range slices.Sorted(maps.Keys(body)) {
		element := body[key]
		switch key {
		case "Sid":
			if s.Sid, ok = element.(string); !ok {
				err = errors.New("it is not a text")
			}
		case "Effect":
			if s.Effect, _ = element.(string); s.Effect != "Allow" && s.Effect != "Deny" {
				err = errors.New("it is neither Allow nor Deny")
			}
		case "Principal":
			err = s.principal(element)
		case "Action":
			s.Actions, err = patterns(element, checkAction)
		case "NotAction":
			s.NotActions, err = patterns(element, checkAction)
		case "Resource":
			s.Resources, err = patterns(element, checkResource)
		case "NotResource":
			s.NotResources, err = patterns(element, checkResource)
		case "Condition":
			err = s.condition(element)
		default:
			err = errors.New("this element is not evaluated")
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", key, err)
		}
	}
	return s, s.complete()
}

// complete demands the elements that the kind of policy must have, and refuses
// those that it cannot: "You cannot use the Principal element in an
// identity-based policy"; "You must use the Principal element in resource-based
// policies"; "Statements must include either a Resource or a NotResource
// element", but for the trust policy of a role.
func (s *statement) complete() error {
	switch {
	case s.Effect == "":
		return errors.New("it has no Effect")
	case (s.Actions == nil) == (s.NotActions == nil):
		return errors.New("it needs either Action or NotAction")
	// "AssumeRole policy may only specify STS AssumeRole actions", says IAM.
	case s.Kind == trustPolicy && (s.Actions == nil || slices.ContainsFunc(s.Actions, notSTS)):
		return errors.New("a trust policy has actions of sts only")
	case s.Kind == trustPolicy && (s.Resources != nil || s.NotResources != nil):
		return errors.New("a trust policy has no Resource")
	case s.Kind != trustPolicy && (s.Resources == nil) == (s.NotResources == nil):
		return errors.New("it needs either Resource or NotResource")
	case s.Kind == identityPolicy && s.grantees != nil:
		return errors.New("an identity policy has no Principal")
	case s.Kind != identityPolicy && s.grantees == nil:
		return errors.New("it has no Principal")
	default:
		return nil
	}
}

func notSTS(action string) bool { return !strings.HasPrefix(strings.ToLower(action), "sts:") }

func (s *statement) principal(value any) error {
	if value == "*" {
		s.grantees, s.Principals = []grantee{{everybody: true}}, []string{"*"}
		return nil
	}
	body, ok := value.(map[string]any)
	if !ok || len(body) == 0 {
		return errors.New(`it is neither "*" nor an object`)
	}
	for _, kind := range slices.Sorted(maps.Keys(body)) {
		names, err := texts(body[kind])
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		for _, name := range names {
			g, err := newGrantee(kind, name)
			if err != nil {
				return fmt.Errorf("%s %q: %w", kind, name, err)
			}
			s.grantees, s.Principals = append(s.grantees, g), append(s.Principals, name)
		}
	}
	return nil
}

func newGrantee(kind, name string) (grantee, error) {
	if kind == "Service" && strings.Contains(name, ".") && !strings.ContainsAny(name, "*?:") {
		return grantee{service: name}, nil
	}
	if kind != "AWS" {
		return grantee{}, errors.New("this principal is not evaluated")
	}
	// "Principal": "*" and {"AWS": "*"} are "all principals".
	if name == "*" {
		return grantee{everybody: true}, nil
	}
	if isAccount(name) {
		return grantee{account: name}, nil
	}
	// "You cannot use a wildcard to match part of a principal name or ARN."
	// Sessions (arn:…:sts:…) and unique ids (AROA…) are not evaluated.
	arn, err := parsePrincipal(name)
	if err != nil {
		return grantee{}, err
	}
	if arn.resource == "root" {
		return grantee{account: arn.account}, nil
	}
	return grantee{arn: name}, nil
}

func (s *statement) condition(value any) error {
	operators, ok := value.(map[string]any)
	if !ok {
		return errors.New("it is not an object")
	}
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, ok := operators[operator].(map[string]any)
		if !ok || len(keys) == 0 {
			return fmt.Errorf("%s: it is not an object of keys", operator)
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values, err := texts(keys[key])
			if err != nil {
				return fmt.Errorf("%s %s: %w", operator, key, err)
			}
			c, err := newCondition(operator, key, values)
			if err != nil {
				return fmt.Errorf("%s %s: %w", operator, key, err)
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return nil
}

// patterns is a text or a list of them, each checked.
func patterns(value any, check func(string) error) ([]string, error) {
	list, err := texts(value)
	for _, pattern := range list {
		if err := check(pattern); err != nil {
			return nil, fmt.Errorf("%q: %w", pattern, err)
		}
	}
	return list, err
}

// texts is a scalar or a list of them. IAM refuses an empty list.
func texts(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var all []string
	for _, element := range list {
		text, ok := scalar(element)
		if !ok {
			return nil, errors.New("it is not a text or a list of texts")
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}
