package insights

import (
	"cmp"
	"slices"
	"strings"
)

// sort orders as the guide's natural sort does (CWL_QuerySyntax-Sort).
func (e *engine) sort(c *command) {
	it := c.items[0]
	for _, r := range e.rows {
		plain(c, e.lookup(r, it.name))
	}
	slices.SortStableFunc(e.rows, func(a, b *row) int {
		order := natural(e.lookup(a, it.name), e.lookup(b, it.name))
		if it.desc {
			return -order
		}
		return order
	})
}

// natural compares as an ascending sort does: "All non-number values come before
// all number values"; others by chunks, those of digits "by their length first and
// then by their numerical value", the rest by Unicode.
func natural(a, b value) int {
	x, aNumber := a.asNumber()
	y, bNumber := b.asNumber()
	switch {
	case aNumber && bNumber:
		return cmp.Compare(x, y)
	case aNumber:
		return 1
	case bNumber:
		return -1
	}
	s, t := a.String(), b.String()
	for s != "" && t != "" {
		m, n := chunk(s), chunk(t)
		if isDigit(m[0]) && isDigit(n[0]) && len(m) != len(n) {
			return len(m) - len(n)
		}
		if order := strings.Compare(m, n); order != 0 {
			return order
		}
		s, t = s[len(m):], t[len(n):]
	}
	return len(s) - len(t)
}

func chunk(s string) string {
	i := 1
	for i < len(s) && isDigit(s[i]) == isDigit(s[0]) {
		i++
	}
	return s[:i]
}
