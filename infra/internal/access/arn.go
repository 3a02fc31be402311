package access

import "strings"

// arn is an ARN in parts.
type arn struct {
	text, partition, service, account, resource string
}

// parseARN splits an ARN. For any other text the parts are empty.
func parseARN(text string) arn {
	parts := strings.SplitN(text, ":", components)
	if len(parts) != components || parts[0] != "arn" {
		return arn{text: text}
	}
	return arn{text, parts[1], parts[2], parts[4], parts[5]}
}

func (a arn) isKey() bool  { return a.service == "kms" && strings.HasPrefix(a.resource, "key/") }
func (a arn) isRole() bool { return a.service == "iam" && strings.HasPrefix(a.resource, "role/") }

// parsePrincipal splits the ARN of an account's root, a role or a user.
func parsePrincipal(text string) arn {
	a := parseARN(text)
	role, user := strings.HasPrefix(a.resource, "role/"), strings.HasPrefix(a.resource, "user/")
	switch {
	case a.service != "iam" || !isAccount(a.account) || a.resource != "root" && !role && !user:
		fail("it is not the ARN of a role, a user or an account's root")
	case strings.ContainsAny(text, "*?"):
		fail("a principal's ARN has no wildcards")
	}
	return a
}

// roleName returns the name of a role from its ARN, without its path: names are unique in an
// account whatever the path.
func (a arn) roleName() string {
	return a.resource[strings.LastIndex(a.resource, "/")+1:]
}
