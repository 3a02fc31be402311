package pattern

import (
	"errors"
	"fmt"
)

// star stands in tokens for any run of bytes. Every other token is a byte.
const star = -1

type tokens []int

// parseWildcard reads a wildcard of EventBridge: "consecutive wildcard characters
// are not allowed", \* and \\ are the characters themselves, and "a backslash
// escaping any character other than asterisk or backslash is not allowed" (README
// of github.com/aws/event-ruler).
func parseWildcard(text string) (tokens, error) {
	var all tokens
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '*':
			if i+1 < len(text) && text[i+1] == '*' {
				return nil, fmt.Errorf("wildcard has consecutive stars at %d", i)
			}
			all = append(all, star)
		case '\\':
			i++
			if i == len(text) || text[i] != '*' && text[i] != '\\' {
				return nil, errors.New(`wildcard has a backslash that escapes neither * nor \`)
			}
			all = append(all, int(text[i]))
		default:
			all = append(all, int(text[i]))
		}
	}
	return all, nil
}

// String is the wildcard again: a star as it stands, the character escaped.
func (t tokens) String() string {
	var text []byte
	for _, token := range t {
		switch token {
		case star:
			text = append(text, '*')
		case '*', '\\':
			text = append(text, '\\', byte(token))
		default:
			text = append(text, byte(token))
		}
	}
	return string(text)
}

// match goes back to the last star only: what an earlier one took does not
// matter once a later one has been reached.
func (t tokens) match(text string) bool {
	last, mark := -1, 0
	p, s := 0, 0
	for s < len(text) {
		switch {
		case p < len(t) && t[p] == star:
			last, mark = p, s
			p++
		case p < len(t) && t[p] == int(text[s]):
			p++
			s++
		case last >= 0:
			mark++
			p, s = last+1, mark
		default:
			return false
		}
	}
	for p < len(t) && t[p] == star {
		p++
	}
	return p == len(t)
}
