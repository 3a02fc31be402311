package stream

// The longest time and the longest name of a log stream before a log line's JSON.
// A stream's name has at most 512 characters (CreateLogStream, AWS, 2026-11).
const (
	maxLogTime   = 40
	maxLogStream = 4 * 512
)

// logPrefix returns the length of the text before the object on the current line if that text is a
// time in RFC 3339, with or without a zone, and optionally one word: the form in which "aws logs
// tail" and exports of CloudWatch Logs write a log event. Otherwise it returns 0. It reads only as
// far as needed.
func (r *Reader) logPrefix() int {
	i := 0
	for ; ; i++ {
		c, ok := r.peek(i)
		if !ok || i == maxLogTime {
			return 0
		}
		if c == ' ' || c == '\t' {
			break
		}
		if !timeByte(i, c) {
			return 0
		}
	}
	if i < len(timeShape) {
		return 0
	}
	for words := 0; ; words++ {
		var c byte
		if i, c = r.skipSpaces(i); c == '{' {
			return i
		}
		if words == 1 {
			return 0
		}
		for from := i; ; i++ {
			c, ok := r.peek(i)
			if !ok || c == '\n' || i-from > maxLogStream {
				return 0
			}
			if blank(c) {
				break
			}
		}
	}
}

// skipSpaces returns the index of the first byte from i on that is neither a space nor a tab, and
// that byte; 0 at the end of the input.
func (r *Reader) skipSpaces(i int) (int, byte) {
	for {
		c, ok := r.peek(i)
		if !ok {
			return i, 0
		}
		if c != ' ' && c != '\t' || i > r.max {
			return i, c
		}
		i++
	}
}

const timeShape = "0000-00-00T00:00:00"

// timeByte reports whether c may be byte i of a time in RFC 3339.
func timeByte(i int, c byte) bool {
	digit := '0' <= c && c <= '9'
	if i < len(timeShape) && timeShape[i] != '0' {
		return c == timeShape[i]
	}
	return digit || i >= len(timeShape) && (c == '.' || c == ',' || c == ':' || c == '+' || c == '-' || c == 'Z')
}
