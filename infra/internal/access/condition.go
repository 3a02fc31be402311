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

	compare comparison
}

// comparison compares one value of the policy with one of the request.
type comparison struct {
	negated bool
	valid   func(value string) error
	holds   func(policy, request string) bool
}

// nullOperator asks whether the request has the key at all.
const nullOperator = "Null"

// comparisons has the known operators, those in our policies. Any other is an error, as are
// IfExists and the set operators.
var comparisons = map[string]comparison{
	"StringEquals": {false, anything, same},
	"StringLike":   {false, anything, glob},
	"ArnEquals":    {false, checkARN, arnLike},
	"ArnLike":      {false, checkARN, arnLike},
	"ArnNotEquals": {true, checkARN, arnLike},
	"Bool":         {false, checkBool, strings.EqualFold},
	nullOperator:   {false, checkBool, nil},
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
	var known bool
	if c.compare, known = comparisons[operator]; !known {
		return c, errors.New("this condition operator is not evaluated")
	}
	if len(values) == 0 || key == "" {
		return c, errors.New("it has no key or no value")
	}
	if operator == nullOperator && len(values) != 1 {
		return c, errors.New("operator Null takes one value")
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

// holds evaluates the condition. All operators and keys of a statement must be true; the values of
// one are ORed: "If a single condition operator includes multiple values for a context key, those
// values are evaluated using a logical OR. If a single negated matching condition operator includes
// multiple values for a context key, those values are evaluated using a logical NOR." (IAM User
// Guide, "Conditions with multiple context keys or values".)
func (c condition) holds(given requestContext) (bool, error) {
	values, err := given.values(c.key)
	if err != nil {
		return false, err
	}
	if c.operator == nullOperator {
		// "use either true (the key doesn't exist - it is null) or false (the key
		// exists and its value is not null)"
		return strings.EqualFold(c.values[0], "true") == (len(values) == 0), nil
	}
	// "If the key that you specify in a policy condition is not present in the
	// request context, the values do not match and the condition is false. If the
	// policy condition requires that the key is not matched, such as StringNotLike
	// or ArnNotLike, and the right key is not present, the condition is true."
	// (IAM User Guide, "Condition operators".)
	if len(values) == 0 {
		return c.compare.negated, nil
	}
	if len(values) > 1 {
		return false, fmt.Errorf("the request has %d values of it: \"Multivalued context keys require a condition set "+
			"operator\"", len(values))
	}
	if err := c.compare.valid(values[0]); err != nil {
		return false, fmt.Errorf("the request's value %q: %w", values[0], err)
	}
	for _, policy := range c.values {
		if c.compare.holds(policy, values[0]) {
			return !c.compare.negated, nil
		}
	}
	return c.compare.negated, nil
}
