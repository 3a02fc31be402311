package main

import (
	"strings"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/catalogue"
)

// typesLike are the event types that Okta has published and that match a pattern.
func typesLike(pattern string) (names []string) {
	for _, name := range catalogue.All() {
		if events.Match(pattern, name) {
			names = append(names, name)
		}
	}
	return names
}

// similarType is the published event type, or the pattern of such, that is most like
// a pattern that matches none; "" where it matches one, or none is like it. The text
// in front of the first * is compared.
func similarType(pattern string) string {
	if len(typesLike(pattern)) > 0 {
		return ""
	}
	head, rest, wild := strings.Cut(pattern, "*")
	if wild {
		rest = "*" + rest
	}
	dots := strings.Count(head, ".")
	best, least := "", len(head)/5+2
	for _, name := range catalogue.All() {
		start := name
		if wild {
			start = firstParts(name, dots)
		}
		if abs(len(start)-len(head)) >= least {
			continue
		}
		if d := distance(head, start); d < least && len(typesLike(start+rest)) > 0 {
			best, least = start+rest, d
		}
	}
	return best
}

// firstParts is the text up to the nth dot, with it; the whole where there are fewer.
func firstParts(text string, n int) string {
	at := 0
	for range n {
		i := strings.IndexByte(text[at:], '.')
		if i < 0 {
			return text
		}
		at += i + 1
	}
	return text[:at]
}

func abs(n int) int { return max(n, -n) }

// distance is the Levenshtein distance of two texts, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
