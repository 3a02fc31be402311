package dlq

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Outcome is what became of a message in a replay.
type Outcome string

// The outcomes.
const (
	Replayed    Outcome = "replayed"     // sent; it is deleted next
	AlreadySent Outcome = "already_sent" // sent before, by this run or by the one whose audit goes on; deleted now
	NotDeleted  Outcome = "not_deleted"  // sent, but it could not be deleted: it will come a second time
	WouldReplay Outcome = "would_replay" // dry run
	Failed      Outcome = "failed"       // not taken; left
	TooOften    Outcome = "too_often"    // replayed three times or more already; left
	CheckFailed Outcome = "check_failed" // the pipeline would not take it; left
	UnknownForm Outcome = "unknown_form" // left
	TooLong     Outcome = "too_long"     // longer than SQS takes, with what is to be told of it; left
)

// Line is a line of an audit. It holds ids, types and codes, never content.
type Line struct {
	Time      time.Time `json:"time"`
	Outcome   Outcome   `json:"outcome"`
	Why       string    `json:"why,omitempty"`
	QueueURL  string    `json:"queue_url"`
	MessageID string    `json:"message_id"`
	To        string    `json:"to,omitempty"`
	SentAs    string    `json:"sent_as,omitempty"`
	Form      Form      `json:"form"`
	Reason    string    `json:"reason"`
	Pipeline  string    `json:"pipeline"`
	Replays   int       `json:"replays"` // this one included, where it was replayed
	Events    []Ref     `json:"events"`
}

// Audit keeps a line of each message that was chosen, and knows from the lines
// that were there before what has been sent already. The zero value keeps none.
type Audit struct {
	mu     sync.Mutex
	file   io.WriteCloser
	failed error           // what has been cut short cannot be continued
	sent   map[string]bool // by queue and message id
}

// OpenAudit opens a file of lines, to be continued where it is there already.
func OpenAudit(name string, now time.Time) (*Audit, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the audit: %w", err)
	}
	a := &Audit{file: file}
	torn := false
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() { // a device may have no end
		torn, err = a.read(file, now)
	}
	if err == nil && torn {
		// The process that wrote it was killed in the middle of a line.
		_, err = file.Write([]byte{'\n'})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the audit %s: %w", name, err), file.Close())
	}
	return a, nil
}

// read reads what was sent before, and reports whether the last line has no end.
func (a *Audit) read(from io.Reader, now time.Time) (torn bool, err error) {
	a.sent = map[string]bool{}
	lines := bufio.NewReaderSize(from, 1<<16)
	for {
		text, err := lines.ReadBytes('\n')
		torn = err == io.EOF && len(text) > 0
		if err == nil {
			a.remember(text, now)
		}
		if err == io.EOF {
			return torn, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// remember notes what a line says was sent. A message older than 14 days is in no
// queue any more.
func (a *Audit) remember(text []byte, now time.Time) {
	var l Line
	if json.Unmarshal(text, &l) == nil && l.Outcome == Replayed && now.Sub(l.Time) < 14*day {
		a.sent[l.QueueURL+" "+l.MessageID] = true
	}
}

// Sent reports whether a message has been sent by a run whose audit this is, and
// was not deleted then.
func (a *Audit) Sent(queueURL, messageID string) bool {
	return a != nil && a.sent[queueURL+" "+messageID]
}

// Write writes lines, all of them or an error.
func (a *Audit) Write(lines ...Line) error {
	if a == nil || a.file == nil {
		return nil
	}
	var text []byte
	for i := range lines {
		line, err := json.Marshal(&lines[i])
		if err != nil {
			return fmt.Errorf("write the audit: %w", err)
		}
		text = append(append(text, line...), '\n')
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed != nil {
		return a.failed
	}
	if _, err := a.file.Write(text); err != nil {
		a.failed = fmt.Errorf("write the audit: %w", err)
	}
	return a.failed
}

// Close closes the file.
func (a *Audit) Close() error {
	if a == nil || a.file == nil {
		return nil
	}
	if err := a.file.Close(); err != nil {
		return fmt.Errorf("close the audit: %w", err)
	}
	return nil
}
