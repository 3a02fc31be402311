package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// match reports whether a statement applies to the call, and how it names the
// caller.
func (q call) match(s statement) match {
	m := q.named(s)
	if m == none || !q.acts(s) || !q.touches(s) {
		return none
	}
	for _, c := range s.conditions {
		holds, err := c.holds(q.given)
		if err != nil {
			fail("%s: %s %s: %w", s.label, c.operator, c.key, err)
		}
		if !holds {
			return none
		}
	}
	return m
}

// named returns whether the statement's policy is the caller's or the resource's, and how it names
// the caller.
func (q call) named(s statement) match {
	if s.Kind == identityPolicy {
		if q.who.role != "" && slices.Contains(s.targets, q.who.role) {
			return direct
		}
		return none
	}
	if !slices.ContainsFunc(s.targets, func(target string) bool { return covers(target, q.resource.text) }) {
		return none
	}
	best := none
	for _, g := range s.grantees {
		best = max(best, q.who.grantedBy(g))
	}
	return best
}

// grantedBy returns how one element of Principal names the caller. Naming an account "delegates
// authority to the account": its identity policies decide. A wildcard "grants access to all users …
// For IAM users and role principals within your account, no other permissions are required" (IAM
// User Guide, "Principal"). It matches services too, because it means "all principals".
func (c caller) grantedBy(g grantee) match {
	switch {
	case g.everybody:
		return direct
	case c.service != "":
		if g.service == c.service {
			return direct
		}
	case g.arn != "" && g.arn == c.arn:
		return direct
	case g.account != "" && g.account == c.account:
		return delegated
	}
	return none
}

func (q call) acts(s statement) bool {
	matches := func(pattern string) bool { return actionMatches(pattern, q.action) }
	if s.NotActions != nil {
		return !slices.ContainsFunc(s.NotActions, matches)
	}
	return slices.ContainsFunc(s.Actions, matches)
}

// touches reports whether the statement's Resource matches that of the call. In a key policy "*"
// means "this KMS key", and so it does in every policy that is attached to its resource: named has
// checked that.
func (q call) touches(s statement) bool {
	matches := func(pattern string) bool { return resourceMatches(pattern, q.resource.text) }
	switch {
	case s.Kind == trustPolicy:
		return true
	case s.NotResources != nil:
		return !slices.ContainsFunc(s.NotResources, matches)
	default:
		return slices.ContainsFunc(s.Resources, matches)
	}
}

// owner returns the account of the resource. S3's ARNs have none: a bucket of the template belongs
// to the stack's account.
func (a *Account) owner(resource arn, given map[string][]string) string {
	if resource.account != "" {
		return resource.account
	}
	if account := given["aws:resourceaccount"]; len(account) == 1 {
		return account[0]
	}
	if resource.text == "*" {
		return a.where.Account
	}
	container, _, _ := strings.Cut(resource.text, "/")
	for _, named := range a.names {
		if named.arn != "" && (named.arn == resource.text || named.arn == container) {
			return a.where.Account
		}
	}
	fail("resource %s: its ARN has no account; give aws:ResourceAccount", resource.text)
	return ""
}

// requestContext returns the context of a call by lower-case key: "Condition key names are not
// case-sensitive."
type requestContext map[string][]string

// everyCall are keys that every call has (IAM User Guide, "AWS global condition
// context keys", under Availability; aws:SourceIp but for VPC endpoints) and
// that only the caller of Decide can know.
const everyCall = " aws:currenttime aws:epochtime aws:requestedregion aws:principaltype aws:userid aws:useragent " +
	"aws:viaawsservice aws:sourceip "

func (c requestContext) values(key string) ([]string, error) {
	key = strings.ToLower(key)
	values, given := c[key]
	if !given && strings.Contains(everyCall, " "+key+" ") {
		return nil, errors.New("every call has this key; give its value, or an empty list")
	}
	return values, nil
}

func lower(given map[string][]string) map[string][]string {
	all := map[string][]string{}
	for key, values := range given {
		key = strings.ToLower(key)
		if _, twice := all[key]; twice {
			fail("context key %s: it is given twice", key)
		}
		all[key] = values
	}
	return all
}

// context adds the keys that follow from the call itself.
func (q call) context(given map[string][]string) requestContext {
	all := requestContext{
		// "The aws:SecureTransport key is always present in the request context."
		"aws:securetransport":       {"true"},
		"aws:principalisawsservice": {fmt.Sprint(q.who.service != "")},
		"aws:resourceaccount":       {q.owner},
	}
	if q.who.service != "" {
		all["aws:principalservicename"] = []string{q.who.service}
	} else {
		all["aws:principalarn"] = []string{q.who.arn}
		all["aws:principalaccount"] = []string{q.who.account}
		if service, _, _ := strings.Cut(q.action, ":"); strings.EqualFold(service, "kms") {
			all["kms:calleraccount"] = []string{q.who.account}
		}
	}
	maps.Copy(all, given)
	return all
}
