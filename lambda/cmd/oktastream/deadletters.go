package main

import (
	"fmt"
	"io"
	"os"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// maxReported is how many bad records are reported on stderr, a line each.
const maxReported = 20

// letters is where bad records go: a file, or else stderr, where those after
// maxReported are only counted.
type letters struct {
	file     *os.File
	stderr   io.Writer
	bar      *progress
	line     []byte
	reported int
}

func (r *runCommand) letters(c console) (*letters, error) {
	if r.DeadLetters == "" {
		return &letters{stderr: c.err}, nil
	}
	file, err := os.OpenFile(r.DeadLetters, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file of dead letters: %w", err)
	}
	return &letters{file: file}, nil
}

func (l *letters) take(letter *deadletter.Letter) error {
	if l.file == nil {
		if l.reported++; l.reported > maxReported {
			return nil
		}
		text := fmt.Sprintf("%s:%d: %s: %s", letter.File, letter.Line, letter.Reason, letter.Detail)
		if letter.UUID != "" {
			text += fmt.Sprintf(" (uuid %s)", letter.UUID)
		}
		l.bar.say(l.stderr, text)
		return nil
	}
	var err error
	if l.line, err = letter.AppendLine(l.line[:0]); err != nil {
		return fmt.Errorf("write a dead letter for %s:%d: %w", letter.File, letter.Line, err)
	}
	if _, err := l.file.Write(l.line); err != nil {
		return fmt.Errorf("write a dead letter for %s:%d: %w", letter.File, letter.Line, err)
	}
	return nil
}

func (l *letters) close() error {
	if l.file == nil {
		if more := l.reported - maxReported; more > 0 {
			say(l.stderr, "and "+count(more, "more bad record")+"; --dead-letters FILE keeps all of them")
		}
		return nil
	}
	return l.file.Close()
}
