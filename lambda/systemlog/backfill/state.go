package backfill

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog"
)

// Window is what a state file is for.
type Window struct {
	Org          string // as Client.Org gives it
	Since, Until time.Time
	To           string // where events are sent: queue URLs, a directory, a destination
}

// State is a state file. It is for one process at a time: of two, one gets an error, after a page that
// both have sent.
type State struct {
	path string
	file stateFile
	text []byte // of the file, as it was read or written
}

// stateFile is the form of a state file.
type stateFile struct {
	V      int              `json:"v"`
	Org    string           `json:"org"`
	Since  time.Time        `json:"since"`
	Until  time.Time        `json:"until"`
	To     string           `json:"to"`
	Cursor systemlog.Cursor `json:"cursor"`
	Counts Counts           `json:"counts"`
}

// stateVersion is the version that this program reads and writes.
const stateVersion = 1

// maxState is the size in bytes of the largest state file that is read: 180 days have
// 4,320 hours, each with a line of some 30 bytes.
const maxState = 1 << 20

// StateError is a state file that cannot be used.
type StateError struct {
	Path, Detail string
	Step         string // what to do about it
	Err          error
}

func (e *StateError) Error() string { return "state file " + e.Path + ": " + e.Detail }
func (e *StateError) Unwrap() error { return e.Err }

const anotherState = "choose another file with --state, or remove this one to begin again"

// OpenState opens the state file at path, or begins one where there is none. The file has to be for
// the same window; a Since or Until that is zero is the file's. Without a file both have to be
// given. Nothing is written yet.
func OpenState(path string, want Window) (*State, error) {
	text, err := readState(path)
	if errors.Is(err, fs.ErrNotExist) {
		if want.Since.IsZero() || want.Until.IsZero() {
			return nil, &StateError{Path: path, Detail: "it does not exist, and the window is not given",
				Step: "add --since and --until"}
		}
		return &State{path: path, file: stateFile{V: stateVersion, Org: want.Org, Since: want.Since.UTC(),
			Until: want.Until.UTC(), To: want.To, Counts: Counts{Hours: map[Hour]int64{}}}}, nil
	}
	s := &State{path: path, text: text}
	if err == nil {
		s.file, err = parseState(text)
	}
	if err != nil {
		return nil, &StateError{Path: path, Detail: err.Error(), Step: anotherState, Err: err}
	}
	if want.Since.IsZero() {
		want.Since = s.file.Since
	}
	if want.Until.IsZero() {
		want.Until = s.file.Until
	}
	if s.file.To != want.To {
		return nil, s.other("events were sent to "+s.file.To, want.To)
	}
	return s, s.check(want.Org, want.Since, want.Until)
}

// Window returns the window that the file is for.
func (s *State) Window() Window {
	return Window{Org: s.file.Org, Since: s.file.Since, Until: s.file.Until, To: s.file.To}
}

// Counts returns what has been sent so far.
func (s *State) Counts() Counts {
	c := s.file.Counts
	c.Hours = maps.Clone(c.Hours)
	return c
}

// Done reports whether the window has been sent to its end.
func (s *State) Done() bool { return s.file.Cursor.Done }

// check returns an error unless the file is for this org and window.
func (s *State) check(org string, since, until time.Time) error {
	switch {
	case s.file.Org != org:
		return s.other("it is for the org "+s.file.Org, org)
	case !s.file.Since.Equal(since) || !s.file.Until.Equal(until):
		return s.other("its window is "+span(s.file.Since, s.file.Until), span(since, until))
	}
	return nil
}

func (s *State) other(has, asked string) error {
	return &StateError{Path: s.path, Detail: has + ", not " + asked, Step: anotherState}
}

func span(since, until time.Time) string {
	return since.UTC().Format(time.RFC3339Nano) + " to " + until.UTC().Format(time.RFC3339Nano)
}

func readState(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(text) > maxState {
		err = errors.New("it is too long for a state file")
	}
	return text, err
}

var errDamaged = errors.New("it is damaged, or not a state file of oktastream")

// parseState reads a state file.
func parseState(text []byte) (stateFile, error) {
	var f stateFile
	var mark struct {
		V int `json:"v"`
	}
	if json.Unmarshal(text, &mark) == nil && mark.V > stateVersion {
		return f, fmt.Errorf("it has version %d, and this oktastream reads version %d", mark.V, stateVersion)
	}
	if json.Unmarshal(text, &f) != nil || f.V != stateVersion || f.Org == "" || !f.Since.Before(f.Until) {
		return stateFile{}, errDamaged
	}
	c := f.Counts
	sum := int64(0)
	for hour, n := range c.Hours {
		if n < 0 || hour != "" && HourOf(hour.Time()) != hour {
			return stateFile{}, errDamaged
		}
		sum += n
	}
	if c.Events < 0 || c.Skipped < 0 || c.Pages < 0 || c.Bytes < 0 || sum != c.Events {
		return stateFile{}, errDamaged
	}
	if c.Hours == nil {
		f.Counts.Hours = map[Hour]int64{}
	}
	return f, nil
}

// save writes the file. A new one replaces the old one in one step, so that the file is whole at any
// time. It is an error where another process has written the file.
func (s *State) save(counts Counts, at systemlog.Cursor) error {
	there, err := readState(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return &StateError{Path: s.path, Detail: "it cannot be read: " + plain(err), Err: err, Step: anotherState}
	case !bytes.Equal(there, s.text):
		return &StateError{Path: s.path, Detail: "another process has changed it",
			Step: "let the other process end; running this again after that does no harm"}
	}
	s.file.Counts, s.file.Cursor = counts, at
	text, err := json.Marshal(s.file)
	if err != nil {
		return fmt.Errorf("write the state as JSON: %w", err)
	}
	text = append(text, '\n')
	if err := replace(s.path, text); err != nil {
		return &StateError{Path: s.path, Detail: "it cannot be written: " + plain(err), Err: err,
			Step: "make room, and run the command again: it continues, and sends at most one page again"}
	}
	s.text = text
	return nil
}

// replace writes a new file beside the old one and renames it, and returns once both the bytes and the
// name are on the disk.
func replace(path string, text []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error that counts is the first one
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// plain returns the text of an error about a file, without the name of the file.
func plain(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
