package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/oktastream/oktastream/lambda/bulk"
)

// appendedFile is a file that the run appends to.
type appendedFile struct {
	flag, without string // without says what happens without the flag
	name          *string
}

func (r *runCommand) appended() []appendedFile {
	return []appendedFile{
		{"--dead-letters", "without it bad records are reported on stderr", &r.DeadLetters},
		{"--ledger", "without it the ledger goes to stderr", &r.Ledger},
		{"--notes", "without it these events are only counted", &r.Notes},
	}
}

// files are the files that a run appends to; nil where there is none.
type files struct{ deadLetters, ledger, notes *os.File }

func (r *runCommand) files() (files, error) {
	var opened []*os.File
	for _, file := range r.appended() {
		if *file.name == "" {
			opened = append(opened, nil)
			continue
		}
		f, err := openToAppend(file.flag, *file.name)
		if err != nil {
			return files{}, err
		}
		opened = append(opened, f)
	}
	return files{opened[0], opened[1], opened[2]}, nil
}

// close writes the ledger and closes the files.
func (f files) close(total bulk.Result) error {
	var faults []error
	if f.ledger != nil {
		if _, err := f.ledger.Write(append(total.JSON(), '\n')); err != nil {
			faults = append(faults, fmt.Errorf("write the ledger: %w", err))
		}
	}
	for _, file := range []*os.File{f.deadLetters, f.ledger, f.notes} {
		if file != nil {
			faults = append(faults, file.Close())
		}
	}
	return errors.Join(faults...)
}
