// Package access evaluates the policies of a synthesised CloudFormation
// template: who may do what to which resource once the stack stands. The tests
// of the CDK app ask it for every arrow of the architecture, which must be
// allowed, and for the arrow's neighbours, which must be denied.
//
// # Rules
//
// The rules are those of the AWS IAM User Guide (chapters "Policy evaluation
// logic", "Cross-account policy evaluation logic", "Condition operators",
// "Principal", "Resource", as published in 2026 and read on 2026-11-22) and of
// the AWS KMS Developer Guide ("Key policies", "Default key policy", read on
// the same day). Each rule is quoted where it is obeyed.
//
// # Strictness
//
// A proof must not rest on a guess. A policy element, condition operator,
// intrinsic function, attribute or resource type that the package does not know
// is an error, and so is a policy in a property from which it does not read
// policies. One faulty policy faults every decision, because the statement that
// could not be read may be the one that denies.
//
// # What it does not do
//
// Policy variables, NotPrincipal, federated and session principals, policies of
// users and groups, and conditions of the template (Fn::If, Condition on a
// policy's carrier) are errors; a role with a permissions boundary, or with an
// AWS-managed policy, whose text is not in the template, is one for decisions on
// that role. Service control policies, session policies, VPC endpoint policies
// and grants stand nowhere in a template and are not evaluated. The package
// does not know an action's meaning: which resource and which context keys an
// AWS service uses for a call the caller states.
package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Where is what a template does not say about its deployment.
type Where struct {
	Account   string // twelve digits
	Region    string
	Partition string // aws (if empty), aws-cn or aws-us-gov
	StackName string

	// Policies are the resource policies (by ARN; a document, or its JSON text)
	// of things that stand outside the template: a given KMS key, an imported
	// bus, a role in another account. Without an entry a thing outside has the
	// policy with which AWS creates it: none, or for a KMS key the one that
	// delegates everything to the account's identity policies.
	Policies map[string]any
}

// Account is a template as it would stand in an AWS account after its
// deployment. It never changes after Read and is safe for concurrent use.
type Account struct {
	where      Where
	resources  map[string]resource
	parameters map[string]any
	names      map[string]identifiers

	statements []statement
	roles      map[string]string // name of a template's role → its ARN
	governed   map[string]bool   // ARN of each key with a key policy and each role with a trust policy
	unreadable map[string]error  // name of a role → why its identity policies are not all in the template
	fault      error             // why no decision can be made
}

type resource struct {
	kind       string
	properties map[string]any
	condition  bool
}

// Read takes a template as its JSON object. It keeps no reference to it. What
// is not a template is an error; a policy in it that cannot be evaluated is
// reported by Decide and Statements, so that Resolve and ARN still work.
func Read(template map[string]any, where Where) (*Account, error) {
	if err := where.check(); err != nil {
		return nil, err
	}
	if where.Partition == "" {
		where.Partition = "aws"
	}
	body, err := plain(template)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	a := &Account{
		where: where, resources: map[string]resource{}, names: map[string]identifiers{},
		roles: map[string]string{}, governed: map[string]bool{}, unreadable: map[string]error{},
	}
	sections, _ := body.(map[string]any)
	if a.parameters, err = parameters(sections["Parameters"]); err != nil {
		return nil, err
	}
	list, ok := sections["Resources"].(map[string]any)
	if !ok {
		return nil, errors.New("template: it has no Resources object")
	}
	for id, value := range list {
		body, _ := value.(map[string]any)
		kind, ok := body["Type"].(string)
		if !ok {
			return nil, fmt.Errorf("resource %s: it has no Type", id)
		}
		// "The logical ID must be alphanumeric (A-Za-z0-9)."
		if id == "" || strings.ContainsFunc(id, func(c rune) bool {
			return c > unicode.MaxASCII ||
				!unicode.IsLetter(c) && !unicode.IsDigit(c)
		}) {
			return nil, fmt.Errorf("resource %q: its logical id is not alphanumeric", id)
		}
		properties, ok := body["Properties"].(map[string]any)
		if !ok && body["Properties"] != nil {
			return nil, fmt.Errorf("resource %s: its Properties are not an object", id)
		}
		_, condition := body["Condition"]
		a.resources[id] = resource{kind, properties, condition}
	}
	resolving := resolver{a, map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(a.resources)) {
		resolving.identify(id)
	}
	a.fault = a.collect()
	return a, nil
}

// plain copies a value into what encoding/json decodes to, numbers by their
// text, so that templates from jsii, from a file and from Go literals are alike.
func plain(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var copied any
	err = decoder.Decode(&copied)
	return copied, err
}

// Of returns the logical ids of the resources of a type, sorted.
func (a *Account) Of(resourceType string) []string {
	var ids []string
	for id, r := range a.resources {
		if r.kind == resourceType {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// ARN returns the ARN of a resource of the template; for a log group with the
// ":*" that CloudFormation's Arn has, for an API destination with its UUID. It
// panics for a logical id that the template does not have and for a type that
// has no ARN or none known here: it is meant for tests, where both are
// programming errors.
func (a *Account) ARN(logicalID string) string {
	named, ok := a.names[logicalID]
	if !ok {
		panic(fmt.Sprintf("access: the template has no resource %s", logicalID))
	}
	if named.err != nil {
		panic("access: " + named.err.Error())
	}
	if named.arn == "" {
		panic(fmt.Sprintf("access: resource %s: a %s has no ARN", logicalID, a.resources[logicalID].kind))
	}
	return named.arn
}

// Statement is one statement of one policy of the template, its values
// resolved, for tests that audit all of them.
type Statement struct {
	Resource string // logical id of the policy's carrier; the ARN for one of Where.Policies
	Kind     string // identity, resource, key, trust or permission (AWS::Lambda::Permission)
	Sid      string
	Effect   string

	// Principals are "*", ARNs, account ids and service names as the policy has
	// them; for an identity policy the roles to which it is attached, by ARN, or
	// by name where the role is not in the template.
	Principals []string

	Actions, NotActions     []string
	Resources, NotResources []string // empty in a trust policy

	// Conditions are operator → key → values, the condition that
	// AWS::Lambda::Permission makes of SourceArn and SourceAccount included.
	Conditions map[string]map[string][]string
}

// Statements returns every statement of every policy, in the order of the
// carriers' logical ids. The caller may change them.
func (a *Account) Statements() ([]Statement, error) {
	if a.fault != nil {
		return nil, a.fault
	}
	var all []Statement
	for _, s := range a.statements {
		view := s.Statement
		for _, list := range []*[]string{&view.Principals, &view.Actions, &view.NotActions, &view.Resources,
			&view.NotResources} {
			*list = slices.Clone(*list)
		}
		view.Conditions = map[string]map[string][]string{}
		for _, c := range s.conditions {
			keys := view.Conditions[c.operator]
			if keys == nil {
				keys = map[string][]string{}
				view.Conditions[c.operator] = keys
			}
			keys[c.key] = slices.Clone(c.values)
		}
		all = append(all, view)
	}
	return all, nil
}
