package insights

import (
	"fmt"
	"strconv"
	"strings"
)

// each returns the result of write for each expression.
func each(exprs []*expr, write func(*expr) string) []string {
	all := make([]string, len(exprs))
	for i, e := range exprs {
		all[i] = write(e)
	}
	return all
}

// condition is an expression that is true or false, in SQL.
func (t *translator) condition(e *expr) string {
	switch {
	case e.op == opAnd:
		return "(" + strings.Join(each(e.args, t.condition), " AND ") + ")"
	case e.op == opOr:
		return "(" + strings.Join(each(e.args, t.condition), " OR ") + ")"
	case e.op == opNot:
		return "NOT " + t.condition(e.args[0])
	case e.op == opLike:
		return t.like(e)
	case e.op == opCall && e.name == "ispresent":
		sql, _ := t.value(e.args[0])
		return sql + " IS NOT NULL"
	case e.op == opBinary && e.name == "in":
		word := " IN ("
		if e.neg {
			word = " NOT IN ("
		}
		return t.text(e.args[0]) + word + wrapped(each(e.args[1].args, t.text)) + ")"
	case e.op == opBinary:
		return t.comparison(e)
	}
	fail("no condition in SQL: %s", e.name)
	return ""
}

func (t *translator) like(e *expr) string {
	of := t.text(e.args[0])
	sql := "regexp_like(" + of + ", " + quote(e.regex.String()) + ")"
	if e.name == "like" && e.literal != "" {
		sql = "strpos(" + of + ", " + quote(e.literal) + ") > 0"
	}
	if e.neg {
		sql = "NOT " + sql
	}
	return sql
}

// comparison compares by order as numbers, and by = as numbers if both sides are numbers, otherwise
// as text.
func (t *translator) comparison(e *expr) string {
	_, left := t.value(e.args[0])
	_, right := t.value(e.args[1])
	as := t.number
	if (e.name == "=" || e.name == "!=") && (left != sqlNumber || right != sqlNumber) {
		as = t.text
	}
	return as(e.args[0]) + " " + e.name + " " + as(e.args[1])
}

// number is an expression as a number.
func (t *translator) number(e *expr) string {
	switch sql, kind := t.value(e); kind {
	case sqlNumber:
		return sql
	case sqlText:
		return "TRY_CAST(" + sql + " AS double)"
	}
	fail("a time instead of a number")
	return ""
}

// text is an expression as a text.
func (t *translator) text(e *expr) string {
	if e.op == opConst {
		return quote(e.value.String())
	}
	sql, kind := t.value(e)
	if kind != sqlText {
		sql = "CAST(" + sql + " AS varchar)"
	}
	return sql
}

// value is an expression that is not a condition.
func (t *translator) value(e *expr) (string, sqlKind) {
	switch {
	case e.op == opConst && e.value.kind == number:
		return strconv.FormatFloat(e.value.number, 'f', -1, 64), sqlNumber
	case e.op == opConst:
		return quote(e.value.String()), sqlText
	case e.op == opRef:
		return t.reference(e)
	case e.op == opBinary:
		return "(" + t.number(e.args[0]) + " " + e.name + " " + t.number(e.args[1]) + ")", sqlNumber
	case e.op == opCall:
		return t.call(e)
	}
	fail("no value in SQL: %s", e.name)
	return "", sqlText
}

func (t *translator) reference(e *expr) (string, sqlKind) {
	if e.root != "" {
		tree, ok := t.trees[e.root]
		if !ok || e.inner == "" {
			fail("%s has no value in SQL", e.name)
		}
		return "json_extract_scalar(" + tree + ", " + quote(jsonPath(e.inner)) + ")", sqlText
	}
	if c, ok := t.scope[e.name]; ok {
		return c.name, c.kind
	}
	switch e.name {
	case "@timestamp":
		return "event_time", sqlTime
	case "@ingestionTime":
		return "stored_time", sqlTime
	case "@message":
		return "event", sqlText
	}
	return "json_extract_scalar(event, " + quote(jsonPath(e.name)) + ")", sqlText
}

func (t *translator) call(e *expr) (string, sqlKind) {
	switch e.name {
	case "coalesce", "concat":
		return e.name + "(" + wrapped(each(e.args, t.text)) + ")", sqlText
	case "strcontains":
		return "IF(strpos(" + wrapped(each(e.args, t.text)) + ") > 0, 1, 0)", sqlNumber
	case "strlen":
		return "length(" + t.text(e.args[0]) + ")", sqlNumber
	case "now":
		return "to_unixtime(now())", sqlNumber
	case "tomillis":
		sql, of := t.value(e.args[0])
		if of != sqlTime {
			fail("toMillis of no timestamp")
		}
		return "(to_unixtime(" + sql + ") * 1000)", sqlNumber
	case "frommillis":
		return "from_unixtime(" + t.number(e.args[0]) + " / 1000)", sqlTime
	case "bin":
		seconds := int(e.value.number / 1000)
		if seconds < 1 {
			fail("bin of less than a second")
		}
		return fmt.Sprintf("from_unixtime(floor(to_unixtime(event_time) / %d) * %d)", seconds, seconds), sqlTime
	}
	fail("no function %s in SQL", e.name)
	return "", sqlText
}

// wrapped joins the parts of a list, each on a separate line if they are long.
func wrapped(parts []string) string {
	if text := strings.Join(parts, ", "); len(text) <= 80 {
		return text
	}
	return "\n      " + strings.Join(parts, ",\n      ")
}
