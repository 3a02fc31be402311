package dlq

import (
	"bytes"
	"errors"
	"testing"
)

// tearing is a disk that is full in the middle of a line, and has room again for
// the next one.
type tearing struct {
	bytes.Buffer
	torn bool
}

func (f *tearing) Write(p []byte) (int, error) {
	if !f.torn {
		f.torn = true
		n, _ := f.Buffer.Write(p[:len(p)/2])
		return n, errors.New("no space left on device")
	}
	return f.Buffer.Write(p)
}

func (f *tearing) Close() error { return nil }

// Nothing is written behind half a line: it would be no line either, and what it
// says was sent would be unknown.
func TestAnAuditThatFailedIsNotContinued(t *testing.T) {
	var f tearing
	a := &Audit{file: &f}
	if a.Write(Line{MessageID: "m1"}) == nil {
		t.Error("no error")
	}
	length := f.Len()
	if a.Write(Line{MessageID: "m2"}) == nil || f.Len() != length {
		t.Errorf("written: %s", f.String())
	}
}
