package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/oktastream/oktastream/events/stream"
)

// Input is one file, or stream, of records.
type Input struct {
	Name string // for messages
	Open func() (io.ReadCloser, error)
}

// Files are the records in files: JSON lines, arrays and the other forms that the package
// stream reads, compressed or not.
type Files []Input

// Read reads all files to their ends.
func (f Files) Read(ctx context.Context, _ Window, take Take) (HeldRead, error) {
	var read HeldRead
	r := newRecogniser()
	for _, in := range f {
		if err := r.input(ctx, in, &read, take); err != nil {
			return read, fmt.Errorf("read %s: %w", in.Name, err)
		}
	}
	return read, nil
}

func (r *recogniser) input(ctx context.Context, in Input, read *HeldRead, take Take) error {
	source, err := in.Open()
	if err != nil {
		return err
	}
	defer source.Close() // it was only read
	values := stream.NewReader(source, stream.Options{})
	for ctx.Err() == nil {
		value, err := values.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if value.Fault != nil {
			read.Records++
			read.Unrecognised++
			continue
		}
		if err := r.record(value.Text, read, take); err != nil {
			return err
		}
	}
	return ctx.Err()
}
