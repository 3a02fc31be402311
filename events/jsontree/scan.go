package jsontree

import (
	"encoding/binary"
	"math/bits"
)

// scan fills the tree with the tokens of its text, which must be UTF-8. It takes
// what RFC 8259 calls a JSON text and nothing else. Where it stops before the end
// it reports false, and whether the depth is why.
//
// It is ours because no library writes down where tokens lie: each has to be
// asked for one token after the other, and that alone costs more than this.
func (t *Tree) scan(unescape bool) (whole, deep bool) {
	text, nodes, open := t.Text, t.Nodes[:0], t.open[:0]
	var closer byte // of the innermost open bracket; 0 outside of all
	i := 0
values:
	for {
		if i = blanks(text, i); i == len(text) {
			break
		}
		var node Node
		if closer == '}' {
			if text[i] != '"' {
				break
			}
			end := stringEnd(text, i+1)
			if end < 0 {
				break
			}
			node.KeyStart, node.KeyEnd = uint32(i+1), uint32(end)
			if i = blanks(text, end+1); i == len(text) || text[i] != ':' {
				break
			}
			if i = blanks(text, i+1); i == len(text) {
				break
			}
		}
		node.Start = uint32(i)
		switch c := text[i]; c {
		case '{', '[':
			if deep = len(open) == MaxDepth; deep {
				break values
			}
			node.Kind, closer = Kind(c), c+2 // '{' + 2 is '}', '[' + 2 is ']'
			open, nodes = append(open, uint32(len(nodes))), append(nodes, node)
			if i = blanks(text, i+1); i == len(text) {
				break values
			}
			if text[i] != closer {
				continue
			}
		default:
			var end int
			switch {
			case c == '"' && unescape:
				end = t.unescape(uint32(len(nodes)), i+1) + 1
				node.Kind = '"'
			case c == '"':
				end = stringEnd(text, i+1) + 1
				node.Kind = '"'
			case c == 't' || c == 'f' || c == 'n':
				end = wordEnd(text, i)
				node.Kind = Kind(c)
			default:
				end = numberEnd(text, i)
				node.Kind = '0'
			}
			if end <= 0 {
				break values
			}
			i = end
			node.End, node.Next = uint32(i), uint32(len(nodes)+1)
			nodes = append(nodes, node)
		}
		// What follows a value: a comma, or the end of what it is in.
		for {
			if i = blanks(text, i); i == len(text) {
				whole = len(open) == 0
				break values
			}
			c := text[i]
			if c == ',' && len(open) > 0 {
				i++
				break
			}
			if c != closer || len(open) == 0 {
				break values
			}
			i++
			last := len(open) - 1
			closed := &nodes[open[last]]
			closed.End, closed.Next = uint32(i), uint32(len(nodes))
			open = open[:last]
			if closer = 0; last > 0 {
				closer = byte(nodes[open[last-1]].Kind) + 2
			}
		}
	}
	// What has grown is kept for the next text.
	t.Nodes, t.open = nodes, open
	return whole, deep
}

func blanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// stringEnd is the index of the quote that ends the string of which text[i:] is
// the rest, or -1.
func stringEnd(text []byte, i int) int {
	for {
		i = special(text, i)
		switch {
		case i == len(text):
			return -1
		case text[i] == '"':
			return i
		}
		if i = escapeEnd(text, i); i < 0 {
			return -1
		}
	}
}

// special is the index of the first byte of text[i:] that a string cannot hold
// as it is: a quote, a backslash or a control character. It is that of the end
// where there is none.
func special(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		if m := specials(binary.LittleEndian.Uint64(text[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
		i++
	}
	return i
}

// specials is a number of which the lowest bit that is set is in the first
// special byte of v; 0 where there is none. What is taken from a byte that is too
// small borrows from the next one, which is why only the first counts.
func specials(v uint64) uint64 {
	const (
		each = 0x0101010101010101
		swap = '"' ^ ' ' // the quote takes the place of the blank, right above the control characters
	)
	atMostQuote := (v ^ swap*each) - ('!' * each)
	backslash := (v ^ '\\'*each) - each
	return (atMostQuote | backslash) &^ v & (0x80 * each)
}

// escapeEnd is the index after the escape that begins at i, or -1.
func escapeEnd(text []byte, i int) int {
	switch {
	case text[i] != '\\' || i+1 == len(text):
		return -1
	case short[text[i+1]] != 0:
		return i + 2
	case text[i+1] != 'u' || len(text)-i < len(`\u0000`):
		return -1
	}
	for _, c := range text[i+2 : i+6] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return -1
		}
	}
	return i + 6
}

// wordEnd is the index after true, false or null at i, or -1.
func wordEnd(text []byte, i int) int {
	word := "null"
	switch text[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	}
	if end := i + len(word); end <= len(text) && string(text[i:end]) == word {
		return end
	}
	return -1
}

// numberEnd is the index after the number at i, or -1.
func numberEnd(text []byte, i int) int {
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digits(text, i); i < 0 {
		return -1
	}
	if i < len(text) && text[i] == '.' {
		if i = digits(text, i+1); i < 0 {
			return -1
		}
	}
	if i < len(text) && text[i]|' ' == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		return digits(text, i)
	}
	return i
}

// digits is the index after the digits at i, of which there must be one, or -1.
func digits(text []byte, i int) int {
	from := i
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
