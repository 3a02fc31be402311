package insights

import (
	"regexp"
	"slices"
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
	// literal is the text that like looks for, where it is not a regular expression.
	literal string
	neg     bool // not in, not like
}

// condition is an expression that is true or false: or binds least, then and,
// then not.
func (p *parser) condition() (*expr, error) {
	return p.chain("or", opOr, func() (*expr, error) { return p.chain("and", opAnd, p.negation) })
}

func (p *parser) chain(word string, o op, inner func() (*expr, error)) (*expr, error) {
	first, err := inner()
	if err != nil || !p.tok.is(word) {
		return first, err
	}
	e := &expr{op: o, args: []*expr{first}}
	for p.tok.is(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := inner()
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, next)
	}
	return e, nil
}

func (p *parser) negation() (*expr, error) {
	if ok, err := p.accept("not"); err != nil {
		return nil, err
	} else if ok {
		inner, err := p.negation()
		return &expr{op: opNot, args: []*expr{inner}}, err
	}
	if p.tok.is("(") {
		// A bracket around a condition or around a number: the condition is what
		// filters want, and values are tried when it is none.
		scan, tok := p.scan, p.tok
		if err := p.advance(); err != nil {
			return nil, err
		}
		e, err := p.condition()
		if err == nil {
			if err = p.expect(")"); err == nil && !p.compares() {
				return e, nil
			}
		}
		p.scan, p.tok = scan, tok
	}
	return p.comparison()
}

func (p *parser) compares() bool {
	return slices.ContainsFunc([]string{"=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"}, p.tok.is)
}

// comparison is a comparison, or a function that says true or false.
func (p *parser) comparison() (*expr, error) {
	left, err := p.value()
	if err != nil {
		return nil, err
	}
	neg, err := p.accept("not")
	if err != nil {
		return nil, err
	}
	e := &expr{op: opBinary, name: strings.ToLower(p.tok.text), args: []*expr{left}, neg: neg}
	switch {
	case p.tok.is("like") || p.tok.is("=~") && !neg:
		return p.like(e)
	case p.tok.is("in"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		list, err := p.valueList()
		e.args = append(e.args, list)
		p.equality(left)
		return e, err
	case neg:
		return nil, p.fail("not before %q", p.tok.text)
	case slices.ContainsFunc([]string{"=", "!=", "<", "<=", ">", ">="}, p.tok.is):
		if e.name == "=" {
			p.equality(left)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.value()
		e.args = append(e.args, right)
		return e, err
	case left.op == opCall && left.name == "ispresent":
		return left, nil
	}
	return nil, p.fail("%q where a comparison should be", p.tok.text)
}

func (p *parser) equality(left *expr) {
	if left.op == opRef && slices.Contains(p.q.names.fields, left.name) {
		note(&p.q.names.equal, left.name)
	}
}

// like matches a part of the text or a regular expression, case and all
// (CWL_QuerySyntax-Filter, "Matches and regular expressions").
func (p *parser) like(e *expr) (*expr, error) {
	e.op = opLike
	text, ok, err := p.scan.regex()
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokString {
			return nil, p.fail("like %q", p.tok.text)
		}
		e.literal, text = p.tok.text, regexp.QuoteMeta(p.tok.text)
	}
	if e.regex, err = regexp.Compile(text); err != nil {
		return nil, p.fail("%v", err)
	}
	return e, p.advance()
}
