package insights

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// stats reads stats (CWL_QuerySyntax-Stats): aggregations, then by.
func (p *parser) stats(c *command) {
	// "A query can have a maximum of two stats commands."
	if p.scope.stats == 2 {
		p.fail("a third stats")
	}
	// "If you use a sort or limit command, it must appear after the second stats
	// command."
	if p.scope.sort {
		p.fail("stats after sort or limit")
	}
	for more := true; more; more = p.accept(",") {
		c.items = append(c.items, p.aggregation())
	}
	for more := p.accept("by"); more; more = p.accept(",") {
		c.by = append(c.by, p.groupKey())
	}
	p.scope.stats++
	clear(p.scope.trees)
	clear(p.scope.plain)
	for _, it := range slices.Concat(c.items, c.by) {
		p.scope.plain[it.name] = true
	}
}

// aggregation reads one aggregation and its alias. The alias is required here, because later
// commands must name the result.
func (p *parser) aggregation() (it item) {
	it.aggr = strings.ToLower(p.tok.text)
	if !slices.Contains([]string{"count", "count_distinct", "sum", "min", "max"}, it.aggr) {
		p.fail("unknown aggregation %q", p.tok.text)
	}
	p.advance()
	p.expect("(")
	switch star := p.accept("*"); {
	case star && it.aggr != "count":
		p.fail("%s(*)", it.aggr)
	case !star:
		it.expr = p.value()
	}
	p.expect(")")
	it.name = p.newName()
	return it
}

// newName reads "as NAME".
func (p *parser) newName() string {
	p.expect("as")
	name := p.alias()
	note(&p.q.names.aliases, name)
	return name
}

// groupKey is a field or bin(period).
func (p *parser) groupKey() item {
	if !p.tok.is("bin") {
		it := p.named()
		if it.expr.op != opRef {
			p.fail("by an expression")
		}
		return it
	}
	// "the bin function always implicitly uses the @timestamp field", which the
	// second stats does not have.
	if p.scope.stats > 0 {
		p.fail("bin in the second stats")
	}
	p.advance()
	p.expect("(")
	size := p.period()
	p.expect(")")
	return item{name: p.newName(), expr: &expr{op: opCall, name: "bin", value: numberValue(float64(size.Milliseconds()))}}
}

// period is a time of bin. "The cap for ms is 1000, the caps for s and m are 60,
// and the cap for h is 24": beyond it CloudWatch takes the cap instead, silently.
func (p *parser) period() time.Duration {
	digits := strings.TrimRight(p.tok.text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	unit, caps := time.Duration(0), 0
	switch p.tok.text[len(digits):] {
	case "s":
		unit, caps = time.Second, 60
	case "m":
		unit, caps = time.Minute, 60
	case "h":
		unit, caps = time.Hour, 24
	}
	if p.tok.kind != tokPeriod || err != nil || n < 1 || n > caps {
		p.fail("period %q", p.tok.text)
	}
	p.advance()
	return time.Duration(n) * unit
}
