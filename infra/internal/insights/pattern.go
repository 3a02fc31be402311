package insights

import (
	"fmt"
	"strings"
)

// FilterPattern is the metric filter pattern that matches what the query's first filters keep, up to its first other
// command: comparisons by = and in, and like with a plain text, joined by and, or. A plain text becomes a pattern
// with * on both ends ("Filter pattern syntax for metric filters", Amazon CloudWatch Logs User Guide, 2026-11).
func (q *Query) FilterPattern() (string, error) {
	var all []string
	for _, c := range q.commands {
		if c.word != "filter" {
			break
		}
		term, err := filterTerm(c.where)
		if err != nil {
			return "", err
		}
		all = append(all, term)
	}
	if len(all) == 0 {
		return "", fmt.Errorf("the query does not begin with a filter")
	}
	return "{ " + strings.Join(all, " && ") + " }", nil
}

func filterTerm(e *expr) (string, error) {
	switch {
	case e.op == opAnd || e.op == opOr:
		mark := map[op]string{opAnd: " && ", opOr: " || "}[e.op]
		var terms []string
		for _, a := range e.args {
			term, err := filterTerm(a)
			if err != nil {
				return "", err
			}
			terms = append(terms, term)
		}
		return "(" + strings.Join(terms, mark) + ")", nil
	case e.neg || len(e.args) == 0 || e.args[0].op != opRef || e.args[0].root != "":
	case e.op == opLike && e.literal != "":
		return fmt.Sprintf(`(%s = "*%s*")`, jsonPath(e.args[0].name), e.literal), nil
	case e.op == opBinary && e.name == "=" && e.args[1].value.kind == text:
		return fmt.Sprintf(`(%s = "%s")`, jsonPath(e.args[0].name), e.args[1].value.text), nil
	case e.op == opBinary && e.name == "in":
		var terms []string
		for _, a := range e.args[1].args {
			if a.op != opConst {
				return "", fmt.Errorf("no metric filter pattern compares with the field %s", a.name)
			}
			terms = append(terms, fmt.Sprintf(`(%s = "%s")`, jsonPath(e.args[0].name), a.value.String()))
		}
		return "(" + strings.Join(terms, " || ") + ")", nil
	}
	return "", fmt.Errorf("no metric filter pattern has the comparison %s", e.name)
}
