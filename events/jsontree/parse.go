package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The reasons for which Parse refuses a text. None of them quotes it.
var (
	errUTF8  = errors.New("invalid UTF-8")
	errDepth = fmt.Errorf("nested deeper than %d", maxDepth)
	errSize  = fmt.Errorf("longer than %d bytes", uint64(maxSize))
	errEmpty = errors.New("no value")
)

// syntaxError is the position at which a text stops being valid JSON. Unlike the library's error it
// has no part of the text, because event content must not be logged.
type syntaxError struct {
	Offset int64
	// truncated: the text is valid so far, but ends too early.
	truncated bool
}

func (e *syntaxError) Error() string {
	if e.truncated {
		return fmt.Sprintf("JSON ends too early, at byte %d", e.Offset)
	}
	return fmt.Sprintf("JSON syntax error at byte %d", e.Offset)
}

// Parse parses text, which must be one JSON value with only whitespace around it. The tree refers
// to text until the next Parse; text must not change.
//
// Parse accepts duplicate member names (RFC 8259 §4 allows either) and escaped lone surrogates,
// which a string has that was cut within a character. It refuses bytes that are not UTF-8.
func (t *Tree) Parse(text []byte) error {
	t.Bytes, t.Nodes, t.open = text, t.Nodes[:0], t.open[:0]
	if len(text) > maxSize {
		return errSize
	}
	if !utf8.Valid(text) {
		return errUTF8
	}
	t.buffer = *bytes.NewBuffer(text)
	t.decoder.Reset(&t.buffer, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := t.read(); err != nil {
		return t.fault(err)
	}
	if _, err := t.decoder.ReadToken(); err != io.EOF {
		return &syntaxError{Offset: t.decoder.InputOffset()}
	}
	return nil
}

// read fills the tree with the tokens of one value.
func (t *Tree) read() error {
	d, nodes, open := &t.decoder, t.Nodes, t.open
	defer func() { t.Nodes, t.open = nodes, open }() // keep the memory for the next text
	for {
		var node Node
		kind := d.PeekKind()
		if kind == '"' && len(open) > 0 && nodes[open[len(open)-1]].Kind == '{' {
			name, err := d.ReadValue()
			if err != nil {
				return err
			}
			end := uint32(d.InputOffset())
			node.KeyStart, node.KeyEnd = end-uint32(len(name))+1, end-1
			kind = d.PeekKind()
		}
		switch kind {
		case '{', '[':
			if len(open) == maxDepth {
				return errDepth
			}
			if _, err := d.ReadToken(); err != nil {
				return err
			}
			node.Kind, node.Start = Kind(kind), uint32(d.InputOffset())-1
			open, nodes = append(open, uint32(len(nodes))), append(nodes, node)
			continue
		case '}', ']':
			if _, err := d.ReadToken(); err != nil {
				return err
			}
			last := len(open) - 1
			closed := &nodes[open[last]]
			closed.Next, closed.End = uint32(len(nodes)), uint32(d.InputOffset())
			open = open[:last]
		default:
			value, err := d.ReadValue()
			if err != nil {
				return err
			}
			end := uint32(d.InputOffset())
			node.Kind, node.Start, node.End, node.Next = Kind(kind), end-uint32(len(value)), end, uint32(len(nodes))+1
			nodes = append(nodes, node)
		}
		if len(open) == 0 {
			return nil
		}
	}
}

// fault converts the library's error to one without the text that it quotes.
func (t *Tree) fault(err error) error {
	switch err {
	case errDepth:
		return err
	case io.EOF:
		return errEmpty
	}
	offset := t.decoder.InputOffset()
	if syntactic := (*jsontext.SyntacticError)(nil); errors.As(err, &syntactic) {
		offset = syntactic.ByteOffset
	}
	return &syntaxError{Offset: offset, truncated: errors.Is(err, io.ErrUnexpectedEOF)}
}
