package insights

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// item is an expression with the name of its column.
type item struct {
	expr *expr
	name string
	desc bool   // of sort
	aggr string // of stats: the aggregation; "" for a group key
}

// command is one command of a query.
type command struct {
	word   string
	items  []item // fields, display, sort, dedup; stats: the aggregations
	by     []item // stats
	where  *expr  // filter: the condition; parse and unnest: the input
	regex  *regexp.Regexp
	into   string
	number int
}

// scope has the meaning of names at one point of a query.
type scope struct {
	plain map[string]bool   // aliases
	trees map[string]string // aliases of structures, with their paths
	stats int               // how many stats came before
	dedup bool
	sort  bool // sort or limit came before
}

type parser struct {
	scan  scanner
	tok   token
	scope scope
	q     Query
}

// Parse reads a query.
func Parse(text string) (q *Query, err error) {
	defer catch(&err)
	p := &parser{scan: scanner{text: text}, scope: scope{plain: map[string]bool{}, trees: map[string]string{}}}
	p.advance()
	for {
		p.q.commands = append(p.q.commands, p.command())
		if p.tok.kind == tokEnd {
			return &p.q, nil
		}
		if !p.accept("|") {
			p.fail("a command or | instead of %q", p.tok.text)
		}
	}
}

func (p *parser) fail(format string, args ...any) { p.scan.fail(p.tok.at, format, args...) }

func (p *parser) advance() { p.tok = p.scan.next() }

// accept consumes the token if it is text.
func (p *parser) accept(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail("%q instead of %q", p.tok.text, text)
	}
}

// pass returns the token's text and moves to the next token.
func (p *parser) pass() string {
	text := p.tok.text
	p.advance()
	return text
}

func (p *parser) command() command {
	if p.tok.kind != tokName {
		p.fail("%q instead of a command", p.tok.text)
	}
	c := command{word: strings.ToLower(p.tok.text)}
	// "The only query command that you can use in a query after the dedup command
	// is limit." (CWL_QuerySyntax-Dedup)
	if p.scope.dedup && c.word != "limit" {
		p.fail("%s after dedup", c.word)
	}
	read := map[string]func(*command){
		"filter":  func(c *command) { c.where = p.condition() },
		"fields":  func(c *command) { c.items = p.list() },
		"display": func(c *command) { c.items = p.list() },
		"sort":    p.sort,
		"dedup":   p.dedup,
		"limit":   p.limit,
		"parse":   p.parse,
		"stats":   p.stats,
		"unnest":  p.unnest,
	}[c.word]
	if read == nil {
		p.fail("unknown command %s", c.word)
	}
	p.advance()
	read(&c)
	return c
}

// list reads expressions with aliases.
func (p *parser) list() (items []item) {
	for {
		items = append(items, p.named())
		if !p.accept(",") {
			return items
		}
	}
}

// named reads an expression and its alias.
func (p *parser) named() item {
	e := p.value()
	it := item{expr: e, name: e.name}
	if p.accept("as") {
		it.name = p.alias()
		p.define(it.name, e)
	} else if e.op != opRef {
		p.fail("an expression without a name")
	}
	return it
}

// define defines an alias.
func (p *parser) define(name string, e *expr) {
	note(&p.q.names.aliases, name)
	delete(p.scope.trees, name)
	delete(p.scope.plain, name)
	if e != nil && e.op == opCall && e.name == "jsonparse" {
		p.scope.trees[name] = ""
		return
	}
	p.scope.plain[name] = true
}

func (p *parser) alias() string {
	if p.tok.kind != tokName || strings.ContainsAny(p.tok.text, ".@") {
		p.fail("%q as the name of a column", p.tok.text)
	}
	return p.pass()
}

func (p *parser) sort(c *command) {
	p.scope.sort = true
	e := p.value()
	it := item{expr: e, name: e.name, desc: p.tok.is("desc")}
	if e.op != opRef || !it.desc && !p.tok.is("asc") {
		p.fail("sort wants a field and asc or desc")
	}
	p.advance()
	c.items = []item{it}
}

func (p *parser) dedup(c *command) {
	p.scope.dedup = true
	c.items = p.list()
	if slices.ContainsFunc(c.items, func(it item) bool { return it.expr.op != opRef }) {
		p.fail("an expression instead of a field")
	}
}

// limit reads a limit, which is at most 10,000 (CWL_QuerySyntax-Limit).
func (p *parser) limit(c *command) {
	p.scope.sort = true
	n, err := strconv.Atoi(p.tok.text)
	if p.tok.kind != tokNumber || err != nil || n < 1 || n > 10_000 {
		p.fail("limit %q", p.tok.text)
	}
	p.advance()
	c.number = n
}

// parse reads parse with a regular expression; its named groups become fields
// (CWL_QuerySyntax-Parse).
func (p *parser) parse(c *command) {
	c.where = p.reference(p.tok)
	// The scanner is after the name: the slash follows.
	text, ok := p.scan.regex()
	if !ok {
		p.fail("parse without a regular expression")
	}
	c.regex = p.compile(text)
	named := false
	for _, group := range c.regex.SubexpNames() {
		if group != "" {
			named = true
			p.define(group, nil)
		}
	}
	if !named {
		p.fail("parse without a named group")
	}
	p.advance()
}

func (p *parser) compile(text string) *regexp.Regexp {
	re, err := regexp.Compile(text)
	if err != nil {
		p.fail("%v", err)
	}
	return re
}

// unnest is "unnest field into unnested_field" (CWL_QuerySyntax-Unnest).
func (p *parser) unnest(c *command) {
	c.where = p.value()
	if c.where.op != opRef || c.where.root == "" || c.where.inner == "" {
		p.fail("unnest of something that jsonParse did not make")
	}
	p.expect("into")
	c.into = p.alias()
	path := p.scope.trees[c.where.root] + c.where.inner + "[]."
	p.define(c.into, nil)
	delete(p.scope.plain, c.into)
	p.scope.trees[c.into] = path
}
