package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
)

// maxNumber bounds what EventBridge compares as a number: "Numeric matching is
// limited to value between -5.0e9 and +5.0e9 inclusive" (README of
// github.com/aws/event-ruler, "Numeric matching").
const maxNumber = 5e9

// number returns the value of a JSON number that EventBridge compares as one.
func number(value any) (float64, bool) {
	text, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := text.Float64()
	return f, err == nil && f >= -maxNumber && f <= maxNumber
}

// equal reports whether two leaves are the same value. 300 equals 300.0: the user
// guide says that EventBridge compares numbers as they are spelt, EventBridge
// itself does not (TestEventPattern as recorded on 2024-12-05 in
// github.com/localstack/localstack, case number_comparison_float). Numbers beyond
// maxNumber, such as account ids, are compared as they are spelt.
func equal(a, b any) bool {
	if a == b {
		return true
	}
	x, numeric := number(a)
	y, too := number(b)
	return numeric && too && x == y
}

// parseNumeric reads ["=", x], ["<", x], ["<=", x], [">", x], [">=", x] and a
// lower bound followed by an upper one.
func parseNumeric(operand any) (condition, error) {
	list, ok := operand.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return condition{}, errors.New("numeric must be an array of a comparison and a number, or of two of each")
	}
	type bound struct {
		op    string
		value float64
	}
	var bounds []bound
	for i := 0; i < len(list); i += 2 {
		op, ok := list[i].(string)
		if !ok {
			return condition{}, errors.New("numeric: a comparison must be a string")
		}
		value, ok := number(list[i+1])
		if !ok {
			return condition{}, fmt.Errorf("numeric: %s needs a number between -%g and %g", op, maxNumber, maxNumber)
		}
		lower, upper := op == ">" || op == ">=", op == "<" || op == "<="
		switch {
		case len(list) == 2 && (op == "=" || lower || upper):
		case len(list) == 4 && (i == 0 && lower || i == 2 && upper):
		default:
			return condition{}, fmt.Errorf("numeric: %q cannot stand there", op)
		}
		bounds = append(bounds, bound{op, value})
	}
	if len(bounds) == 2 && bounds[0].value >= bounds[1].value {
		return condition{}, errors.New("numeric: the lower bound must be below the upper one")
	}
	return condition{match: func(leaf any) bool {
		x, ok := number(leaf)
		for _, b := range bounds {
			switch b.op {
			case "=":
				ok = ok && x == b.value
			case "<":
				ok = ok && x < b.value
			case "<=":
				ok = ok && x <= b.value
			case ">":
				ok = ok && x > b.value
			case ">=":
				ok = ok && x >= b.value
			}
		}
		return ok
	}}, nil
}
