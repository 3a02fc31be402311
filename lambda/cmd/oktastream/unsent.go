package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// unsent keeps, as they came, the events that a run has read and not sent: one after
// the other in a file, which oktastream run reads. The file is made with the first.
type unsent struct {
	file *os.File
	line []byte
}

// keep appends an event to the file.
func (u *unsent) keep(event []byte) error {
	if u.file == nil {
		if err := u.create(); err != nil {
			return err
		}
	}
	u.line = append(append(u.line[:0], event...), '\n')
	if _, err := u.file.Write(u.line); err != nil {
		return fmt.Errorf("keep an event that was not sent: %w", err)
	}
	return nil
}

// create makes the file in the current directory, else in that of temporary files.
func (u *unsent) create() error {
	name := "oktastream-unsent-" + now().UTC().Format("20060102T150405.000Z") + ".jsonl"
	var faults []error
	for _, dir := range []string{"", os.TempDir()} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			u.file = file
			return nil
		}
		faults = append(faults, err)
	}
	return fmt.Errorf("keep an event that was not sent: %w", errors.Join(faults...))
}

// close ends the file and returns its name; "" where there is none.
func (u *unsent) close() (string, error) {
	if u == nil || u.file == nil {
		return "", nil
	}
	if err := errors.Join(u.file.Sync(), u.file.Close()); err != nil {
		return "", fmt.Errorf("keep the events that were not sent: %w", err)
	}
	return u.file.Name(), nil
}
