package access

import (
	"fmt"
	"strings"
)

// Principal makes a call: a Service or a Role.
type Principal struct {
	// Service is an AWS service that calls as itself (events.amazonaws.com). For a service that
	// calls as a role, set Role.
	Service string
	// Role is the ARN of a role of any account; for an assumed role the role's ARN. A role of this
	// account has the identity policies in the template. A role of another account is assumed to
	// have identity policies that allow everything, so that only the policies of this account
	// decide.
	Role string
	// Administrator: Role also has identity policies that allow everything.
	Administrator bool
}

// Request is one call.
type Request struct {
	Principal Principal
	Action    string // service:Action
	Resource  string // an ARN, or "*" for an action that has no resource

	// Context has the condition keys of the call, by name in any case. These are added:
	// aws:SecureTransport (true), aws:PrincipalIsAWSService, aws:ResourceAccount; for roles
	// aws:PrincipalArn, aws:PrincipalAccount and for KMS kms:CallerAccount; for services
	// aws:PrincipalServiceName. A key in Context takes precedence; a key with an empty list is not
	// in the call. It is an error if a policy tests a key that every call has, but that is neither
	// added nor given (aws:CurrentTime, aws:SourceIp, …).
	Context map[string][]string
}

// Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	// Why names the deciding statements, each as the logical id of the resource with the policy,
	// the property and the Sid or number, or says that nothing allows the call.
	Why string
}

// match is what one statement, or the best of several, means for a principal.
type match int

const (
	none      match = iota
	delegated       // allows the principal's account; its identity policies decide
	direct          // allows the principal
)

// Decide evaluates a call by the policies that apply to it.
//
// "An explicit deny overrides an explicit allow." In one account, "if either the identity-based
// policy or the resource-based policy within the same account allows the request and the other
// doesn't, the request is still allowed", except for keys and roles, see both. Across accounts, a
// resource-based policy must "specify the principal of the trusted account" and "the principal's
// identity-based policy must allow the requested access". A service that calls as itself has no
// identity policies: a resource policy must name it. (IAM User Guide, "Policy evaluation logic" and
// its sub-chapters, read 2026-11-22.)
func (a *Account) Decide(r Request) (d Decision, err error) {
	if a.fault != nil {
		return d, fmt.Errorf("the policies cannot all be evaluated: %w", a.fault)
	}
	err = attempt(func() { d = a.decide(a.newCall(r)) })
	return d, err
}

func (a *Account) decide(q call) Decision {
	identity, byIdentity, resource, byResource := q.own, "its own policies", none, ""
	for _, s := range a.statements {
		switch m := q.match(s); {
		case m == none:
		case s.Effect == "Deny":
			return Decision{Why: fmt.Sprintf("denied by %s (%s)", s.label, s.Kind)}
		case s.Kind == identityPolicy:
			if !identity {
				identity, byIdentity = true, s.label+" (identity)"
			}
		case m > resource:
			resource, byResource = m, fmt.Sprintf("%s (%s)", s.label, s.Kind)
		}
	}
	if q.defaultKeyPolicy && resource == none && q.who.account == q.owner {
		resource, byResource = delegated, "the default key policy"
	}
	switch {
	case resource == direct && (q.who.service != "" || q.who.account == q.owner):
		return Decision{true, "allowed by " + byResource}
	case resource != none && identity:
		return Decision{true, "allowed by " + byResource + " and " + byIdentity}
	case identity && !q.both && q.who.account == q.owner:
		return Decision{true, "allowed by " + byIdentity}
	}
	return Decision{Why: silence(identity, byIdentity, resource, byResource)}
}

func silence(identity bool, byIdentity string, resource match, byResource string) string {
	switch {
	case identity:
		return "nothing allows it: " + byIdentity + " would, but no policy of the resource does"
	case resource != none:
		return "nothing allows it: " + byResource + " leaves it to identity policies, and none allows it"
	default:
		return "nothing allows it"
	}
}

// caller is the principal with its ARN split.
type caller struct {
	service, arn, account string
	role                  string // a role of this account: its name
}

// call is a request with everything that policies are matched against.
type call struct {
	who      caller
	action   string
	resource arn
	owner    string // the resource's account
	own      bool   // the caller has identity policies that allow everything
	given    requestContext

	// both: the resource's policy must allow before an identity policy counts. "Unless the key
	// policy explicitly allows it, you cannot use IAM policies to allow access to a KMS key" (KMS
	// Developer Guide, "Key policies"). A role can be assumed only by principals that its trust
	// policy names or delegates to.
	both             bool
	defaultKeyPolicy bool
}

func (a *Account) newCall(r Request) call {
	service, _, _ := strings.Cut(r.Action, ":")
	resource := parseARN(r.Resource)
	switch {
	case checkAction(r.Action) != nil || strings.ContainsAny(r.Action, "*?"):
		fail("action %q: it is not service:Action", r.Action)
	case r.Resource != "*" && resource.service == "":
		fail(`resource %q: it is neither an ARN nor "*"`, r.Resource)
	}
	q := call{who: a.caller(r.Principal), action: r.Action, resource: resource}
	given := lower(r.Context)
	q.owner = a.owner(resource, given)
	q.given = q.context(given)
	foreign := q.who.service == "" && q.who.account != a.where.Account
	q.own = r.Principal.Administrator || foreign
	switch {
	case foreign && q.owner != a.where.Account:
		fail("neither the principal nor the resource is of this account")
	case q.who.role != "" && a.unreadable[q.who.role] != nil:
		fail("%w", a.unreadable[q.who.role])
	case service == "kms" && strings.HasPrefix(resource.resource, "alias/") &&
		!strings.HasSuffix(strings.ToLower(r.Action), "alias"):
		fail("resource %s: KMS authorises by the key's ARN, also if the call names an alias", r.Resource)
	case resource.isKey():
		q.both, q.defaultKeyPolicy = true, !a.governed[r.Resource]
	case resource.isRole() && service == "sts":
		if q.both = true; !a.governed[r.Resource] {
			fail("resource %s: the role's trust policy is not known; give it in Where.Policies", r.Resource)
		}
	}
	return q
}

func (a *Account) caller(p Principal) caller {
	defer within("principal %s", p.Service+p.Role)
	switch {
	case (p.Service == "") == (p.Role == ""):
		fail("not exactly one of Service and Role is set")
	case p.Administrator && p.Role == "":
		fail("only a Role can be an Administrator")
	case p.Service != "":
		return caller{service: p.Service}
	}
	named := parsePrincipal(p.Role)
	if !named.isRole() {
		fail("%q is not the ARN of a role", p.Role)
	}
	c := caller{arn: named.text, account: named.account}
	if c.account == a.where.Account {
		c.role = named.roleName()
		if own, ok := a.roles[c.role]; ok && own != c.arn {
			fail("role %s: its ARN is %s", c.role, own)
		}
	}
	return c
}
