package insights

import "strings"

type tokenKind int

const (
	tokEnd    tokenKind = iota
	tokName             // a bare name or a keyword
	tokQuoted           // a name in backticks
	tokNumber
	tokPeriod // a number and a unit of time: 5m
	tokString
	tokMark // an operator or a bracket
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// is reports whether the token is this mark, or this keyword in any case of
// letters: the guide writes both FIELDS and fields.
func (t token) is(text string) bool {
	return t.kind == tokMark && t.text == text || t.kind == tokName && strings.EqualFold(t.text, text)
}

// scanner splits a query's text into tokens.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) fail(at int, format string, args ...any) {
	fail("line %d: "+format, append([]any{1 + strings.Count(s.text[:at], "\n")}, args...)...)
}

// skip passes white space and comments ("set off the comments with the hash
// character", CWL_QuerySyntax).
func (s *scanner) skip() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t' || c == '\n':
			s.pos++
		case c == '#':
			for s.pos < len(s.text) && s.text[s.pos] != '\n' {
				s.pos++
			}
		default:
			return
		}
	}
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '@'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) take(more func(c byte) bool) string {
	start := s.pos
	for s.pos < len(s.text) && more(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// next returns the next token. A slash is division; for a regular expression call regex.
func (s *scanner) next() token {
	s.skip()
	at := s.pos
	if at == len(s.text) {
		return token{tokEnd, "", at}
	}
	switch c := s.text[at]; {
	case isLetter(c):
		return token{tokName, s.take(func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' }), at}
	case isDigit(c):
		text := s.take(func(c byte) bool { return isDigit(c) || c == '.' })
		if unit := s.take(isLetter); unit != "" {
			return token{tokPeriod, text + unit, at}
		}
		return token{tokNumber, text, at}
	case c == '"' || c == '\'' || c == '`':
		end := strings.IndexByte(s.text[at+1:], c)
		if end < 0 {
			s.fail(at, "no end of %c", c)
		}
		text := s.text[at+1 : at+1+end]
		// The guide does not say how to escape, so this reader refuses escapes.
		if strings.ContainsAny(text, "\\\n") {
			s.fail(at, "an escape or a line break in %q", text)
		}
		s.pos = at + end + 2
		if c == '`' {
			return token{tokQuoted, text, at}
		}
		return token{tokString, text, at}
	}
	for _, mark := range []string{"!=", "<=", ">=", "=~", "=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",",
		"|"} {
		if strings.HasPrefix(s.text[at:], mark) {
			s.pos += len(mark)
			return token{tokMark, mark, at}
		}
	}
	s.fail(at, "unknown character %q", s.text[at])
	return token{}
}

// regex returns the regular expression between slashes that follows, and whether there is one.
func (s *scanner) regex() (text string, ok bool) {
	s.skip()
	if s.pos == len(s.text) || s.text[s.pos] != '/' {
		return "", false
	}
	for i := s.pos + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '\n':
			s.fail(s.pos, "a line break in a regular expression")
		case '/':
			text = s.text[s.pos+1 : i]
			s.pos = i + 1
			return text, true
		}
	}
	s.fail(s.pos, "no end of a regular expression")
	return "", false
}
