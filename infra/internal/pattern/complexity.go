package pattern

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// maxComplexity is the complexity up to which EventBridge accepts a rule; above it, PutRule answers
// "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences
// after a wildcard character". AWS's documentation gives no number. 10 is what
// github.com/radkawar/stackd observed with PutRule and TestEventPattern on 2026-09-13
// (testdata/aws/eventbridge/pattern_admission.json): ten wildcards with different beginnings are
// accepted and eleven are not; "*", eight times "abc" and "*" is accepted, with nine times "abc" it
// is not.
const maxComplexity = 10

// maxStates bounds the work: above it a field's wildcards count as too complex.
const maxStates = 10000

// complexity is the largest number of beginnings of wildcards that can match one text, with the
// quotes around it: "how many wildcard rule prefixes match a theoretical worst-case event" (README
// of github.com/aws/event-ruler, "Matching with a Machine"). It stops counting at limit+1.
//
// A group counts as one pattern: a wildcard, or all wildcards of one anything-but. Beginnings up to
// the first star are shared, and count once for each group that has them. After the first star each
// wildcard counts separately, and all ends of a group together count once. The deployed engine
// counts in this way; see TestComplexityAsAWSCounts.
func complexity(groups [][]string, limit int) int {
	a := newAutomaton(groups)
	most := 0
	seen := map[string]bool{}
	queue := [][]int{{0}}
	for len(queue) > 0 {
		set := queue[0]
		queue = queue[1:]
		for _, symbol := range a.symbols(set) {
			next := a.step(set, symbol)
			id := make([]byte, 0, 2*len(next))
			weight := 0
			for _, n := range next {
				id = binary.AppendUvarint(id, uint64(n))
				weight += a[n].weight
			}
			if seen[string(id)] {
				continue
			}
			seen[string(id)] = true
			most = max(most, weight)
			if most > limit || len(seen) > maxStates {
				return limit + 1
			}
			queue = append(queue, next)
		}
	}
	return most
}

// star, in a parsed wildcard, matches any bytes. Every other token is a byte.
const star = -1

// parseWildcard parses a wildcard of EventBridge, in which a backslash escapes the next character.
func parseWildcard(text string) []int {
	var all []int
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '*':
			all = append(all, star)
			continue
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		all = append(all, int(text[i]))
	}
	return all
}

// automaton has the states of all groups; a text begins at node 0.
type automaton []node

type node struct {
	weight int
	loops  bool // it is a star: any byte leads back to it
	next   []edge
}

// edge leads to another node by a byte, or by star at once.
type edge struct{ by, to int }

func newAutomaton(groups [][]string) automaton {
	a := automaton{{}}
	nodes := map[string]int{}  // nodes that several wildcards share, by key
	owned := map[string]bool{} // by group and key
	for _, group := range groups {
		texts := slices.Clone(group)
		slices.Sort(texts)
		texts = slices.Compact(texts)
		name := strings.Join(texts, "\x00")
		for _, text := range texts {
			all := parseWildcard(`"` + text + `"`)
			at, starred := 0, false
			for i, token := range all {
				key := ""
				switch {
				case i == len(all)-1:
					key = "end of " + name
				case !starred:
					key = fmt.Sprint("after ", all[:i+1])
				}
				to, ok := nodes[key]
				if !ok {
					to = len(a)
					a = append(a, node{loops: token == star})
				}
				if key == "" {
					a[to].weight = 1
				} else {
					nodes[key] = to
					if owner := name + "\x00" + key; !owned[owner] {
						owned[owner] = true
						a[to].weight++
					}
				}
				if e := (edge{token, to}); !slices.Contains(a[at].next, e) {
					a[at].next = append(a[at].next, e)
				}
				at, starred = to, starred || token == star
			}
		}
	}
	return a
}

// symbols returns the bytes that lead from a set to any node other than its stars.
func (a automaton) symbols(set []int) []int {
	var all []int
	for _, n := range set {
		for _, e := range a[n].next {
			if e.by != star && !slices.Contains(all, e.by) {
				all = append(all, e.by)
			}
		}
	}
	return all
}

func (a automaton) step(set []int, symbol int) []int {
	var next []int
	reach := func(n int) {
		next = append(next, n)
		for _, e := range a[n].next {
			if e.by == star {
				next = append(next, e.to)
			}
		}
	}
	for _, n := range set {
		if a[n].loops {
			next = append(next, n)
		}
		for _, e := range a[n].next {
			if e.by == symbol {
				reach(e.to)
			}
		}
	}
	slices.Sort(next)
	return slices.Compact(next)
}
