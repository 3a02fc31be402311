package auditor

import (
	"context"
	"time"

	"github.com/oktastream/oktastream/lambda/systemlog/reconcile"
)

// Archive is the archive as the destination.
type Archive struct{ *reconcile.Archive }

// Read implements Held. The archive has every event in its hour of published, however late it came.
func (a Archive) Read(ctx context.Context, start, _ time.Time, take reconcile.Take) (reconcile.HeldRead, error) {
	return a.Archive.Read(ctx, reconcile.Window{Since: start, Until: start.Add(time.Hour)}, take)
}

// LogGroup is a CloudWatch Logs group as the destination.
type LogGroup struct{ *reconcile.LogGroup }

// clocks is how much the clocks of CloudWatch Logs, the function and the auditor may differ.
const clocks = 5 * time.Minute

// Read implements Held. A record's timestamp is when the event was published. A record that CloudWatch
// Logs does not accept with that timestamp is given the time of its arrival: so where missing events
// were sent, all records since then are read too.
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
