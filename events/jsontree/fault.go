package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// The reasons for which Parse refuses a text. None of them quotes it.
var (
	ErrUTF8  = errors.New("invalid UTF-8")
	ErrDepth = fmt.Errorf("nested deeper than %d", MaxDepth)
	ErrSize  = fmt.Errorf("longer than %d bytes", uint64(MaxSize))
	ErrEmpty = errors.New("no value")
)

// SyntaxError says where a text stops being JSON. It holds no part of the text:
// the library's own message quotes it, and event content has no place in logs.
type SyntaxError struct {
	Offset int64
	// Truncated tells that the text ends too soon, rather than goes wrong.
	Truncated bool
}

func (e *SyntaxError) Error() string {
	if e.Truncated {
		return fmt.Sprintf("JSON ends too soon, at byte %d", e.Offset)
	}
	return fmt.Sprintf("JSON syntax error at byte %d", e.Offset)
}

// errSyntax is a SyntaxError whose place nobody has asked for yet.
var errSyntax = errors.New("JSON syntax error")

// explained says what is wrong with a text that is refused for its syntax. That
// is rare, so the library may look for it: it knows where and how.
func explained(err error, text []byte) error {
	if err != errSyntax {
		return err
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err = d.ReadValue()
	if err == io.EOF {
		return ErrEmpty
	}
	e := &SyntaxError{Offset: d.InputOffset(), Truncated: errors.Is(err, io.ErrUnexpectedEOF)}
	if syntactic := (*jsontext.SyntacticError)(nil); errors.As(err, &syntactic) {
		e.Offset = syntactic.ByteOffset
	}
	return e
}
