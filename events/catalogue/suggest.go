package catalogue

import (
	"slices"
	"strings"

	"github.com/oktastream/oktastream/events"
)

// Matching returns the published event types that pattern matches, in order; see events.Match.
func Matching(pattern string) []string {
	var found []string
	for _, name := range All() {
		if events.Match(pattern, name) {
			found = append(found, name)
		}
	}
	return found
}

// Suggest returns the published pattern that the user probably meant by pattern, an event type or a
// pattern that matches no published type: the pattern with .* at its end if it is only the name of
// a group, or else the nearest type. It returns "" if pattern matches a type, or if no type is
// near.
func Suggest(pattern string) string {
	all := All()
	matches := func(pattern string) bool {
		for _, name := range all {
			if events.Match(pattern, name) {
				return true
			}
		}
		return false
	}
	if matches(pattern) || len(strings.ReplaceAll(pattern, "*", "")) < 3 {
		return ""
	}
	for _, longer := range []string{pattern + ".*", "*." + pattern, "*." + pattern + ".*"} {
		if matches(longer) {
			return longer
		}
	}
	return Nearest(pattern, all)
}

// maxPatternLength is the longest text in bytes that Nearest compares. The longest published type
// is shorter than 100 bytes, and the run time grows with the length.
const maxPatternLength = 200

// Nearest returns text with the spelling of the nearest of names, or "" if none is near. The
// distance is the number of letters to insert, delete, replace, or exchange with a neighbour; case
// is ignored. A * in text matches any letters at distance 0, and is kept. Near is one edit in three
// to six letters, two in seven to ten, three in eleven or more.
func Nearest(text string, names []string) string {
	literals := len(text) - strings.Count(text, "*")
	if len(text) > maxPatternLength {
		return ""
	}
	limit := min((literals+1)/4, 3)
	best, nearest := limit+1, ""
	var table distances
	for _, name := range names {
		if d := table.fill(text, name, best); d < best {
			best, nearest = d, table.spell(text, name)
		}
	}
	return nearest
}

// distances has at [i][j] the distance between the first i bytes of a text and the first j of a
// name.
type distances [][]int

// fill computes the distances of text and name, and returns the distance of the whole texts. It
// stops when that cannot be less than bound, and returns bound.
func (t *distances) fill(text, name string, bound int) int {
	for len(*t) <= len(text) {
		*t = append(*t, nil)
	}
	last := 0 // the smallest of the row before
	for i := range len(text) + 1 {
		row, least := (*t)[i][:0], bound
		for j := range len(name) + 1 {
			d := t.step(text, name, i, j, row)
			row, least = append(row, d), min(least, d)
		}
		(*t)[i] = row
		// An exchange of neighbours goes back two rows.
		if min(last, least) >= bound {
			return bound
		}
		last = least
	}
	return (*t)[len(text)][len(name)]
}

// step returns the distance at [i][j]; row is the i-th row so far.
func (t *distances) step(text, name string, i, j int, row []int) int {
	switch {
	case i == 0:
		return j
	case text[i-1] == '*':
		d := (*t)[i-1][j]
		if j > 0 {
			d = min(d, row[j-1])
		}
		return d
	case j == 0:
		return (*t)[i-1][0] + 1
	}
	d := min((*t)[i-1][j]+1, row[j-1]+1, (*t)[i-1][j-1]+differ(text[i-1], name[j-1]))
	if exchanged(text, name, i, j) {
		d = min(d, (*t)[i-2][j-2]+1)
	}
	return d
}

func exchanged(text, name string, i, j int) bool {
	return i > 1 && j > 1 && differ(text[i-1], name[j-2]) == 0 && differ(text[i-2], name[j-1]) == 0
}

func differ(a, b byte) int {
	if lower(a) == lower(b) {
		return 0
	}
	return 1
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// spell goes back through the distances and returns text with the letters of name.
func (t *distances) spell(text, name string) string {
	var reversed []byte
	i, j := len(text), len(name)
	for i > 0 || j > 0 {
		d := (*t)[i][j]
		switch {
		case i > 0 && text[i-1] == '*':
			if j > 0 && (*t)[i][j-1] == d {
				j--
				continue
			}
			i--
			reversed = append(reversed, '*')
		case i > 0 && j > 0 && (*t)[i-1][j-1]+differ(text[i-1], name[j-1]) == d:
			i, j = i-1, j-1
			reversed = append(reversed, name[j])
		case exchanged(text, name, i, j) && (*t)[i-2][j-2]+1 == d:
			reversed = append(reversed, name[j-1], name[j-2])
			i, j = i-2, j-2
		case j > 0 && (*t)[i][j-1]+1 == d:
			j--
			reversed = append(reversed, name[j])
		default:
			i--
		}
	}
	slices.Reverse(reversed)
	return string(reversed)
}
