package insights

import (
	"fmt"
	"strconv"
	"strings"
)

// condition is an expression that is true or false, in SQL.
func (t *translator) condition(e *expr) (string, error) {
	switch e.op {
	case opAnd, opOr:
		word := map[op]string{opAnd: " AND ", opOr: " OR "}[e.op]
		var parts []string
		for _, a := range e.args {
			sql, err := t.condition(a)
			if err != nil {
				return "", err
			}
			parts = append(parts, sql)
		}
		return "(" + strings.Join(parts, word) + ")", nil
	case opNot:
		sql, err := t.condition(e.args[0])
		return "NOT " + sql, err
	case opLike:
		return t.like(e)
	case opCall:
		if e.name == "ispresent" {
			sql, _, err := t.value(e.args[0])
			return sql + " IS NOT NULL", err
		}
	case opBinary:
		if e.name == "in" {
			return t.in(e)
		}
		return t.comparison(e)
	}
	return "", fmt.Errorf("no condition in SQL: %s", e.name)
}

func (t *translator) like(e *expr) (string, error) {
	of, err := t.text(e.args[0])
	sql := "regexp_like(" + of + ", " + quote(e.regex.String()) + ")"
	if e.name == "like" && e.literal != "" {
		sql = "strpos(" + of + ", " + quote(e.literal) + ") > 0"
	}
	if e.neg {
		sql = "NOT " + sql
	}
	return sql, err
}

func (t *translator) in(e *expr) (string, error) {
	left, err := t.text(e.args[0])
	if err != nil {
		return "", err
	}
	var list []string
	for _, a := range e.args[1].args {
		sql, err := t.text(a)
		if err != nil {
			return "", err
		}
		list = append(list, sql)
	}
	word := " IN ("
	if e.neg {
		word = " NOT IN ("
	}
	return left + word + wrapped(list) + ")", nil
}

// comparison compares by order as numbers; by = as numbers where both sides are numbers, else as text.
func (t *translator) comparison(e *expr) (string, error) {
	_, left, err := t.value(e.args[0])
	if err != nil {
		return "", err
	}
	_, right, err := t.value(e.args[1])
	if err != nil {
		return "", err
	}
	as := t.number
	if (e.name == "=" || e.name == "!=") && (left != sqlNumber || right != sqlNumber) {
		as = t.text
	}
	a, err := as(e.args[0])
	if err != nil {
		return "", err
	}
	b, err := as(e.args[1])
	return a + " " + e.name + " " + b, err
}

// number is an expression as a number.
func (t *translator) number(e *expr) (string, error) {
	sql, kind, err := t.value(e)
	if kind == sqlText {
		sql = "TRY_CAST(" + sql + " AS double)"
	}
	if kind == sqlTime && err == nil {
		err = fmt.Errorf("a time where a number should be")
	}
	return sql, err
}

// text is an expression as a text.
func (t *translator) text(e *expr) (string, error) {
	if e.op == opConst {
		return quote(e.value.String()), nil
	}
	sql, kind, err := t.value(e)
	if kind != sqlText {
		sql = "CAST(" + sql + " AS varchar)"
	}
	return sql, err
}

// value is an expression that is not a condition.
func (t *translator) value(e *expr) (string, sqlKind, error) {
	switch e.op {
	case opConst:
		if e.value.kind == number {
			return strconv.FormatFloat(e.value.number, 'f', -1, 64), sqlNumber, nil
		}
		return quote(e.value.String()), sqlText, nil
	case opRef:
		return t.reference(e)
	case opBinary:
		a, err := t.number(e.args[0])
		if err != nil {
			return "", sqlNumber, err
		}
		b, err := t.number(e.args[1])
		return "(" + a + " " + e.name + " " + b + ")", sqlNumber, err
	case opCall:
		return t.call(e)
	}
	return "", sqlText, fmt.Errorf("no value in SQL: %s", e.name)
}

func (t *translator) reference(e *expr) (string, sqlKind, error) {
	if e.root != "" {
		tree, ok := t.trees[e.root]
		if !ok || e.inner == "" {
			return "", sqlText, fmt.Errorf("%s has no value in SQL", e.name)
		}
		return "json_extract_scalar(" + tree + ", " + quote(jsonPath(e.inner)) + ")", sqlText, nil
	}
	if c, ok := t.scope[e.name]; ok {
		return c.name, c.kind, nil
	}
	switch e.name {
	case "@timestamp":
		return "event_time", sqlTime, nil
	case "@ingestionTime":
		return "stored_time", sqlTime, nil
	case "@message":
		return "event", sqlText, nil
	}
	return "json_extract_scalar(event, " + quote(jsonPath(e.name)) + ")", sqlText, nil
}

func (t *translator) call(e *expr) (string, sqlKind, error) {
	as, kind, before, after := t.text, sqlText, e.name+"(", ")"
	switch e.name {
	case "coalesce", "concat":
	case "strcontains":
		kind, before, after = sqlNumber, "IF(strpos(", ") > 0, 1, 0)"
	case "strlen":
		kind, before = sqlNumber, "length("
	case "now":
		return "to_unixtime(now())", sqlNumber, nil
	case "tomillis":
		sql, of, err := t.value(e.args[0])
		if err == nil && of != sqlTime {
			err = fmt.Errorf("toMillis of no timestamp")
		}
		return "(to_unixtime(" + sql + ") * 1000)", sqlNumber, err
	case "frommillis":
		as, kind, before, after = t.number, sqlTime, "from_unixtime(", " / 1000)"
	case "bin":
		seconds := int(e.value.number / 1000)
		if seconds < 1 {
			return "", sqlTime, fmt.Errorf("bin of less than a second")
		}
		return fmt.Sprintf("from_unixtime(floor(to_unixtime(event_time) / %d) * %d)", seconds, seconds), sqlTime, nil
	default:
		return "", sqlText, fmt.Errorf("no function %s in SQL", e.name)
	}
	var args []string
	for _, a := range e.args {
		sql, err := as(a)
		if err != nil {
			return "", kind, err
		}
		args = append(args, sql)
	}
	return before + wrapped(args) + after, kind, nil
}

// wrapped are the parts of a list, each on a line of its own where together they are long.
func wrapped(parts []string) string {
	if text := strings.Join(parts, ", "); len(text) <= 80 {
		return text
	}
	return "\n      " + strings.Join(parts, ",\n      ")
}
