package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/oktastream/oktastream/lambda/bulk"
)

// appendedFile is a file that the run appends to.
type appendedFile struct{ flag, without, name string } // without says what happens without the flag

func (r *runCommand) appended() []appendedFile {
	return []appendedFile{
		{"--dead-letters", "without it bad records are reported on stderr", r.DeadLetters},
		{"--ledger", "without it the ledger goes to stderr", r.Ledger},
		{"--notes", "without it these events are only counted", r.Notes},
	}
}

// files are the files that a run appends to, by flag.
type files map[string]*os.File

func (r *runCommand) files() (files, error) {
	opened := files{}
	for _, file := range r.appended() {
		if file.name == "" {
			continue
		}
		f, err := openToAppend(file.flag, file.name)
		if err != nil {
			return nil, err
		}
		opened[file.flag] = f
	}
	return opened, nil
}

// close writes the ledger and closes the files.
func (f files) close(total bulk.Result) error {
	var faults []error
	if ledger := f["--ledger"]; ledger != nil {
		if _, err := ledger.Write(append(total.JSON(), '\n')); err != nil {
			faults = append(faults, fmt.Errorf("write the ledger: %w", err))
		}
	}
	for _, file := range f {
		faults = append(faults, file.Close())
	}
	return errors.Join(faults...)
}
