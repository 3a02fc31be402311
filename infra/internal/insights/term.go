package insights

import (
	"slices"
	"strconv"
	"strings"
)

// arity is how many arguments the known functions take, least and most.
func arity(function string) (least, most int) {
	switch function {
	case "coalesce", "concat":
		return 1, 100
	case "strcontains":
		return 2, 2
	case "strlen", "tomillis", "frommillis", "jsonparse", "ispresent":
		return 1, 1
	case "now":
		return 0, 0
	}
	return -1, -1
}

// valueList is [a, b, c].
func (p *parser) valueList() (*expr, error) {
	if err := p.expect("["); err != nil {
		return nil, err
	}
	list := &expr{op: opList}
	for {
		e, err := p.value()
		if err != nil {
			return nil, err
		}
		list.args = append(list.args, e)
		if ok, err := p.accept(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.expect("]")
		}
	}
}

// value is an expression that is not a condition: sums bind less than products.
func (p *parser) value() (*expr, error) {
	return p.arithmetic([]string{"+", "-"}, func() (*expr, error) { return p.arithmetic([]string{"*", "/"}, p.primary) })
}

func (p *parser) arithmetic(marks []string, inner func() (*expr, error)) (*expr, error) {
	e, err := inner()
	for err == nil && p.tok.kind == tokMark && slices.Contains(marks, p.tok.text) {
		mark := p.tok.text
		if err = p.advance(); err != nil {
			return nil, err
		}
		var right *expr
		right, err = inner()
		e = &expr{op: opBinary, name: mark, args: []*expr{e, right}}
	}
	return e, err
}

func (p *parser) primary() (*expr, error) {
	t := p.tok
	if t.is("(") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		e, err := p.value()
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	switch t.kind {
	case tokNumber:
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.fail("number %q", t.text)
		}
		return &expr{op: opConst, value: numberValue(n)}, p.advance()
	case tokString:
		return &expr{op: opConst, value: textValue(t.text)}, p.advance()
	case tokName, tokQuoted:
		if err := p.advance(); err != nil {
			return nil, err
		}
		if t.kind == tokName && p.tok.is("(") {
			return p.call(t)
		}
		return p.reference(t)
	}
	return nil, p.fail("%q where a value should be", t.text)
}

func (p *parser) call(t token) (*expr, error) {
	e := &expr{op: opCall, name: strings.ToLower(t.text)}
	least, most := arity(e.name)
	if least < 0 {
		return nil, p.fail("unknown function %s", t.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.tok.is(")") {
		if len(e.args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		a, err := p.value()
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, a)
	}
	if n := len(e.args); n < least || n > most {
		return nil, p.fail("%s of %d arguments", t.text, n)
	}
	return e, p.advance()
}

// reference is what a name means here.
func (p *parser) reference(t token) (*expr, error) {
	if t.kind != tokName && t.kind != tokQuoted {
		return nil, p.fail("%q where a field should be", t.text)
	}
	e := &expr{op: opRef, name: t.text}
	if p.scope.plain[t.text] {
		return e, nil
	}
	for alias, path := range p.scope.trees {
		if inner, ok := rest(t.text, alias); ok {
			e.root, e.inner = alias, inner
			if inner != "" {
				note(&p.q.names.paths, path+inner)
			}
			return e, nil
		}
	}
	// "Any fields that you reference after the first stats command must be defined
	// in that first stats command." (CWL_QuerySyntax-Stats)
	if p.scope.stats > 0 {
		return nil, p.fail("%s is not defined by stats", t.text)
	}
	if !strings.HasPrefix(t.text, "@") {
		note(&p.q.names.fields, t.text)
	}
	return e, nil
}
