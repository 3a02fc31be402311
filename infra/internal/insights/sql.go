package insights

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Source is a table of JSON records in Athena, one record in the column event.
type Source struct {
	Table    string // the text after FROM
	Where    string // which partitions to read
	Time     string // the SQL expression of a record's @timestamp
	Ingested string // and of its @ingestionTime
}

// SQL writes the query in the SQL of Athena engine version 3, which is Trino's, over the records of
// src. The result is that of the query in Logs Insights, in columns of the same order, with names
// in snake case. The functions are those of "Functions in Athena" (Amazon Athena User Guide) and of
// Trino's pages on JSON, regular expressions and dates (trino.io/docs/current/functions, 2026-11).
//
// The two languages differ: @timestamp is a timestamp with time zone, not a text; = compares a
// number of a record as its text; unnest leaves out values that are not lists; the order of equal
// rows is not defined.
func (q *Query) SQL(src Source) (sql string, err error) {
	defer catch(&err)
	t := &translator{src: src, scope: map[string]column{}, trees: map[string]string{}, open: true,
		selected: []string{"event", src.Time + " AS event_time"}, from: src.Table, conditions: []string{src.Where}}
	if q.reads("@ingestionTime") {
		t.selected = append(t.selected, src.Ingested+" AS stored_time")
	}
	for i := range q.commands {
		t.command(&q.commands[i])
	}
	return t.finish(), nil
}

// reads reports whether an aggregation has the name.
func (q *Query) reads(name string) bool {
	return slices.ContainsFunc(q.commands, func(c command) bool {
		return slices.ContainsFunc(c.items, func(it item) bool { return it.expr != nil && it.expr.name == name })
	})
}

// column is an alias in SQL.
type column struct {
	name string
	kind sqlKind
}

type sqlKind int

const (
	sqlText sqlKind = iota
	sqlNumber
	sqlTime
)

// translator writes a query as steps: common table expressions, each of which reads the previous
// one. A step takes filters and new columns until one of them needs a column that the step itself
// makes.
type translator struct {
	src    Source
	scope  map[string]column // aliases
	trees  map[string]string // aliases of JSON values, as SQL
	steps  []string
	shown  []string // the columns of the result, by alias
	order  string
	limit  int
	repeat string // the condition of dedup

	// The step that is being written.
	open       bool
	made       map[string]bool // SQL names of columns that it makes
	selected   []string
	from       string
	conditions []string
	grouped    string
}

// close ends the open step.
func (t *translator) close() {
	text := "SELECT " + strings.Join(t.selected, ",\n    ") + "\n  FROM " + t.from
	if len(t.conditions) > 0 {
		text += "\n  WHERE " + strings.Join(t.conditions, "\n    AND ")
	}
	text += t.grouped
	name := fmt.Sprint("step", len(t.steps)+1)
	t.steps = append(t.steps, name+" AS (\n  "+text+"\n)")
	t.selected, t.from, t.conditions, t.made, t.grouped = []string{"*"}, name, nil, nil, ""
	t.open = false
}

// needs closes the step if one of the expressions needs a column that it makes, and opens one.
func (t *translator) needs(exprs ...*expr) {
	if t.open && slices.ContainsFunc(exprs, t.uses) {
		t.close()
	}
	t.open = true
}

// uses reports whether the expression needs a column that the open step makes.
func (t *translator) uses(e *expr) bool {
	if e == nil {
		return false
	}
	switch {
	case e.op == opRef && e.name == "@timestamp", e.op == opRef && e.name == "@ingestionTime", e.name == "bin":
		return len(t.steps) == 0
	case e.op == opRef && e.root != "":
		return t.made[snake(e.root)]
	case e.op == opRef:
		return t.made[t.scope[e.name].name]
	}
	return slices.ContainsFunc(e.args, t.uses)
}

func (t *translator) define(alias, sql string, kind sqlKind) {
	name := snake(alias)
	delete(t.trees, alias)
	t.scope[alias] = column{name, kind}
	if t.made == nil {
		t.made = map[string]bool{}
	}
	t.made[name] = true
	t.selected = append(t.selected, sql+" AS "+name)
}

func (t *translator) command(c *command) {
	switch c.word {
	case "filter":
		t.filter(c.where)
	case "fields", "display":
		t.assign(c)
	case "parse":
		t.parse(c)
	case "unnest":
		t.unnest(c)
	case "stats":
		t.stats(c)
	case "sort":
		t.order = t.result(c.items[0].name)
		if c.items[0].desc {
			t.order += " DESC"
		}
	case "dedup":
		t.dedup(c)
	case "limit":
		t.limit = c.number
	}
}

// filter adds a condition, or each of those that it joins by and.
func (t *translator) filter(e *expr) {
	t.needs(e)
	all := []*expr{e}
	if e.op == opAnd {
		all = e.args
	}
	t.conditions = append(t.conditions, each(all, t.condition)...)
}

func (t *translator) assign(c *command) {
	if c.word == "display" {
		t.shown = nil
	}
	for _, it := range c.items {
		_, known := t.scope[it.name]
		note(&t.shown, it.name)
		switch {
		case it.expr.op == opRef && it.name == it.expr.name && (known || it.name == "@timestamp"):
		case it.expr.op == opRef && it.name == it.expr.name:
			fail("the column %s has no name of its own", it.name)
		case it.expr.op == opCall && it.expr.name == "jsonparse":
			t.needs(it.expr.args[0])
			t.trees[it.name] = t.text(it.expr.args[0])
			t.shown = slices.DeleteFunc(t.shown, func(s string) bool { return s == it.name })
		default:
			t.needs(it.expr)
			sql, kind := t.value(it.expr)
			t.define(it.name, sql, kind)
		}
	}
}

