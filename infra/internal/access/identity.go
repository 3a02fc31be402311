package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// role reads a role: its trust policy, its inline policies, and whether all of
// its identity policies are in the template.
func role(c carrier) ([]document, error) {
	arn, err := c.self()
	if err != nil {
		return nil, err
	}
	name := c.account.names[c.id].name
	documents := c.document("AssumeRolePolicyDocument", trustPolicy, arn)
	inline, ok := c.properties["Policies"].([]any)
	if !ok && c.properties["Policies"] != nil {
		return nil, errors.New("property Policies is not a list")
	}
	for i, element := range inline {
		body, _ := element.(map[string]any)
		policy, ok := body["PolicyName"].(string)
		if !ok {
			return nil, fmt.Errorf("property Policies: element %d has no PolicyName", i)
		}
		documents = append(documents, document{c.id, "Policies/" + policy, identityPolicy, []string{name},
			body["PolicyDocument"]})
	}
	return documents, c.complete(name)
}

// complete notes why the role's identity policies cannot all be evaluated: a
// boundary, which limits what they allow, or a managed policy whose text is not
// in the template.
func (c carrier) complete(role string) error {
	if _, bounded := c.properties["PermissionsBoundary"]; bounded {
		c.account.unreadable[role] = fmt.Errorf("role %s has a permissions boundary, which is not evaluated", c.id)
	}
	attached, err := c.list("ManagedPolicyArns")
	for _, arn := range attached {
		own := slices.ContainsFunc(c.account.Of("AWS::IAM::ManagedPolicy"), func(id string) bool {
			return c.account.names[id].err == nil && c.account.names[id].arn == arn
		})
		if !own {
			c.account.unreadable[role] = fmt.Errorf("role %s has the managed policy %s, whose text is not in the template",
				c.id, arn)
		}
	}
	return err
}

// identity reads AWS::IAM::Policy, which names the roles that it is put into.
func identity(c carrier) ([]document, error) {
	for _, property := range []string{"Users", "Groups"} {
		if names, err := c.list(property); err != nil || len(names) > 0 {
			return nil, fmt.Errorf("%s: the policies of users and groups are not evaluated", property)
		}
	}
	names, err := c.list("Roles")
	return c.document("PolicyDocument", identityPolicy, names...), err
}

// managed reads AWS::IAM::ManagedPolicy, attached from its own side by Roles or
// from the role's by ManagedPolicyArns.
func managed(c carrier) ([]document, error) {
	arn, err := c.self()
	if err != nil {
		return nil, err
	}
	documents, err := identity(c)
	if err != nil {
		return nil, err
	}
	for _, id := range c.account.Of("AWS::IAM::Role") {
		resolved, err := c.account.Resolve(c.account.resources[id].properties["ManagedPolicyArns"])
		if err != nil {
			return nil, fmt.Errorf("role %s: ManagedPolicyArns: %w", id, err)
		}
		list, _ := resolved.([]any)
		name := c.account.names[id].name
		for i := range documents {
			if slices.Contains(list, any(arn)) && !slices.Contains(documents[i].targets, name) {
				documents[i].targets = append(documents[i].targets, name)
			}
		}
	}
	return documents, nil
}

// arn is an ARN in parts.
type arn struct {
	text, partition, service, account, resource string
}

// parseARN takes an ARN apart; of something else the parts are empty.
func parseARN(text string) arn {
	parts := strings.SplitN(text, ":", components)
	if len(parts) != components || parts[0] != "arn" {
		return arn{text: text}
	}
	return arn{text, parts[1], parts[2], parts[4], parts[5]}
}

func (a arn) isKey() bool  { return a.service == "kms" && strings.HasPrefix(a.resource, "key/") }
func (a arn) isRole() bool { return a.service == "iam" && strings.HasPrefix(a.resource, "role/") }

// parsePrincipal takes the ARN of an account's root, a role or a user apart.
func parsePrincipal(text string) (arn, error) {
	a := parseARN(text)
	role, user := strings.HasPrefix(a.resource, "role/"), strings.HasPrefix(a.resource, "user/")
	if a.service != "iam" || !isAccount(a.account) || a.resource != "root" && !role && !user {
		return a, errors.New("it is not the ARN of a role, a user or an account's root")
	}
	if strings.ContainsAny(text, "*?") {
		return a, errors.New("a principal's ARN has no wildcards")
	}
	return a, nil
}

// roleName is the name of a role from its ARN, without its path: names are
// unique in an account whatever the path.
func (a arn) roleName() string {
	return a.resource[strings.LastIndex(a.resource, "/")+1:]
}
