package main

import (
	"fmt"
	"os"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// maxReported is how many bad records of a run are reported one by one.
const maxReported = 20

// letters is where bad records go: a file, or else the messages.
type letters struct {
	file     *os.File
	messages *messages
	line     []byte
	reported int
}

func (l *letters) take(letter *deadletter.Letter) error {
	if l.file == nil {
		l.reported++
		if l.reported <= maxReported {
			l.messages.badRecord(letter)
		}
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

// summarise reports how many bad records were not reported one by one.
func (l *letters) summarise() {
	if more := l.reported - maxReported; more > 0 {
		l.messages.print(message{Warning: fmt.Sprintf("%d more bad records are not shown", more)})
	}
}
