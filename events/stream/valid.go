package stream

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
)

// failure is a syntax error in a record, and its offset.
type failure struct {
	at   int64
	text string
	byte bool // the number of the byte is to be appended to text
}

// syntax checks the rules of RFC 8259. Bytes that are not UTF-8 are checked separately, because
// they do not hide where a value ends. The flag also allows escaped halves of surrogate pairs,
// which that grammar allows.
var syntax = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// valid reports whether b is one JSON value, in UTF-8 or not. It must not be nested deeper than
// maxDepth.
func (r *Reader) valid(b []byte) bool {
	r.work += int64(len(b))
	return jsontext.Value(b).IsValid(syntax...)
}

// invalid returns the syntax error in b, the text at offset off, which is not valid.
func invalid(b []byte, off int64) failure {
	d := jsontext.NewDecoder(bytes.NewBuffer(b), syntax...)
	_, err := d.ReadValue()
	at := d.InputOffset()
	if err == nil {
		at += int64(len(b[at:]) - len(trimLeft(b[at:])))
	} else if bad, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = bad.ByteOffset
	}
	f := failure{at: off + at, text: notValid, byte: true}
	if rest := b[min(at, int64(len(b))):]; len(rest) > 0 && rest[0] == 0 {
		f.text, f.byte = "a zero byte", false
	} else if c, n := utf8.DecodeRune(rest); c == utf8.RuneError && n == 1 {
		f.text = notUTF8
	}
	return f
}

const (
	notValid = "not valid JSON"
	notUTF8  = "invalid UTF-8"
)

// encoding returns the fault of b if it is not UTF-8.
func encoding(b []byte) *events.Fault {
	if utf8.Valid(b) {
		return nil
	}
	at := 0
	for {
		c, n := utf8.DecodeRune(b[at:])
		if c == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return notJSON(notUTF8 + " at byte " + grouped(at))
}
