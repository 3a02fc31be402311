package insights

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type op int

const (
	opConst  op = iota
	opRef       // a name
	opCall      // a function
	opList      // [a, b]
	opNot       //
	opAnd       //
	opOr        //
	opBinary    // name is the operator
	opLike      // regex
)

// expr is an expression.
type expr struct {
	op    op
	name  string // of a reference, a function or an operator
	root  string // of a reference into a structure: the alias
	inner string // and the path below it
	args  []*expr
	value value
	regex *regexp.Regexp
	// literal is the text that like searches for, if it is not a regular expression.
	literal string
	neg     bool // not in, not like
}

var (
	comparisons = []string{"=", "!=", "<", "<=", ">", ">="}
	arithmetics = []string{"+", "-", "*", "/"}
)

// condition reads an expression that is true or false. not binds more tightly than and,
// which binds more tightly than or.
func (p *parser) condition() *expr {
	return p.chain("or", opOr, func() *expr { return p.chain("and", opAnd, p.negation) })
}

func (p *parser) chain(word string, o op, inner func() *expr) *expr {
	first := inner()
	if !p.tok.is(word) {
		return first
	}
	e := &expr{op: o, args: []*expr{first}}
	for p.accept(word) {
		e.args = append(e.args, inner())
	}
	return e
}

func (p *parser) negation() *expr {
	if p.accept("not") {
		return &expr{op: opNot, args: []*expr{p.negation()}}
	}
	if p.tok.is("(") {
		// A bracket may contain a condition or a number. A filter needs a condition, so that is
		// tried first.
		scan, tok := p.scan, p.tok
		if e, err := p.bracketed(); err == nil && !slices.ContainsFunc(append(comparisons, arithmetics...), p.tok.is) {
			return e
		}
		p.scan, p.tok = scan, tok
	}
	return p.comparison()
}

// bracketed reads a condition in brackets.
func (p *parser) bracketed() (e *expr, err error) {
	defer catch(&err)
	p.expect("(")
	e = p.condition()
	p.expect(")")
	return e, nil
}

// comparison reads a comparison, or a function that returns true or false.
func (p *parser) comparison() *expr {
	left := p.value()
	e := &expr{op: opBinary, args: []*expr{left}, neg: p.accept("not")}
	e.name = strings.ToLower(p.tok.text)
	switch {
	case p.tok.is("like") || p.tok.is("=~") && !e.neg:
		return p.like(e)
	case p.tok.is("in"):
		p.advance()
		e.args = append(e.args, p.valueList())
		p.equality(left)
		return e
	case e.neg:
		p.fail("not before %q", p.tok.text)
	case slices.ContainsFunc(comparisons, p.tok.is):
		if e.name == "=" {
			p.equality(left)
		}
		p.advance()
		e.args = append(e.args, p.value())
		return e
	case left.op != opCall || left.name != "ispresent":
		p.fail("%q instead of a comparison", p.tok.text)
	}
	return left
}

func (p *parser) equality(left *expr) {
	if left.op == opRef && slices.Contains(p.q.names.fields, left.name) {
		note(&p.q.names.equal, left.name)
	}
}

// like matches a part of the text or a regular expression, case-sensitively
// (CWL_QuerySyntax-Filter, "Matches and regular expressions").
func (p *parser) like(e *expr) *expr {
	e.op = opLike
	text, ok := p.scan.regex()
	if !ok {
		p.advance()
		if p.tok.kind != tokString {
			p.fail("like %q", p.tok.text)
		}
		e.literal, text = p.tok.text, regexp.QuoteMeta(p.tok.text)
	}
	e.regex = p.compile(text)
	p.advance()
	return e
}

// valueList is [a, b, c].
func (p *parser) valueList() *expr {
	p.expect("[")
	list := &expr{op: opList}
	for more := true; more; more = p.accept(",") {
		list.args = append(list.args, p.value())
	}
	p.expect("]")
	return list
}

// value reads an expression that is not a condition: products bind more tightly than sums.
func (p *parser) value() *expr {
	return p.arithmetic(arithmetics[:2], func() *expr { return p.arithmetic(arithmetics[2:], p.primary) })
}

func (p *parser) arithmetic(marks []string, inner func() *expr) *expr {
	e := inner()
	for slices.ContainsFunc(marks, p.tok.is) {
		e = &expr{op: opBinary, name: p.pass(), args: []*expr{e, inner()}}
	}
	return e
}

func (p *parser) primary() *expr {
	if p.accept("(") {
		e := p.value()
		p.expect(")")
		return e
	}
	t := p.tok
	switch t.kind {
	case tokNumber:
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.fail("number %q", t.text)
		}
		p.advance()
		return &expr{op: opConst, value: numberValue(n)}
	case tokString:
		return &expr{op: opConst, value: textValue(p.pass())}
	case tokName, tokQuoted:
		p.advance()
		if t.kind == tokName && p.tok.is("(") {
			return p.call(t)
		}
		return p.reference(t)
	}
	p.fail("%q instead of a value", t.text)
	return nil
}

// arity has the least and the most arguments of the known functions.
var arity = map[string][2]int{
	"coalesce": {1, 100}, "concat": {1, 100}, "strcontains": {2, 2}, "strlen": {1, 1}, "tomillis": {1, 1},
	"frommillis": {1, 1}, "jsonparse": {1, 1}, "ispresent": {1, 1}, "now": {0, 0},
}

func (p *parser) call(t token) *expr {
	e := &expr{op: opCall, name: strings.ToLower(t.text)}
	takes, known := arity[e.name]
	if !known {
		p.fail("unknown function %s", t.text)
	}
	p.advance()
	for !p.tok.is(")") {
		if len(e.args) > 0 {
			p.expect(",")
		}
		e.args = append(e.args, p.value())
	}
	if n := len(e.args); n < takes[0] || n > takes[1] {
		p.fail("%s of %d arguments", t.text, n)
	}
	p.advance()
	return e
}

// reference returns what a name refers to here.
func (p *parser) reference(t token) *expr {
	if t.kind != tokName && t.kind != tokQuoted {
		p.fail("%q instead of a field", t.text)
	}
	e := &expr{op: opRef, name: t.text}
	if p.scope.plain[t.text] {
		return e
	}
	for alias, path := range p.scope.trees {
		if inner, ok := rest(t.text, alias); ok {
			e.root, e.inner = alias, inner
			if inner != "" {
				note(&p.q.names.paths, path+inner)
			}
			return e
		}
	}
	// "Any fields that you reference after the first stats command must be defined
	// in that first stats command." (CWL_QuerySyntax-Stats)
	if p.scope.stats > 0 {
		p.fail("%s is not defined by stats", t.text)
	}
	if !strings.HasPrefix(t.text, "@") {
		note(&p.q.names.fields, t.text)
	}
	return e
}
