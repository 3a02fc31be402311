package access

import (
	"errors"
	"fmt"
	"strings"
)

// condition is one operator on one key of a Condition element.
type condition struct {
	operator string // as written, with prefix and suffix
	key      string // as written
	values   []string

	compare  comparison
	set      string // forAll, forAny or empty
	ifExists bool
}

// comparison is what an operator does with one value of the policy and one of
// the request.
type comparison struct {
	negated bool
	valid   func(value string) error
	holds   func(policy, request string) bool
}

const (
	nullOperator = "Null"
	forAll       = "ForAllValues"
	forAny       = "ForAnyValue"
)

// comparisons holds the operators that are known: those that policies of ours use,
// and their negations.
var comparisons = map[string]comparison{
	"StringEquals":              {false, anything, same},
	"StringNotEquals":           {true, anything, same},
	"StringEqualsIgnoreCase":    {false, anything, strings.EqualFold},
	"StringNotEqualsIgnoreCase": {true, anything, strings.EqualFold},
	"StringLike":                {false, anything, glob},
	"StringNotLike":             {true, anything, glob},
	"ArnEquals":                 {false, checkARN, arnLike},
	"ArnLike":                   {false, checkARN, arnLike},
	"ArnNotEquals":              {true, checkARN, arnLike},
	"ArnNotLike":                {true, checkARN, arnLike},
	"Bool":                      {false, checkBool, strings.EqualFold},
	nullOperator:                {false, checkBool, nil},
}

func anything(string) error { return nil }

func same(policy, request string) bool { return policy == request }

func checkARN(value string) error {
	if strings.Count(value, ":") < components-1 {
		return errors.New("it has fewer than the six parts of an ARN")
	}
	return nil
}

func checkBool(value string) error {
	if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
		return errors.New("it is neither true nor false")
	}
	return nil
}

func newCondition(operator, key string, values []string) (condition, error) {
	c := condition{operator: operator, key: key, values: values}
	name := operator
	if set, rest, ok := strings.Cut(operator, ":"); ok && (set == forAll || set == forAny) {
		name, c.set = rest, set
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	var known bool
	if c.compare, known = comparisons[name]; !known {
		return c, errors.New("this condition operator is not evaluated")
	}
	// "You can add IfExists to the end of any condition operator name except the
	// Null condition."
	if name == nullOperator && (c.set != "" || c.ifExists || len(values) != 1) {
		return c, errors.New("operator Null takes one value, no prefix and no IfExists")
	}
	if len(values) == 0 || key == "" {
		return c, errors.New("it has no key or no value")
	}
	for _, value := range values {
		if strings.Contains(value, "${") {
			return c, fmt.Errorf("value %q: policy variables are not evaluated", value)
		}
		if err := c.compare.valid(value); err != nil {
			return c, fmt.Errorf("value %q: %w", value, err)
		}
	}
	return c, nil
}

// holds evaluates the condition. All operators and keys of a statement must
// hold; here its values are ORed: "If a single condition operator includes
// multiple values for a context key, those values are evaluated using a logical
// OR. If a single negated matching condition operator includes multiple values
// for a context key, those values are evaluated using a logical NOR." (IAM User
// Guide, "Conditions with multiple context keys or values".)
func (c condition) holds(given requestContext) (bool, error) {
	values, err := given.values(c.key)
	if err != nil {
		return false, err
	}
	if c.set != "" {
		values = withoutEmpty(values)
	}
	if c.operator == nullOperator {
		// "use either true (the key doesn't exist - it is null) or false (the key
		// exists and its value is not null)"
		return strings.EqualFold(c.values[0], "true") == (len(values) == 0), nil
	}
	if len(values) == 0 {
		return c.withoutKey(), nil
	}
	if c.set == "" && len(values) > 1 {
		return false, fmt.Errorf("the request has %d values of it: \"Multivalued context keys require a condition set "+
			"operator\"", len(values))
	}
	for _, value := range values {
		if err := c.compare.valid(value); err != nil {
			return false, fmt.Errorf("the request's value %q: %w", value, err)
		}
		matched := false
		for _, policy := range c.values {
			matched = matched || c.compare.holds(policy, value)
		}
		switch holds := matched != c.compare.negated; {
		case holds && c.set == forAny:
			return true, nil
		case !holds && c.set != forAny:
			return false, nil
		}
	}
	return c.set != forAny, nil
}

// withoutKey is the condition's value when the request lacks its key.
//
// "If the key that you specify in a policy condition is not present in the
// request context, the values do not match and the condition is false. If the
// policy condition requires that the key is not matched, such as StringNotLike
// or ArnNotLike, and the right key is not present, the condition is true. This
// logic applies to all condition operators except ...IfExists and Null check."
// (IAM User Guide, "Condition operators".) IfExists: "If the key is not present,
// evaluate the condition element as true." Set operators: for no values, or only
// empty ones, "a condition operator modified by ForAllValues returns true, and a
// condition operator modified by ForAnyValue returns false" ("Set operators for
// multivalued context keys"; the sentence is in the guide's edition on GitHub).
func (c condition) withoutKey() bool {
	switch {
	case c.ifExists, c.set == forAll:
		return true
	case c.set == forAny:
		return false
	default:
		return c.compare.negated
	}
}

func withoutEmpty(values []string) []string {
	var kept []string
	for _, value := range values {
		if value != "" {
			kept = append(kept, value)
		}
	}
	return kept
}
