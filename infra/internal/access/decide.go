package access

import (
	"errors"
	"fmt"
	"strings"
)

// Principal makes a call. Exactly one of Service, Role, User and Account is set.
type Principal struct {
	// Service is an AWS service that calls on its own (events.amazonaws.com). A
	// service that calls as a role is that Role.
	Service string
	// Role and User are the ARN of a role or user of any account; for an assumed
	// role the role's ARN. The identity policies of a role of this account are
	// those that the template gives it; a user of this account has none; a role
	// or user of another account is taken to have identity policies that allow
	// everything, so that only ours decide.
	Role, User string
	// Account is an account as such, its root, whose identity allows everything:
	// who may do whatever the account may hand on.
	Account string
	// Administrator is a Role or User whose identity policies allow everything,
	// beside what the template gives it.
	Administrator bool
}

// Request is one call.
type Request struct {
	Principal Principal
	Action    string // service:Action
	Resource  string // an ARN, or "*" for an action that has no resource

	// Context has the condition keys of the call, by name in any case. These are
	// filled in: aws:SecureTransport (true), aws:PrincipalIsAWSService,
	// aws:ResourceAccount; for roles, users and accounts aws:PrincipalArn,
	// aws:PrincipalAccount and for KMS kms:CallerAccount; for services
	// aws:PrincipalServiceName. What stands here wins; a key with an empty list
	// is not in the call. A key that every call has but that is neither filled in
	// nor given (aws:CurrentTime, aws:SourceIp, …) is an error if a policy asks
	// for it.
	Context map[string][]string
}

// Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	// Why names the deciding statements, each as the carrier's logical id, the
	// property and the Sid or number, or says that nothing allows the call.
	Why string
}

// match is what one statement, or the best of several, says to a principal.
type match int

const (
	none      match = iota
	delegated       // allows the principal's account, whose identity policies decide
	direct          // allows the principal
)

// Decide evaluates a call by the policies that apply to it.
//
// "An explicit deny overrides an explicit allow." In one account, "if either the
// identity-based policy or the resource-based policy within the same account
// allows the request and the other doesn't, the request is still allowed", but
// for keys and roles, see both. Across accounts, a resource-based policy must
// "specify the principal of the trusted account" and "the principal's
// identity-based policy must allow the requested access". A service that calls
// on its own has no identity policies: a resource policy must name it. (IAM User
// Guide, "Policy evaluation logic" and its sub-chapters, read 2026-11-22.)
func (a *Account) Decide(r Request) (Decision, error) {
	if a.fault != nil {
		return Decision{}, fmt.Errorf("the policies cannot all be evaluated: %w", a.fault)
	}
	q, err := a.newCall(r)
	if err != nil {
		return Decision{}, err
	}
	identity, byIdentity, resource, byResource := q.own, "its own policies", none, ""
	for _, s := range a.statements {
		m, err := q.match(s)
		switch {
		case err != nil:
			return Decision{}, fmt.Errorf("%s: %w", s.label, err)
		case m == none:
		case s.Effect == "Deny":
			return Decision{Why: fmt.Sprintf("denied by %s (%s)", s.label, s.Kind)}, nil
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
		return Decision{true, "allowed by " + byResource}, nil
	case resource != none && identity:
		return Decision{true, "allowed by " + byResource + " and " + byIdentity}, nil
	case identity && !q.both && q.who.account == q.owner:
		return Decision{true, "allowed by " + byIdentity}, nil
	}
	return Decision{Why: silence(identity, byIdentity, resource, byResource)}, nil
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

// caller is the principal, taken apart.
type caller struct {
	service, arn, account string
	root                  bool
	role                  string // a role of this account: its name
}

// call is a request with all that its policies are matched against.
type call struct {
	who      caller
	action   string
	resource arn
	owner    string // the resource's account
	own      bool   // the caller has identity policies that allow everything
	given    requestContext

	// both: the resource's policy must allow before an identity policy counts.
	// "Unless the key policy explicitly allows it, you cannot use IAM policies to
	// allow access to a KMS key" (KMS Developer Guide, "Key policies"); a role is
	// assumed by whom its trust policy names or delegates to.
	both             bool
	defaultKeyPolicy bool
}

func (a *Account) newCall(r Request) (call, error) {
	who, err := a.caller(r.Principal)
	if err != nil {
		return call{}, fmt.Errorf("principal: %w", err)
	}
	service, _, _ := strings.Cut(r.Action, ":")
	if checkAction(r.Action) != nil || strings.ContainsAny(r.Action, "*?") {
		return call{}, fmt.Errorf("action %q: it is not service:Action", r.Action)
	}
	resource := parseARN(r.Resource)
	if r.Resource != "*" && resource.service == "" {
		return call{}, fmt.Errorf(`resource %q: it is neither an ARN nor "*"`, r.Resource)
	}
	q := call{who: who, action: r.Action, resource: resource}
	given, err := lower(r.Context)
	if err != nil {
		return call{}, err
	}
	if q.owner, err = a.owner(resource, given); err != nil {
		return call{}, err
	}
	q.given = q.context(given)
	ours := a.where.Account
	if who.service == "" && who.account != ours && q.owner != ours {
		return call{}, errors.New("neither the principal nor the resource is of this account")
	}
	q.own = who.service == "" && (r.Principal.Administrator || who.root || who.account != ours)
	if err := a.unreadable[who.role]; who.role != "" && err != nil {
		return call{}, err
	}
	switch {
	case service == "kms" && strings.HasPrefix(resource.resource, "alias/") &&
		!strings.HasSuffix(strings.ToLower(r.Action), "alias"):
		return call{}, fmt.Errorf("resource %s: KMS authorises by the key's ARN, whatever name the key is called by",
			r.Resource)
	case resource.isKey():
		q.both, q.defaultKeyPolicy = true, !a.governed[r.Resource]
	case resource.isRole() && service == "sts":
		if !a.governed[r.Resource] {
			return call{}, fmt.Errorf("resource %s: the role's trust policy is not known; give it in Where.Policies", r.Resource)
		}
		q.both = true
	}
	return q, nil
}

func (a *Account) caller(p Principal) (caller, error) {
	set := 0
	for _, text := range []string{p.Service, p.Role, p.User, p.Account} {
		if text != "" {
			set++
		}
	}
	switch {
	case set != 1:
		return caller{}, errors.New("not exactly one of Service, Role, User and Account is set")
	case p.Administrator && p.Role+p.User == "":
		return caller{}, errors.New("only a Role or User can be an Administrator")
	case p.Service != "":
		return caller{service: p.Service}, nil
	case p.Account != "":
		if !isAccount(p.Account) {
			return caller{}, fmt.Errorf("account %q: it is not twelve digits", p.Account)
		}
		return caller{arn: "arn:" + a.where.Partition + ":iam::" + p.Account + ":root", account: p.Account, root: true}, nil
	}
	named, err := parsePrincipal(p.Role + p.User)
	if err != nil || named.isRole() != (p.Role != "") || named.resource == "root" {
		return caller{}, fmt.Errorf("%q is not the ARN of the role or user", p.Role+p.User)
	}
	c := caller{arn: named.text, account: named.account}
	if named.isRole() && c.account == a.where.Account {
		c.role = named.roleName()
		if own, ok := a.roles[c.role]; ok && own != c.arn {
			return caller{}, fmt.Errorf("role %s: its ARN is %s", c.role, own)
		}
	}
	return c, nil
}
