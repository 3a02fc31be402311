package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/oktastream/oktastream/events"
	"github.com/oktastream/oktastream/lambda/bulk"
	"github.com/oktastream/oktastream/lambda/deadletter"
)

// maxReported is how many bad records are reported on stderr, a line each.
const maxReported = 20

// letters writes bad records to a file, or without one to the messages; there those after maxReported are
// only counted.
type letters struct {
	file     *os.File
	messages *messages
	line     []byte
	reported int
	tooLong  bool // one of those reported is longer than --max-record
}

func (l *letters) take(letter *deadletter.Letter) error {
	if l.file == nil {
		l.tooLong = l.tooLong || letter.Reason == string(events.TooLarge)
		if l.reported++; l.reported <= maxReported {
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

// end reports how many bad records were only counted.
func (l *letters) end() {
	if more := l.reported - maxReported; more > 0 {
		l.messages.print(message{Note: "and " + count(more, "more bad record") + "; --dead-letters FILE keeps all of them"})
	}
}

// notes writes a line for each note of a run to a file. Without a file it does nothing.
type notes struct {
	file *os.File
	err  error // the first one; after it nothing is written
}

func (n *notes) take(note bulk.Note) {
	if n.file == nil || n.err != nil {
		return
	}
	line, err := json.Marshal(note)
	if err == nil {
		_, err = n.file.Write(append(line, '\n'))
	}
	if err != nil {
		n.err = fmt.Errorf("write a note on %s:%d: %w", note.File, note.Line, err)
	}
}
