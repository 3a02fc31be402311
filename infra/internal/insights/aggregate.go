package insights

// group has the rows of one combination of keys.
type group struct {
	keys []value
	rows []*row
}

// stats makes one row for each group, in order of appearance. Rows without a key make a separate
// group with an empty key.
func (e *engine) stats(c *command) {
	groups := e.group(c)
	e.rows, e.columns = nil, nil
	for _, it := range c.by {
		note(&e.columns, it.name)
	}
	for _, it := range c.items {
		note(&e.columns, it.name)
	}
	for _, g := range groups {
		out := &row{vars: map[string]value{}}
		for i, it := range c.by {
			out.vars[it.name] = g.keys[i]
		}
		for _, it := range c.items {
			out.vars[it.name] = e.aggregate(it, g.rows)
		}
		e.rows = append(e.rows, out)
	}
}

func (e *engine) group(c *command) (groups []*group) {
	byKey := map[string]*group{}
	for _, r := range e.rows {
		keys, name := make([]value, len(c.by)), ""
		for i, it := range c.by {
			keys[i] = plain(c, e.eval(it.expr, r))
			name += keys[i].String() + "\x00"
		}
		g := byKey[name]
		if g == nil {
			g = &group{keys: keys}
			byKey[name] = g
			groups = append(groups, g)
		}
		g.rows = append(g.rows, r)
	}
	return groups
}

// aggregate returns one aggregation of the rows that have the field: "count(fieldName) counts all
// records that include the specified field name", and the others are of "the values for this log
// field".
func (e *engine) aggregate(it item, rows []*row) value {
	if it.expr == nil {
		return numberValue(float64(len(rows)))
	}
	var out value
	count, distinct := 0, map[string]bool{}
	for _, r := range rows {
		v := e.eval(it.expr, r)
		if v.kind == structure || v.kind == truth {
			fail("%s of a structure or a boolean", it.aggr)
		}
		if v.none() {
			if v.kind == null && e.log.reading.NullsPresent {
				count++
			}
			continue
		}
		count++
		distinct[v.String()] = true
		if it.aggr != "count" && it.aggr != "count_distinct" {
			out = combine(it.aggr, out, v)
		}
	}
	switch it.aggr {
	case "count":
		return numberValue(float64(count))
	case "count_distinct":
		return numberValue(float64(len(distinct)))
	}
	return out
}

// combine adds a value to a sum, min or max.
func combine(aggregation string, sum, v value) value {
	n, ok := v.asNumber()
	switch {
	case !ok:
		fail("%s of %q, which is not a number", aggregation, v)
	case sum.none():
		sum = value{kind: number, number: n}
		if v.kind == timestamp && aggregation != "sum" {
			sum.kind = timestamp
		}
	case aggregation == "sum":
		sum.number += n
	case aggregation == "min":
		sum.number = min(sum.number, n)
	default:
		sum.number = max(sum.number, n)
	}
	return sum
}
