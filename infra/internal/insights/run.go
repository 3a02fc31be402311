package insights

import (
	"fmt"
	"slices"
)

// row is a record on its way through a query, or what stats made of many.
type row struct {
	event  *Event           // nil after stats
	fields map[string]value // discovered, nil after stats
	vars   map[string]value // aliases
}

func (r *row) with(name string, v value) *row {
	vars := make(map[string]value, len(r.vars)+1)
	for k, v := range r.vars {
		vars[k] = v
	}
	vars[name] = v
	return &row{r.event, r.fields, vars}
}

// Log is records as Insights sees them: read once, queried often.
type Log struct {
	reading Reading
	now     int64
	rows    []*row
}

// NewLog discovers the fields of events. Now, ms since 1970, is when queries
// start.
func NewLog(events []Event, r Reading, now int64) *Log {
	return (&Log{reading: r, now: now}).And(events)
}

// Under is the same records in another reading; what both discover alike is shared.
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

// And is a log with more records behind those of l, which it leaves as it is.
func (l *Log) And(events []Event) *Log {
	l = &Log{reading: l.reading, now: l.now, rows: slices.Clone(l.rows)}
	r := l.reading
	for i := range events {
		leaves := Leaves(events[i].Message, r)
		fields := make(map[string]value, len(leaves))
		for _, f := range leaves[:min(len(leaves), MaxFields)] {
			fields[f.Name] = f.value
		}
		l.rows = append(l.rows, &row{event: &events[i], fields: fields})
	}
	return l
}

// Messages are the records, in the order in which they came.
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

// Run gives the rows that the query finds, in their order.
func (l *Log) Run(q *Query) ([]Row, error) {
	e := &engine{log: l, rows: slices.Clone(l.rows)}
	for i := range q.commands {
		if err := e.run(&q.commands[i]); err != nil {
			return nil, err
		}
	}
	columns := e.columns
	if columns == nil {
		// Without fields "the results show the @timestamp and all log data in the
		// @message field".
		columns = []string{"@timestamp", "@message"}
	}
	rows := make([]Row, 0, len(e.rows))
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

func (e *engine) run(c *command) error {
	switch c.word {
	case "filter":
		return e.filter(c)
	case "fields", "display":
		if c.word == "display" {
			e.columns = nil
		}
		for _, it := range c.items {
			note(&e.columns, it.name)
		}
		return e.assign(c)
	case "parse":
		return e.parse(c)
	case "unnest":
		return e.unnest(c)
	case "stats":
		return e.stats(c)
	case "sort":
		return e.sort(c)
	case "dedup":
		return e.dedup(c)
	case "limit":
		e.rows = e.rows[:min(len(e.rows), c.number)]
	}
	return nil
}

// filter keeps the rows for which the condition is true. What compares with a
// missing field is neither true nor false.
func (e *engine) filter(c *command) error {
	var kept []*row
	for _, r := range e.rows {
		v, err := e.eval(c.where, r)
		if err != nil {
			return err
		}
		if v.kind == truth && v.number == 1 {
			kept = append(kept, r)
		}
	}
	e.rows = kept
	return nil
}

func (e *engine) assign(c *command) error {
	for i, r := range e.rows {
		for _, it := range c.items {
			if it.expr.op == opRef && it.name == it.expr.name && it.expr.root == "" {
				continue
			}
			v, err := e.eval(it.expr, r)
			if err != nil {
				return err
			}
			r = r.with(it.name, v)
		}
		e.rows[i] = r
	}
	return nil
}

// parse takes the first match; without one the new fields are missing.
func (e *engine) parse(c *command) error {
	for i, r := range e.rows {
		v, err := e.eval(c.where, r)
		if err != nil {
			return err
		}
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
		e.rows[i] = r
	}
	return nil
}

// unnest makes one row of each element of a list. "Any other types, such as MAP,
// String and numbers, are treated as a list with one item." Of nothing the guide
// does not speak.
func (e *engine) unnest(c *command) error {
	var out []*row
	for _, r := range e.rows {
		v := e.lookup(r, c.where.name)
		if c.where.root != "" {
			v = member(r.vars[c.where.root], c.where.inner, e.log.reading)
		}
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
	}
	e.rows = out
	return nil
}

// lookup is what a name of a column or a reference stands for in a row.
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

// dedup keeps the first row of each combination. "Null values are not considered
// duplicates for evaluation. Log events with null values for any of the specified
// fields are retained." (CWL_QuerySyntax-Dedup)
func (e *engine) dedup(c *command) error {
	seen := map[string]bool{}
	var kept []*row
	for _, r := range e.rows {
		key, empty := "", false
		for _, it := range c.items {
			v := e.lookup(r, it.name)
			if v.kind == structure {
				return fmt.Errorf("dedup by a structure")
			}
			empty = empty || v.none()
			key += v.String() + "\x00"
		}
		if empty || !seen[key] {
			kept = append(kept, r)
		}
		seen[key] = true
	}
	e.rows = kept
	return nil
}
