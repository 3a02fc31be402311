package reconcile

import (
	"context"
	"time"

	"github.com/oktastream/oktastream/lambda/sink/archive"
)

// Archive is the events of an org in an archive.
type Archive struct {
	Store archive.Reader
	Org   string
}

// Read reads the objects of each hour of which a part is in the window. An object that cannot be read as
// events counts as one record that is not recognised, and its events as not held.
func (a *Archive) Read(ctx context.Context, w Window, take Take) (HeldRead, error) {
	var read HeldRead
	for start := w.Since.UTC().Truncate(time.Hour); start.Before(w.Until); start = start.Add(time.Hour) {
		faulty, err := archive.EachInHour(ctx, a.Store, archive.Hour{Org: a.Org, Start: start},
			func(uuid []byte, publishedMS int64) error {
				read.Records++
				return take(uuid, publishedMS)
			})
		read.Records += faulty
		read.Unrecognised += faulty
		if err != nil {
			return read, err
		}
	}
	return read, nil
}
