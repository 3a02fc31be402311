package dlq

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Outcome is the result of a replay for one message.
type Outcome string

// The outcomes. Of those from Failed on the message stays in its queue.
const (
	Replayed     Outcome = "replayed"        // sent; it is deleted next
	AlreadySent  Outcome = "already_sent"    // sent before, by this run or one with the same audit; deleted now
	NotDeleted   Outcome = "not_deleted"     // sent, but not deleted: it will be sent a second time
	WouldReplay  Outcome = "would_replay"    // dry run
	Failed       Outcome = "failed"          // not accepted
	TooOften     Outcome = "too_often"       // replayed MaxReplays times or more already
	CheckFailed  Outcome = "check_failed"    // the pipeline would not accept it
	UnknownForm  Outcome = "unknown_form"    // never sent
	TooLong      Outcome = "too_long"        // with its attribute it is longer than SQS accepts
	NotTheBuffer Outcome = "not_from_buffer" // in redrive, but not moved there by the buffer queue
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
	Code      string    `json:"code"`
	Pipeline  string    `json:"pipeline"`
	Replays   int       `json:"replays"` // this one included, if it was replayed
	Events    []Ref     `json:"events"`
}

// Audit writes a line for each message that was chosen, and knows from the lines of
// earlier runs what has been sent already. A nil Audit writes nothing.
type Audit struct {
	mu     sync.Mutex
	file   io.WriteCloser
	failed error           // of writing: nothing is written after half a line
	sent   map[string]bool // by queue and message id
}

// OpenAudit opens a file of lines, new or of earlier runs. A file that begins with
// something else is an error, and is not changed.
func OpenAudit(name string, now time.Time) (*Audit, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the audit: %w", err)
	}
	a := &Audit{file: file}
	torn := false
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() { // reading a device may never end
		start := make([]byte, len(lineStart))
		n, _ := file.ReadAt(start, 0) // what cannot be read shows when all is read
		first, _, _ := strings.Cut(string(start[:n]), "\n")
		if !strings.HasPrefix(lineStart, first) {
			return nil, errors.Join(fmt.Errorf("%s is not an audit: name another file", name), file.Close())
		}
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

// lineStart is how a line begins.
const lineStart = `{"time":"`

// read reads what was sent before, and reports whether the last line is incomplete.
func (a *Audit) read(from io.Reader, now time.Time) (torn bool, err error) {
	a.sent = map[string]bool{}
	lines := bufio.NewReaderSize(from, 1<<16)
	for {
		text, err := lines.ReadBytes('\n')
		switch err {
		case nil:
			a.remember(text, now)
		case io.EOF:
			return len(text) > 0, nil
		default:
			return false, err
		}
	}
}

// remember reads one line: what it says was sent. A message older than 14 days is in
// no queue any more.
func (a *Audit) remember(text []byte, now time.Time) {
	var l Line
	if json.Unmarshal(text, &l) == nil && l.Outcome == Replayed && now.Sub(l.Time) < 14*day {
		a.sent[l.QueueURL+" "+l.MessageID] = true
	}
}

// Sent reports whether a message was sent by an earlier run with this audit, and not
// deleted then.
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
