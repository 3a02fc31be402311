package doctor

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// The part of IAM's policy language that policies of queues are written in ("IAM JSON
// policy elements reference", IAM user guide, 2026-11). What is not in it makes a
// decision unknown, never allowed or denied.

// decision is what a policy does to a call.
type decision int

const (
	notAllowed decision = iota // no statement applies
	allowed
	explicitDeny
	unknown
)

// call is a call as a policy sees it.
type call struct {
	principal string // ARN of a role; "" where a service calls
	service   string
	action    string
	resource  string
	keys      map[string]string // of conditions, in lower case
}

// policy is a resource policy.
type policy struct{ Statement statements }

type statement struct {
	Effect                  string
	Principal, NotPrincipal json.RawMessage
	Action, NotAction       texts
	Resource, NotResource   texts
	Condition               map[string]map[string]texts
}

// statements is one statement, or a list of them.
type statements []statement

func (s *statements) UnmarshalJSON(text []byte) error {
	var list []statement
	if json.Unmarshal(text, &list) != nil {
		list = make([]statement, 1)
		if err := json.Unmarshal(text, &list[0]); err != nil {
			return err
		}
	}
	*s = list
	return nil
}

// texts is one text, or a list of them. A boolean is the text of it.
type texts []string

func (t *texts) UnmarshalJSON(text []byte) error {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	*t = texts{}
	for _, v := range list {
		switch v := v.(type) {
		case string:
			*t = append(*t, v)
		case bool:
			*t = append(*t, map[bool]string{true: "true", false: "false"}[v])
		default:
			return errors.New("neither a text nor a boolean")
		}
	}
	return nil
}

func parsePolicy(text string) (p policy, err error) {
	err = json.Unmarshal([]byte(text), &p)
	return p, err
}

// truth is yes, no, or not known.
type truth int

const (
	no truth = iota
	maybe
	yes
)

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

// decide returns what the policy does to a call: a deny goes before every allow.
func (p policy) decide(c call) decision {
	allow, deny := no, no
	for _, s := range p.Statement {
		applies := s.applies(c)
		switch s.Effect {
		case "Allow":
			allow = max(allow, applies)
		case "Deny":
			deny = max(deny, applies)
		default:
			return unknown
		}
	}
	switch {
	case deny == yes:
		return explicitDeny
	case deny == maybe, allow == maybe:
		return unknown
	case allow == yes:
		return allowed
	}
	return notAllowed
}

// applies reports whether all parts of a statement apply to a call.
func (s statement) applies(c call) truth {
	result := s.principal(c)
	action := func(list texts) bool {
		return slices.ContainsFunc(list, func(a string) bool { return glob(strings.ToLower(a), strings.ToLower(c.action)) })
	}
	resource := func(list texts) bool {
		return slices.ContainsFunc(list, func(r string) bool { return glob(r, c.resource) })
	}
	if s.NotAction != nil {
		result = min(result, of(!action(s.NotAction)))
	} else {
		result = min(result, of(action(s.Action)))
	}
	if s.NotResource != nil {
		result = min(result, of(!resource(s.NotResource)))
	} else {
		result = min(result, of(resource(s.Resource)))
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			result = min(result, holds(operator, values, c.keys, strings.ToLower(key)))
		}
	}
	return result
}

// principal reports whether a statement is about who calls.
func (s statement) principal(c call) truth {
	if s.NotPrincipal != nil {
		return maybe
	}
	var all texts
	if json.Unmarshal(s.Principal, &all) == nil {
		return of(slices.Contains(all, "*"))
	}
	var kinds map[string]texts
	if json.Unmarshal(s.Principal, &kinds) != nil {
		return maybe
	}
	for kind, list := range kinds {
		for _, name := range list {
			account := strings.SplitN(c.principal+":::::", ":", 6)[4]
			switch {
			case kind == "AWS" && name == "*", kind == "Service" && c.service != "" && name == c.service:
				return yes
			case kind == "AWS" && c.principal != "" && (name == c.principal || name == account ||
				strings.HasSuffix(name, ":iam::"+account+":root")):
				return yes
			}
		}
	}
	return no
}

// holds reports whether one operator holds for one key. Several values of a positive
// operator are ORed, those of a negative one must all differ; a key that a call does not
// have fails a positive operator and passes a negative one ("Condition operators", IAM
// user guide, 2026-11).
func holds(operator string, values texts, keys map[string]string, key string) truth {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	value, has := keys[key]
	known := []string{"aws:sourcearn", "aws:sourceaccount", "aws:securetransport", "aws:principalarn",
		"aws:principalaccount", "aws:principalisawsservice"}
	if !slices.Contains(known, key) || slices.ContainsFunc(values, func(v string) bool {
		return strings.Contains(v,
			"${")
	}) {
		return maybe
	}
	if operator == "Null" {
		return of(slices.Contains(values, "true") != has)
	}
	if ifExists && !has {
		return yes
	}
	equal := map[string]func(pattern, value string) bool{
		"StringEquals": func(p, v string) bool { return p == v }, "StringLike": glob,
		"StringEqualsIgnoreCase": strings.EqualFold, "Bool": strings.EqualFold,
		"ArnEquals": globARN, "ArnLike": globARN,
	}
	match, negative := equal[operator], false
	if match == nil {
		match, negative = equal[strings.Replace(operator, "Not", "", 1)], true
		if match == nil || operator == "BoolNot" || !strings.Contains(operator, "Not") {
			return maybe
		}
	}
	any := has && slices.ContainsFunc(values, func(v string) bool { return match(v, value) })
	return of(any != negative)
}

// globARN compares the six parts of two ARNs, each with * and ?.
func globARN(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(p) != 6 || len(a) != 6 {
		return false
	}
	for i := range p {
		if !glob(p[i], a[i]) {
			return false
		}
	}
	return true
}

// glob reports whether a pattern of IAM's matches: * is any characters, ? is one.
func glob(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
