package systemlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/events/jsontree"
)

// split cuts a response into its events, whose bytes stay as they are. The error says
// where the text is not a JSON array and quotes nothing of it; it wraps
// io.ErrUnexpectedEOF where the text ends too early.
func split(body []byte) ([]Event, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	broken := func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("the response ends after %d bytes: %w", len(body), io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("the response is not JSON at byte %d", d.InputOffset())
	}
	if d.PeekKind() != '[' {
		if _, err := d.ReadToken(); err != nil {
			return nil, broken(err)
		}
		return nil, errors.New("the response is not a JSON array")
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, broken(err)
	}
	var list []Event
	var tree jsontree.Tree
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return nil, broken(err)
		}
		end := d.InputOffset()
		list = append(list, eventOf(&tree, body[end-int64(len(value)):end:end]))
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, broken(err)
	}
	if rest := bytes.TrimSpace(body[d.InputOffset():]); len(rest) > 0 {
		return nil, errors.New("the response has more than one JSON value")
	}
	return list, nil
}

// eventOf is an event with what its text says of it. The function judges the rest, so
// that a text which is not an event becomes an Event too.
func eventOf(tree *jsontree.Tree, text []byte) Event {
	e := Event{JSON: text}
	if tree.Parse(text) != nil || tree.Nodes[0].Kind != '{' {
		return e
	}
	e.UUID, e.EventType = tree.Text(0, "uuid"), tree.Text(0, "eventType")
	if ms, ok := events.ParsePublished([]byte(tree.Text(0, "published"))); ok {
		e.Published = time.UnixMilli(ms).UTC()
	}
	return e
}
