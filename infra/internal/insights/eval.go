package insights

import (
	"strings"
	"unicode/utf8"
)

// eval returns the value of an expression in a row. A condition is true, false, or missing if the
// guide does not define its value.
func (e *engine) eval(x *expr, r *row) value {
	switch x.op {
	case opConst:
		return x.value
	case opRef:
		if x.root != "" {
			return member(r.vars[x.root], x.inner, e.log.reading)
		}
		return e.lookup(r, x.name)
	case opNot:
		v := e.eval(x.args[0], r)
		if v.none() {
			return undocumented("not of a comparison with")
		}
		return truthValue(v.number == 0)
	case opAnd, opOr:
		return e.junction(x, r)
	case opLike:
		v := e.eval(x.args[0], r)
		switch {
		case !v.none() && v.kind != structure:
			return truthValue(x.regex.MatchString(v.String()) != x.neg)
		case x.neg:
			return undocumented("not like of")
		}
		return value{}
	case opCall:
		return e.call(x, r)
	case opBinary:
		return e.binary(x, r)
	}
	fail("unknown expression %v", x.op)
	return value{}
}

// junction evaluates and, or: an operand that decides it alone decides; otherwise it is missing if
// an operand is missing.
func (e *engine) junction(x *expr, r *row) value {
	decisive := x.op == opOr
	out := truthValue(!decisive)
	for _, a := range x.args {
		switch v := e.eval(a, r); {
		case v.none():
			out = value{}
		case (v.number == 1) == decisive:
			return v
		}
	}
	return out
}

// undocumented fails for an operation on a missing field with a result that the guide does not
// define.
func undocumented(operation string) value {
	fail("%s a missing field: the user guide does not describe it", operation)
	return value{}
}

// numeric has the operators on two numbers.
var numeric = map[string]func(a, b float64) value{
	"<":  func(a, b float64) value { return truthValue(a < b) },
	"<=": func(a, b float64) value { return truthValue(a <= b) },
	">":  func(a, b float64) value { return truthValue(a > b) },
	">=": func(a, b float64) value { return truthValue(a >= b) },
	"+":  func(a, b float64) value { return numberValue(a + b) },
	"-":  func(a, b float64) value { return numberValue(a - b) },
	"*":  func(a, b float64) value { return numberValue(a * b) },
	"/":  func(a, b float64) value { return numberValue(a / b) },
}

func (e *engine) binary(x *expr, r *row) value {
	left := e.eval(x.args[0], r)
	if x.name == "in" {
		return e.in(x, left, r)
	}
	right := e.eval(x.args[1], r)
	switch {
	case (left.none() || right.none()) && x.name == "!=":
		return undocumented("!= with")
	case left.none() || right.none():
		return value{}
	case x.name == "=" || x.name == "!=":
		return truthValue(equal(left, right) == (x.name == "="))
	}
	a, ok := left.asNumber()
	b, both := right.asNumber()
	if !ok || !both {
		fail("%q %s %q: numbers only, the order of texts is not documented", left, x.name, right)
	}
	return numeric[x.name](a, b)
}

// in: "put the array after in"; elements "must be complete string matches"
// (CWL_QuerySyntax-Filter).
func (e *engine) in(x *expr, left value, r *row) value {
	switch {
	case left.none() && x.neg:
		return undocumented("not in of")
	case left.none():
		return value{}
	}
	for _, a := range x.args[1].args {
		if equal(left, e.eval(a, r)) {
			return truthValue(!x.neg)
		}
	}
	return truthValue(x.neg)
}

// call evaluates a function (CWL_QuerySyntax-operations-functions). "Maps and lists are treated as
// null for string, number, and datetime functions."
func (e *engine) call(x *expr, r *row) value {
	args := make([]value, len(x.args))
	for i, a := range x.args {
		if v := e.eval(a, r); v.kind != structure {
			args[i] = v
		}
	}
	switch x.name {
	case "coalesce": // "the first non-null value from the list"
		for _, v := range args {
			if !v.none() {
				return v
			}
		}
		return value{}
	case "ispresent": // "true if the field exists"
		return truthValue(args[0].kind != missing && (args[0].kind != null || e.log.reading.NullsPresent))
	case "now": // "the time that the query processing was started, in epoch seconds"
		return numberValue(float64(e.log.now / 1000))
	case "bin":
		size := int64(x.value.number)
		return timestampValue(r.event.Timestamp / size * size)
	case "concat":
		all := ""
		for _, v := range args {
			if v.none() {
				return undocumented("concat of")
			}
			all += v.String()
		}
		return textValue(all)
	}
	if args[0].none() {
		return value{}
	}
	return ofOne(x.name, args[0], args)
}

// ofOne evaluates a function that is missing if its first argument is.
func ofOne(function string, v value, args []value) value {
	switch function {
	case "strcontains": // "1 if the string contains the other and 0 otherwise"
		if strings.Contains(v.String(), args[1].String()) {
			return numberValue(1)
		}
		return numberValue(0)
	case "strlen": // "in Unicode code points"
		return numberValue(float64(utf8.RuneCountInString(v.String())))
	case "jsonparse":
		return jsonParse(v.String())
	case "tomillis":
		if v.kind != timestamp {
			fail("toMillis of a value that is not a timestamp")
		}
		return numberValue(v.number)
	case "frommillis":
		if n, ok := v.asNumber(); ok {
			return timestampValue(int64(n))
		}
	}
	return value{}
}
