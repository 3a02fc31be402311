package awsfake

import (
	"bytes"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// text is a long string of a request. Messages are JSON texts inside JSON strings,
// so every few bytes there is a quotation mark to unescape and, for Lambda, to
// escape again, which is most of the cost of a call here.
type text string

// UnmarshalJSONFrom is what the JSON decoder calls.
func (t *text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue() // which also checks it, UTF-8 included
	if err != nil || v.Kind() != '"' {
		return err // null is not a text
	}
	*t = text(unquote(v))
	return nil
}

// unescaped maps the character after a backslash to what it means; \u is not in it.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquote reads a JSON string that is known to be valid.
func unquote(quoted []byte) string {
	in := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(in, '\\') < 0 {
		return string(in)
	}
	b, n := make([]byte, len(in)), 0
	for i := 0; i < len(in); i++ {
		c := in[i]
		if c == '\\' {
			i++
			if c = unescaped[in[i]]; c == 0 { // \u is rare, and not worth a second implementation
				b, _ = jsontext.AppendUnquote(b[:0], quoted)
				return string(b)
			}
		}
		b[n] = c
		n++
	}
	return unsafe.String(unsafe.SliceData(b), n) // b is not touched again
}

// appendQuote appends a string of valid UTF-8 as JSON.
func appendQuote(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
