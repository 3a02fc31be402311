package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// File is a file of records.
type File struct {
	Name string // for messages
	// Open returns the records from the beginning of the file.
	Open func() (Records, error)
}

// Records are the records of a file.
type Records interface {
	// Next returns the next record, valid until the next call; nil for text that is not a record. The
	// error is io.EOF after the last one.
	Next() ([]byte, error)
	io.Closer
}

// Files are what a destination holds, as files of records.
type Files []File

// Read reads all files to their ends.
func (f Files) Read(ctx context.Context, _ Window, take Take) (HeldRead, error) {
	var read HeldRead
	r := newRecogniser()
	for _, file := range f {
		if err := r.file(ctx, file, &read, take); err != nil {
			return read, fmt.Errorf("read %s: %w", file.Name, err)
		}
	}
	return read, nil
}

func (r *recogniser) file(ctx context.Context, file File, read *HeldRead, take Take) error {
	records, err := file.Open()
	if err != nil {
		return err
	}
	defer records.Close() // it was only read
	for ctx.Err() == nil {
		text, err := records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.record(text, read, take); err != nil {
			return err
		}
	}
	return ctx.Err()
}
