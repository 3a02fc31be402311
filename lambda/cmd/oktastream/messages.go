package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/oktastream/oktastream/lambda/deadletter"
)

// messages prints what a run has to report to stderr: a line of text each, or with --json one JSON
// object a line.
type messages struct {
	to     io.Writer
	asJSON bool
	bar    *progress
}

// message is one report of a run. Its keys are an interface: scripts read them.
type message struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Reason  string `json:"reason,omitempty"` // of a bad record
	Detail  string `json:"detail,omitempty"`
	UUID    string `json:"uuid,omitempty"`
	Error   string `json:"error,omitempty"`
	Warning string `json:"warning,omitempty"`
	Note    string `json:"note,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Unsent  string `json:"unsent_file,omitempty"` // where events are kept that were not sent
}

// text returns the lines of the message for a person.
func (m message) text() []string {
	var lines []string
	switch {
	case m.Reason != "":
		line := fmt.Sprintf("%s:%d: %s: %s", m.File, m.Line, m.Reason, m.Detail)
		if m.UUID != "" {
			line += fmt.Sprintf(" (uuid %s)", m.UUID)
		}
		lines = append(lines, line)
	case m.Error != "" && m.File != "":
		lines = append(lines, fmt.Sprintf("error: read %s: %s", m.File, m.Error))
	case m.Error != "":
		lines = append(lines, "error: "+m.Error)
	case m.Warning != "":
		lines = append(lines, "warning: "+m.Warning)
	case m.Note != "":
		lines = append(lines, m.Note)
	}
	if m.Hint != "" {
		lines = append(lines, "hint: "+m.Hint)
	}
	return lines
}

func (m *messages) print(what message) {
	if m.asJSON {
		text, err := json.Marshal(what)
		if err != nil {
			panic("a struct of strings cannot be written as JSON: " + err.Error())
		}
		m.bar.print(m.to, printable(string(text)))
		return
	}
	for _, line := range what.text() {
		m.bar.say(m.to, line)
	}
}

// badRecord reports a record that cannot be normalised. It prints nothing of the record but its uuid.
func (m *messages) badRecord(letter *deadletter.Letter) {
	m.print(message{File: letter.File, Line: letter.Line, Reason: letter.Reason, Detail: letter.Detail, UUID: letter.UUID})
}

// unreadable reports an input that cannot be opened, or read to its end.
func (m *messages) unreadable(name string, err error) {
	m.print(message{File: name, Error: plain(err).Error(), Hint: hintFor(err)})
}

// failed reports the errors that ended the run, a line each.
func (m *messages) failed(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		m.print(message{Error: line})
	}
	if hint := fileHint(err); hint != "" {
		m.print(message{Hint: hint})
	}
}