var groupName = regexp.MustCompile(`\(\?P?<[a-zA-Z]+>`)

// parse gives each named group a column. Groups are selected by number, which does not depend on
// names.
func (t *translator) parse(c *command) {
	t.needs(c.where)
	from := t.text(c.where)
	pattern := quote(groupName.ReplaceAllString(c.regex.String(), "("))
	for i, name := range c.regex.SubexpNames() {
		if name != "" {
			t.define(name, fmt.Sprintf("regexp_extract(%s, %s, %d)", from, pattern, i), sqlText)
		}
	}
}

func (t *translator) unnest(c *command) {
	t.needs(c.where)
	tree, ok := t.trees[c.where.root]
	if !ok {
		fail("unnest of %s, which is not JSON", c.where.name)
	}
	name := snake(c.into)
	t.from += fmt.Sprintf("\n  CROSS JOIN UNNEST(TRY_CAST(json_extract(%s, %s) AS ARRAY(JSON))) AS %s (%s)",
		tree, quote(jsonPath(c.where.inner)), "of_"+name, name)
	if t.selected[0] != "*" {
		t.selected = append(t.selected, name)
	}
	t.trees[c.into] = name
}

func (t *translator) stats(c *command) {
	if t.open {
		t.close()
	}
	t.selected, t.shown = nil, nil
	names := map[string]column{}
	output := func(alias, sql string, kind sqlKind) {
		name := snake(alias)
		names[alias] = column{name, kind}
		t.shown = append(t.shown, alias)
		if sql != name {
			sql += " AS " + name
		}
		t.selected = append(t.selected, sql)
	}
	for _, it := range c.by {
		sql, kind := t.value(it.expr)
		output(it.name, sql, kind)
	}
	for _, it := range c.items {
		sql, kind := t.aggregate(it)
		output(it.name, sql, kind)
	}
	if len(c.by) > 0 {
		t.grouped = "\n  GROUP BY 1"
		for i := range c.by[1:] {
			t.grouped += fmt.Sprint(", ", i+2)
		}
	}
	t.scope, t.trees = names, map[string]string{}
	t.close()
}

func (t *translator) aggregate(it item) (string, sqlKind) {
	if it.expr == nil {
		return "count(*)", sqlNumber
	}
	sql, kind := t.value(it.expr)
	switch it.aggr {
	case "count":
		return "count(" + sql + ")", sqlNumber
	case "count_distinct":
		return "count(DISTINCT " + sql + ")", sqlNumber
	}
	if kind == sqlText {
		fail("%s of a text", it.aggr)
	}
	return it.aggr + "(" + sql + ")", kind
}

// dedup numbers the rows of one combination of keys in the order of the result and keeps the first.
// "Log events with null values for any of the specified fields are retained."
// (CWL_QuerySyntax-Dedup)
func (t *translator) dedup(c *command) {
	if t.order == "" {
		fail("dedup without sort: the row that is kept is not defined")
	}
	t.close()
	var keys, empty []string
	for _, it := range c.items {
		keys = append(keys, t.result(it.name))
		empty = append(empty, t.result(it.name)+" IS NULL")
	}
	t.selected = []string{"*", "row_number() OVER (PARTITION BY " + strings.Join(keys, ", ") + " ORDER BY " + t.order +
		") AS copy"}
	t.close()
	t.repeat = "copy = 1 OR " + strings.Join(empty, " OR ")
}

// result is the SQL name of a column of the result.
func (t *translator) result(alias string) string {
	if alias == "@timestamp" {
		return "event_time"
	}
	if c, ok := t.scope[alias]; ok {
		return c.name
	}
	return snake(alias)
}

// finish writes the steps and the SELECT that reads the last of them.
func (t *translator) finish() string {
	if len(t.shown) == 0 {
		fail("the query has no column")
	}
	if t.open && (t.made != nil || len(t.steps) == 0) {
		t.close()
	}
	var columns []string
	for _, alias := range t.shown {
		columns = append(columns, t.result(alias))
	}
	text := "WITH " + strings.Join(t.steps, ",\n") + "\nSELECT " + strings.Join(columns, ", ") + "\nFROM " + t.from
	conditions := t.conditions
	if t.repeat != "" {
		conditions = append(conditions, t.repeat)
	}
	if len(conditions) > 0 {
		text += "\nWHERE " + strings.Join(conditions, "\n  AND ")
	}
	if t.order != "" {
		text += "\nORDER BY " + t.order
	}
	if t.limit > 0 {
		text += fmt.Sprint("\nLIMIT ", t.limit)
	}
	return text
}

// snake is an alias in snake case, as SQL has no case: fromIP becomes from_ip.
func snake(alias string) string {
	var b strings.Builder
	lower := false
	for _, r := range alias {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// jsonPath is a dotted name as a JSON path: request.ipChain.0.ip becomes $.request.ipChain[0].ip.
func jsonPath(name string) string {
	path := "$"
	for part := range strings.SplitSeq(name, ".") {
		switch {
		case strings.Trim(part, "0123456789") == "":
			path += "[" + part + "]"
		case strings.ContainsFunc(part, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }):
			path += `["` + part + `"]`
		default:
			path += "." + part
		}
	}
	return path
}
