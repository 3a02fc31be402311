package access

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// glob reports whether text matches a pattern of "multi-character match
// wildcards (*)" and "single-character match wildcards (?)".
func glob(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		_, width := utf8.DecodeRuneInString(text[t:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += width
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// components are the six parts of an ARN, arn:partition:service:region:account:
// resource; colons after the fifth belong to the resource.
const components = 6

// arnLike is ArnLike and ArnEquals: "Each of the six colon-delimited components
// of the ARN is checked separately and each can include multi-character match
// wildcards (*) or single-character match wildcards (?). The ArnEquals and
// ArnLike condition operators behave identically." (IAM User Guide, "Condition
// operators".)
func arnLike(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", components), strings.SplitN(arn, ":", components)
	if len(p) != len(a) {
		return false
	}
	for i := range p {
		if !glob(p[i], a[i]) {
			return false
		}
	}
	return true
}

// resourceMatches matches the Resource element: "You can use wildcard characters (* and ?) within
// the individual segments of an ARN (the parts separated by colons) … If the * wildcard is the last
// character of a resource ARN segment, it can expand to match beyond the colon boundaries." (IAM
// User Guide, "Resource".) The second sentence is implemented only for the last of the six parts: a
// star before it never matches a colon. That can only make an Allow match less often; no Deny of
// our templates should depend on it.
func resourceMatches(pattern, arn string) bool { return pattern == "*" || arnLike(pattern, arn) }

// checkResource refuses a text that cannot name a resource: IAM says "Resource must be in ARN
// format or "*"".
func checkResource(pattern string) error {
	switch {
	case pattern == "*":
		return nil
	case strings.Contains(pattern, "${"):
		return errors.New("policy variables are not evaluated")
	case !strings.HasPrefix(pattern, "arn:"):
		return errors.New(`it is neither "*" nor an ARN`)
	}
	return checkARN(pattern)
}

// checkAction refuses a text that cannot name an action.
func checkAction(pattern string) error {
	if service, action, ok := strings.Cut(pattern, ":"); pattern != "*" && (!ok || service == "" || action == "") {
		return errors.New(`it is neither "*" nor service:action`)
	}
	return nil
}

// actionMatches ignores case: "The prefix and the action name are case
// insensitive" (IAM User Guide, "Action").
func actionMatches(pattern, action string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(action))
}
