package insights

import "fmt"

// group is the rows of one combination of keys.
type group struct {
	keys []value
	rows []*row
}

// stats makes one row of each group, in order of appearance. Rows without a key
// make a group of their own, whose key is empty.
func (e *engine) stats(c *command) error {
	groups, err := e.group(c)
	if err != nil {
		return err
	}
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
			v, err := e.aggregate(it, g.rows)
			if err != nil {
				return err
			}
			out.vars[it.name] = v
		}
		e.rows = append(e.rows, out)
	}
	return nil
}

func (e *engine) group(c *command) ([]*group, error) {
	var groups []*group
	byKey := map[string]*group{}
	for _, r := range e.rows {
		keys, name := make([]value, len(c.by)), ""
		for i, it := range c.by {
			v, err := e.eval(it.expr, r)
			if err != nil {
				return nil, err
			}
			// "Using map and list in dedup, pattern, sort, and stats isn't supported."
			if v.kind == structure {
				return nil, fmt.Errorf("stats by a structure")
			}
			keys[i], name = v, name+v.String()+"\x00"
		}
		g := byKey[name]
		if g == nil {
			g = &group{keys: keys}
			byKey[name] = g
			groups = append(groups, g)
		}
		g.rows = append(g.rows, r)
	}
	return groups, nil
}

// aggregate is one aggregation of the rows that have the field: "count(fieldName)
// counts all records that include the specified field name", and the others are
// of "the values for this log field".
func (e *engine) aggregate(it item, rows []*row) (value, error) {
	if it.expr == nil {
		return numberValue(float64(len(rows))), nil
	}
	var out value
	count, distinct := 0, map[string]bool{}
	for _, r := range rows {
		v, err := e.eval(it.expr, r)
		if err != nil {
			return v, err
		}
		if v.kind == structure || v.kind == truth {
			return v, fmt.Errorf("%s of a structure or a truth", it.aggr)
		}
		if v.none() {
			if v.kind == null && e.log.reading.NullsPresent {
				count++
			}
			continue
		}
		count++
		distinct[v.String()] = true
		switch it.aggr {
		case "sum", "min", "max":
			n, ok := v.asNumber()
			if !ok {
				return v, fmt.Errorf("%s of %q, which is not a number", it.aggr, v)
			}
			switch {
			case out.none():
				out = value{kind: number, number: n}
				if v.kind == timestamp && it.aggr != "sum" {
					out.kind = timestamp
				}
			case it.aggr == "sum":
				out.number += n
			case it.aggr == "min" && n < out.number, it.aggr == "max" && n > out.number:
				out.number = n
			}
		}
	}
	switch it.aggr {
	case "count":
		return numberValue(float64(count)), nil
	case "count_distinct":
		return numberValue(float64(len(distinct))), nil
	}
	return out, nil
}
