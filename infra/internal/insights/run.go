package insights

import (
	"maps"
	"slices"
)

// row is a record in a query, or the result of stats over several records.
type row struct {
	event  *Event           // nil after stats
	fields map[string]value // discovered, nil after stats
	vars   map[string]value // aliases
}

func (r *row) with(name string, v value) *row {
	vars := make(map[string]value, len(r.vars)+1)
	maps.Copy(vars, r.vars)
	vars[name] = v
	return &row{r.event, r.fields, vars}
}

// Log is records as Insights sees them: read once, queried many times.
type Log struct {
	reading Reading
	now     int64
	rows    []*row
}

// NewLog discovers the fields of events. Now, ms since 1970, is the time at which queries start.
func NewLog(events []Event, r Reading, now int64) *Log {
	return (&Log{reading: r, now: now}).And(events)
}

// Under returns the same records in another Reading; equal results of discovery are shared.
func (l *Log) Under(r Reading) *Log {
	if r.BooleansAsNumbers == l.reading.BooleansAsNumbers {
		return &Log{reading: r, now: l.now, rows: l.rows}
	}
	events := make([]Event, len(l.rows))
	for i, row := range l.rows {
		events[i] = *row.event
	}
	return NewLog(events, r, l.now)
}

// And returns a log with more records after those of l, which it does not change.
func (l *Log) And(events []Event) *Log {
	l = &Log{reading: l.reading, now: l.now, rows: slices.Clone(l.rows)}
	for i := range events {
		leaves := Leaves(events[i].Message, l.reading)
		fields := make(map[string]value, len(leaves))
		for _, f := range leaves[:min(len(leaves), MaxFields)] {
			fields[f.Name] = f.value
		}
		l.rows = append(l.rows, &row{event: &events[i], fields: fields})
	}
	return l
}

// Messages returns the records in their original order.
func (l *Log) Messages() []string {
	all := make([]string, len(l.rows))
	for i, r := range l.rows {
		all[i] = r.event.Message
	}
	return all
}

// engine runs one query over one log.
type engine struct {
	log     *Log
	rows    []*row
	columns []string
}

// Run returns the rows that the query finds, in order.
func (l *Log) Run(q *Query) (rows []Row, err error) {
	defer catch(&err)
	// Without fields "the results show the @timestamp and all log data in the
	// @message field".
	e := &engine{log: l, rows: slices.Clone(l.rows)}
	for i := range q.commands {
		e.run(&q.commands[i])
	}
	columns := e.columns
	if columns == nil {
		columns = []string{"@timestamp", "@message"}
	}
	rows = make([]Row, 0, len(e.rows))
	for _, r := range e.rows {
		out := Row{Columns: columns, Values: map[string]string{}}
		for _, c := range columns {
			if s := e.lookup(r, c).String(); s != "" {
				out.Values[c] = s
			}
		}
		rows = append(rows, out)
	}
	return rows, nil
}

func (e *engine) run(c *command) {
	switch c.word {
	case "filter":
		// A comparison with a missing field is neither true nor false.
		e.rows = slices.DeleteFunc(e.rows, func(r *row) bool { return !e.eval(c.where, r).isTrue() })
	case "fields", "display":
		if c.word == "display" {
			e.columns = nil
		}
		for _, it := range c.items {
			note(&e.columns, it.name)
		}
		e.each(func(r *row) []*row { return []*row{e.assign(c, r)} })
	case "parse":
		e.each(func(r *row) []*row { return []*row{e.parse(c, r)} })
	case "unnest":
		e.each(func(r *row) []*row { return e.unnest(c, r) })
	case "stats":
		e.stats(c)
	case "sort":
		e.sort(c)
	case "dedup":
		e.dedup(c)
	case "limit":
		e.rows = e.rows[:min(len(e.rows), c.number)]
	}
}

// each replaces every row by the rows that f makes from it.
func (e *engine) each(of func(*row) []*row) {
	var out []*row
	for _, r := range e.rows {
		out = append(out, of(r)...)
	}
	e.rows = out
}

func (e *engine) assign(c *command, r *row) *row {
	for _, it := range c.items {
		if it.expr.op != opRef || it.name != it.expr.name || it.expr.root != "" {
			r = r.with(it.name, e.eval(it.expr, r))
		}
	}
	return r
}

// parse takes the first match; without one the new fields are missing.
func (e *engine) parse(c *command, r *row) *row {
	v := e.eval(c.where, r)
	m := c.regex.FindStringSubmatch(v.String())
	for g, name := range c.regex.SubexpNames() {
		switch {
		case name == "":
		case m == nil || v.none():
			r = r.with(name, value{})
		default:
			r = r.with(name, textValue(m[g]))
		}
	}
	return r
}

// unnest makes one row of each element of a list. "Any other types, such as MAP,
// String and numbers, are treated as a list with one item." The guide does not describe
// an empty list: see Reading.
func (e *engine) unnest(c *command, r *row) (out []*row) {
	v := e.eval(c.where, r)
	list, ok := v.tree.([]any)
	switch {
	case v.none() || ok && len(list) == 0:
		if e.log.reading.UnnestKeepsEmpty {
			out = append(out, r.with(c.into, value{}))
		}
	case ok:
		for _, element := range list {
			out = append(out, r.with(c.into, scalar(element, e.log.reading)))
		}
	default:
		out = append(out, r.with(c.into, v))
	}
	return out
}

// lookup returns the value of a column or a reference in a row.
func (e *engine) lookup(r *row, name string) value {
	if v, ok := r.vars[name]; ok {
		return v
	}
	if r.event == nil {
		return value{}
	}
	switch name {
	case "@timestamp":
		return timestampValue(r.event.Timestamp)
	case "@ingestionTime":
		return timestampValue(r.event.Ingested)
	case "@message":
		return textValue(r.event.Message)
	}
	if v, ok := r.fields[name]; ok {
		return v
	}
	for alias, v := range r.vars {
		if inner, ok := rest(name, alias); ok && v.kind == structure {
			return member(v, inner, e.log.reading)
		}
	}
	return value{}
}

// plain returns the value of a column for a comparison. "Using map and list in dedup, pattern,
// sort, and stats isn't supported."
func plain(c *command, v value) value {
	if v.kind == structure {
		fail("%s by a structure", c.word)
	}
	return v
}

// dedup keeps the first row of each combination. "Null values are not considered
// duplicates for evaluation. Log events with null values for any of the specified
// fields are retained." (CWL_QuerySyntax-Dedup)
func (e *engine) dedup(c *command) {
	seen := map[string]bool{}
	e.rows = slices.DeleteFunc(e.rows, func(r *row) bool {
		key, empty := "", false
		for _, it := range c.items {
			v := plain(c, e.lookup(r, it.name))
			empty = empty || v.none()
			key += v.String() + "\x00"
		}
		again := seen[key]
		seen[key] = true
		return again && !empty
	})
}
