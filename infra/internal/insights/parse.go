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
	aggr string // of stats: the aggregation; "" for what it groups by
}

// command is one command of a query.
type command struct {
	word   string
	items  []item // fields, display, sort, dedup; stats: the aggregations
	by     []item // stats
	where  *expr  // filter; parse and unnest: what they take apart
	regex  *regexp.Regexp
	into   string
	number int
}

// scope is what names mean at one point of a query.
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
func Parse(text string) (*Query, error) {
	p := &parser{scan: scanner{text: text}, scope: scope{plain: map[string]bool{}, trees: map[string]string{}}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for {
		if err := p.command(); err != nil {
			return nil, err
		}
		switch {
		case p.tok.kind == tokEnd:
			return &p.q, nil
		case !p.tok.is("|"):
			return nil, p.fail("a command or | instead of %q", p.tok.text)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) fail(format string, args ...any) error {
	return p.scan.fail(p.tok.at, format, args...)
}

func (p *parser) advance() (err error) {
	p.tok, err = p.scan.next()
	return err
}

// accept passes the token if it is text.
func (p *parser) accept(text string) (bool, error) {
	if !p.tok.is(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(text string) error {
	ok, err := p.accept(text)
	if err == nil && !ok {
		err = p.fail("%q where %q should be", p.tok.text, text)
	}
	return err
}

func (p *parser) command() error {
	word := strings.ToLower(p.tok.text)
	if p.tok.kind != tokName {
		return p.fail("%q where a command should be", p.tok.text)
	}
	// "The only query command that you can use in a query after the dedup command
	// is limit." (CWL_QuerySyntax-Dedup)
	if p.scope.dedup && word != "limit" {
		return p.fail("%s after dedup", word)
	}
	if word == "parse" {
		return p.parseCommand()
	}
	if err := p.advance(); err != nil {
		return err
	}
	c := command{word: word}
	var err error
	switch word {
	case "filter":
		c.where, err = p.condition()
	case "fields", "display":
		c.items, err = p.list(true)
	case "sort":
		p.scope.sort = true
		c.items, err = p.sortKeys()
	case "dedup":
		p.scope.dedup = true
		c.items, err = p.list(false)
	case "limit":
		p.scope.sort = true
		c.number, err = p.limit()
	case "stats":
		err = p.stats(&c)
	case "unnest":
		err = p.unnest(&c)
	default:
		return p.fail("unknown command %s", word)
	}
	p.q.commands = append(p.q.commands, c)
	return err
}

// list is expressions with aliases, or bare names.
func (p *parser) list(expressions bool) (items []item, err error) {
	for {
		var it item
		if it, err = p.named(); err != nil {
			return nil, err
		}
		if !expressions && it.expr.op != opRef {
			return nil, p.fail("an expression where a field should be")
		}
		items = append(items, it)
		if ok, err := p.accept(","); !ok || err != nil {
			return items, err
		}
	}
}

// named is an expression and the name that it gets.
func (p *parser) named() (item, error) {
	e, err := p.value()
	if err != nil {
		return item{}, err
	}
	it := item{expr: e, name: e.name}
	ok, err := p.accept("as")
	if err != nil {
		return it, err
	}
	if ok {
		if it.name, err = p.alias(); err != nil {
			return it, err
		}
		p.define(it.name, e)
	} else if e.op != opRef {
		return it, p.fail("an expression without a name")
	}
	return it, nil
}

// define makes an alias.
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

func (p *parser) alias() (string, error) {
	name := p.tok.text
	if p.tok.kind != tokName || strings.ContainsAny(name, ".@") {
		return "", p.fail("%q as the name of a column", name)
	}
	return name, p.advance()
}

func (p *parser) sortKeys() ([]item, error) {
	e, err := p.value()
	if err != nil {
		return nil, err
	}
	it := item{expr: e, name: e.name, desc: p.tok.is("desc")}
	if e.op != opRef || !it.desc && !p.tok.is("asc") {
		return nil, p.fail("sort wants a field and asc or desc")
	}
	return []item{it}, p.advance()
}

// limit reads a limit, which is at most 10,000 (CWL_QuerySyntax-Limit).
func (p *parser) limit() (int, error) {
	n, err := strconv.Atoi(p.tok.text)
	if p.tok.kind != tokNumber || err != nil || n < 1 || n > 10_000 {
		return 0, p.fail("limit %q", p.tok.text)
	}
	return n, p.advance()
}

// parseCommand is parse with a regular expression; its named groups become fields
// (CWL_QuerySyntax-Parse).
func (p *parser) parseCommand() error {
	if err := p.advance(); err != nil {
		return err
	}
	e, err := p.reference(p.tok)
	if err != nil {
		return err
	}
	// The name is read already: what follows is the slash.
	text, ok, err := p.scan.regex()
	if err != nil {
		return err
	}
	if !ok {
		return p.fail("parse without a regular expression")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return p.fail("%v", err)
	}
	groups := slices.DeleteFunc(slices.Clone(re.SubexpNames()), func(s string) bool { return s == "" })
	if len(groups) == 0 {
		return p.fail("parse without a named group")
	}
	for _, g := range groups {
		p.define(g, nil)
	}
	p.q.commands = append(p.q.commands, command{word: "parse", where: e, regex: re})
	return p.advance()
}

// unnest is "unnest field into unnested_field" (CWL_QuerySyntax-Unnest).
func (p *parser) unnest(c *command) (err error) {
	if c.where, err = p.value(); err != nil {
		return err
	}
	if c.where.op != opRef || c.where.root == "" || c.where.inner == "" {
		return p.fail("unnest of what jsonParse did not make")
	}
	if err := p.expect("into"); err != nil {
		return err
	}
	if c.into, err = p.alias(); err != nil {
		return err
	}
	path := p.scope.trees[c.where.root] + c.where.inner + "[]."
	p.define(c.into, nil)
	delete(p.scope.plain, c.into)
	p.scope.trees[c.into] = path
	return nil
}
