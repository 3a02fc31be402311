package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// faults collects what is wrong with the flags of a command, so that all of it is reported at once.
type faults []error

// add adds a fault if it is there.
func (f *faults) add(is bool, format string, values ...any) {
	if is {
		*f = append(*f, fmt.Errorf(format, values...))
	}
}

// join returns all faults as one error, nil if there is none.
func (f *faults) join(others ...error) error { return errors.Join(append(others, *f...)...) }

// window adds what is wrong with a window of time. Without an end it ends now.
func (f *faults) window(since, until moment) {
	f.add(!since.IsZero() && !until.IsZero() && !since.Before(until.Time), "--since %s is not before --until %s",
		since.Format(time.RFC3339), until.Format(time.RFC3339))
	f.add(since.After(now()), "--since %s is in the future", since.Format(time.RFC3339))
}

// hours is window for commands that work on whole hours.
func (f *faults) hours(since, until moment) {
	f.add(!since.IsZero() && !until.IsZero() && !since.Truncate(time.Hour).Before(until.Truncate(time.Hour)),
		"no whole hour is between --since %s and --until %s", since.Format(time.RFC3339), until.Format(time.RFC3339))
	f.add(since.After(now()), "--since %s is in the future", since.Format(time.RFC3339))
}

// openToAppend opens the file of a flag, to append to it.
func openToAppend(flag, name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file of %s: %w", flag, err)
	}
	return file, nil
}
