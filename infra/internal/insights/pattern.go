package insights

import (
	"fmt"
	"strings"
)

// FilterPattern returns the metric filter pattern for the filters at the beginning of the query, up
// to the first other command: comparisons by = and in, and like with a plain text, joined by and,
// or. A plain text becomes a pattern with * at both ends ("Filter pattern syntax for metric
// filters", Amazon CloudWatch Logs User Guide, 2026-11).
func (q *Query) FilterPattern() (pattern string, err error) {
	defer catch(&err)
	var all []string
	for _, c := range q.commands {
		if c.word != "filter" {
			break
		}
		all = append(all, filterTerm(c.where))
	}
	if len(all) == 0 {
		fail("the query does not begin with a filter")
	}
	return "{ " + strings.Join(all, " && ") + " }", nil
}

func filterTerm(e *expr) string {
	switch {
	case e.op == opAnd:
		return "(" + strings.Join(each(e.args, filterTerm), " && ") + ")"
	case e.op == opOr:
		return "(" + strings.Join(each(e.args, filterTerm), " || ") + ")"
	case e.neg || len(e.args) == 0 || e.args[0].op != opRef || e.args[0].root != "":
	case e.op == opLike && e.literal != "":
		return fmt.Sprintf(`(%s = "*%s*")`, jsonPath(e.args[0].name), e.literal)
	case e.op == opBinary && e.name == "=" && e.args[1].value.kind == text:
		return fmt.Sprintf(`(%s = "%s")`, jsonPath(e.args[0].name), e.args[1].value.text)
	case e.op == opBinary && e.name == "in":
		return "(" + strings.Join(each(e.args[1].args, func(a *expr) string {
			if a.op != opConst {
				fail("no metric filter pattern compares with the field %s", a.name)
			}
			return fmt.Sprintf(`(%s = "%s")`, jsonPath(e.args[0].name), a.value.String())
		}), " || ") + ")"
	}
	fail("no metric filter pattern has the comparison %s", e.name)
	return ""
}
