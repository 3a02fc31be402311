package access

import (
	"encoding/json"
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

// statement is a Statement with the fields that its evaluation needs.
type statement struct {
	Statement
	label      string   // resource, property and Sid or number, for Decision.Why
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

// document is a policy found in a resource, its values resolved.
type document struct {
	resource, property, kind string
	targets                  []string
	body                     any
}

// statements parses the policy. Unknown elements are an error.
func (d document) statements() (all []statement) {
	body := d.body
	if text, ok := body.(string); ok {
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			fail("it is not JSON: %w", err)
		}
	}
	policy := object(body)
	for key, value := range policy {
		switch {
		case key == "Statement", key == "Id":
		case key == "Version" && (value == "2012-10-17" || value == "2008-10-17"):
		default:
			fail("its element %s: %v is not known", key, value)
		}
	}
	list, ok := policy["Statement"].([]any)
	if !ok {
		list = []any{policy["Statement"]}
	}
	for i, element := range list {
		all = append(all, d.statement(i, element))
	}
	return all
}

func (d document) statement(i int, value any) statement {
	defer within("statement %d", i)
	body := object(value)
	s := statement{Statement: Statement{Resource: d.resource, Kind: d.kind}, targets: d.targets}
	for _, key := range slices.Sorted(maps.Keys(body)) {
		s.element(key, body[key])
	}
	s.complete()
	s.label = fmt.Sprintf("%s/%s/#%d", d.resource, d.property, i)
	if s.Sid != "" {
		s.label = d.resource + "/" + d.property + "/" + s.Sid
	}
	return s
}

func (s *statement) element(key string, value any) {
	defer within("%s", key)
	switch key {
	case "Sid":
		s.Sid = text(value)
	case "Effect":
		if s.Effect = text(value); s.Effect != "Allow" && s.Effect != "Deny" {
			fail("it is neither Allow nor Deny")
		}
	case "Principal":
		s.principal(value)
	case "Action":
		s.Actions = patterns(value, checkAction)
	case "NotAction":
		s.NotActions = patterns(value, checkAction)
	case "Resource":
		s.Resources = patterns(value, checkResource)
	case "NotResource":
		s.NotResources = patterns(value, checkResource)
	case "Condition":
		s.condition(value)
	default:
		fail("this element is not evaluated")
	}
}

// complete checks that the policy has the elements that its kind must have, and none that it cannot
// have: "You cannot use the Principal element in an identity-based policy"; "You must use the
// Principal element in resource-based policies"; "Statements must include either a Resource or a
// NotResource element", except in the trust policy of a role.
func (s *statement) complete() {
	switch {
	case s.Effect == "":
		fail("it has no Effect")
	case (s.Actions == nil) == (s.NotActions == nil):
		fail("it needs either Action or NotAction")
	// "AssumeRole policy may only specify STS AssumeRole actions", says IAM.
	case s.Kind == trustPolicy && (s.Actions == nil || slices.ContainsFunc(s.Actions, notSTS)):
		fail("a trust policy has actions of sts only")
	case s.Kind == trustPolicy && (s.Resources != nil || s.NotResources != nil):
		fail("a trust policy has no Resource")
	case s.Kind != trustPolicy && (s.Resources == nil) == (s.NotResources == nil):
		fail("it needs either Resource or NotResource")
	case s.Kind == identityPolicy && s.grantees != nil:
		fail("an identity policy has no Principal")
	case s.Kind != identityPolicy && s.grantees == nil:
		fail("it has no Principal")
	}
}

func notSTS(action string) bool { return !strings.HasPrefix(strings.ToLower(action), "sts:") }

func (s *statement) principal(value any) {
	if value == "*" {
		value = map[string]any{"AWS": "*"} // both are "all principals"
	}
	body := object(value)
	for _, kind := range slices.Sorted(maps.Keys(body)) {
		for _, name := range texts(kind, body[kind]) {
			s.grantees, s.Principals = append(s.grantees, newGrantee(kind, name)), append(s.Principals, name)
		}
	}
}

func newGrantee(kind, name string) grantee {
	defer within("%s %q", kind, name)
	switch {
	case kind == "Service" && strings.Contains(name, ".") && !strings.ContainsAny(name, "*?:"):
		return grantee{service: name}
	case kind != "AWS":
		fail("this principal is not evaluated")
	case name == "*":
		return grantee{everybody: true}
	case isAccount(name):
		return grantee{account: name}
	}
	// "You cannot use a wildcard to match part of a principal name or ARN."
	// Sessions (arn:…:sts:…) and unique ids (AROA…) are not evaluated.
	arn := parsePrincipal(name)
	if arn.resource == "root" {
		return grantee{account: arn.account}
	}
	return grantee{arn: name}
}

func (s *statement) condition(value any) {
	operators := object(value)
	s.Conditions = map[string]map[string][]string{}
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		s.conditionOf(operator, operators[operator])
	}
}

func (s *statement) conditionOf(operator string, value any) {
	defer within("%s", operator)
	keys := object(value)
	if len(keys) == 0 {
		fail("it has no key")
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c, err := newCondition(operator, key, texts(operator+" "+key, keys[key]))
		if err != nil {
			fail("%s: %w", key, err)
		}
		s.conditions = append(s.conditions, c)
		if s.Conditions[operator] == nil {
			s.Conditions[operator] = map[string][]string{}
		}
		s.Conditions[operator][key] = c.values
	}
}

// patterns returns a text or a list of texts, each checked.
func patterns(value any, check func(string) error) []string {
	list := texts("its value", value)
	for _, pattern := range list {
		if err := check(pattern); err != nil {
			fail("%q: %w", pattern, err)
		}
	}
	return list
}

func object(value any) map[string]any {
	body, ok := value.(map[string]any)
	if !ok {
		fail("it is not an object")
	}
	return body
}

func text(value any) string {
	text, ok := value.(string)
	if !ok || text == "" {
		fail("it is not a text")
	}
	return text
}

// texts returns a scalar or a list of them as texts. IAM refuses an empty list.
func texts(place string, value any) (all []string) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, element := range list {
		text, ok := scalar(element)
		if !ok {
			fail("%s: it is not a text or a list of texts", place)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		fail("%s: it is empty", place)
	}
	return all
}
