// Package access evaluates the policies of a synthesised CloudFormation template: who may do what
// to which resource after the deployment. The tests of the CDK app ask it for every call that the
// architecture needs, which must be allowed, and for similar calls, which must be denied.
//
// # Rules
//
// The rules are those of the AWS IAM User Guide (chapters "Policy evaluation logic", "Cross-account
// policy evaluation logic", "Condition operators", "Principal", "Resource", as published in 2026
// and read on 2026-11-22) and of the AWS KMS Developer Guide ("Key policies", "Default key policy",
// read on the same day). Each rule is quoted in the code that implements it.
//
// # Strictness
//
// The package never guesses. A policy element, condition operator, intrinsic function, attribute or
// resource type that it does not know is an error, and so is a policy in a property from which it
// does not read policies. One faulty policy makes every decision an error, because the statement
// that could not be read may be the one that denies.
//
// # Limits
//
// It knows what our stacks use. Policy variables, NotPrincipal, federated and session principals,
// managed policies, policies inside a role, policies of users and groups, parameters, and
// conditions of the template (Fn::If, Condition on a resource with a policy) are errors. A role
// with a permissions boundary or a managed policy is an error in decisions about that role. Service
// control policies, session policies, VPC endpoint policies and grants are not in a template and
// are not evaluated. The package does not know what an action does: the caller states the resource
// and the context keys that an AWS service uses for a call.
package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Where has the facts about a deployment that are not in the template, in the partition aws.
type Where struct {
	Account   string // twelve digits
	Region    string
	StackName string

	// Policies are the policies (by ARN; a document, or its JSON text) of resources outside the
	// template: an existing KMS key, an imported bus. A resource outside without an entry has the
	// policy with which AWS creates it: none, or for a KMS key the one that delegates everything to
	// the account's identity policies.
	Policies map[string]any
}

// Account is a template as deployed in an AWS account. It never changes after Read and is safe for
// concurrent use.
type Account struct {
	where     Where
	resources map[string]resource
	names     map[string]identifiers

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

// Read reads a template as its JSON object. It keeps no reference to it. It returns an error if
// that is not a template. A policy that cannot be evaluated is reported by Decide and Statements,
// so that Resolve and ARN still work.
func Read(template map[string]any, where Where) (*Account, error) {
	a := &Account{
		where: where, resources: map[string]resource{}, names: map[string]identifiers{},
		roles: map[string]string{}, governed: map[string]bool{}, unreadable: map[string]error{},
	}
	err := attempt(func() {
		switch {
		case !isAccount(where.Account):
			fail("account %q: it is not twelve digits", where.Account)
		case where.Region == "" || where.StackName == "":
			fail("the region or the stack name is missing")
		}
		sections, _ := plain(template).(map[string]any)
		list, ok := sections["Resources"].(map[string]any)
		if !ok {
			fail("template: it has no Resources object")
		}
		for id, value := range list {
			a.resources[id] = newResource(id, value)
		}
	})
	if err != nil {
		return nil, err
	}
	resolving := resolver{a, map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(a.resources)) {
		resolving.identify(id)
	}
	a.fault = a.collect()
	return a, nil
}

// "The logical ID must be alphanumeric (A-Za-z0-9)."
var logicalID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func newResource(id string, value any) resource {
	body, _ := value.(map[string]any)
	kind, typed := body["Type"].(string)
	properties, ok := body["Properties"].(map[string]any)
	switch {
	case !typed:
		fail("resource %s: it has no Type", id)
	case !logicalID.MatchString(id):
		fail("resource %q: its logical id is not alphanumeric", id)
	case !ok && body["Properties"] != nil:
		fail("resource %s: its Properties are not an object", id)
	}
	_, condition := body["Condition"]
	return resource{kind, properties, condition}
}

// plain copies a value into the types that encoding/json decodes to, numbers as their text, so that
// templates from jsii, from a file and from Go literals are equal.
func plain(value any) (copied any) {
	text, err := json.Marshal(value)
	if err != nil {
		fail("%w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&copied); err != nil {
		fail("%w", err)
	}
	return copied
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

// ARN returns the ARN of a resource of the template; for a log group with the ":*" that
// CloudFormation's Arn has, for an API destination with its UUID. It panics for a logical id that
// the template does not have and for a type whose ARN is not known here: it is for tests, where
// both are programming errors.
func (a *Account) ARN(logicalID string) string {
	named, ok := a.names[logicalID]
	switch {
	case !ok:
		panic(fmt.Sprintf("access: the template has no resource %s", logicalID))
	case named.err != nil:
		panic("access: " + named.err.Error())
	}
	return named.arn
}

// Statement is one statement of a policy of the template with its values resolved, for tests that
// check all statements.
type Statement struct {
	Resource string // logical id of the resource with the policy; the ARN for one of Where.Policies
	Kind     string // identity, resource, key, trust or permission (AWS::Lambda::Permission)
	Sid      string
	Effect   string

	// Principals are "*", ARNs, account ids and service names as written in the policy; for an
	// identity policy the roles to which it is attached, by ARN, or by name if the role is not in
	// the template.
	Principals []string

	Actions, NotActions     []string
	Resources, NotResources []string // empty in a trust policy

	// Conditions are operator → key → values, including the condition that
	// AWS::Lambda::Permission makes of SourceArn and SourceAccount.
	Conditions map[string]map[string][]string
}

// Statements returns every statement of every policy, sorted by the logical ids of the resources
// with the policies. The caller must not change them.
func (a *Account) Statements() ([]Statement, error) {
	if a.fault != nil {
		return nil, a.fault
	}
	all := make([]Statement, len(a.statements))
	for i, s := range a.statements {
		all[i] = s.Statement
	}
	return all, nil
}
