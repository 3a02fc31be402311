package stream

import (
	"bytes"
)

// maxDepth is the deepest nesting of a valid item. Deeper JSON is not an event, and parsers are
// recursive.
const maxDepth = 1000

// outcome is the reason why the matching of brackets stopped.
type outcome uint8

const (
	more             outcome = iota // the bytes ran out
	closed                          // the bracket that opened the value is closed
	mismatch                        // a closing bracket of the other kind
	inString                        // the line ended inside a string
	lineEnd                         // the first line ended, and only one was asked for
	unexpectedRecord                // a record begins where no value may begin
	ended                           // the input ended
)

// class is the kind of a byte outside strings. Everything except quotes and brackets is left to a
// parser.
type class uint8

const (
	other class = iota
	quote
	opening
	closing
)

var classes = [256]class{'"': quote, '{': opening, '[': opening, '}': closing, ']': closing}

// frame matches brackets outside strings, over a value that is read in pieces. It has a fixed size:
// kinds and offsets are kept up to maxDepth; deeper levels are only counted.
type frame struct {
	depth   int
	deep    bool                    // depth passed maxDepth
	quoted  bool                    // inside a string
	escaped bool                    // inside a string, just after a lone backslash
	squares int                     // open '[' of known kind; kept by skipArray only
	kinds   [maxDepth/64 + 1]uint64 // bit d is set when level d is a '['
	at      [maxDepth + 1]int64     // at[d] is the offset of the bracket that opened level d
}

func (f *frame) reset() { f.depth, f.deep, f.quoted, f.escaped = 0, false, false, false }

func (f *frame) push(c byte, off int64) {
	f.depth++
	if f.depth > maxDepth {
		f.deep = true
		return
	}
	f.at[f.depth] = off
	if c == '[' {
		f.kinds[f.depth>>6] |= 1 << (f.depth & 63)
	} else {
		f.kinds[f.depth>>6] &^= 1 << (f.depth & 63)
	}
}

// square reports whether the innermost open bracket of known kind is a '['.
func (f *frame) square() bool { return f.kinds[f.depth>>6]>>(f.depth&63)&1 != 0 }

// matches reports whether c closes the innermost open bracket. It returns true if that is too deep
// for its kind to be known.
func (f *frame) matches(c byte) bool {
	return f.depth > maxDepth || f.square() == (c == ']')
}

// scan scans b, bytes of one line that begin at offset off. It returns the number of bytes scanned:
// up to and including the bracket that closes the value, or up to one that does not match.
func (f *frame) scan(b []byte, off int64) (int, outcome) {
	i := 0
	if f.quoted {
		if i = f.skipString(b, 0); f.quoted {
			return len(b), more
		}
	}
	for i < len(b) {
		switch c := b[i]; classes[c] {
		case quote:
			f.quoted = true
			if i = f.skipString(b, i+1); f.quoted {
				return len(b), more
			}
			continue
		case opening:
			f.push(c, off+int64(i))
		case closing:
			if !f.matches(c) {
				return i, mismatch
			}
			if f.depth--; f.depth == 0 {
				return i + 1, closed
			}
		}
		i++
	}
	return len(b), more
}

// skipString returns the index after the quote that ends the string which b[i:] continues. If b has
// no such quote it returns len(b), and f stays quoted.
func (f *frame) skipString(b []byte, i int) int {
	if f.escaped {
		if i == len(b) {
			return i
		}
		f.escaped = false
		i++
	}
	from := i
	for {
		k := bytes.IndexByte(b[i:], '"')
		if k < 0 {
			f.escaped = odd(b[from:])
			return len(b)
		}
		if i += k + 1; !odd(b[from : i-1]) {
			f.quoted = false
			return i
		}
	}
}

// odd reports whether b ends with an odd number of backslashes, so that the
// byte after it is escaped.
func odd(b []byte) bool {
	n := len(b)
	for n > 0 && b[n-1] == '\\' {
		n--
	}
	return (len(b)-n)&1 != 0
}

// startSkip prepares f for skipArray.
func (f *frame) startSkip() {
	f.squares = 0
	for d := range min(f.depth, maxDepth) {
		f.squares += int(f.kinds[(d+1)>>6] >> ((d + 1) & 63) & 1)
	}
}

// skipArray scans b, bytes of one line, to the ']' that closes the array around a broken value. A
// bracket closes the innermost open bracket of its kind, or none. It returns the index of that ']'
// and true.
func (f *frame) skipArray(b []byte) (int, bool) {
	i := 0
	if f.quoted {
		if i = f.skipString(b, 0); f.quoted {
			return len(b), false
		}
	}
	for i < len(b) {
		switch c := b[i]; classes[c] {
		case quote:
			f.quoted = true
			if i = f.skipString(b, i+1); f.quoted {
				return len(b), false
			}
			continue
		case opening:
			f.push(c, 0)
			if c == '[' && f.depth <= maxDepth {
				f.squares++
			}
		case closing:
			if !f.closeNearest(c) && c == ']' {
				return i, true
			}
		}
		i++
	}
	return len(b), false
}

// closeNearest closes the innermost open bracket that c matches, and all brackets within it. It
// reports whether there is one.
func (f *frame) closeNearest(c byte) bool {
	if f.depth > maxDepth {
		f.depth--
		return true
	}
	if open := f.squares; c == ']' && open == 0 || c == '}' && f.depth == open {
		return false
	}
	for {
		square := f.square()
		f.depth--
		if square {
			f.squares--
		}
		if square == (c == ']') {
			return true
		}
	}
}
