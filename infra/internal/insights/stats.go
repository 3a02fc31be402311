package insights

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stats reads stats (CWL_QuerySyntax-Stats): aggregations, then by.
func (p *parser) stats(c *command) error {
	// "A query can have a maximum of two stats commands."
	if p.scope.stats == 2 {
		return p.fail("a third stats")
	}
	// "If you use a sort or limit command, it must appear after the second stats
	// command."
	if p.scope.sort {
		return p.fail("stats after sort or limit")
	}
	for {
		it, err := p.aggregation()
		if err != nil {
			return err
		}
		c.items = append(c.items, it)
		if ok, err := p.accept(","); err != nil {
			return err
		} else if !ok {
			break
		}
	}
	grouped, err := p.accept("by")
	if err != nil {
		return err
	}
	for grouped {
		it, err := p.groupKey()
		if err != nil {
			return err
		}
		c.by = append(c.by, it)
		if grouped, err = p.accept(","); err != nil {
			return err
		}
	}
	p.scope.stats++
	clear(p.scope.trees)
	clear(p.scope.plain)
	for _, it := range slices.Concat(c.items, c.by) {
		p.scope.plain[it.name] = true
	}
	return nil
}

// aggregation is one aggregation and the name that it gets; here it must get one,
// because what follows has to name it.
func (p *parser) aggregation() (it item, err error) {
	it.aggr = strings.ToLower(p.tok.text)
	if !slices.Contains([]string{"count", "count_distinct", "sum", "min", "max"}, it.aggr) {
		return it, p.fail("unknown aggregation %q", p.tok.text)
	}
	if err = p.advance(); err != nil {
		return it, err
	}
	if err = p.expect("("); err != nil {
		return it, err
	}
	star, err := p.accept("*")
	switch {
	case err != nil:
		return it, err
	case star && it.aggr != "count":
		return it, p.fail("%s(*)", it.aggr)
	case !star:
		if it.expr, err = p.value(); err != nil {
			return it, err
		}
	}
	if err = p.expect(")"); err != nil {
		return it, err
	}
	if err = p.expect("as"); err != nil {
		return it, err
	}
	it.name, err = p.alias()
	note(&p.q.names.aliases, it.name)
	return it, err
}

// groupKey is a field or bin(period).
func (p *parser) groupKey() (item, error) {
	if !p.tok.is("bin") {
		it, err := p.named()
		if err == nil && it.expr.op != opRef {
			err = p.fail("by an expression")
		}
		return it, err
	}
	// "the bin function always implicitly uses the @timestamp field", which the
	// second stats does not have.
	if p.scope.stats > 0 {
		return item{}, p.fail("bin in the second stats")
	}
	if err := p.advance(); err != nil {
		return item{}, err
	}
	if err := p.expect("("); err != nil {
		return item{}, err
	}
	d, err := period(p.tok)
	if err != nil {
		return item{}, p.fail("%v", err)
	}
	if err := p.advance(); err != nil {
		return item{}, err
	}
	if err := p.expect(")"); err != nil {
		return item{}, err
	}
	if err := p.expect("as"); err != nil {
		return item{}, err
	}
	name, err := p.alias()
	note(&p.q.names.aliases, name)
	return item{name: name, expr: &expr{op: opCall, name: "bin", value: numberValue(float64(d.Milliseconds()))}}, err
}

// period is a time of bin. "The cap for ms is 1000, the caps for s and m are 60,
// and the cap for h is 24": beyond it CloudWatch takes the cap instead, silently.
func period(t token) (time.Duration, error) {
	digits := strings.TrimRight(t.text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	unit, caps := time.Duration(0), 0
	switch t.text[len(digits):] {
	case "s":
		unit, caps = time.Second, 60
	case "m":
		unit, caps = time.Minute, 60
	case "h":
		unit, caps = time.Hour, 24
	}
	if t.kind != tokPeriod || err != nil || n < 1 || n > caps {
		return 0, fmt.Errorf("period %q", t.text)
	}
	return time.Duration(n) * unit, nil
}
