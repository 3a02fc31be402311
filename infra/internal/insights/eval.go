package insights

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// eval is what an expression comes to in a row. A condition comes to truth, or to
// missing where the guide does not say.
func (e *engine) eval(x *expr, r *row) (value, error) {
	switch x.op {
	case opConst:
		return x.value, nil
	case opRef:
		if x.root != "" {
			return member(r.vars[x.root], x.inner, e.log.reading), nil
		}
		return e.lookup(r, x.name), nil
	case opNot:
		v, err := e.eval(x.args[0], r)
		if err != nil {
			return v, err
		}
		if v.none() {
			return v, errors.New("not of a comparison with a missing field, of which the guide does not speak")
		}
		return truthValue(v.number == 0), nil
	case opAnd, opOr:
		return e.junction(x, r)
	case opLike:
		return e.like(x, r)
	case opCall:
		return e.call(x, r)
	case opBinary:
		return e.binary(x, r)
	}
	return value{}, fmt.Errorf("no value of %v", x.op)
}

// junction is and, or: decided by what decides it, missing where nothing does and
// something is missing.
func (e *engine) junction(x *expr, r *row) (value, error) {
	decisive := x.op == opOr
	out := truthValue(!decisive)
	for _, a := range x.args {
		v, err := e.eval(a, r)
		switch {
		case err != nil:
			return v, err
		case v.none():
			out = value{}
		case (v.number == 1) == decisive:
			return v, nil
		}
	}
	return out, nil
}

func (e *engine) like(x *expr, r *row) (value, error) {
	v, err := e.eval(x.args[0], r)
	if err != nil || v.none() || v.kind == structure {
		if err == nil && x.neg {
			err = errors.New("not like of a missing field")
		}
		return value{}, err
	}
	return truthValue(x.regex.MatchString(v.String()) != x.neg), nil
}

func (e *engine) binary(x *expr, r *row) (value, error) {
	left, err := e.eval(x.args[0], r)
	if err != nil {
		return left, err
	}
	if x.name == "in" {
		return e.member(x, left, r)
	}
	right, err := e.eval(x.args[1], r)
	if err != nil {
		return right, err
	}
	if left.none() || right.none() {
		if x.name == "!=" {
			return value{}, errors.New("!= with a missing field, of which the guide does not speak")
		}
		return value{}, nil
	}
	switch x.name {
	case "=":
		return truthValue(equal(left, right)), nil
	case "!=":
		return truthValue(!equal(left, right)), nil
	}
	a, ok := left.asNumber()
	b, both := right.asNumber()
	if !ok || !both {
		return value{}, fmt.Errorf("%q %s %q: numbers only, the order of texts is not documented", left, x.name, right)
	}
	switch x.name {
	case "<":
		return truthValue(a < b), nil
	case "<=":
		return truthValue(a <= b), nil
	case ">":
		return truthValue(a > b), nil
	case ">=":
		return truthValue(a >= b), nil
	case "+":
		return numberValue(a + b), nil
	case "-":
		return numberValue(a - b), nil
	case "*":
		return numberValue(a * b), nil
	case "/":
		return numberValue(a / b), nil
	}
	return value{}, fmt.Errorf("unknown operator %s", x.name)
}

// member is in: "put the array after in"; elements "must be complete string
// matches" (CWL_QuerySyntax-Filter).
func (e *engine) member(x *expr, left value, r *row) (value, error) {
	if left.none() {
		if x.neg {
			return value{}, errors.New("not in of a missing field")
		}
		return value{}, nil
	}
	for _, a := range x.args[1].args {
		v, err := e.eval(a, r)
		if err != nil {
			return v, err
		}
		if equal(left, v) {
			return truthValue(!x.neg), nil
		}
	}
	return truthValue(x.neg), nil
}

// call is a function (CWL_QuerySyntax-operations-functions). "Maps and lists are
// treated as null for string, number, and datetime functions."
func (e *engine) call(x *expr, r *row) (value, error) {
	args := make([]value, len(x.args))
	for i, a := range x.args {
		v, err := e.eval(a, r)
		if err != nil {
			return v, err
		}
		if args[i] = v; v.kind == structure {
			args[i] = value{}
		}
	}
	switch x.name {
	case "coalesce": // "the first non-null value from the list"
		for _, v := range args {
			if !v.none() {
				return v, nil
			}
		}
		return value{}, nil
	case "ispresent": // "true if the field exists"
		return truthValue(args[0].kind != missing && (args[0].kind != null || e.log.reading.NullsPresent)), nil
	case "now": // "the time that the query processing was started, in epoch seconds"
		return numberValue(float64(e.log.now / 1000)), nil
	case "bin":
		size := x.value.number
		return timestampValue(r.event.Timestamp / int64(size) * int64(size)), nil
	case "concat":
		all := ""
		for _, v := range args {
			if v.none() {
				return value{}, errors.New("concat of a missing field, of which the guide does not speak")
			}
			all += v.String()
		}
		return textValue(all), nil
	}
	v := args[0]
	if v.none() {
		return value{}, nil
	}
	switch x.name {
	case "strcontains": // "1 if the string contains the other and 0 otherwise"
		if strings.Contains(v.String(), args[1].String()) {
			return numberValue(1), nil
		}
		return numberValue(0), nil
	case "strlen": // "in Unicode code points"
		return numberValue(float64(utf8.RuneCountInString(v.String()))), nil
	case "jsonparse":
		return jsonParse(v.String()), nil
	case "tomillis":
		if v.kind != timestamp {
			return value{}, errors.New("toMillis of no timestamp")
		}
		return numberValue(v.number), nil
	case "frommillis":
		n, ok := v.asNumber()
		if !ok {
			return value{}, nil
		}
		return timestampValue(int64(n)), nil
	}
	return value{}, fmt.Errorf("unknown function %s", x.name)
}
