package auditor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oktastream/oktastream/lambda/archive"
	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// Archive is the archive as the destination.
type Archive struct {
	Store archive.Reader
	Org   string // of the archive's keys
}

// objectReaders is how many objects are read at once.
const objectReaders = 8

// Read implements Held. The archive has every event in the hour of published, whenever it came.
func (a *Archive) Read(ctx context.Context, start, _ time.Time, take reconcile.Take) (reconcile.HeldRead, error) {
	var read reconcile.HeldRead
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(objectReaders)
	err := a.Store.List(ctx, archive.Hour{Org: a.Org, Start: start}.Prefix(), func(o archive.Object) error {
		group.Go(func() (err error) {
			body, err := a.Store.Get(ctx, o.Key)
			if err != nil {
				return fmt.Errorf("read %s: %w", o.Key, err)
			}
			defer func() { err = errors.Join(err, body.Close()) }()
			err = archive.EachEvent(body, func(uuid []byte, publishedMS int64) error {
				mu.Lock()
				defer mu.Unlock()
				read.Records++
				return take(uuid, publishedMS)
			})
			if err != nil {
				return fmt.Errorf("read %s: %w", o.Key, err)
			}
			return nil
		})
		return ctx.Err()
	})
	if failed := group.Wait(); failed != nil {
		err = failed
	}
	return read, err
}

// LogGroup is a CloudWatch Logs group as the destination.
type LogGroup struct{ *reconcile.LogGroup }

// clocks is by how much the clocks of CloudWatch Logs, the function and the auditor may differ.
const clocks = 5 * time.Minute

// Read implements Held. A record's timestamp is when the event was published. Only a record that
// CloudWatch Logs does not take with that timestamp is given the time of its arrival: so where
// missing events were sent, what came since then is read too.
func (g LogGroup) Read(ctx context.Context, start, filled time.Time, take reconcile.Take) (reconcile.HeldRead, error) {
	read, err := g.ReadBetween(ctx, start, start.Add(time.Hour), take)
	if err != nil || filled.IsZero() {
		return read, err
	}
	more, err := g.ReadBetween(ctx, filled.Add(-clocks), g.Now().Add(clocks), take)
	read.Records += more.Records
	read.Unrecognised += more.Unrecognised
	return read, err
}
