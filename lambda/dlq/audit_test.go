package dlq

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
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

// A file that is no audit is not written to; one that ends in half a line is.
func TestOnlyAnAuditIsAppendedTo(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, `{"time":"2026-09-01T10:11:12Z","outcome":"replayed"}` + "\n": true, `{"time":"20`: true, `{"t`: true,
		`{"t` + "\n" + `{"time":"2026-09-01T10:11:12Z"}` + "\n": true, "hello\n": false, "hello": false, "[1]": false,
		`{"uuid":"u-1"}` + "\n": false,
	} {
		name := filepath.Join(t.TempDir(), "audit")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenAudit(name, time.Now())
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if left, err := os.ReadFile(name); err != nil || string(left) != text {
			t.Errorf("%q became %q, %v", text, left, err)
		}
	}
}
